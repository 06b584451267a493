"""Texts that name fields: `{customer}` becomes what the record holds, as plain text in each language."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from bson import ObjectId

from models.database import Document
from models.definition import Definition
from models.definition_parts import Label
from models.fields import type_of
from models.lookups import Lookup
from models.messages import LANGUAGES
from models.planning import called
from models.procedure_checks.placeholders import PLACEHOLDER, placeholders

__all__ = ["placeholders", "render", "state_text", "title", "value_text"]

MAX_VALUE = 200

Look = Callable[[str], Lookup]


def render(label: Label, definition: Definition, record: Document, look: Look = Lookup) -> dict[str, str]:
    """Return a text in every language, with the values of a record in place of their names.

    Args:
        label: the text.
        definition: of the record's form.
        record: as it is or will be stored.
        look: gives the names behind ids in a language.
    """
    return {
        language: _fill(label.text(language), definition, record, look(language)) for language in LANGUAGES
    }


def title(definition: Definition, record: Document, lookup: Lookup | None = None) -> str:
    """Return how notices call a record that may not be stored yet: its number and title."""
    number, name = record.get("number") or "", called(definition, record, lookup or Lookup())
    return number if number == name else f"{number} {name}".strip()


def _fill(text: str, definition: Definition, record: Document, lookup: Lookup) -> str:
    def shown(match: re.Match[str]) -> str:
        return value_text(match[1], definition, record, lookup, match[0])[:MAX_VALUE]

    return PLACEHOLDER.sub(shown, text)


def value_text(name: str, definition: Definition, record: Document, lookup: Lookup, unknown: str = "") -> str:
    """Return what a record holds under a name, as plain text; `unknown` where there is no such name."""
    field = definition.by_key.get(name)
    if field is None:
        return _system(name.removeprefix("@"), definition, record, lookup, unknown)
    value = record["data"].get(name)
    return "" if value is None else type_of(field).display(field, value, lookup, lookup.language)


def _system(name: str, definition: Definition, record: Document, lookup: Lookup, unknown: str) -> str:
    shown: dict[str, Callable[[], str]] = {
        "number": lambda: str(record.get("number") or ""),
        "title": lambda: called(definition, record, lookup),
        "state": lambda: state_text(definition, record, lookup.language),
        "created_at": lambda: _moment(record["created_at"], lookup),
        "department": lambda: lookup.department(record.get("department")),
        "owner": lambda: lookup.person(record.get("owner")),
        "created_by": lambda: lookup.person(record.get("created_by")),
        "assignees": lambda: _people(record.get("assignees") or (), lookup),
    }
    return shown[name]() if name in shown else unknown


def _moment(at: datetime, lookup: Lookup) -> str:
    return f"{at.astimezone(lookup.timezone):%Y-%m-%d %H:%M}"


def _people(people: Iterable[ObjectId], lookup: Lookup) -> str:
    return (", " if lookup.language == "en" else "、").join(lookup.person(one) for one in people)


def state_text(definition: Definition, record: Mapping[str, object], language: str) -> str:
    """Return what the state of a record is called; empty where its form has no workflow."""
    if definition.workflow is None:
        return ""
    state = definition.workflow.state_of(record)
    return state.label.text(language) or state.key
