"""The kinds of analyses; each module works one out, as a `Result`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from models.errors import DomainError
from models.messages import Message, _
from models.reports.analyses import (
    ageing,
    breakdown,
    corrections,
    figures_table,
    fishbone,
    frequency,
    notes,
    options,
    pareto_chart,
    records,
    repeats,
    satisfaction,
    scorecard,
    season_chart,
    thresholds,
    timeliness,
    trend,
)
from models.reports.analyses.options import Option
from models.reports.look import Look
from models.reports.parts import Analysis
from models.reports.periods import Period
from models.reports.results import Result, Words
from models.reports.statistics.control import RULES


@dataclass(frozen=True)
class Kind:
    """One kind of analysis: its name, how many measures and groupings it needs, how it is computed.

    `plain` kinds need figures that are no ratios, and those of which groups are added up need counts or sums.
    `own` are the columns beside those of figures. Only so many figures are `parted` by the groupings; None
    for all. `ahead` says which series of figures it will ask for.
    """

    label: Message
    compute: Callable[[Look, Analysis], Result]
    measures: int = 1
    groupings: int = 0
    options: Mapping[str, Option] = field(default_factory=dict)
    plain: bool = False
    adds_up: bool = False
    own: tuple[str, ...] = ()
    parted: int | None = None
    ahead: Callable[[Look, Analysis], tuple[Sequence[str], Sequence[Period]]] | None = None

    def columns(self, measures: Iterable[str]) -> set[str]:
        """Return the columns that figures share the table with; * stands for each of them."""
        keys = tuple(measures)
        return {name.replace("*", key) for name in self.own for key in (keys if "*" in name else keys[:1])}


_SHOWN = options.whole(1, 1_000)
_COMPARED = ("before", "before_change", "year_before", "year_before_change")

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "figures": Kind(_("Key figures"), figures_table.compute, 0),
        "frequency": Kind(
            _("Frequency"),
            frequency.compute,
            groupings=1,
            options={
                "limit": options.whole(1, 1_000_000),
                "periods": options.whole(1, 120),
                "in_periods": options.whole(1, 120),
            },
            own=("group", "periods", "kind"),
        ),
        "breakdown": Kind(_("By group"), breakdown.compute, groupings=1, own=("group", "share", *_COMPARED)),
        "pareto": Kind(
            _("Pareto"),
            pareto_chart.compute,
            groupings=1,
            options={"rows": _SHOWN},
            plain=True,
            adds_up=True,
            own=("group", "share", "cumulative"),
        ),
        "trend": Kind(
            _("Trend"),
            trend.compute,
            options={
                "periods": options.whole(2, 240),
                "rules": options.wholes(1, len(RULES), len(RULES)),
                "chart": options.one_of("u", "p"),
                "least": options.whole(2, 240),
            },
            own=("period", "centre", "lower", "upper", trend.ABNORMAL, "broken"),
            ahead=trend.ahead,
        ),
        "season": Kind(
            _("Season"),
            season_chart.compute,
            options={"years": options.whole(1, 30)},
            ahead=season_chart.ahead,
        ),
        "fishbone": Kind(_("Cause and effect"), fishbone.compute, groupings=2, own=("bone", "twig")),
        "ageing": Kind(
            _("Ageing"),
            ageing.compute,
            options={"days": options.wholes(1, 36_500, ageing.MOST)},
            plain=True,
            own=("span",),
        ),
        "thresholds": Kind(
            _("Limits of rates"),
            thresholds.compute,
            2,
            1,
            {"limits": options.limits()},
            plain=True,
            own=("group", "rate", "asked"),
            parted=1,
        ),
        "repeats": Kind(
            _("Repeats"),
            repeats.compute,
            groupings=1,
            options={"days": options.whole(1, 3_660), "rows": _SHOWN},
            plain=True,
        ),
        "timeliness": Kind(
            _("Timeliness"), timeliness.compute, options={"clocks": options.words()}, plain=True
        ),
        "scorecard": Kind(_("Scorecard"), scorecard.compute, groupings=1, own=("group", "met", "*_mark")),
        "satisfaction": Kind(
            _("Satisfaction"),
            satisfaction.compute,
            groupings=1,
            options={"scores": options.numbers(), "target": options.number()},
            plain=True,
            own=("group", "score", "share"),
        ),
        "corrections": Kind(_("Corrections"), corrections.compute, 0),
        "records": Kind(_("Records"), records.compute, options={"fields": options.words()}, plain=True),
    }
)


def look_ahead(look: Look, analyses: Iterable[Analysis]) -> None:
    """Let analyses that look at the same records over months share one look at them."""
    for analysis in analyses:
        kind = KINDS.get(analysis.kind)
        if kind is not None and kind.ahead is not None:
            with suppress(DomainError):  # the analysis itself will say so
                look.figures.expect(*kind.ahead(look, analysis))


def work_out(look: Look, analysis: Analysis) -> Result:
    """Return what an analysis finds, with what its report says of it and what has to be known of its figures.

    Raises:
        KeyError: for a kind that nobody knows; checks refuse those.
        DomainError: it cannot be worked out for the reader; its text says why.
    """
    keys = analysis.measures or tuple(look.report.by_measure)
    kind = KINDS[analysis.kind]
    found = kind.compute(look.at(keys), analysis)
    notes.require_any(look, keys)
    said = notes.notes(look, keys, analysis.by, look.period, kind.parted)
    return replace(found, notes=_noted(look, analysis, found, [*found.notes, *said]))


def _noted(look: Look, analysis: Analysis, found: Result, said: list[Words]) -> list[Words]:
    """Return the notes of a result, the report's own first; it does not hide that there is nothing."""
    own = analysis.note.text(look.language)
    if not own:
        return said
    return [own, *(said or ([_("There is nothing in this period.")] if found.is_empty else []))]
