"""When the demo company counts what customers have left with it: two checks are over, one is going on."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from seed.company.belongings import Act, Counted, office
from seed.company.incident import DAY, day
from seed.company.partners import To

IN_CHARGE = "yuan.zhiqiang"
_CHECKS = (
    (62, "计量室半年盘点", "spot", "QUALITY", "计量室", "ye.qiuping"),
    (21, "图档室抽盘", "spot", "TECH", "图档室 1柜", "ren.haoran"),
    (2, "模具库年度盘点", "yearly", "PRODUCTION", "模具库", "wan.qiaoling"),
)  # fmt: skip
"""Days ago, subject, why, whose, where, and who counts."""


def checks(rng: Random, now: datetime) -> Iterator[Act]:
    """Tell the checks; the last one is being counted today."""
    for number, (ago, subject, reason, department, place, counter) in enumerate(_CHECKS):
        at = office(rng, now - DAY * (ago + 2))
        values = {
            "subject": subject,
            "planned_on": day(at),
            "reason": reason,
            "check_year": at.year,
            "department": To("department", department),
            "place": place,
            "in_charge": To("person", IN_CHARGE),
            "counters": [To("person", counter)],
        }
        is_last = number == len(_CHECKS) - 1
        at = min(at, now - timedelta(hours=8)) if is_last else at
        yield Counted(at, To("stock_check", str(number)), values, counter, closed=not is_last)
