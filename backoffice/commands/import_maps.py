"""How a file is to be imported, as an operator writes it down: captions instead of column numbers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import yaml
from bson import ObjectId
from pydantic import BaseModel, ConfigDict, ValidationError

from models import import_mapping, import_plan
from models.definition import Definition
from models.import_plan import ALL_OR_NOTHING, Plan, RowsSheet
from models.spreadsheets.table import Table


class RowsMap(BaseModel):
    """Where the rows of a table field stand, when they have a sheet of their own."""

    model_config = ConfigDict(extra="forbid")

    sheet: str
    key: str
    link: str
    columns: dict[str, str]


class ImportMap(BaseModel):
    """What a map file says; everything in it but `columns` may be left out."""

    model_config = ConfigDict(extra="forbid")

    columns: dict[str, str]
    sheet: str = ""
    key: str = ""
    mode: str = ALL_OR_NOTHING
    tables: dict[str, RowsMap] = {}


def read(path: Path) -> ImportMap:
    """Read a map file, YAML or JSON. Raises click.ClickException that says what is wrong."""
    try:
        return ImportMap.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, one['loc'])) or path.name}: {one['msg']}" for one in error.errors()]
        raise click.ClickException("\n".join(lines)) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {error}"
        raise click.ClickException(message) from None


def plan(
    definition: Definition, table: Table, file_id: ObjectId, name: str, chosen: ImportMap | None
) -> Plan:
    """Return how a file is imported: as the map says, else as the screen would suggest.

    Raises:
        click.ClickException: the map names a sheet or a column that the file does not have.
        InvalidError: the plan cannot work.
    """
    found = _mapped(table, file_id, name, chosen) if chosen else _suggested(definition, table, file_id, name)
    import_plan.check(definition, found)
    return found


def _suggested(definition: Definition, table: Table, file_id: ObjectId, name: str) -> Plan:
    sheet = table.sheets[0]
    mapping, key, mode = import_mapping.recall(definition, table.header(sheet).names)
    tables = import_mapping.suggest_tables(definition, table, sheet, mapping)
    return Plan(file_id, name, mapping, sheet, key, mode, tables)


def _mapped(table: Table, file_id: ObjectId, name: str, chosen: ImportMap) -> Plan:
    sheet = chosen.sheet or table.sheets[0]
    main = _header(table, sheet)
    tables = {key: _rows(table, main, rows) for key, rows in chosen.tables.items()}
    return Plan(file_id, name, _numbered(chosen.columns, main), sheet, chosen.key, chosen.mode, tables)


def _rows(table: Table, main: Sequence[str], rows: RowsMap) -> RowsSheet:
    header = _header(table, rows.sheet)
    key, link = _index(rows.key, header), _index(rows.link, main)
    return RowsSheet(rows.sheet, key, link, _numbered(rows.columns, header))


def _header(table: Table, sheet: str) -> Sequence[str]:
    if sheet not in table.sheets:
        message = f"There is no sheet {sheet!r}. There are: {', '.join(table.sheets)}."
        raise click.ClickException(message)
    return table.header(sheet).names


def _numbered(columns: Mapping[str, str], header: Sequence[str]) -> dict[int, Any]:
    return {_index(caption, header): path for caption, path in columns.items()}


def _index(caption: str, header: Sequence[str]) -> int:
    if caption not in header:
        message = f"There is no column {caption!r}. There are: {', '.join(header)}."
        raise click.ClickException(message)
    return header.index(caption)
