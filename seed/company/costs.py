"""What quality costs the demo company month by month, as its finance department books it (P03.42, A14)."""

from datetime import datetime
from random import Random

from seed.company.deliveries import months_until
from seed.company.incident import Raw
from seed.company.partners import To

# Kind, what it is for, who answers for it, and how much it is in an average month, in CNY.
_BOOKED = (
    ("external", "售后服务与换件费用", "SERVICE", 21_000),
    ("internal", "厂内返工、返修与报废", "PRODUCTION", 16_500),
    ("appraisal", "进货、过程与出厂检验", "QUALITY", 9_800),
    ("prevention", "质量培训与改进项目", "QUALITY", 4_200),
)
_LAST_DAY = 28


def costs(rng: Random, now: datetime) -> list[Raw]:
    """Return what was booked at the end of each month before now, the oldest first."""
    return [
        {
            "subject": f"{month:%Y-%m} {subject}",
            "kind": kind,
            "booked_on": month.replace(day=_LAST_DAY).isoformat(),
            "amount": {"amount": f"{amount * rng.uniform(0.75, 1.3):.2f}", "currency": "CNY"},
            "account": "质量成本",
            "responsible_department": To("department", department),
            "booked_by": To("person", "qiu.suzhen"),
        }
        for month in months_until(now)[:-1]
        for kind, subject, department, amount in _BOOKED
    ]
