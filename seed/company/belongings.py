"""What customers of the demo company have left with it: each thing, and the acts that tell its life."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from seed.company import vocabulary
from seed.company.incident import DAY, Raw, day
from seed.company.partners import To
from seed.company.pictures import SHOWN, Picture
from seed.company.timeline import ZONE

YEARS = 2
SALES = ("tang.jiayi", "he.junhao", "luo.meiling", "peng.yifan")
KEEPERS = {
    "PRODUCTION": ("shao.yong", "meng.xiangrui", "wan.qiaoling"),
    "TECH": ("tian.siyu", "ren.haoran", "zhong.kaiwen"),
    "QUALITY": ("jin.lihua", "dai.xuefeng", "pan.zhenyu"),
    "SALES": SALES,
}
KEPT_BY = {
    "drawing": "TECH", "intellectual_property": "TECH", "document": "QUALITY", "gauge": "QUALITY",
    "measuring_device": "QUALITY", "personal_data": "SALES", "other": "SALES",
}  # fmt: skip
CHECKED = ("gauge", "measuring_device")
SHOWN_EACH = 9
"""Of so many things one came with a photo."""
GOES_BACK, STAYS_AT_LEAST, AGREED = 0.5, timedelta(days=150), 0.5
_OPENS, _CLOSES = 8, 17
_WEEK = 5


@dataclass(frozen=True)
class Paper:
    """A file that is stored when what names it is written."""

    name: str
    text: str


@dataclass(frozen=True)
class Made:
    """A record that somebody creates: under a key, touching things, and the steps it takes at once."""

    at: datetime
    by: str
    key: To
    values: Raw
    touches: tuple[To, ...] = ()
    steps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Taken:
    """Steps that somebody takes at once on a record.

    What an act created is known as `<key of the act>.<number>`, counted from 0 for each form.
    """

    at: datetime
    by: str
    key: To
    steps: tuple[str, ...]
    values: Raw = field(default_factory=dict)
    touches: tuple[To, ...] = ()


@dataclass(frozen=True)
class Counted:
    """A stock check by what its sheet says, `closed` or still being counted. Nothing is told across it."""

    at: datetime
    key: To
    values: Raw
    counter: str
    closed: bool
    touches: tuple[To, ...] = ()


@dataclass(frozen=True)
class Booked:
    """A movement that somebody books by hand."""

    at: datetime
    by: str
    key: To
    kind: str
    quantity: str
    note: str
    touches: tuple[To, ...] = ()


Act = Made | Taken | Booked | Counted


@dataclass
class Thing:
    """One thing of a customer. `free_from` is when nothing that was told so far needs it any more."""

    number: int
    kind: str
    name: str
    values: Raw
    arrived: datetime
    quantity: int
    keeper: str
    by: str
    received_by: str
    borrowed: int
    free_from: datetime
    goes_back: datetime | None = None
    replaces: "Thing | None" = None
    holders: list[str] = field(default_factory=list)

    @property
    def key(self) -> To:
        """What the acts call it."""
        return To("customer_property", str(self.number))


def office(rng: Random, moment: datetime) -> datetime:
    """Return a moment in office hours on the day of another, or on the next working day."""
    local = moment.astimezone(ZONE)
    while local.weekday() >= _WEEK:
        local += DAY
    return local.replace(
        hour=rng.randint(_OPENS, _CLOSES - 1), minute=rng.randrange(60), second=0, microsecond=0
    )


def later(rng: Random, moment: datetime, fewest: float, most: float) -> datetime:
    """Return a moment in office hours some days later, never before the first one."""
    return max(
        office(rng, moment + DAY * rng.uniform(fewest, most)), moment + timedelta(minutes=rng.randint(5, 90))
    )


def things(rng: Random, now: datetime, customers: list[Raw], count: int) -> list[Thing]:
    """Return things in the order of their arrival, over two years; the newest revisions replace old ones."""
    days = sorted(rng.uniform(2, YEARS * 365) for _one in range(count))[::-1]
    found: list[Thing] = []
    for number, back in enumerate(days):
        made = _thing(rng, number, office(rng, now - DAY * back), rng.choice(customers))
        if made.arrived < now:
            found.append(made)
    _replace_drawings(rng, found)
    for one in found:
        _agree(rng, one, now)
    return found


def _agree(rng: Random, one: Thing, now: datetime) -> None:
    """Settle when a thing goes back, when that was agreed for, and when it is checked next."""
    age = now - one.arrived
    if age > STAYS_AT_LEAST and rng.random() < GOES_BACK:
        one.goes_back = later(rng, one.arrived, STAYS_AT_LEAST.days, age.days + 40)
        agreed: datetime | None = one.goes_back + DAY * rng.randint(-6, 25)
    else:
        agreed = now + DAY * rng.randint(-4, 300) if rng.random() < AGREED else None
    if agreed and agreed > one.arrived:
        one.values["agreed_return_on"] = day(agreed)
    if one.kind in CHECKED:
        one.values |= {"check_months": 12, "next_check_on": day(now + DAY * rng.randint(-3, 330))}


def _thing(rng: Random, number: int, arrived: datetime, customer: Raw) -> Thing:
    kinds = vocabulary.property_words()["kinds"]
    [kind] = rng.choices(kinds, [one["share"] for one in kinds])
    keeper, by = KEPT_BY.get(kind["key"], "PRODUCTION"), rng.choice(SALES)
    place = rng.choice(vocabulary.property_words()["places"][keeper])
    name, quantity = rng.choice(kind["names"]), rng.choice(kind["quantity"])
    values = {
        "name": name,
        "customer": To("customer", customer["code"]),
        "kind": kind["key"],
        "model": f"{rng.choice(kind['models'])}-{rng.randint(1, 99):02}{rng.randint(0, 99):02}",
        "quantity": str(quantity),
        "unit": kind["unit"],
        "arrived_on": day(arrived),
        "delivery_note": f"SH{arrived:%y%m%d}-{rng.randint(1, 60):02}",
        "brought_by": rng.choice(["express", "express", "customer", "carrier", "collected"]),
        "purpose": rng.choice(kind["purposes"]),
        "place": place,
        "in_charge": To("person", by),
        "confidentiality": _secrecy(rng, kind["key"]),
        "borrow_consent": "customer" if rng.random() < 0.15 else "sales",  # noqa: PLR2004  (a few are strict)
        **_more(rng, kind, arrived),
    }
    if kind["key"] in SHOWN and number % SHOWN_EACH == 0:
        worn = "condition_remark" in values
        values["photos"] = [Picture(f"来件_{values['model']}.jpg", str(values["model"]), scratched=worn)]
    got = rng.choice([one for one in KEEPERS[keeper] if one != by])
    return Thing(
        number, kind["key"], name, values, arrived, quantity, keeper, by, got, kind["borrowed"],
        later(rng, arrived, 1, 2),
    )  # fmt: skip


def _secrecy(rng: Random, kind: str) -> str:
    if kind in {"intellectual_property", "personal_data"}:
        return "secret"
    return rng.choices(["open", "internal", "confidential", "secret"], [2, 14, 5, 1])[0]


def _more(rng: Random, kind: dict[str, Any], arrived: datetime) -> Raw:
    found: Raw = {}
    least, most = kind["worth"]
    if most:
        found["worth"] = {"amount": f"{rng.randint(least, most)}.00", "currency": "CNY"}
    if kind.get("serial"):
        found["serial"] = f"{rng.choice('ABCDEFGH')}{rng.randint(10_000, 99_999)}"
    elif kind["key"] in {"part", "material"}:
        found["batch"] = f"{arrived:%y%m}{rng.choice('ABC')}"
    if kind["key"] in {"drawing", "document"}:
        found["item_revision"] = "A"
    if rng.random() < 0.12:  # noqa: PLR2004  (some arrive a little worn)
        found |= {"arrival_condition": "minor", "condition_remark": "外包装破损，实物轻微划痕"}
    return found


def _replace_drawings(rng: Random, found: list[Thing]) -> None:
    """Let some drawings be the next revision of an older one of the same customer."""
    drawings = [one for one in found if one.kind == "drawing"]
    for one in drawings[len(drawings) // 3 :]:
        older = next((old for old in drawings if old.arrived + DAY * 30 < one.arrived and old.replaces is None
                      and all(other.replaces is not old for other in drawings)), None)  # fmt: skip
        if older and rng.random() < 0.45:  # noqa: PLR2004  (of every second or so)
            one.replaces, one.name = older, older.name
            kept = {key: older.values[key] for key in ("name", "customer", "model", "confidentiality")}
            one.values |= {**kept, "item_revision": "B", "replaces": older.key}
