"""How a file is imported: which column fills which field, what recognises a record, what mistakes mean."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from typing import Any, NamedTuple, Self

from bson import ObjectId

from models.database import Document
from models.definition import Definition, Field
from models.errors import InvalidError
from models.fields import columns_filled_in, filled_in, type_of
from models.ledger_import.columns import ALIASES, TABLES
from models.messages import LANGUAGES, Message, _

NUMBER = "number"
ALL_OR_NOTHING, VALID_ONLY = "all", "valid"
MODES = (ALL_OR_NOTHING, VALID_ONLY)


@dataclass(frozen=True)
class Target:
    """What a column can fill: a field, a column of a table field, or the record's number (as key only)."""

    path: str
    label: Mapping[str, str]
    required: bool = False
    unit: Mapping[str, str] = attribute(default_factory=dict)
    aliases: tuple[str, ...] = ()

    def text(self, language: str) -> str:
        """Return its caption."""
        return self.label[language]


@dataclass(frozen=True)
class RowsSheet:
    """Where the rows of a table field stand, when they have a sheet of their own.

    Attributes:
        sheet: its name.
        key: the column of this sheet that says to which record a row belongs.
        link: the column of the main sheet with the same texts.
        mapping: column index → key of a column of the table field.
    """

    sheet: str
    key: int
    link: int
    mapping: Mapping[int, str]

    def dump(self) -> Document:
        """Return it as part of a job's parameters."""
        return {"sheet": self.sheet, "key": self.key, "link": self.link, "mapping": _texts(self.mapping)}

    @classmethod
    def load(cls, params: Mapping[str, Any]) -> Self:
        """Read what `dump` gave."""
        return cls(params["sheet"], params["key"], params["link"], _numbers(params["mapping"]))


class Meant(NamedTuple):
    """What a person means by a name: `kind` is `person`, `department` or the key of a form."""

    kind: str
    name: str
    id: ObjectId


@dataclass(frozen=True)
class Plan:
    """How a file is imported.

    Attributes:
        file: id of the uploaded file.
        file_name: as the sender calls it.
        mapping: column index → target path (`qty`, `items.part`, `number`).
        sheet: name of the sheet; empty for the first.
        key: the target by which an existing record is recognised and updated; empty to create only.
        mode: `all` (all or nothing) or `valid` (what is valid).
        tables: by table field, the sheet with its rows.
        heads: by sheet, the row that names the columns, where it is not the first that is not blank.
        taken_over: whether the things of the file are here and kept already, for a ledger.
        meant: who or what is meant by names that are unknown or stand for several.
    """

    file: ObjectId
    file_name: str
    mapping: Mapping[int, str] = attribute(default_factory=dict)
    sheet: str = ""
    key: str = ""
    mode: str = ALL_OR_NOTHING
    tables: Mapping[str, RowsSheet] = attribute(default_factory=dict)
    heads: Mapping[str, int] = attribute(default_factory=dict)
    taken_over: bool = False
    meant: tuple[Meant, ...] = ()

    def dump(self) -> Document:
        """Return it as a job's parameters."""
        return {
            "file": self.file,
            "file_name": self.file_name,
            "sheet": self.sheet,
            "mapping": _texts(self.mapping),
            "key": self.key,
            "mode": self.mode,
            "tables": {key: rows.dump() for key, rows in self.tables.items()},
            "heads": [[sheet, row] for sheet, row in self.heads.items()],
            "taken_over": self.taken_over,
            "meant": [list(one) for one in self.meant],
        }

    @classmethod
    def load(cls, params: Mapping[str, Any]) -> Self:
        """Read what `dump` gave."""
        return cls(
            file=params["file"],
            file_name=params["file_name"],
            sheet=params["sheet"],
            mapping=_numbers(params["mapping"]),
            key=params["key"],
            mode=params["mode"],
            tables={key: RowsSheet.load(rows) for key, rows in params.get("tables", {}).items()},
            heads=dict(params.get("heads", ())),
            taken_over=params.get("taken_over", False),
            meant=tuple(Meant(*one) for one in params.get("meant", ())),
        )


def _texts(mapping: Mapping[int, str]) -> dict[str, str]:
    return {str(index): path for index, path in mapping.items()}


def _numbers(mapping: Mapping[str, str]) -> dict[int, str]:
    return {int(index): path for index, path in mapping.items()}


def targets(definition: Definition) -> list[Target]:
    """Return everything a column can fill, in the order of the form."""
    found = [Target(NUMBER, {"zh": "编号", "en": "Number"})] if definition.numbering else []
    for field in filled_in(definition):
        if field.type == "table":
            columns = columns_filled_in(definition, field)
            found += [_target(column, f"{field.key}.{column.key}", field) for column in columns]
        elif type_of(field).importable:
            found.append(_target(field, field.key))
    return found


def row_targets(definition: Definition, table: Field) -> list[Target]:
    """Return what the columns of a table's own sheet can fill; paths are keys of its columns."""
    found = [_target(column, column.key) for column in columns_filled_in(definition, table)]
    return [replace(one, aliases=ALIASES.get(f"{table.key}.{one.path}", ())) for one in found]


def _target(field: Field, path: str, table: Field | None = None) -> Target:
    label = {
        language: " / ".join(part.label.text(language) or part.key for part in (table, field) if part)
        for language in LANGUAGES
    }
    unit = {language: field.unit.text(language) for language in LANGUAGES}
    return Target(path, label, field.required and table is None, unit, ALIASES.get(path, ()))


def keys(definition: Definition) -> list[str]:
    """Return the targets that can recognise a record: its number, and fields that are unique or the key."""
    unique = [field.key for field in definition.value_fields if field.unique and type_of(field).importable]
    business = [definition.business_key] if definition.business_key in definition.by_key else []
    numbered = [NUMBER] if definition.numbering else []
    return list(dict.fromkeys([*business, *unique, *numbered]))


def check(definition: Definition, plan: Plan) -> None:
    """Raise InvalidError for a plan that cannot work."""
    problems: dict[str, list[Message]] = {}
    for path, message in _problems(definition, plan):
        problems.setdefault(path, []).append(message)
    if problems:
        raise InvalidError(problems)


def _problems(definition: Definition, plan: Plan) -> Iterator[tuple[str, Message]]:
    known = {target.path for target in targets(definition)}
    yield from _mapping_problems("mapping", plan.mapping, known)
    chosen = set(plan.mapping.values())
    if not chosen - {NUMBER}:
        yield "mapping", _("Choose a field for at least one column.")
    if plan.key and (plan.key not in keys(definition) or plan.key not in chosen):
        yield "key", _("The key must be one of the mapped columns.")
    if NUMBER in chosen and plan.key != NUMBER:
        yield (
            "key",
            _("Numbers are given by the product; a number column can only be the key of records to update."),
        )
    past = {path.partition(".")[0] for path in chosen} | set(plan.tables)
    if past & set(TABLES) and not plan.taken_over:
        yield "taken_over", _("What is out or gone can be told only of things that are here already.")
    if plan.mode not in MODES:
        yield "mode", _("Choose what happens to rows with mistakes.")
    for key, rows in plan.tables.items():
        yield from table_problems(definition, plan, key, rows)


def _mapping_problems(
    name: str, mapping: Mapping[int, str], known: set[str]
) -> Iterator[tuple[str, Message]]:
    counts = Counter(mapping.values())
    for index, path in mapping.items():
        if path not in known:
            yield f"{name}.{index}", _("There is no such field.")
        elif counts[path] > 1:
            yield f"{name}.{index}", _("Two columns fill this field.")


def table_problems(
    definition: Definition, plan: Plan, key: str, rows: RowsSheet
) -> Iterator[tuple[str, Message]]:
    """Yield what cannot work about the sheet of a table field."""
    name = f"tables.{key}"
    table = definition.by_key.get(key)
    if table is None or table.type != "table":
        yield name, _("There is no such field.")
        return
    known = {target.path for target in row_targets(definition, table)}
    yield from _mapping_problems(f"{name}.mapping", rows.mapping, known)
    if not rows.mapping:
        yield name, _("Choose a field for at least one column.")
    if rows.key in rows.mapping:
        yield name, _("The column that names the record cannot fill a field of the rows too.")
    if any(path.startswith(f"{key}.") for path in plan.mapping.values()):
        yield name, _("The rows of a table come from one sheet only.")
