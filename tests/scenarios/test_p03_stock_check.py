"""顾客财产盘点: every year what customers own is counted, differences are approved, the ledger follows."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from models import clocks
from models.database import Document
from models.errors import ForbiddenError
from models.ledger.stock_check import counting, reviewing
from models.ledger.stock_check.counting import Count
from tests.scenarios.play import Play
from tests.scenarios.property import data, kept, lent, movements, sound, stock
from tests.stock_check_forms import lines_of, run_jobs


def planned(play: Play, **values: Any) -> Document:
    """Let the sales supervisor plan a check that the production counts."""
    given: dict[str, Any] = {
        "subject": "年度盘点",
        "check_year": 2026,
        "counters": [play.as_("production_staff").id],
        **values,
    }
    return play.as_("sales_supervisor").create("stock_check", **given)


def worked(play: Play) -> None:
    """Let the workers do what waits."""
    assert [job.state for job in run_jobs()] == ["done"]
    play.settle()


def begun(play: Play, **values: Any) -> Document:
    check = play.as_("sales_supervisor").take(planned(play, **values), "begin")
    assert play.state(check) == "preparing"
    worked(play)
    return check


def count(play: Play, by: str, check: Document, line: Document, quantity: int) -> Document:
    player = play.as_(by)
    said = Count(Decimal(quantity))
    return counting.count(player.actor, player.person, check["_id"], line["_id"], said)


def decided(play: Play, check: Document, line: Document, decision: str, reason: str) -> None:
    leader = play.as_("sales_supervisor")
    reviewing.decide(leader.actor, leader.person, check["_id"], [line["_id"]], decision, reason)


def test_a_year_end_check_is_counted_reviewed_approved_and_booked(company: Play) -> None:
    """8.5.3: what is missing is found out, approved by two, and booked; lent pieces are missing nowhere."""
    item, other = kept(company), kept(company, name="检具", quantity=2)
    lent(company, item)
    check = begun(company)
    assert company.state(check) == "counting"
    assert company.as_("production_staff").heard("可以开始盘点：2 项")
    assert company.as_("production_staff").owes(check) == ["清点实物并录入数量"]
    first, second = [line for line in lines_of(check) if line["kind"] == "kept"]
    with pytest.raises(ForbiddenError):  # only whoever is named counts
        count(company, "technology_staff", check, first, 1)
    by_item = {first["item"]: first, second["item"]: second}
    count(company, "production_staff", check, by_item[item["_id"]], 3)
    assert company.as_("production_staff").lacks(check, "finish") == {""}
    company.later(days=7)
    assert company.as_("production_staff").heard("还有 1 项未盘")
    assert company.as_("sales_supervisor").heard("盘点期限已到")
    count(company, "production_staff", check, by_item[other["_id"]], 1)
    company.as_("production_staff").take(check, "finish")
    assert data(company, check)["differences"] == 1
    assert company.as_("sales_supervisor").owes(check) == ["逐项说明差异原因并提出处理意见"]
    assert company.as_("sales_supervisor").lacks(check, "submit") == {""}
    decided(company, check, by_item[other["_id"]], "book", "两人复点，缺一件")
    company.as_("sales_supervisor").take(check, "submit")
    with pytest.raises(ForbiddenError):  # nobody approves what they submitted
        company.as_("sales_supervisor").approve(check)
    company.as_("sales_head").approve(check)
    assert company.state(check) == "approving"
    company.as_("deputy_general_manager").approve(check)
    assert company.state(check) == "adjusting"
    worked(company)
    assert company.state(check) == "closed"
    assert company.as_("production_staff").owes(check) == []
    found = stock(company, other)
    assert [found.total([kind]) for kind in ("kept", "lost")] == [Decimal(1), Decimal(1)]
    assert movements(other)[-1] == "shortage"
    assert stock(company, item).total(["lent"]) == Decimal(2)
    assert sound()


def test_a_check_without_differences_needs_one_signature(company: Play) -> None:
    """The deputy general manager is asked about differences only."""
    kept(company)
    check = begun(company)
    [line] = lines_of(check)
    count(company, "production_staff", check, line, 5)
    company.as_("production_staff").take(check, "finish")
    company.as_("sales_supervisor").take(check, "submit")
    company.as_("sales_head").approve(check)
    worked(company)
    assert company.state(check) == "closed"


def test_what_was_rejected_is_counted_again_and_what_moved_is_followed_up(company: Play) -> None:
    """A rejection leads back to the review; what moved since is not booked, and somebody looks after it."""
    item = kept(company)
    check = begun(company)
    [line] = lines_of(check)
    count(company, "production_staff", check, line, 4)
    company.as_("production_staff").take(check, "finish")
    decided(company, check, line, "book", "缺一件")
    company.as_("sales_supervisor").take(check, "submit")
    company.as_("sales_head").reject(check, reason="再数一遍")
    assert company.state(check) == "reviewing"
    leader = company.as_("sales_supervisor")
    assert leader.heard("驳回")
    reviewing.ask_again(leader.actor, leader.person, check["_id"], [line["_id"]], "看看下层")
    count(company, "production_staff", check, line, 4)
    decided(company, check, line, "book", "确实缺一件")
    leader.take(check, "submit")
    lent(company, item, 1)  # taken from the shelf meanwhile
    company.as_("sales_head").approve(check)
    company.as_("deputy_general_manager").approve(check)
    worked(company)
    assert (company.state(check), lines_of(check)[0]["outcome"]) == ("adjusted", "moved")
    assert leader.heard("未能入账")
    assert leader.lacks(check, "close") == {"follow_up"}
    leader.take(check, "close", follow_up="该件已借出，账实相符")
    assert company.state(check) == "closed"
    assert stock(company, item).total(["lost"]) == 0
    assert sound()


def test_a_check_is_cancelled_with_a_reason_and_its_lines_go(company: Play) -> None:
    """Nothing of the ledger changes by a check that was cancelled."""
    item = kept(company)
    check = begun(company)
    leader = company.as_("sales_supervisor")
    assert leader.lacks(check, "cancel") == {"reason"}
    leader.take(check, "cancel", reason="改期")
    worked(company)
    assert (company.state(check), lines_of(check)) == ("cancelled", [])
    assert stock(company, item).total(["kept"]) == Decimal(5)


def test_the_yearly_check_is_asked_for_until_it_is_begun(company: Play) -> None:
    """Every 20 November, ten working days ahead; a yearly check settles it, a spot check does not."""
    clocks.ensure_schedules()
    company.at(datetime(2026, 10, 12, 2, tzinfo=UTC))
    planned(company, subject="抽盘", reason="spot", check_year=None)
    reminded(company, datetime(2026, 11, 9, 2, tzinfo=UTC))
    assert company.as_("sales_head").heard("请安排年度顾客财产盘点")
    assert company.as_("sales_head").owes() == ["年度盘点"]
    planned(company)
    reminded(company, datetime(2026, 11, 23, 2, tzinfo=UTC))
    assert company.as_("sales_head").owes() == []
    assert not company.as_("sales_head").heard("盘点应已开始")


def reminded(play: Play, moment: datetime) -> None:
    """Let it be a moment, and what is due by then be told."""
    play.at(moment)
    clocks.ensure_schedules()
    clocks.sweep()
    play.settle()
