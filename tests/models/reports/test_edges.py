"""Figures at the edges: of months and time zones, of rights, of what is voided, renamed or not there."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from models import calendars
from models.people import FieldRule, Limit, User
from models.reports.checks import problems
from models.reports.periods import Period
from models.reports.results import Result
from models.reports.running import results
from tests import factories
from tests.models.reports.stage import Company, behind, money, one_result, report

COUNT = {"kind": "breakdown", "measures": ["count"], "by": ["fault"]}
EVERY: list[dict[str, Any]] = [
    {"kind": "figures"},
    {"kind": "breakdown", "measures": ["count", "cost"], "by": ["fault"]},
    {"kind": "pareto", "measures": ["weight"], "by": ["fault"]},
    {"kind": "trend", "measures": ["count"]},
    {"kind": "trend", "key": "ppm", "measures": ["ppm"]},
    {"kind": "trend", "key": "reply", "measures": ["reply"]},
    {"kind": "season", "measures": ["count"]},
    {"kind": "fishbone", "measures": ["count"], "by": ["cause", "fault"]},
    {"kind": "frequency", "measures": ["count"], "by": ["fault"]},
    {"kind": "ageing", "measures": ["open"]},
    {"kind": "thresholds", "measures": ["count", "delivered"], "by": ["fault"]},
    {"kind": "repeats", "measures": ["count"], "by": ["customer", "part", "fault"]},
    {"kind": "timeliness", "measures": ["count"]},
    {"kind": "timeliness", "key": "by_fault", "measures": ["count"], "by": ["fault"]},
    {"kind": "scorecard", "measures": ["count", "ppm"], "by": ["customer"]},
    {"kind": "satisfaction", "measures": ["count"], "by": ["stars"]},
    {"kind": "records", "measures": ["count"], "options": {"fields": ["@number", "name", "part", "cost"]}},
]


def count(company: Company, period: str = "2026-09", **other: Any) -> Decimal | None:
    look = company.look(report(**other.pop("parts", {})), period, **other)
    return look.figures.total(["count"], look.period)["count"]


@pytest.mark.parametrize(
    ("moment", "zone", "month"),
    [
        ("2026-09-30T15:59:59.999+00:00", "Asia/Shanghai", "2026-09"),
        ("2026-09-30T16:00:00+00:00", "Asia/Shanghai", "2026-10"),
        ("2026-09-30T16:30:00+00:00", "Asia/Shanghai", "2026-10"),
        ("2026-09-30T16:30:00+00:00", "Europe/London", "2026-09"),
        ("2026-10-01T06:30:00+00:00", "America/Los_Angeles", "2026-09"),
        ("2026-12-31T17:00:00+00:00", "Asia/Shanghai", "2027-01"),
    ],
)
def test_a_record_lies_in_the_month_that_it_is_for_the_company_wherever_its_reader_is(
    company: Company, moment: str, zone: str, month: str
) -> None:
    company.add(moment, fault="leak")
    default = calendars.current(calendars.DEFAULT_KEY)
    plain = {**default.definition.model_dump(mode="json"), "timezone": zone}
    calendars.save(factories.actor(), default.key, plain, seen=default.version)
    around = [Period.read(month).before(), Period.read(month), Period.read(month).before(-1)]
    for name in ("Asia/Shanghai", "America/Los_Angeles", "Pacific/Kiritimati"):
        administrator = factories.role("administrator", administrator=True)
        person = factories.user(f"in_{name[-5:].lower()}", administrator, timezone=name)
        assert [count(company, one.name, person=person) for one in around] == [0, 1, 0]
        look = company.look(report(), month, person=person)
        assert [found["count"] for found in look.figures.series(["count"], around)] == [0, 1, 0]
        [row] = one_result(company.look(report(COUNT), month, person=person)).rows
        assert len(behind(look, row)) == 1


def test_deleted_records_never_count_and_voided_ones_only_where_asked_for(company: Company) -> None:
    company.add("2026-09-10T00:00:00+00:00", system={"state": "open"})
    company.add("2026-09-10T00:00:00+00:00", system={"state": "void"})
    gone = {"state": "open", "deleted_at": datetime(2026, 9, 12, tzinfo=UTC)}
    company.add("2026-09-10T00:00:00+00:00", system=gone)
    company.add("2026-09-10T00:00:00+00:00", system={**gone, "state": "void"})
    assert count(company) == 1
    sources = [{"key": "complaints", "form": "complaint", "date": "received_at", "with_void": True}]
    delivered = {"key": "deliveries", "form": "delivery", "date": "delivered_on"}
    assert count(company, parts={"sources": [*sources, delivered]}) == 2


def test_whoever_was_renamed_bears_the_present_name(company: Company) -> None:
    owner = factories.user("wang", factories.role("reader"), name="王芳")
    for day in (5, 25):
        company.add(
            f"2026-09-{day:02}T00:00:00+00:00", system={"owner": owner.id}, customer=company.customers[0]
        )
    customer = company.customers[0]
    User.objects(id=owner.id).update(set__name="王小芳")
    company.complaints.records().database["record_customer"].update_one(
        {"_id": customer}, {"$set": {"title": "Plant of now"}}
    )
    by = [{**COUNT, "by": [name], "key": name} for name in ("owner", "customer")]
    look = company.look(report(*by))
    assert [
        [(row.values["group"], row.values["count"]) for row in found.rows] for found in results(look)
    ] == [
        [("王小芳", 2)],
        [("Plant of now", 2)],
    ]


def test_groups_of_several_values_say_that_they_overlap(company: Company) -> None:
    company.add("2026-09-10T00:00:00+00:00", tags=["repeat", "safety"], cost=money("5"))
    company.add("2026-09-10T00:00:00+00:00", tags=["safety"], cost=money("7"))
    company.add("2026-09-10T00:00:00+00:00")
    analysis = {"kind": "breakdown", "measures": ["count", "cost"], "by": ["tags"]}
    look = company.look(report(analysis))
    result = one_result(look)
    found = {row.values["group"]: (row.values["count"], row.values["cost"]) for row in result.rows}
    assert found == {"Safety": (2, 12), "Repeat": (1, 5), "Not stated": (1, 0)}
    assert all(len(behind(look, row)) == row.values["count"] for row in result.rows)
    assert result.total is not None
    assert result.total.values["count"] == 3
    assert any("several groups" in str(note) for note in result.notes)
    assert not any("several groups" in str(note) for note in one_result(company.look(report(COUNT))).notes)


def test_records_are_parted_by_the_people_they_are_assigned_to(company: Company) -> None:
    people = [factories.user(name, factories.role("reader"), name=name) for name in ("ann", "ben")]
    company.add("2026-09-10T00:00:00+00:00", system={"assignees": [one.id for one in people]})
    company.add("2026-09-10T00:00:00+00:00", system={"assignees": [people[0].id]})
    look = company.look(report({**COUNT, "by": ["assignees"]}))
    result = one_result(look)
    assert [(row.values["group"], row.values["count"]) for row in result.rows] == [("ann", 2), ("ben", 1)]
    assert [len(behind(look, row)) for row in result.rows] == [2, 1]


def test_amounts_in_another_currency_are_left_out_and_named(company: Company) -> None:
    for amount, currency in (("10.10", "CNY"), ("0.20", "CNY"), ("99", "USD"), ("1.5", "USD")):
        company.add("2026-09-10T00:00:00+00:00", fault="leak", cost=money(amount, currency))
    company.add("2026-08-10T00:00:00+00:00", fault="leak", cost=money("7", "USD"))
    for kind in ("breakdown", "pareto"):
        result = one_result(company.look(report({"kind": kind, "measures": ["cost"], "by": ["fault"]})))
        assert [row.values["cost"] for row in result.rows] == [Decimal("10.30")]
        assert [str(note) for note in result.notes if "USD" in str(note)] == [
            "“cost” is in CNY; 2 in USD (100.5 in all) are left out."
        ]
        column = next(one for one in result.columns if one.key == "cost")
        assert (column.label, column.kind) == ("cost (CNY)", "money")


def test_text_that_looks_like_a_formula_stays_text(company: Company) -> None:
    company.add("2026-09-10T00:00:00+00:00", part="=1+1", fault="leak", name="=cmd|' /C calc'!A0")
    analyses = ({**COUNT, "by": ["part"]}, {"kind": "records", "measures": ["count"]})
    look = company.look(report(*analyses))
    parts, listed = results(look)
    assert parts.rows[0].values["group"] == "=1+1"
    assert len(behind(look, parts.rows[0])) == 1
    assert listed.rows[0].values["name"].startswith("=cmd")


# -- hardly anything ----------------------------------------------------------------------------------------


def test_an_empty_month_has_every_analysis_and_says_that_it_is_empty(company: Company) -> None:
    definition = report(*EVERY)
    assert list(problems(definition)) == []
    found = list(results(company.look(definition)))
    assert [one.key for one in found] == [one.get("key", one["kind"]) for one in EVERY]
    for one in found:
        assert one.columns, one.key
        assert one.rows or one.notes or one.charts, one.key
    assert _values(found, "figures")["PPM"] is None
    assert _values(found, "figures")["Complaints"] == 0
    assert not any(row.flags for one in found for row in one.rows)


def _values(found: list[Result], key: str) -> dict[str, Any]:
    [table] = [one for one in found if one.key == key]
    return {row.values["figure"]: row.values["value"] for row in table.rows}


def test_a_single_complaint_is_no_alarm(company: Company) -> None:
    company.add("2026-09-10T00:00:00+00:00", fault="leak", qty=1, stars=4, customer=company.customers[0])
    found = {one.key: one for one in results(company.look(report(*EVERY)))}
    assert [row.values["count"] for row in found["breakdown"].rows] == [1]
    trend = found["trend"]
    assert trend.facts["abnormal"] is False
    assert [row.values["count"] for row in trend.rows][-2:] == [None, 1]  # nothing is known from before
    assert all(row.values["upper"] is None for row in trend.rows)
    assert any("Too few periods" in str(note) for note in trend.notes)
    assert found["satisfaction"].facts["average"] == 4
    assert found["repeats"].rows == ()


def test_without_deliveries_a_rate_cannot_be_computed(company: Company) -> None:
    for month in range(1, 10):
        company.add(f"2026-{month:02}-10T00:00:00+00:00", qty=2, fault="leak")
        if month not in {4, 9}:
            company.deliver(f"2026-{month:02}-05", 1_000)
    found = {one.key: one for one in results(company.look(report(*EVERY)))}
    values = [row.values for row in found["ppm"].rows[-9:]]
    assert [one["ppm"] for one in values] == [None if month in {4, 9} else 2_000 for month in range(1, 10)]
    assert all(one["upper"] is None for one in values)  # seven periods are too few for limits
    assert [row.values["rate"] for row in found["thresholds"].rows] == [None]


def test_a_month_of_one_customer_only_is_one_group_and_one_chain(company: Company) -> None:
    start = datetime(2026, 8, 1, 4, tzinfo=UTC)
    for day in range(31):
        moment = start + timedelta(days=day)
        company.add(moment, customer=company.customers[0], part="P1", fault="leak", qty=1)
    look = company.look(report(*EVERY), "2026-08")
    found = {one.key: one for one in results(look)}
    [chain] = found["repeats"].rows
    assert (chain.values["times"], chain.values["repeats"]) == (31, 30)
    assert len(behind(look, chain)) == 31
    assert len(found["scorecard"].rows) == 1


def test_a_trend_from_before_the_calendar_says_so_and_spoils_nothing_else(company: Company) -> None:
    company.add("2026-09-10T00:00:00+00:00", fault="leak")
    trend = {"kind": "trend", "measures": ["count"], "options": {"periods": 200}}
    refused, found = results(company.look(report(trend, COUNT), "2026"))
    assert [str(note) for note in refused.notes] == ["There are no records from before 1900."]
    assert [row.values["count"] for row in found.rows] == [1]


# -- rights --------------------------------------------------------------------------------------------------


def test_a_reader_counts_only_what_they_may_see(company: Company) -> None:
    other = factories.department("QB", "二部", "Second")
    company.add("2026-09-10T00:00:00+00:00", system={"department": other.id}, customer=company.customers[0])
    company.add("2026-09-10T00:00:00+00:00", customer=company.customers[0])
    role = factories.role("narrow", form="complaint", actions=["see"])
    role.grants[0].scope = "department"
    role.save()
    reader = factories.user("narrow", role, department=factories.department())
    assert count(company, person=reader) == 1
    assert count(company) == 2


def test_figures_of_a_field_that_is_closed_are_left_blank_beside_the_others(company: Company) -> None:
    company.add("2026-09-10T00:00:00+00:00", fault="leak", cost=money("10"))
    reader = _without_cost()
    analysis = {"kind": "breakdown", "measures": ["count", "cost"], "by": ["fault"]}
    result = one_result(company.look(report(analysis), person=reader))
    assert [(row.values["count"], row.values["cost"]) for row in result.rows] == [(1, None)]
    assert any("closed to you: cost" in str(note) for note in result.notes)
    alone = one_result(company.look(report({**analysis, "measures": ["cost"]}), person=reader))
    assert alone.columns == ()
    assert alone.notes
    listed = {"kind": "records", "measures": ["count"], "options": {"fields": ["name", "cost"]}}
    shown = one_result(company.look(report(listed), person=reader))
    assert [column.key for column in shown.columns] == ["name"]


@pytest.mark.parametrize("kind", ["records", "timeliness", "corrections"])
def test_no_note_tells_amounts_that_are_closed(company: Company, kind: str) -> None:
    company.add("2026-09-10T00:00:00+00:00", fault="leak", cost=money("1234", "USD"))
    measures = [] if kind == "corrections" else ["count"]
    analysis = {"kind": kind, "measures": measures, "options": {"fields": ["name"]} if measures else {}}
    analysis = analysis if kind == "records" else {**analysis, "options": {}}
    look = company.look(report(analysis), person=_without_cost())
    assert "1,234" not in " ".join(map(look.say, one_result(look).notes))


def test_what_looks_back_before_the_calendar_says_so_and_spoils_nothing_else(company: Company) -> None:
    trend = {"kind": "trend", "measures": ["count"], "options": {"periods": 70}}
    look = company.look(report(trend, {"kind": "figures"}), "1990-01-01..2019-12-20")
    late, figures = results(look)
    assert [look.say(one) for one in late.notes] == ["This looks back further than there is a calendar."]
    assert figures.rows


def _without_cost() -> User:
    role = factories.role("costless", form="*", actions=["see"])
    role.field_rules = [FieldRule(form="complaint", fields=["cost"], limit=Limit.HIDDEN.value)]
    role.save()
    return factories.user("costless", role, department=factories.department())


def test_a_stranger_is_told_nothing(company: Company) -> None:
    company.add("2026-09-10T00:00:00+00:00", fault="leak")
    found = list(results(company.look(report(*EVERY), person=factories.stranger())))
    assert len(found) == len(EVERY)
    assert [one.key for one in found if one.rows] == []
    assert all(one.notes for one in found)


def test_a_rate_exceeds_its_limit_only_by_more_than_nothing(company: Company) -> None:
    for at in range(4):
        company.add(f"2026-09-1{at}T00:00:00+00:00", fault="leak" if at < 3 else "noise", qty=1)
    limits = [{"value": 3, "per": 1_000, "label": {"en": "Sheet"}}]
    analysis = {
        "kind": "thresholds",
        "measures": ["count", "delivered"],
        "by": ["fault"],
        "options": {"limits": limits},
    }
    delivery = company.deliver("2026-09-01", 1_000)
    assert _over(company, analysis) == {"Leak": False, "Noise": False}  # 3 of 1,000 are 3.000 ‰
    company.deliveries.records().update_one({"_id": delivery}, {"$set": {"data.qty": 999}})
    assert _over(company, analysis) == {"Leak": True, "Noise": False}
    company.deliveries.records().delete_one({"_id": delivery})
    result = one_result(company.look(report(analysis)))
    assert [row.values["rate"] for row in result.rows] == [None, None]
    assert any("cannot be computed" in str(note) for note in result.notes)


def _over(company: Company, analysis: dict[str, Any]) -> dict[str, bool]:
    result: Result = one_result(company.look(report(analysis)))
    return {row.values["group"]: bool(row.flags) for row in result.rows}


def test_a_figure_says_which_records_it_counts(company: Company) -> None:
    sources = [
        {"key": "complaints", "form": "complaint", "date": "received_at", "label": {"en": "Complaints"},
         "with_void": True, "where": {"field": "severity", "op": "eq", "value": "major"}},
        {"key": "deliveries", "form": "delivery", "date": "delivered_on"},
    ]  # fmt: skip
    look = company.look(report({"kind": "figures"}, sources=sources))
    result = one_result(look)
    formulas = {row.values["figure"]: row.values["formula"] for row in result.rows}
    assert formulas["open"] == "open: how many of “Complaints”; only where State is none of Closed"
    assert look.say(result.notes[0]) == (
        "“Complaints”: “Test sheet” by “received at”, voided records too; only where severity is Major"
    )
