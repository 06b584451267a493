"""What the page shows on which a person says which column of a file fills which field."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any

from bson import ObjectId

from models import import_mapping
from models.definition import Definition, Field
from models.fields.reading import cell_text
from models.forms import LiveForm
from models.import_mapping import HEAD_ROWS
from models.import_plan import NUMBER, Plan, RowsSheet, Target
from models.imports import MAX_AT_ONCE
from models.spreadsheets.table import Table
from views.context import current_language

SAMPLES = 3
SAMPLE_ROWS = 50
SAMPLE_LENGTH = 80

Sent = Mapping[str, Any]


@dataclass(frozen=True)
class SheetColumn:
    """A column of a sheet: where it stands, what it is called, and some of its values."""

    index: int
    name: str
    samples: tuple[str, ...]


class SeenSheet:
    """One sheet of the file, as far as it is shown."""

    def __init__(self, table: Table, name: str) -> None:
        self.name = name
        with closing(table.rows(name)) as rows:
            first = list(islice(rows, HEAD_ROWS))
        self.rows = [(row.number, _line(row.cells)) for row in first]
        self.header: tuple[str, ...] = ()
        self.head = 0
        if first:
            header = table.header(name)
            self.header, self.head = header.names, header.row
        self._samples: list[list[str]] = [[] for _name in self.header]
        for row in islice(table.body(name), SAMPLE_ROWS) if first else ():
            self._take(row.cells)

    def _take(self, cells: tuple[object, ...]) -> None:
        for kept, cell in zip(self._samples, cells, strict=False):
            text = str(cell_text(cell) or "").strip()
            if text and len(kept) < SAMPLES:
                kept.append(text[:SAMPLE_LENGTH])

    def __bool__(self) -> bool:
        """Tell whether there is anything in it."""
        return bool(self.header)

    @property
    def columns(self) -> list[SheetColumn]:
        """Its columns, from left to right."""
        return [
            SheetColumn(index, name, tuple(samples))
            for index, (name, samples) in enumerate(zip(self.header, self._samples, strict=True))
        ]


class MappingPage:
    """A file that is about to be matched with a form."""

    max_at_once = MAX_AT_ONCE

    def __init__(
        self, form: LiveForm, definition: Definition, file_id: ObjectId, file_name: str, table: Table
    ) -> None:
        self.definition, self.file_id, self.file_name = definition, file_id, file_name
        self.sheets = table.sheets
        self._form, self._table = form, table
        self._heads = import_mapping.heads_of(definition, table)
        self._seen: dict[str, SeenSheet] = {}
        self.main = next(filter(None, map(self.sheet, self.sheets)), self.sheet(self.sheets[0]))

    def sheet(self, name: str) -> SeenSheet:
        """Return what is shown of a sheet."""
        if name not in self._seen:
            self._seen[name] = SeenSheet(self._table, name)
        return self._seen[name]

    # -- plans ----------------------------------------------------------------------------------------

    def remembered(self, wanted: Sent) -> Plan:
        """Return the plan to begin with: as last time, else as suggested; `wanted` names sheets."""
        self._choose_main(wanted)
        mapping, key, mode = import_mapping.recall(self.definition, self.main.header)
        if not self.main:
            return Plan(self.file_id, self.file_name, {}, self.main.name)
        tables = dict(import_mapping.suggest_tables(self.definition, self._table, self.main.name, mapping))
        for field in self.table_fields:
            name = wanted.get(f"rows-{field.key}")
            if name is not None:
                tables.pop(field.key, None)
            if name in self.other_sheets and not self.is_filled(mapping, field):
                tables[field.key] = self._suggested(field, name)
        past = import_mapping.is_existing_ledger(self._form, mapping, tables)
        return Plan(
            self.file_id,
            self.file_name,
            mapping,
            self.main.name,
            key,
            mode,
            tables,
            self._heads,
            taken_over=past,
        )

    def posted(self, sent: Sent) -> Plan:
        """Return the plan that a person sent."""
        self._choose_main(sent)
        tables = {}
        for field in self.table_fields:
            name = sent.get(f"rows-{field.key}", "")
            if name in self.other_sheets:
                tables[field.key] = self._posted_rows(field, name, sent)
        return Plan(
            self.file_id,
            self.file_name,
            _posted_mapping(sent, "column", len(self.main.header)),
            self.main.name,
            sent.get("key", ""),
            sent.get("mode", ""),
            tables,
            self._heads,
            taken_over=self.is_ledger and sent.get("taken_over") == "yes",
        )

    def _choose_main(self, wanted: Sent) -> None:
        name = wanted.get("sheet", "")
        if name in self.sheets:
            self.main = self.sheet(name)
        head = wanted.get("header", "")
        if head in {str(number) for number, _text in self.main.rows} and head != str(self.main.head):
            self._heads[self.main.name] = int(head)
            self._table.begin_at(self._heads)
            self.main = self._seen[self.main.name] = SeenSheet(self._table, self.main.name)

    def _suggested(self, field: Field, name: str) -> RowsSheet:
        found = import_mapping.suggest_rows(self.definition, field, self._table, name, self.main.header)
        return found or RowsSheet(name, 0, 0, {})

    def _posted_rows(self, field: Field, name: str, sent: Sent) -> RowsSheet:
        width = len(self.sheet(name).header)
        prefix = f"rows-{field.key}"
        return RowsSheet(
            name,
            _index(sent.get(f"{prefix}-key"), width),
            _index(sent.get(f"{prefix}-link"), len(self.main.header)),
            _posted_mapping(sent, f"{prefix}-column", width),
        )

    # -- choices --------------------------------------------------------------------------------------

    @property
    def is_ledger(self) -> bool:
        """Whether the things of the file may be here already, or come now."""
        return self._form.definition.ledger is not None

    @property
    def other_sheets(self) -> list[str]:
        """The sheets that can hold the rows of a table."""
        return [name for name in self.sheets if name != self.main.name]

    @property
    def table_fields(self) -> list[Field]:
        """The fields whose rows can stand on a sheet of their own."""
        return [field for field in self.definition.value_fields if field.type == "table" and field.fields]

    @staticmethod
    def is_filled(mapping: Mapping[int, str], field: Field) -> bool:
        """Tell whether columns of the main sheet fill a table."""
        return any(path.startswith(f"{field.key}.") for path in mapping.values())

    @property
    def targets(self) -> list[tuple[str, str, bool]]:
        """What a column of the main sheet can fill: path, caption, whether it is required."""
        return _choices(import_mapping.targets(self.definition))

    def row_targets(self, field: Field) -> list[tuple[str, str, bool]]:
        """Return what a column of a table's own sheet can fill."""
        return _choices(import_mapping.row_targets(self.definition, field))

    @property
    def keys(self) -> list[tuple[str, str]]:
        """By what existing records can be recognised: path, caption."""
        captions = {path: text for path, text, _required in self.targets}
        return [(key, captions.get(key, key)) for key in import_mapping.keys(self.definition)]

    @property
    def needed(self) -> list[tuple[str, str]]:
        """What a new record must have, and gets from nowhere else: path, caption."""
        defaults = {field.key for field in self.definition.value_fields if _has_default(field)}
        return [
            (path, text)
            for path, text, required in self.targets
            if required and path != NUMBER and path not in defaults
        ]


def _line(cells: tuple[object, ...]) -> str:
    """Return a row as one line, for people to recognise it."""
    texts = (str(cell_text(cell) or "").strip() for cell in cells)
    return " | ".join(filter(None, texts))[:SAMPLE_LENGTH]


def _choices(targets: list[Target]) -> list[tuple[str, str, bool]]:
    language = current_language()
    return [(one.path, one.text(language), one.required) for one in targets]


def _has_default(field: Field) -> bool:
    return field.default is not None or bool(field.default_from)


def _posted_mapping(sent: Sent, prefix: str, width: int) -> dict[int, str]:
    chosen = {index: sent.get(f"{prefix}-{index}", "") for index in range(width)}
    return {index: path for index, path in chosen.items() if path}


def _index(text: object, width: int) -> int:
    """Return the number of a column; whatever is none becomes the first."""
    given = str(text or "")
    return int(given) if given.isdecimal() and len(given) < 5 and int(given) < width else 0  # noqa: PLR2004
