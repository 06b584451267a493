"""WTForms forms from definitions. They carry what was typed; `models.validation` judges it."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from flask import g
from werkzeug.datastructures import MultiDict
from wtforms import Field as WTField
from wtforms.form import BaseForm
from wtforms.utils import unset_value

from models.definition import Definition, Field
from models.fields import filled_in, type_of
from models.fields.base import Json
from models.messages import Message
from views.context import current_language, current_lookup, say


class RecordField(WTField):
    """One field of a record: any type. The macro that its type names draws it."""

    def __init__(self, field: Field, **arguments: Any) -> None:  # noqa: ANN401  (WTForms' own)
        super().__init__(field.label.text(current_language()) or field.key, **arguments)
        self.field = field
        self.raw: object = None
        self.submitted = False
        self.messages: dict[str, list[str]] = {}

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:  # noqa: ANN401, ARG002
        """Take what was posted, else what is stored."""
        self.submitted = formdata is not None
        self.data = None if data is unset_value else data
        if formdata is not None:
            self.raw = type_of(self.field).from_form(self.field, formdata, self.name)

    @property
    def value(self) -> Json:
        """What the input shows: what was typed, or the stored value as it is typed."""
        if self.submitted:
            return self.raw  # type: ignore[return-value]
        return None if self.data is None else self.shown_value(self.field, self.data)

    @staticmethod
    def shown_value(field: Field, stored: Any) -> Json:  # noqa: ANN401  (any stored value)
        """Return a stored value as it is typed."""
        return type_of(field).to_input(field, stored, current_lookup())

    @property
    def error(self) -> str:
        """What is wrong with the field as a whole."""
        return " ".join(self.messages.get("", ()))


class RecordForm(BaseForm):
    """The inputs of one definition. Fields are items, never attributes: a form may call a field `process`."""

    def __init__(
        self,
        definition: Definition,
        posted: MultiDict[str, str] | None,
        data: Mapping[str, Any],
        only: Collection[str] | None = None,
    ) -> None:
        """Take what was posted, else the stored `data`; of the fields in `only`, where it is given."""
        fields = [one for one in filled_in(definition) if only is None or one.key in only]
        super().__init__([(field.key, RecordField(field)) for field in fields])
        self.stored = dict(data)
        self.process(posted, data=self.stored)
        g.bound_form = self

    def raw_values(self) -> dict[str, object]:
        """Return what was posted, as `models.records` takes it."""
        return {name: one.raw for name, one in self._fields.items()}

    def show_stored(self, keys: Iterable[str]) -> None:
        """Show of some fields what is stored instead of what was typed."""
        for key in keys:
            self._fields[key].submitted = False

    def show_errors(self, errors: Mapping[str, list[Message]]) -> list[Message]:
        """Put messages beside their fields (`items.2.qty` goes to `items`); return those without a field."""
        homeless = []
        for path, messages in errors.items():
            key, _dot, below = path.partition(".")
            if key in self._fields:
                target: Any = self._fields[key]
                target.messages.setdefault(below, []).extend(say(message) for message in messages)
            else:
                homeless.extend(messages)
        return homeless

    @property
    def problems(self) -> list[dict[str, str]]:
        """Every marked field, for the summary on top: key, label, message."""
        return [
            {"key": name, "label": one.label.text, "message": message}
            for name, one in self._fields.items()
            for messages in one.messages.values()
            for message in messages
        ]
