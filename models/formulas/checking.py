"""Says before a formula ever runs whether its names, functions and types fit together."""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.definition import Field
from models.errors import ValueProblem
from models.formulas.functions import AGGREGATES, FUNCTIONS, NAMES, Types
from models.formulas.types import TYPE_NAMES, Type, type_of_field
from models.messages import Message, _

_SHOWN = 60
_BOOLEAN = frozenset({Type.BOOLEAN})
_NUMBER = frozenset({Type.NUMBER})
_COMPARABLE = frozenset({Type.NUMBER, Type.DATE, Type.DATETIME})
_EQUATABLE = _COMPARABLE | {Type.TEXT, Type.BOOLEAN}
_RESULTS: Mapping[str, Types] = {
    "decimal": _NUMBER,
    "integer": _NUMBER,
    "text": frozenset({Type.TEXT, Type.NUMBER, Type.DATE}),
    "boolean": _BOOLEAN,
    "date": frozenset({Type.DATE}),
}


@dataclass
class Checker:
    """Finds the type of every part. `used` collects the names on the way, columns as `items.qty`."""

    fields: Mapping[str, Field]
    used: set[str] = field(default_factory=set)

    def check_result(self, tree: ast.expr, result: str) -> None:
        """Raise ValueProblem unless the formula is sound and gives what the field holds."""
        self._expect(self.type_of(tree), _RESULTS[result], _("The result"))

    def type_of(self, node: ast.expr) -> Type:
        """Return the type of a part. Raises ValueProblem."""
        return _HANDLERS[type(node)](self, node)

    def _expect(self, found: Type, wanted: Types, what: Message) -> None:
        if found is Type.EMPTY or found in wanted:
            return
        names = [TYPE_NAMES[one] for one in Type if one in wanted]
        raise ValueProblem(
            _(
                "%(what)s is %(found)s, but should be %(wanted)s.",
                what=what,
                found=TYPE_NAMES[found],
                wanted=_or(names),
            )
        )

    def _alike(self, types: Sequence[Type]) -> Type:
        """Return the one type that all have, empty parts aside."""
        known = [one for one in dict.fromkeys(types) if one is not Type.EMPTY]
        if len(known) > 1:
            raise ValueProblem(
                _(
                    "%(first)s and %(second)s do not go together.",
                    first=TYPE_NAMES[known[0]],
                    second=TYPE_NAMES[known[1]],
                )
            )
        return known[0] if known else Type.EMPTY

    def of_constant(self, node: ast.Constant) -> Type:
        """Return the type of a literal."""
        if node.value is None:
            return Type.EMPTY
        if isinstance(node.value, bool):
            return Type.BOOLEAN
        return Type.TEXT if isinstance(node.value, str) else Type.NUMBER

    def _field(self, name: str) -> Field:
        found = self.fields.get(name)
        if found is None or not found.holds_value:
            raise ValueProblem(_("There is no field “%(name)s”.", name=name[:_SHOWN]))
        self.used.add(name)
        return found

    def of_name(self, node: ast.Name) -> Type:
        """Return the type of a field."""
        found = type_of_field(self._field(node.id))
        if found is None:
            raise ValueProblem(_("“%(name)s” cannot be used in a formula.", name=node.id))
        return found

    def of_binary(self, node: ast.BinOp) -> Type:
        """Check a sum, difference, product or quotient."""
        for side in (node.left, node.right):
            self._expect(self.type_of(side), _NUMBER, _("A value beside + - * /"))
        return Type.NUMBER

    def of_unary(self, node: ast.UnaryOp) -> Type:
        """Check a sign or a “not”."""
        wanted, what = (
            (_BOOLEAN, _("A value behind “not”"))
            if isinstance(node.op, ast.Not)
            else (_NUMBER, _("A value behind + or -"))
        )
        self._expect(self.type_of(node.operand), wanted, what)
        return next(iter(wanted))

    def of_logical(self, node: ast.BoolOp) -> Type:
        """Check “and” and “or”."""
        for part in node.values:
            self._expect(self.type_of(part), _BOOLEAN, _("A value beside “and” or “or”"))
        return Type.BOOLEAN

    def of_comparison(self, node: ast.Compare) -> Type:
        """Check a comparison, also a chain of them."""
        wanted = _EQUATABLE if all(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops) else _COMPARABLE
        types = [self.type_of(part) for part in (node.left, *node.comparators)]
        for one in types:
            self._expect(one, wanted, _("A compared value"))
        self._alike(types)
        return Type.BOOLEAN

    def of_conditional(self, node: ast.IfExp) -> Type:
        """Check `a if b else c`."""
        self._expect(self.type_of(node.test), _BOOLEAN, _("A condition"))
        return self._alike([self.type_of(node.body), self.type_of(node.orelse)])

    def of_call(self, node: ast.Call) -> Type:
        """Check a function or an aggregate."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        first = node.args[0] if node.args else None
        table = self.fields.get(first.id) if isinstance(first, ast.Name) else None
        if name in AGGREGATES and (name not in FUNCTIONS or (table is not None and table.type == "table")):
            return self._aggregate(name, node, table)
        signature = FUNCTIONS.get(name)
        if signature is None:
            raise ValueProblem(
                _(
                    "There is no function “%(name)s”. There are: %(known)s.",
                    name=name[:_SHOWN],
                    known=", ".join(NAMES),
                )
            )
        self._count(name, len(node.args), signature.least, signature.most)
        types = [self.type_of(argument) for argument in node.args]
        for position, found in enumerate(types):
            what = _("Value %(position)s of “%(name)s”", position=position + 1, name=name)
            self._expect(found, signature.takes_at(position), what)
        common = self._alike(types) if signature.alike else Type.EMPTY
        return signature.result or common

    def _aggregate(self, name: str, node: ast.Call, table: Field | None) -> Type:
        aggregate = AGGREGATES[name]
        self._count(name, len(node.args), *((1, 1) if aggregate.columns is None else (2, 2)))
        if table is None or table.type != "table" or not isinstance(node.args[0], ast.Name):
            raise ValueProblem(_("The first value of “%(name)s” is a table.", name=name))
        self._field(node.args[0].id)
        if aggregate.columns is None:
            return Type.NUMBER
        found = self._column(name, table, node.args[0].id, node.args[1])
        self._expect(found, aggregate.columns, _("The column of “%(name)s”", name=name))
        return aggregate.result or found

    def _column(self, name: str, table: Field, table_name: str, node: ast.expr) -> Type:
        key: Any = node.value if isinstance(node, ast.Constant) else None
        if not isinstance(key, str):
            raise ValueProblem(_("Name the column of “%(name)s” in quotes.", name=name))
        column = table.columns.get(key)
        found = type_of_field(column) if column is not None and column.holds_value else None
        if found is None:
            raise ValueProblem(_("There is no field “%(name)s”.", name=f"{table_name}.{key[:_SHOWN]}"))
        self.used.add(f"{table_name}.{key}")
        return found

    def _count(self, name: str, given: int, least: int, most: int) -> None:
        if least <= given <= most:
            return
        count = str(least) if least == most else f"{least}–{most}"
        raise ValueProblem(_("“%(name)s” takes %(count)s values.", name=name, count=count))


def _or(names: list[Message]) -> Message:
    text = names[0]
    for name in names[1:]:
        text = _("%(first)s or %(second)s", first=text, second=name)
    return text


_HANDLERS: Mapping[type[ast.expr], Callable[[Checker, Any], Type]] = {
    ast.Constant: Checker.of_constant,
    ast.Name: Checker.of_name,
    ast.BinOp: Checker.of_binary,
    ast.UnaryOp: Checker.of_unary,
    ast.BoolOp: Checker.of_logical,
    ast.Compare: Checker.of_comparison,
    ast.IfExp: Checker.of_conditional,
    ast.Call: Checker.of_call,
}
