"""P03 flow d, 顾客财产借用: consent, hand-over, returns and what can happen to a loan (P03.63, P03.64)."""

from datetime import date
from typing import Any

import pytest
from bson import ObjectId

from models import history
from models.database import Document, db
from models.errors import ConflictError, ForbiddenError, InvalidError
from models.messages import translate
from tests.every_type import upload
from tests.scenarios.play import Play, dept
from tests.scenarios.property import (
    asked,
    data,
    ends,
    kept,
    lent,
    movements,
    paper,
    row,
    signed,
    sound,
    stock,
)


def test_borrowing_needs_the_consent_of_sales(company: Play) -> None:
    """P03.63: 经销售部同意; whoever asks may not consent, nor may the keeper."""
    item = kept(company)
    slip = asked(company, item)
    assert company.state(slip) == "asked"
    assert company.as_("sales_staff").owes(slip) == ["决定是否同意借用"]
    for stranger in ("technology_staff", "technology_head", "production_staff", "quality_head"):
        company.as_(stranger).cannot(slip, "consent")
    company.later(days=1)
    assert company.as_("sales_supervisor").heard("“借用审批”期限已到")
    company.later(days=1)
    assert company.as_("sales_head").heard("逾期 1 个工作日")
    slip = company.as_("sales_staff").take(slip, "consent")
    held = data(company, slip)
    assert (held["consent_by"], held["consented_by"]) == ("sales", company.as_("sales_staff").id)
    refused = asked(company, item, 1)
    assert company.as_("sales_staff").lacks(refused, "refuse") == {"reason"}
    refused = company.as_("sales_staff").take(refused, "refuse", reason="顾客要求不外借")
    assert company.as_("technology_staff").heard("借用申请未获同意")
    assert stock(company, item).promise_of(refused["_id"]) is None


def test_the_customers_consent_needs_evidence(company: Play) -> None:
    """P03.63: 或经顾客协商; without the paper there is no consent."""
    slip = company.as_("sales_staff").take(asked(company, kept(company)), "ask_customer")
    sales = company.as_("sales_staff")
    assert sales.owes(slip) == ["与顾客协商并取得同意凭证"]
    given: dict[str, Any] = {"customer_contact": "王工", "customer_consented_on": "2026-03-02"}
    assert sales.lacks(slip, "customer_consents", **given) == {"consent_evidence"}
    company.later(days=3)
    assert sales.heard("“与顾客协商”期限已到")
    slip = sales.take(slip, "customer_consents", **given, consent_evidence=paper(sales))
    assert (company.state(slip), data(company, slip)["consent_by"]) == ("consented", "customer")


def test_every_loan_is_signed_by_both_and_recorded_in_detail(company: Play) -> None:
    """P03.64, P03.19: 《顾客财产借用单》; from the second signature on the pieces are the borrower's."""
    item = kept(company)
    slip = company.as_("sales_staff").take(asked(company, item), "consent")
    assert data(company, slip)["items"][0]["keeper"] == dept("PRODUCTION").id
    assert company.as_("production_staff").owes(slip) == ["发放并签字"]
    for stranger in ("purchasing_head", "technology_head", "quality_staff"):  # P03.61: not their keeping
        company.as_(stranger).cannot(slip, "hand_out", signature="x")
    with pytest.raises(ForbiddenError) as refused:
        company.as_("technology_head").take(slip, "hand_out", signature="x")
    assert "发放部门" in translate(refused.value.message, "zh")
    assert company.as_("production_staff").lacks(slip, "hand_out") == {"signature"}
    slip = signed(company, "production_staff", slip, "hand_out")
    assert data(company, item)["status"] == "in_stock"
    company.as_("technology_head").cannot(slip, "sign_for", signature="x")
    slip = signed(company, "technology_staff", slip, "sign_for")
    held, thing = data(company, slip), data(company, item)
    assert (company.state(slip), held["outstanding"].to_decimal()) == ("lent", 2)
    assert (thing["status"], thing["available"].to_decimal(), thing["lent"].to_decimal()) == (
        "partly_lent",
        3,
        2,
    )
    assert (thing["holders"], thing["due_on"]) == ([company.as_("technology_staff").id], "2026-03-06")
    entries = history.of_record("borrow_slip", slip["_id"])
    signatures = {
        entry["transition"]: entry["signature"]["by"] for entry in entries if entry.get("signature")
    }
    assert signatures == {
        "hand_out": company.as_("production_staff").id,
        "sign_for": company.as_("technology_staff").id,
    }
    assert sound()


def test_returns_come_in_parts_with_their_condition(company: Play) -> None:
    """P03.64: partial returns; with the last piece the slip is closed by itself."""
    item = kept(company)
    slip = lent(company, item, 4)
    keeper = company.as_("production_staff")
    for stranger in ("technology_staff", "quality_head", "finance_head"):
        company.as_(stranger).cannot(slip, "take_back", returns=[row(item)])
    photos = [str(upload(keeper.id))]
    slip = keeper.take(slip, "take_back", returns=[row(item, 1, condition="划痕")], photos=photos)
    assert (company.state(slip), data(company, slip)["outstanding"].to_decimal()) == ("lent", 3)
    moved = db().property_movements.find_one({"kind": "return"})
    assert moved
    assert (moved["condition"], [str(one) for one in moved["photos"]]) == ("划痕", photos)
    booked = data(company, slip)["returns"]
    again = [*_raw_rows(booked), row(item, 4)]
    assert keeper.lacks(slip, "take_back", returns=again) == {"returns.1.quantity"}
    again = [*_raw_rows(booked), row(item, 1, outcome="damage"), row(item, 2)]
    slip = keeper.take(slip, "take_back", returns=again)
    assert (company.state(slip), data(company, slip)["closed_on"]) == ("closed", "2026-03-02")
    assert stock(company, item).total(["damaged"]) == 1
    assert stock(company, item).total(["kept"]) == 4
    assert sound()


def _raw_rows(rows: list[Document]) -> list[dict[str, Any]]:
    """Return stored rows as a screen sends them again."""
    return [{key: _plain(value) for key, value in one.items()} for one in rows]


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, ObjectId) or hasattr(value, "to_decimal") else value


def test_nobody_lends_to_themselves(company: Play) -> None:
    """P03.63, P03.64: whoever borrows neither consents nor hands over nor takes back."""
    item = kept(company)
    slip = asked(company, item, 1, "sales_staff")
    assert company.as_("sales_staff").lacks(slip, "consent") == {""}
    slip = company.as_("colleague").take(slip, "consent")
    assert company.as_("sales_staff").lacks(slip, "hand_out", signature="x") == {""}
    assert company.as_("sales_staff").offered(slip) == ["cancel"]


def test_nobody_gets_what_somebody_else_has_and_everybody_is_told_who(company: Play) -> None:
    """P03.64: a piece is never in two hands; whoever comes second can wait in line."""
    item = kept(company, quantity=1)
    lent(company, item, 1)
    with pytest.raises(InvalidError) as refused:
        asked(company, item, 1, "quality_staff")
    [[said]] = refused.value.errors.values()
    assert "technology_staff" in translate(said, "zh")
    assert "2026-03-06" in translate(said, "zh")
    quality = company.as_("quality_staff")
    waiting = quality.create("borrow_slip", purpose="检测", ends=ends(company, 20), items=[row(item)])
    waiting = quality.take(waiting, "queue")
    assert company.state(waiting) == "queued"
    assert [one.slip for one in stock(company, item).queue] == [waiting["_id"]]
    with pytest.raises(InvalidError):
        quality.take(waiting, "offer")
    assert sound()


def test_reservations_for_later_keep_the_days_free(company: Play) -> None:
    """P03.64: a reservation for next week does not hinder this week."""
    item = kept(company, quantity=1)
    later: dict[str, Any] = {"begins": ends(company, 7), "ends": ends(company, 10)}
    asked(company, item, 1, "quality_staff", **later)
    slip = lent(company, item, 1)
    technician = company.as_("technology_staff")
    slip = technician.take(slip, "ask_extension", extend_to=ends(company, 8), extension_reason="复测")
    assert company.as_("sales_staff").lacks(slip, "grant_extension") == {"extend_to"}
    slip = company.as_("sales_staff").take(slip, "grant_extension", extend_to=ends(company, 6))
    assert data(company, item)["due_on"] == ends(company, 6)


def test_what_is_overdue_climbs_from_borrower_to_head_to_sales(company: Play) -> None:
    """P03.64: reminded before, at and after the last day; the slip says that it is overdue."""
    slip = lent(company, kept(company))  # due on Friday, 6 March
    borrower = company.as_("technology_staff")
    company.later(days=3)  # Thursday morning
    assert borrower.heard("将于 2026-03-06 到期")
    company.later(days=1, hours=14, minutes=59)
    assert not data(company, slip).get("overdue")
    company.later(minutes=1)  # Friday is over
    assert data(company, slip)["overdue"] is True
    assert not borrower.heard("已逾期，请立即归还")
    company.later(days=2, hours=10)  # Monday, 10 o'clock: nobody is called at night
    assert borrower.heard("已逾期，请立即归还")
    assert not company.as_("technology_head").heard("逾期 1 个工作日未还")
    company.later(hours=14)  # Monday is over
    assert company.as_("technology_head").heard("逾期 1 个工作日未还")
    assert not company.as_("sales_head").heard("逾期 3 个工作日未还")
    company.later(days=2)
    assert company.as_("sales_head").heard("逾期 3 个工作日未还")
    assert company.as_("sales_supervisor").heard("逾期 3 个工作日未还")


def test_an_extension_is_granted_by_sales_and_restarts_the_clock(company: Play) -> None:
    """P03.64: 延期; sales may grant another day, or refuse."""
    slip = lent(company, kept(company))
    borrower, sales = company.as_("technology_staff"), company.as_("sales_staff")
    company.later(days=5)
    assert data(company, slip)["overdue"] is True
    company.as_("quality_staff").cannot(
        slip, "ask_extension", extend_to=ends(company, 7), extension_reason="x"
    )
    assert borrower.lacks(slip, "ask_extension") == {"extend_to", "extension_reason"}
    slip = borrower.take(slip, "ask_extension", extend_to=ends(company, 7), extension_reason="数据未完")
    borrower.cannot(slip, "grant_extension")
    slip = sales.take(slip, "refuse_extension", reason="顾客要收回")
    assert (company.state(slip), data(company, slip)["ends"]) == ("lent", "2026-03-06")
    slip = borrower.take(slip, "ask_extension", extend_to=ends(company, 7), extension_reason="数据未完")
    slip = sales.take(slip, "grant_extension")
    held = data(company, slip)
    assert (held["ends"], held["overdue"]) == ("2026-03-14", False)
    assert "extend_to" not in held
    assert company.clock(slip, "return").due_at.astimezone(company.zone).date() == date(2026, 3, 14)
    company.later(days=7)
    assert not data(company, slip)["overdue"]
    company.later(days=1)
    assert data(company, slip)["overdue"] is True


def test_an_extension_of_what_the_customer_lent_needs_the_customer_again(company: Play) -> None:
    """P03.63: the customer's consent counts for the days it was given for."""
    item = kept(company)
    sales = company.as_("sales_staff")
    slip = sales.take(asked(company, item), "ask_customer")
    given: dict[str, Any] = {
        "customer_contact": "王工",
        "customer_consented_on": "2026-03-02",
        "consent_evidence": paper(sales),
    }
    slip = sales.take(slip, "customer_consents", **given)
    slip = signed(company, "production_staff", slip, "hand_out")
    slip = signed(company, "technology_staff", slip, "sign_for")
    slip = company.as_("technology_staff").take(
        slip, "ask_extension", extend_to=ends(company, 9), extension_reason="复测"
    )
    assert sales.lacks(slip, "grant_extension") == {"extension_evidence"}
    sales.take(slip, "grant_extension", extension_evidence=paper(sales))
    assert data(company, item)["due_on"] == ends(company, 9)


def test_passing_on_needs_sales_and_the_signature_of_the_next_borrower(company: Play) -> None:
    """P03.63, P03.64: 转借; consent holds for every borrower, and each signs."""
    item = kept(company)
    slip = lent(company, item)
    quality, sales = company.as_("quality_staff"), company.as_("sales_staff")
    to: dict[str, Any] = {"receiver": quality, "receiver_department": dept("QUALITY")}
    quality.cannot(slip, "pass_on", **to)
    slip = company.as_("technology_staff").take(slip, "pass_on", **to)
    with pytest.raises(ConflictError):
        signed(company, "quality_staff", slip, "accept_pass_on")
    slip = sales.take(slip, "consent_pass_on")
    assert quality.owes(slip) == ["核对并签收转借的顾客财产"]
    company.as_("technology_staff").cannot(slip, "accept_pass_on", signature="x")
    slip = signed(company, "quality_staff", slip, "accept_pass_on")
    held = data(company, slip)
    assert (held["borrower"], held["department"]) == (quality.id, dept("QUALITY").id)
    assert data(company, item)["holders"] == [quality.id]
    assert movements(item)[-1] == "pass_on"
    company.later(days=7, hours=1)
    assert quality.heard("已逾期，请立即归还")  # the new borrower is reminded
    assert sound()


def test_what_is_not_collected_is_free_for_others_again(company: Play) -> None:
    """P03.64: a consent that nobody uses does not block pieces for ever."""
    item = kept(company, quantity=1)
    slip = company.as_("sales_staff").take(asked(company, item, 1), "consent")
    company.later(days=2)
    assert company.as_("technology_staff").heard("尚未领用")
    company.later(days=1)
    assert company.state(slip) == "consented"
    company.later(hours=9)  # the third working day is over
    assert company.state(slip) == "cancelled"
    asked(company, item, 1, "quality_staff")


def test_a_slip_is_cancelled_before_and_corrected_after(company: Play) -> None:
    """P03.64: a closed slip stays as it is; a correction is recorded with its reason."""
    item = kept(company)
    cancelled = asked(company, item)
    cancelled = company.as_("technology_staff").take(cancelled, "cancel")
    assert stock(company, item).promise_of(cancelled["_id"]) is None
    slip = lent(company, item)
    with pytest.raises(ConflictError):
        company.as_("technology_staff").take(slip, "cancel")
    slip = company.as_("production_staff").take(slip, "take_back", returns=[row(item, 2)])
    before = data(company, slip)
    company.as_("sales_head").edit(slip, purpose="改写", ends="2026-12-31")
    assert data(company, slip) == before
    company.as_("sales_staff").cannot(slip, "correct", correction="x", reason="x")
    supervisor = company.as_("sales_supervisor")
    assert supervisor.lacks(slip, "correct", correction="归还日应为 3 月 1 日") == {"reason"}
    supervisor.take(slip, "correct", correction="归还日应为 3 月 1 日", reason="补登")
    entry = history.of_record("borrow_slip", slip["_id"])[0]
    assert (entry["reason"], entry["transition"]) == ("补登", "correct")
