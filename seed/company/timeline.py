"""When the demo company hears of which trouble with what: seasons, trends, a spike, repeat offenders."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from models.people import DEFAULT_TIMEZONE
from seed.company import vocabulary
from seed.company.vocabulary import Fault, Product

YEARS = 3
WEEKEND_SHARE = 0.25
GROWTH_PER_YEAR = 0.12
BAD_BATCH_FAULT = "board_failure"
BAD_BATCH_LINES = ("generator", "control")
BAD_BATCH_DAYS = 150
MENDED_FAULT = "fit"
SPIKE_SHARE = 0.022  # of all events; they come in the last whole month, from one batch and few customers
SPIKE_CUSTOMERS = 4
ENQUIRY_SHARE = 0.07
SUGGESTION_SHARE = 0.03
QUALITY_INFORMATION_SHARE = 0.12
_SATURDAY = 5
ZONE = ZoneInfo(DEFAULT_TIMEZONE)


@dataclass(frozen=True)
class Event:
    """One thing a customer reports: at an aware moment, of a kind, about a product with a fault."""

    at: datetime
    kind: str
    customer: int
    product: Product
    fault: Fault
    is_spike: bool = False


def events(rng: Random, now: datetime, count: int, customers: int) -> list[Event]:
    """Return events of three years up to a moment, in order of time."""
    today = now.astimezone(ZONE).date()
    days = [today - timedelta(days=back) for back in range(1, YEARS * 365)]
    faults = vocabulary.faults()
    weights = [_day_weight(day, today, faults) for day in days]
    spike = round(count * SPIKE_SHARE)
    chosen = sorted(rng.choices(days, weights, k=count - spike))
    told = [_event(rng, day, today, faults, customers) for day in chosen]
    told += [_of_spike(rng, today, faults, customers) for _number in range(spike)]
    return sorted(told, key=lambda event: event.at)


def _of_spike(rng: Random, today: date, faults: list[Fault], customers: int) -> Event:
    """Return one complaint about boards of a batch that was bad from the beginning."""
    end = today.replace(day=1) - timedelta(days=1)
    day = end.replace(day=rng.randint(5, end.day))
    fault = next(one for one in faults if one.key == BAD_BATCH_FAULT)
    customer = rng.randrange(min(SPIKE_CUSTOMERS, customers))
    product = _product(rng, fault, BAD_BATCH_LINES[:1])
    return Event(_moment(rng, day), "complaint", customer, product, fault, is_spike=True)


def _day_weight(day: date, today: date, faults: list[Fault]) -> float:
    weekday = WEEKEND_SHARE if day.weekday() >= _SATURDAY else 1.0
    return weekday * sum(_fault_weight(fault, day, today) for fault in faults)


def _fault_weight(fault: Fault, day: date, today: date) -> float:
    """Return how often a fault is reported on a day: season, growth, and two stories of their own.

    The boards of one supplier fail more and more in the last months; the holes that did not fit were
    mended half way through.
    """
    age = (today - day).days
    weight = fault.weight * fault.months[day.month - 1] * (1 + GROWTH_PER_YEAR * (YEARS - age / 365))
    if fault.key == BAD_BATCH_FAULT and age < BAD_BATCH_DAYS:
        return weight * (2 + 3 * (1 - age / BAD_BATCH_DAYS))
    if fault.key == MENDED_FAULT:
        return weight * (2.0 if age > YEARS * 365 / 2 else 0.4)
    return weight


def _event(rng: Random, day: date, today: date, faults: list[Fault], customers: int) -> Event:
    [fault] = rng.choices(faults, [_fault_weight(fault, day, today) for fault in faults])
    is_bad_batch = fault.key == BAD_BATCH_FAULT and (today - day).days < BAD_BATCH_DAYS
    lines = BAD_BATCH_LINES if is_bad_batch else fault.lines
    return Event(
        at=_moment(rng, day),
        kind=_kind(rng),
        customer=few_buy_most(rng, customers),
        product=_product(rng, fault, lines),
        fault=fault,
    )


def _kind(rng: Random) -> str:
    shares = (ENQUIRY_SHARE, SUGGESTION_SHARE, QUALITY_INFORMATION_SHARE)
    kinds = ["enquiry", "suggestion", "quality_information", "complaint"]
    return rng.choices(kinds, [*shares, 1 - sum(shares)])[0]


def _moment(rng: Random, day: date) -> datetime:
    """Return a moment of a day, mostly in office hours."""
    hour = rng.choices(range(7, 22), [2, 6, 12, 13, 9, 4, 6, 12, 12, 11, 8, 3, 2, 2, 1])[0]
    local = datetime.combine(day, time(hour, rng.randrange(60)), tzinfo=ZONE)
    return local.astimezone(UTC)


def few_buy_most(rng: Random, count: int) -> int:
    """Return the position of a customer; the first ones buy most."""
    weights = [1 / (position + 2) ** 0.8 for position in range(count)]
    return rng.choices(range(count), weights)[0]


def _product(rng: Random, fault: Fault, lines: tuple[str, ...]) -> Product:
    fitting = [
        product
        for product in vocabulary.products()
        if product.line in lines and not (fault.petrol and product.burns_diesel)
    ]
    weights = [1 / (1 + position % 9) for position in range(len(fitting))]
    return rng.choices(fitting, weights)[0]
