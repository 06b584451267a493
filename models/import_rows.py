"""From rows of a file to what would be stored: cells read, sub-rows gathered, every mistake named by row."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from decimal import Decimal
from typing import Any

from models.access import Action, permitted, visible_filter
from models.database import Document
from models.definition import Definition, Field
from models.errors import ValueProblem
from models.fields import type_of
from models.fields.base import ParseContext
from models.forms import LiveForm
from models.import_mapping import NUMBER, Plan
from models.lookups import References
from models.messages import Message, _
from models.people import Actor, User
from models.spreadsheets.table import CellError, Formatted, Row
from models.validation import Checked, Errors, parse_context, validate


@dataclass
class Group:
    """The rows of a file that make one record: the first, and sub-rows below it."""

    rows: list[Row]

    @property
    def first(self) -> Row:
        """The row with the record's own fields."""
        return self.rows[0]


@dataclass
class Draft:
    """What would come of a group: a new record, a changed one, one without a difference, or a refusal.

    `problems` maps (row number, column index or -1) to messages.
    """

    group: Group
    checked: Checked | None = None
    before: Document | None = None
    problems: dict[tuple[int, int], list[Message]] = attribute(default_factory=dict)

    @property
    def kind(self) -> str:
        """`refused`, `create`, `update` or `same`."""
        if self.problems or self.checked is None:
            return "refused"
        if self.before is None:
            return "create"
        return "same" if self.checked.data == self.before["data"] else "update"


class Reader:
    """Turns groups of rows into drafts, a batch at a time, under one form and plan."""

    def __init__(self, person: User, form: LiveForm, plan: Plan) -> None:
        self.actor, self.form, self.plan = Actor.of(person), form, plan
        self._visible = visible_filter(person, form.key)
        self._may = {
            kind: permitted(person, form.key, action)
            for kind, action in (("create", Action.CREATE), ("update", Action.EDIT))
        }
        self.references = References()
        self.context: ParseContext = parse_context(self.actor, self.references)
        self._columns = {path: index for index, path in plan.mapping.items()}
        self._seen: dict[str, dict[Any, int]] = {}

    @property
    def definition(self) -> Definition:
        """The version the records are made under."""
        return self.form.definition

    def groups(self, rows: Iterable[Row]) -> Iterator[Group]:
        """Gather rows: one whose own fields are empty, or whose key is that above, continues the record."""
        own = [index for index, path in self.plan.mapping.items() if "." not in path]
        has_tables = len(own) < len(self.plan.mapping)
        key_column = self._columns.get(self.plan.key)
        current: Group | None = None
        for row in rows:
            if current and has_tables and self._continues(row, current.first, own, key_column):
                current.rows.append(row)
                continue
            if current:
                yield current
            current = Group([row])
        if current:
            yield current

    @staticmethod
    def _continues(row: Row, first: Row, own: list[int], key_column: int | None) -> bool:
        if all(_blank(_cell(row, index)) for index in own):
            return True
        return key_column is not None and _cell(row, key_column) == _cell(first, key_column) is not None

    def drafts(self, groups: list[Group]) -> list[Draft]:
        """Return what would come of a batch of groups."""
        drafts = [Draft(group) for group in groups]
        raws = [self._raw(draft) for draft in drafts]
        self._find_existing(drafts, raws)
        for draft, raw in zip(drafts, raws, strict=True):
            self._check(draft, raw)
        self._refuse_taken(drafts)
        return drafts

    def _raw(self, draft: Draft) -> dict[str, Any]:
        """Read the cells of a group; mistakes go into the draft."""
        raw: dict[str, Any] = {}
        tables: dict[str, list[dict[str, Any]]] = {}
        for index, path in self.plan.mapping.items():
            key, _dot, column = path.partition(".")
            if column:
                tables.setdefault(key, [])
                continue
            raw[path] = self._value(draft, draft.group.first, index, self.definition.by_key.get(path))
        for key in tables:
            raw[key] = self._table(draft, self.definition.by_key[key])
        return raw

    def _value(self, draft: Draft, row: Row, index: int, field: Field | None) -> Any:  # noqa: ANN401  (raw value)
        cell = _cell(row, index)
        if isinstance(cell, CellError):
            draft.problems[row.number, index] = [_("This cell shows an error instead of a value.")]
            return None
        if field is None:  # the record's number
            return None if cell is None else str(cell).strip()
        try:
            return type_of(field).from_cell(field, _plain(cell), self.context)
        except ValueProblem as problem:
            draft.problems[row.number, index] = [problem.message]
            return None

    def _table(self, draft: Draft, table: Field) -> list[dict[str, Any]]:
        columns = {
            path.partition(".")[2]: index
            for index, path in self.plan.mapping.items()
            if path.startswith(f"{table.key}.")
        }
        rows = []
        for row in draft.group.rows:
            if all(_blank(_cell(row, index)) for index in columns.values()):
                continue
            rows.append(
                {key: self._value(draft, row, index, table.columns[key]) for key, index in columns.items()}
            )
        return rows

    def _find_existing(self, drafts: list[Draft], raws: list[dict[str, Any]]) -> None:
        if not self.plan.key:
            return
        wanted = [self._key_value(raw) for raw in raws]
        path = NUMBER if self.plan.key == NUMBER else f"data.{self._key_path()}"
        given = [value for value in wanted if value is not None]
        query = {"$and": [{path: {"$in": given}}, self._visible]}
        found: dict[Any, list[Document]] = {}
        for record in self.form.records().find(query):
            found.setdefault(_dig(record, path), []).append(record)
        for draft, value in zip(drafts, wanted, strict=True):
            self._take_existing(draft, value, found.get(value, []))

    def _take_existing(self, draft: Draft, value: Any, records: list[Document]) -> None:  # noqa: ANN401  (stored)
        place = (draft.group.first.number, self._columns[self.plan.key])
        if value is None:
            if place not in draft.problems and self.plan.key == NUMBER:
                draft.problems[place] = [_("The key is missing.")]
            return
        if len(records) > 1:
            draft.problems[place] = [_("Several records have this key.")]
        elif records:
            draft.before = records[0]
        elif self.plan.key == NUMBER:
            draft.problems[place] = [_("There is no record with this number.")]
        self._refuse_repeated(draft, self.plan.key, value, place)

    def _refuse_repeated(self, draft: Draft, key: str, value: Any, place: tuple[int, int]) -> None:  # noqa: ANN401
        seen = self._seen.setdefault(key, {})
        row = seen.setdefault(value, draft.group.first.number)
        if row != draft.group.first.number:
            draft.problems[place] = [_("Row %(row)s has the same value already.", row=row)]

    def _key_path(self) -> str:
        field = self.definition.by_key[self.plan.key]
        return type_of(field).comparable_path(field)

    def _key_value(self, raw: Mapping[str, Any]) -> Any:  # noqa: ANN401  (stored)
        if self.plan.key == NUMBER:
            return raw.get(NUMBER)
        field = self.definition.by_key[self.plan.key]
        try:
            return type_of(field).parse(field, raw.get(field.key), self.context)
        except ValueProblem:
            return None  # reported beside its cell

    def _check(self, draft: Draft, raw: dict[str, Any]) -> None:
        values = {key: value for key, value in raw.items() if key != NUMBER}
        before = draft.before["data"] if draft.before else None
        draft.checked = validate(
            self.actor, self.definition, values, before=before, references=self.references
        )
        self._place(draft, draft.checked.errors)
        if not self._may.get(draft.kind, True):
            draft.problems[draft.group.first.number, -1] = [_NOT_ALLOWED[draft.kind]]

    def _place(self, draft: Draft, errors: Errors) -> None:
        """Put messages beside the cells they are about; a field that is not in the file beside the row."""
        for path, messages in errors.items():
            key, _dot, below = path.partition(".")
            row_text, _dot, column = below.partition(".")
            row = draft.group.first
            index = self._columns.get(key, -1)
            if row_text.isdigit() and int(row_text) < len(draft.group.rows):
                row = draft.group.rows[int(row_text)]
                index = self._columns.get(f"{key}.{column}", index)
            if (row.number, index) in draft.problems:
                continue
            draft.problems[row.number, index] = (
                [self._named(key, one) for one in messages] if index < 0 else messages
            )

    def _named(self, key: str, message: Message) -> Message:
        field = self.definition.by_key.get(key)
        label = field.label.text(self.actor.language) if field else key
        return _("%(field)s: %(message)s", field=label, message=message)

    def _refuse_taken(self, drafts: list[Draft]) -> None:
        """Find values that must be unique and are taken, by a record or by a row above."""
        for field in self.definition.value_fields:
            if not field.unique or field.key not in self._columns:
                continue
            path = f"data.{type_of(field).comparable_path(field)}"
            values = [
                (draft, draft.checked.data[field.key])
                for draft in drafts
                if draft.checked and field.key in draft.checked.data
            ]
            owners = {
                _dig(record, path): record["_id"]
                for record in self.form.records().find(
                    {path: {"$in": [value for _draft, value in values]}, "deleted_at": None}, {path: 1}
                )
            }
            for draft, value in values:
                self._refuse_if_taken(draft, field, value, owners)

    def _refuse_if_taken(self, draft: Draft, field: Field, value: Any, owners: Mapping[Any, Any]) -> None:  # noqa: ANN401
        place = (draft.group.first.number, self._columns[field.key])
        own = draft.before["_id"] if draft.before else None
        if owners.get(value, own) != own:
            draft.problems.setdefault(place, [_("Another record already has this value.")])
        elif field.key != self.plan.key:
            self._refuse_repeated(draft, field.key, value, place)


_NOT_ALLOWED = {
    "create": _("You may not create records here."),
    "update": _("You may not change records here."),
}


def _cell(row: Row, index: int) -> Any:  # noqa: ANN401  (a cell's value)
    return row.cells[index] if index < len(row.cells) else None


def _blank(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _plain(cell: object) -> object:
    """Return a cell as a field reads it: 0.5 shown as 50 % is the text `50%`."""
    if isinstance(cell, Formatted) and cell.percent:
        return f"{(Decimal(repr(float(cell))) * 100).normalize():f}%"
    return cell


def _dig(record: Document, path: str) -> Any:  # noqa: ANN401  (any stored value)
    value: Any = record
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
