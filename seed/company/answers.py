"""What is written when the cause is known and the customer has an answer."""

from datetime import datetime, timedelta

from seed.company import vocabulary
from seed.company.incident import DAY, OWNERS, Incident, Raw, Step, day
from seed.company.partners import To
from seed.company.receipt import enquiry


def enquiry_answer(told: Incident, entered: datetime) -> Step:
    """Return the save that answers an enquiry, at once or after a study (P01.37, P01.38)."""
    _question, answer = enquiry(told)
    at_once = told.chance(0.7)
    answered = entered + (timedelta(minutes=20) if at_once else timedelta(days=told.rng.randint(1, 4)))
    by = told.rng.choice(OWNERS["SERVICE"])
    values: Raw = {
        "answered_at_once": at_once,
        "enquiry_answered_by": To("person", by),
        "enquiry_answer": answer,
        **_closing(told, answered, by, answer, "已答复，顾客无其他疑问。"),
    }
    if not at_once:
        values["study_departments"] = ["engineering"]
    return Step(answered, by, values, "answer")


def thanks(told: Incident, entered: datetime) -> Step:
    """Return the save that answers a suggestion."""
    answered = entered + timedelta(days=told.rng.randint(1, 6))
    by = told.rng.choice(OWNERS["SERVICE"])
    reply = "感谢您的建议，已转技术部评估，结果将另行告知。"
    return Step(answered, by, _closing(told, answered, by, reply, "建议已登记并转技术部评估。"), "answer")


def _closing(told: Incident, at: datetime, by: str, reply: str, result: str) -> Raw:
    return {
        "valid": True,
        "replied_at": at.isoformat(),
        "replied_by": To("person", by),
        "reply": reply,
        "result": result,
        "satisfaction": told.rng.choices([5, 4, 3], [5, 4, 1])[0],
    }


def is_happy(told: Incident, at: datetime) -> bool:
    """Tell whether the customer is content with what was proposed; the later, the less likely."""
    return told.chance(max(0.45, 0.97 - (at - told.event.at) / DAY * 0.022))


def dissatisfied(told: Incident) -> Raw:
    """Return why a customer wants another remedy (P03.21, P03.25)."""
    return {"dissatisfied_reason": told.rng.choice(vocabulary.phrases()["dissatisfied"])}


def replied(told: Incident) -> Raw:
    """Return what the customer was told when content."""
    cause, solution = told.fill(told.cause.text), told.pick("solutions")
    return {"reply": f"经查，{cause}。我方将{solution}。给您带来不便，敬请谅解。"}


def carried_out(told: Incident, at: datetime, severity: str, todo: list[Raw], *, again: bool) -> Raw:
    """Return the values with which the result is recorded and archived (P03.26)."""
    solution = told.pick("solutions")
    return {
        "measures": [{**measure, "done": True, "done_on": day(at)} for measure in todo],
        "solution_kind": _solution_kind(told),
        "solution": f"{solution}。",
        "solution_approved_by": To("person", "su.mingyuan"),
        "solution_approved_on": day(at),
        "repair_progress": "100",
        "satisfaction": told.rng.choices([5, 4, 3], [1, 4, 3] if again else [4, 5, 1])[0],
        "result": f"{'再次处理后，' if again else ''}{solution}，顾客{'接受' if again else '确认满意'}。",
        **_money(told, severity),
    }


def analysed(told: Incident, judged: datetime, at: datetime) -> Raw:
    """Return cause and liability (P03.27)."""
    return {**_diagnosis(told, judged, at), **_liability(told)}


def _diagnosis(told: Incident, graded: datetime, at: datetime) -> Raw:
    days = max(0, (at - graded).days)
    return {
        "diagnosis_by": told.rng.sample(["phone", "remote", "on_site", "returned"], told.rng.choice([1, 2])),
        "diagnosis": [
            {
                "step": f"核对{told.words['part']}状态与批次 {told.words['batch']}",
                "finding": told.pick("phenomena"),
                "checked_on": day(graded),
            },
            {
                "step": f"{told.pick('conditions')}复现试验",
                "finding": told.fill(told.cause.text),
                "checked_on": day(graded + DAY * told.rng.randint(0, days)),
            },
        ],
    }


def _liability(told: Incident) -> Raw:
    values: Raw = {
        "cause_category": told.cause.category,
        "root_cause": f"{told.fill(told.cause.text)}。",
        "responsibility": told.cause.responsibility,
        "responsible_department": To("department", told.cause.department),
        "responsible_person": To("person", told.rng.choice(OWNERS[told.cause.department])),
    }
    if told.cause.responsibility == "supplier":
        informed = told.event.at + timedelta(hours=20)
        days = 1 + (told.defective + len(told.event.product.code)) % 4 * 0.6
        values |= {
            "supplier": To("supplier", told.event.product.supplier),
            "supplier_informed_at": informed.isoformat(),
            "supplier_answered_at": (informed + DAY * days).isoformat(),
        }
    return values


def _solution_kind(told: Incident) -> list[str]:
    possible = ["replace_part", "adjust", "repair", "exchange", "supplement", "guidance", "concession"]
    return sorted(set(told.rng.choices(possible, [40, 12, 18, 12, 8, 8, 2], k=2)))


def _money(told: Incident, severity: str) -> Raw:
    values: Raw = {"service_cost": _cny(told.rng.lognormvariate(5.6, 0.8))}
    if severity in {"urgent", "major"} or told.chance(0.06):
        values["compensation"] = _cny(told.rng.lognormvariate(7.2, 0.9))
    if told.chance(0.18):
        back = told.rng.randint(1, told.defective)
        values |= {
            "goods_return": True,
            "returned_quantity": back,
            "return_disposition": told.rng.choice(["rework", "repair", "scrap", "scrap"]),
            "replaced_quantity": back,
            "return_finding": f"共同检验确认：{told.fill(told.cause.text)}。",
        }
    return values


def needs_action(told: Incident, severity: str) -> bool:
    """Tell whether quality asks for a corrective action (P03.27)."""
    return told.chance({"general": 0.06, "important": 0.3}.get(severity, 0.85))


def action(told: Incident, at: datetime) -> Raw:
    """Return what is written beside a corrective action that begins."""
    return {
        "capa_due_on": day(at + DAY * told.rng.randint(20, 45)),
        "prevention": f"{told.pick('preventions')}。",
        "follow_up_control": f"连续跟踪三批，{told.words['part']}同类问题为零后关闭。",
        "trial_result": f"小批 {told.rng.choice([20, 30, 50])} 件验证，未再现。",
    }


def _cny(amount: float) -> Raw:
    return {"amount": f"{amount:.2f}", "currency": "CNY"}
