"""What becomes of the corrective actions and claims that the sheets led to, as steps of their workflows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, Literal

from seed.company.incident import DAY, GRADERS, OWNERS, Raw, Step, day
from seed.company.partners import To

HEAD_OF_QUALITY = "su.mingyuan"
GENERAL_MANAGER, DEPUTY = "shen.guodong", "lu.wenjing"
FINANCE, PURCHASING = "qiu.suzhen", "jia.chunlan"
HEADS = ("hou.jianping", "xia.changqing", "su.mingyuan", "fang.xiaomin", "qin.haibo")
SALES = ("tang.jiayi", "he.junhao", "luo.meiling", "peng.yifan")
PAPERS = ("letter", "inspection", "photos", "delivery", "vouchers")
REJECTED_SHARE, INEFFECTIVE_SHARE = 0.1, 0.08


@dataclass(frozen=True)
class Decision:
    """Somebody decides about the open approval of a record."""

    at: datetime
    by: str
    decision: Literal["approve", "reject"] = "approve"
    reason: str = ""


Act = Step | Decision


@dataclass
class Path:
    """One record's way, told step by step; time only goes on."""

    rng: Random
    at: datetime
    acts: list[Act] = field(default_factory=list)

    def wait(self, fewest: float, most: float) -> None:
        """Let some days go by, to the minute."""
        self.at = (self.at + DAY * self.rng.uniform(fewest, most)).replace(second=0, microsecond=0)

    def take(self, by: str, step: str, **values: Any) -> None:  # noqa: ANN401  (raw values)
        """Let somebody take a step."""
        self.acts.append(Step(self.at, by, values, step))

    def decide(self, by: str, decision: Literal["approve", "reject"] = "approve", reason: str = "") -> None:
        """Let somebody decide about what waits for approval."""
        self.acts.append(Decision(self.at, by, decision, reason))


def action(rng: Random, begun: datetime, department: str, cause: str, measure: str) -> list[Act]:
    """Return the way of a corrective action: plan, approval, carrying out, verification (P03.04, P03.05)."""
    path, owner = Path(rng, begun), rng.choice(OWNERS.get(department, OWNERS["TECH"]))
    plan = {"root_cause": cause, "measures": [_measure(measure, owner, begun)]}
    for attempt in range(2 if rng.random() < INEFFECTIVE_SHARE else 1, 0, -1):
        _planned(path, owner, plan)
        path.wait(5, 20)
        path.take(owner, "carried_out", completed_on=day(path.at))
        path.wait(8, 24)
        if attempt > 1:
            path.take(rng.choice(GRADERS), "not_effective", verification="第二批同类问题再现，措施不充分。")
        else:
            path.take(rng.choice(GRADERS), "effective", verification="连续跟踪三批，同类问题为零，措施有效。")
    return path.acts


def _planned(path: Path, owner: str, plan: Raw) -> None:
    path.wait(0.8, 5)
    if path.rng.random() < REJECTED_SHARE:
        path.take(owner, "submit", **plan)
        path.wait(0.2, 1.5)
        path.decide(HEAD_OF_QUALITY, "reject", "缺少有效性判据和横向展开，请补充。")
        path.wait(0.5, 2)
    path.take(owner, "submit", **plan, criterion="连续三批无同类问题")
    path.wait(0.2, 1.8)
    path.decide(HEAD_OF_QUALITY)


def _measure(text: str, owner: str, begun: datetime) -> Raw:
    return {
        "kind": "preventive",
        "measure": text,
        "owner_person": To("person", owner),
        "due_on": day(begun + DAY * 20),
    }


def claim(rng: Random, sheet: Mapping[str, Any]) -> tuple[Step, list[Act]]:
    """Return how a claim begins that follows a feedback sheet, and its way (P03.36–P03.45).

    Args:
        rng: the one source of chance.
        sheet: the record of the feedback sheet.
    """
    data, by = sheet["data"], rng.choice(SALES)
    path = Path(rng, data["received_at"])
    path.wait(2, 9)
    amount = f"{rng.lognormvariate(8.6, 0.8):.2f}"
    first = Step(path.at, by, _received(rng, sheet, by, path.at, amount))
    path.wait(0.5, 3)
    path.take(by, "", evidence_received=list(PAPERS))
    path.wait(0.1, 0.8)
    path.take(by, "hand_over")
    is_ours = rng.random() < 0.75  # noqa: PLR2004  (a quarter is not ours)
    _agree(path, by, amount, is_ours=is_ours)
    if is_ours:
        _settle(path, by, amount, data)
    return first, path.acts


def _received(rng: Random, sheet: Mapping[str, Any], by: str, at: datetime, amount: str) -> Raw:
    data = sheet["data"]
    kept = ("fault_kind", "batch", "plant")
    return {
        "subject": f"{data['subject']}引起的索赔",
        "customer": str(data["customer"]),
        "product": str(data["product"]),
        "feedback_sheet": str(sheet["_id"]),
        "customer_reference": f"CL{at:%y%m}-{rng.randint(1, 999):03}",
        "received_at": at.isoformat(),
        "received_by": To("person", by),
        "claim_kind": rng.choices(["quality", "stoppage", "goods", "penalty"], [6, 2, 3, 1])[0],
        "severity": "major" if data.get("severity") in {"urgent", "major"} else "general",
        "claimed_amount": _money(amount),
        "quantity": data.get("quantity_defective"),
        "description": f"{data['description']}顾客提出赔偿更换、停机和人工费用。",
        "evidence_received": ["letter", "photos"],
        "material": [{"kind": "information", "name": "索赔函", "received_on": day(at)}],
        **{key: data[key] for key in kept if key in data},
        **{key: str(data[key]) for key in ("problem_type",) if key in data},
    }


def _agree(path: Path, by: str, amount: str, *, is_ours: bool) -> None:
    """Tell of proposals, approval and talks until the customer accepts (P03.36–P03.40)."""
    rounds = path.rng.choices([1, 2], [7, 3])[0]
    for turn in range(rounds):
        path.wait(0.5, 3)
        path.take(DEPUTY, "propose", **_proposal(amount, turn, is_ours=is_ours))
        path.wait(0.2, 1.5)
        path.decide(GENERAL_MANAGER)
        path.wait(0.5, 3)
        if turn + 1 < rounds:
            path.take(by, "not_accepted", customer_opinion="顾客认为金额偏低，并要求说明判定依据。")
    if is_ours:
        agreed = _money(f"{float(amount) * 0.7:.2f}")
        path.take(by, "accept_compensation", agreed_amount=agreed, customer_opinion="同意。")
    else:
        path.take(by, "accept_refusal", disposal="顾客确认属使用不当，书面撤回索赔，正式取消。")


def _proposal(amount: str, turn: int, *, is_ours: bool) -> Raw:
    if not is_ours:
        return {
            "analysis": "拆检为使用不当，产品符合标准，责任不属于本公司。",
            "liability": "not_ours",
            "proposal_kind": "refuse",
            "proposal": "不予索赔，向顾客提交检验报告并作书面说明。",
        }
    return {
        "analysis": "复检确认不良，批次与交付记录一致，责任属于本公司或供方。",
        "liability": "ours",
        "proposal_kind": "compensate",
        "proposed_amount": _money(f"{float(amount) * (0.5 + 0.2 * turn):.2f}"),
        "proposal": "承担换件和合理的停机损失，人工费用按合同约定。",
    }


def _settle(path: Path, by: str, amount: str, data: Mapping[str, Any]) -> None:
    """Tell of responsibility, cost or recourse, disposal and cause (P03.41–P03.45)."""
    of_supplier = data.get("responsibility") == "supplier" and "supplier" in data
    path.wait(0.5, 3)
    values: Raw = {"responsibility": "own", "responsibility_reason": "经会议讨论，依检验报告和批次记录界定。"}
    if of_supplier:
        values |= {"responsibility": "supplier", "supplier": str(data["supplier"])}
    path.take(GENERAL_MANAGER, "propose_responsibility", **values)
    for head in HEADS:
        path.wait(0.05, 0.5)
        path.decide(head)
    if of_supplier:
        _recourse(path, amount)
    else:
        path.wait(0.5, 3)
        path.take(
            FINANCE, "book", cost=_money(f"{float(amount) * 0.7:.2f}"), cost_account="质量成本-外部损失"
        )
    path.wait(0.3, 2)
    path.take(by, "record_disposal", disposal="已按商定金额赔偿，顾客书面确认。")
    path.wait(2, 9)
    found: Raw = {"root_cause": data.get("root_cause") or "见质量信息反馈单。"}
    if "cause_category" in data and "mechanism" in data:
        found |= {"cause_category": data["cause_category"], "mechanism": str(data["mechanism"])}
    path.take(DEPUTY, "close", **found)


def _recourse(path: Path, amount: str) -> None:
    path.wait(2, 9)
    recovered = _money(f"{float(amount) * 0.6:.2f}")
    path.take(
        DEPUTY,
        "supplier_agreed",
        supplier_agreement="供方确认责任，承担六成损失。",
        recovered_amount=recovered,
    )
    path.wait(1, 4)
    path.take(PURCHASING, "settle", recovered_amount=recovered)


def _money(amount: str) -> Raw:
    return {"amount": amount, "currency": "CNY"}


def until(acts: list[Act], now: datetime) -> Iterator[Act]:
    """Yield what happened before now."""
    for act in acts:
        if act.at >= now:
            return
        yield act
