"""P03 flow d, 顾客财产台帐: the rows of 4.4.1, played by sales, engineering, production and quality."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from models import import_plan
from models.database import Document, db
from models.errors import ForbiddenError, InvalidError, NotFoundError
from models.ledger import desk
from tests.scenarios.play import Play, dept
from tests.scenarios.property import arrived, data, kept, lent, movements, paper, row, sound, stock

GONE_BY: dict[str, Any] = {"end_note": "快递退回"}


def test_what_arrives_is_registered_by_sales_and_by_nobody_else(company: Play) -> None:
    """P03.60, P03.17: 销售部《顾客财产台帐》."""
    found = arrived(company)
    assert found["number"] == "CC-2026-0001"
    assert company.state(found) == "registered"
    assert data(company, found)["status"] == "in_stock"
    assert data(company, found)["kept_by"] == dept("SALES").id
    assert movements(found) == ["arrival"]
    assert company.as_("sales_staff").owes(found) == ["验收并记录结论"]
    for stranger in ("production_staff", "technology_staff", "quality_staff", "purchasing_head"):
        with pytest.raises(ForbiddenError):
            arrived(company, by=stranger)


def test_no_two_things_have_one_number_in_the_earlier_ledger(company: Play) -> None:
    """An import knows by it what is there already; what has none is left alone."""
    arrived(company, former_number="A-017")
    arrived(company)
    with pytest.raises(InvalidError) as refused:
        arrived(company, former_number="A-017")
    assert set(refused.value.errors) == {"former_number"}
    assert import_plan.keys(company.form("customer_property").definition) == ["former_number", "number"]


@pytest.mark.parametrize(
    ("kinds", "keeper"),
    [
        (("sample", "part", "material", "mould", "packaging"), "PRODUCTION"),
        (("drawing", "intellectual_property"), "TECH"),
        (("document", "gauge", "measuring_device"), "QUALITY"),
        (("personal_data", "other"), "SALES"),
    ],
)
def test_the_kind_decides_who_keeps_it(company: Play, kinds: tuple[str, ...], keeper: str) -> None:
    """P03.61: 样品/样件 → 生产部门; 图纸 → 技术部; 文件资料及测量设备 → 品质部."""
    for kind in kinds:
        assert data(company, arrived(company, kind=kind))["keeper"] == dept(keeper).id


def test_a_keeper_named_by_hand_stays_and_a_corrected_kind_sends_it_elsewhere(company: Play) -> None:
    """P03.61: the table is the rule, the person registering may know better."""
    sales = company.as_("sales_staff")
    named = arrived(company, keeper=dept("QUALITY"))
    assert data(company, sales.edit(named, kind="drawing"))["keeper"] == dept("QUALITY").id
    routed = arrived(company)
    assert data(company, sales.edit(routed, kind="drawing"))["keeper"] == dept("TECH").id


def test_the_keeper_confirms_what_is_handed_over_and_is_reminded_until_then(company: Play) -> None:
    """P03.61: the hand-over has a duty, a clock and a ladder: keeper → head of the keeper → sales."""
    found = arrived(company, inspection_result="suitable")
    assert company.state(found) == "handing_over"
    keeper = company.as_("production_staff")
    assert keeper.owes(found) == ["核对实物并确认接收"]
    for stranger in ("sales_staff", "technology_staff", "quality_head"):
        company.as_(stranger).cannot(found, "confirm")
    company.later(days=2, minutes=-1)
    assert not keeper.heard("期限已到")
    company.later(minutes=1)
    assert keeper.heard("“移交保管部门”期限已到")
    assert not company.as_("production_head").heard("逾期 1 个工作日")
    company.later(days=1)
    assert company.as_("production_head").heard("逾期 1 个工作日")
    assert not company.as_("sales_head").heard("逾期 3 个工作日")
    company.later(days=4)  # over the weekend
    assert company.as_("sales_head").heard("逾期 3 个工作日")
    found = keeper.take(found, "confirm", place="A库 3排")
    held = data(company, found)
    assert company.state(found) == "kept"
    assert (held["kept_by"], held["kept_at"]) == (dept("PRODUCTION").id, "A库 3排")
    assert (held["received_by"], held["handed_over_on"]) == (keeper.id, "2026-03-09")
    assert movements(found) == ["arrival", "hand_over"]
    assert company.open_duties(found) == []
    assert sound()


def test_a_keeper_sends_back_what_is_not_theirs(company: Play) -> None:
    """P03.61: wrong department, counted wrong: sales looks into it and hands it over again."""
    found = arrived(company, inspection_result="suitable")
    assert company.as_("production_staff").lacks(found, "refuse") == {"reason"}
    found = company.as_("production_staff").take(found, "refuse", reason="属检具")
    sales = company.as_("sales_staff")
    assert sales.owes(found) == ["核实后重新移交"]
    found = sales.take(found, "hand_over_again", keeper=dept("QUALITY"))
    company.as_("production_staff").cannot(found, "confirm")
    found = company.as_("quality_staff").take(found, "confirm", place="计量室")
    assert data(company, found)["kept_by"] == dept("QUALITY").id


def test_another_keeper_has_to_confirm_too(company: Play) -> None:
    """P03.61: 部门间移交 is a movement, confirmed by whoever gets it."""
    found = kept(company)
    keeper = company.as_("production_staff")
    assert keeper.lacks(found, "change_keeper", keeper=dept("TECH")) == {"reason"}
    found = keeper.take(found, "change_keeper", keeper=dept("TECH"), reason="改由技术部做失效分析")
    assert data(company, found)["kept_by"] == dept("PRODUCTION").id
    found = company.as_("technology_staff").take(found, "confirm", place="试验室")
    assert data(company, found)["kept_by"] == dept("TECH").id
    assert movements(found)[-1] == "hand_over"


def test_what_is_unsuitable_is_told_to_the_customer_who_decides(company: Play) -> None:
    """8.5.3: property that is unsuitable for use is reported to the customer, in time."""
    found = arrived(company)
    sales = company.as_("sales_staff")
    company.as_("technology_staff").cannot(found, "inspect", inspection_result="suitable")
    assert sales.lacks(found, "inspect", inspection_result="unsuitable") == {"inspection_remark"}
    found = company.as_("quality_staff").take(
        found, "inspect", inspection_result="unsuitable", inspection_remark="孔位偏差"
    )
    assert company.state(found) == "unsuitable"
    assert sales.owes(found) == ["将不适用情况告知顾客"]
    company.later(days=1, minutes=-1)
    assert not sales.heard("尚未告知顾客")
    company.later(minutes=1)
    assert sales.heard("尚未告知顾客")
    company.later(days=1)
    assert company.as_("sales_head").heard("逾期 1 个工作日未告知顾客")
    assert sales.lacks(found, "tell_customer") == {"told_on", "told_how"}
    found = sales.take(found, "tell_customer", told_on="2026-03-04", told_how="email")
    assert company.state(found) == "awaiting_customer"
    company.later(days=14)
    assert sales.heard("顾客尚未答复")
    assert sales.lacks(found, "use_anyway") == {"told_evidence"}
    used = sales.take(found, "use_anyway", told_evidence=paper(sales))
    assert company.state(used) == "handing_over"
    assert data(company, used)["customer_decision"] == "use"
    company.as_("production_staff").take(used, "confirm")
    assert data(company, used)["told_how"] == "email"  # what was told stays on the record


def test_unsuitable_property_goes_back_or_is_disposed_of_with_consent(company: Play) -> None:
    """8.5.3: the customer's decision decides."""
    sales = company.as_("sales_staff")

    def told() -> Document:
        found = arrived(company, inspection_result="unsuitable", inspection_remark="锈蚀")
        return sales.take(found, "tell_customer", told_on="2026-03-02", told_how="phone")

    back = sales.take(told(), "give_back_unsuitable", **GONE_BY)
    assert (company.state(back), data(company, back)["status"]) == ("returned", "returned")
    disposed = told()
    assert sales.lacks(disposed, "dispose_unsuitable") == {
        "end_note",
        "consent_by",
        "consent_on",
        "end_evidence",
    }
    disposed = sales.take(
        disposed,
        "dispose_unsuitable",
        end_note="报废",
        consent_by="王工",
        consent_on="2026-03-02",
        end_evidence=paper(sales),
    )
    assert (company.state(disposed), data(company, disposed)["status"]) == ("disposed", "disposed")
    assert sound()


def test_a_gauge_is_checked_again_and_again(company: Play) -> None:
    """8.5.3, 7.1.5: the check has a date; each check sets the next."""
    gauge = kept(company, "quality_staff", kind="gauge", next_check_on="2026-03-31", quantity=1)
    quality = company.as_("quality_staff")
    company.later(days=16)  # Wednesday, 18 March: ten working days before
    assert quality.heard("将于 2026-03-31 到校验日期")
    company.later(days=14, hours=-2)
    assert not quality.heard("未校验前不得使用")  # on 1 April, after an hour of work
    company.later(hours=2)
    assert quality.heard("未校验前不得使用")
    company.later(days=4)
    assert company.as_("quality_head").heard("逾期 3 个工作日未校验")
    company.as_("production_staff").cannot(
        gauge, "check_done", check_result="pass", next_check_on="2027-04-03"
    )
    assert quality.lacks(gauge, "check_done") == {"check_result"}
    quality.take(gauge, "check_done", check_result="pass", next_check_on="2027-04-03")
    assert company.clock(gauge, "check").due_at.astimezone(company.zone).date() == date(2027, 4, 3)
    assert data(company, gauge)["checked_on"] == "2026-04-05"


def test_property_goes_back_by_the_agreed_day_and_only_when_all_of_it_is_here(company: Play) -> None:
    """8.5.3: agreed return; what is lent has to come back first."""
    found = kept(company, agreed_return_on="2026-03-20")
    sales = company.as_("sales_staff")
    slip = lent(company, found)
    company.later(days=14)
    assert sales.heard("约定 2026-03-20 退还")
    company.later(days=4)
    assert sales.heard("今天到约定退还日期")
    assert sales.lacks(found, "give_back", **GONE_BY) == {""}
    company.as_("production_staff").take(slip, "take_back", returns=[row(found, 2)])
    assert company.state(slip) == "closed"
    company.as_("finance_head").cannot(found, "give_back", **GONE_BY)
    found = sales.take(found, "give_back", **GONE_BY)
    assert company.state(found) == "returned"
    assert stock(company, found).total(["returned"]) == 5
    assert company.clock(found, "give_back").state == "done"
    assert company.clock(found, "keep").due_at.year == 2031
    assert sound()


def test_disposal_needs_the_customers_consent_in_writing(company: Play) -> None:
    """8.5.3: never without evidence."""
    found, sales = kept(company), company.as_("sales_staff")
    assert sales.lacks(found, "dispose", end_note="报废", consent_by="王工", consent_on="2026-03-02") == {
        "end_evidence"
    }
    company.as_("production_staff").cannot(found, "dispose", end_note="报废")
    found = sales.take(
        found,
        "dispose",
        end_note="报废",
        consent_by="王工",
        consent_on="2026-03-02",
        end_evidence=paper(sales),
    )
    assert company.state(found) == "disposed"
    assert movements(found)[-1] == "dispose"


def test_what_goes_back_piece_by_piece_ends_the_record_with_the_last(company: Play) -> None:
    """8.5.3: booked by hand on the item; its clocks end with it, and a mistake is taken back."""
    found, sales = kept(company, quantity=3, agreed_return_on="2026-03-20"), company.as_("sales_staff")
    by_hand(company, found, "give_back", 2)
    assert company.state(found) == "kept"
    by_hand(company, found, "give_back", 1)
    assert company.state(found) == "returned"
    assert not company.clock(found, "give_back").is_open
    supervisor = company.as_("sales_supervisor")
    sales.cannot(found, "reopen", reason="x")
    assert supervisor.lacks(found, "reopen", reason="误登") == {""}
    last = db().property_movements.find_one({"item": found["_id"]}, sort=[("_id", -1)])
    assert last
    desk.undo(supervisor.actor, supervisor.person, company.form("customer_property"), last, reason="误登")
    assert supervisor.lacks(found, "reopen") == {"reason"}
    supervisor.take(found, "reopen", reason="误登")
    assert company.state(found) == "kept"
    assert sound()


def by_hand(play: Play, item: Document, kind: str, quantity: int) -> None:
    """Let sales book a movement on the item's page."""
    sales, live = play.as_("sales_staff"), play.form("customer_property")
    wanted = Decimal(quantity)
    desk.move(sales.actor, sales.person, live, item["_id"], kind, quantity=wanted, note="快递")
    play.settle()


def test_what_is_secret_is_seen_by_its_keeper_and_sales_only(company: Play) -> None:
    """8.5.3: 知识产权、个人信息; values are for those who deal with the customer."""
    secret = kept(company, confidentiality="secret", worth={"amount": "900", "currency": "CNY"})
    for member in ("production_staff", "sales_staff", "general_manager"):
        assert company.as_(member).see(secret)
    for stranger in ("technology_staff", "quality_staff", "purchasing_head"):
        with pytest.raises(NotFoundError):
            company.as_(stranger).see(secret)
    company.as_("production_staff").edit(secret, place="B-2", quantity=9)
    assert data(company, secret)["place"] == "B-2"
    assert data(company, secret)["quantity"].to_decimal() == 5  # what sales wrote is theirs
    with pytest.raises(ForbiddenError):
        company.as_("technology_staff").edit(kept(company), place="C-1")
