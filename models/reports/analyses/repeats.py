"""Repeat complaints (2.5 问题重复发生率): the same customer, part and mechanism again within some days.

Records of the same groups form a chain as long as each follows the one before it within so many calendar
days. The first of a chain may lie before the period; a repeat is counted in the period in which it came.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from models.database import Document
from models.definition import RuleTree
from models.errors import DomainError
from models.messages import Message, _
from models.reports.cutting import Cut, group_of, path_of
from models.reports.look import Look, plain
from models.reports.parts import Analysis, Grouping, Measure
from models.reports.results import Chart, Column, Result, Row, Series
from models.rules.mongo import EMPTY_VALUES

DAYS: Final = 90
ROWS: Final = 200
_NUMBERS: Final = 10


def compute(look: Look, analysis: Analysis) -> Result:
    """Return one row for each chain with a repeat in the period: how many records, from when to when.

    The groupings say what has to be the same; records that lack one of them repeat nothing. Options: `days`;
    `rows`, how many chains are shown.
    """
    chains = _Chains(look, analysis)
    found = chains.found()
    most = int(analysis.options.get("rows", ROWS))
    shown, repeats = found[:most], chains.repeats(found)
    for at, grouping in enumerate(chains.groupings):
        look.prime(grouping, [chains.groups(one)[at] for one in shown])
    count = chains.records()
    title = analysis.label.text(look.language)
    return Result(
        analysis.key,
        title,
        tuple(chains.columns()),
        tuple(chains.row(one) for one in shown),
        (Chart("bar", title, "what", (Series("times"),), rows=20),),
        _("Repeats: the same %(groups)s again within %(days)s days.", groups=chains.same, days=chains.days),
        list(_notes(repeats, count, len(shown), len(found), chains.days)),
        facts={"repeats": repeats, "records": count},
    )


def _notes(repeats: int, records: int, shown: int, chains: int, days: int) -> Iterator[Message]:
    if not repeats:
        yield _("Nothing happened again within %(days)s days.", days=days)
    else:
        share = f"{100 * repeats / records:.1f}" if records else "–"
        yield _(
            "%(repeats)s of %(records)s records repeat an earlier one (%(share)s %%).",
            repeats=repeats,
            records=records,
            share=share,
        )
    if shown < chains:
        yield _("The first %(shown)s of %(groups)s groups are shown.", shown=shown, groups=chains)


class _Chains:
    def __init__(self, look: Look, analysis: Analysis) -> None:
        self.look, self.days = look, int(analysis.options.get("days", DAYS))
        self.groupings = [look.grouping(key) for key in analysis.by]
        self.source = look.source_of(analysis.measures[0])
        self.key, measure = analysis.measures[0], look.report.by_measure[analysis.measures[0]]
        self.is_count = isinstance(measure, Measure) and measure.kind == "count"
        self.where = measure.where if isinstance(measure, Measure) else None
        self.cuts = [self._cut(*one) for one in enumerate(self.groupings)]
        self.many = any(cut.many for cut in self.cuts)
        field = look.disclosure(self.source).askable.by_key.get(self.source.date)
        self.is_day = field is not None and field.type == "date"
        self.since = look.period.first - timedelta(days=self.days)

    def _cut(self, place: int, grouping: Grouping) -> Cut:
        cut = self.look.figures.cut(self.source, grouping.key, lifted=True, name=f"cut{place}")
        if cut is None:
            raise DomainError(_("There is no field “%(key)s”.", key=grouping.field))
        return cut

    @property
    def same(self) -> str:
        """What has to be the same, in words."""
        comma = ", " if self.look.language == "en" else "、"
        return comma.join(one.label.text(self.look.language) or one.key for one in self.groupings)

    def found(self) -> list[Document]:
        """Return the chains with repeats, most repeats first."""
        figures, period = self.look.figures, self.look.period
        wide = replace(period, first=self.since)
        match = figures.match(self.source, figures.rule(self.source, wide, self.where))
        records = figures.form(self.source).records()
        return list(records.aggregate([{"$match": match}, *self._stages()], allowDiskUse=True))

    def _stages(self) -> list[Document]:
        known = self.look.figures.form(self.source).definition
        at = f"${path_of(known, self.source.date)}"
        groups = {f"g{place}": f"${cut.at}" for place, cut in enumerate(self.cuts)}
        day = {"$dateFromString": {"dateString": at}} if self.is_day else at
        order = {"at": 1, "_id": 1}
        chain: Document = {"$sum": "$new", "window": {"documents": ["unbounded", "current"]}}
        return [
            *(stage for cut in self.cuts for stage in cut.stages),
            {"$match": {"$and": [{cut.at: {"$nin": list(EMPTY_VALUES)}} for cut in self.cuts]}},
            {"$project": {"same": groups, "at": at, "day": day, "number": 1}},
            _window(order, {"before": {"$shift": {"output": "$day", "by": -1}}}),
            {"$set": {"new": self._is_new()}},
            _window(order, {"chain": chain}),
            {"$group": self._chain()},
            {"$match": {"repeats": {"$gt": 0}}},
            {"$sort": {"repeats": -1, "last": -1, "_id": 1}},
        ]

    def _is_new(self) -> Document:
        """Return 1 for a record that follows no other within the days, which begins a chain."""
        zone = "UTC" if self.is_day else str(self.look.figures.timezone)
        gap = {"$dateDiff": {"startDate": "$before", "endDate": "$day", "unit": "day", "timezone": zone}}
        return {"$cond": [{"$lte": [{"$ifNull": [gap, self.days + 1]}, self.days]}, 0, 1]}

    def _chain(self) -> Document:
        period = self.look.period
        begins = period.first.isoformat() if self.is_day else period.bounds(self.look.figures.timezone)[0]
        is_repeat = {"$and": [{"$eq": ["$new", 0]}, {"$gte": ["$at", begins]}]}
        return {
            "_id": {**{f"g{place}": f"$same.g{place}" for place in range(len(self.cuts))}, "chain": "$chain"},
            "times": {"$sum": 1},
            "repeats": {"$sum": {"$cond": [is_repeat, 1, 0]}},
            **({"again": {"$push": {"$cond": [is_repeat, "$_id", "$$REMOVE"]}}} if self.many else {}),
            "first": {"$min": "$at"},
            "last": {"$max": "$at"},
            "numbers": {"$firstN": {"input": "$number", "n": _NUMBERS}},
        }

    def columns(self) -> Iterator[Column]:
        """Yield what is the same, and how often it came."""
        yield Column("what", self.same)
        yield Column("repeats", _("Repeats in the period"), "integer")
        yield Column("times", _("Records since %(day)s", day=self.since), "integer")
        yield Column("first", _("First since %(day)s", day=self.since), "date")
        yield Column("last", _("Last"), "date")
        yield Column("numbers", _("Numbers"))

    def row(self, chain: Document) -> Row:
        """Return a chain with the rule of its very records."""
        groups = self.groups(chain)
        names = [self.look.group_name(*pair) for pair in zip(self.groupings, groups, strict=True)]
        rules = [self.look.group_rule(*pair) for pair in zip(self.groupings, groups, strict=True)]
        rule = self.look.figures.rule(self.source, None, self.where, *rules, *self._between(chain))
        values = {
            "what": " · ".join(names),
            **{name: chain[name] for name in ("repeats", "times")},
            **{name: self._day(chain[name]) for name in ("first", "last")},
            "numbers": _listed([one for one in chain["numbers"] if one], chain["times"]),
        }
        return Row(values, self.source.key, rule)

    def groups(self, chain: Document) -> list[Any]:
        """Return what the records of a chain have in common."""
        return [group_of(chain["_id"][f"g{place}"]) for place in range(len(self.groupings))]

    def repeats(self, chains: Sequence[Document]) -> int:
        """Return how many records repeat an earlier one, each once however many chains it is in."""
        if not self.many:
            return sum(one["repeats"] for one in chains)
        return len({record for one in chains for record in one["again"]})

    def records(self) -> int:
        """Return how many records of the period there are."""
        figures = self.look.figures
        if self.is_count:
            return int(figures.total((self.key,), self.look.period)[self.key] or 0)
        match = figures.match(self.source, figures.rule(self.source, self.look.period, self.where))
        return figures.form(self.source).records().count_documents(match)

    def _between(self, chain: Document) -> list[RuleTree]:
        first, last = (plain(chain[name]) for name in ("first", "last"))
        date = self.source.date
        return [
            {"field": date, "op": "gte", "value": first},
            {"field": date, "op": "lte", "value": last},
        ]

    def _day(self, at: Any) -> Any:  # noqa: ANN401  (a day as text, or a moment)
        if isinstance(at, datetime):
            return at.astimezone(self.look.figures.timezone).date()
        return datetime.fromisoformat(at).date()


def _window(order: Document, output: Document) -> Document:
    return {"$setWindowFields": {"partitionBy": "$same", "sortBy": order, "output": output}}


def _listed(numbers: Sequence[str], count: int) -> str:
    more = " …" if count > len(numbers) and numbers else ""
    return ", ".join(islice(numbers, _NUMBERS)) + more
