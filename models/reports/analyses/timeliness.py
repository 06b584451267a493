"""Timeliness (2.5 问题处理及时率, 答复及时率): deadlines kept, missed, running and overdue."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from models.database import Document
from models.definition import RuleTree
from models.errors import DomainError
from models.messages import Message, _
from models.reports.cutting import Cut, group_of
from models.reports.look import Look
from models.reports.parts import Analysis, Grouping, Measure
from models.reports.results import Chart, Column, Result, Row, Series
from models.times import now

LATE: Final = "late"
NAMED: Final = 30
"""So many late records are named by a row: their numbers, in Chinese too, fit into a link of a workbook."""
_DAY: Final = 86_400_000
_OUTCOMES: Final = ("in_time", "late", "overdue", "open", "ended")


def compute(look: Look, analysis: Analysis) -> Result:
    """Return one row for each clock of the records that the measure counts, or for each group of them.

    In time and late are clocks that what they wait for has ended; overdue and open ones still run; those
    stopped or exempt without it count for nothing. The records behind a row are the late and overdue ones.
    Options: `clocks`, the keys of the clocks that are looked at.
    """
    work = _Work(look, analysis)
    found = work.found()
    rows = [work.row(one) for one in found]
    title = analysis.label.text(look.language)
    return Result(
        analysis.key,
        title,
        tuple(work.columns()),
        tuple(rows),
        (Chart("stacked", title, "group", tuple(Series(name) for name in _OUTCOMES[:-1])),),
        _("In time ÷ (in time + late + overdue). Average time: from start to end, whatever it stood still."),
        list(_notes(rows)),
        facts={name: sum(int(row.values[name]) for row in rows) for name in _OUTCOMES},
    )


def _notes(rows: list[Row]) -> Iterator[Message]:
    if not rows:
        yield _("No deadlines ran for the records of this period.")
    elif any(row.flags for row in rows):
        yield _("A row's link opens the records that were or are late, at most %(count)s.", count=NAMED)


class _Work:
    def __init__(self, look: Look, analysis: Analysis) -> None:
        self.look, self.analysis = look, analysis
        self.source = look.source_of(analysis.measures[0])
        self.form = look.figures.form(self.source)
        measure = look.report.by_measure[analysis.measures[0]]
        self.where = measure.where if isinstance(measure, Measure) else None
        self.grouping = look.grouping(analysis.by[0]) if analysis.by else None
        self.cut = self._cut(self.grouping) if self.grouping else None

    def _cut(self, grouping: Grouping) -> Cut:
        cut = self.look.figures.cut(self.source, grouping.key, lifted=True)
        if cut is None:
            raise DomainError(_("There is no field “%(key)s”.", key=grouping.field))
        return cut

    def found(self) -> list[Document]:
        """Return how the clocks stand, by clock or by group; the most first."""
        figures = self.look.figures
        match = figures.match(self.source, figures.rule(self.source, self.look.period, self.where))
        stages = [{"$match": match}, *(self.cut.stages if self.cut else []), *self._stages()]
        found = list(self.form.records().aggregate(stages, allowDiskUse=True))
        if self.grouping:
            self.look.prime(self.grouping, [group_of(one["_id"]) for one in found])
        return found

    def _stages(self) -> list[Document]:
        path = f"${self.cut.at}" if self.cut else "$clock.rule"
        sums = {name: {"$sum": {"$cond": [{"$eq": ["$outcome", name]}, 1, 0]}} for name in _OUTCOMES}
        took = {"$cond": [{"$in": ["$outcome", ["in_time", "late"]]}, "$took", None]}
        worst: Document = {"n": NAMED, "sortBy": {"is_late": -1, "number": 1}, "output": _NAMED}
        return [
            {"$project": {"number": 1, **({self.cut.at: 1} if self.cut else {})}},
            {"$lookup": self._clocks()},
            {"$unwind": "$clock"},
            {"$set": {"outcome": _outcome(), "took": _TOOK}},
            {"$set": {"is_late": {"$in": ["$outcome", ["late", "overdue"]]}}},
            {"$group": {"_id": path, **sums, "took": {"$avg": took}, "worst": {"$topN": worst}}},
            {"$sort": {"late": -1, "in_time": -1, "_id": 1}},
        ]

    def _clocks(self) -> Document:
        wanted: Document = {"form": self.form.key, "kind": {"$ne": "retention"}}
        if keys := self.analysis.options.get("clocks"):
            wanted["rule"] = {"$in": list(keys)}
        return {
            "from": "clocks",
            "localField": "_id",
            "foreignField": "record",
            "pipeline": [{"$match": wanted}],
            "as": "clock",
        }

    def columns(self) -> Iterator[Column]:
        """Yield what it is about, how it turned out, and how long it took."""
        yield self.look.group_column(self.grouping.key) if self.grouping else Column("group", _("Deadline"))
        for name, label in zip(_OUTCOMES, _LABELS, strict=True):
            yield Column(name, label, "integer")
        yield Column("rate", _("Rate in time"), "percent", 1)
        yield Column("took", _("Average time (days)"), "decimal", 1)

    def row(self, one: Document) -> Row:
        """Return how one kind of clock, or the clocks of one group, stand."""
        due = one["in_time"] + one["late"] + one["overdue"]
        values = {
            "group": self._name(one["_id"]),
            **{name: one[name] for name in _OUTCOMES},
            "rate": Decimal(one["in_time"]) / due if due else None,
            "took": None if one["took"] is None else one["took"] / _DAY,
        }
        where = self._late([named["number"] for named in one["worst"] if named["is_late"]])
        return Row(values, self.source.key if where else "", where, (LATE,) if where else ())

    def _name(self, group: Any) -> str:  # noqa: ANN401  (any stored value)
        if self.grouping:
            return self.look.group_name(self.grouping, group_of(group))
        rule = self.form.definition.by_clock.get(group)
        return (rule.label.text(self.look.language) if rule else "") or str(group)

    def _late(self, numbers: list[str | None]) -> RuleTree | None:
        """Return the rule of the late records of a row; of all records where they bear no numbers."""
        if not numbers:
            return None
        named = [one for one in numbers if one]
        rule = [{"field": "@number", "op": "in", "value": named}] if len(named) == len(numbers) else []
        return self.look.figures.rule(self.source, self.look.period, self.where, *rule)


_NAMED: Final[Document] = {"number": "$number", "is_late": "$is_late"}
_TOOK: Final[Document] = {"$subtract": ["$clock.stopped_at", "$clock.started_at"]}
_LABELS: Final = (_("In time"), _("Late"), _("Overdue"), _("Open"), _("Ended without"))


def _outcome() -> Document:
    """Return the expression of how a clock turned out, as it is now."""
    ended: Document = {"$cond": [{"$ifNull": ["$clock.breached_at", None]}, "late", "in_time"]}
    runs_late = {"$and": [{"$eq": ["$clock.state", "running"]}, {"$lt": ["$clock.due_at", now()]}]}
    due = {"$and": [{"$gt": ["$clock.due_at", None]}, runs_late]}
    overdue = {"$or": [{"$gt": ["$clock.late_since", None]}, due]}
    return {
        "$switch": {
            "branches": [
                {"case": {"$eq": ["$clock.state", "done"]}, "then": ended},
                {"case": {"$in": ["$clock.state", ["stopped", "exempt"]]}, "then": "ended"},
                {"case": overdue, "then": "overdue"},
            ],
            "default": "open",
        }
    }
