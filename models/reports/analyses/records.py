"""The records themselves, as the list of the summary form (P03.29): chosen columns, read in batches."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from pymongo import ASCENDING

from models import rules
from models.batches import in_batches
from models.database import Document
from models.definition import Field
from models.disclosure import MASKED
from models.fields import type_of
from models.fields.numbers import decimal_of
from models.lookups import Lookup
from models.messages import _
from models.queries import projection
from models.reports.cutting import SYSTEM_PATHS, path_of
from models.reports.look import Look
from models.reports.parts import Analysis
from models.reports.results import Column, ColumnKind, Result, Row
from models.reports.streams import Stream

BATCH: Final = 500
BATCHES_PER_LOOKUP: Final = 20
"""Names are forgotten after so many batches, so that memory stays bounded."""
_HOUR: Final = 3_600
_KINDS: Final[Mapping[str, ColumnKind]] = MappingProxyType(
    {
        "integer": "integer",
        "rating": "integer",
        "decimal": "decimal",
        "duration": "decimal",
        "percent": "percent",
        "money": "money",
        "date": "date",
        "datetime": "datetime",
    }
)
_PEOPLE: Final = frozenset({"@owner", "@created_by", "@assignees", "@invited"})
_MOMENTS: Final = frozenset({"@created_at", "@updated_at"})


def compute(look: Look, analysis: Analysis) -> Result:
    """Return one row for each record that the measure counts, in the order of their dates.

    Options: `fields`, the columns: fields, or `@number`, `@state`, `@owner` and so on; those of the form's
    list by default. What is closed to the reader is left out or masked, as on every screen.
    """
    reader = _Reader(look, analysis)
    count = reader.count()
    title = analysis.label.text(look.language)
    return Result(
        analysis.key,
        title,
        tuple(reader.columns()),
        Stream(count, reader.rows),
        formula=look.formula(analysis.measures[0]),
        as_form=True,
        notes=[] if count else [_("There are no records in this period.")],
    )


class _Reader:
    def __init__(self, look: Look, analysis: Analysis) -> None:
        self.look = look
        self.source = look.source_of(analysis.measures[0])
        self.form = look.figures.form(self.source)
        self.told = look.disclosure(self.source)
        _source, where = look.drill(analysis.measures[0], look.period)
        self.filter = look.figures.match(self.source, where or {"all": []})
        wanted = analysis.options.get("fields") or ("@number", *self.form.definition.list_columns)
        self.keys = [key for key in dict.fromkeys(wanted) if self._is_known(key)]

    def _is_known(self, key: str) -> bool:
        field = self.told.definition.by_key.get(key)
        return key in SYSTEM_PATHS or (field is not None and field.holds_value and field.type != "table")

    def count(self) -> int:
        """Return how many records there are."""
        return self.form.records().count_documents(self.filter)

    def columns(self) -> Iterator[Column]:
        """Yield the columns."""
        for key in self.keys:
            field = self.told.definition.by_key.get(key)
            if field is None:
                kind: ColumnKind = "datetime" if key in _MOMENTS else "text"
                yield Column(key, rules.SYSTEM[key][0], kind)
            else:
                label = field.label.text(self.look.language) or field.key
                unit = field.currency if field.type == "money" else field.unit.text(self.look.language)
                yield Column(key, f"{label} ({unit})" if unit else label, _kind(field), _decimals(field))

    def rows(self, skip: int) -> Iterator[Row]:
        """Yield the records from a place on."""
        paths = {SYSTEM_PATHS[key]: 1 for key in self.keys if key in SYSTEM_PATHS}
        shown = projection(self.told.definition, self.keys, self.told.limits.needs)
        order = [(path_of(self.form.definition, self.source.date), ASCENDING), ("_id", ASCENDING)]
        found = self.form.records().find(
            self.filter, {**shown, **paths}, sort=order, skip=skip, batch_size=BATCH, allow_disk_use=True
        )
        with found:
            yield from self._in_batches(map(self.told.shown, found))

    def _in_batches(self, records: Iterator[Document]) -> Iterator[Row]:
        timezone, lookup = self.look.figures.timezone, self.look.lookup
        for count, batch in enumerate(in_batches(records, BATCH)):
            if count % BATCHES_PER_LOOKUP == 0:
                lookup = Lookup(self.look.language, timezone, self.look.person)
            lookup.prime(self.form.definition, batch, self.keys)
            for record in batch:
                yield self._row(record, lookup)

    def _row(self, record: Document, lookup: Lookup) -> Row:
        values = {key: self._value(key, record, lookup) for key in self.keys}
        return Row(values, self.source.key, record=str(record["_id"]))

    def _value(self, key: str, record: Document, lookup: Lookup) -> Any:  # noqa: ANN401  (as its column's kind)
        if key in SYSTEM_PATHS:
            return self._system(key, record, lookup)
        value = record["data"].get(key)
        if value is None or value is MASKED:
            return value
        field = self.told.definition.by_key[key]
        cell = _CELLS.get(field.type)
        if cell is None or (field.type == "money" and value["currency"] != field.currency):
            return type_of(field).display(field, value, lookup, lookup.language)
        return cell(value, lookup)

    def _system(self, key: str, record: Document, lookup: Lookup) -> Any:  # noqa: ANN401  (as its column's kind)
        value = record.get(SYSTEM_PATHS[key])
        if key == "@state":
            flow = self.form.definition.workflow
            return flow.state_of(record).label.text(lookup.language) if flow else ""
        if key == "@department":
            return lookup.department(value)
        if key in _PEOPLE:
            return ", ".join(map(lookup.person, value if isinstance(value, list) else [value]))
        return _local(value, lookup) if isinstance(value, datetime) else value


def _kind(field: Field) -> ColumnKind:
    return _KINDS.get(field.type, "text")


def _decimals(field: Field) -> int:
    if field.type in {"money", "percent", "decimal", "computed"}:
        return 2 if field.decimals is None else field.decimals
    return 0 if field.type != "duration" else 2


def _local(value: datetime, lookup: Lookup) -> datetime:
    return value.astimezone(lookup.timezone).replace(tzinfo=None)


_CELLS: Final[Mapping[str, Callable[[Any, Lookup], Any]]] = MappingProxyType(
    {
        "integer": lambda value, _lookup: value,
        "rating": lambda value, _lookup: value,
        "decimal": lambda value, _lookup: decimal_of(value),
        "duration": lambda value, _lookup: decimal_of(value) / _HOUR,
        "percent": lambda value, _lookup: decimal_of(value) / 100,
        "money": lambda value, _lookup: decimal_of(value["amount"]),
        "date": lambda value, _lookup: date.fromisoformat(value),
        "datetime": _local,
    }
)
