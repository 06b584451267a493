"""Trends and seasons are judged by what is known, whatever it is counted in."""

from datetime import datetime
from decimal import Decimal
from statistics import fmean
from typing import Any

import pytest
from bson import Decimal128

from models import times
from models.reports.results import Result
from tests.models.reports.stage import SHANGHAI, Company, money, one_result, report

COSTS = (100, 90, 120, 80, 110, 95, 130, 100, 70, 105, 400, 100)


def months(count: int, last: str = "2026-09") -> list[str]:
    year, month = map(int, last.split("-"))
    ends = range(year * 12 + month - count, year * 12 + month)
    return [f"{at // 12}-{at % 12 + 1:02}" for at in ends]


def trend(company: Company, measure: str, period: str = "2026-09", **options: Any) -> Result:
    analysis = {"kind": "trend", "measures": [measure], "options": {"periods": 12, **options}}
    ratios = [
        {"key": "each", "part": "cost", "whole": "count", "label": {"en": "Each"}, "per": 10},
        {"key": "ppm", "part": "defects", "whole": "delivered", "label": {"en": "PPM"}, "per": 1_000_000},
    ]
    return one_result(company.look(report(analysis, ratios=ratios), period))


def scale(company: Company, factor: str) -> None:
    for one in company.complaints.records().find({}):
        amount = one["data"]["cost"]["amount"].to_decimal() * Decimal(factor)
        company.complaints.records().update_one(
            {"_id": one["_id"]}, {"$set": {"data.cost.amount": Decimal128(amount)}}
        )


def test_money_for_each_is_judged_the_same_in_any_unit(company: Company) -> None:
    for month, amount in zip(months(12), COSTS, strict=True):
        company.add(f"{month}-01T04:00:00+00:00", cost=money(str(amount)))
    differences = [abs(one - other) for one, other in zip(COSTS[1:], COSTS, strict=False)]
    spread = 3 * 10 * fmean(differences) / 1.128
    for factor in ("1", "0.0001"):
        scale(company, factor)
        rows = trend(company, "each").rows
        share = float(factor)
        assert rows[-1].values["each"] == Decimal(1_000) * Decimal(factor)
        assert rows[-1].values["centre"] == pytest.approx(10 * fmean(COSTS) * share)
        assert rows[-1].values["upper"] == pytest.approx((10 * fmean(COSTS) + spread) * share)
        assert [bool(row.flags) for row in rows] == [cost == 400 for cost in COSTS]


@pytest.mark.parametrize("chart", ["u", "p"])
def test_pieces_by_pieces_keep_the_chart_of_counts(company: Company, chart: str) -> None:
    for month in months(12):
        company.add(f"{month}-01T04:00:00+00:00", qty=4)
        company.deliver(f"{month}-10", 100)
    values = trend(company, "ppm", chart=chart).rows[-1].values
    variance = 0.04 * (0.96 if chart == "p" else 1)
    assert values["upper"] == pytest.approx(1_000_000 * (0.04 + 3 * (variance / 100) ** 0.5))


def test_a_period_that_is_not_over_is_shown_and_not_judged(company: Company) -> None:
    for month in months(11):
        for day in range(30):
            company.add(f"{month}-{day % 28 + 1:02}T04:00:00+00:00")
    company.add("2026-10-01T04:00:00+00:00")
    with times.set_clock(datetime(2026, 10, 2, 9, tzinfo=SHANGHAI)):
        result = trend(company, "count", "2026-10")
    assert [row.values["count"] for row in result.rows] == [30] * 11 + [1]
    assert result.rows[-1].values["centre"] == 30
    assert result.rows[-1].flags == ()
    assert result.facts == {"abnormal": False, "rules": []}
    assert any("shown, and not judged" in str(note) for note in result.notes)
    over = trend(company, "count", "2026-10")
    assert over.facts["abnormal"] is True
    assert not any("not over" in str(note) for note in over.notes)


def test_a_season_leaves_out_months_that_cannot_be_computed(company: Company) -> None:
    for month in months(12, "2025-12"):
        company.add(f"{month}-10T04:00:00+00:00", qty=2 if month == "2025-01" else 1)
        if month != "2025-04":
            company.deliver(f"{month}-05", 10)
    ratios = [
        {"key": "rate", "part": "defects", "whole": "delivered", "label": {"en": "Rate"}, "decimals": 1}
    ]
    analysis = {"kind": "season", "measures": ["rate"], "options": {"years": 1}}
    result = one_result(company.look(report(analysis, ratios=ratios), "2025-12"))
    mean = fmean([0.2] + [0.1] * 10)
    expected = [0.2 / mean, *[0.1 / mean] * 11]
    found = [row.values["index"] for row in result.rows]
    assert found[3] is None
    assert [one for one in found if one is not None] == pytest.approx([expected[0], *expected[2:]])
    [year] = [column for column in result.columns if column.key == "2025"]
    assert (year.label, year.decimals, year.kind) == ("2025", 1, "decimal")
    assert result.rows[0].values["2025"] == Decimal("0.2")
