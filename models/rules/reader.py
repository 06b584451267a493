"""Turns a rule tree into a plan, or says what is wrong with it and where.

Trees come from people and from the network: everything is bounded, and nothing is trusted to be of a type.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from models.definition import Definition
from models.errors import InvalidError, ValueProblem
from models.messages import Message, _
from models.rules.operands import Operand, RuleContext, Span, may_be_ordered, read_operand
from models.rules.operators import DATED, OPERATORS, Kind
from models.rules.plan import Among, Between, Condition, Contains, Either, Every, Inverse, Node, Present, fold
from models.rules.sources import Source, find_source

MAX_DEPTH = 8
MAX_NODES = 100
MAX_VALUES = 500
_SHOWN = 60
_NEVER = Either(())
_BRANCHES = ("all", "any")
_NEGATED = {"ne": "eq", "not_in": "in", "empty": "not_empty"}


class Problem(NamedTuple):
    """What is wrong, and where in the tree: `all.0.value` is the value of the first part of "all"."""

    path: str
    message: Message


class _TooLarge(Exception):  # noqa: N818  (it only ends the reading)
    pass


def shown(value: object) -> str:
    """Return a text from outside, short enough for a message."""
    return str(value)[:_SHOWN] if isinstance(value, str) else type(value).__name__


@dataclass
class Reader:
    """Reads one tree. `problems` is filled on the way; the plan is only good when it stays empty."""

    definition: Definition
    context: RuleContext
    table: str = ""
    problems: list[Problem] = field(default_factory=list)
    seen: int = 0

    def read(self, tree: object) -> Node:
        """Return the plan of a tree."""
        try:
            return self._node(tree, "", 1)
        except _TooLarge:
            return _NEVER

    def _wrong(self, path: str, message: Message) -> Node:
        self.problems.append(Problem(path.lstrip("."), message))
        return _NEVER

    def _node(self, tree: object, path: str, depth: int) -> Node:
        self.seen += 1
        if self.seen > MAX_NODES:
            self._wrong(path, _("A rule has at most %(max)s conditions.", max=MAX_NODES))
            raise _TooLarge
        if depth > MAX_DEPTH:
            return self._wrong(path, _("A rule is nested at most %(max)s levels deep.", max=MAX_DEPTH))
        if not isinstance(tree, Mapping) or not tree:
            return self._wrong(path, _("A condition is missing here."))
        if "field" in tree:
            return self._leaf(tree, path)
        if len(tree) == 1:
            ((key, inner),) = tree.items()
            if key == "not":
                return Inverse(self._node(inner, f"{path}.not", depth + 1))
            if key in _BRANCHES and isinstance(inner, list):
                parts = tuple(
                    self._node(part, f"{path}.{key}.{at}", depth + 1) for at, part in enumerate(inner)
                )
                return Every(parts) if key == "all" else Either(parts)
        return self._wrong(path, _("A condition is “all”, “any”, “not”, or a field with an operator."))

    def _leaf(self, tree: Mapping[str, Any], path: str) -> Node:
        for key in tree:
            if key not in {"field", "op", "value"}:
                return self._wrong(path, _("A condition cannot have “%(name)s”.", name=shown(key)))
        name, operator = tree["field"], tree.get("op")
        source = find_source(name, self.definition, self.table) if isinstance(name, str) else None
        if source is None:
            return self._wrong(f"{path}.field", _("There is no field “%(name)s”.", name=shown(name)))
        if not isinstance(operator, str) or operator not in OPERATORS:
            return self._wrong(f"{path}.op", _("There is no operator “%(name)s”.", name=shown(operator)))
        if operator not in source.operators:
            return self._wrong(
                f"{path}.op", _("“%(name)s” does not go with this field.", name=OPERATORS[operator].label)
            )
        return self._test(source, operator, tree, path)

    def _test(self, source: Source, operator: str, tree: Mapping[str, Any], path: str) -> Node:
        operands = self._operands(source, operator, tree, f"{path}.value")
        if operands is None:
            return _NEVER
        test = _test(source, _NEGATED.get(operator, operator), operands)
        return Inverse(test) if operator in _NEGATED else test

    def _operands(
        self, source: Source, operator: str, tree: Mapping[str, Any], path: str
    ) -> list[Operand] | None:
        arity = OPERATORS[operator].arity
        raw = tree.get("value")
        if arity == "none":
            if raw is not None:
                self._wrong(path, _("This operator takes no value."))
            return [] if raw is None else None
        if arity == "one":
            value = self._operand(source, raw, path)
            return None if value is None else value
        if not isinstance(raw, list | tuple) or not raw or len(raw) > MAX_VALUES:
            self._wrong(path, _("Give a list of 1 to %(max)s values.", max=MAX_VALUES))
            return None
        if arity == "two" and len(raw) != 2:  # noqa: PLR2004  (from and to)
            self._wrong(path, _("Give two values, from and to."))
            return None
        return self._list(source, raw, path, ordered=arity == "two")

    def _list(self, source: Source, raw: Any, path: str, *, ordered: bool) -> list[Operand] | None:  # noqa: ANN401
        found = [self._operand(source, part, f"{path}.{at}") for at, part in enumerate(raw)]
        operands = [value for part in found if part is not None for value in part]
        if len(operands) < len(raw):
            return None
        if ordered and may_be_ordered(source, *raw) and _backwards(*operands):
            self._wrong(path, _("The first value must not be greater than the second."))
            return None
        return operands

    def _operand(self, source: Source, raw: object, path: str) -> list[Operand] | None:
        """Return the operand in a list, because None is an operand too ("me", and nobody is signed in)."""
        try:
            return [read_operand(source, raw, self.context)]
        except ValueProblem as problem:
            self._wrong(path, problem.message)
            return None


def _backwards(low: Any, high: Any) -> bool:  # noqa: ANN401  (two numbers or two spans)
    return bool(low.low > high.low) if isinstance(low, Span) else bool(low > high)


def _test(source: Source, operator: str, operands: list[Any]) -> Node:
    if operator == "not_empty":
        return Condition(source, Present())
    if source.kind in DATED:
        return _dated_test(source, operator, operands)
    if operator in {"eq", "in"} or (operator == "contains" and source.kind != Kind.TEXT):
        return Condition(source, Among(tuple(value for value in operands if value is not None)))
    if source.kind == Kind.TEXT:
        return Condition(source, Contains(fold(operands[0]), at_start=operator == "starts_with"))
    low, high = operands[0], operands[-1]
    checks = {
        "gt": Between(low=low, low_open=True),
        "gte": Between(low=low),
        "lt": Between(high=high, high_open=True),
        "lte": Between(high=high),
        "between": Between(low, high),
    }
    return Condition(source, checks[operator])


def _dated_test(source: Source, operator: str, spans: list[Span]) -> Node:
    """Days and periods are spans: "after" begins where the span ends, "is" means within it."""
    if operator in {"eq", "in"}:
        tests = tuple(Condition(source, Between(span.low, span.high, high_open=True)) for span in spans)
        return tests[0] if len(tests) == 1 else Either(tests)
    low, high = spans[0], spans[-1]
    checks = {
        "gt": Between(low=low.high),
        "gte": Between(low=low.low),
        "lt": Between(high=low.low, high_open=True),
        "lte": Between(high=low.high, high_open=True),
        "between": Between(low.low, high.high, high_open=True),
    }
    return Condition(source, checks[operator])


def check(tree: object, definition: Definition, *, table: str = "") -> Iterator[Problem]:
    """Yield everything that is wrong with a tree; nothing when it can run.

    `table` names the table field whose column the rule belongs to, if it belongs to one.
    """
    problems = _problems(tree, definition, table)
    yield from problems or _unknown_options(tree, definition, table)


def is_readable(tree: object, definition: Definition, *, table: str = "") -> bool:
    """Tell whether a tree can run, options that no longer exist aside."""
    return not _problems(tree, definition, table)


def _problems(tree: object, definition: Definition, table: str) -> list[Problem]:
    reader = Reader(definition, RuleContext(now=datetime(2000, 1, 1, tzinfo=UTC)), table)
    reader.read(tree)
    return reader.problems


def _unknown_options(tree: Any, definition: Definition, table: str, path: str = "") -> Iterator[Problem]:  # noqa: ANN401
    """Yield options that do not exist. A rule with one still runs: the option just equals nothing."""
    for key in _BRANCHES:
        for at, part in enumerate(tree.get(key, ())):
            yield from _unknown_options(part, definition, table, f"{path}.{key}.{at}")
    if "not" in tree:
        yield from _unknown_options(tree["not"], definition, table, f"{path}.not")
    source = find_source(tree.get("field", ""), definition, table)
    options = source.options if source else None
    if options is None:
        return
    value = tree.get("value")
    several = isinstance(value, list | tuple)
    for at, option in enumerate(value if several else [value]):
        if option is not None and option not in options:
            where = f"{path}.value.{at}" if several else f"{path}.value"
            yield Problem(where.lstrip("."), _("There is no option “%(name)s”.", name=shown(option)))


def read_plan(tree: object, definition: Definition, context: RuleContext, table: str = "") -> Node:
    """Return the plan of a tree. Raises InvalidError that names every problem by its path."""
    reader = Reader(definition, context, table)
    node = reader.read(tree)
    if reader.problems:
        raise InvalidError({problem.path or "rule": [problem.message] for problem in reader.problems})
    return node


def fields_used(tree: object) -> set[str]:
    """Return the names of the fields in a tree, "items.qty" and "@owner" included; any input is safe."""
    found: set[str] = set()
    waiting: list[object] = [tree]
    for _turn in range(MAX_NODES):
        node = waiting.pop() if waiting else None
        if isinstance(node, Mapping):
            name = node.get("field")
            found |= {name} if isinstance(name, str) else set()
            waiting.append(node.get("not"))
            for key in _BRANCHES:
                parts = node.get(key)
                waiting.extend(parts[:MAX_NODES] if isinstance(parts, list) else ())
    return found
