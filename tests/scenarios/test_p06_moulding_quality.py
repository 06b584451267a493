"""P06 生产质量异常反馈, played row by row: half an hour, 24 hours, otherwise production stops."""

from datetime import timedelta
from typing import Any

import pytest

from models import clocks
from models.database import Document
from models.errors import ForbiddenError, InvalidError
from tests.scenarios.play import MONDAY_MORNING, SOON, Play

PEOPLE = {
    "production_worker": "MOULDING",
    "shift_leader": "MOULDING",
    "line_inspector": "QCENTER",
    "duty_inspector": "QCENTER",
    "quality_center_staff": "QCENTER",
    "quality_chief=quality_center_staff": "QCENTER",
    "manufacturing_engineer": "TECHCENTER",
    "technical_center_staff": "TECHCENTER",
    "production_supervisor": "PRODCENTER",
    "moulding_chief=shift_leader": "MOULDING",
    "director=production_supervisor": "GM",
}
HEADS = {
    "GM": "director",
    "PRODCENTER": "production_supervisor",
    "MOULDING": "moulding_chief",
    "QCENTER": "quality_chief",
    "TECHCENTER": "technical_center_staff",
}
REWORK: dict[str, Any] = {"wip_reworked": 120, "stock_reworked": 300, "outgoing_safe": True}
PREVENTION: dict[str, Any] = {"preventive_measure": "模温监控加报警", "cause": "模温失控"}


@pytest.fixture
def plant(play: Play) -> Play:
    play.install("moulding-quality")
    play.cast(PEOPLE, HEADS)
    return play


def anomaly(plant: Play, **values: Any) -> Document:
    """Let a worker raise an anomaly (P06.03, P06.04)."""
    given: dict[str, Any] = {
        "subject": "缩水",
        "stage": "production",
        "product": "端盖",
        "description": "表面缩水",
    }
    return plant.as_("production_worker").create(
        "internal_feedback", raised_at=plant.moment, **{**given, **values}
    )


def confirmed(plant: Play, **values: Any) -> Document:
    """Bring a serious anomaly to the joint measures (P06.06, P06.10)."""
    sheet = plant.as_("manufacturing_engineer").take(anomaly(plant, **values), "judge_serious")
    plant.as_("duty_inspector").approve(sheet)
    return plant.as_("production_supervisor").approve(sheet)


def test_a_minor_anomaly_goes_straight_to_the_team(plant: Play) -> None:
    """P06.04, P06.06: cause found, minor, rework by the team, inspected again, verified, closed."""
    engineer, leader = plant.as_("manufacturing_engineer"), plant.as_("shift_leader")
    sheet = anomaly(plant)
    assert engineer.heard("生产质量异常：缩水")
    assert engineer.owes(sheet) == ["分析确认原因，判定严重程度"]
    plant.as_("production_worker").cannot(sheet, "judge_minor")
    assert engineer.lacks(sheet, "judge_minor") == {"cause", "rework_team", "rework_leader"}
    sheet = engineer.take(sheet, "judge_minor", cause="保压不足", rework_team="甲班", rework_leader=leader)
    assert plant.state(sheet) == "reworking"
    assert sheet["data"]["severity"] == "minor"

    assert leader.lacks(sheet, "reworked") == {""}  # the rework itself is still open
    rework = plant.made(sheet, "rework_record")
    assert rework["data"]["team"] == "甲班"
    leader.take(rework, "finish")
    plant.as_("duty_inspector").take(rework, "again", reason="仍有缩水")
    leader.take(rework, "finish")
    plant.as_("line_inspector").take(rework, "pass", quantity_good=8)

    sheet = leader.take(sheet, "reworked")
    quality = plant.as_("quality_center_staff")
    leader.cannot(sheet, "verified", verification_result="好")
    quality.take(sheet, "verified", verification_result="复检合格")
    plant.as_("production_supervisor").cannot(sheet, "close", closing_note="好")
    quality.take(sheet, "close", closing_note="已落实")
    assert plant.state(sheet) == "closed"
    assert plant.open_duties(sheet) == []
    assert not any(clock.is_open for clock in clocks.of_record("internal_feedback", sheet["_id"]))


def test_a_rejected_batch_is_reported_at_once_and_never_reworked_on_the_quiet(plant: Play) -> None:
    """P06.05, P06.06: shift leader and head hear of it; a whole batch always gets the sheet."""
    leader, chief = plant.as_("shift_leader"), plant.as_("moulding_chief")
    sheet = anomaly(plant, extent="batch_rejected")
    assert leader.heard("不合格批次/批量不良：缩水")
    assert chief.heard("不合格批次/批量不良：缩水")
    assert not plant.as_("production_worker").heard("不合格批次/批量不良")

    plant.as_("shift_leader").take(
        sheet, "judge_minor", cause="保压不足", rework_team="甲班", rework_leader=leader
    )
    assert plant.state(sheet) == "confirming"
    assert plant.now(sheet)["data"]["severity"] == "serious"


def test_single_pieces_are_not_reported_to_the_head(plant: Play) -> None:
    """P06.05, the other branch."""
    anomaly(plant)
    assert not plant.as_("moulding_chief").heard("批量不良")


def test_an_unknown_cause_needs_the_sheet_and_two_signatures_in_order(plant: Play) -> None:
    """P06.06, P06.10: inspector on duty confirms, then the supervisor signs; refused goes back."""
    supervisor = plant.as_("production_supervisor")
    sheet = plant.as_("duty_inspector").take(anomaly(plant), "judge_unknown")
    assert plant.state(sheet) == "confirming"
    assert sheet["data"]["cause_known"] is False
    with pytest.raises(ForbiddenError):
        supervisor.approve(sheet)  # not before the inspector
    with pytest.raises(ForbiddenError):
        plant.as_("line_inspector").approve(sheet)
    assert plant.state(sheet) == "confirming"


def test_the_supervisor_signs_after_the_inspector(plant: Play) -> None:
    """P06.10: both in order; then all three centres are called to the measures."""
    duty, supervisor = plant.as_("duty_inspector"), plant.as_("production_supervisor")
    sheet = plant.as_("manufacturing_engineer").take(anomaly(plant), "judge_unknown")
    duty.approve(sheet)
    assert plant.state(sheet) == "confirming"
    supervisor.approve(sheet)
    assert plant.state(sheet) == "containing"
    for username in ("production_supervisor", "quality_chief", "technical_center_staff"):
        assert plant.as_(username).heard("请共同制订临时措施")


def test_a_supervisor_who_does_not_sign_sends_the_sheet_back(plant: Play) -> None:
    """P06.10, the loop."""
    sheet = plant.as_("manufacturing_engineer").take(anomaly(plant), "judge_serious")
    plant.as_("duty_inspector").approve(sheet)
    plant.as_("production_supervisor").reject(sheet, reason="先查清批次")
    assert plant.state(sheet) == "raised"
    assert plant.as_("manufacturing_engineer").owes(sheet) == ["分析确认原因，判定严重程度"]


def test_exactly_half_an_hour_is_in_time(plant: Play) -> None:
    """P06.07, T10: the temporary measure, with rework of what is in process and in stock."""
    sheet = confirmed(plant)
    clock = plant.clock(sheet, "temporary")
    assert clock.due_at == MONDAY_MORNING + timedelta(minutes=30)
    plant.later(minutes=20)
    assert plant.as_("shift_leader").heard("十分钟内须定临时措施")
    plant.later(minutes=10)
    assert not plant.clock(sheet, "temporary").is_late(plant.moment)
    engineer = plant.as_("manufacturing_engineer")
    assert engineer.lacks(sheet, "contain", temporary_measure="全检") == set(REWORK)
    plant.as_("production_worker").cannot(sheet, "contain", temporary_measure="全检", **REWORK)
    engineer.take(sheet, "contain", temporary_measure="全检", **REWORK)
    clock = plant.clock(sheet, "temporary")
    assert (clock.state, clock.late_since) == ("done", None)
    assert plant.state(sheet) == "preventing"


def test_a_minute_after_half_an_hour_is_late_and_climbs(plant: Play) -> None:
    """P06.07, T10: supervisor and centres at the due time, management half an hour later."""
    sheet = confirmed(plant)
    plant.later(minutes=31)
    assert plant.clock(sheet, "temporary").is_late(plant.moment)
    assert plant.as_("production_supervisor").heard("半小时已到")
    assert plant.as_("quality_chief").heard("半小时已到")
    assert not plant.as_("director").heard("仍无临时措施")
    plant.later(minutes=29)
    assert plant.as_("director").heard("仍无临时措施")


def test_exactly_24_hours_is_in_time(plant: Play) -> None:
    """P06.08, T11: the long-term measure at the last moment keeps production running."""
    sheet = confirmed(plant)
    engineer = plant.as_("manufacturing_engineer")
    engineer.take(sheet, "contain", temporary_measure="全检", **REWORK)
    assert plant.clock(sheet, "preventive").due_at == MONDAY_MORNING + timedelta(hours=24)
    plant.later(hours=20)
    assert engineer.heard("四小时内须定长期预防措施")
    plant.later(hours=4)
    assert plant.state(sheet) == "preventing"
    assert not plant.clock(sheet, "preventive").is_late(plant.moment)
    engineer.take(sheet, "prevent", preventive_owner=engineer, **PREVENTION)
    plant.later(hours=1)
    assert plant.state(sheet) == "verifying"
    clock = plant.clock(sheet, "preventive")
    assert (clock.state, clock.late_since) == ("done", None)
    assert not plant.as_("production_supervisor").heard("停止生产")


def test_without_a_long_term_measure_production_stops(plant: Play) -> None:
    """P06.09, T11: after 24 hours the sheet is stopped by itself, everybody concerned hears it, urgently."""
    sheet = confirmed(plant)
    plant.as_("manufacturing_engineer").take(sheet, "contain", temporary_measure="全检", **REWORK)
    plant.later(hours=24, minutes=1)
    assert plant.state(sheet) == "stopped"
    stopped = plant.now(sheet)
    assert stopped["data"]["stopped_at"] is not None
    for username in (
        "production_supervisor",
        "director",
        "moulding_chief",
        "shift_leader",
        "production_worker",
        "quality_chief",
    ):
        assert plant.as_(username).heard("停止生产或换产：端盖")
    assert plant.clock(sheet, "preventive").is_late(plant.moment)

    supervisor = plant.as_("production_supervisor")
    plant.as_("production_worker").cannot(sheet, "note_stop", stop_action="switch")
    supervisor.take(sheet, "note_stop", stop_action="switch")
    assert plant.state(sheet) == "stopped"
    assert supervisor.lacks(sheet, "resume") >= {"preventive_measure", "preventive_owner"}
    plant.as_("manufacturing_engineer").cannot(sheet, "resume")
    supervisor.take(sheet, "resume", preventive_owner=supervisor, **PREVENTION)
    assert plant.state(sheet) == "verifying"
    assert plant.now(sheet)["data"]["resumed_at"] == plant.moment
    assert plant.as_("production_worker").heard("恢复生产")
    assert not any(clock.is_open for clock in clocks.of_record("internal_feedback", sheet["_id"]))


@pytest.mark.parametrize("signed", [False, True], ids=["nobody judged", "only confirmed"])
def test_production_stops_wherever_the_sheet_got_stuck(plant: Play, *, signed: bool) -> None:
    """P06.09: not judged, or confirmed without any measure."""
    sheet = confirmed(plant) if signed else anomaly(plant)
    plant.later(hours=24, minutes=1)
    assert plant.state(sheet) == "stopped"
    assert plant.open_duties(sheet) == ["停止生产或换其他产品，直至有预防措施"]


def test_measures_that_do_not_work_are_decided_anew_with_new_deadlines(plant: Play) -> None:
    """P06.01, P06.04: verification by production or quality centre, loop, closed by the quality centre."""
    sheet = confirmed(plant)
    engineer, quality = plant.as_("manufacturing_engineer"), plant.as_("quality_center_staff")
    engineer.take(sheet, "contain", temporary_measure="全检", **REWORK)
    engineer.take(sheet, "prevent", preventive_owner=engineer, **PREVENTION)
    engineer.cannot(sheet, "verified", verification_result="好")
    plant.later(hours=30)
    assert quality.lacks(sheet, "not_effective", verification_result="复现") == {"reason"}
    quality.take(sheet, "not_effective", verification_result="复现", reason="两天后又出现")
    assert plant.state(sheet) == "containing"
    assert plant.as_("technical_center_staff").heard("措施无效")
    assert plant.clock(sheet, "temporary_again").due_at == plant.moment + timedelta(minutes=30)
    assert plant.clock(sheet, "preventive_again").due_at == plant.moment + timedelta(hours=24)

    engineer.take(sheet, "contain", temporary_measure="全检加挑选", **REWORK)
    engineer.take(sheet, "prevent", preventive_owner=engineer, **PREVENTION)
    plant.as_("production_supervisor").take(sheet, "verified", verification_result="连续三批合格")
    quality.take(sheet, "close", closing_note="纳入标准")
    assert plant.state(sheet) == "closed"
    assert plant.open_duties(sheet) == []


def test_the_quality_centre_exempts_with_a_reason(plant: Play) -> None:
    """P06.09: production does not stop for what somebody took the responsibility for."""
    sheet = confirmed(plant)
    clock = plant.clock(sheet, "preventive")
    engineer, chief = plant.as_("manufacturing_engineer"), plant.as_("quality_chief")
    with pytest.raises(ForbiddenError):
        clocks.exempt(engineer.actor, engineer.person, clock.id, "来不及")
    with pytest.raises(InvalidError):
        clocks.exempt(chief.actor, chief.person, clock.id, " ")
    clocks.exempt(chief.actor, chief.person, clock.id, "该批为试制，不再生产")
    plant.later(hours=25)
    assert plant.state(sheet) == "containing"
    assert plant.clock(sheet, "preventive").state == "exempt"


def test_stage_and_time_cannot_be_rewritten_after_the_judgement(plant: Play) -> None:
    """P06.03, P06.07: the deadlines hang on the time of the report."""
    sheet = confirmed(plant)
    changed = plant.as_("manufacturing_engineer").edit(sheet, raised_at=plant.moment + SOON, cause="模温")
    assert changed["data"]["raised_at"] == MONDAY_MORNING
    assert changed["data"]["cause"] == "模温"
