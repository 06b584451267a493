"""What a page shows of a record: its facts under their headings, its title, and values in words."""

from typing import Any

from flask_babel import gettext as _

from models.database import Document
from models.definition import STATE, Definition, Field
from models.disclosure import MASKED
from models.fields import type_of
from models.fields.tables import sums
from models.lookups import Lookup
from views.records.filters import label_of
from views.records.listing import state_tag, system_text, tags_of


def sections_of(definition: Definition, record: Document, lookup: Lookup) -> list[dict[str, Any]]:
    """Return the filled fields of a record under the headings of its form; empty sections are left out."""
    sections: list[dict[str, Any]] = [{"title": "", "help": "", "facts": []}]
    for field in definition.fields:
        if field.type == "section":
            sections.append(
                {
                    "title": field.label.text(lookup.language),
                    "help": field.help.text(lookup.language),
                    "facts": [],
                }
            )
        elif field.holds_value:
            sections[-1]["facts"].append(fact(field, record, lookup))
    return [section for section in sections if any(one["value"] is not None for one in section["facts"])]


def fact(field: Field, record: Document, lookup: Lookup) -> dict[str, Any]:
    """Return what a page shows of one field: text, tags, rows, files or a link."""
    value = record["data"].get(field.key)
    shown_as: dict[str, Any] = {
        "field": field,
        "label": field.label.text(lookup.language) or field.key,
        "value": value,
        "text": shown(field, value, lookup),
        "width": field.width,
    }
    if value is None or value is MASKED:
        return {**shown_as, "masked": value is MASKED}
    if field.type in {"choice", "multi_choice"}:
        shown_as["tags"] = tags_of(field, value, lookup.language)
    elif field.type == "table":
        shown_as["rows"] = [
            [shown(column, row.get(column.key), lookup) for column in field.fields] for row in value
        ]
        shown_as["sums"] = _sums(field, value, lookup)
    elif field.type == "reference":
        ids = value if isinstance(value, list) else [value]
        shown_as["links"] = [
            (str(one) if lookup.sees(field.form, one) else "", lookup.record(field.form, one)) for one in ids
        ]
    return shown_as


def _sums(field: Field, rows: list[Document], lookup: Lookup) -> list[str]:
    """Return the totals under a table, a text per column; several currencies beside one another."""
    totals = sums(field, rows)
    if not totals:
        return []
    return [
        " + ".join(shown(column, total, lookup) for total in totals.get(column.key, ()))
        for column in field.fields
    ]


def system_change(definition: Definition, change: Document, lookup: Lookup) -> dict[str, str]:
    """Return what a procedure changed besides fields: state, department, owner, assignees."""
    key = change["field"].removeprefix("@")
    return {
        "label": label_of(definition, key, lookup.language),
        "before": _system_value(definition, key, change["before"], lookup),
        "after": _system_value(definition, key, change["after"], lookup),
    }


def _system_value(definition: Definition, key: str, value: Any, lookup: Lookup) -> str:  # noqa: ANN401  (stored)
    if key == STATE and value and definition.workflow:
        found = state_tag(definition, {STATE: value}, lookup.language)
        return found[0] if found else str(value)
    if isinstance(value, list):
        return "、".join(lookup.person(one) for one in value)
    return system_text({key: value}, key, lookup)


def shown(field: Field, value: Any, lookup: Lookup) -> str:  # noqa: ANN401  (stored)
    """Return a stored value as text; empty for none, never an error for a value of another time."""
    if value is None or value is MASKED:
        return value or ""
    return type_of(field).display(field, value, lookup, lookup.language)


def heading(record: Document) -> str:
    """Return what a page calls a record."""
    number, title = record.get("number") or "", record.get("title") or ""
    return title if not number or number == title else f"{number} {title}".strip()


def untitled() -> str:
    """Return what a record without number and title is called."""
    return _("Record")
