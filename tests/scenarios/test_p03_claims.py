"""P03 flow b, 索赔: every row of 4.2, played by its people."""

from datetime import timedelta
from typing import Any

import pytest

from models.database import Document
from models.errors import ConflictError, ForbiddenError, InvalidError
from tests.scenarios.p03 import complaint, one
from tests.scenarios.play import MONDAY_MORNING, Play, dept

PAPERS = ["letter", "inspection", "photos", "delivery", "vouchers"]
PARTIES = ("production_head", "technology_head", "quality_head", "sales_head", "production_deputy")


def cny(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


PAYING: dict[str, Any] = {
    "analysis": "复检不良属实",
    "liability": "ours",
    "proposal_kind": "compensate",
    "proposed_amount": cny("6000"),
    "proposal": "承担换件和停机损失",
}
REFUSING: dict[str, Any] = {
    "analysis": "使用不当",
    "liability": "not_ours",
    "proposal_kind": "refuse",
    "proposal": "不予索赔，书面说明",
}


def claim(play: Play, **values: Any) -> Document:
    """Let sales write down a claim with some of its material (P03.36)."""
    given = {
        "subject": "漏油停机索赔",
        "customer": one(play, "customer"),
        "product": one(play, "product"),
        "received_at": MONDAY_MORNING,
        "claimed_amount": cny("10000"),
        "fault_kind": "leakage",
        "description": "停机两天",
        "evidence_received": ["letter", "photos"],
        **values,
    }
    return play.as_("sales_staff").create("claim", **given)


def proposed(play: Play, proposal: dict[str, Any], **values: Any) -> Document:
    """Bring a claim before the general manager."""
    found = claim(play, evidence_received=PAPERS, **values)
    found = play.as_("sales_staff").take(found, "hand_over")
    return play.as_("deputy_general_manager").take(found, "propose", **proposal)


def agreed(play: Play) -> Document:
    """Bring a claim to where the customer accepts compensation."""
    found = play.as_("general_manager").approve(proposed(play, PAYING))
    return play.as_("sales_staff").take(found, "accept_compensation", agreed_amount=cny("6000"))


def determined(play: Play, **values: Any) -> Document:
    """Bring a claim through the determination of responsibility."""
    found = play.as_("general_manager").take(
        agreed(play), "propose_responsibility", responsibility_reason="批次记录", **values
    )
    for party in PARTIES:
        found = play.as_(party).approve(found)
    return found


def test_only_complete_material_goes_to_the_deputy_general_manager(company: Play) -> None:
    """P03.36, P03.12: 确保资料齐全."""
    sales = company.as_("sales_staff")
    found = claim(company)
    assert company.state(found) == "collecting"
    assert sales.owes(found) == ["收集索赔资料，确保齐全"]
    with pytest.raises(ConflictError):
        sales.take(found, "hand_over")
    sales.edit(found, evidence_received=[*PAPERS[:4]])
    assert company.state(found) == "collecting"
    sales.edit(found, evidence_received=PAPERS)
    assert company.state(found) == "complete"
    sales.edit(found, evidence_received=PAPERS[1:])
    assert company.state(found) == "collecting"
    sales.edit(found, evidence_received=PAPERS)
    company.as_("deputy_general_manager").cannot(found, "hand_over")
    found = sales.take(found, "hand_over")
    deputy = company.as_("deputy_general_manager")
    assert deputy.owes(found) == ["初步分析索赔，提出处理建议"]
    found = deputy.take(found, "ask_for_more", reason="缺鉴定报告原件")
    assert company.state(found) == "collecting"
    assert sales.owes(found) == ["收集索赔资料，确保齐全"]


def test_the_deputy_proposes_and_only_the_general_manager_approves(company: Play) -> None:
    """P03.36, P03.37: two levels, before anybody talks to the customer; a rejection wants a reason."""
    found = claim(company, evidence_received=PAPERS)
    found = company.as_("sales_staff").take(found, "hand_over")
    deputy, manager = company.as_("deputy_general_manager"), company.as_("general_manager")
    for stranger in ("sales_head", "quality_head", "general_manager"):
        company.as_(stranger).cannot(found, "propose", **PAYING)
    assert deputy.lacks(found, "propose", proposal_kind="compensate") == {
        "analysis", "liability", "proposal", "proposed_amount",
    }  # fmt: skip
    found = deputy.take(found, "propose", **PAYING)
    assert company.state(found) == "approving"
    assert company.as_("sales_staff").offered(found) == []
    with pytest.raises(ConflictError):
        company.as_("sales_staff").take(found, "accept_compensation", agreed_amount=cny("1"))
    for stranger in ("deputy_general_manager", "sales_head", "finance_head"):
        with pytest.raises(ForbiddenError):
            company.as_(stranger).approve(found)
    assert len(manager.owes(found)) == 1
    with pytest.raises(InvalidError) as caught:
        manager.reject(found)
    assert "reason" in caught.value.errors
    found = manager.reject(found, reason="金额没有依据")
    assert company.state(found) == "analysing"
    assert deputy.owes(found) == ["初步分析索赔，提出处理建议"]
    found = deputy.take(found, "propose", **{**PAYING, "proposed_amount": cny("5000")})
    found = manager.approve(found)
    assert company.state(found) == "talking"
    assert company.as_("sales_staff").owes(found) == ["按批准的建议与顾客沟通"]


def test_without_agreement_it_is_analysed_again_until_there_is_one(company: Play) -> None:
    """P03.38: loop 直到达成一致, with the general manager's approval every time."""
    found = company.as_("general_manager").approve(proposed(company, PAYING))
    sales, deputy = company.as_("sales_staff"), company.as_("deputy_general_manager")
    for amount in ("7000", "8000"):
        assert sales.lacks(found, "not_accepted") == {"customer_opinion"}
        found = sales.take(found, "not_accepted", customer_opinion="金额偏低")
        assert company.state(found) == "analysing"
        assert found["data"]["customer_accepted"] is False
        found = deputy.take(found, "propose", **{**PAYING, "proposed_amount": cny(amount)})
        found = company.as_("general_manager").approve(found)
    assert "accept_refusal" not in sales.offered(found)
    found = sales.take(found, "accept_compensation", agreed_amount=cny("8000"))
    assert company.state(found) == "determining"
    assert found["data"]["customer_accepted"] is True


def test_a_claim_that_is_not_ours_is_refused_and_formally_cancelled(company: Play) -> None:
    """P03.39: 不予索赔 → talk again → accepted → 正式取消索赔; not accepted → analyse again."""
    found = company.as_("general_manager").approve(proposed(company, REFUSING))
    sales = company.as_("sales_staff")
    assert "accept_compensation" not in sales.offered(found)
    found = sales.take(found, "not_accepted", customer_opinion="要求第三方鉴定")
    found = company.as_("deputy_general_manager").take(found, "propose", **REFUSING)
    found = company.as_("general_manager").approve(found)
    assert sales.lacks(found, "accept_refusal") == {"disposal"}
    found = sales.take(found, "accept_refusal", disposal="顾客书面撤回")
    assert company.state(found) == "cancelled"
    assert found["data"]["in_month_summary"] is True
    assert found["data"]["closed_on"] == "2026-03-02"
    assert company.open_duties(found) == []


def test_everybody_concerned_countersigns_the_responsibility(company: Play) -> None:
    """P03.41: 总经理 organises; production, engineering, quality, sales and the production deputy sign."""
    found, manager = agreed(company), company.as_("general_manager")
    assert manager.owes(found) == ["组织责任界定"]
    company.as_("deputy_general_manager").cannot(
        found, "propose_responsibility", responsibility="own", responsibility_reason="x"
    )
    assert manager.lacks(found, "propose_responsibility") == {"responsibility", "responsibility_reason"}
    assert manager.lacks(
        found, "propose_responsibility", responsibility="supplier", responsibility_reason="来料"
    ) == {"supplier"}
    found = manager.take(found, "propose_responsibility", responsibility="own", responsibility_reason="装配")
    with pytest.raises(ForbiddenError):
        company.as_("finance_head").approve(found)
    for party in PARTIES[:-1]:
        found = company.as_(party).approve(found)
        assert company.state(found) == "countersigning"
    found = company.as_(PARTIES[-1]).reject(found, reason="证据不足")
    assert company.state(found) == "determining"
    found = manager.take(
        found, "propose_responsibility", responsibility="own", responsibility_reason="复检确认"
    )
    for party in PARTIES:
        assert company.state(found) == "countersigning"
        found = company.as_(party).approve(found)
    assert company.state(found) == "costing"
    assert found["data"]["determined_on"] == "2026-03-02"


def test_what_is_ours_is_booked_as_quality_cost(company: Play) -> None:
    """P03.42, P03.44, P03.45: finance, the disposal record, the monthly summary, the root cause."""
    found, finance = determined(company, responsibility="own"), company.as_("finance_head")
    assert finance.owes(found) == ["核算赔偿费用，计入质量成本"]
    company.as_("sales_head").cannot(found, "book", cost=cny("6000"))
    assert finance.lacks(found, "book") == {"cost"}
    found = finance.take(found, "book", cost=cny("6000"), cost_account="外部损失")
    booked = company.linked(found, "quality_cost")
    assert booked["data"]["claim"] == found["_id"]
    assert booked["data"]["amount"] == found["data"]["cost"]
    assert booked["data"]["customer"] == found["data"]["customer"]

    sales, deputy = company.as_("sales_staff"), company.as_("deputy_general_manager")
    assert sales.lacks(found, "record_disposal") == {"disposal"}
    found = sales.take(found, "record_disposal", disposal="已赔付")
    assert found["data"]["in_month_summary"] is True
    assert deputy.owes(found) == ["组织根本原因分析"]
    company.as_("quality_head").cannot(found, "close", root_cause="唇口翻边")
    found = deputy.take(
        found,
        "start_action",
        root_cause="唇口翻边",
        responsible_department=dept("PRODUCTION"),
        capa_due_on="2026-04-01",
    )
    assert company.state(found) == "closed"
    action = company.linked(found, "corrective_action")
    assert action["data"]["origin"] == "claim"
    assert action["data"]["claim"] == found["_id"]
    assert company.state(action) == "planning"
    assert company.as_("production_head").owes(action) == ["分析原因，制订纠正/预防措施"]


def test_a_claim_without_corrective_action_closes_with_its_root_cause(company: Play) -> None:
    """P03.45."""
    found = company.as_("finance_head").take(
        determined(company, responsibility="own"), "book", cost=cny("6000")
    )
    found = company.as_("sales_staff").take(found, "record_disposal", disposal="已赔付")
    deputy = company.as_("deputy_general_manager")
    assert deputy.lacks(found, "close") == {"root_cause"}
    found = deputy.take(found, "close", root_cause="偶发")
    assert company.state(found) == "closed"
    assert company.open_duties(found) == []


def test_the_deputy_general_manager_negotiates_with_the_supplier(company: Play) -> None:
    """P03.43: the starting value of P03.66; agreement, formalities, disposal."""
    found = determined(company, responsibility="supplier", supplier=one(company, "supplier"))
    assert company.state(found) == "negotiating"
    deputy, purchasing = company.as_("deputy_general_manager"), company.as_("purchasing_head")
    assert deputy.owes(found) == ["与供方协商"]
    assert purchasing.owes(found) == []
    assert purchasing.heard("副总经理协商")
    purchasing.cannot(found, "supplier_agreed", supplier_agreement="各半")
    found = deputy.take(found, "supplier_agreed", supplier_agreement="供方承担六成")
    assert purchasing.owes(found) == ["向供方办理索赔手续"]
    company.as_("sales_staff").cannot(found, "settle", recovered_amount=cny("3600"))
    found = purchasing.take(found, "settle", recovered_amount=cny("3600"))
    assert company.state(found) == "disposal"
    assert found["data"]["formalities_on"] == "2026-03-02"


def test_a_supplier_that_disagrees_brings_the_responsibility_back(company: Play) -> None:
    """P03.43, P03.41."""
    found = determined(company, responsibility="supplier", supplier=one(company, "supplier"))
    found = company.as_("deputy_general_manager").take(found, "supplier_disagrees", reason="图纸未要求")
    assert company.state(found) == "determining"
    assert company.as_("general_manager").owes(found) == ["组织责任界定"]


def test_purchasing_negotiates_where_the_company_says_so(company: Play) -> None:
    """P03.66, 2.7 item 4: 采购部 (3.5) instead of 副总经理 (4.2.4); changing it later sends it on."""
    supplier = one(company, "supplier")
    found = determined(company, responsibility="supplier", supplier=supplier, supplier_lead="purchasing")
    deputy, purchasing = company.as_("deputy_general_manager"), company.as_("purchasing_head")
    assert purchasing.owes(found) == ["与供方协商"]
    assert deputy.owes(found) == []
    purchasing.edit(found, supplier_lead="deputy")
    assert deputy.owes(found) == ["与供方协商"]
    assert purchasing.owes(found) == []


def test_the_customer_may_withdraw(company: Play) -> None:
    found = claim(company)
    company.as_("sales_staff").cannot(found, "withdraw", reason="顾客来函")
    assert company.as_("sales_head").lacks(found, "withdraw") == {"reason"}
    found = company.as_("sales_head").take(found, "withdraw", reason="顾客来函撤回")
    assert company.state(found) == "cancelled"


def test_a_claim_follows_from_a_complaint(company: Play) -> None:
    sheet = complaint(company, demands=["claim"])
    found = claim(company, feedback_sheet=sheet)
    assert found["data"]["feedback_sheet"] == sheet["_id"]


def test_time_with_the_customer_does_not_count_for_the_whole_claim(company: Play) -> None:
    """2.1: pause states; 30 days from receipt without the talks."""
    found = proposed(company, PAYING)
    assert company.clock(found, "whole").due_at == MONDAY_MORNING + timedelta(days=30)
    company.later(days=1)
    found = company.as_("general_manager").approve(found)
    assert company.clock(found, "whole").state == "paused"
    company.later(days=10)
    found = company.as_("sales_staff").take(found, "accept_compensation", agreed_amount=cny("6000"))
    assert company.clock(found, "whole").state == "running"
    assert company.clock(found, "whole").due_at == MONDAY_MORNING + timedelta(days=40)


def test_whoever_is_late_with_a_claim_is_reminded_and_reported(company: Play) -> None:
    """P03.36, P03.37, T28: 立即 has no number in the source; the starting values can be changed."""
    found = claim(company, evidence_received=PAPERS)
    company.as_("sales_staff").take(found, "hand_over")
    deputy, manager = company.as_("deputy_general_manager"), company.as_("general_manager")
    company.later(days=2)
    assert deputy.heard("“分析与建议”还有 1 个工作日到期")
    company.later(days=1)
    assert deputy.heard("“分析与建议”期限已到")
    assert not manager.heard("分析与建议")
    company.later(days=4)
    assert manager.heard("“分析与建议”已逾期 2 个工作日")


def test_a_closed_claim_and_one_before_approval_cannot_be_rewritten(company: Play) -> None:
    """Every path: what the general manager approves stays what it was."""
    found = proposed(company, PAYING)
    company.as_("sales_head").edit(found, claimed_amount=cny("1"), subject="改")
    data = company.now(found)["data"]
    assert data["subject"] == "漏油停机索赔"
    assert data["claimed_amount"] == found["data"]["claimed_amount"]
