"""Figures by group: customer plant, product, fault, department, person, cost (P03.31, P02.42, A12)."""

from decimal import Decimal
from typing import Any

from models.definition import RuleTree
from models.messages import _
from models.reports.figures import Values
from models.reports.look import OTHERS, Look, change, ordered
from models.reports.parts import Analysis, Measure
from models.reports.periods import Period
from models.reports.results import Chart, Column, Result, Row, Series, Words


def compute(look: Look, analysis: Analysis) -> Result:
    """Return one row for each group, most first, with shares and comparisons of the first measure.

    A grouping with `top` keeps so many groups; the records in none of them stand together as others.
    """
    work = _Work(look, analysis)
    title = analysis.label.text(look.language)
    return Result(
        analysis.key,
        title,
        work.columns(),
        tuple(work.rows()),
        (Chart("bar", title, "group", (Series(work.first),), rows=20),),
        look.formula(work.first),
        total=work.total(),
    )


class _Work:
    def __init__(self, look: Look, analysis: Analysis) -> None:
        self.look, self.keys = look, analysis.measures
        self.grouping, self.first = look.grouping(analysis.by[0]), analysis.measures[0]
        self.found = self._of(look.period)
        self.compared = [(name, period, label, self._of(period)) for name, period, label in look.compared]
        self.whole = self._sum()

    def _of(self, period: Period) -> dict[Any, Values]:
        return self.look.figures.by(self.keys, self.grouping.key, period)

    def _sum(self) -> Decimal | None:
        """Return what shares are shares of: the sum of the groups, where adding them up means something."""
        one = self.look.report.by_measure[self.first]
        values = [values[self.first] or Decimal(0) for values in self.found.values()]
        adds_up = isinstance(one, Measure) and one.kind in {"count", "sum"}
        return sum(values, Decimal(0)) if adds_up and all(value >= 0 for value in values) else None

    def columns(self) -> tuple[Column, ...]:
        """Return the group, its figures, its share, and the first figure in other periods."""
        look = self.look
        columns = [look.group_column(self.grouping.key), *(look.column(key) for key in self.keys)]
        if self.whole is not None:
            columns.append(look.share())
        own = look.column(self.first)
        for name, _period, label, _found in self.compared:
            columns.append(Column(name, label, own.kind, own.decimals, own.meaning))
            columns.append(Column(f"{name}_change", _("Change"), "percent", 1))
        return tuple(columns)

    def rows(self) -> list[Row]:
        """Return the groups that have anything, and then all others together."""
        something = [(one, values[self.first]) for one, values in self.found.items() if any(values.values())]
        groups = [group for group, _value in ordered(something)]
        top = self.grouping.top or len(groups)
        shown, rest = groups[:top], groups[top:]
        self.look.prime(self.grouping, shown)
        rows = [self._group(group) for group in shown]
        return [*rows, self._others(shown)] if rest else rows

    def _group(self, group: Any) -> Row:  # noqa: ANN401  (any stored value)
        nothing = self.look.figures.nothing(self.keys, (self.grouping.key,))
        before = {name: found.get(group, nothing) for name, _period, _label, found in self.compared}
        rule = self.look.group_rule(self.grouping, group)
        return self._row(self.look.group_name(self.grouping, group), self.found[group], before, rule)

    def _others(self, shown: list[Any]) -> Row:
        """Return the records in none of some groups, counted as they are: nothing twice."""
        rule, figures = self.look.others_rule(self.grouping, shown), self.look.figures
        before = {
            name: figures.total(self.keys, period, rule) for name, period, _label, _found in self.compared
        }
        return self._row(OTHERS, figures.total(self.keys, self.look.period, rule), before, rule)

    def _row(self, name: Words, values: Values, before: dict[str, Values], rule: RuleTree) -> Row:
        found: dict[str, Any] = {"group": self.look.say(name), **values}
        value = values[self.first]
        if self.whole is not None:
            found["share"] = (value or Decimal(0)) / self.whole if self.whole else None
        for other, of_period in before.items():
            found[other] = of_period[self.first]
            found[f"{other}_change"] = change(value, found[other])
        source, where = self.look.drill(self.first, self.look.period, rule)
        return Row(found, source, where)

    def total(self) -> Row:
        """Return the figures of all records, each counted once."""
        look = self.look
        before = {
            name: look.figures.total(self.keys, period) for name, period, _label, _found in self.compared
        }
        values = look.figures.total(self.keys, look.period)
        row = self._row(_("Total"), values, before, {"all": []})
        return Row({**row.values, "share": None}, row.source, row.where)
