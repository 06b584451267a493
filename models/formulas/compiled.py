"""A formula ready to run, kept for as long as its definition lives."""

import ast
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from bson import Decimal128

from models.definition import Definition, Field
from models.formulas.arithmetic import LARGEST, MAX_DECIMALS, MAX_TEXT, plain, rounded
from models.formulas.checking import Checker
from models.formulas.evaluation import Evaluator
from models.formulas.syntax import parse
from models.formulas.types import Value, to_value
from models.rules.operands import DEFAULT_TIMEZONE

_INTEGERS = range(-(2**63), 2**63)

_kept: dict[int, dict[object, Any]] = {}
_Kept = TypeVar("_Kept")


def keep(definition: Definition, key: object, make: Callable[[], _Kept]) -> _Kept:
    """Return what was made for a definition before, or make it: imports ask for the same formula per row."""
    made = _kept.get(id(definition))
    if made is None:
        made = _kept[id(definition)] = {}
        weakref.finalize(definition, _kept.pop, id(definition), None).atexit = False
    if key not in made:
        made[key] = make()
    return cast("_Kept", made[key])


@dataclass(frozen=True)
class Formula:
    """A checked formula. `names` are the fields it reads, columns as `items.qty`."""

    field: Field
    tree: ast.expr
    reads: Mapping[str, Field]
    names: frozenset[str]

    def evaluate(self, values: Mapping[str, Any], *, timezone: ZoneInfo = DEFAULT_TIMEZONE) -> Any:  # noqa: ANN401
        """Return what the field stores for these stored values, or None; never raises.

        For a column's formula give the values of `models.rules.row_values`. `timezone` is where a date-time
        falls on a day.
        """
        names = {name: to_value(field, values.get(name)) for name, field in self.reads.items()}
        return to_stored(self.field, Evaluator(names, timezone).eval("", self.tree))


def compile_formula(text: str, definition: Definition, field: Field, *, table: str = "") -> Formula:
    """Read a computed field's formula. For a column give the key of its table.

    In a column's formula a name means the column of the same row before it means a field of the form.
    Raises ValueProblem that says what is wrong: the text, a name, a function, or types that do not fit.
    """
    key = (text, table, field.key, field.result, field.decimals)
    return keep(definition, key, lambda: _compile(text, definition, field, table))


def _compile(text: str, definition: Definition, field: Field, table: str) -> Formula:
    columns = definition.by_key[table].columns if table else {}
    scope = {**definition.by_key, **columns}
    tree = parse(text)
    checker = Checker(scope)
    checker.check_result(tree, field.result)
    reads = {name: scope[name] for name in checker.used if name in scope}
    names = frozenset(f"{table}.{name}" if name in columns else name for name in checker.used)
    return Formula(field, tree, reads, names)


def to_stored(field: Field, value: Value) -> Any:  # noqa: ANN401  (whatever the field holds)
    """Return a result as the field's result type is stored, or None when it does not fit."""
    if value is None:
        return None
    if isinstance(value, Decimal) and field.result in {"decimal", "integer"}:
        return _stored_number(field, value)
    if field.result == "text":
        text = plain(cast("Decimal | date | str", value))
        return text if text and len(text) <= MAX_TEXT else None
    if field.result == "date":
        return value.isoformat() if isinstance(value, date) else None
    return value if isinstance(value, bool) else None


def _stored_number(field: Field, value: Decimal) -> Decimal128 | int | None:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or abs(value) >= LARGEST:
        return None
    if field.result == "integer":
        number = int(rounded(value, 0))
        return number if number in _INTEGERS else None
    written = min(max(0, -exponent), MAX_DECIMALS)
    return Decimal128(rounded(value, written if field.decimals is None else field.decimals))
