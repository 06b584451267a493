"""Changes of a definition in a person's words: for the impact page and the list of versions."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from models.definition import Definition, Field
from models.fields import TYPES
from models.form_changes import Change
from models.procedure_changes import Changed, PartChange
from models.rules import describe
from views.configure import catalog, procedure_catalog
from views.configure.procedure_words import ProcedureWords
from views.context import say

RULES = frozenset({"visible_if", "required_if", "readonly_if"})
MAX_TEXT = 160
MAX_PART = 400


class Wording:
    """Says properties and values of one form in one language."""

    def __init__(self, definition: Definition, language: str) -> None:
        """Take the form that rules refer to, and the reader's language."""
        self.definition = definition
        self.language = language
        self._procedure = ProcedureWords(definition, language)

    def field(self, path: str, field: Field) -> str:
        """Return what a field is called; a column with its table."""
        label = field.label.text(self.language) or field.key
        table = self.definition.by_key.get(path.partition(".")[0]) if "." in path else None
        return f"{table.label.text(self.language) or table.key} › {label}" if table else label

    def part(self, change: PartChange) -> str:
        """Return what a part of the procedure is called, such as “Step: Accept”."""
        kind = str(procedure_catalog.PARTS[change.kind])
        return (
            _("%(kind)s: %(name)s", kind=kind, name=change.label.text(self.language)) if change.key else kind
        )

    def part_value(self, change: Changed, side: str) -> str:
        """Return one side of a change of a part of the procedure as text."""
        text = self._procedure.value(change.name, getattr(change, side))
        return text if len(text) <= MAX_PART else f"{text[:MAX_PART]}…"

    @staticmethod
    def part_property(name: str) -> str:
        """Return what a property of a part of the procedure is called."""
        return procedure_catalog.label(name)

    def place(self, path: str) -> str:
        """Return what a path such as `fields.parts.qty.min` leads to, as the editor names it."""
        first, *rest = path.split(".")
        if first in {"workflow", "clocks"}:
            return self._procedure.place(path)
        field = self.definition.by_key.get(rest[0]) if first == "fields" and rest else None
        if field is None:
            return self.property(first) if first in catalog.FORM_PROPERTIES else path
        key, *below = rest
        names = [self.field(key, field)]
        if below and below[0] in field.columns:
            names.append(self.field(below[0], field.columns[below.pop(0)]))
        if below and below[0] in catalog.PROPERTIES:
            names.append(self.property(below[0]))
        return " › ".join(names)

    def type_name(self, field: Field) -> str:
        """Return what a field's type is called."""
        return str(say(TYPES[field.type].name))

    def property(self, name: str) -> str:
        """Return what a property of a field or form is called."""
        if name in catalog.FORM_PROPERTIES and name not in catalog.PROPERTIES:
            return str(catalog.FORM_PROPERTIES[name])
        return catalog.property_label(name)

    def value(self, change: Change, side: str) -> str:
        """Return one side of a change as text."""
        return self._say(change.name, getattr(change, side))[:MAX_TEXT]

    def _say(self, name: str, value: Any) -> str:  # noqa: ANN401  (whatever a property holds)
        if value is None or value in ("", [], {}):
            return "—"
        if name in RULES:
            return describe(value, self.definition, self.language)
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, list):
            return "、".join(self._entry(one) for one in value)
        return self._plain(name, value)

    @staticmethod
    def _plain(name: str, value: Any) -> str:  # noqa: ANN401  (a text, number or yes/no)
        if isinstance(value, bool):
            return str(_("Yes") if value else _("No"))
        return catalog.group_labels().get(value, value) if name == "group" else str(value)

    def _mapping(self, value: Mapping[str, Any]) -> str:
        if set(value) <= {"zh", "en"}:
            texts = [value.get("zh") or "", value.get("en") or ""]
            return " / ".join(text for text in texts if text) or "—"
        return ", ".join(f"{key}: {inner}" for key, inner in value.items() if inner not in (None, "", False))

    def _entry(self, value: Any) -> str:  # noqa: ANN401  (an option, a key)
        if not isinstance(value, Mapping):
            return self._column(str(value))
        text = self._mapping(value.get("label") or {})
        name = text if text != "—" else str(value.get("key", ""))
        return _("%(name)s (retired)", name=name) if value.get("retired") else name

    def _column(self, key: str) -> str:
        field = self.definition.by_key.get(key)
        if field is not None:
            return field.label.text(self.language) or key
        return str(catalog.SYSTEM_COLUMN_LABELS.get(key, key))
