"""P03 4.1.7–4.1.8: the month is closed, approved, handed out and read; later the same comes out again."""

from pathlib import Path
from typing import Any

import pytest

from models import forms, records
from models.database import Document, db
from models.disclosure import Disclosure
from models.errors import ConflictError, DomainError, ForbiddenError, InvalidError
from models.jobs import RunningJob
from models.people import Actor
from models.reports import keeping as reports
from models.reports import plans, reading
from models.reports.closing import keeping, reopening, reprint
from models.reports.closing import running as closing_month
from models.reports.periods import Period
from models.reports.running import results
from tasks.jobs import carry_out
from tests.scenarios.play import Play, dept
from tests.scenarios.test_p03_monthly_summary import SUMMARY, opened, year

__all__ = ["year"]

FEBRUARY, MARCH = Period.read("2026-02"), Period.read("2026-03")


def close(company: Play, who: str, period: Period) -> Document:
    """Close a month as somebody, and return the paper by which it is approved and handed out."""
    job = closing_month.enqueue(company.as_(who).person, reports.get(SUMMARY), period, "zh")
    running = RunningJob.claim(job.id, "scenario")
    assert running
    carry_out(running)
    job.reload()
    assert job.state == "done", job.error
    company.settle()
    closing = keeping.get(SUMMARY, period.name)
    assert closing
    assert closing.release
    paper = forms.current("summary_release").records().find_one({"_id": closing.release["record"]})
    assert paper
    return paper


def again(company: Play, tmp_path: Path, name: str) -> bytes:
    """Return the workbook of February as it is written now."""
    closing = keeping.get(SUMMARY, "2026-02")
    assert closing
    person = company.as_("quality_head").person
    look = reading.look_at(person, reports.get(SUMMARY).definition, FEBRUARY, "zh")
    reprint.workbook(tmp_path / name, look, closing)
    return (tmp_path / name).read_bytes()


def receipts(paper: Document) -> list[Document]:
    found = forms.current("summary_receipt").records().find({"data.release": paper["_id"]})
    return list(found.sort("number", 1))


def handed_in(company: Play) -> Document:
    """Close February and hand its summary in, with a conclusion and who gets it."""
    paper = close(company, "sales_supervisor", FEBRUARY)
    departments = {"TECH": "technology_head", "PRODUCTION": "production_head"}
    rows: list[dict[str, Any]] = [
        {"department": str(dept(code).id), "receiver": str(company.as_(who).id)}
        for code, who in departments.items()
    ]
    supervisor = company.as_("sales_supervisor")
    assert supervisor.lacks(paper, "submit", conclusion="", distribution=[]) == {"conclusion", "distribution"}
    return supervisor.take(
        paper,
        "submit",
        conclusion="云溪一厂控制板集中失效。",
        rectification="见整改计划。",
        distribution=rows,
    )


def hand_out(company: Play, paper: Document) -> None:
    """Check and countersign a summary, so that its departments get it."""
    company.as_("sales_head").approve(paper)
    for head in ("quality_head", "technology_head", "production_head"):
        company.as_(head).approve(company.now(paper))


def test_an_abnormal_month_starts_a_rectification_plan_once(year: Play) -> None:
    """P03.34."""
    _look, found = opened(year, "quality_staff")
    assert plans.asked(reports.get(SUMMARY).definition, found["trend"])
    head = year.as_("quality_head").person
    begun = plans.begin(head, reports.get(SUMMARY), FEBRUARY, "trend")
    assert plans.begin(head, reports.get(SUMMARY), FEBRUARY, "trend") == begun
    [plan] = forms.current("corrective_action").records().find({"data.origin": "trend"})
    assert plan["_id"] == begun.record
    assert plan["data"]["subject"].startswith("2026-02")


def test_a_mechanism_over_its_limit_starts_the_report_that_it_demands(year: Play) -> None:
    """P09.12, P09.15: more than 3 ‰ of one mechanism, no more than 1 %."""
    _look, found = opened(year, "quality_staff")
    [asked] = plans.asked(reports.get(SUMMARY).definition, found["limits"])
    person = year.as_("quality_staff").person
    begun = plans.begin(person, reports.get(SUMMARY), FEBRUARY, "limits", asked.group)
    report = begun.form.records().find_one({"_id": begun.record})
    assert report
    mechanism = forms.current("defect_mechanism").records().find_one({"_id": report["data"]["mechanism"]})
    assert mechanism
    assert mechanism["title"] == "电子元件早期失效"
    assert (report["data"]["kind"], str(report["data"]["rate"])) == ("anomaly", "6.750")
    year.settle()
    assert year.clock(report, "send")


def test_the_month_is_checked_countersigned_and_read_by_every_department(year: Play) -> None:
    """P03.29, P03.35: editor → head → countersigning → distribution with receipts → filed."""
    paper = handed_in(year)
    assert year.state(paper) == "checking"
    year.as_("sales_head").approve(paper)
    assert year.state(paper) == "countersigning"
    for head in ("quality_head", "technology_head", "production_head"):
        year.as_(head).approve(year.now(paper))
    assert year.state(paper) == "handing_out"
    papers = receipts(paper)
    assert [year.state(one) for one in papers] == ["sent", "sent"]
    with pytest.raises(InvalidError, match="finished first"):
        year.as_("sales_supervisor").take(year.now(paper), "file")
    for one, who in zip(papers, ("technology_head", "production_head"), strict=True):
        year.as_("sales_staff").cannot(one, "confirm")
        year.as_(who).take(one, "confirm", measures="已安排排查。")
    assert all(one["data"]["read_on"] for one in receipts(paper))
    year.as_("sales_supervisor").take(year.now(paper), "file")
    assert year.state(paper) == "filed"


def test_a_month_that_is_opened_again_takes_back_what_was_handed_out(year: Play) -> None:
    """P03.29, P03.35: the release is void, departments are told, and the month is closed anew."""
    paper = handed_in(year)
    hand_out(year, paper)
    [read, unread] = receipts(paper)
    year.as_("technology_head").take(read, "confirm", measures="已安排排查。")
    closing = keeping.get(SUMMARY, "2026-02")
    assert closing
    reopening.reopen(year.as_("sales_head").person, closing, "漏记一件索赔")
    year.settle()
    assert year.state(paper) == "void"
    assert [year.state(one) for one in receipts(paper)] == ["void", "void"]
    for who in ("technology_head", "production_head"):
        assert year.as_(who).heard("已收回")
    with pytest.raises(ConflictError):
        year.as_("production_head").take(year.now(unread), "confirm")
    year.later(days=8)
    assert not year.as_("production_head").heard("请确认已接收汇总表")
    second = close(year, "sales_supervisor", FEBRUARY)
    assert second["_id"] != paper["_id"]
    assert year.state(second) == "editing"


def test_nobody_takes_back_a_summary_by_hand_while_its_month_is_closed(year: Play) -> None:
    """P03.35: what was handed out counts until the month is opened again, with a right and a reason."""

    def cannot(record: Document, step: str) -> None:
        for who in ("sales_head", "quality_head", "sales_supervisor"):
            assert step not in year.as_(who).offered(record)
            with pytest.raises(ConflictError, match="not possible"):
                year.as_(who).take(year.now(record), step, reason="漏记")

    paper = handed_in(year)
    cannot(paper, "cancel")
    hand_out(year, paper)
    cannot(paper, "cancel")
    for one in receipts(paper):
        cannot(one, "recall")


def test_the_workbook_of_a_month_is_its_departments_once_it_is_handed_out(year: Play) -> None:
    """P03.35: until then only whoever edits, checks and countersigns it has it."""

    def has_it(who: str) -> bool:
        told = Disclosure(year.as_(who).person, forms.current("summary_release"))
        return isinstance(told.shown(year.now(paper))["data"].get("workbook"), list)

    paper = handed_in(year)
    staff = ("service_engineer", "technology_staff")
    heads = ("sales_head", "quality_head", "technology_head", "production_head")
    assert {who: has_it(who) for who in (*staff, *heads)} == {
        **dict.fromkeys(staff, False),
        **dict.fromkeys(heads, True),
    }
    hand_out(year, paper)
    assert all(has_it(who) for who in (*staff, *heads))


def test_a_refused_summary_goes_back_to_its_editor(year: Play) -> None:
    paper = handed_in(year)
    year.as_("sales_head").reject(paper, reason="结论不充分")
    assert year.state(paper) == "editing"


def test_whoever_does_not_read_a_summary_is_reminded_and_then_their_head(year: Play) -> None:
    paper = handed_in(year)
    hand_out(year, paper)
    year.later(days=8)
    assert year.as_("technology_head").heard("请确认已接收汇总表")


def test_only_who_may_closes_and_reopens_a_month(year: Play) -> None:
    with pytest.raises(ForbiddenError):
        close(year, "sales_staff", FEBRUARY)
    with pytest.raises(DomainError):
        close(year, "sales_supervisor", MARCH)  # it is not over
    close(year, "sales_supervisor", FEBRUARY)
    closing = keeping.get(SUMMARY, "2026-02")
    assert closing
    with pytest.raises(ForbiddenError):
        reopening.reopen(year.as_("sales_supervisor").person, closing, "漏记")
    reopening.reopen(year.as_("sales_head").person, closing, "漏记一件索赔")
    assert keeping.get(SUMMARY, "2026-02") is None


def test_next_month_the_same_workbook_comes_out_and_what_changed_is_told(year: Play, tmp_path: Path) -> None:
    """P03.29: the frozen month is the same byte by byte; a late change is a correction of March."""
    close(year, "sales_supervisor", FEBRUARY)
    first = again(year, tmp_path, "first.xlsx")
    year.later(days=10)
    sheet = forms.current("feedback_sheet").records().find_one({"data.batch": "2601B"})
    assert sheet
    records.update(
        Actor.system(),
        forms.current("feedback_sheet"),
        sheet["_id"],
        {"quantity_defective": 400},
        revision=sheet["revision"],
        partial=True,
        source="system",
    )
    year.later(days=25)
    assert again(year, tmp_path, "second.xlsx") == first
    person = year.as_("quality_head").person
    march = reading.look_at(person, reports.get(SUMMARY).definition, MARCH, "zh")
    [row] = next(one for one in results(march) if one.key == "corrections").rows
    assert (row.values["period"], row.values["number"]) == ("2026-02", sheet["number"])
    assert "400" in row.values["fields"]
    assert db().report_frozen.count_documents({"period": "2026-02"}) > 0
