"""How things of customers come to their keepers, are registered, checked and given back, as acts."""

from collections.abc import Iterator
from datetime import datetime
from random import Random

from seed.company import vocabulary
from seed.company.belongings import Act, Booked, Made, Paper, Taken, Thing, later, office
from seed.company.incident import DAY, day
from seed.company.partners import To

ENGINEERS = ("zhong.kaiwen", "tian.siyu", "ren.haoran")
HOLDERS = (
    ("hou.jianping", "PRODUCTION"), ("shao.yong", "PRODUCTION"), ("wan.qiaoling", "PRODUCTION"),
    ("ye.qiuping", "QUALITY"), ("pan.zhenyu", "QUALITY"), ("xiong.dawei", "PURCHASE"), ("cao.lei", "SERVICE"),
)  # fmt: skip
STAGES = (
    "registered",
    "unsuitable",
    "awaiting",
    "handing_over",
    "sent_back",
    "handing_over",
    "registered",
    "handing_over",
)
REGISTERED = ("drawing", "document")
KINDS_OF_MATERIAL = ("material",)
_RECALL_OPEN = 45  # days in which not every holder has confirmed


def arrival(rng: Random, one: Thing, stage: str = "") -> Iterator[Act]:
    """Tell how a thing came, up to a stage where it still is; without one it is with its keeper."""
    values = one.values if stage == "registered" else {**one.values, "inspection_result": "suitable"}
    if stage in {"unsuitable", "awaiting"}:
        values = {
            **one.values,
            "inspection_result": "unsuitable",
            "inspection_remark": "外观锈蚀，配合尺寸超差，无法试装。",
        }
    at = one.arrived
    touched = (one.key, one.replaces.key) if one.replaces else (one.key,)
    yield Made(at, one.by, one.key, values, touched)
    if not stage and one.keeper != "SALES":
        yield Taken(one.free_from, one.received_by, one.key, ("confirm",), {}, touched)
    if stage == "awaiting":
        told = {"told_on": day(later(rng, at, 0.2, 1)), "told_how": "email"}
        yield Taken(later(rng, at, 0.2, 1), one.by, one.key, ("tell_customer",), told, (one.key,))
    if stage == "sent_back":
        yield Taken(later(rng, at, 0.2, 1), one.received_by, one.key, ("refuse",), {}, (one.key,))


def document_of(one: Thing) -> To:
    """Return what the acts call the record of a thing in the register of documents."""
    return To("external_document", f"{one.number}.0")


def registration(rng: Random, one: Thing, now: datetime) -> Iterator[Act]:
    """Tell how a drawing or a document was registered and handed out, and the revision before it recalled."""
    at = later(rng, one.free_from, 0.5, 3)
    holders = rng.sample(HOLDERS, rng.randint(1, 4))
    one.holders = [person for person, _department in holders]
    copies = [
        {
            "copy_number": f"{number:02}",
            "holder": To("person", person),
            "department": To("department", code),
            "received_on": day(at),
            "medium": "paper",
        }
        for number, (person, code) in enumerate(holders, 1)
    ]
    values = {
        "controlled_number": f"SK-{one.arrived:%y}-{one.number:03}",
        "medium": "paper",
        "copies": copies,
    }
    yield Taken(at, rng.choice(ENGINEERS), document_of(one), ("register",), values, (one.key,))
    if one.replaces:
        yield from _recall(rng, one, at, now)


def _recall(rng: Random, one: Thing, at: datetime, now: datetime) -> Iterator[Act]:
    old = one.replaces
    if old is None:
        return
    asked, by = later(rng, at, 0.1, 1), rng.choice(ENGINEERS)
    said = {"recall_reason": "顾客换版", "superseded_by": document_of(one)}
    yield Taken(asked, by, document_of(old), ("supersede",), said, (old.key, one.key))
    is_open, last = (now - asked).days < _RECALL_OPEN, asked
    for number, holder in enumerate(old.holders[:1] if is_open else old.holders):
        at = later(rng, asked, 0.3, 3)
        last = max(last, at)
        outcome = {"outcome": rng.choice(["handed_back", "handed_back", "destroyed"])}
        yield Taken(
            at, holder, To("copy_recall", f"{old.number}.0.{number}"), ("confirm",), outcome, (old.key,)
        )
    if is_open:
        return
    yield Taken(later(rng, last, 0.5, 2), by, document_of(old), ("withdraw",), {}, (old.key,))


def checks(rng: Random, one: Thing, now: datetime) -> Iterator[Act]:
    """Tell of the yearly check of a device that has been here for more than a year."""
    at = office(rng, one.arrived + DAY * 360)
    if "next_check_on" in one.values and at < min(now, one.goes_back or now):
        said = {"check_result": "pass", "next_check_on": one.values["next_check_on"]}
        yield Taken(at, one.received_by, one.key, ("check_done",), said, (one.key,))


def use(rng: Random, one: Thing, now: datetime) -> Iterator[Act]:
    """Tell how material is used up, a part at a time."""
    at, left = one.free_from, one.quantity
    while one.kind in KINDS_OF_MATERIAL and left > 0 and rng.random() < 0.85:  # noqa: PLR2004  (some is left)
        at = later(rng, at, 10, 60)
        pieces = min(left, rng.randint(5, 30))
        if at >= now:
            return
        left -= pieces
        one.free_from = at
        yield Booked(at, one.received_by, one.key, "use_up", str(pieces), "生产领用", (one.key,))


def farewell(rng: Random, one: Thing, now: datetime) -> Iterator[Act]:
    """Tell how a thing went back to its customer, or was disposed of with consent."""
    if one.goes_back is None or one.kind in KINDS_OF_MATERIAL:
        return
    at = max(one.goes_back, later(rng, one.free_from, 0.2, 2))
    if at >= now:
        return
    if rng.random() < 0.1:  # noqa: PLR2004  (one in ten is not worth the freight)
        evidence = Paper(
            "顾客同意处置函.txt", f"同意就地处置：{one.name} {one.values['model']}，数量 {one.quantity}。"
        )
        said = {
            "end_note": "顾客同意就地报废",
            "consent_by": "质量部 李工",
            "consent_on": day(at),
            "end_evidence": [evidence],
        }
        yield Taken(at, one.by, one.key, ("dispose",), said, (one.key,))
    else:
        note = rng.choice(["快递退回，顾客已签收", "随货退回，顾客已签收", "顾客自提，已签收"])
        yield Taken(at, one.by, one.key, ("give_back",), {"end_note": note}, (one.key,))


def uses() -> list[str]:
    """Return what things are borrowed for."""
    found: list[str] = vocabulary.property_words()["uses"]
    return found
