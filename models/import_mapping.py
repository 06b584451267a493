"""Which column of a file fills which field: suggested by name, remembered for the next file of the kind."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from bson import ObjectId

from models.database import Document, db
from models.definition import Definition, Field
from models.errors import InvalidError
from models.fields import type_of
from models.messages import LANGUAGES, Message, _
from models.spreadsheets.columns import Column
from models.spreadsheets.workbook import About, Book
from models.times import now

NUMBER = "number"
ALL_OR_NOTHING, VALID_ONLY = "all", "valid"
MODES = (ALL_OR_NOTHING, VALID_ONLY)
_NOISE = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Target:
    """What a column can fill: a field, a column of a table field, or the record's number (as key only)."""

    path: str
    label: Mapping[str, str]
    required: bool = False

    def text(self, language: str) -> str:
        """Return its caption."""
        return self.label[language]


@dataclass(frozen=True)
class Plan:
    """How a file is imported.

    Attributes:
        file: id of the uploaded file.
        file_name: as the sender calls it.
        sheet: name of the sheet; empty for the first.
        mapping: column index → target path (`qty`, `items.part`, `number`).
        key: the target by which an existing record is recognised and updated; empty to create only.
        mode: `all` (all or nothing) or `valid` (what is valid).
    """

    file: ObjectId
    file_name: str
    mapping: Mapping[int, str] = attribute(default_factory=dict)
    sheet: str = ""
    key: str = ""
    mode: str = ALL_OR_NOTHING

    def dump(self) -> Document:
        """Return it as a job's parameters."""
        return {
            "file": self.file,
            "file_name": self.file_name,
            "sheet": self.sheet,
            "mapping": {str(index): path for index, path in self.mapping.items()},
            "key": self.key,
            "mode": self.mode,
        }

    @classmethod
    def load(cls, params: Mapping[str, Any]) -> Self:
        """Read what `dump` gave."""
        return cls(
            file=params["file"],
            file_name=params["file_name"],
            sheet=params["sheet"],
            mapping={int(index): path for index, path in params["mapping"].items()},
            key=params["key"],
            mode=params["mode"],
        )


def targets(definition: Definition) -> list[Target]:
    """Return everything a column can fill, in the order of the form."""
    found = [Target(NUMBER, {"zh": "编号", "en": "Number"})] if definition.numbering else []
    for field in definition.value_fields:
        if field.type == "table":
            found += [_target(column, f"{field.key}.{column.key}", field) for column in field.fields]
        elif type_of(field).importable and not type_of(field).derived:
            found.append(_target(field, field.key))
    return found


def _target(field: Field, path: str, table: Field | None = None) -> Target:
    label = {
        language: " / ".join(part.label.text(language) or part.key for part in (table, field) if part)
        for language in LANGUAGES
    }
    return Target(path, label, field.required and table is None)


def keys(definition: Definition) -> list[str]:
    """Return the targets that can recognise a record: its number, and fields that are unique or the key."""
    unique = [field.key for field in definition.value_fields if field.unique]
    business = [definition.business_key] if definition.business_key in definition.by_key else []
    numbered = [NUMBER] if definition.numbering else []
    return list(dict.fromkeys([*business, *unique, *numbered]))


def suggest(definition: Definition, header: Sequence[str]) -> dict[int, str]:
    """Match columns to targets by key or caption in either language; each target once."""
    known = {name: target.path for target in reversed(targets(definition)) for name in _names(target)}
    suggested: dict[int, str] = {}
    for index, caption in enumerate(header):
        path = known.get(_plain(caption))
        if path and path not in suggested.values():
            suggested[index] = path
    return suggested


def _names(target: Target) -> set[str]:
    captions = {target.path, *target.label.values()}
    if "." in target.path:
        captions |= {caption.rsplit(" / ", 1)[-1] for caption in target.label.values()}
        captions.add(target.path.rsplit(".", 1)[-1])
    return {_plain(caption) for caption in captions}


def _plain(text: str) -> str:
    return _NOISE.sub("", text).casefold()


def check(definition: Definition, plan: Plan) -> None:
    """Raise InvalidError for a mapping that cannot work."""
    known = {target.path: target for target in targets(definition)}
    chosen = list(plan.mapping.values())
    errors: dict[str, list[Message]] = {}
    for index, path in plan.mapping.items():
        if path not in known:
            errors[f"mapping.{index}"] = [_("There is no such field.")]
        elif chosen.count(path) > 1:
            errors[f"mapping.{index}"] = [_("Two columns fill this field.")]
    if not set(chosen) - {NUMBER}:
        errors["mapping"] = [_("Choose a field for at least one column.")]
    if plan.key and (plan.key not in keys(definition) or plan.key not in chosen):
        errors["key"] = [_("The key must be one of the mapped columns.")]
    if NUMBER in chosen and plan.key != NUMBER:
        errors.setdefault("key", []).append(
            _("Numbers are given by the product; a number column can only be the key of records to update.")
        )
    if plan.mode not in MODES:
        errors["mode"] = [_("Choose what happens to rows with mistakes.")]
    if errors:
        raise InvalidError(errors)


def signature(header: Sequence[str]) -> str:
    """Return the mark of a kind of file: its captions in order."""
    return hashlib.sha256("\0".join(header).encode()).hexdigest()[:32]


def remember(form: str, header: Sequence[str], plan: Plan) -> None:
    """Keep a mapping for the next file with the same header."""
    db().import_mappings.update_one(
        {"_id": f"{form}:{signature(header)}"},
        {"$set": {"mapping": plan.dump()["mapping"], "key": plan.key, "mode": plan.mode, "at": now()}},
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
    if not key:
        mapping = {index: path for index, path in mapping.items() if path != NUMBER}
    return mapping, key, ALL_OR_NOTHING


def write_template(path: Path, definition: Definition, language: str) -> None:
    """Write an empty workbook with a caption for every field that can be filled."""
    columns = [
        Column(target.path, target.text(language), "text")
        for target in targets(definition)
        if target.path != NUMBER
    ]
    title = definition.label.text(language)
    with Book(path, About(title, "", now().replace(tzinfo=None), language, ZoneInfo("UTC"))) as book:
        book.sheet(title, columns)
        book.close()
