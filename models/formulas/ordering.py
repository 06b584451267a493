"""In which order computed fields are reckoned, and the whole reckoning of a record."""

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any
from zoneinfo import ZoneInfo

from models.definition import Definition, Field
from models.errors import InvalidError
from models.formulas.compiled import Formula, compile_formula, keep
from models.messages import _
from models.rules.operands import DEFAULT_TIMEZONE
from models.rules.sources import row_values


@dataclass(frozen=True)
class _Step:
    """One computed field, or one computed column of a table."""

    table: str
    field: Field
    formula: Formula

    @property
    def name(self) -> str:
        return f"{self.table}.{self.field.key}" if self.table else self.field.key


def order(definition: Definition) -> list[Field]:
    """Return the form's computed fields so that each comes after those it reads.

    Raises InvalidError on a cycle, beside a field of it, and ValueProblem for a formula that cannot be read.
    """
    return [step.field for step in _steps(definition) if not step.table]


def compute(
    definition: Definition, values: Mapping[str, Any], *, timezone: ZoneInfo = DEFAULT_TIMEZONE
) -> dict[str, Any]:
    """Return stored values with every computed field and column reckoned anew; raises as `order`."""
    data = dict(values)
    for step in _steps(definition):
        if not step.table:
            _put(data, step.field.key, step.formula.evaluate(data, timezone=timezone))
        elif isinstance(data.get(step.table), list):
            rows = data[step.table]
            data[step.table] = [_computed_row(definition, step, data, row, timezone) for row in rows]
    return data


def _computed_row(
    definition: Definition, step: _Step, data: dict[str, Any], row: dict[str, Any], timezone: ZoneInfo
) -> dict[str, Any]:
    computed = dict(row)
    values = row_values(definition.by_key[step.table], data, row)
    _put(computed, step.field.key, step.formula.evaluate(values, timezone=timezone))
    return computed


def _put(data: dict[str, Any], key: str, value: Any) -> None:  # noqa: ANN401  (any stored value)
    if value is None:
        data.pop(key, None)
    else:
        data[key] = value


def _steps(definition: Definition) -> list[_Step]:
    return keep(definition, _steps, lambda: _sorted(definition))


def _sorted(definition: Definition) -> list[_Step]:
    steps = {step.name: step for step in _all_steps(definition)}
    sorter = TopologicalSorter({name: step.formula.names & steps.keys() for name, step in steps.items()})
    try:
        return [steps[name] for name in sorter.static_order()]
    except CycleError as error:
        cycle: list[str] = error.args[1]
        message = _("The formula depends on itself: %(fields)s.", fields=" → ".join(cycle))
        raise InvalidError({cycle[0]: [message]}) from None


def _all_steps(definition: Definition) -> list[_Step]:
    owned = [("", field) for field in definition.fields]
    owned += [(table.key, column) for table in definition.fields for column in table.fields]
    return [
        _Step(table, field, compile_formula(field.formula, definition, field, table=table))
        for table, field in owned
        if field.type == "computed"
    ]
