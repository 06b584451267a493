"""Which column of a file fills which field: suggested by name, remembered for the next file of the kind."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from bson import ObjectId

from models.database import db
from models.definition import Definition, Field
from models.fields import type_of
from models.forms import LiveForm
from models.import_plan import (
    ALL_OR_NOTHING,
    MODES,
    NUMBER,
    Plan,
    RowsSheet,
    Target,
    check,
    keys,
    row_targets,
    table_problems,
    targets,
)
from models.ledger_import.columns import TABLES as LEDGER_TABLES
from models.ledger_import.explaining import explain
from models.ledger_import.steps import offered
from models.people import User
from models.spreadsheets.table import Table, captions
from models.spreadsheets.workbook import About, Book
from models.times import now

__all__ = [
    "ALL_OR_NOTHING",
    "MODES",
    "NUMBER",
    "Plan",
    "RowsSheet",
    "check",
    "find_head",
    "heads_of",
    "is_existing_ledger",
    "keys",
    "recall",
    "remember",
    "row_targets",
    "suggest",
    "suggest_rows",
    "suggest_tables",
    "suggested",
    "targets",
    "tells_of_past",
    "write_template",
]

_NOISE = re.compile(r"[\W_]+")
_SHEET_NAME = 31
HEAD_ROWS = 20
"""Rows among which the one is looked for that names the columns."""


def find_head(definition: Definition, table: Table, sheet: str) -> int:
    """Return the number of the row that names the columns; 0 where it is the first that is not blank.

    Ledgers begin with a title and a line that says whose they are: the row whose captions say most is it.
    """
    wanted = [
        *targets(definition),
        *(row for field in definition.value_fields for row in _rows_of(definition, field)),
    ]
    above, best, most = None, 0, 0
    with closing(table.rows(sheet)) as rows:
        for at, row in enumerate(islice(rows, HEAD_ROWS)):
            cells = captions(row, above) if above and above.number == row.number - 1 else row.cells
            said = len(_match(wanted, [str(cell or "") for cell in cells]))
            if said > most:
                best, most = row.number if at else 0, said
            above = row
    return best


def _rows_of(definition: Definition, field: Field) -> list[Target]:
    return row_targets(definition, field) if field.type == "table" else []


def suggest(definition: Definition, header: Sequence[str]) -> dict[int, str]:
    """Match columns to targets by key or caption in either language; each target once."""
    return _match(targets(definition), header)


def _match(wanted: Sequence[Target], header: Sequence[str]) -> dict[int, str]:
    ordered = sorted(wanted, key=lambda target: target.path == NUMBER)  # a field may be called like it
    known = {name: target.path for target in reversed(ordered) for name in _names(target)}
    suggested: dict[int, str] = {}
    for index, caption in enumerate(header):
        path = known.get(_plain(caption))
        if path and path not in suggested.values():
            suggested[index] = path
    return suggested


def _names(target: Target) -> set[str]:
    """Return everything a column for the target may be called; exports put the unit behind the caption."""
    names = {target.path, *target.label.values(), *target.aliases}
    if "." in target.path:
        names |= {name.rsplit(" / ", 1)[-1] for name in target.label.values()}
        names.add(target.path.rsplit(".", 1)[-1])
    names |= {f"{target.label[language]} {unit}" for language, unit in target.unit.items() if unit}
    return {_plain(name) for name in names}


def _plain(text: str) -> str:
    return _NOISE.sub("", text).casefold()


def suggest_tables(
    definition: Definition, table: Table, sheet: str, mapping: Mapping[int, str]
) -> dict[str, RowsSheet]:
    """Find for each table field the sheet with its rows.

    It is the one of last time, where the file still has it, else one that is called like the field, as
    exports lay them out.
    """
    header = table.header(sheet).names
    filled = {path.partition(".")[0] for path in mapping.values() if "." in path}
    others = [name for name in table.sheets if name != sheet]
    found = _remembered_tables(definition, header, others, mapping)
    for field in definition.value_fields:
        if field.type == "table" and field.key not in filled | found.keys():
            other = _sheet_called(field, others)
            rows = suggest_rows(definition, field, table, other, header) if other else None
            if rows:
                found[field.key] = rows
    return found


def _remembered_tables(
    definition: Definition, header: Sequence[str], sheets: Sequence[str], mapping: Mapping[int, str]
) -> dict[str, RowsSheet]:
    kept = db().import_mappings.find_one({"_id": f"{definition.key}:{signature(header)}"}) or {}
    plan = Plan(ObjectId(), "", mapping)
    found = {key: RowsSheet.load(stored) for key, stored in kept.get("tables", {}).items()}
    return {
        key: rows
        for key, rows in found.items()
        if rows.sheet in sheets and not any(table_problems(definition, plan, key, rows))
    }


def _sheet_called(field: Field, sheets: Iterable[str]) -> str:
    names = {_plain(text[:_SHEET_NAME]) for text in (field.key, field.label.zh, field.label.en) if text}
    return next((sheet for sheet in sheets if _plain(sheet) in names), "")


def suggest_rows(
    definition: Definition, field: Field, table: Table, sheet: str, main: Sequence[str]
) -> RowsSheet | None:
    """Suggest how a sheet fills a table field; None where nothing links it to the main sheet.

    The first column whose caption the main sheet has too names the record.
    """
    if not any(True for _row in table.rows(sheet)):
        return None
    header = table.header(sheet).names
    captions = {_plain(caption): index for index, caption in reversed(list(enumerate(main)))}
    key = next((index for index, caption in enumerate(header) if _plain(caption) in captions), None)
    if key is None:
        return None
    mapping = _match(row_targets(definition, field), header)
    mapping.pop(key, None)
    return RowsSheet(sheet, key, captions[_plain(header[key])], mapping) if mapping else None


def signature(header: Sequence[str]) -> str:
    """Return the mark of a kind of file: its captions in order."""
    return hashlib.sha256("\0".join(header).encode("utf-8", "replace")).hexdigest()[:32]


def remember(form: str, header: Sequence[str], plan: Plan) -> None:
    """Keep a mapping for the next file with the same header."""
    kept = plan.dump()
    db().import_mappings.update_one(
        {"_id": f"{form}:{signature(header)}"},
        {"$set": {**{name: kept[name] for name in ("mapping", "key", "mode", "tables")}, "at": now()}},
        upsert=True,
    )


def recall(definition: Definition, header: Sequence[str]) -> tuple[dict[int, str], str, str]:
    """Return mapping, key and mode for a header: as last time, else as suggested."""
    kept = db().import_mappings.find_one({"_id": f"{definition.key}:{signature(header)}"})
    known = {target.path for target in targets(definition)}
    if kept:
        mapping = {int(index): path for index, path in kept["mapping"].items() if path in known}
        return mapping, kept["key"], kept["mode"]
    mapping = suggest(definition, header)
    key = next((key for key in keys(definition) if key in mapping.values()), "")
    if key == NUMBER and tells_of_past(mapping):
        key = ""  # things of another ledger have its numbers, not ours
    if key != NUMBER:
        mapping = {index: path for index, path in mapping.items() if path != NUMBER}
    return mapping, key, ALL_OR_NOTHING


def suggested(person: User, form: LiveForm, table: Table, file_id: ObjectId, name: str) -> Plan:
    """Return how a file is imported of which nobody has said anything yet."""
    definition, sheet = offered(person, form.definition), table.sheets[0]
    heads = heads_of(definition, table)
    mapping, key, mode = recall(definition, table.header(sheet).names)
    tables = suggest_tables(definition, table, sheet, mapping)
    past = is_existing_ledger(form, mapping, tables)
    return Plan(file_id, name, mapping, sheet, key, mode, tables, heads, taken_over=past)


def heads_of(definition: Definition, table: Table) -> dict[str, int]:
    """Let every sheet of a file begin with the row that names its columns; return those further down."""
    found = {sheet: find_head(definition, table, sheet) for sheet in table.sheets}
    heads = {sheet: row for sheet, row in found.items() if row}
    table.begin_at(heads)
    return heads


def is_existing_ledger(form: LiveForm, mapping: Mapping[int, str], tables: Mapping[str, RowsSheet]) -> bool:
    """Tell whether a file seems to say what is here already: what is out, or the first things of a ledger."""
    if form.definition.ledger is None:
        return False
    past = tells_of_past(mapping) or any(key in LEDGER_TABLES for key in tables)
    return past or form.records().find_one({}, {"_id": 1}) is None


def tells_of_past(mapping: Mapping[int, str]) -> bool:
    """Tell whether columns say what is out or gone: the file is an existing ledger."""
    return any(path.partition(".")[0] in LEDGER_TABLES for path in mapping.values())


def write_template(path: Path, definition: Definition, language: str) -> None:
    """Write an empty workbook with a caption for every field that can be filled, and lists of choices."""
    columns = []
    for target in targets(definition):
        key, _dot, below = target.path.partition(".")
        field = definition.by_key.get(key)
        if field is None:
            continue
        shown = field.columns[below] if below else field
        column = type_of(shown).column(shown, language)
        columns.append(replace(column, key=target.path, label=target.text(language)))
    title = definition.label.text(language) or definition.key
    about = About(title, "", now().replace(tzinfo=None), language, ZoneInfo("UTC"))
    with Book(path, about) as book:
        book.sheet(title, columns, frozen=1).offer_choices()
        if any(table in definition.by_key for table in LEDGER_TABLES):
            explain(book, definition, language)
