"""Every figure of every analysis is what plain Python counts over the same records."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from statistics import fmean
from typing import Any

import pytest
from bson import ObjectId

from models import times
from models.database import Document
from models.reports.checks import problems
from models.reports.look import Look
from models.reports.periods import Fiscal, Period
from models.reports.running import results
from tests.models.reports.stage import (
    PERIOD,
    SEVERITIES,
    SHANGHAI,
    Company,
    behind,
    one_result,
    parted,
    report,
)
from tests.round_trips import listening

Records = Sequence[Document]
MONTH = Period.read(PERIOD)


def total(records: Records, key: str) -> Decimal:
    return sum((Decimal(one["data"].get(key) or 0) for one in records), Decimal(0))


def cost(records: Records, currency: str = "CNY") -> Decimal:
    found = [one["data"]["cost"] for one in records]
    return sum((one["amount"].to_decimal() for one in found if one["currency"] == currency), Decimal(0))


def mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def days(records: Records) -> list[float]:
    pairs = [(one["data"]["received_at"], one["data"].get("replied_at")) for one in records]
    return [(replied - received).total_seconds() / 86_400 for received, replied in pairs if replied]


def whole_days(records: Records) -> list[float]:
    pairs = [(one["data"].get("opened_on"), one["data"].get("closed_on")) for one in records]
    return [
        (date.fromisoformat(closed) - date.fromisoformat(opened)).days
        for opened, closed in pairs
        if opened and closed
    ]


def stated(records: Records, key: str) -> list[Any]:
    return [one["data"][key] for one in records if one["data"].get(key) is not None]


MEASURES: dict[str, Callable[[Records], Any]] = {
    "count": len,
    "defects": lambda records: total(records, "qty"),
    "cost": cost,
    "weight": lambda records: sum(SEVERITIES[one["data"]["severity"]] for one in records),
    "customers": lambda records: len(set(stated(records, "customer"))),
    "labels": lambda records: len({tag for tags in stated(records, "tags") for tag in tags}),
    "reply": lambda records: mean(days(records)),
    "closing": lambda records: mean(whole_days(records)),
    "stars": lambda records: mean(stated(records, "stars")),
    "spent": lambda records: mean([one / 3_600 for one in stated(records, "spent")]),
    "open": lambda records: sum(1 for one in records if one["state"] != "closed"),
}


def same(ours: Any, theirs: Any) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    return float(ours) == pytest.approx(float(theirs), rel=1e-9)


@pytest.mark.parametrize("period", ["2026-09", "2025-Q4", "2025", "2026-W36", "2026-09-05..2026-09-20"])
def test_every_measure_is_what_plain_python_counts(busy: Company, period: str) -> None:
    look = busy.look(report(), period)
    found = look.figures.total([*MEASURES, "delivered", "ppm", "mean"], look.period)
    records, delivered = busy.counted(look.period), total(busy.delivered(look.period), "qty")
    assert records
    for key, oracle in MEASURES.items():
        assert same(found[key], oracle(records)), key
    assert found["delivered"] == delivered
    assert same(found["ppm"], MEASURES["defects"](records) * 1_000_000 / delivered if delivered else None)
    assert same(found["mean"], MEASURES["defects"](records) / len(records))


@pytest.mark.parametrize("by", ["customer", "part", "fault", "severity", "tags"])
def test_every_measure_by_group_is_what_plain_python_counts(busy: Company, by: str) -> None:
    look = busy.look(report(), "2026")
    keys = [key for key in MEASURES if not (by == "tags" and key == "labels")]
    found = look.figures.by(keys, by, look.period)
    groups = parted(busy.counted(look.period), by)
    assert found.keys() == groups.keys()
    for group, records in groups.items():
        for key in keys:
            assert same(found[group][key], MEASURES[key](records)), (group, key)


@pytest.mark.parametrize("fiscal", [Fiscal(), Fiscal(day=26), Fiscal(4, 1)])
@pytest.mark.parametrize("period", ["2026-09", "2026-Q2", "2026-W36", "2026", "2026-09-01..2026-09-10"])
def test_series_are_what_plain_python_counts_in_each_period(
    busy: Company, period: str, fiscal: Fiscal
) -> None:
    look = busy.look(report(), period, fiscal=fiscal)
    periods = look.period.until(6)
    found = look.figures.series([*MEASURES, "ppm"], periods)
    for values, one in zip(found, periods, strict=True):
        records, delivered = busy.counted(one), total(busy.delivered(one), "qty")
        for key, oracle in MEASURES.items():
            assert same(values[key], oracle(records)), (one.name, key)
        assert same(
            values["ppm"], MEASURES["defects"](records) * 1_000_000 / delivered if delivered else None
        )


ANALYSES: list[dict[str, Any]] = [
    {"kind": "figures"},
    {"kind": "breakdown", "measures": ["count", "cost", "reply"], "by": ["customer"]},
    {"kind": "breakdown", "key": "top", "measures": ["count", "defects"], "by": ["few"]},
    {"kind": "pareto", "measures": ["count"], "by": ["fault"]},
    {"kind": "trend", "measures": ["count"], "options": {"periods": 12}},
    {"kind": "season", "measures": ["count"]},
    {"kind": "fishbone", "measures": ["count"], "by": ["cause", "fault"]},
    {"kind": "frequency", "measures": ["count"], "by": ["fault"]},
    {"kind": "ageing", "measures": ["open"]},
    {"kind": "satisfaction", "measures": ["count"], "by": ["stars"]},
    {"kind": "scorecard", "measures": ["count", "reply"], "by": ["customer"]},
    {"kind": "repeats", "measures": ["count"], "by": ["customer", "fault"]},
    {"kind": "timeliness", "measures": ["count"]},
    {"kind": "records", "measures": ["count"]},
    {
        "kind": "thresholds",
        "measures": ["count", "delivered"],
        "by": ["fault"],
        "options": {"limits": [{"value": 3, "per": 1_000, "label": {"en": "Sheet"}}]},
    },
]  # fmt: skip


@pytest.mark.parametrize("analysis", ANALYSES, ids=lambda one: str(one.get("key") or one["kind"]))
def test_a_row_leads_to_exactly_the_records_that_it_counts(busy: Company, analysis: dict[str, Any]) -> None:
    definition = report(analysis)
    assert list(problems(definition)) == []
    look = busy.look(definition)
    result = one_result(look)
    counted = {"count", "open", "times"} & {column.key for column in result.columns}
    for row in [one for one in result.rows if one.where and counted]:
        [key] = counted
        if row.values[key] is not None:
            assert len(behind(look, row)) == row.values[key], row.values


def test_a_breakdown_compares_each_group_with_other_periods(busy: Company) -> None:
    look = busy.look(report({"kind": "breakdown", "measures": ["count", "cost"], "by": ["fault"]}))
    result = one_result(look)
    groups = {name: parted(busy.counted(period), "fault") for name, period in _compared(look).items()}
    named = [row.values["count"] for row in result.rows if row.values["group"] != "Not stated"]
    assert named == sorted((len(records) for group, records in groups["now"].items() if group), reverse=True)
    for row in result.rows:
        name = {"Not stated": None}.get(row.values["group"], row.values["group"].lower())
        now, before, year = (len(groups[one].get(name, [])) for one in ("now", "before", "year_before"))
        assert row.values["count"] == now
        assert row.values["cost"] == cost(groups["now"][name])
        assert row.values["before"] == before
        assert row.values["year_before"] == year
        assert same(row.values["before_change"], (now - before) / before if before else None)
        assert same(row.values["share"], now / len(busy.counted(MONTH)))
    assert result.total is not None
    assert result.total.values["count"] == len(busy.counted(MONTH))


def _compared(look: Look) -> dict[str, Period]:
    return {"now": look.period, "before": Period.read("2026-08"), "year_before": Period.read("2025-09")}


def test_the_rest_stands_together_as_others(busy: Company) -> None:
    look = busy.look(
        report({"kind": "breakdown", "measures": ["count", "reply", "ppm"], "by": ["few"]}), "2026"
    )
    result = one_result(look)
    groups = parted(busy.counted(look.period), "fault")
    largest = sorted((group for group in groups if group), key=lambda group: -len(groups[group]))[:2]
    rest = [one for group, records in groups.items() if group not in largest for one in records]
    *shown, others = result.rows
    assert [row.values["group"] for row in shown] == [group.capitalize() for group in largest]
    assert others.values["group"] == "Others"
    assert others.values["count"] == len(rest)
    assert same(others.values["reply"], mean(days(rest)))
    assert others.values["ppm"] is None  # deliveries know no faults
    assert sum(row.values["share"] for row in result.rows) == pytest.approx(1)


@pytest.mark.parametrize("key", ["count", "cost", "weight"])
def test_a_pareto_orders_groups_and_adds_their_shares_up(busy: Company, key: str) -> None:
    look = busy.look(report({"kind": "pareto", "measures": [key], "by": ["fault"]}), "2026")
    result = one_result(look)
    groups = {
        group: MEASURES[key](records) for group, records in parted(busy.counted(look.period), "fault").items()
    }
    named = sorted((value for group, value in groups.items() if group), reverse=True)
    assert [row.values[key] for row in result.rows] == [*named, groups[None]]
    passed, whole = Decimal(0), sum(map(Decimal, groups.values()))
    for row in result.rows:
        passed += row.values[key]
        assert same(row.values["share"], row.values[key] / whole)
        assert same(row.values["cumulative"], passed / whole)
    cut = next(at for at, row in enumerate(result.rows) if row.values["cumulative"] >= Decimal("0.8"))
    assert [bool(row.flags) for row in result.rows] == [at <= cut for at in range(len(result.rows))]


def test_a_season_is_the_mean_of_each_month_among_its_years(busy: Company) -> None:
    result = one_result(busy.look(report({"kind": "season", "measures": ["count"], "options": {"years": 3}})))
    years = [  # 2026 is not over
        [len(busy.counted(Period.read(f"{year}-{month:02}"))) for month in range(1, 13)]
        for year in (2024, 2025)
    ]
    index = [fmean(counts[month] / fmean(counts) for counts in years) for month in range(12)]
    assert [row.values["index"] for row in result.rows] == pytest.approx(index)
    assert fmean(index) == pytest.approx(1)
    assert result.rows[11].values["2026"] is None  # still to come
    assert result.rows[8].values["2026"] == len(busy.counted(MONTH))


def test_a_fishbone_has_what_each_cause_led_to(busy: Company) -> None:
    look = busy.look(report({"kind": "fishbone", "measures": ["count"], "by": ["cause", "fault"]}), "2026")
    records = busy.counted(look.period)
    expected = {
        (str(cause or "Not stated").lower(), str(fault or "Not stated").lower()): len(found)
        for cause, of_cause in parted(records, "cause").items()
        for fault, found in parted(of_cause, "fault").items()
    }
    found = {
        (row.values["bone"].lower(), row.values["twig"].lower()): row.values["count"]
        for row in one_result(look).rows
    }
    assert found == expected


def test_frequent_is_what_came_often_or_in_every_of_the_last_months(busy: Company) -> None:
    definition = report({"kind": "frequency", "measures": ["count"], "by": ["part"], "options": {"limit": 4}})
    result = one_result(busy.look(definition))
    months = [parted(busy.counted(Period.read(name)), "part") for name in ("2026-07", "2026-08", PERIOD)]
    for row in result.rows:
        group = None if row.values["group"] == "Not stated" else row.values["group"]
        counts = [len(month.get(group, [])) for month in months]
        assert row.values["count"] == counts[-1]
        assert row.values["periods"] == sum(1 for count in counts if count)
        frequent = group is not None and (counts[-1] >= 4 or all(counts))
        assert bool(row.flags) == frequent
    assert {row.values["group"] for row in result.rows} == {
        "Not stated" if group is None else group for group in months[-1]
    }


def test_ageing_counts_open_records_by_the_days_they_wait(busy: Company) -> None:
    definition = report({"kind": "ageing", "measures": ["open"], "options": {"days": [7, 30, 90]}})
    look = busy.look(definition)
    with times.set_clock(datetime(2026, 9, 20, 3, tzinfo=SHANGHAI)):
        look = busy.look(definition)
        found = [row.values["open"] for row in one_result(look).rows]
    expected = [0, 0, 0, 0]
    for one in busy.complaints.records().find({"state": {"$nin": ["closed", "void"]}}):
        waited = (look.today - one["data"]["received_at"].astimezone(SHANGHAI).date()).days
        if waited >= 0:
            expected[sum(waited > limit for limit in (7, 30, 90))] += 1
    assert found == expected
    assert sum(found) > 10


def test_satisfaction_is_how_answers_are_distributed_and_their_mean(busy: Company) -> None:
    analysis = {"kind": "satisfaction", "measures": ["count"], "by": ["stars"], "options": {"target": 4.9}}
    result = one_result(busy.look(report(analysis), "2026"))
    answers = stated(busy.counted(Period.read("2026")), "stars")
    assert [row.values["count"] for row in result.rows] == [answers.count(stars) for stars in range(1, 6)]
    assert [row.values["group"] for row in result.rows] == [f"{stars}/5" for stars in range(1, 6)]
    assert same(result.facts["average"], fmean(answers))
    assert result.total is not None
    assert result.total.flags == ("low",)


def test_satisfaction_of_a_choice_is_scored_by_its_options(busy: Company) -> None:
    scores = {"major": 0, "important": 60, "general": 100}
    analysis = {
        "kind": "satisfaction",
        "measures": ["count"],
        "by": ["severity"],
        "options": {"scores": scores},
    }
    result = one_result(busy.look(report(analysis), "2026"))
    answers = [scores[one] for one in stated(busy.counted(Period.read("2026")), "severity")]
    assert same(result.facts["average"], fmean(answers))


def test_a_scorecard_marks_each_figure_against_its_target(busy: Company) -> None:
    targets = [
        {"measure": "reply", "value": "3.2", "better": "lower"},
        {"measure": "count", "value": "28", "better": "higher"},
    ]
    analysis = {"kind": "scorecard", "measures": ["count", "reply", "ppm"], "by": ["customer"]}
    look = busy.look(report(analysis, targets=targets), "2026")
    groups = parted(busy.counted(look.period), "customer")
    delivered = parted(busy.delivered(look.period), "customer")
    nobodys = [len(groups.pop(None)), len(delivered.pop(None, []))]
    by_name = {look.lookup.record("customer", one): one for one in groups}
    result = one_result(look)
    assert [look.say(note) for note in result.notes] == [
        f"{count} records of “{source}” do not state “customer” and are left out."
        for count, source in zip(nobodys, ("Complaints", "Deliveries"), strict=True)
        if count
    ]
    assert nobodys[0] > 0
    assert {row.values["group"] for row in result.rows} == set(by_name)
    for row in result.rows:
        group: ObjectId = by_name[row.values["group"]]
        records, reply = groups[group], mean(days(groups[group]))
        whole = total(delivered.get(group, []), "qty")
        assert row.values["count"] == len(records)
        assert same(row.values["reply"], reply)
        assert same(row.values["ppm"], total(records, "qty") * 1_000_000 / whole if whole else None)
        late, few = bool(reply and reply > 3.2), len(records) < 28
        assert row.values["reply_mark"] == ("Missed" if late else "Met")
        assert row.values["count_mark"] == ("Missed" if few else "Met")
        assert row.values["met"] == f"{2 - late - few}/2"
        assert bool(row.flags) == (late or few)


def test_series_looked_up_together_are_those_looked_up_alone(busy: Company) -> None:
    analyses: list[dict[str, Any]] = [
        {"kind": "season", "measures": ["count"], "options": {"years": 2}},
        {"kind": "trend", "measures": ["count"], "options": {"periods": 36}},
        {"kind": "trend", "key": "ppm", "measures": ["ppm"], "options": {"periods": 12}},
        {"kind": "trend", "key": "reply", "measures": ["reply"], "options": {"periods": 6}},
        {"kind": "trend", "key": "open", "measures": ["open"], "options": {"periods": 6}},
        {"kind": "trend", "key": "customers", "measures": ["customers"], "options": {"periods": 6}},
    ]
    together = list(results(busy.look(report(*analyses))))
    for analysis, found in zip(analyses, together, strict=True):
        alone = one_result(busy.look(report(analysis)))
        assert found.rows == alone.rows, found.key
        assert any(row.values[analysis["measures"][0]] for row in found.rows if "period" in row.values) or (
            found.key == "season"
        )


def test_what_was_worked_out_once_is_not_asked_for_again(busy: Company, mongodb_uri: str) -> None:
    with listening(mongodb_uri) as commands:
        look = busy.look(report())
        first = look.figures.by(["count", "defects"], "fault", look.period)
        with commands.counted() as sent:
            again = look.figures.by(["defects"], "fault", look.period)
        assert sent == []
        with commands.counted() as sent:
            both = look.figures.by(["defects", "cost"], "fault", look.period)
        assert [one for one in sent if one.startswith("aggregate")] == ["aggregate record_complaint"]
    assert again == {group: {"defects": values["defects"]} for group, values in first.items()}
    alone = busy.look(report()).figures.by(["defects", "cost"], "fault", look.period)
    assert both == alone
