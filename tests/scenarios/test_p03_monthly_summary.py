"""P03 4.1.7: quality staff produce last month's summary, find the spike in it, and look at the very records.

A year of the old ledger is there: a few complaints a month, and deliveries that make rates out of them. In
February one batch goes wrong at one plant of one customer.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from models import forms, records
from models.database import Document
from models.errors import NotFoundError
from models.people import Actor
from models.reports import making, reading
from models.reports.look import Look
from models.reports.results import Result, Row
from models.reports.running import results
from tests.scenarios.p03 import one
from tests.scenarios.play import MONDAY_MORNING, Play

FEBRUARY = datetime(2026, 2, 3, 2, tzinfo=UTC)
SPIKE, PIECES = 9, 3
MONTHS = [f"2025-{month:02}" for month in range(2, 13)] + ["2026-01"]
OLD = (2, 3, 1, 4, 2, 3, 1, 3, 4, 2, 3, 1)  # complaints of each of them
SUMMARY = "complaint_summary"


def store(form: str, raws: list[dict[str, Any]]) -> None:
    """Store records together, as an import of the old ledger does."""
    records.commit(
        records.plan_creates(Actor.system(), forms.current(form), raws, source="import", at=MONDAY_MORNING)
    )


@pytest.fixture
def year(company: Play) -> Play:
    """The company with its trees, a year of complaints and deliveries, and the spike in February."""
    head = company.as_("quality_head")
    head.create("problem_type", code="T41", name="控制板失效")
    top = head.create("defect_mechanism", code="M1", name="材料与毛坯")
    head.create("defect_mechanism", code="M13", name="电子元件早期失效", parent=top)
    months = [*MONTHS, "2026-02"]
    store("delivery", [delivered(company, month, number) for month in months for number in (1, 2)])
    old = [
        old_complaint(company, f"{month}-{6 * number:02}T03:00:00Z")
        for month, count in zip(MONTHS, OLD, strict=True)
        for number in range(1, count + 1)
    ]
    days = [FEBRUARY + timedelta(days=2 * number) for number in range(1, SPIKE)]
    store("feedback_sheet", [*old, *(board_failure(company, day) for day in days)])
    company.at(FEBRUARY)
    taken_in(company)
    company.at(MONDAY_MORNING)
    return company


def of_it(company: Play, **values: Any) -> dict[str, Any]:
    return {**{form: str(one(company, form)["_id"]) for form in ("customer", "product")}, **values}


def old_complaint(company: Play, at: str) -> dict[str, Any]:
    return of_it(
        company,
        channel="phone",
        subject="水泵异响",
        description="运转异响",
        received_at=at,
        plant="云溪二厂",
        demands=["explanation"],
        quantity_defective=1,
        batch="2501A",
    )


def delivered(company: Play, month: str, number: int) -> dict[str, Any]:
    """Return one of two deliveries of a month; the second one of February was late."""
    days_late = 3 if (month, number) == ("2026-02", 2) else 0
    return of_it(
        company,
        delivery_note=f"FH{month}-{number}",
        plant="云溪一厂",
        quantity=2000,
        due_on=f"{month}-{10 * number:02}",
        delivered_on=f"{month}-{10 * number + days_late:02}",
    )


def board_failure(company: Play, at: datetime) -> dict[str, Any]:
    """Return a complaint of which quality has named the mechanism (P09.12)."""
    return of_it(
        company,
        channel="hotline",
        subject="控制板烧毁",
        description="带载两小时后无输出",
        received_at=at.isoformat(),
        plant="云溪一厂",
        demands=["exchange"],
        quantity_defective=PIECES,
        batch="2601B",
        problem_type=str(one(company, "problem_type")["_id"]),
        mechanism=str(mechanism("M13")["_id"]),
        cause_category="material",
    )


def taken_in(company: Play) -> None:
    """Let sales take the first of them in and pass it on, and quality name its mechanism (P03.20)."""
    told = board_failure(company, FEBRUARY)
    found = {key: told.pop(key) for key in ("mechanism", "cause_category")}
    sheet = company.as_("sales_staff").create("feedback_sheet", **told)
    sheet = company.as_("sales_staff").take(sheet, "pass_on", severity="general")
    company.as_("quality_staff").edit(sheet, **found)


def mechanism(code: str) -> Document:
    found = forms.current("defect_mechanism").records().find_one({"data.code": code})
    assert found is not None
    return found


def opened(company: Play, who: str, period: str = "") -> tuple[Look, dict[str, Result]]:
    """Open the summary as somebody, for last month unless another one is asked for."""
    person = company.as_(who).person
    report = reading.get(person, SUMMARY).definition
    look = reading.look_at(person, report, reading.period_of(report, period), "zh")
    return look, {found.key: found for found in results(look)}


def figures(found: dict[str, Result], column: str = "value") -> dict[str, Any]:
    return {row.values["figure"]: row.values[column] for row in found["figures"].rows}


def named(result: Result, name: str) -> Row:
    return next(row for row in result.rows if name in row.values.values())


def behind(look: Look, row: Row) -> list[Document]:
    """Return the records behind a row, as the list that it leads to shows them."""
    assert row.where is not None
    source = look.report.by_source[row.source]
    return list(look.figures.form(source).records().find(look.figures.match(source, row.where)))


def test_the_summary_of_last_month_is_february_with_its_comparisons(year: Play) -> None:
    """P03.11, P03.29, P03.55: staff of quality and the supervisor of sales read the same figures."""
    look, found = opened(year, "quality_staff")
    assert look.period.name == "2026-02"
    now, before = figures(found), figures(found, "before")
    assert (now["投诉件数"], before["投诉件数"]) == (SPIKE, OLD[-1])
    assert now["不良品数量"] == SPIKE * PIECES
    assert now["已交付产品质量 PPM"] == Decimal(SPIKE * PIECES * 1_000_000) / 4000
    assert (now["应交批次"], now["准时批次"], now["交付准时率"]) == (2, 1, 50)
    assert before["交付准时率"] == 100
    assert "missed" in named(found["figures"], "交付准时率").flags
    assert figures(found, "year_before")["投诉件数"] == OLD[0]
    _look, of_sales = opened(year, "sales_supervisor")
    assert figures(of_sales) == now
    with pytest.raises(NotFoundError):
        reading.get(year.as_("technology_staff").person, SUMMARY)


def test_frequency_plant_trend_and_limits_lead_to_the_very_records_of_one_batch(year: Play) -> None:
    """P03.30–P03.33, P02.40, P02.41, P14.09, P09.12, P09.14."""
    look, found = opened(year, "quality_staff")

    assert named(found["frequency"], "控制板失效").flags == ("frequent",)
    assert named(found["by_plant"], "云溪一厂").values["complaints"] == SPIKE
    assert found["pareto"].rows[0].values["group"] == "控制板失效"
    [bone] = found["fishbone"].rows
    assert (bone.values["bone"], bone.values["twig"]) == ("料", "电子元件早期失效")

    points = {row.values["period"]: row for row in found["trend"].rows}
    assert [name for name, row in points.items() if "abnormal" in row.flags] == ["2026-02"]
    spike = points["2026-02"]
    assert spike.values["complaints"] > spike.values["upper"]
    sheets = behind(look, spike)
    assert len(sheets) == SPIKE
    assert {sheet["data"]["subject"] for sheet in sheets} == {"控制板烧毁"}
    assert {sheet["_id"] for sheet in behind(look, named(found["by_batch"], "2601B"))} == {
        sheet["_id"] for sheet in sheets
    }

    limit = named(found["limits"], "电子元件早期失效")  # 27 of 4,000: more than 3 ‰, no more than 1 %
    assert limit.values["rate"] == Decimal("6.75")
    assert "《市场质量异常反馈单》" in limit.values["asked"]
    assert "《质量专题报告》" not in limit.values["asked"]

    # Records began in February of last year, so no year is complete yet, and nothing is said of seasons.
    assert {row.values["index"] for row in found["season"].rows} == {None}


def test_an_abnormal_trend_leads_to_a_rectification_plan_that_the_summary_tracks(year: Play) -> None:
    """P03.34, P03.35."""
    year.at(FEBRUARY + timedelta(days=20))
    plan = year.as_("quality_head").create(
        "corrective_action",
        subject="控制板早期失效整改计划",
        origin="trend",
        problem="二月同一批次控制板投诉超出控制上限。",
        mechanism=mechanism("M13"),
    )
    year.at(MONDAY_MORNING)
    look, found = opened(year, "quality_staff")
    assert figures(found)["提出纠正/预防措施"] == 1
    [row] = found["actions"].rows
    assert row.values["group"] == "待指定责任部门"
    assert [record["_id"] for record in behind(look, row)] == [plan["_id"]]


def test_every_report_of_the_pack_is_worked_out_even_for_a_time_of_which_nothing_is_known(year: Play) -> None:
    """P03.29, P03.35, P03.52: monthly, yearly, for the management review, and on deliveries."""
    person = year.as_("quality_head").person
    told = {report.key: report.definition for report in reading.readable(person)}
    assert set(told) == {SUMMARY, "annual_complaints", "management_review", "delivery_performance"}
    for report in told.values():
        for name, language in (("", "zh"), ("", "en"), ("2023", "zh")):
            look = reading.look_at(person, report, reading.period_of(report, name), language)
            assert [result.key for result in results(look) if not result.columns] == []
    _look, found = opened(year, "quality_head", "2024-12")
    empty = figures(found)
    assert empty["投诉件数"] == 0
    assert empty["已交付产品质量 PPM"] is None  # nothing was delivered: not nought, and not infinite
    assert empty["交付准时率"] is None


def test_quality_and_sales_may_take_the_summary_away(year: Play) -> None:
    """P03.11: quality staff export the monthly complaint summary."""
    report = reading.get(year.as_("quality_staff").person, SUMMARY).definition
    for who in ("quality_staff", "quality_head", "sales_supervisor", "sales_head"):
        assert making.may_export(year.as_(who).person, report), who
    assert not making.may_export(year.as_("sales_staff").person, report)
