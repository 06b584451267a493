"""P02 发动机售后问题, played row by row: three classes with T1–T7, responsibility, suppliers, training."""

from datetime import timedelta
from typing import Any

import pytest

from models import clocks
from models.database import Document, db
from models.errors import ForbiddenError, InvalidError
from tests.scenarios.play import MONDAY_MORNING, Play, Player, dept

PEOPLE = {
    "chief=company_management": "GM",
    "company_management": "GM",
    "production_manager": "PRODUCTION",
    "culprit=responsible_department_staff": "PRODUCTION",
    "after_sales_head": "AFTERSALES",
    "hotline_agent": "AFTERSALES",
    "field_service_staff": "AFTERSALES",
    "second_field=field_service_staff": "AFTERSALES",
    "support_mechanical": "SUPPORT",
    "support_electrical": "SUPPORT",
    "support_head=service_superior": "SUPPORT",
    "technical_expert": "RND",
    "quality_head=service_quality_staff": "QCONTROL",
    "service_quality_staff": "QCONTROL",
    "service_trainer": "AFTERSALES",
}
HEADS = {
    "GM": "chief",
    "PRODUCTION": "production_manager",
    "AFTERSALES": "after_sales_head",
    "SUPPORT": "support_head",
    "RND": "technical_expert",
    "QCONTROL": "quality_head",
}
DIAGNOSIS = [{"method": "remote", "steps": "读取故障码", "findings": "轨压低", "cause": "油泵磨损"}]
SOLUTION: dict[str, Any] = {"diagnosis": DIAGNOSIS, "solution": "更换油泵"}
PROPOSAL: dict[str, Any] = {**SOLUTION, "solution_kind": "replace", "expected_at": "2026-03-03T02:00:00Z"}
RESULT: dict[str, Any] = {"result": "更换油泵后正常", "result_kind": "solved", "cause_category": "material"}
MEETING: dict[str, Any] = {"meeting_people": "售后、专家", "first_measures": "先停机检查"}
PLAN: dict[str, Any] = {"scenario": "现场起火", "safety": "人员撤离", "steps": "断油断电，隔离现场"}
HOUR = timedelta(hours=1)


@pytest.fixture
def plant(play: Play) -> Play:
    play.install("engine-service")
    play.cast(PEOPLE, HEADS)
    return play


def ticket(plant: Play, by: str = "hotline_agent", **values: Any) -> Document:
    """Let somebody write down a problem that comes in now (P02.12, P02.18)."""
    given: dict[str, Any] = {
        "subject": "动力不足",
        "channel": "hotline",
        "customer_name": "海安船务",
        "contact": "船长 13900000000",
        "engine_model": "6L240",
        "usage": "拖轮",
        "symptom": "满负荷转速下降",
    }
    return plant.as_(by).create("service_ticket", received_at=plant.moment, **{**given, **values})


def classified(plant: Play, severity: str, problem_type: str = "power") -> Document:
    return plant.as_("hotline_agent").take(
        ticket(plant), "classify", severity=severity, problem_type=problem_type
    )


def on_site(plant: Play) -> Document:
    """Bring an important problem to the customer's site (P02.31)."""
    record = classified(plant, "important")
    people = [{"person": plant.as_("technical_expert")}, {"person": plant.as_("field_service_staff")}]
    plant.as_("after_sales_head").take(record, "meeting_held", sent_people=people, **MEETING)
    return plant.as_("field_service_staff").take(record, "arrive")


def plan_in_force(plant: Play) -> Document:
    head = plant.as_("after_sales_head")
    plan = head.create("emergency_plan", name="机舱起火", **PLAN)
    head.take(plan, "submit")
    head.approve(plan)
    return plant.as_("company_management").approve(plan)


def mobilised(plant: Play) -> Document:
    """Put the emergency plan in action and form the team (P02.32)."""
    record = classified(plant, "urgent", "fracture")
    team = [{"person": plant.as_("technical_expert")}, {"person": plant.as_("field_service_staff")}]
    return plant.as_("after_sales_head").take(record, "form_team", plan=plan_in_force(plant), team=team)


def is_late(plant: Play, record: Document, clock: str) -> bool:
    return bool(plant.clock(record, clock).is_late(plant.moment))


@pytest.mark.parametrize("channel", ["hotline", "online", "on_site"])
def test_a_problem_is_written_down_with_what_the_hotline_asks(plant: Play, channel: str) -> None:
    """P02.03, P02.12, P02.18, P02.22: three channels, any hour; the site staff enter theirs too."""
    plant.at(MONDAY_MORNING + timedelta(hours=18))  # 3 o'clock at night
    record = ticket(
        plant, "field_service_staff" if channel == "on_site" else "hotline_agent", channel=channel
    )
    assert record["number"].startswith("SH-202603-")
    assert plant.clock(record, "t1_classify").due_at == plant.moment + HOUR
    assert plant.as_("hotline_agent").owes(record) == ["1 小时内整理分类"]


@pytest.mark.parametrize("minutes", [0, 1])
def test_t1_classified_within_an_hour_of_receipt(plant: Play, minutes: int) -> None:
    """P02.23, T1: exactly an hour is in time, a minute later is late and climbs."""
    record = ticket(plant)
    plant.later(hours=1, minutes=minutes)
    assert is_late(plant, record, "t1_classify") is bool(minutes)
    agent = plant.as_("hotline_agent")
    assert agent.lacks(record, "classify") == {"severity", "problem_type"}
    plant.as_("support_mechanical").cannot(record, "classify", severity="general", problem_type="power")
    agent.take(record, "classify", severity="general", problem_type="power")
    clock = plant.clock(record, "t1_classify")
    assert (clock.state, clock.late_since is not None) == ("done", bool(minutes))


def test_t1_unclassified_problems_climb_to_management(plant: Play) -> None:
    """P02.23: agent before, head at the hour, management half an hour later."""
    ticket(plant)
    plant.later(minutes=45)
    assert plant.as_("hotline_agent").heard("15 分钟内须分类")
    plant.later(minutes=16)
    assert plant.as_("after_sales_head").heard("1 小时已到，尚未分类")
    assert not plant.as_("chief").heard("超时未分类")
    plant.later(minutes=30)
    assert plant.as_("chief").heard("超时未分类")


@pytest.mark.parametrize(
    ("problem_type", "group", "other"),
    [
        ("power", "support_mechanical", "support_electrical"),
        ("electrical", "support_electrical", "support_mechanical"),
    ],
)
def test_a_general_problem_goes_to_the_group_for_its_type(
    plant: Play, problem_type: str, group: str, other: str
) -> None:
    """P02.19, P02.30: 按问题类型分配; only that group handles it."""
    record = classified(plant, "general", problem_type)
    assert plant.as_(group).owes(record) == ["2 小时内联系客户"]
    assert plant.as_(group).heard("请 2 小时内联系客户：动力不足，船长 13900000000")
    assert not plant.as_(other).heard("动力不足")
    plant.as_(other).cannot(record, "contacted")
    assert not plant.as_("technical_expert").heard("动力不足")


@pytest.mark.parametrize("minutes", [0, 1])
def test_t2_the_customer_is_contacted_within_two_hours_of_the_assignment(plant: Play, minutes: int) -> None:
    """P02.24, T2: counted from the assignment, not from the receipt."""
    record = ticket(plant)
    plant.later(minutes=40)
    plant.as_("hotline_agent").take(record, "classify", severity="general", problem_type="power")
    assert plant.clock(record, "t2_contact").due_at == plant.moment + 2 * HOUR
    plant.later(hours=2, minutes=minutes)
    assert is_late(plant, record, "t2_contact") is bool(minutes)
    assert plant.as_("support_head").heard("2 小时已到，尚未联系客户") or not minutes
    record = plant.as_("support_mechanical").take(record, "contacted")
    assert record["data"]["contacted_at"] == plant.moment
    assert (plant.clock(record, "t2_contact").late_since is not None) is bool(minutes)


def test_a_general_problem_ends_only_with_an_approved_solution_and_a_satisfied_customer(plant: Play) -> None:
    """P02.13, P02.14, P02.16, P02.30, P02.33, P02.35: diagnosis, approval by the superior, loop, result."""
    record, support = classified(plant, "general"), plant.as_("support_mechanical")
    support.take(record, "contacted")
    assert support.lacks(record, "propose") == {"diagnosis", "solution_kind", "solution", "expected_at"}
    support.take(record, "propose", **PROPOSAL)
    with pytest.raises(ForbiddenError):
        support.approve(record)  # 上级, not oneself
    plant.as_("support_head").reject(record, reason="先核对配件号")
    assert plant.state(record) == "diagnosing"
    support.take(record, "propose", **PROPOSAL)
    plant.as_("support_head").approve(record)
    assert plant.state(record) == "implementing"
    assert support.heard("方案已批准，请实施")
    support.take(record, "implemented")

    agent = plant.as_("hotline_agent")
    assert "record" not in agent.offered(record)
    assert agent.lacks(record, "customer_not_satisfied", satisfaction=2) == {"customer_opinion"}
    agent.take(record, "customer_not_satisfied", satisfaction=2, customer_opinion="仍然无力")
    assert plant.state(record) == "diagnosing"  # 不满意不得结束
    assert support.heard("客户不满意，继续处理：动力不足（仍然无力）")
    assert plant.now(record)["data"]["satisfied"] is False
    support.take(record, "propose", **PROPOSAL)
    plant.as_("support_head").approve(record)
    support.take(record, "implemented")
    plant.later(hours=5)
    agent.take(record, "customer_satisfied", satisfaction=5)
    missing = agent.lacks(record, "record")
    assert missing == {"result", "result_kind", "cause_category", "needs_responsibility"}
    record = agent.take(record, "record", needs_responsibility=False, **RESULT)
    assert plant.state(record) == "closed"
    assert record["data"]["handled_at"] == plant.moment
    assert str(record["data"]["hours_taken"]) == "5.0"
    assert plant.open_duties(record) == []
    assert not any(clock.is_open for clock in clocks.of_record("service_ticket", record["_id"]))


def test_an_important_problem_is_told_at_once_to_the_head_and_the_expert(plant: Play) -> None:
    """P02.20, P02.31, P02.46."""
    record = classified(plant, "important")
    for username in ("after_sales_head", "technical_expert"):
        assert plant.as_(username).heard("重要问题，30 分钟内召开分析会议：动力不足")
    assert not plant.as_("production_manager").heard("动力不足")
    assert plant.as_("after_sales_head").owes(record) == ["30 分钟内召开问题分析会议"]


@pytest.mark.parametrize("minutes", [0, 1])
def test_t3_the_meeting_is_held_within_half_an_hour(plant: Play, minutes: int) -> None:
    """P02.25, T3: from the notification; the head convenes it, first measures and people are named."""
    record = ticket(plant)
    plant.later(minutes=20)
    plant.as_("hotline_agent").take(record, "classify", severity="important", problem_type="noise")
    assert plant.clock(record, "t3_meeting").due_at == plant.moment + HOUR / 2
    plant.later(minutes=30 + minutes)
    assert is_late(plant, record, "t3_meeting") is bool(minutes)
    head = plant.as_("after_sales_head")
    assert head.lacks(record, "meeting_held") == {"meeting_people", "first_measures", "sent_people"}
    people = [{"person": plant.as_("technical_expert")}, {"person": plant.as_("field_service_staff")}]
    plant.as_("technical_expert").cannot(record, "meeting_held", sent_people=people, **MEETING)
    record = head.take(record, "meeting_held", sent_people=people, **MEETING)
    assert record["data"]["meeting_at"] == plant.moment
    assert plant.as_("field_service_staff").heard("请赶赴客户现场：海安船务")
    assert plant.as_("field_service_staff").owes(record) == ["24 小时内到达客户现场"]
    assert plant.as_("technical_expert").owes(record) == ["24 小时内到达客户现场"]
    assert (plant.clock(record, "t3_meeting").late_since is not None) is bool(minutes)


@pytest.mark.parametrize("minutes", [0, 1])
def test_t4_expert_and_staff_are_on_site_within_24_hours_of_receipt(plant: Play, minutes: int) -> None:
    """P02.26, T4."""
    record = ticket(plant)
    plant.later(minutes=50)
    plant.as_("hotline_agent").take(record, "classify", severity="important", problem_type="noise")
    assert plant.clock(record, "t4_on_site").due_at == MONDAY_MORNING + timedelta(hours=24)
    people = [{"person": plant.as_("field_service_staff")}]
    plant.as_("after_sales_head").take(record, "meeting_held", sent_people=people, **MEETING)
    plant.later(hours=23, minutes=10 + minutes)
    assert is_late(plant, record, "t4_on_site") is bool(minutes)
    plant.as_("second_field").cannot(record, "arrive")  # not sent
    record = plant.as_("field_service_staff").take(record, "arrive")
    assert record["data"]["on_site_at"] == plant.moment
    assert (plant.clock(record, "t4_on_site").late_since is not None) is bool(minutes)


def test_t4_special_circumstances_are_exempted_by_the_head_with_a_reason(plant: Play) -> None:
    """P02.26: 特殊情况除外."""
    record = classified(plant, "important")
    clock = plant.clock(record, "t4_on_site")
    staff, head = plant.as_("field_service_staff"), plant.as_("after_sales_head")
    with pytest.raises(ForbiddenError):
        clocks.exempt(staff.actor, staff.person, clock.id, "太远")
    with pytest.raises(InvalidError):
        clocks.exempt(head.actor, head.person, clock.id, "")
    clocks.exempt(head.actor, head.person, clock.id, "客户船舶在海上，三天后靠港")
    plant.later(hours=30)
    exempted = plant.clock(record, "t4_on_site")
    assert exempted.state == "exempt"
    assert "三天后靠港" in " ".join(str(line) for line in clocks.explain(exempted, "zh", plant.zone))
    assert not head.heard("24 小时已到，尚未到现场")


def test_t5_progress_is_reported_every_two_hours_until_solved(plant: Play) -> None:
    """P02.27, P02.31, T5: asked at two hours, the head hears of silence; each report settles its turn."""
    record = on_site(plant)
    staff, head = plant.as_("field_service_staff"), plant.as_("after_sales_head")
    started = plant.moment
    assert plant.clock(record, "t5_progress").due_at == started + 2 * HOUR
    plant.later(hours=2)  # the last moment
    first = {"at": plant.moment.isoformat(), "progress": "拆检油泵"}
    head.cannot(record, "report_progress", progress=[first])
    assert staff.lacks(record, "report_progress") == {"progress"}
    staff.take(record, "report_progress", progress=[first])
    assert head.heard("现场报告进展，请告知客户：动力不足，海安船务")
    plant.later(minutes=16)
    assert not head.heard("现场未按时报告进展")
    assert plant.clock(record, "t5_progress").due_at == started + 4 * HOUR

    plant.later(hours=1, minutes=45)  # 4:01
    assert staff.heard("2 小时已到，请报告进展")
    assert is_late(plant, record, "t5_progress")
    plant.later(minutes=14)
    assert head.heard("现场未按时报告进展")
    staff.edit(record, progress=[first, {"at": plant.moment.isoformat(), "progress": "等待配件"}])
    assert not is_late(plant, record, "t5_progress")
    assert plant.clock(record, "t5_progress").due_at == started + 6 * HOUR

    staff.take(record, "solved", **SOLUTION)
    assert not plant.clock(record, "t5_progress").is_open
    before = len(staff.told())
    plant.later(hours=6)
    assert len(staff.told()) == before


def test_the_head_keeps_the_customer_informed(plant: Play) -> None:
    """P02.31, P02.48: 及时 is half an hour after each report here."""
    record, head = on_site(plant), plant.as_("after_sales_head")
    plant.later(hours=2, minutes=31)
    assert head.heard("请向客户通报进展：海安船务")
    said = [{"at": plant.moment.isoformat(), "said": "油泵磨损，明早换好"}]
    plant.as_("field_service_staff").cannot(record, "inform_customer", customer_updates=said)
    head.take(record, "inform_customer", customer_updates=said)
    assert plant.state(record) == "on_site"
    assert not is_late(plant, record, "inform_customer")


def test_an_important_problem_ends_with_a_summary_that_is_kept(plant: Play) -> None:
    """P02.05, P02.31, P02.35: customer confirms, root cause and prevention, report archived."""
    record, staff = on_site(plant), plant.as_("field_service_staff")
    assert staff.lacks(record, "solved") == {"diagnosis", "solution"}
    staff.take(record, "solved", **SOLUTION)
    staff.take(record, "customer_not_satisfied", satisfaction=1, customer_opinion="又熄火")
    assert plant.state(record) == "on_site"
    assert plant.clock(record, "t5_progress").due_at == plant.moment + 2 * HOUR  # it goes on
    staff.take(record, "solved", **SOLUTION)
    staff.take(record, "customer_satisfied", satisfaction=4)
    assert plant.state(record) == "summarizing"
    summary = plant.made(record, "service_summary")
    assert staff.lacks(record, "summarized") == {""}
    assert staff.lacks(summary, "keep") == {"root_cause", "prevention"}
    staff.take(summary, "keep", root_cause="油泵柱塞材质", prevention="进厂加检硬度")
    kept = db().filings.find_one({"record": summary["_id"]})
    assert kept is not None
    assert kept["department"] == "AFTERSALES"
    staff.take(record, "summarized")
    staff.take(record, "record", needs_responsibility=False, **RESULT)
    assert plant.state(record) == "closed"


def test_an_emergency_is_told_at_once_to_head_expert_and_production(plant: Play) -> None:
    """P02.21, P02.32, P02.47: plan and team are named by the head."""
    record, head = classified(plant, "urgent", "fracture"), plant.as_("after_sales_head")
    for username in ("after_sales_head", "technical_expert", "production_manager"):
        assert plant.as_(username).heard("紧急问题，启动应急预案")
    assert head.lacks(record, "form_team") == {"plan", "team"}
    team = [{"person": plant.as_("field_service_staff"), "task": "现场安全"}]
    plant.as_("technical_expert").cannot(record, "form_team", plan=plan_in_force(plant), team=team)
    head.take(record, "form_team", plan=plan_in_force(plant), team=team)
    assert plant.as_("field_service_staff").heard("应急处理小组请立即赶赴现场")
    assert plant.as_("field_service_staff").owes(record) == ["1 小时内到达现场"]


@pytest.mark.parametrize("minutes", [0, 1])
def test_t6_the_emergency_team_is_on_site_within_an_hour_of_receipt(plant: Play, minutes: int) -> None:
    """P02.28, T6: late climbs to management again and again."""
    record = mobilised(plant)
    assert plant.clock(record, "t6_emergency").due_at == MONDAY_MORNING + HOUR
    plant.later(hours=1, minutes=minutes)
    assert is_late(plant, record, "t6_emergency") is bool(minutes)
    plant.as_("second_field").cannot(record, "team_on_site")
    record = plant.as_("field_service_staff").take(record, "team_on_site")
    assert (plant.clock(record, "t6_emergency").late_since is not None) is bool(minutes)


def test_t6_silence_climbs_and_distance_exempts(plant: Play) -> None:
    """P02.28: 距离较远等特殊情况除外, with a reason, by the head of after-sales."""
    record = mobilised(plant)
    plant.later(minutes=76)
    assert plant.as_("company_management").heard("应急小组仍未到现场")
    head, clock = plant.as_("after_sales_head"), plant.clock(record, "t6_emergency")
    clocks.exempt(head.actor, head.person, clock.id, "客户在 400 公里外")
    told = len(plant.as_("company_management").told())
    plant.later(hours=2)
    assert len(plant.as_("company_management").told()) == told
    assert plant.clock(record, "t6_emergency").state == "exempt"


def test_in_an_emergency_people_come_first_and_the_plan_learns_from_it(plant: Play) -> None:
    """P02.06, P02.32: safety, temporary solution, follow-up, evaluation, next version of the plan."""
    record, staff = mobilised(plant), plant.as_("field_service_staff")
    staff.take(record, "team_on_site")
    assert staff.offered(record) == ["secured"]  # nothing else before people are safe
    assert staff.lacks(record, "secured") == {"safety_measures"}
    staff.take(record, "secured", safety_measures="人员撤离，断油断电")
    assert plant.now(record)["data"]["people_safe"] is True
    assert staff.lacks(record, "temporarily_solved") == {"diagnosis", "temporary_solution"}
    staff.take(record, "temporarily_solved", diagnosis=DIAGNOSIS, temporary_solution="旁通运行")
    assert staff.lacks(record, "running_again") == {"watch", "solution"}
    seen = [{"at": plant.moment.isoformat(), "condition": "负荷 80% 稳定"}]
    staff.edit(record, resources="生产部备件两套")
    staff.take(record, "running_again", watch=seen, solution="更换连杆")
    staff.take(record, "customer_satisfied", satisfaction=5)
    assert plant.state(record) == "evaluating"
    evaluate(plant, record, staff)
    staff.take(record, "evaluated")
    staff.take(record, "record", needs_responsibility=False, **RESULT)
    assert plant.state(record) == "closed"


def evaluate(plant: Play, record: Document, staff: Player) -> None:
    """Evaluate the emergency and write the next version of the plan."""
    evaluation, head = plant.made(record, "emergency_evaluation"), plant.as_("after_sales_head")
    plan = plant.linked(evaluation, "plan")
    assert staff.lacks(record, "evaluated") == {""}
    staff.take(evaluation, "evaluate", course="一小时到场", rating=4, lessons="缺少备用泵")
    assert plant.as_("technical_expert").heard("请完善应急预案：缺少备用泵")
    assert head.lacks(evaluation, "improved") == {"new_plan"}

    plant.as_("technical_expert").take(plan, "improve")
    newer = plant.made(plan, "emergency_plan")
    assert newer["data"]["version"] == 2
    assert newer["data"]["steps"] == PLAN["steps"]
    assert head.lacks(plan, "supersede") == {""}  # version 1 holds until version 2 does
    head.edit(newer, improvements="随车备用泵")
    head.take(newer, "submit")
    head.approve(newer)
    plant.as_("company_management").approve(newer)
    head.take(plan, "supersede", reason="第 2 版生效")
    assert (plant.state(plan), plant.state(newer)) == ("superseded", "in_force")
    head.take(evaluation, "improved", new_plan=newer)


def test_a_changed_class_begins_anew_with_its_own_deadlines(plant: Play) -> None:
    """P02.19–P02.21 (2.7 item 5): general → urgent; T2 ends, T6 begins, the right people hear of it."""
    record, head = classified(plant, "general"), plant.as_("after_sales_head")
    plant.later(minutes=30)
    changed: dict[str, Any] = {"severity": "urgent", "class_reason": "机舱冒烟"}
    plant.as_("hotline_agent").cannot(record, "reclassify", **changed, reason="客户再次来电")
    assert head.lacks(record, "reclassify", **changed) == {"reason"}
    head.take(record, "reclassify", **changed, reason="客户再次来电")
    assert plant.state(record) == "mobilising"
    assert not plant.clock(record, "t2_contact").is_open
    assert plant.clock(record, "t6_emergency").due_at == MONDAY_MORNING + HOUR
    assert plant.as_("production_manager").heard("紧急问题")
    assert plant.as_("support_mechanical").owes(record) == []
    plant.as_("hotline_agent").edit(record, severity="general")
    assert plant.now(record)["data"]["severity"] == "urgent"


def reported_to_supplier(plant: Play) -> Document:
    record, support = classified(plant, "general"), plant.as_("support_mechanical")
    support.take(record, "contacted")
    assert support.lacks(record, "ask_supplier") == {"parts", "supplier_name"}
    support.take(record, "ask_supplier", parts="高压油泵", supplier_name="油泵厂")
    return plant.made(record, "supplier_feedback")


@pytest.mark.parametrize("minutes", [0, 1])
def test_t7_the_supplier_responds_within_24_hours(plant: Play, minutes: int) -> None:
    """P02.10, P02.17, P02.29, T7: counted from the information; late climbs."""
    feedback, support = reported_to_supplier(plant), plant.as_("support_mechanical")
    assert feedback["data"]["engine_model"] == "6L240"
    assert feedback["data"]["symptom"] == "满负荷转速下降"
    plant.later(hours=1)
    support.take(feedback, "inform")
    assert plant.clock(feedback, "t7_response").due_at == plant.moment + 24 * HOUR
    plant.later(hours=24, minutes=minutes)
    assert is_late(plant, feedback, "t7_response") is bool(minutes)
    assert plant.as_("service_quality_staff").heard("供应商 24 小时未响应") or not minutes
    support.take(feedback, "respond", response="已安排复核", solution_due="2026-03-10")
    assert (plant.clock(feedback, "t7_response").late_since is not None) is bool(minutes)


def test_the_supplier_bears_parts_and_costs_and_improves(plant: Play) -> None:
    """P02.29, P02.44: solution by an agreed date, liability, free parts, costs, prevention."""
    feedback, support = reported_to_supplier(plant), plant.as_("support_mechanical")
    quality = plant.as_("service_quality_staff")
    support.take(feedback, "inform")
    assert support.lacks(feedback, "respond") == {"response", "solution_due"}
    support.take(feedback, "respond", response="已复核", solution_due="2026-03-05")
    plant.at(plant.clock(feedback, "solution").due_at)
    plant.later(seconds=1)
    assert support.heard("供应商方案已到期")
    support.take(feedback, "solve", solution="更换柱塞偶件")
    quality.take(feedback, "not_good", reason="未说明原因")
    support.take(feedback, "solve", solution="更换偶件，热处理加检")
    support.cannot(feedback, "close", liable=False)
    assert quality.lacks(feedback, "close", liable=True) == {"free_parts", "improvement"}
    borne: dict[str, Any] = {"free_parts": "油泵 2 台", "repair_cost": "3200", "improvement": "热处理全检"}
    quality.take(feedback, "close", liable=True, **borne)
    assert plant.state(feedback) == "closed"


def test_suppliers_are_rated_by_formulas_that_are_shown(plant: Play) -> None:
    """P02.11, P02.45: response, solve and improvement rate."""
    quality = plant.as_("service_quality_staff")
    numbers: dict[str, Any] = {
        "problems": 8,
        "responded_in_time": 6,
        "solved": 8,
        "improvements_planned": 4,
        "improvements_done": 3,
    }
    record = quality.create("supplier_evaluation", supplier_name="油泵厂", period="2026 年一季度", **numbers)
    rates = ("response_rate", "solve_rate", "improvement_rate", "score")
    assert [str(record["data"][key]) for key in rates] == [
        "75.0", "100.0", "75.0", "83.3",
    ]  # fmt: skip
    quality.take(record, "submit", verdict="good", decision="增加采购份额")
    plant.as_("quality_head").approve(record)
    assert plant.as_("company_management").heard("供应商考核：油泵厂")


def responsibility(plant: Play) -> Document:
    """Close a problem whose responsibility has to be determined (P02.37)."""
    record, support = classified(plant, "general"), plant.as_("support_mechanical")
    support.take(record, "contacted")
    support.take(record, "propose", **PROPOSAL)
    plant.as_("support_head").approve(record)
    support.take(record, "implemented")
    support.take(record, "customer_satisfied", satisfaction=4)
    support.take(record, "record", needs_responsibility=True, **RESULT)
    assert plant.state(record) == "closed"
    report = plant.made(record, "responsibility_report")
    found: dict[str, Any] = {
        "meeting_people": "售后、质量、生产",
        "cause": "装配扭矩不足",
        "responsible_department": dept("PRODUCTION"),
        "responsible_person": plant.as_("culprit"),
        "improvement": "扭矩扳手防错",
        "improvement_due": "2026-03-20",
    }
    head = plant.as_("after_sales_head")
    assert head.lacks(report, "determine") == set(found)
    return head.take(report, "determine", **found)


def test_responsibility_that_is_accepted_is_approved_by_management_and_improved(plant: Play) -> None:
    """P02.07, P02.15, P02.34, P02.37, P02.38, P02.42."""
    report, head = responsibility(plant), plant.as_("after_sales_head")
    manager, boss = plant.as_("production_manager"), plant.as_("company_management")
    assert manager.owes(report) == ["确认责任认定或提出争议"]
    head.cannot(report, "accept")
    manager.take(report, "accept")
    head.take(report, "submit")
    boss.reject(report, reason="改进措施不具体")
    assert plant.state(report) == "writing"
    head.take(report, "submit", improvement="扭矩扳手防错并联网")
    with pytest.raises(ForbiddenError):
        head.approve(report)
    boss.approve(report)
    assert plant.state(report) == "improving"
    assert plant.as_("culprit").heard("责任认定已批准，请落实改进")
    plant.later(days=19)
    assert plant.as_("culprit").heard("改进措施已到期")
    plant.later(days=1)
    assert boss.heard("改进措施超期")
    manager.take(report, "improved", improvement_done_on="2026-03-22")
    assert plant.state(report) == "done"


def test_disputed_responsibility_is_investigated_by_quality_control_with_evidence(plant: Play) -> None:
    """P02.36: production records, inspection reports, repair records."""
    report, quality = responsibility(plant), plant.as_("service_quality_staff")
    manager = plant.as_("production_manager")
    assert manager.lacks(report, "dispute") == {"objection"}
    manager.take(report, "dispute", objection="扭矩记录合格")
    assert plant.now(report)["data"]["disputed"] is True
    assert plant.as_("quality_head").heard("责任有争议，请牵头调查")
    outcome: dict[str, Any] = {"investigation": "扳手校准过期", "responsible_person": plant.as_("culprit")}
    assert quality.lacks(report, "investigated", **outcome) == {"evidence"}
    manager.cannot(report, "investigated", **outcome)
    evidence = [
        {"kind": "production", "shows": "扭矩记录为旧扳手"},
        {"kind": "inspection", "shows": "校准证书过期"},
        {"kind": "repair", "shows": "螺栓松动 3 处"},
    ]
    quality.take(report, "investigated", evidence=evidence, **outcome)
    plant.as_("after_sales_head").take(report, "submit")
    plant.as_("company_management").approve(report)
    assert plant.state(report) == "improving"


@pytest.mark.parametrize("again", ["resit", "train_again"])
def test_who_fails_a_training_comes_again(plant: Play, again: str) -> None:
    """P02.09, P02.43: exam, practical work or customers; 补考或再次培训; the mark itself passes."""
    trainer, trainee = plant.as_("service_trainer"), plant.as_("field_service_staff")
    record = trainer.create("training_evaluation", course="电控诊断", kind="diagnosis", trainee=trainee)
    assert trainer.lacks(record, "evaluate") == {"method", "score"}
    trainer.take(record, "evaluate", method="exam", score=59)
    assert plant.state(record) == "failed"
    assert trainee.heard("培训评估不合格")
    trainer.take(record, again)
    assert plant.state(record) == "trained"
    assert plant.now(record)["data"].get("score") is None
    trainer.take(record, "evaluate", score=60)
    assert plant.state(record) == "passed"


def test_awards_are_granted_by_management(plant: Play) -> None:
    """P02.39."""
    head, winner = plant.as_("after_sales_head"), plant.as_("field_service_staff")
    award = head.create(
        "service_award",
        person=winner,
        reason="fast",
        kind=["bonus", "certificate"],
        amount="2000",
        merits="一夜修复",
    )
    head.take(award, "submit")
    plant.as_("company_management").approve(award)
    assert plant.state(award) == "awarded"
    assert winner.heard("恭喜获得售后服务奖励")
