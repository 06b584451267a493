"""What comes again: the same customer, part and mechanism within some days."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from models.database import Document
from models.reports.periods import Period
from tests.models.reports.stage import SHANGHAI, Company, behind, one_result, report

SAME = ("customer", "part", "fault")


def analysis(**options: Any) -> dict[str, Any]:
    return {"kind": "repeats", "measures": ["count"], "by": list(SAME), "options": options}


def expected(records: list[Document], period: Period, days: int) -> list[tuple[int, int, date, date]]:
    """Return (repeats, records, first, last) of each chain with a repeat in the period, the plain way."""
    groups: dict[tuple[Any, ...], list[date]] = {}
    for one in records:
        key = tuple(one["data"].get(name) for name in SAME)
        if all(key):
            groups.setdefault(key, []).append(one["data"]["received_at"].astimezone(SHANGHAI).date())
    found = []
    for moments in groups.values():
        chain: list[date] = []
        for day in [*sorted(moments), date.max]:
            if chain and (day - chain[-1]).days > days:
                repeats = sum(1 for one in chain[1:] if period.first <= one <= period.last)
                found += [(repeats, len(chain), chain[0], chain[-1])] if repeats else []
                chain = []
            chain.append(day)
    return sorted(found, reverse=True)


def test_chains_are_those_that_plain_python_finds(company: Company) -> None:
    company.fill()
    for days in (30, 90, 400):
        look = company.look(report(analysis(days=days)), "2026-Q3")
        result = one_result(look)
        start = look.period.first - timedelta(days=days)
        within = company.counted(Period.between(start, look.period.last))
        found = [
            tuple(row.values[name] for name in ("repeats", "times", "first", "last")) for row in result.rows
        ]
        assert sorted(found, reverse=True) == expected(within, look.period, days)
        assert [row.values["repeats"] for row in result.rows] == sorted(
            (one[0] for one in found), reverse=True
        )
        for row in result.rows:
            assert len(behind(look, row)) == row.values["times"]
        assert result.facts["repeats"] == sum(row.values["repeats"] for row in result.rows)
        assert result.facts["records"] == len(company.counted(look.period))


def test_within_days_counts_the_last_of_them(company: Company) -> None:
    data: dict[str, Any] = {"customer": company.customers[0], "part": "P1", "fault": "leak"}
    company.add("2026-08-06T15:59:00+00:00", **data)  # the last minute of 6 August in Shanghai
    company.add("2026-09-04T16:00:00+00:00", **data)  # the first of 5 September: 30 days later
    assert [row.values["times"] for row in one_result(company.look(report(analysis(days=30)))).rows] == [2]
    assert one_result(company.look(report(analysis(days=29)))).rows == ()


def test_the_first_may_be_of_an_earlier_month_and_the_numbers_of_both_are_listed(company: Company) -> None:
    data: dict[str, Any] = {"customer": company.customers[0], "part": "P1", "fault": "leak"}
    company.add("2026-08-20T00:00:00+00:00", **data)
    company.add("2026-09-10T00:00:00+00:00", **data)
    company.add("2026-09-11T00:00:00+00:00", **{**data, "fault": "noise"})
    company.add("2026-09-12T00:00:00+00:00", **{**data, "part": None})
    company.add("2026-10-12T00:00:00+00:00", **data)  # of next month's report
    look = company.look(report(analysis(days=60)))
    [row] = one_result(look).rows
    assert row.values["what"] == "Plant 0 · P1 · Leak"
    assert (row.values["repeats"], row.values["times"]) == (1, 2)
    assert row.values["numbers"] == ", ".join(sorted(one["number"] for one in behind(look, row)))
    assert any("1 of 3 records" in str(note) for note in one_result(look).notes)


def test_two_on_the_day_a_chain_begins_are_both_of_it(company: Company) -> None:
    data: dict[str, Any] = {"customer": company.customers[0], "part": "P1", "fault": "leak"}
    for moment in ("2026-08-20T00:00:00+00:00", "2026-08-20T05:00:00+00:00", "2026-09-10T00:00:00+00:00"):
        company.add(moment, **data)
    look = company.look(report(analysis(days=60)))
    [row] = one_result(look).rows
    assert (row.values["repeats"], row.values["times"], len(behind(look, row))) == (1, 3, 3)


def test_by_a_date_without_a_time_it_is_the_same(company: Company) -> None:
    data: dict[str, Any] = {"part": "P1", "fault": "leak"}
    for day in ("2026-08-20", "2026-09-10", "2026-09-19"):
        company.add(datetime(2026, 1, 1, tzinfo=UTC), opened_on=day, **data)
    sources = [
        {"key": "complaints", "form": "complaint", "date": "opened_on"},
        {"key": "deliveries", "form": "delivery", "date": "delivered_on"},
    ]
    definition = report({**analysis(days=21), "by": ["part", "fault"]}, sources=sources)
    look = company.look(definition)
    [row] = one_result(look).rows
    assert (row.values["repeats"], row.values["times"], len(behind(look, row))) == (2, 3, 3)
    assert row.values["first"] == date(2026, 8, 20)
