"""P03 flow a, 投诉: every row of 4.1, played by its people."""

from datetime import timedelta

import pytest

from models import clocks, records
from models.database import Document
from models.errors import ConflictError, ForbiddenError, InvalidError
from tests.scenarios.p03 import CAUSE, MEASURES, MEETING, complaint, one
from tests.scenarios.play import MONDAY_MORNING, Play, dept

TASK_ANALYSE = "初步分析，决定是否传递"
TASK_REMEDY = "提出补救措施"
TASK_TALK = "与顾客沟通补救措施"


def test_what_sales_can_solve_stays_there_until_the_customer_is_satisfied(company: Play) -> None:
    """P03.20, P03.21, P03.26, P03.27: received, remedy, talk, new remedy, satisfied, archived."""
    sales, quality = company.as_("sales_staff"), company.as_("quality_staff")
    sheet = complaint(company)
    assert company.state(sheet) == "received"
    assert sales.owes(sheet) == [TASK_ANALYSE]

    sheet = sales.take(sheet, "keep", severity="general")
    assert sheet["data"]["pass_on"] is False
    assert sheet["data"]["handler"] == sales.id
    assert sales.owes(sheet) == [TASK_REMEDY]

    assert sales.lacks(sheet, "propose_remedy") == {"measures"}
    sheet = sales.take(sheet, "propose_remedy", measures=MEASURES)
    assert sales.owes(sheet) == [TASK_TALK]

    assert sales.lacks(sheet, "not_satisfied") == {"dissatisfied_reason"}
    sheet = sales.take(sheet, "not_satisfied", dissatisfied_reason="要求整机更换")
    assert company.state(sheet) == "sales_remedy"
    assert sheet["data"]["customer_satisfied"] is False

    sheet = sales.take(sheet, "propose_remedy", measures=[*MEASURES, {"measure": "整机更换"}])
    sheet = sales.take(sheet, "satisfied", reply="整机更换")
    assert sheet["data"]["customer_satisfied"] is True
    assert company.state(sheet) == "implementing"

    assert sales.lacks(sheet, "record_result") == {"result"}
    sheet = sales.take(sheet, "record_result", result="已换机，顾客确认。")
    assert sheet["data"]["archived_at"] == company.moment

    assert sales.owes(sheet) == []
    assert quality.owes(sheet) == ["分析根本原因，决定是否需要纠正/预防措施"]
    sheet = quality.take(sheet, "close", **CAUSE)
    assert company.state(sheet) == "closed"
    assert sheet["data"]["capa_needed"] is False
    assert sheet["data"]["closed_on"] == "2026-03-02"
    assert company.open_duties(sheet) == []


def test_only_sales_decides_whether_to_pass_on_and_only_the_handler_proposes(company: Play) -> None:
    """P03.20, P03.21: the wrong people are refused, and nothing changes."""
    sheet = complaint(company)
    for stranger in ("quality_staff", "technology_staff", "production_head", "finance_head"):
        assert "keep" not in company.as_(stranger).offered(sheet)
        company.as_(stranger).cannot(sheet, "keep", severity="general")
    sheet = company.as_("sales_staff").take(sheet, "keep")
    company.as_("colleague").cannot(sheet, "propose_remedy", measures=MEASURES)
    company.as_("quality_head").cannot(sheet, "propose_remedy", measures=MEASURES)
    assert "propose_remedy" in company.as_("sales_supervisor").offered(sheet)


def test_48_hours_run_from_receipt_and_the_last_second_is_in_time(company: Play) -> None:
    """P03.22, T8: counted from when sales received it, not from when it was written down."""
    company.at(MONDAY_MORNING + timedelta(hours=3))
    sheet = complaint(company)
    clock = company.clock(sheet, "remedy_48h")
    assert clock.due_at == MONDAY_MORNING + timedelta(hours=48)
    sheet = company.as_("sales_staff").take(sheet, "keep")

    company.later(hours=45)
    assert company.moment == clock.due_at
    clock = company.clock(sheet, "remedy_48h")
    assert not clock.is_late(company.moment)
    company.as_("sales_staff").take(sheet, "propose_remedy", measures=MEASURES)
    clock = company.clock(sheet, "remedy_48h")
    assert clock.state == "done"
    assert clock.late_since is None
    company.later(hours=48)
    assert not company.as_("sales_head").heard("逾期")


def test_a_second_after_48_hours_is_late(company: Play) -> None:
    """P03.22, 2.7 item 1: 内 means at most."""
    sheet = complaint(company)
    company.later(hours=48, seconds=1)
    assert company.clock(sheet, "remedy_48h").is_late(company.moment)
    assert company.clock(sheet, "remedy_48h").late_since == MONDAY_MORNING + timedelta(hours=48)


def test_reminders_climb_from_the_handler_to_the_deputy_general_manager(company: Play) -> None:
    """P03.22, T8: warning before, at the due time, then head of sales, then deputy general manager."""
    sheet = complaint(company)
    sales, head = company.as_("sales_staff"), company.as_("sales_head")
    deputy, supervisor = company.as_("deputy_general_manager"), company.as_("sales_supervisor")
    company.as_("sales_staff").take(sheet, "keep")

    company.later(hours=35)
    assert not sales.heard("12 小时到期")
    company.later(hours=1)
    assert sales.heard("补救措施还有 12 小时到期")
    assert not supervisor.heard("48 小时期限已到")
    company.later(hours=12)
    assert supervisor.heard("48 小时期限已到")
    assert not head.heard("逾期 4 小时")
    company.later(hours=4)
    assert head.heard("补救措施已逾期 4 小时")
    assert not deputy.heard("逾期")
    company.later(hours=20)
    assert deputy.heard("补救措施已逾期 24 小时")

    before = len(deputy.told())
    company.later(hours=200)
    assert len([one for one in deputy.told()[before:] if "48 小时" in one or "24 小时" in one]) == 0
    assert sheet["number"] in deputy.told()[-1]


def test_the_deadline_explains_itself(company: Play) -> None:
    """P03.22: since when, until when, by which clock."""
    sheet = complaint(company)
    lines = " ".join(
        str(line) for line in clocks.explain(company.clock(sheet, "remedy_48h"), "zh", company.zone)
    )
    assert "2026-03-02 09:00" in lines
    assert "2026-03-04 09:00" in lines


def test_passing_on_ends_the_48_hours(company: Play) -> None:
    """P03.22: only what is not passed on has the 48 hours."""
    sheet = complaint(company)
    company.later(hours=10)
    company.as_("sales_staff").take(sheet, "pass_on", severity="general")
    assert company.clock(sheet, "remedy_48h").state == "done"
    company.later(hours=60)
    assert not company.as_("sales_head").heard("补救措施已逾期 4 小时")


def test_exempting_from_the_48_hours_wants_a_reason_and_the_right_person(company: Play) -> None:
    """2.1: an exemption with a reason."""
    sheet = complaint(company)
    clock = company.clock(sheet, "remedy_48h")
    sales, head = company.as_("sales_staff"), company.as_("sales_head")
    with pytest.raises(ForbiddenError):
        clocks.exempt(sales.actor, sales.person, clock.id, "顾客休假")
    clocks.exempt(head.actor, head.person, clock.id, "顾客休假两周，约定节后处理")
    assert company.clock(sheet, "remedy_48h").state == "exempt"
    company.later(hours=100)
    assert not company.as_("deputy_general_manager").heard("逾期")


def test_a_major_problem_brings_the_departments_together(company: Play) -> None:
    """P03.23, P03.25: 品保部 convenes engineering, production and others; then the customer; a loop."""
    sheet = complaint(company)
    reason = "批量漏油，影响顾客装机"
    assert company.as_("sales_staff").lacks(sheet, "pass_on", severity="major") == {"severity_reason"}
    sheet = company.as_("sales_staff").take(sheet, "pass_on", severity="major", severity_reason=reason)
    assert company.state(sheet) == "meeting"
    assert sheet["data"]["passed_to"] == dept("QUALITY").id
    head = company.as_("quality_head")
    assert head.owes(sheet) == ["召集技术部、生产部等召开临时会议并制订补救措施"]
    assert company.as_("technology_head").heard("品保部将召集临时会议")
    assert company.as_("production_head").heard("品保部将召集临时会议")

    company.as_("technology_head").cannot(sheet, "meeting_held", **MEETING)
    company.as_("sales_head").cannot(sheet, "meeting_held", **MEETING)
    assert head.lacks(sheet, "meeting_held", measures=MEASURES) == {
        "meeting_at", "meeting_departments", "meeting_record",
    }  # fmt: skip
    sheet = head.take(sheet, "meeting_held", **MEETING)
    assert company.state(sheet) == "quality_talk"
    assert sheet["data"]["handler"] == head.id

    company.as_("sales_staff").cannot(sheet, "satisfied_by_quality")
    sheet = head.take(sheet, "not_satisfied_by_quality", dissatisfied_reason="要求驻厂全检")
    assert company.state(sheet) == "quality_remedy"
    sheet = head.take(sheet, "propose_quality_remedy", measures=[*MEASURES, {"measure": "驻厂全检"}])
    sheet = head.take(sheet, "satisfied_by_quality")
    sheet = head.take(sheet, "record_result", result="全检完成，无再现。")
    assert company.state(sheet) == "analysing"


def test_a_general_problem_is_remedied_by_quality_alone(company: Play) -> None:
    """P03.24, P03.25."""
    sheet = complaint(company)
    sheet = company.as_("sales_staff").take(sheet, "pass_on", severity="general")
    assert company.state(sheet) == "quality_remedy"
    quality = company.as_("quality_staff")
    assert quality.owes(sheet) == ["制订补救措施"]
    company.as_("sales_staff").cannot(sheet, "propose_quality_remedy", measures=MEASURES)
    sheet = quality.take(sheet, "propose_quality_remedy", measures=MEASURES)
    assert quality.owes(sheet) == [TASK_TALK]
    sheet = quality.take(sheet, "satisfied_by_quality", reply="已换件")
    assert company.state(sheet) == "implementing"
    assert sheet["data"]["replied_by"] == quality.id


def test_quality_grades_what_sales_passed_on_without_a_grade(company: Play) -> None:
    """P03.28: the criteria are the company's own; the grade decides between meeting and remedy."""
    criterion = company.as_("quality_head").create(
        "severity_criterion", name="批量不良", severity="major", criterion="同批不良率 ≥ 10%"
    )
    sheet = complaint(company)
    sheet = company.as_("sales_staff").take(sheet, "pass_on")
    assert company.state(sheet) == "passed_on"
    quality = company.as_("quality_staff")
    assert quality.owes(sheet) == ["判定严重程度"]
    sheet = quality.take(sheet, "grade", severity="major", criterion=criterion, severity_reason="不良率 12%")
    assert company.state(sheet) == "meeting"
    assert sheet["data"]["graded_by"] == quality.id


def test_a_general_problem_that_turns_out_major_goes_to_a_meeting_and_the_clock_begins_anew(
    company: Play,
) -> None:
    """2.7 item 5: the class changes after routing; the table's rule says what happens, clocks included."""
    sheet = complaint(company)
    sheet = company.as_("sales_staff").take(sheet, "pass_on", severity="general")
    first = company.clock(sheet, "quality_remedy")
    company.later(hours=5)
    quality = company.as_("quality_staff")
    quality.edit(sheet, severity="major", severity_reason="又发现 30 台")
    assert company.state(sheet) == "meeting"
    assert company.as_("quality_head").owes(sheet) == ["召集技术部、生产部等召开临时会议并制订补救措施"]
    second = company.clock(sheet, "quality_remedy")
    assert company.clock(sheet, "meeting_24h").due_at == company.moment + timedelta(hours=24)
    assert second.id != first.id
    assert second.due_at > first.due_at
    assert company.as_("technology_head").heard("品保部将召集临时会议")


def test_a_late_meeting_reaches_the_deputy_general_manager(company: Play) -> None:
    """P03.23, T28: the source names no time; the starting value is 24 hours."""
    sheet = complaint(company)
    company.as_("sales_staff").take(sheet, "pass_on", severity="urgent", severity_reason="起火隐患")
    company.later(hours=24)
    assert company.as_("quality_head").heard("临时会议期限已到")
    assert not company.as_("deputy_general_manager").heard("临时会议已逾期")
    company.later(hours=4)
    assert company.as_("deputy_general_manager").heard("临时会议已逾期")


def test_working_days_of_quality_leave_out_the_weekend(company: Play) -> None:
    """P03.24, T28: three working days from Thursday end on Tuesday."""
    company.at(MONDAY_MORNING + timedelta(days=3))
    sheet = complaint(company, received_at=company.moment)
    company.as_("sales_staff").take(sheet, "pass_on", severity="general")
    assert company.clock(sheet, "quality_remedy").due_at == MONDAY_MORNING + timedelta(days=8)


def analysed(company: Play) -> tuple[Document, Document]:
    """Bring a complaint to its corrective action."""
    sheet = complaint(company)
    sheet = company.as_("sales_staff").take(sheet, "pass_on", severity="general")
    quality = company.as_("quality_staff")
    sheet = quality.take(sheet, "propose_quality_remedy", measures=MEASURES)
    sheet = quality.take(sheet, "satisfied_by_quality")
    sheet = quality.take(sheet, "record_result", result="已换件")
    assert quality.lacks(sheet, "start_action", **CAUSE) == {"responsible_department", "capa_due_on"}
    company.as_("sales_staff").cannot(
        sheet, "start_action", **CAUSE, responsible_department=dept("PRODUCTION"), capa_due_on="2026-04-01"
    )
    sheet = quality.take(
        sheet, "start_action", **CAUSE, responsible_department=dept("PRODUCTION"), capa_due_on="2026-04-01"
    )
    return sheet, company.linked(sheet, "corrective_action")


def test_a_corrective_action_goes_to_the_department_that_quality_named(company: Play) -> None:
    """P03.27, P03.04, P03.05: created with what the sheet knows; plan, approval, verification, close."""
    sheet, action = analysed(company)
    assert company.state(sheet) == "closed"
    assert sheet["data"]["capa_needed"] is True
    assert action["data"]["feedback_sheet"] == sheet["_id"]
    assert action["data"]["root_cause"] == CAUSE["root_cause"]
    assert action["data"]["responsible_department"] == dept("PRODUCTION").id
    assert company.state(action) == "planning"
    production, staff = company.as_("production_head"), company.as_("production_staff")
    assert production.owes(action) == ["分析原因，制订纠正/预防措施"]

    company.as_("technology_head").cannot(action, "submit", measures=MEASURES)
    company.as_("quality_staff").cannot(action, "submit", measures=MEASURES)
    action = staff.take(action, "submit", measures=[{"kind": "preventive", "measure": "增加唇口检查"}])
    assert company.state(action) == "approving"
    head = company.as_("quality_head")
    for stranger in ("quality_staff", "production_head", "general_manager"):
        with pytest.raises(ForbiddenError):
            company.as_(stranger).approve(action)
    action = head.reject(action, reason="没有有效性判据")
    assert company.state(action) == "planning"
    action = staff.take(action, "submit", criterion="连续三批无同类问题")
    action = head.approve(action)
    assert company.state(action) == "carrying_out"

    company.as_("quality_staff").cannot(action, "carried_out", completed_on="2026-03-20")
    action = production.take(action, "carried_out", completed_on="2026-03-20")
    quality = company.as_("quality_staff")
    assert quality.owes(action) == ["跟踪验证措施是否有效"]
    production.cannot(action, "effective", verification="有效")
    action = quality.take(action, "not_effective", verification="第二批再现")
    assert company.state(action) == "planning"
    assert production.heard("验证无效")

    action = staff.take(action, "submit", measures=[{"measure": "改用导向工装"}])
    action = head.approve(action)
    action = production.take(action, "carried_out", completed_on="2026-04-20")
    action = quality.take(action, "effective", verification="连续三批为零")
    assert company.state(action) == "closed"
    assert action["data"]["effective"] is True
    assert action["data"]["verified_by"] == quality.id
    assert company.open_duties(action) == []


def test_a_late_corrective_action_is_escalated(company: Play) -> None:
    """P03.05, T28: first the department, then quality and the deputy general manager."""
    _sheet, action = analysed(company)
    company.later(days=7)
    assert company.as_("production_head").heard("提交期限已到")
    assert not company.as_("deputy_general_manager").heard("纠正/预防措施已逾期")
    company.later(days=2)
    assert company.as_("deputy_general_manager").heard("纠正/预防措施已逾期 2 个工作日")
    assert company.state(action) == "planning"


def test_quality_names_another_department(company: Play) -> None:
    """P03.04."""
    _sheet, action = analysed(company)
    company.as_("production_head").cannot(
        action, "other_department", responsible_department=dept("TECH"), reason="不归我们"
    )
    action = company.as_("quality_head").take(
        action, "other_department", responsible_department=dept("TECH"), reason="设计原因"
    )
    assert company.as_("production_head").owes(action) == []
    assert company.as_("technology_head").owes(action) == ["分析原因，制订纠正/预防措施"]


def test_the_same_trouble_again_is_linked(company: Play) -> None:
    """2.7 item 10."""
    first = complaint(company)
    again = complaint(company, repeated=True, earlier_sheet=first)
    assert again["data"]["earlier_sheet"] == first["_id"]


def test_an_enquiry_is_answered_and_not_passed_on(company: Play) -> None:
    """P01.37, beside P03 a: what is no complaint has no remedy and no 48 hours."""
    sheet = complaint(company, kind="enquiry")
    sales = company.as_("sales_staff")
    assert not [one for one in sales.offered(sheet) if one in {"keep", "pass_on"}]
    sheet = sales.take(sheet, "answer", reply="请使用 10W-30 机油。")
    assert company.state(sheet) == "closed"
    with pytest.raises(AssertionError):
        company.clock(sheet, "remedy_48h")


def test_what_is_no_fault_is_refused_politely(company: Play) -> None:
    """P24.09."""
    sheet = complaint(company)
    company.as_("sales_staff").cannot(sheet, "refuse", invalid_reason="误操作", reply="已说明")
    head = company.as_("sales_head")
    assert head.lacks(sheet, "refuse", invalid_reason="误操作") == {"reply"}
    sheet = head.take(sheet, "refuse", invalid_reason="误操作", reply="感谢反馈")
    assert company.state(sheet) == "rejected"
    assert company.open_duties(sheet) == []


def test_a_step_that_is_not_possible_now_changes_nothing(company: Play) -> None:
    """Out of order, and twice."""
    sheet = complaint(company)
    sales = company.as_("sales_staff")
    with pytest.raises(ConflictError):
        sales.take(sheet, "record_result", result="完")
    kept = sales.take(sheet, "keep")
    with pytest.raises(ConflictError):
        sales.take(sheet, "keep", revision=sheet["revision"])
    assert company.now(sheet) == kept


def test_saving_the_form_moves_nothing_and_does_not_touch_what_steps_set(company: Play) -> None:
    """Every path: the edit form cannot jump the workflow."""
    sheet = complaint(company)
    sales = company.as_("sales_staff")
    sales.edit(
        sheet, pass_on=True, customer_satisfied=True, capa_needed=False, closed_on="2026-03-01", result="完"
    )
    stored = company.now(sheet)
    assert stored["state"] == "received"
    assert not {"pass_on", "customer_satisfied", "capa_needed", "closed_on"} & stored["data"].keys()


def test_a_closed_sheet_is_closed_for_the_edit_form_and_the_api(company: Play) -> None:
    """P03.26: archived."""
    sheet = complaint(company, kind="enquiry")
    sales = company.as_("sales_staff")
    sheet = sales.take(sheet, "answer", reply="已答复")
    sales.edit(sheet, subject="改掉")
    assert company.now(sheet)["data"]["subject"] == "水泵漏油"
    stored = company.now(sheet)
    with pytest.raises(Exception, match="cannot be changed"):
        records.update(
            sales.actor,
            company.form_of(sheet),
            sheet["_id"],
            {"subject": "改掉"},
            revision=stored["revision"],
            source="api",
        )


def test_an_import_begins_at_the_beginning(company: Play) -> None:
    """Every path: a workbook that claims to be closed starts where everything starts."""
    given = {
        "channel": "phone",
        "subject": "导入",
        "description": "导入",
        "received_at": MONDAY_MORNING.isoformat(),
        "customer": str(one(company, "customer")["_id"]),
        "product": str(one(company, "product")["_id"]),
        "demands": ["exchange"],
        "closed_on": "2026-03-01",
        "customer_satisfied": True,
    }
    sales = company.as_("sales_staff")
    made = records.create(sales.actor, company.form("feedback_sheet"), given, source="import")
    assert made["state"] == "received"
    assert not {"closed_on", "customer_satisfied"} & made["data"].keys()


def test_somebody_who_stands_in_takes_the_step_on_behalf(company: Play) -> None:
    """Item 2 of the engine, seen from P03: the handler is away."""
    sheet = complaint(company)
    sales, colleague = company.as_("sales_staff"), company.as_("colleague")
    sheet = sales.take(sheet, "keep")
    company.delegate(sales, colleague, days=3)
    sheet = colleague.take(sheet, "propose_remedy", measures=MEASURES)
    assert company.state(sheet) == "sales_talk"


def test_an_abnormal_trend_leads_to_a_corrective_action_of_its_own(company: Play) -> None:
    """P03.34, P03.04: 相关部门提出整改计划; only quality names the department."""
    with pytest.raises(ForbiddenError):
        company.as_("sales_staff").create(
            "corrective_action", subject="渗漏上升", origin="trend", problem="渗漏"
        )
    quality = company.as_("quality_staff")
    action = quality.create("corrective_action", subject="渗漏上升", origin="trend", problem="三个月连续上升")
    assert company.state(action) == "issued"
    assert quality.owes(action) == ["指定责任部门和完成期限"]
    assert quality.lacks(action, "name_department", responsible_department=dept("PRODUCTION")) == {"due_on"}
    company.as_("production_head").cannot(
        action, "name_department", responsible_department=dept("TECH"), due_on="2026-04-01"
    )
    action = quality.take(
        action, "name_department", responsible_department=dept("PRODUCTION"), due_on="2026-04-01"
    )
    assert company.as_("production_head").owes(action) == ["分析原因，制订纠正/预防措施"]
    company.later(days=28)
    assert company.as_("production_head").heard("措施要求 3 个工作日内实施完成")


def test_many_at_once_and_one_cell_go_the_same_way(company: Play) -> None:
    """Every path: a change of one field of many records cannot write what steps write, and says so."""
    sheet, sales = complaint(company), company.as_("sales_staff")
    for field, value in {"pass_on": True, "customer_satisfied": True, "closed_on": "2026-03-02"}.items():
        with pytest.raises(InvalidError) as caught:
            records.update(
                sales.actor,
                company.form_of(sheet),
                sheet["_id"],
                {field: value},
                revision=sheet["revision"],
                partial=True,
            )
        assert set(caught.value.errors) == {field}
    assert company.now(sheet) == sheet
