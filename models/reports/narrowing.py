"""Narrowing a report down to one group: a customer, a product, a kind of fault."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bson import ObjectId

from models.definition import RuleTree
from models.reports.look import Look
from models.reports.parts import Grouping

POINTERS: Final = frozenset({"reference", "person", "department"})
CHOSEN: Final = frozenset({"choice", "multi_choice"})


@dataclass(frozen=True)
class Narrowed:
    """One group that a report is narrowed down to; `value` is what stands in an address."""

    grouping: Grouping
    value: str
    rule: RuleTree
    text: str

    def said(self, language: str) -> str:
        """Return it in words: Customer: ACME."""
        return f"{self.grouping.label.text(language) or self.grouping.key}: {self.text}"


def groupings(look: Look) -> list[Grouping]:
    """Return the groupings by which a reader may narrow a report down.

    Their groups can be listed, and are the same in every source that has them: a kind of complaint is no kind
    of cost.
    """
    found = []
    for one in look.report.groupings:
        field = look.group_field(one)
        if field is not None and field.type in POINTERS | CHOSEN and _is_asked(look, field.key):
            found += [one] if _means_one_thing(look, field.key) else []
    return found


def _means_one_thing(look: Look, key: str) -> bool:
    definitions = (look.figures.form(source).definition for source in look.report.sources)
    fields = (one.by_key[key] for one in definitions if key in one.by_key)
    return len({(one.type, one.form, tuple(option.key for option in one.options)) for one in fields}) == 1


def _is_asked(look: Look, key: str) -> bool:
    return any(key in look.disclosure(source).askable.by_key for source in look.report.sources)


def narrowed(look: Look, asked: Mapping[str, str]) -> list[Narrowed]:
    """Read what an address asks for, by the keys of groupings; what names nothing is left out."""
    found = []
    for grouping in groupings(look):
        value = asked.get(grouping.key, "").strip()
        group = _group(look, grouping, value)
        if group is not None:
            look.prime(grouping, [group])
            rule = look.branch_rule(grouping, group)
            found.append(Narrowed(grouping, value, rule, look.group_name(grouping, group)))
    return found


def _group(look: Look, grouping: Grouping, value: str) -> Any:  # noqa: ANN401  (as it is stored)
    """Return the group of a value in an address, None for what cannot be one."""
    field = look.group_field(grouping)
    if field is None or not value:
        return None
    if field.type in POINTERS:
        return ObjectId(value) if ObjectId.is_valid(value) else None
    return value if any(one.key == value for one in field.options) else None
