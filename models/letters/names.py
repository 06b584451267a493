"""What the template of a letter may name, and what of a record that is."""

from collections.abc import Iterable, Iterator
from typing import Final

from models.definition import Definition, Field
from models.letter_parts import Letter
from models.messages import Message, _
from models.procedure_checks.placeholders import SYSTEM
from models.templating import Names, Sandbox

SANDBOX: Final = Sandbox(tidy=True)
MAX_SUBJECT: Final = 250
MAX_TEXT: Final = 20_000
NUMBER: Final = "number"
"""What can be named of another record besides its fields; no field has this key."""
OWN: Final[dict[str, Message]] = {
    "today": _("The day on which it is written"),
    "writer": _("Who writes it"),
    "company": _("Name of the company"),
}


def names_of(definition: Definition) -> Names:
    """Return what a template of a form may name; a field goes before a name of the system."""
    fields = definition.value_fields
    return Names(
        texts={field.key for field in fields} | SYSTEM | OWN.keys(),
        things={field.key for field in fields if is_thing(field)},
        tables={
            field.key: {column.key: is_thing(column) for column in field.fields}
            for field in fields
            if field.type == "table"
        },
    )


def is_thing(field: Field) -> bool:
    """Tell whether a field points to one record, whose own fields can be named too."""
    return field.type == "reference" and not field.many


def used_by(letter: Letter, languages: Iterable[str] = ("zh", "en")) -> set[str]:
    """Return all that a letter names: `field`, `reference.field`, `table.column`, names of the system."""
    found = {name for name in (letter.recipient, letter.address) if name}
    for language in languages:
        for source in (letter.subject.text(language), letter.body.text(language)):
            found |= SANDBOX.names_in(source)
    return found


def named_elsewhere(letter: Letter, definition: Definition) -> Iterator[tuple[str, str]]:
    """Yield the fields of other forms' records that a letter tells: form and field."""
    for name in sorted(used_by(letter)):
        key, *columns, part = name.split(".") if "." in name else (name, "")
        field = definition.by_key.get(key)
        for column in columns:
            field = field.columns.get(column) if field else None
        if field and part and part != NUMBER and is_thing(field):
            yield field.form, part


def fields_used(letter: Letter, definition: Definition) -> list[str]:
    """Return the keys of the fields whose values a letter tells."""
    first = {name.partition(".")[0] for name in used_by(letter)}
    return sorted(first & definition.by_key.keys())
