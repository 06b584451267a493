"""What the demo company delivered in three years, most of it on time, and what delays cost in freight."""

from datetime import date, datetime, timedelta
from functools import cache
from random import Random
from zlib import crc32

from seed.company import vocabulary
from seed.company.incident import Raw
from seed.company.partners import To
from seed.company.timeline import GROWTH_PER_YEAR, ZONE, few_buy_most

MONTHS = 37  # three years up to last month, as long as there are complaints, and the month that has begun
A_MONTH = 72
SIZES = (80, 100, 120, 200, 240, 300, 400, 500, 600, 800)
SEASON = (0.8, 0.75, 1.15, 1.2, 1.15, 1.05, 1.0, 0.95, 1.05, 1.05, 0.95, 0.9)
LATE_SHARE, LATE_IN_SEASON, PARTIAL_SHARE = 0.04, 0.09, 0.06
STILL_OPEN = 0.3  # of what should have come in the last week and did not
_BUSY = 1.1
_REASONS = ("外协件到料晚", "产能不足，排产顺延", "返工复检占用时间", "运输途中延误")


def deliveries(rng: Random, now: datetime, customers: list[Raw], a_month: int = A_MONTH) -> list[list[Raw]]:
    """Return what was due in each month, the oldest first; what is due after now has not been delivered.

    Args:
        rng: the one source of chance.
        now: when the story ends.
        customers: their raw values; the first ones buy most.
        a_month: how many batches there are in an average month.
    """
    today = now.astimezone(ZONE).date()
    return [_month(rng, month, today, customers, a_month) for month in months_until(now)]


def months_until(now: datetime) -> list[date]:
    """Return the first days of the months of the story, the last one that of the month that has begun."""
    today = now.astimezone(ZONE).date()
    index = today.year * 12 + today.month - MONTHS
    return [date(at // 12, at % 12 + 1, 1) for at in range(index, index + MONTHS)]


def _month(rng: Random, month: date, today: date, customers: list[Raw], a_month: int) -> list[Raw]:
    years = (month - today).days / 365
    count = max(1, round(a_month * SEASON[month.month - 1] * (1 + GROWTH_PER_YEAR * years)))
    days = sorted(rng.randrange(28) for _batch in range(count))
    return [
        _delivery(rng, month + timedelta(days=day), number, today, customers)
        for number, day in enumerate(days, start=1)
    ]


def _delivery(rng: Random, due: date, number: int, today: date, customers: list[Raw]) -> Raw:
    customer = customers[few_buy_most(rng, len(customers))]
    product = rng.choices(vocabulary.products(), _shares())[0]
    produced = due - timedelta(days=rng.randint(8, 40))
    values: Raw = {
        "delivery_note": f"FH{due:%y%m}-{number:03}",
        "order_number": f"PO-{produced:%y%m}-{rng.randint(100, 999)}",
        "batch": f"{produced:%y%m}{rng.choice('ABC')}",
        "customer": To("customer", customer["code"]),
        "plant": plant(customer, product.code),
        "product": To("product", product.code),
        "model": product.model,
        "quantity": rng.choice(SIZES),
        "due_on": due.isoformat(),
        "partial": rng.random() < PARTIAL_SHARE,
    }
    return {**values, **_delivered(rng, due, today, is_partial=values["partial"])}


@cache
def _shares() -> list[float]:
    """Return how much of each product is delivered; of the first ones of a line most, as with complaints."""
    lines = [product.line for product in vocabulary.products()]
    return [1 / (1 + lines[:at].count(line)) for at, line in enumerate(lines)]


def _delivered(rng: Random, due: date, today: date, *, is_partial: bool) -> Raw:
    share = LATE_IN_SEASON if SEASON[due.month - 1] > _BUSY else LATE_SHARE
    days = rng.randint(1, 9) if rng.random() < share else -rng.randint(0, 2)
    is_open, urgent = rng.random() < STILL_OPEN, rng.random() < 0.5  # noqa: PLR2004  (half of what is late)
    freight, reason = f"{rng.lognormvariate(6.3, 0.6):.2f}", rng.choice(_REASONS)
    delivered = due + timedelta(days=days)
    if delivered > today or (days > 0 and is_open and (today - due).days < 7):  # noqa: PLR2004  (a week)
        return {}
    values: Raw = {"delivered_on": delivered.isoformat()}
    if days > 0:
        values["late_reason"] = reason
    if is_partial or (days > 0 and urgent):
        values |= {
            "extra_freight": {"amount": freight, "currency": "CNY"},
            "freight_reason": "partial" if is_partial else "urgent",
        }
    return values


def plant(customer: Raw, product: str) -> str:
    """Return which plant of a customer takes a product: key accounts have two."""
    short = str(customer["short_name"])
    name = str(customer["name"]).partition(short)[0] + short
    if customer["grade"] != "a":
        return name
    return f"{name}{'一二'[crc32(f'{name}{product}'.encode()) % 2]}厂"
