"""How a file is to be imported, as an operator writes it down: captions instead of column numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import yaml
from bson import ObjectId
from pydantic import BaseModel, ConfigDict, ValidationError

from models import import_mapping, import_plan
from models.forms import LiveForm
from models.import_names import DEPARTMENT, PERSON
from models.import_plan import ALL_OR_NOTHING, Meant, Plan, RowsSheet
from models.ledger_import.steps import offered
from models.lookups import References
from models.people import User
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
    header: int = 0
    key: str = ""
    mode: str = ALL_OR_NOTHING
    tables: dict[str, RowsMap] = {}
    taken_over: bool = False
    meant: dict[str, dict[str, str]] = {}


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
    person: User, form: LiveForm, table: Table, file_id: ObjectId, name: str, chosen: ImportMap | None
) -> Plan:
    """Return how a file is imported: as the map says, else as the screen would suggest.

    Raises:
        click.ClickException: the map names a sheet or a column that the file does not have.
        InvalidError: the plan cannot work.
    """
    if chosen:
        found = replace(_mapped(table, file_id, name, chosen), meant=_meant(person, chosen))
    else:
        found = import_mapping.suggested(person, form, table, file_id, name)
    import_plan.check(offered(person, form.definition), found)
    return found


def _meant(person: User, chosen: ImportMap) -> tuple[Meant, ...]:
    """Return who and what names mean: by user name, code or number, or as they are called here."""
    references = References(person)

    def find(kind: str, text: str) -> ObjectId | None:
        if kind == PERSON:
            return references.find_person(text)
        return references.find_department(text) if kind == DEPARTMENT else references.find_record(kind, text)

    pairs = [(kind, name, text) for kind, names in chosen.meant.items() for name, text in names.items()]
    found = [(kind, name, text, find(kind, text)) for kind, name, text in pairs]
    if unknown := [f"{kind}: {text}" for kind, _name, text, one in found if one is None]:
        message = f"There is no {', '.join(unknown)}."
        raise click.ClickException(message)
    return tuple(Meant(kind, name, one) for kind, name, _text, one in found if one)


def _mapped(table: Table, file_id: ObjectId, name: str, chosen: ImportMap) -> Plan:
    sheet = chosen.sheet or table.sheets[0]
    heads = {sheet: chosen.header} if chosen.header else {}
    table.begin_at(heads)
    main = _header(table, sheet)
    tables = {key: _rows(table, main, rows) for key, rows in chosen.tables.items()}
    mapping = _numbered(chosen.columns, main)
    return Plan(
        file_id, name, mapping, sheet, chosen.key, chosen.mode, tables, heads, taken_over=chosen.taken_over
    )


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
