"""P01 市场质量信息, played row by row: three classes, schedule, review, filing, answer; complaints.

The satisfaction survey (P01.12, P01.13, P01.43) comes with the survey procedure.
"""

from datetime import timedelta
from typing import Any

import pytest

from models import clocks
from models.database import Document, db
from models.errors import ForbiddenError
from models.workflow import filing
from tests.scenarios.play import MONDAY_MORNING, Play, Player, dept

PEOPLE = {
    "technical_director": "GM",
    "director=quality_management_staff": "GM",
    "care_head": "CARE",
    "care_staff": "CARE",
    "repair_engineer": "CARE",
    "product_inspection_head": "INSPECT",
    "product_inspection_staff": "INSPECT",
    "vehicle_inspector": "INSPECT",
    "quality_testing_staff": "TESTING",
    "quality_management_head": "QM",
    "quality_management_staff": "QM",
    "tech_head=market_engineering_staff": "TECH",
    "market_engineering_staff": "TECH",
    "production_head=responsible_staff": "PRODUCTION",
    "responsible_staff": "PRODUCTION",
    "sales_company_staff": "SALESCO",
    "sales_head=sales_company_staff": "SALESCO",
}
HEADS = {
    "GM": "director",
    "CARE": "care_head",
    "INSPECT": "product_inspection_head",
    "TESTING": "quality_testing_staff",
    "QM": "quality_management_head",
    "TECH": "tech_head",
    "PRODUCTION": "production_head",
    "SALESCO": "sales_head",
}
MEASURES: dict[str, Any] = {"cause": "螺栓预紧力不足", "measures": "更换螺栓并复紧"}
OWNERS = {"major": "technical_director", "important": "tech_head", "general": "production_head"}


@pytest.fixture
def plant(play: Play) -> Play:
    play.install("market-quality")
    play.cast(PEOPLE, HEADS)
    return play


def gathered(plant: Play, **values: Any) -> Document:
    """Let customer service gather information from service partners and end users (P01.18, P01.23)."""
    given = {
        "subject": "后桥异响",
        "source": "service_partner",
        "vehicle_model": "V8",
        "quantity": 12,
        "damaged_parts": "后桥",
        "customer_suggestion": "加强紧固",
        **values,
    }
    return plant.as_("care_staff").create("market_information", **given)


def graded(plant: Play, severity: str) -> Document:
    """Bring information to whoever has to analyse it (P01.24–P01.27)."""
    return grade(plant, plant.as_("care_staff").take(gathered(plant), "pass_on"), severity)


def grade(plant: Play, information: Document, severity: str) -> Document:
    """Let 品检部 grade it (P01.22)."""
    return plant.as_("product_inspection_staff").take(
        information,
        "grade",
        severity=severity,
        severity_reason="按本厂标准",
        responsible_department=dept("PRODUCTION"),
    )


def rows(plant: Play, days: int = 5) -> list[dict[str, Any]]:
    due = (plant.moment + timedelta(days=days)).date().isoformat()
    worker = plant.as_("responsible_staff")
    return [
        {"measure": "更换螺栓", "owner_person": worker, "department": dept("PRODUCTION"), "due_on": due},
        {
            "measure": "修订作业指导书",
            "owner_person": worker,
            "department": dept("PRODUCTION"),
            "due_on": due,
        },
    ]


def measures_of(plant: Play, schedule: Document) -> list[Document]:
    found = plant.form("rectification_measure").records().find({"data.schedule": schedule["_id"]})
    return list(found.sort("_id", 1))


def rectified(plant: Play, information: Document, owner: str) -> Document:
    """Decide on measures, issue the schedule, carry everything out (P01.29–P01.31)."""
    leader, worker = plant.as_(owner), plant.as_("responsible_staff")
    leader.take(information, "decide_measures", **MEASURES)
    schedule = plant.made(information, "rectification_schedule")
    leader.take(schedule, "issue", measures=rows(plant))
    for measure in measures_of(plant, schedule):
        worker.take(measure, "report", done_on=plant.moment.date().isoformat(), evidence="已完成")
        leader.take(measure, "accept")
    leader.take(schedule, "finish")
    return leader.take(information, "finish_measures", result="装机 50 台无异响")


def filings(record: Document) -> list[str]:
    found = db().filings.find({"record": record["_id"]}).sort("_id", 1)
    return [f"{one['department']} {one['text']['zh']}" for one in found]


def reviewers(plant: Play, *usernames: str) -> list[dict[str, Any]]:
    return [{"person": plant.as_(username)} for username in usernames]


def test_information_says_what_broke_and_goes_to_inspection(plant: Play) -> None:
    """P01.03, P01.18, P01.23, P01.24: gathered by customer service, complete, passed on to 品检部."""
    information = gathered(plant, quantity=None, damaged_parts=None)
    care, inspection = plant.as_("care_staff"), plant.as_("product_inspection_staff")
    assert care.owes(information) == ["核实信息并传递品检部"]
    assert care.lacks(information, "pass_on") == {"quantity", "damaged_parts"}
    inspection.cannot(information, "pass_on", quantity=12, damaged_parts="后桥")
    care.take(information, "pass_on", quantity=12, damaged_parts="后桥")
    assert inspection.owes(information) == ["判定信息等级并分发"]
    assert inspection.lacks(information, "send_back") == {"reason"}
    inspection.take(information, "send_back", reason="缺生产日期")
    assert care.heard("信息不全，请补充：后桥异响")
    care.take(information, "pass_on")
    assert plant.state(information) == "grading"


@pytest.mark.parametrize(
    ("severity", "owner", "filed"),
    [
        ("major", "technical_director", ["QM 重大市场质量信息备案：后桥异响"]),
        ("important", "tech_head", ["QM 重要市场质量信息备案：后桥异响"]),
        ("general", "production_head", []),
    ],
)
def test_the_grade_decides_who_analyses_and_what_is_filed(
    plant: Play, severity: str, owner: str, filed: list[str]
) -> None:
    """P01.04–P01.07, P01.09, P01.22, P01.25–P01.27: route by grade, inspectors always on the list."""
    information = plant.as_("care_staff").take(gathered(plant), "pass_on")
    inspection = plant.as_("product_inspection_staff")
    assert inspection.lacks(information, "grade") == {"severity", "severity_reason", "responsible_department"}
    plant.as_("care_staff").cannot(information, "grade", severity=severity)
    information = grade(plant, information, severity)
    assert plant.state(information) == "analysing"
    assert plant.now(information)["assignees"] == [plant.as_(owner).id]
    assert filings(information) == filed
    others = set(OWNERS.values()) - {owner}
    assert plant.as_(owner).owes(information) == ["组织分析原因，制订整改措施"]
    assert not any(plant.as_(other).owes(information) for other in others)
    assert plant.as_("vehicle_inspector").heard("后桥异响")
    assert bool(plant.as_("quality_management_staff").owes(information)) is bool(filed)
    lead = plant.now(information)["data"].get("lead_department")
    assert (
        lead == {"major": dept("GM"), "important": dept("TECH"), "general": dept("PRODUCTION")}[severity].id
    )
    if severity != "general":
        assert plant.as_("production_head").heard("请提出整改意见和建议")  # P01.07
    for other in others:
        plant.as_(other).cannot(information, "decide_measures", **MEASURES)


def test_vehicle_inspectors_tighten_the_inspection_within_an_hour(plant: Play) -> None:
    """P01.09, P01.28, P01.41: containment, at once for every grade; exactly an hour is in time."""
    record = plant.made(graded(plant, "general"), "containment_record")
    inspector = plant.as_("vehicle_inspector")
    assert inspector.owes(record) == ["对下线车辆加严检验"]
    assert plant.clock(record, "tighten").due_at == plant.moment + timedelta(hours=1)
    plant.later(minutes=61)
    assert plant.clock(record, "tighten").is_late(plant.moment)
    assert inspector.heard("尚未加严检验")
    assert not plant.as_("quality_management_head").heard("超时未加严检验")
    plant.later(hours=1)
    assert plant.as_("quality_management_head").heard("超时未加严检验")
    assert inspector.lacks(record, "tighten") == {"inspection_items"}
    inspector.take(record, "tighten", inspection_items="后桥螺栓扭矩全检")
    inspector.cannot(record, "lift")
    findings = [{"inspected_on": "2026-03-02", "inspected": 80, "rejected": 2}]
    head = plant.as_("product_inspection_head")
    record = head.take(record, "lift", findings=findings, conclusion="连续三天合格")
    assert plant.state(record) == "lifted"
    assert str(record["data"]["vehicles_rejected"]) == "2"


@pytest.mark.parametrize("severity", ["major", "important"])
def test_major_and_important_information_is_reviewed_filed_confirmed_and_answered(
    plant: Play, severity: str
) -> None:
    """P01.05, P01.06, P01.08, P01.29, P01.30, P01.32, P01.33, P01.39, P01.40, P01.42 (5.2.5, 5.2.6)."""
    information, owner = graded(plant, severity), OWNERS[severity]
    leader = plant.as_(owner)
    assert leader.lacks(information, "decide_measures") == {"cause", "measures"}
    leader.take(information, "decide_measures", **MEASURES)
    assert "QM 整改措施备案：后桥异响" in filings(information)  # P01.39
    assert plant.state(information) == "rectifying"

    schedule = plant.made(information, "rectification_schedule")
    assert leader.lacks(information, "finish_measures", result="好") == {""}  # the schedule is not done
    leader.take(schedule, "issue", measures=rows(plant))
    assert filings(schedule) == ["QM 整改时控表备案：后桥异响"]
    heard = plant.as_("technical_director").heard("整改时控表请知悉：后桥异响")
    assert heard is (severity == "important")  # P01.30

    carry_out(plant, schedule, leader)
    leader.take(information, "finish_measures", result="装机 50 台无异响")
    assert plant.state(information) == "review_due"
    review(plant, information, leader)
    confirm_and_answer(plant, information, leader)


def carry_out(plant: Play, schedule: Document, leader: Player) -> None:
    """Check and carry out the schedule (P01.32)."""
    worker, quality = plant.as_("responsible_staff"), plant.as_("quality_management_staff")
    quality_finding = [{"checked_on": "2026-03-03", "finding": "已换 20 台", "urged": True}]
    quality.edit(schedule, checks=quality_finding)
    assert leader.lacks(schedule, "finish") == {""}
    for measure in measures_of(plant, schedule):
        assert worker.owes(measure) == ["按时控表完成整改措施"]
        worker.take(measure, "report", done_on="2026-03-02", evidence="已完成")
        quality.take(measure, "accept")
    leader.take(schedule, "finish")


def review(plant: Play, information: Document, leader: Player) -> None:
    """Review effectiveness: the departments, then who convened them (P01.42)."""
    asked = reviewers(plant, "production_head", "product_inspection_head")
    leader.take(information, "convene", reviewers=asked)
    assert plant.state(information) == "reviewing"
    with pytest.raises(ForbiddenError):
        leader.approve(information)  # the departments first
    plant.as_("production_head").approve(information)
    plant.as_("product_inspection_head").approve(information)
    with pytest.raises(ForbiddenError):
        plant.as_("product_inspection_head").approve(information)
    leader.approve(information)
    assert plant.state(information) == "reporting"


def confirm_and_answer(plant: Play, information: Document, leader: Player) -> None:
    """Write the report, let quality management confirm, answer the customer (P01.32, P01.33, P01.40)."""
    quality, care = plant.as_("quality_management_staff"), plant.as_("care_staff")
    report = plant.made(information, "corrective_report")
    assert leader.lacks(information, "report_done") == {""}
    told: dict[str, Any] = {"description": "12 台后桥异响", "returned": False}
    leader.take(report, "submit", **told)
    assert plant.state(report) == "filed"
    assert filings(report) == ["QM 纠正/预防措施报告备案：后桥异响"]  # P01.40
    leader.take(information, "report_done")

    leader.cannot(information, "confirm", confirmation="有效", signature=str(leader.person))
    assert quality.lacks(information, "confirm", signature=str(quality.person)) == {"confirmation"}
    assert quality.lacks(information, "confirm", confirmation="有效") == {"signature"}
    quality.take(information, "confirm", confirmation="结果和评审有效", signature=str(quality.person))
    assert plant.as_("care_head").heard("整改情况已返回")
    assert care.owes(information) == ["向有关顾客反馈整改情况"]
    assert care.lacks(information, "answer_customer") == {"customer_answer"}
    quality.cannot(information, "answer_customer", customer_answer="已整改")
    care.take(information, "answer_customer", customer_answer="已整改，免费复紧")
    assert plant.state(information) == "closed"
    assert [one for one in plant.open_duties(information) if "备案" not in one] == []


def test_general_information_is_rectified_by_the_department_and_filed_in_batches(plant: Play) -> None:
    """P01.07, P01.27, P01.31, P01.40: 责任部门 → 品检部 → 销售公司; nothing filed but the report, later."""
    information = rectified(plant, graded(plant, "general"), "production_head")
    assert plant.state(information) == "relaying"
    assert plant.as_("product_inspection_head").heard("整改已完成")
    assert filings(information) == []
    assert filings(plant.made(information, "rectification_schedule")) == []
    plant.as_("production_head").cannot(information, "relay")
    plant.as_("product_inspection_staff").take(information, "relay")
    plant.as_("care_staff").take(information, "answer_customer", customer_answer="已整改")
    assert plant.state(information) == "closed"

    report, head = plant.made(information, "corrective_report"), plant.as_("production_head")
    head.take(report, "submit", description="12 台异响", returned=True, quantity_returned=3)
    assert plant.state(report) == "collecting"
    assert filings(report) == []
    plant.later(days=24)
    assert head.heard("请送质管部备案")  # every month, on the 25th
    head.take(report, "file_batch")
    assert plant.state(report) == "filed"
    assert filings(report) == ["QM 纠正/预防措施报告备案：后桥异响"]


def test_the_report_states_how_many_came_back(plant: Play) -> None:
    """P01.11, P01.19: 不合格事实描述 with the returned quantity when products were returned."""
    information = rectified(plant, graded(plant, "general"), "production_head")
    report, head = plant.made(information, "corrective_report"), plant.as_("production_head")
    facts: dict[str, Any] = {"description": "12 台后桥异响"}
    assert head.lacks(report, "submit", **facts) == {"returned"}
    assert head.lacks(report, "submit", **facts, returned=True) == {"quantity_returned"}
    head.edit(report, returned=True, quantity_returned=3)
    head.take(report, "submit", **facts)
    assert plant.now(report)["data"]["quantity_returned"] == 3


def test_measures_that_were_not_effective_are_decided_anew(plant: Play) -> None:
    """P01.32, P01.42: the review fails, or quality management does not confirm: back to the analysis."""
    information = rectified(plant, graded(plant, "important"), "tech_head")
    leader, quality = plant.as_("tech_head"), plant.as_("quality_management_head")
    leader.take(information, "convene", reviewers=reviewers(plant, "production_head"))
    plant.as_("production_head").reject(information, reason="仍有异响")
    assert plant.state(information) == "analysing"
    assert leader.heard("评审未通过")
    assert leader.owes(information) == ["组织分析原因，制订整改措施"]

    rectified(plant, information, "tech_head")
    leader.take(information, "convene", reviewers=reviewers(plant, "production_head"))
    plant.as_("production_head").approve(information)
    leader.approve(information)
    leader.take(plant.made(information, "corrective_report"), "submit", description="异响", returned=False)
    leader.take(information, "report_done")
    assert quality.lacks(information, "not_effective", confirmation="复现") == {"reason"}
    quality.take(information, "not_effective", confirmation="复现", reason="又有 2 台")
    assert plant.state(information) == "analysing"
    assert leader.heard("质管部确认无效")
    assert (
        len([one for one in plant.now(information)["links"] if one["form"] == "rectification_schedule"]) == 2
    )


def test_each_measure_of_the_schedule_reminds_its_owner_then_the_head_then_quality(plant: Play) -> None:
    """P01.14, P01.31, P01.32: rows with dates and owners; due at the end of the day, climbing after it."""
    information = graded(plant, "important")
    leader = plant.as_("tech_head")
    leader.take(information, "decide_measures", **MEASURES)
    schedule = plant.made(information, "rectification_schedule")
    leader.take(schedule, "issue", measures=rows(plant, days=3))
    first, second = measures_of(plant, schedule)
    worker = plant.as_("responsible_staff")
    due = plant.clock(first, "due").due_at
    assert due.isoformat() == "2026-03-05T15:59:59+00:00"  # the end of 5 March in Shanghai
    plant.at(due)
    assert not plant.clock(first, "due").is_late(plant.moment)
    worker.take(first, "report", done_on="2026-03-05", evidence="已换")
    plant.later(minutes=1)
    assert worker.heard("措施已到期：修订作业指导书")
    assert not worker.heard("措施已到期：更换螺栓")
    assert plant.clock(second, "due").is_late(plant.moment)
    plant.later(days=1)
    assert plant.as_("production_head").heard("措施超期：修订作业指导书")
    assert not plant.as_("quality_management_head").heard("措施超期两天")
    plant.later(days=1)
    assert plant.as_("quality_management_head").heard("措施超期两天，请督促：修订作业指导书")

    plant.as_("responsible_staff").cannot(second, "postpone", due_on="2026-03-20")
    quality = plant.as_("quality_management_head")
    quality.take(second, "postpone", due_on="2026-03-20", reason="等新版图纸")
    assert plant.clock(second, "due").due_at.date().isoformat() == "2026-03-20"
    worker.take(second, "report", done_on="2026-03-08", evidence="草稿")
    leader.take(second, "refuse", reason="未签发")
    assert plant.state(second) == "open"
    assert plant.now(second)["data"].get("done_on") is None


def test_a_changed_grade_routes_anew_and_the_deadline_of_the_analysis_begins_again(plant: Play) -> None:
    """P01.22 (2.7 item 5): 重要 → 重大: technical director, filed again, restarted clock; only 品检部 may."""
    information = graded(plant, "important")
    plant.later(days=2)
    head = plant.as_("product_inspection_head")
    changed: dict[str, Any] = {
        "severity": "major",
        "severity_reason": "涉及安全",
        "responsible_department": dept("PRODUCTION"),
    }
    plant.as_("tech_head").cannot(information, "regrade", **changed, reason="重")
    assert head.lacks(information, "regrade", **changed) == {"reason"}
    head.take(information, "regrade", **changed, reason="新增两起转向失灵")
    assert plant.state(information) == "analysing"
    assert plant.now(information)["assignees"] == [plant.as_("technical_director").id]
    assert filings(information) == ["QM 重要市场质量信息备案：后桥异响", "QM 重大市场质量信息备案：后桥异响"]
    assert plant.as_("tech_head").owes(information) == []
    running = [
        clock
        for clock in clocks.of_record("market_information", information["_id"])
        if clock.rule.key == "analysis" and clock.is_open
    ]
    assert [clock.due_at for clock in running] == [plant.moment + timedelta(days=5)]
    containments = [one for one in plant.now(information)["links"] if one["form"] == "containment_record"]
    assert len(containments) == 1  # inspectors already inspect


def test_the_head_of_the_department_names_who_handles_it(plant: Play) -> None:
    """P01.06, P01.07: 技术部 and 责任部门 have people; the deadline goes on."""
    information = graded(plant, "important")
    leader, engineer = plant.as_("tech_head"), plant.as_("market_engineering_staff")
    due = plant.clock(information, "analysis").due_at
    plant.later(hours=3)
    engineer.cannot(information, "hand_over", handler=engineer)
    assert leader.lacks(information, "hand_over") == {"handler"}
    leader.take(information, "hand_over", handler=engineer)
    assert plant.state(information) == "analysing"
    assert engineer.owes(information) == ["组织分析原因，制订整改措施"]
    assert leader.owes(information) == []
    assert plant.clock(information, "analysis").due_at == due
    opinions = [{"department": dept("PRODUCTION"), "opinion": "建议增加防松垫圈"}]
    plant.as_("production_head").edit(information, opinions=opinions)
    engineer.take(information, "decide_measures", **MEASURES)
    assert plant.made(information, "rectification_schedule")["data"]["leader"] == engineer.id


def test_information_that_is_none_is_discarded_with_a_reason(plant: Play) -> None:
    """P01.04: nothing is owed and no clock runs any more."""
    information = graded(plant, "general")
    head = plant.as_("product_inspection_head")
    assert head.lacks(information, "discard") == {"reason"}
    head.take(information, "discard", reason="与上月信息重复")
    assert plant.state(information) == "void"
    assert plant.open_duties(information) == []
    assert not any(clock.is_open for clock in clocks.of_record("market_information", information["_id"]))


def test_the_grade_cannot_be_changed_on_the_edit_form(plant: Play) -> None:
    """P01.22: only by the step that routes anew."""
    information = graded(plant, "important")
    plant.as_("product_inspection_head").edit(information, severity="general", description="补充")
    assert plant.now(information)["data"]["severity"] == "important"


@pytest.mark.parametrize("minutes", [0, 1])
def test_passing_on_has_a_number_of_its_own(plant: Play, minutes: int) -> None:
    """P01.41: 及时 is four hours here; the last minute is in time, the next is late and climbs."""
    information = gathered(plant)
    plant.later(hours=4, minutes=minutes)
    assert plant.clock(information, "pass_on").is_late(plant.moment) is bool(minutes)
    plant.as_("care_staff").take(information, "pass_on")
    assert (plant.clock(information, "pass_on").late_since is not None) is bool(minutes)
    plant.later(hours=8)  # grading: 立即
    assert plant.as_("product_inspection_head").heard("已到分级时限")
    assert plant.as_("quality_management_head").heard("超时未分级")


def test_quality_management_follows_up_every_week_and_acknowledges_filings(plant: Play) -> None:
    """P01.08, P01.32: 随时 is weekly here, for 重大 and 重要."""
    information = graded(plant, "major")
    leader, quality = plant.as_("technical_director"), plant.as_("quality_management_staff")
    leader.take(information, "decide_measures", **MEASURES)
    plant.later(days=8)
    assert quality.heard("请对照整改时控表检查落实情况")
    one = filing.of_record("market_information", information["_id"])[0]
    with pytest.raises(ForbiddenError):
        filing.acknowledge(leader.actor, leader.person, one["_id"])
    filing.acknowledge(quality.actor, quality.person, one["_id"])
    assert filing.of_record("market_information", information["_id"])[0]["acknowledged_by"] == quality.id


def complaint(plant: Play) -> Document:
    return plant.as_("care_staff").create(
        "market_complaint",
        subject="刹车偏软",
        complainant="service_partner",
        channel="phone",
        customer_name="城北服务站",
        contact="0571-8888 1234",
        vehicle_model="V8",
        quantity=2,
        damaged_parts="制动总泵",
        description="踏板行程过长",
    )


def test_a_complaint_without_return_is_followed_until_the_customer_is_satisfied(plant: Play) -> None:
    """P01.10, P01.15, P01.34, P01.35: a station is directed; not satisfied → again; the route of 5.2."""
    record, care = complaint(plant), plant.as_("care_staff")
    assert care.lacks(record, "repair_there") == {"station", "instruction"}
    plant.as_("repair_engineer").cannot(record, "repair_there", station="城北", instruction="更换")
    care.take(record, "repair_there", station="城北特约站", instruction="更换总泵")
    information = plant.linked(record, "market_information")
    assert information["data"]["source"] == "complaint"
    assert information["data"]["complaint_number"] == record["number"]
    assert information["data"]["quantity"] == 2

    plant.later(days=2, minutes=1)
    assert care.heard("请跟踪处理情况")
    care.edit(record, followed_up=[{"at": plant.moment.isoformat(), "said": "配件在途"}])
    plant.later(days=1)
    assert not plant.as_("care_head").heard("投诉未及时跟踪")

    care.take(record, "station_done", handling_result="已更换总泵")
    assert care.lacks(record, "customer_not_satisfied", customer_opinion="仍偏软") == {"reason"}
    care.take(record, "customer_not_satisfied", customer_opinion="仍偏软", reason="需再排气")
    assert plant.state(record) == "registered"
    assert plant.now(record)["data"]["satisfied"] is False
    assert plant.as_("care_head").heard("顾客不满意")
    care.take(record, "repair_there", station="城北特约站", instruction="重新排气")
    care.take(record, "station_done", handling_result="已排气")
    care.take(record, "customer_satisfied", customer_opinion="可以")
    assert plant.now(record)["data"]["satisfied"] is True
    assert care.lacks(record, "close") == {""}  # the rectification still has to be fed back (P01.33)


def test_a_returned_product_is_inspected_together_appraised_and_replaced(plant: Play) -> None:
    """P01.36: 品检部 and 质检部 together, 技术部 appraises, 返工/返修/报废, as many vehicles back."""
    record, care = complaint(plant), plant.as_("care_staff")
    care.take(record, "take_back")
    returned = plant.linked(record, "return_number")
    inspection = plant.as_("product_inspection_staff")
    inspection.take(returned, "arrive", arrived_on="2026-03-02", quantity=2)
    inspection.take(returned, "sign", inspection_result="总泵内漏")
    plant.as_("product_inspection_head").approve(returned)
    assert plant.state(returned) == "signing"
    with pytest.raises(ForbiddenError):
        plant.as_("tech_head").approve(returned)
    plant.as_("quality_testing_staff").approve(returned)
    tech = plant.as_("market_engineering_staff")
    plant.as_("product_inspection_staff").cannot(returned, "appraise", appraisal="皮碗", disposal="repair")
    assert tech.lacks(returned, "appraise", appraisal="皮碗老化", disposal="other") == {"disposal_note"}
    tech.take(returned, "appraise", appraisal="皮碗老化", disposal="repair")
    sales = plant.as_("sales_company_staff")
    assert care.lacks(record, "return_done", handling_result="已补") == {""}
    sales.take(returned, "replace", quantity_replaced=1, replaced_on="2026-03-03")
    assert plant.state(returned) == "replacing"
    assert plant.as_("sales_head").heard("还欠 1 台")
    sales.take(returned, "replace", quantity_replaced=2, replaced_on="2026-03-03")
    assert plant.state(returned) == "closed"
    care.take(record, "return_done", handling_result="返修并补回 2 台")
    care.take(record, "customer_satisfied", customer_opinion="满意")
    information = plant.linked(record, "market_information")
    plant.as_("care_head").take(information, "discard", reason="与已登记信息重复")
    care.take(record, "close")
    assert plant.state(record) == "closed"


def enquiry(plant: Play, **values: Any) -> Document:
    given = {
        "subject": "保养周期",
        "channel": "phone",
        "question": "多久换一次机油？",
        "asked_at": plant.moment,
    }
    return plant.as_("care_staff").create("enquiry_record", **{**given, **values})


def test_every_enquiry_gets_an_answer_by_the_repair_engineer(plant: Play) -> None:
    """P01.16, P01.21, P01.37: answered at once, by whom and when."""
    record, engineer = enquiry(plant), plant.as_("repair_engineer")
    assert engineer.owes(record) == ["解答顾客咨询"]
    plant.as_("care_staff").cannot(record, "answer_now", answer="5000 公里")
    assert engineer.lacks(record, "answer_now") == {"answer"}
    plant.later(hours=4)
    assert not plant.clock(record, "answer").is_late(plant.moment)
    record = engineer.take(record, "answer_now", answer="5000 公里")
    assert plant.state(record) == "answered"
    assert record["data"]["answered_by"] == engineer.id
    assert record["data"]["answered_at"] == plant.moment


def test_an_unanswered_enquiry_is_late_and_climbs(plant: Play) -> None:
    """P01.37: nobody stays without an answer."""
    record = enquiry(plant, channel="letter")
    plant.later(hours=4, minutes=1)
    assert plant.clock(record, "answer").is_late(plant.moment)
    assert plant.as_("care_head").heard("咨询待解答")
    plant.later(hours=4)
    assert plant.as_("sales_head").heard("咨询超时未解答")


def test_what_cannot_be_answered_is_studied_together_and_answered_later(plant: Play) -> None:
    """P01.20, P01.38: name and contact in detail, joint study, then the answer."""
    record, engineer = enquiry(plant, channel="fax"), plant.as_("repair_engineer")
    assert engineer.lacks(record, "study") == {"customer_name", "contact", "study_with"}
    person: dict[str, Any] = {"customer_name": "刘先生", "contact": "13800000000，杭州"}
    engineer.take(record, "study", **person, study_with=["engineering", "inspection"])
    assert plant.as_("tech_head").heard("请共同研究顾客咨询")
    assert plant.as_("product_inspection_head").owes(record) == ["共同研究咨询问题"]
    assert plant.clock(record, "study").due_at == MONDAY_MORNING + timedelta(days=3)
    plant.as_("tech_head").take(record, "conclude", study="按新版手册 10000 公里")
    plant.as_("tech_head").cannot(record, "answer_later", answer="10000 公里")
    engineer.take(record, "answer_later", answer="10000 公里")
    assert plant.state(record) == "answered"
    assert plant.clock(record, "study").state == "done"


def test_revisions_of_the_procedure_are_written_checked_and_approved(plant: Play) -> None:
    """P01.17, 2.6 document control: 编制, 审核, 批准, version."""
    author = plant.as_("quality_management_staff")
    record = author.create(
        "document_revision", document="市场质量信息处理办法", version="B/0", change="增加时限"
    )
    assert author.lacks(record, "submit") == {"clause", "why"}
    author.take(record, "submit", clause="5.2", why="明确及时的含义")
    with pytest.raises(ForbiddenError):
        plant.as_("director").approve(record)  # checked first
    plant.as_("quality_management_head").approve(record)
    plant.as_("director").approve(record)
    assert plant.state(record) == "in_force"
    assert plant.now(record)["data"]["effective_on"] == "2026-03-02"


def test_an_analysis_may_be_exempted_only_by_quality_management_with_a_reason(plant: Play) -> None:
    """P01.41: a deadline that nobody in the source counts can be lifted, on record."""
    information = graded(plant, "general")
    clock, head = plant.clock(information, "analysis"), plant.as_("production_head")
    with pytest.raises(ForbiddenError):
        clocks.exempt(head.actor, head.person, clock.id, "忙")
    quality = plant.as_("quality_management_head")
    clocks.exempt(quality.actor, quality.person, clock.id, "等待事故鉴定")
    plant.later(days=10)
    assert not quality.heard("整改措施超时")
