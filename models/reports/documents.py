"""Report definitions as documents: read without trust, written as files, compared with each other."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import ValidationError

from models import plain_yaml
from models.errors import InvalidError
from models.form_checks import shape_problems
from models.messages import _
from models.problems import by_path
from models.reports.parts import ReportDefinition

PARTS: Final = ("sources", "measures", "ratios", "groupings", "analyses")
"""What a report has several of, each with a key."""


def load(document: Mapping[str, Any]) -> ReportDefinition:
    """Read a document as a report. Raises InvalidError with paths such as `measures.ppm.part`."""
    try:
        return ReportDefinition.load(dict(document))
    except ValidationError as error:
        raise InvalidError(by_path(shape_problems(error, document))) from None
    except RecursionError:
        raise InvalidError({"definition": [_("This is nested too deeply.")]}) from None


def to_json(definition: ReportDefinition) -> str:
    """Return a report as JSON text."""
    return json.dumps(definition.dump(), ensure_ascii=False, indent=2)


def to_yaml(definition: ReportDefinition) -> str:
    """Return a report as YAML text, as packs keep it."""
    return plain_yaml.dump(definition.dump())


@dataclass(frozen=True)
class Change:
    """A part, or a property of the whole, that two versions do not have in common."""

    how: Literal["added", "changed", "removed"]
    section: str
    key: str = ""
    properties: tuple[str, ...] = ()


def changes(before: ReportDefinition, after: ReportDefinition) -> Iterator[Change]:
    """Yield how a version differs from another: its own properties first, then its parts."""
    old, new = before.dump(), after.dump()
    for name in dict.fromkeys((*old, *new)):
        if name not in PARTS and old.get(name) != new.get(name):
            yield Change("changed", name)
    for section in PARTS:
        yield from _of_parts(section, _by_key(old, section), _by_key(new, section))


def _of_parts(section: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    for key in dict.fromkeys((*old, *new)):
        if key not in old:
            yield Change("added", section, key)
        elif key not in new:
            yield Change("removed", section, key)
        elif old[key] != new[key]:
            names = dict.fromkeys((*old[key], *new[key]))
            differing = tuple(name for name in names if old[key].get(name) != new[key].get(name))
            yield Change("changed", section, key, differing)
    kept = [key for key in old if key in new]
    if kept != [key for key in new if key in old]:
        yield Change("changed", section)


def _by_key(document: Mapping[str, Any], section: str) -> dict[str, Any]:
    return {one["key"]: one for one in document.get(section, ())}
