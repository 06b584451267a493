"""Runs a checked formula: simpleeval with everything taken out that a formula does not need."""

import ast
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from simpleeval import SimpleEval  # type: ignore[import-untyped]  # the library has no types

from models.formulas.arithmetic import CONTEXT, strict
from models.formulas.functions import CALLS, FUNCTIONS
from models.formulas.types import Value

_OPERATORS = {
    ast.Add: strict(CONTEXT.add),
    ast.Sub: strict(CONTEXT.subtract),
    ast.Mult: strict(CONTEXT.multiply),
    ast.Div: strict(CONTEXT.divide),
    ast.USub: strict(CONTEXT.minus),
    ast.UAdd: strict(CONTEXT.plus),
    ast.Not: strict(lambda value: not value),
    ast.Eq: strict(lambda left, right: left == right),
    ast.NotEq: strict(lambda left, right: left != right),
    ast.Lt: strict(lambda left, right: left < right),
    ast.LtE: strict(lambda left, right: left <= right),
    ast.Gt: strict(lambda left, right: left > right),
    ast.GtE: strict(lambda left, right: left >= right),
}


class Evaluator(SimpleEval):  # type: ignore[misc]  # the library has no types
    """Evaluates checked expressions only; an empty value makes what is reckoned with it empty.

    `and`/`or` know three answers: a false part makes `and` false, a true part makes `or` true, whatever is
    empty beside it.
    """

    def __init__(self, names: Mapping[str, Value], timezone: ZoneInfo) -> None:
        super().__init__(operators=_OPERATORS, functions=dict(CALLS), names=names)
        self.timezone = timezone
        self.nodes = {
            ast.Constant: self._eval_constant,
            ast.Name: self._eval_name,
            ast.BinOp: self._eval_binop,
            ast.UnaryOp: self._eval_unaryop,
            ast.BoolOp: self._eval_boolop,
            ast.Compare: self._eval_compare,
            ast.IfExp: self._eval_ifexp,
            ast.Call: self._eval_call,
        }

    def _eval_name(self, node: ast.Name) -> Value:
        return self.names.get(node.id)  # type: ignore[no-any-return]

    def _eval_boolop(self, node: ast.BoolOp) -> Value:
        return _combined([self._eval(part) for part in node.values], decisive=isinstance(node.op, ast.Or))

    def _eval_compare(self, node: ast.Compare) -> Value:
        values = [self._eval(part) for part in (node.left, *node.comparators)]
        pairs = zip(node.ops, values, values[1:], strict=False)  # one value more than operators
        return _combined([self.operators[type(op)](left, right) for op, left, right in pairs], decisive=False)

    def _eval_call(self, node: ast.Call) -> Value:
        name = node.func.id  # type: ignore[attr-defined]  # the reader lets no other call through
        values = [self._eval(argument) for argument in node.args]
        if name in FUNCTIONS and FUNCTIONS[name].in_days:
            values = [self._day(value) for value in values]
        return self.functions[name](*values)  # type: ignore[no-any-return]

    def _day(self, value: Value) -> Value:
        return value.astimezone(self.timezone).date() if isinstance(value, datetime) else value


def _combined(parts: list[Value], *, decisive: bool) -> bool | None:
    """Return the decisive answer if any part gives it, else empty if any part is, else the other answer."""
    if any(part is decisive for part in parts):
        return decisive
    return None if any(part is None for part in parts) else not decisive
