"""The numbers of a report, worked out by MongoDB: each measure, by group and by period.

What a number counts is said by one rule tree, and the same tree opens the list of those records: a figure and
the records behind it cannot disagree. Everything is read with the rights of whoever looks.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from pymongo import ASCENDING

from models.database import Document
from models.definition import Definition, RuleTree
from models.errors import DomainError
from models.fields.dates import FIRST_YEAR
from models.messages import Message, _
from models.people import User
from models.reports import measuring
from models.reports.asking import ISO_MONTH, Asked, Cell, Expected, by_source, cells, span_of
from models.reports.counted import Counted
from models.reports.cutting import Cut, path_of
from models.reports.measuring import Value
from models.reports.parts import Measure, Ratio, ReportDefinition, Source
from models.reports.periods import Fiscal, Period

__all__ = ["Figures", "Value", "Values"]

Values = dict[str, Value]
"""Measures and ratios by key; None where nothing can be computed."""

_OF_MONTHS: Final = frozenset({"month", "quarter", "year"})


class Figures(Counted):
    """The numbers of one report for one reader; what was asked for once is not worked out again."""

    def __init__(
        self,
        report: ReportDefinition,
        person: User,
        fiscal: Fiscal,
        narrowed: Sequence[RuleTree] = (),
    ) -> None:
        """Begin; days are those of the reader's time zone. `narrowed` leaves other records out everywhere."""
        super().__init__(report, person, narrowed)
        self.fiscal = fiscal
        self._known: dict[str, dict[str, dict[Cell, Value]]] = {}
        self._expected: dict[tuple[str, str], Expected] = {}
        self.refused: dict[str, Message] = {}
        """Measures that cannot be worked out for the reader, by key, with the reason."""

    def begins(self, source: Source) -> date | None:
        """Return the day of the first record of a source, whenever that was; None where there are none."""
        path = path_of(self.form(source).definition, source.date)
        match = {"$and": [self.match(source, self.rule(source, None)), {path: {"$nin": [None, ""]}}]}
        stages: list[Document] = [{"$match": match}, {"$sort": {path: ASCENDING}}, {"$limit": 1}]
        day = {"day": self._day(source, whole_months=False)}
        found = next(self.form(source).records().aggregate([*stages, {"$project": day}]), None)
        return date.fromisoformat(found["day"]) if found else None

    # -- numbers ---------------------------------------------------------------------------------------

    def total(self, keys: Iterable[str], period: Period | None, where: RuleTree | None = None) -> Values:
        """Return measures and ratios over a period."""
        wanted = tuple(keys)
        found = self._grouped(wanted, (), period, (), where)
        return found.get(((), None)) or self.nothing(wanted, where=where)

    def by(
        self,
        keys: Iterable[str],
        grouping: str | None,
        period: Period | None,
        where: RuleTree | None = None,
    ) -> dict[Any, Values]:
        """Return measures and ratios over a period by group; records without the field stand under None.

        What a source that does not know the groups would have to say is None.
        """
        groupings = () if grouping is None else (grouping,)
        found = self._grouped(tuple(keys), groupings, period, (), where)
        return {groups[0] if groups else None: values for (groups, _name), values in found.items()}

    def across(
        self, keys: Iterable[str], groupings: tuple[str, ...], period: Period | None
    ) -> dict[tuple[Any, ...], Values]:
        """Return measures and ratios over a period by the groups of several groupings at once."""
        found = self._grouped(tuple(keys), groupings, period, (), None)
        return {groups: values for (groups, _name), values in found.items()}

    def series(
        self, keys: Iterable[str], periods: Sequence[Period], where: RuleTree | None = None
    ) -> list[Values]:
        """Return measures and ratios for each of some periods that follow each other without a gap."""
        wanted, span = tuple(keys), span_of(periods)
        found = self._grouped(wanted, (), span, tuple(periods), where)
        nothing = self.nothing(wanted, where=where)
        return [found.get(((), period.name)) or nothing for period in periods]

    def expect(self, keys: Iterable[str], periods: Sequence[Period]) -> None:
        """Say beforehand which series of months will be asked for: then records are looked through once."""
        measures = self.measures(keys)
        self._refuse_closed(measures)
        for source, rule, together in by_source(one for one in measures if one.key not in self.refused):
            before = self._expected.get((source, repr(rule)))
            found = Expected.of(together, periods) if before is None else before.and_of(together, periods)
            self._expected[source, repr(rule)] = found

    def _widened(self, asked: Asked) -> Asked:
        """Return what is asked for together with what will be, where that is the same records."""
        expected = self._expected.get((asked.source, repr(asked.rule)))
        if expected is None or asked.groupings or asked.where or not expected.has(asked):
            return asked
        return expected.asked(asked)

    def measures(self, keys: Iterable[str]) -> list[Measure]:
        """Return the measures behind some measures and ratios, each once."""
        found: dict[str, Measure] = {}
        for key in keys:
            one = self.report.by_measure[key]
            for name in (one.part, one.whole) if isinstance(one, Ratio) else (key,):
                behind = self.report.by_measure[name]
                found |= {name: behind} if isinstance(behind, Measure) else {}
        return list(found.values())

    def nothing(
        self, keys: Iterable[str], groupings: Iterable[str] = (), where: RuleTree | None = None
    ) -> Values:
        """Return what measures are where there are no records: 0, and ratios that cannot be computed.

        None where a source knows nothing of the groupings or of the fields of the rule.
        """
        wanted, parted = tuple(keys), tuple(groupings)
        blanks = {one.key: self._blank(one, parted, where) for one in self.measures(wanted)}
        return self._completed(wanted, blanks)

    def _blank(self, measure: Measure, groupings: tuple[str, ...], where: RuleTree | None) -> Value:
        known = self._can_tell(self.report.by_source[measure.source], groupings, where)
        return measuring.nothing(measure) if known and measure.key not in self.refused else None

    def _can_tell(self, source: Source, groupings: tuple[str, ...], where: RuleTree | None) -> bool:
        """Tell whether a source has the fields by which its records are parted and picked out."""
        cuts = [self.cut(source, grouping) for grouping in groupings]
        return None not in cuts and (where is None or self.fits(source, where))

    def _completed(self, keys: Iterable[str], measured: Mapping[str, Value]) -> Values:
        """Return what was asked for, ratios worked out."""
        return {key: self._value(key, measured) for key in keys}

    def _value(self, key: str, measured: Mapping[str, Value]) -> Value:
        one = self.report.by_measure[key]
        if isinstance(one, Measure):
            return measured[key]
        part, whole = measured[one.part], measured[one.whole]
        return part * one.per / whole if part is not None and whole else None

    def _grouped(
        self,
        keys: tuple[str, ...],
        groupings: tuple[str, ...],
        period: Period | None,
        series: tuple[Period, ...],
        where: RuleTree | None,
    ) -> dict[Cell, Values]:
        if period is not None and period.first.year < FIRST_YEAR:
            raise DomainError(_("There are no records from before %(year)s.", year=FIRST_YEAR))
        measures = self.measures(keys)
        self._refuse_closed(measures)
        found: defaultdict[Cell, Values] = defaultdict(dict)
        for source, rule, together in by_source(one for one in measures if one.key not in self.refused):
            asked = Asked(source, rule, together, groupings, period, series, where)
            for cell, numbers in self._answer(self._widened(asked)).items():
                found[cell].update(numbers)
        blanks = {one.key: self._blank(one, groupings, where) for one in measures}
        return {  # MongoDB groups in any order: groups with the same figures keep one of their own
            cell: self._completed(keys, {**blanks, **numbers})
            for cell, numbers in sorted(found.items(), key=lambda one: str(one[0]))
        }

    def _refuse_closed(self, measures: Iterable[Measure]) -> None:
        """Refuse measures of fields that are closed to the reader, and leave those beside them alone."""
        for one in measures:
            known = self.told(self.report.by_source[one.source]).askable
            for key in filter(None, (one.field, one.until)):
                try:
                    path_of(known, key)
                except DomainError as refused:
                    self.refused[one.key] = refused.message

    def _answer(self, asked: Asked) -> dict[Cell, Values]:
        """Return what an aggregation gives, asking only for measures that nobody asked for before.

        There is nothing where the source does not know what is asked for.
        """
        known = self._known.setdefault(repr(asked._replace(measures=())), {})
        missing = tuple(one for one in asked.measures if one.key not in known)
        if missing:
            source = self.report.by_source[asked.source]
            can_tell = self._can_tell(source, asked.groupings, asked.where)
            found = self._numbers(source, asked._replace(measures=missing)) if can_tell else {}
            known |= {one.key: {cell: each[one.key] for cell, each in found.items()} for one in missing}
        answer: defaultdict[Cell, Values] = defaultdict(dict)
        for one in asked.measures:
            for cell, value in known[one.key].items():
                answer[cell][one.key] = value
        return answer

    def _numbers(self, source: Source, asked: Asked) -> dict[Cell, Values]:
        """Return what an aggregation gives; nothing where the reader may not ask for it.

        Raises DomainError where further rules cannot be read: without them it would be another figure.
        """
        if asked.where or any(self.fits(source, one) for one in self.narrowed):
            self.require_readable(source, self.rule(source, asked.period, asked.rule, asked.where))
        try:
            return self._aggregate(source, asked)
        except DomainError as refused:
            self.refused |= dict.fromkeys((one.key for one in asked.measures), refused.message)
            return {}

    def _aggregate(self, source: Source, asked: Asked) -> dict[Cell, Values]:
        cuts = [cut for one in enumerate(asked.groupings) if (cut := self._cut(source, *one))]
        match = self.match(source, self.rule(source, asked.period, asked.rule, asked.where))
        apart = [stage for cut in cuts for stage in cut.stages]
        stages = [{"$match": match}, *apart, {"$group": self._group(source, cuts, asked)}]
        found = self.form(source).records().aggregate(stages, allowDiskUse=True)
        definition = self.form(source).definition
        return {
            cell: {
                one.key: measuring.number(definition, one, part)
                for one, part in zip(asked.measures, raw, strict=True)
            }
            for cell, raw in cells(found, asked, cuts).items()
        }

    def _cut(self, source: Source, place: int, grouping: str) -> Cut | None:
        return self.cut(source, grouping, name=f"cut{place}")

    def _group(self, source: Source, cuts: Sequence[Cut], asked: Asked) -> Document:
        cell: Document = {f"g{place}": f"${cut.at}" for place, cut in enumerate(cuts)}
        if asked.series:
            cell["day"] = self._day(source, whole_months=self._has_whole_months(asked.series))
        known: Definition = self.told(source).askable
        numbers: Document = {}
        for at, one in enumerate(asked.measures):
            numbers |= measuring.accumulators(known, one, f"m{at}", str(self.timezone))
        return {"_id": cell or None, **numbers}

    def _has_whole_months(self, series: Sequence[Period]) -> bool:
        return self.fiscal.day == 1 and series[0].unit in _OF_MONTHS

    def _day(self, source: Source, *, whole_months: bool) -> Any:  # noqa: ANN401  (an expression)
        """Return the expression of a record's day, or of its month where months begin on the first."""
        definition = self.form(source).definition
        path = path_of(definition, source.date)
        field = definition.by_key.get(source.date)
        if field is not None and field.type == "date":
            return {"$substrBytes": [f"${path}", 0, ISO_MONTH]} if whole_months else f"${path}"
        shape = "%Y-%m" if whole_months else "%Y-%m-%d"
        return {"$dateToString": {"date": f"${path}", "format": shape, "timezone": str(self.timezone)}}
