"""P03 flow d, 损坏遗失: remedied at once, told to the customer, settled and corrected (P03.65, 8.5.3)."""

from decimal import Decimal
from typing import Any

import pytest

from models.database import Document, db
from models.errors import ConflictError, InvalidError
from tests.scenarios.p03 import one
from tests.scenarios.play import Play, dept
from tests.scenarios.property import asked, data, kept, lent, movements, sound, stock


def test_the_borrower_reports_a_loss_and_the_slip_counts_it(company: Play) -> None:
    """P03.65: 责任人立即采取补救措施; the slip is closed with the last piece that is accounted for."""
    item = kept(company)
    slip = lent(company, item, 2)
    borrower = company.as_("technology_staff")
    company.as_("finance_head").cannot(slip, "report_incident", incident_item=item)
    asked_for = {"incident_item", "incident_kind", "incident_quantity", "incident_description"}
    assert borrower.lacks(slip, "report_incident") == asked_for
    said: dict[str, Any] = {
        "incident_item": item,
        "incident_quantity": 1,
        "incident_description": "外检途中遗失",
    }
    borrower.take(slip, "report_incident", incident_kind="loss", **said)
    incident = company.made(slip, "property_incident")
    told = incident["data"]
    assert company.state(incident) == "reported"
    assert (told["customer"], told["slip"]) == (one(company, "customer")["_id"], slip["_id"])
    assert (told["responsible_person"], told["responsible_department"]) == (borrower.id, dept("TECH").id)
    assert (company.state(slip), data(company, slip)["outstanding"].to_decimal()) == ("lent", 1)
    assert "incident_item" not in data(company, slip)
    assert stock(company, item).total(["lost"]) == 1
    borrower.take(slip, "report_incident", incident_kind="damage", **said)
    assert company.state(slip) == "closed"
    assert stock(company, item).total(["damaged"]) == 1
    for head in ("sales_head", "quality_head", "technology_head"):
        assert company.as_(head).heard("顾客财产损坏或遗失")
    with pytest.raises(ConflictError):
        borrower.take(slip, "report_incident", incident_kind="loss", **said)
    assert sound()


def reported(play: Play, kind: str = "loss", quantity: int = 1, **values: Any) -> tuple[Document, Document]:
    """Let the keeper report damage or loss of what is kept; return the item and the report."""
    item = kept(play, **values)
    keeper = play.as_("production_staff")
    said: dict[str, Any] = {
        "incident_kind": kind,
        "incident_quantity": quantity,
        "incident_description": "盘点发现",
    }
    keeper.take(item, "report_incident", **said)
    return item, play.made(item, "property_incident")


def deciding(play: Play, kind: str = "loss", **values: Any) -> tuple[Document, Document]:
    """Bring a report to where the customer was told."""
    item, found = reported(play, kind, **values)
    found = play.as_("production_head").take(found, "remedied", remedy="封存现场，全面查找")
    told: dict[str, Any] = {"told_on": "2026-03-02", "told_how": "letter", "told_whom": "王工"}
    return item, play.as_("sales_staff").take(found, "told", **told)


def decided(play: Play, decision: str, kind: str = "loss", **values: Any) -> tuple[Document, Document]:
    """Bring a report to the customer's decision."""
    item, found = deciding(play, kind, **values)
    said: dict[str, Any] = {"decision": decision, "decided_by": "王工", "decided_on": "2026-03-03"}
    return item, play.as_("sales_staff").take(found, "customer_decides", **said)


def test_the_responsible_remedies_at_once_and_sales_tells_the_customer(company: Play) -> None:
    """P03.65, P03.66: 立即 is 4 working hours to begin with; 8.5.3 wants the customer told."""
    _item, found = reported(company)
    head = company.as_("production_head")
    assert head.owes(found) == ["立即采取补救措施"]
    company.as_("quality_staff").cannot(found, "remedied", remedy="x")
    assert head.lacks(found, "remedied") == {"remedy"}
    company.later(hours=5, minutes=-1)  # with the lunch break
    assert not head.heard("应立即采取补救措施")
    company.later(minutes=61)
    assert head.heard("应立即采取补救措施")
    company.later(days=1)
    assert company.as_("sales_head").heard("超过 8 个工作小时")
    found = head.take(found, "remedied", remedy="封存现场，全面查找")
    assert data(company, found)["remedy_by"] == head.id
    sales = company.as_("sales_staff")
    assert sales.owes(found) == ["将损坏或遗失报告顾客"]
    head.cannot(found, "told", told_on="2026-03-03")
    assert sales.lacks(found, "told") == {"told_on", "told_how", "told_whom"}
    company.later(days=1)
    assert sales.heard("“报告顾客”期限已到")
    company.later(days=1)
    assert company.as_("sales_head").heard("“报告顾客”已逾期 1 个工作日")
    found = sales.take(found, "told", told_on="2026-03-05", told_how="letter", told_whom="王工")
    assert sales.owes(found) == ["取得顾客的处理决定"]
    company.later(days=14)
    assert sales.heard("顾客尚未决定如何处理")


def test_damage_is_repaired_and_the_piece_is_back(company: Play) -> None:
    """P03.65: repair; the ledger follows the piece to the workshop and back."""
    item, found = decided(company, "repair", "damage")
    assert company.state(found) == "repairing"
    assert stock(company, item).total(["repair"]) == 1
    assert stock(company, item).total(["kept"]) == 4  # the damaged piece went, no other
    company.as_("finance_head").cannot(found, "repaired")
    company.later(days=14)
    assert company.as_("production_head").heard("“修复、补供或赔偿”期限已到")
    found = company.as_("production_head").take(found, "repaired")
    assert company.state(found) == "cause"
    assert stock(company, item).total(["kept"]) == 5
    assert movements(item)[2:] == ["damage", "repair", "repaired"]
    assert sound()


def test_what_cannot_be_repaired_is_asked_again(company: Play) -> None:
    """P03.65: loop until it is settled; what is lost cannot be repaired at all."""
    _item, found = decided(company, "repair", "damage")
    found = company.as_("production_head").take(found, "beyond_repair", reason="基体开裂")
    assert company.state(found) == "deciding"
    assert "decision" not in data(company, found)
    _item, lost = decided(company, "repair", "loss")
    assert company.state(lost) == "deciding"


def test_a_replacement_arrives_as_a_new_item_of_the_ledger(company: Play) -> None:
    """P03.65: 补供; everything about it is taken over from what it replaces."""
    item, found = decided(company, "replacement", model="WP1", place="A-1")
    sales = company.as_("sales_staff")
    assert company.state(found) == "replacing"
    assert sales.lacks(found, "replaced") == {"replacement_quantity"}
    sales.take(found, "replaced", replacement_quantity=1)
    new = company.linked(found, "replacement")
    assert new["_id"] != item["_id"]
    held = new["data"]
    assert (held["replaces"], held["customer"]) == (item["_id"], one(company, "customer")["_id"])
    assert (held["name"], held["model"], held["kind"], held["keeper"]) == (
        "缸盖样件",
        "WP1",
        "sample",
        dept("PRODUCTION").id,
    )
    assert company.state(new) == "registered"
    assert stock(company, new).total(["kept"]) == Decimal(1)
    assert company.state(found) == "cause"
    assert sound()


def test_compensation_is_a_claim_and_waits_for_it(company: Play) -> None:
    """P03.65 with flow b: the claim is opened from the report, or one that is there is named."""
    _item, found = decided(company, "compensation")
    sales = company.as_("sales_staff")
    assert sales.lacks(found, "open_claim") == {"compensation"}
    found = sales.take(found, "open_claim", compensation={"amount": "800", "currency": "CNY"})
    opened = company.linked(found, "claim")
    assert (opened["data"]["claim_kind"], opened["data"]["property_incident"]) == ("property", found["_id"])
    assert company.state(opened) == "collecting"
    assert sales.lacks(found, "paid") == {""}
    company.as_("sales_head").take(opened, "withdraw", reason="双方另行和解")
    found = sales.take(found, "paid")
    assert company.state(found) == "cause"
    _item, other = decided(company, "compensation")
    assert sales.lacks(other, "name_claim") == {"claim"}
    other = sales.take(other, "name_claim", claim=opened)
    assert company.state(other) == "paying"


def test_quality_finds_the_cause_and_starts_corrective_action(company: Play) -> None:
    """P03.65, P03.04: 纠正; the responsible department plans, quality approves."""
    _item, found = decided(company, "waive")
    quality = company.as_("quality_staff")
    assert quality.owes(found) == ["分析原因，决定是否需要纠正措施"]
    company.later(days=7)
    assert quality.heard("“原因分析”期限已到")
    assert quality.lacks(found, "start_action") == {"root_cause", "capa_due_on"}
    company.as_("production_head").cannot(found, "close", root_cause="x")
    found = quality.take(found, "start_action", root_cause="未定置存放", capa_due_on="2026-04-30")
    action = company.linked(found, "corrective_action")
    assert (company.state(found), company.state(action)) == ("closed", "planning")
    assert action["data"]["origin"] == "property"
    assert company.as_("production_head").owes(action) == ["分析原因，制订纠正/预防措施"]


def test_what_was_lost_is_found_again(company: Play) -> None:
    """P03.65: before or after the case is closed, the piece is back in the ledger."""
    item, found = reported(company)
    assert company.as_("production_head").lacks(found, "found") == {"found_where"}
    company.as_("production_head").take(found, "found", found_where="3 号货架")
    assert company.state(found) == "cause"
    assert stock(company, item).total(["kept"]) == 5
    assert company.as_("sales_staff").heard("遗失的顾客财产已找回")
    item, found = decided(company, "waive")
    found = company.as_("quality_staff").take(found, "close", root_cause="搬运遗漏")
    company.as_("sales_staff").take(found, "found_later", found_where="车间角落")
    assert (company.state(found), data(company, found)["found_on"]) == ("closed", "2026-03-02")
    assert stock(company, item).total(["lost"]) == 0
    assert sound()


def test_an_item_that_is_lost_altogether_ends_and_begins_again(company: Play) -> None:
    """P03.65: with the last piece the record ends, and with the find it goes on."""
    item, found = reported(company, quantity=5)
    assert company.state(item) == "gone"
    company.as_("production_head").take(found, "found", found_where="3 号货架")
    assert company.state(item) == "kept"


def test_a_report_by_mistake_is_taken_back_with_its_movement(company: Play) -> None:
    """P03.65: only by whoever leads, with a reason; both movements stay."""
    for kind, step in (("loss", "missed_by_mistake"), ("damage", "reported_by_mistake")):
        item, found = reported(company, kind)
        company.as_("sales_staff").cannot(found, step, reason="x")
        assert company.as_("sales_supervisor").lacks(found, step) == {"reason"}
        company.as_("sales_supervisor").take(found, step, reason="在他处找到")
        assert company.state(found) == "withdrawn"
        assert stock(company, item).total(["kept"]) == 5
    assert sound()


def test_nothing_is_reported_that_is_not_there(company: Play) -> None:
    """P03.65: more than is kept, or an item that is lost already, is refused; nothing is half written."""
    item, _found = reported(company, quantity=1)
    keeper = company.as_("production_staff")
    said: dict[str, Any] = {"incident_kind": "loss", "incident_description": "x"}
    before = db().record_property_incident.count_documents({})
    assert keeper.lacks(item, "report_incident", incident_quantity=5, **said)
    assert db().record_property_incident.count_documents({}) == before
    with pytest.raises(InvalidError):
        asked(company, item, 5)
    assert sound()
