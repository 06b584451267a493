"""Texts that name fields: `{customer}` becomes what the record holds, as plain text in each language."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime

from bson import ObjectId

from models.audience import Audience
from models.database import Document
from models.definition import Definition
from models.definition_parts import Label
from models.field_limits import MASK
from models.fields import type_of
from models.forms import LiveForm
from models.lookups import Lookup
from models.messages import LANGUAGES
from models.procedure_checks.placeholders import PLACEHOLDER, placeholders
from models.titles import called

__all__ = ["for_everybody", "for_people", "placeholders", "render", "state_text", "title", "value_text"]

MAX_VALUE = 200

Look = Callable[[str], Lookup]
Told = tuple[tuple[ObjectId, ...], dict[str, str]]
"""Some people, and what they are told."""


def render(
    label: Label,
    definition: Definition,
    record: Document,
    look: Look = Lookup,
    *,
    closed: Collection[str] = (),
) -> dict[str, str]:
    """Return a text in every language, with the values of a record in place of their names.

    Args:
        label: the text.
        definition: of the record's form.
        record: as it is or will be stored.
        look: gives the names behind ids in a language.
        closed: fields for whose values a mask stands.
    """
    return {
        language: _fill(label.text(language), definition, record, look(language), closed)
        for language in LANGUAGES
    }


def for_everybody(
    label: Label, form: LiveForm, record: Document, look: Look = Lookup, audience: Audience | None = None
) -> dict[str, str]:
    """Return a text as anybody may read it: without what a role closes to somebody."""
    closed = (audience or Audience()).closed_to_anybody(form) if placeholders(label) else frozenset()
    return render(label, form.definition, record, look, closed=closed)


def for_people(
    label: Label,
    form: LiveForm,
    record: Document,
    people: Sequence[ObjectId],
    look: Look = Lookup,
    audience: Audience | None = None,
) -> tuple[Told, ...]:
    """Return what people are told in other words than `for_everybody` has: each what is open to them."""
    asked = placeholders(label) & form.definition.by_key.keys()
    if not asked:
        return ()
    audience = audience or Audience()
    public = audience.closed_to_anybody(form) & asked
    by_closed = audience.by_what_is_closed(people, form, record, asked)
    return tuple(
        (tuple(told), render(label, form.definition, record, look, closed=closed))
        for closed, told in by_closed.items()
        if closed != public
    )


def title(definition: Definition, record: Document, lookup: Lookup | None = None) -> str:
    """Return how notices call a record that may not be stored yet: its number and title."""
    number, name = record.get("number") or "", called(definition, record, lookup or Lookup())
    return number if number == name else f"{number} {name}".strip()


def _fill(
    text: str, definition: Definition, record: Document, lookup: Lookup, closed: Collection[str]
) -> str:
    def shown(match: re.Match[str]) -> str:
        if match[1] in closed:
            return MASK
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
