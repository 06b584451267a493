"""Limits of rates say why there is no rate, and what they ask for in the reader's language."""

from typing import Any

from models.people import FieldRule, Limit
from models.reports.look import Look
from models.reports.periods import Period
from tests import factories
from tests.models.reports.stage import Company, one_result, report


def analysis(label: dict[str, str]) -> dict[str, Any]:
    limits = [{"value": 3, "per": 1_000, "label": label}]
    return {
        "kind": "thresholds",
        "measures": ["count", "delivered"],
        "by": ["fault"],
        "options": {"limits": limits},
    }


def test_a_rate_by_what_is_closed_to_the_reader_is_not_said_to_have_no_deliveries(company: Company) -> None:
    company.add("2026-09-10T00:00:00+00:00", fault="leak")
    company.deliver("2026-09-05", 100)
    role = factories.role("narrow", form="*", actions=["see"])
    role.field_rules = [FieldRule(form="delivery", fields=["qty"], limit=Limit.HIDDEN.value)]
    role.save()
    reader = factories.user("narrow", role, department=factories.department())
    result = one_result(company.look(report(analysis({"en": "Sheet"})), person=reader))
    assert [(row.values["count"], row.values["rate"]) for row in result.rows] == [(1, None)]
    notes = [str(note) for note in result.notes]
    assert not any("Nothing was delivered" in note for note in notes)
    assert any("closed to you: delivered" in note for note in notes)


def test_what_rates_are_divided_by_is_the_whole_and_so_is_not_said_to_be_left_blank(company: Company) -> None:
    company.add("2026-09-10T00:00:00+00:00", fault="leak")
    company.deliver("2026-09-05", 1_000)
    result = one_result(company.look(report(analysis({"en": "Sheet"}))))
    assert [(row.values["count"], row.values["rate"]) for row in result.rows] == [(1, 1)]
    assert list(result.notes) == []


def test_what_a_limit_asks_for_is_said_in_whatever_language_there_is(company: Company) -> None:
    company.add("2026-09-10T00:00:00+00:00", fault="leak")
    company.deliver("2026-09-05", 100)
    for label, language in (
        ({"en": "Sheet"}, "zh"),
        ({"zh": "Sheet"}, "en"),
        ({"zh": "", "en": "Sheet"}, "zh"),
    ):
        look = Look(report(analysis(label)), company.admin, Period.read("2026-09"), language)
        assert [row.values["asked"] for row in one_result(look).rows] == ["Sheet"]


def test_the_same_limit_of_days_twice_is_one(company: Company) -> None:
    company.add("2026-09-01T04:00:00+00:00", system={"state": "open"})
    ageing = {"kind": "ageing", "measures": ["open"], "options": {"days": [7, 7]}}
    result = one_result(company.look(report(ageing)))
    assert [row.values["span"] for row in result.rows] == ["0 to 7 days", "More than 7 days"]
    assert [row.values["open"] for row in result.rows] == [0, 1]
