"""Putting the values of a record into the template of a letter: as who writes it is shown them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bson import ObjectId

from models import access, forms, times
from models.channels.surroundings import surroundings
from models.database import Document
from models.definition import Definition, Field
from models.disclosure import MASKED, Disclosure
from models.errors import DomainError
from models.fields import type_of
from models.fields.rows import Row
from models.fields.tables import sums
from models.forms import LiveForm
from models.letter_parts import Letter
from models.letters.layout import table_text
from models.letters.names import MAX_SUBJECT, MAX_TEXT, NUMBER, SANDBOX, is_thing, used_by
from models.lookups import Lookup
from models.people import User
from models.procedure_checks.placeholders import SYSTEM
from models.templating import Thing
from models.workflow.texts import value_text


@dataclass(frozen=True)
class Text:
    """What stands in a letter."""

    subject: str
    body: str
    recipient: str = ""
    address: str = ""


@dataclass(frozen=True)
class Named:
    """A record of another form, fields of which a letter tells; `fields` may be empty for its name alone."""

    form: str
    record: ObjectId
    fields: tuple[str, ...] = ()


class Rows:
    """The rows of a table; alone they are a table of the letter."""

    def __init__(self, rows: Sequence[Thing], text: Callable[[], str]) -> None:
        self._rows, self._text = rows, text

    def __iter__(self) -> Iterator[Thing]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __str__(self) -> str:
        return self._text()


class Filler:
    """Fills in letters on one record for one person, and notes of which other records they tell."""

    def __init__(
        self,
        person: User,
        form: LiveForm,
        record: Document,
        lookup: Lookup,
        definition: Definition | None = None,
    ) -> None:
        """Take a record as it is stored; `definition` is another version of its form, by default this one."""
        told = Disclosure(person, form)
        self._person, self._lookup = person, lookup
        self._record = told.shown(record)
        self._definition = told.definition_of(record, definition or form.definition)
        self._told: dict[str, Disclosure] = {}
        self._others: dict[tuple[str, ObjectId], Document | None] = {}
        self._named: dict[tuple[str, ObjectId], Named] = {}

    @property
    def named(self) -> list[Named]:
        """The other records of which the letters filled in so far tell."""
        return list(self._named.values())

    def fill(self, letter: Letter, language: str) -> Text:
        """Return what a letter says in a language."""
        values = self._values(used_by(letter, (language,)))
        subject = SANDBOX.fill(letter.subject.text(language), values, MAX_TEXT)
        return Text(
            " ".join(subject.split())[:MAX_SUBJECT],
            SANDBOX.fill(letter.body.text(language), values, MAX_TEXT).strip(),
            self._source(letter.recipient),
            self._source(letter.address),
        )

    def _values(self, used: set[str]) -> dict[str, Any]:
        """Return what stands for each name of a template; what is not there or is hidden is empty."""
        return {name: self._value(name) for name in {one.partition(".")[0] for one in used}}

    def _value(self, name: str) -> object:
        field = self._definition.by_key.get(name)
        if field is None:
            return self._own(name)
        value = self._record["data"].get(name)
        if field.type == "table":
            return self._rows(field, value)
        return self._thing(field, value) if is_thing(field) else self._text(field, value)

    def _own(self, name: str) -> str:
        language = self._lookup.language
        if name == "today":
            today = times.today(self._lookup.timezone)
            return f"{today:%Y-%m-%d}" if language == "en" else f"{today.year}年{today.month}月{today.day}日"
        if name in {"writer", "company"}:
            return str(self._person) if name == "writer" else surroundings().company
        return value_text(name, self._definition, self._record, self._lookup) if name in SYSTEM else ""

    def _text(self, field: Field, value: Any) -> str:  # noqa: ANN401  (any stored value)
        if value is None or value is MASKED:
            return value or ""
        return type_of(field).display(field, value, self._lookup, self._lookup.language)

    def _source(self, source: str) -> str:
        key, _dot, part = source.partition(".")
        value = self._value(key) if key else ""
        return str(getattr(value, part) if part and isinstance(value, Thing) else value)

    # -- what a record points to ---------------------------------------------------------------------------

    def _thing(self, field: Field, value: Any) -> Thing:  # noqa: ANN401  (an id, the mask, or nothing)
        if not isinstance(value, ObjectId):
            return Thing(self._text(field, value), lambda _part: "")
        self._note(field.form, value)
        return Thing(self._text(field, value), lambda part: self._part(field.form, value, part))

    def _part(self, form: str, record: ObjectId, part: str) -> str:
        self._note(form, record, *(() if part == NUMBER else (part,)))
        found = self._other(form, record)
        if part == NUMBER:
            return str(found.get(NUMBER) or "") if found else ""
        told = self._told.get(form)
        field = told.definition_of(found).by_key.get(part) if told and found else None
        return self._text(field, found["data"].get(part)) if field and found else ""

    def _other(self, form: str, record: ObjectId) -> Document | None:
        """Return another record as the person is shown it; None where they may not see it."""
        key = (form, record)
        if key not in self._others:
            try:
                live = forms.current(form)
                told = self._told.setdefault(form, Disclosure(self._person, live))
                self._others[key] = told.shown(access.fetch(self._person, live, record))
            except DomainError:
                self._others[key] = None
        return self._others[key]

    def _note(self, form: str, record: ObjectId, *fields: str) -> None:
        known = self._named.get((form, record)) or Named(form, record)
        self._named[form, record] = replace(known, fields=tuple(dict.fromkeys((*known.fields, *fields))))

    # -- rows -----------------------------------------------------------------------------------------------

    def _rows(self, table: Field, value: Any) -> Rows:  # noqa: ANN401  (rows, the mask, or nothing)
        if not isinstance(value, list):
            return Rows((), lambda: value or "")
        rows: list[Row] = value
        things = [Thing("", self._cells(table, row)) for row in rows]
        return Rows(things, lambda: self._table(table, rows))

    def _cells(self, table: Field, row: Mapping[str, Any]) -> Callable[[str], object]:
        def cell(name: str) -> object:
            column = table.columns.get(name)
            if column is None:
                return ""
            value = row.get(name)
            return self._thing(column, value) if is_thing(column) else self._text(column, value)

        return cell

    def _table(self, table: Field, rows: list[Row]) -> str:
        """Return rows as a table of the letter: columns that are filled, and their totals."""
        filled = [one for one in table.fields if any(row.get(one.key) is not None for row in rows)]
        head = [one.label.text(self._lookup.language) or one.key for one in filled]
        body = [[str(self._cells(table, row)(one.key)) for one in filled] for row in rows]
        totals = sums(table, rows)
        if any(totals.values()):
            body.append(
                [" + ".join(self._text(one, sum_) for sum_ in totals.get(one.key, ())) for one in filled]
            )
        return table_text([head, *body])
