"""Trend and control chart (P03.32, P03.34, P14.09): the periods up to this one, judged by Nelson's rules."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from models.definition import Field
from models.messages import Message, _
from models.reports.look import Look
from models.reports.parts import Analysis, Measure, Ratio
from models.reports.periods import Period
from models.reports.results import Chart, Column, Result, Row, Series
from models.reports.statistics.control import MIN_POINTS, Judged, Kind, Point, chart

PERIODS = 24
ABNORMAL = "abnormal"
PART = 10
"""Records that begin after a tenth of a period make it a part of one."""
FEW = 1.0
"""With fewer than this on average, limits of counts are rough."""


def compute(look: Look, analysis: Analysis) -> Result:
    """Return one row for each period: a c-chart of a count, a u- or p-chart of a rate, else single values.

    Periods before the first record of all are not known: they count as nothing, not as 0, and the one in
    which records begin is not judged where it is a part only, nor is one that is not over yet. Options:
    `periods` (how many), `rules` (Nelson's, by number), `chart` ("u" or "p" for rates), `least` (how many
    periods limits need).
    """
    key, options = analysis.measures[0], analysis.options
    one = look.report.by_measure[key]
    asked, periods = ahead(look, analysis)
    values = look.figures.series(asked, periods)
    kind = _kind(look, one, options)
    least = int(options.get("least", MIN_POINTS))
    began = _began(look, key)
    known = [period is periods[-1] or (began is not None and period.last >= began) for period in periods]
    points = [
        _point(one, found, key, kind) if is_known and _is_whole(look, period, began) else Point(None)
        for found, is_known, period in zip(values, known, periods, strict=True)
    ]
    judged = chart(kind, points, rules=options.get("rules", (1, 2, 3)), least=least)
    per = float(one.per) if isinstance(one, Ratio) and kind != "i" else 1.0
    rows = []
    for at, period in enumerate(periods):
        source, where = look.drill(key, period)
        found = values[at] if known[at] else dict.fromkeys(asked)
        breaks = judged[at].breaks
        limits = {**_limits(judged[at], per), ABNORMAL: found[key] if breaks else None}
        shown = {"period": period.name, **found, **limits, "broken": _listed(breaks)}
        rows.append(Row(shown, source, where, (ABNORMAL,) if breaks else ()))
    return Result(
        analysis.key,
        analysis.label.text(look.language),
        _columns(look, asked),
        tuple(rows),
        (_chart(look, analysis, key),),
        look.formula(key),
        list(_notes(look, judged, kind, least)),
        facts={"abnormal": bool(judged[-1].breaks), "rules": list(judged[-1].breaks)},
    )


def ahead(look: Look, analysis: Analysis) -> tuple[tuple[str, ...], list[Period]]:
    """Return which figures of which periods it needs."""
    key = analysis.measures[0]
    one = look.report.by_measure[key]
    asked = (key, one.part, one.whole) if isinstance(one, Ratio) else (key,)
    return asked, look.period.until(int(analysis.options.get("periods", PERIODS)))


def _kind(look: Look, one: Measure | Ratio, options: Mapping[str, Any]) -> Kind:
    """Return the chart that suits a figure; sums and averages are no counts, and vary as they do.

    A rate of anything but whole numbers is a single value: how much money varies by chance must not depend
    on whether it is counted in yuan or in thousands.
    """
    if not isinstance(one, Ratio):
        return "c" if one.kind in {"count", "distinct"} else "i"
    if not _counts(look, look.report.by_measure[one.part]):
        return "i"
    return "p" if options.get("chart") == "p" else "u"


def _counts(look: Look, one: Measure | Ratio) -> bool:
    """Tell whether a measure says how many: of records, of different values, of pieces."""
    if not isinstance(one, Measure) or one.kind != "sum":
        return isinstance(one, Measure) and one.kind in {"count", "distinct"}
    field = look.figures.form(look.report.by_source[one.source]).definition.by_key.get(one.field)
    whole = field is not None and (field.type == "integer" or _is_whole_result(field))
    return whole and not one.weights


def _is_whole_result(field: Field) -> bool:
    return field.type == "computed" and field.result == "integer"


def _began(look: Look, key: str) -> date | None:
    """Return the day of the first record of all behind a figure."""
    days = [
        look.figures.begins(look.report.by_source[one.source])
        for one in look.figures.measures((key,))[:1]
        if one.key not in look.figures.refused
    ]
    return min((day for day in days if day), default=None)


def _is_whole(look: Look, period: Period, began: date | None) -> bool:
    """Tell whether a period says something beside others: it is over, and records did not begin within it."""
    is_part = began is not None and began in period and (began - period.first).days * PART > period.days
    return period.is_over(look.today) and not is_part


def _point(one: Measure | Ratio, found: Mapping[str, Decimal | None], key: str, kind: Kind) -> Point:
    if isinstance(one, Ratio) and kind != "i":
        part, whole = found[one.part], found[one.whole]
        return Point(None if part is None else float(part), float(whole or 0))
    value = found[key]
    return Point(None if value is None else float(value))


def _listed(breaks: Sequence[int]) -> str:
    return ", ".join(map(str, breaks))


def _limits(point: Judged, per: float) -> dict[str, Any]:
    return {
        name: None if value is None else value * per
        for name, value in (("centre", point.centre), ("lower", point.lower), ("upper", point.upper))
    }


def _columns(look: Look, keys: tuple[str, ...]) -> tuple[Column, ...]:
    own = look.column(keys[0])
    return (
        Column("period", _("Period")),
        *(look.column(key) for key in keys),
        Column("centre", _("Centre line"), "decimal", 2),
        Column("lower", _("Lower limit"), "decimal", 2),
        Column("upper", _("Upper limit"), "decimal", 2),
        Column(ABNORMAL, _("Abnormal"), own.kind, own.decimals),
        Column("broken", _("Nelson rules broken")),
    )


def _chart(look: Look, analysis: Analysis, key: str) -> Chart:
    series = (
        Series(key, "line"),
        Series("centre", "limit"),
        Series("lower", "limit"),
        Series("upper", "limit"),
        Series(ABNORMAL, "points"),
    )
    return Chart("control", analysis.label.text(look.language), "period", series, mark=ABNORMAL)


def _notes(look: Look, judged: Sequence[Judged], kind: Kind, least: int) -> Iterator[Message]:
    centres = [point.centre for point in judged if point.centre is not None]
    if not centres:
        yield _("Too few periods for limits: there must be at least %(count)s.", count=least)
    elif kind == "c" and centres[-1] < FEW:
        yield _("There is less than one in a period on average: the limits are rough.")
    if not look.period.is_over(look.today):
        yield _("The last period is not over yet: it is shown, and not judged.")
