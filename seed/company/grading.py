"""What is written when a sheet is judged and passed on, and when a remedy is proposed."""

from datetime import datetime, timedelta

from seed.company.incident import DAY, OWNERS, Incident, Raw, day
from seed.company.partners import To

MAJOR_RATE = 0.1


def not_valid(at: datetime, by: str) -> Raw:
    """Return the values of a sheet that turned out to be no fault."""
    reason = "经核查为误操作，产品检验合格，已向顾客说明。"
    return {
        "invalid_reason": reason,
        "replied_at": at.isoformat(),
        "replied_by": To("person", by),
        "reply": f"感谢反馈。{reason}如再出现请随时联系我们。",
    }


def severity_of(told: Incident) -> str:
    """Return the grade: by safety first, then by the share of defective pieces."""
    if told.event.fault.safety:
        return told.rng.choices(["urgent", "major"], [3, 7])[0]
    if told.defective / told.delivered > MAJOR_RATE:
        return told.rng.choices(["major", "important", "general"], [3, 5, 2])[0]
    return told.rng.choices(["major", "important", "general"], [3, 22, 75])[0]


def graded(told: Incident, at: datetime, by: str, severity: str) -> Raw:
    """Return the values of the second save: the grade, and that somebody called the customer (P03.20)."""
    return {
        "valid": True,
        "severity": severity,
        "graded_by": To("person", by),
        "graded_at": at.isoformat(),
        "severity_reason": _severity_reason(told, severity),
        "first_contact_at": (at - timedelta(minutes=told.rng.randint(1, 12))).isoformat(),
    }


def remedy(told: Incident, at: datetime, handler: str, severity: str) -> Raw:
    """Return the values with which a remedy is proposed, after a meeting where it is serious (P03.23)."""
    is_serious = severity in {"urgent", "major"}
    values: Raw = {
        "stock_checked": told.rng.sample(["customer", "transit", "finished", "in_process", "parts"], 2),
        "measures": measures(told, at, handler),
        "expected_on": day(at + DAY * told.rng.randint(3, 12)),
        "tightened_inspection": is_serious or told.chance(0.2),
        "mechanism": To("defect_mechanism", told.cause.mechanism),
    }
    if is_serious:
        values |= {
            "meeting_at": (at - timedelta(hours=1)).isoformat(),
            "meeting_people": "品保部、技术部、生产部、采购部",
            "meeting_departments": ["quality", "engineering", "production", "purchasing"],
            "meeting_record": f"{told.pick('phenomena')}；会议决定：{told.pick('measures')}。",
        }
    return values


def _severity_reason(told: Incident, severity: str) -> str:
    rate = told.defective / told.delivered
    reasons = {
        "urgent": "存在人身安全隐患，须立即停用并赶赴现场。",
        "major": f"不良率 {rate:.1%}，影响顾客正常使用，按重大处理。",
        "important": f"不良 {told.defective} 件，顾客作业受影响，须尽快解决。",
        "general": "个别现象，对正常使用影响较小。",
    }
    return reasons[severity]


def measures(told: Incident, at: datetime, handler: str) -> list[Raw]:
    """Return one to three measures, none of them done yet."""
    chosen = told.rng.sample(told.event.fault.words["measures"], told.rng.choice([1, 2, 2, 3]))
    return [
        {
            "measure": told.fill(measure),
            "owner_person": To("person", handler if position == 0 else told.rng.choice(OWNERS["PRODUCTION"])),
            "due_on": day(at + DAY * (2 + position * 2)),
            "done": False,
        }
        for position, measure in enumerate(chosen)
    ]
