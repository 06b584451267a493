"""What the templates of a form's screens ask for: small texts and addresses, no rules."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from bson import ObjectId
from flask import g, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from markupsafe import Markup, escape

from models.access import Action, fetch, visible
from models.definition import Definition, Field
from models.errors import NotFoundError
from models.fields import filled_in, type_of
from models.fields.files import Kinds
from models.files import IMAGE_TYPES
from models.lookups import References
from models.queries import SYSTEM_FIELDS, Count
from views.context import current_language, current_lookup, current_timezone
from views.records.facts import heading, shown, untitled
from views.records.filters import label_of
from views.records.inputs import RecordField, RecordForm
from views.records.lookups import find_field

if TYPE_CHECKING:
    from views.records.base import FormScreen as _Base
else:
    _Base = object

_NOT_ALONE = frozenset({"table", "attachment", "image", "signature"})
_MENTION = re.compile(r"@[a-z0-9][a-z0-9._-]{1,39}")


class TemplateHelpers(_Base):
    """Called by templates as `screen.…`."""

    def heading(self, record: Mapping[str, Any]) -> str:
        """Return what a record is called."""
        return heading(self.told.titled(dict(record))) or untitled()

    @staticmethod
    def widget(field: Field) -> str:
        """Return the name of the macro that draws a field's input."""
        return type_of(field).widget

    @staticmethod
    def moment(when: datetime) -> str:
        """Return a moment in the reader's time zone."""
        return when.astimezone(current_timezone()).strftime("%Y-%m-%d %H:%M")

    def system_label(self, key: str) -> str:
        """Return the caption of a system column."""
        return label_of(self.definition, key, current_language())

    @staticmethod
    def with_mentions(text: str) -> Markup:
        """Return a comment with its mentions marked; everything else is text."""
        return Markup(_MENTION.sub(lambda found: f"<b>{found[0]}</b>", str(escape(text))))  # noqa: S704  (escaped)

    def picker_url(self, field: Field, name: str) -> str:
        """Return where a picker looks for what a field can point to."""
        table, dash, _rest = name.partition("-")
        path = f"{table}.{field.key}" if dash else field.key
        return f"{url_for('.options_view')}?{urlencode({'field': path})}"

    def picked(self, field: Field, value: object) -> list[dict[str, str]]:
        """Return what a picker shows as chosen: id and name."""
        values = value if isinstance(value, list) else [value]
        lookup = current_lookup()
        ids = [ObjectId(str(one)) for one in values if ObjectId.is_valid(str(one))]
        return [{"id": str(one), "text": shown(_single(field), one, lookup)} for one in ids]

    @property
    def upload_url(self) -> str:
        """Where files are sent before the record is saved."""
        return url_for(".upload_view")

    def file_rows(self, value: object) -> list[dict[str, Any]]:
        """Return the files of an input: as stored, or by the ids that were just posted."""
        values = value if isinstance(value, list) else [value] if value else []
        rows = []
        for one in values:
            if isinstance(one, Mapping):
                rows.append({"name": "", "size": 0, **one, "file": str(one["file"])})
            elif ObjectId.is_valid(str(one)):
                info = References().file_info(ObjectId(str(one)))
                rows.extend([{**info, "file": str(one)}] if info and self._may_know(info) else [])
        return [{**row, "thumbnail": _thumbnail_of(row)} for row in rows]

    def _may_know(self, info: Mapping[str, Any]) -> bool:
        """Tell whether a person who posts the id of a file may learn what it is called."""
        holder = info.get("claimed_by")
        if not holder:
            return bool(info.get("owner") == self.person.id)
        of_this_form = holder.get("form") == self.form.key
        return of_this_form and bool(visible(self.person, self.form.key, [holder["record"]]))

    @staticmethod
    def file_kinds(field: Field) -> str:
        """Return in words which files a field takes."""
        return Kinds(field.accept).text(current_language())

    @staticmethod
    def row_messages(key: str) -> dict[str, str]:
        """Return the messages beside the cells of a table: `{"2.qty": …}`."""
        form: RecordForm | None = g.get("bound_form")
        if form is None or key not in form:
            return {}
        return {path: " ".join(found) for path, found in form[key].messages.items() if path}

    @staticmethod
    def homeless(messages: Iterable[str]) -> list[dict[str, str]]:
        """Return messages that belong to no field, for the summary on top of the page."""
        return [{"key": "", "label": "", "message": message} for message in messages]

    def derived_text(self, field: Field) -> str:
        """Return what a computed field or serial number shows while the record is filled in."""
        form: RecordForm | None = g.get("bound_form")
        value = form.stored.get(field.key) if form else None
        return shown(field, value, current_lookup())

    def browser_fields(
        self, closed: Collection[str] = (), definition: Definition | None = None
    ) -> dict[str, dict[str, Any]]:
        """Return what the browser must know of each field to read its input: type, many, columns.

        `closed` are those that the state of the record or a role closes, `definition` is what the page shows.
        """
        return {
            field.key: {
                "type": field.type,
                "many": field.many,
                "required": field.required,
                "readonly": field.readonly or field.key in closed,
                "columns": {column.key: column.type for column in field.fields},
            }
            for field in (definition or self.definition).fields
        }

    def _not_columns(self) -> set[str]:
        return {"title"} if self.definition.workflow else {"title", "state"}

    def column_choices_for(self, chosen: Iterable[str]) -> list[tuple[str, str]]:
        """Return every possible column with its caption, the chosen ones first and in their order."""
        possible = [
            *(field.key for field in self.definition.value_fields if field.type != "signature"),
            *(key for key in SYSTEM_FIELDS if key not in self._not_columns()),
        ]
        ordered, language = dict.fromkeys([*chosen, *possible]), current_language()
        return [(key, label_of(self.definition, key, language)) for key in ordered]

    @staticmethod
    def count_text(count: Count, shown_rows: int) -> str:
        """Return how many records there are, and how many of them are on the page."""
        total = f"{count.value:,}" if count.exact else f"{count.value:,}+"
        return _("%(shown)s of %(total)s", shown=shown_rows, total=total)

    def settable_fields(self) -> list[Field]:
        """Return the fields that may be set in many records at once."""
        return [
            field
            for field in filled_in(self.definition)
            if not field.unique
            and not field.readonly
            and field.type not in _NOT_ALONE
            and field.key not in self.told.unasked
        ]

    @expose("/set-field")
    def set_field_input(self) -> str:
        """Return the input of one field: `?field=<key>` for many records, with `&id=` for a cell of one."""
        field = find_field(self.definition, request.args.get("field", ""))
        in_cell = "id" in request.args
        if field.key not in self.inline_columns() if in_cell else field not in self.settable_fields():
            raise NotFoundError
        record = fetch(self.person, self.form, request.args["id"], Action.EDIT) if in_cell else {"data": {}}
        stored = self.told.plain(record)["data"].get(field.key)
        value = None if stored is None else RecordField.shown_value(field, stored)
        return self.show("set_field", field=field, value=value)


def _single(field: Field) -> Field:
    """Return a field as if it held one value, to name a single id."""
    return field.model_copy(update={"many": False}) if field.many else field


def _thumbnail_of(row: Mapping[str, Any]) -> str:
    """Return where the small picture of a file in an input is; empty for what is no picture."""
    if row.get("type") not in IMAGE_TYPES:
        return ""
    record_id = (request.view_args or {}).get("record_id")
    if row.get("claimed_by", record_id) and record_id:
        return url_for(".file_view", record_id=record_id, file_id=row["file"], thumbnail=1)
    return url_for(".upload_file_view", file_id=row["file"])
