"""From rows of a file to what would be stored: gathered, matched with what exists, every mistake named."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from bson import Decimal128

from models.access import Action, permitted, reach, records_filter
from models.database import Document
from models.definition import Definition, Field
from models.errors import DomainError, InvalidError, ValueProblem
from models.fields import type_of
from models.form_indexes import NOT_IN_BIN
from models.forms import LiveForm
from models.import_cells import CellReader, Raw, keep_rows
from models.import_drafts import WHOLE_ROW, Draft, Group, Place, cell_of, is_blank_cell
from models.import_names import Missed, Names
from models.import_plan import NUMBER, Plan
from models.import_subrows import SubRows
from models.ledger_import.reading import ledger_reader
from models.messages import Message, _
from models.people import Actor, User
from models.planning import creatable
from models.spreadsheets.table import Row
from models.validation import Errors, limits_of, parse_context, validate


class Reader:
    """Turns groups of rows into drafts, a batch at a time, under one form and plan."""

    def __init__(self, person: User, form: LiveForm, plan: Plan, others: SubRows | None = None) -> None:
        self.actor, self.form, self.plan = Actor.of(person), form, plan
        self._others = others
        self._visible = records_filter(person, form)
        self._may = {
            kind: permitted(person, form.key, action)
            for kind, action in (("create", Action.CREATE), ("update", Action.EDIT))
        }
        self._editable = reach(person, form, Action.EDIT) if self._may["update"] else None
        self._creatable = creatable(self.actor, form) if self._may["create"] else None
        self.missed: Missed = Counter()
        self._ledger = ledger_reader(self.actor, form, taken_over=plan.taken_over)
        self._cells = CellReader(self.definition, plan)
        self._columns = {path: index for index, path in plan.mapping.items()}
        self._limits = limits_of(self.actor, self.definition)
        self._seen: dict[str, dict[Any, int]] = {}
        self.forget_names()

    @property
    def definition(self) -> Definition:
        """The version the records are made under, with everything that a column can fill."""
        return self._ledger.definition if self._ledger else self.form.definition

    @property
    def slips(self) -> LiveForm | None:
        """The form of the slips by which what is out is taken over."""
        return self._ledger.slips.form if self._ledger and self._ledger.slips else None

    def forget_names(self) -> None:
        """Look names up anew from here on; memory stays bounded, and what is new is found."""
        self.references = Names(self.actor.person, self.plan.meant, self.missed)
        self.context = parse_context(self.actor, self.references)

    def groups(self, rows: Iterable[Row]) -> Iterator[Group]:
        """Gather rows: one whose own fields are empty, or whose key is that above, continues the record."""
        current: Group | None = None
        for row in rows:
            if current and self._continues(row, current.first):
                current.rows.append(row)
                continue
            if current:
                yield current
            current = Group([row], self._others.take(row) if self._others else {})
        if current:
            yield current

    def _continues(self, row: Row, first: Row) -> bool:
        own = self._cells.own
        if len(own) == len(self.plan.mapping):  # no column belongs to a table
            return False
        if all(is_blank_cell(cell_of(row, index)) for index in own.values()):
            return True
        key = own.get(self.plan.key)
        return key is not None and cell_of(row, key) == cell_of(first, key) is not None

    def drafts(self, groups: list[Group]) -> list[Draft]:
        """Return what would come of a batch of groups."""
        drafts = [Draft(group) for group in groups]
        raws = [self._cells.raw(draft, self.context) for draft in drafts]
        self._find_existing(drafts, raws)
        for draft, raw in zip(drafts, raws, strict=True):
            self._check(draft, raw)
        self._refuse_taken(drafts)
        return drafts

    def pass_by(self, groups: Iterable[Group]) -> None:
        """Remember the keys of groups that an attempt before this one stored."""
        for group in groups:
            draft = Draft(group)
            if self.plan.key:
                self._refuse_repeated(
                    draft, self.plan.key, self._key_value(self._cells.raw(draft, self.context))
                )

    def refuse(self, draft: Draft, error: DomainError) -> None:
        """Turn a record's failure to be stored into a refusal of its rows."""
        if isinstance(error, InvalidError):
            self._place(draft, error.errors)
        else:
            draft.refuse(Place(draft.group.first.number, WHOLE_ROW), error.message)

    def _find_existing(self, drafts: list[Draft], raws: list[Raw]) -> None:
        if not self.plan.key:
            return
        wanted = [self._key_value(raw) for raw in raws]
        path = NUMBER if self.plan.key == NUMBER else _path(self.definition.by_key[self.plan.key])
        given = [value for value in wanted if value is not None]
        found: dict[Any, list[Document]] = {}
        # NOT_IN_BIN says again what may be seen, in the words by which MongoDB finds the unique index
        query = {"$and": [{path: {"$in": given}}, NOT_IN_BIN, self._visible]}
        for record in self.form.records().find(query):
            found.setdefault(_mark(_dig(record, path)), []).append(record)
        for draft, value in zip(drafts, wanted, strict=True):
            self._take_existing(draft, value, found.get(_mark(value), []))

    def _take_existing(self, draft: Draft, value: Any, records: list[Document]) -> None:  # noqa: ANN401  (stored)
        place = Place(draft.group.first.number, self._columns[self.plan.key])
        if value is None:
            if self.plan.key == NUMBER:
                draft.refuse(place, _("The key is missing."))
            return
        if len(records) > 1:
            draft.refuse(place, _("Several records have this key."))
        elif records:
            draft.before = records[0]
        elif self.plan.key == NUMBER:
            draft.refuse(place, _("There is no record with this number."))
        self._refuse_repeated(draft, self.plan.key, value)

    def _refuse_repeated(self, draft: Draft, key: str, value: Any) -> None:  # noqa: ANN401  (stored)
        if value is None:
            return
        row = self._seen.setdefault(key, {}).setdefault(_mark(value), draft.group.first.number)
        if row != draft.group.first.number:
            place = Place(draft.group.first.number, self._columns[key])
            draft.problems[place] = [_("Row %(row)s has the same value already.", row=row)]

    def _key_value(self, raw: Mapping[str, Any]) -> Any:  # noqa: ANN401  (stored, as it is compared)
        if self.plan.key == NUMBER:
            return raw.get(NUMBER)
        field = self.definition.by_key[self.plan.key]
        try:
            value = type_of(field).parse(field, raw.get(field.key), self.context)
        except ValueProblem:
            return None  # reported beside its cell
        return _compared(field, value)

    def _check(self, draft: Draft, raw: Raw) -> None:
        values = {key: value for key, value in raw.items() if key != NUMBER}
        if draft.before is None:  # an empty cell of a new record leaves the default
            values = {key: value for key, value in values.items() if value is not None}
        else:
            self._keep_rows(values, draft.before["data"])
        before = draft.before["data"] if draft.before else None
        draft.checked = validate(
            self.actor,
            self.definition,
            values,
            before=before,
            record=draft.before,
            strict=True,
            references=self.references,
            limits=self._limits,
        )
        self._place(draft, draft.checked.errors)
        if self._ledger:
            new = draft.before is None
            draft.taken, wrong = self._ledger.read(draft.checked.data, self.references, new=new)
            self._place(draft, wrong)
        if not self._may.get(draft.kind, True) or self._is_out_of_reach(draft):
            draft.refuse(Place(draft.group.first.number, WHOLE_ROW), _NOT_ALLOWED[draft.kind])
        elif draft.kind == "create" and self._creatable:
            self._check_creatable(draft, self._creatable)

    def _is_out_of_reach(self, draft: Draft) -> bool:
        """Tell whether a record that may be seen is none of those that may be changed."""
        return (
            draft.kind == "update"
            and draft.before is not None
            and not (self._editable and self._editable.holds(draft.before))
        )

    def _check_creatable(self, draft: Draft, check: Callable[[Document], None]) -> None:
        try:
            check(draft.checked.data if draft.checked else {})
        except InvalidError as refused:
            draft.refuse(Place(draft.group.first.number, WHOLE_ROW), *refused.errors[""])

    def _keep_rows(self, values: Raw, stored: Mapping[str, Any]) -> None:
        for key in self._cells.tables:
            if key in values:
                keep_rows(self.definition.by_key[key], values[key], stored.get(key, []))

    def _place(self, draft: Draft, errors: Errors) -> None:
        """Put messages beside the cells they are about; a field that is not in the file beside the row."""
        for path, messages in errors.items():
            key, _dot, below = path.partition(".")
            place = self._place_in_table(draft, key, below) if below else None
            if place is None:
                place = Place(draft.group.first.number, self._columns.get(key, WHOLE_ROW))
            named = place.column == WHOLE_ROW
            draft.refuse(place, *[self._named(key, one) if named else one for one in messages])

    def _place_in_table(self, draft: Draft, key: str, below: str) -> Place | None:
        """Return where `<row>.<column>` of a table field stands in the file."""
        index, _dot, column = below.partition(".")
        if key not in self._cells.tables or not index.isdigit():
            return None
        rows = self._cells.rows_of(draft.group, key)
        if int(index) >= len(rows):
            return None
        sheet = key if key in self.plan.tables else ""
        return Place(rows[int(index)].number, self._cells.tables[key].get(column, WHOLE_ROW), sheet)

    def _named(self, key: str, message: Message) -> Message:
        field = self.definition.by_key.get(key)
        label = field.label if field and field.label else key
        return _("%(field)s: %(message)s", field=label, message=message)

    def _refuse_taken(self, drafts: list[Draft]) -> None:
        """Find values that must be unique and are taken, by a record or by a row above."""
        for field in self.definition.value_fields:
            if not field.unique or field.key not in self._columns:
                continue
            path = _path(field)
            values = [
                (draft, _compared(field, draft.checked.data[field.key]))
                for draft in drafts
                if draft.checked and field.key in draft.checked.data
            ]
            query = {path: {"$in": [value for _draft, value in values]}, **NOT_IN_BIN}
            owners = {
                _mark(_dig(record, path)): record["_id"]
                for record in self.form.records().find(query, {path: 1})
            }
            for draft, value in values:
                self._refuse_if_taken(draft, field, value, owners)

    def _refuse_if_taken(self, draft: Draft, field: Field, value: Any, owners: Mapping[Any, Any]) -> None:  # noqa: ANN401
        own = draft.before["_id"] if draft.before else None
        if owners.get(_mark(value), own) != own:
            place = Place(draft.group.first.number, self._columns[field.key])
            draft.refuse(place, _("Another record already has this value."))
        elif field.key != self.plan.key:
            self._refuse_repeated(draft, field.key, value)


_NOT_ALLOWED = {
    "create": _("You may not create records here."),
    "update": _("You may not change records here."),
}


def _path(field: Field) -> str:
    return f"data.{type_of(field).comparable_path(field)}"


def _compared(field: Field, value: Any) -> Any:  # noqa: ANN401  (any stored value)
    """Return the part of a stored value by which records are compared."""
    return None if value is None else _dig({"data": {field.key: value}}, _path(field))


def _mark(value: Any) -> Any:  # noqa: ANN401  (any stored value)
    """Return what can be looked up: equal for values that MongoDB holds to be equal."""
    if isinstance(value, Decimal128):
        number = value.to_decimal()
        return number if number.is_finite() else str(number)
    return tuple(map(_mark, value)) if isinstance(value, list) else value


def _dig(record: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401  (any stored value)
    value: Any = record
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
