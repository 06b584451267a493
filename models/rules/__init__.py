"""Rules: one tree says a condition, and it means the same in Python, in MongoDB and in the browser.

A tree is `{"all": [tree…]}`, `{"any": [tree…]}`, `{"not": tree}` or `{"field", "op", "value"}`. `field` is a
field's key, a column as `items.qty`, or a system column such as `@owner`. What it means, everywhere:

- A value that is missing, null, an empty text or an empty list is empty. On an empty field `empty`, `ne` and
  `not_in` hold and everything else does not; so a yes/no field without an answer is neither yes nor no.
- A field with several values (multiple choice, many references, a column of a table) holds when any of its
  values does. `ne`, `not_in` and `empty` are the exact opposites of `eq`, `in` and `not_empty`: no value may
  be it.
- Numbers compare as numbers, exactly; money by its amount, whatever the currency; a percent as it is typed.
- `eq` on text is exact. `contains` and `starts_with` ignore the case of the ASCII letters and of no others.
- A date or a period is all of its days: `gt` is after its last day, `gte` on or after its first. On a
  date-time field days begin at midnight in the person's time zone; a time written to the minute is all of it.
- "me" and "my department" equal nothing when nobody is signed in.
- `{"all": []}` always holds, `{"any": []}` never does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.definition import Definition
from models.rules.browser import to_browser
from models.rules.describe import describe, describe_operand
from models.rules.mongo import to_mongo
from models.rules.operands import RuleContext
from models.rules.operators import OPERATORS, Kind, Operator, kind_of, operators_for, operators_of_type
from models.rules.periods import PERIODS
from models.rules.plan import Node
from models.rules.reader import MAX_DEPTH, MAX_NODES, Problem, check, fields_used, read_plan
from models.rules.sources import (
    SYSTEM,
    Source,
    browser_values,
    find_source,
    record_values,
    row_values,
    system_values,
)

__all__ = [
    "MAX_DEPTH",
    "MAX_NODES",
    "OPERATORS",
    "PERIODS",
    "SYSTEM",
    "Kind",
    "Operator",
    "Problem",
    "Rule",
    "RuleContext",
    "Source",
    "browser_values",
    "check",
    "compile_rule",
    "describe",
    "describe_operand",
    "evaluate",
    "fields_used",
    "find_source",
    "for_browser",
    "kind_of",
    "operators_for",
    "operators_of_type",
    "record_values",
    "row_values",
    "system_values",
    "to_filter",
]


@dataclass(frozen=True)
class Rule:
    """A rule read once, to be asked often (an import asks it for every row)."""

    node: Node

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Judge stored values: `record["data"]`, with system columns under their "@" names."""
        return self.node.holds(values)

    def filter(self) -> dict[str, Any]:
        """Return the MongoDB filter on the record collection."""
        return to_mongo(self.node)

    def for_browser(self) -> dict[str, Any]:
        """Return the JSON that `Rules.evaluate(rule, values)` of rules.js takes."""
        return to_browser(self.node)


def compile_rule(tree: object, definition: Definition, context: RuleContext, *, table: str = "") -> Rule:
    """Read a tree. For a column's rule `table` names its table field.

    Raises InvalidError, by path into the tree, for whatever `check` refuses (an unknown option apart).
    """
    return Rule(read_plan(tree, definition, context, table))


def evaluate(
    tree: object, values: Mapping[str, Any], definition: Definition, context: RuleContext, *, table: str = ""
) -> bool:
    """Tell whether a rule holds for stored values (`record["data"]`, system columns under "@state" …).

    For a column's rule give `table`, and values from `row_values`. Raises InvalidError for a tree that
    cannot run.
    """
    return compile_rule(tree, definition, context, table=table).holds(values)


def to_filter(tree: object, definition: Definition, context: RuleContext) -> dict[str, Any]:
    """Return the MongoDB filter of a rule. Raises InvalidError for a tree that cannot run."""
    return compile_rule(tree, definition, context).filter()


def for_browser(
    tree: object, definition: Definition, context: RuleContext, *, table: str = ""
) -> dict[str, Any]:
    """Return a rule for rules.js, with "today" and "me" resolved. Raises InvalidError as `to_filter`."""
    return compile_rule(tree, definition, context, table=table).for_browser()
