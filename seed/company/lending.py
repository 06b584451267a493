"""How the demo company lends what its customers have left with it: two years of slips, some of them open."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from seed.company.arriving import uses
from seed.company.belongings import KEEPERS, SALES, Act, Made, Paper, Taken, Thing, later, office
from seed.company.incident import DAY, Raw, day
from seed.company.partners import To
from seed.company.pictures import SHOWN, Picture
from seed.company.vocabulary import property_words

BORROWERS = {
    "TECH": ("zhong.kaiwen", "tian.siyu", "ren.haoran", "xia.changqing"),
    "QUALITY": ("ye.qiuping", "pan.zhenyu", "jin.lihua", "dai.xuefeng"),
    "PRODUCTION": ("shao.yong", "meng.xiangrui", "wan.qiaoling", "hou.jianping"),
    "SERVICE": ("dong.weiguo", "cao.lei", "jiang.yaqin", "deng.shaofeng"),
}
STAGES = (
    "lent", "late", "asked", "late", "partly", "reserved", "late", "queued", "damaged", "asking_customer",
    "extended", "late", "handed_out", "lent", "passed_on", "extending", "reserved", "late", "lent",
    "passing_on", "asked", "late", "partly", "lent", "late", "reserved", "queued", "lent", "lent", "lent",
)  # fmt: skip
"""Where slips are today, one after the other."""
_LATE_SHARE = 0.2
_MARKED = "轻微划痕"


@dataclass
class Teller:
    """Tells slips one by one; `number` counts them."""

    rng: Random
    now: datetime
    procedure_from: datetime
    number: int = 0
    acts: list[Act] = field(default_factory=list)

    def past(self, one: Thing) -> None:
        """Tell the loans of a thing that are over."""
        times = min(4, int(self.rng.expovariate(1) * one.borrowed / 9))
        for _loan in range(times):
            at = later(self.rng, one.free_from, 4, 110)
            back = later(self.rng, at, 1, 21)
            if back >= min(self.now - DAY, one.goes_back or self.now):
                return
            in_time = self.rng.random() > _LATE_SHARE
            ends = (
                back + DAY * self.rng.randint(0, 5)
                if in_time
                else max(at, back - DAY * self.rng.randint(1, 9))
            )
            loan = self._loan(one, at, ends, self._pieces(one))
            loan.give(whole=at < self.procedure_from)
            loan.come_back(back, loan.pieces)
            one.free_from = back

    def present(self, one: Thing, stage: str) -> None:
        """Tell a loan that is not over: where it is today."""
        rng = self.rng
        long = rng.uniform(2, 12)
        at = max(one.free_from + timedelta(hours=1), office(rng, self.now - DAY * (long + 3)))
        ends = {
            "late": self.now - DAY * rng.randint(1, 12),
            "reserved": self.now + DAY * rng.randint(12, 30),
        }.get(stage, self.now + DAY * rng.randint(2, 20))
        begins = self.now + DAY * rng.randint(3, 9) if stage == "reserved" else at
        loan = self._loan(one, at, max(ends, at), self._pieces(one), begins=begins)
        loan.stand(stage, self.now)

    def wait(self, one: Thing) -> None:
        """Tell of somebody in line for what is lent altogether."""
        at = office(self.rng, self.now - DAY * self.rng.uniform(0.5, 2))
        loan = self._loan(one, at, self.now + DAY * 25, one.quantity)
        loan.make(("queue",))

    def _pieces(self, one: Thing) -> int:
        return self.rng.randint(1, one.quantity)

    def _loan(self, one: Thing, at: datetime, ends: datetime, pieces: int, **more: datetime) -> "Loan":
        department = self.rng.choice([code for code in BORROWERS if code != one.keeper])
        self.number += 1
        key = To("borrow_slip", str(self.number))
        borrower = self.rng.choice(BORROWERS[department])
        return Loan(self, one, key, at, ends, pieces, borrower, department, **more)


@dataclass
class Loan:
    """One slip of one thing."""

    teller: Teller
    one: Thing
    key: To
    at: datetime
    ends: datetime
    pieces: int
    borrower: str
    department: str
    begins: datetime | None = None

    @property
    def rng(self) -> Random:
        """The one source of chance."""
        return self.teller.rng

    def values(self) -> Raw:
        """Return what the borrower writes down."""
        row = {"item": self.one.key, "quantity": str(self.pieces)}
        return {
            "borrower": To("person", self.borrower),
            "department": To("department", self.department),
            "purpose": self.rng.choice(uses()),
            "begins": day(self.begins or self.at),
            "ends": day(self.ends),
            "items": [row],
        }

    def make(self, steps: tuple[str, ...], by: str = "") -> None:
        """Write the slip, and take steps at once."""
        self.teller.acts.append(
            Made(self.at, by or self.borrower, self.key, self.values(), (self.one.key,), steps)
        )

    def take(self, at: datetime, by: str, step: str, **values: object) -> datetime:
        """Let somebody take a step; return when."""
        if at < self.teller.now:
            self.teller.acts.append(Taken(at, by, self.key, (step,), dict(values), (self.one.key,)))
        return at

    def give(self, *, whole: bool) -> datetime:
        """Tell everything up to the second signature; `whole`: as one entry from the old paper slips."""
        sales, giver = self.rng.choice(SALES), self._giver()
        if whole:
            self.make(("ask", "consent", "hand_out", "sign_for"), sales)
            return self.at
        self.make(("ask",))
        at = self._consent(sales)
        at = self.take(at + timedelta(minutes=self.rng.randint(10, 90)), giver, "hand_out")
        return self.take(at + timedelta(minutes=self.rng.randint(2, 25)), self.borrower, "sign_for")

    def _giver(self) -> str:
        return self.rng.choice([one for one in KEEPERS[self.one.keeper] if one != self.borrower])

    def _consent(self, sales: str) -> datetime:
        at = self.at + timedelta(minutes=self.rng.randint(15, 100))
        if self.one.values["borrow_consent"] != "customer":
            return self.take(at, sales, "consent")
        self.take(at, sales, "ask_customer")
        paper = Paper("顾客同意邮件.txt", f"同意借用 {self.one.name}，数量 {self.pieces}。")
        given = {
            "customer_contact": "品质部 王工",
            "customer_consented_on": day(at),
            "consent_evidence": [paper],
        }
        return self.take(at + timedelta(hours=2), sales, "customer_consents", **given)

    def come_back(self, at: datetime, pieces: int) -> None:
        """Tell a return."""
        condition = self.rng.choice(property_words()["conditions"])
        back = {"item": self.one.key, "quantity": str(pieces), "outcome": "return", "condition": condition}
        marked = condition.startswith(_MARKED) and self.one.kind in SHOWN
        shown = [
            Picture(f"归还_{self.one.values['model']}.jpg", str(self.one.values["model"]), scratched=True)
        ]
        row = {**back, "place": self.one.values["place"]}
        self.take(at, self._giver(), "take_back", returns=[row], **({"photos": shown} if marked else {}))

    # -- slips that are open --------------------------------------------------------------------------------

    def stand(self, stage: str, now: datetime) -> None:
        """Bring the slip to where it is today."""
        sales = self.rng.choice(SALES)
        if stage in {"asked", "asking_customer", "reserved", "handed_out"}:
            self._ask(stage, sales, now)
            return
        lent_at = self.give(whole=False)
        at = max(lent_at, now - DAY * self.rng.uniform(0.2, 1))
        if stage == "partly" and self.pieces > 1:
            self.come_back(at, 1)
        elif stage in {"extended", "extending"}:
            wish = {"extend_to": day(self.ends + DAY * 10), "extension_reason": "试验数据未完成"}
            self.take(at, self.borrower, "ask_extension", **wish)
            if stage == "extended" and self.one.values["borrow_consent"] == "sales":
                self.take(at + timedelta(minutes=30), sales, "grant_extension")
        elif stage in {"passed_on", "passing_on"}:
            self._pass_on(at, stage, sales)
        elif stage == "damaged":
            self._report(at)

    def _ask(self, stage: str, sales: str, now: datetime) -> None:
        self.at = max(self.at, now - DAY * self.rng.uniform(0.3, 1.5))
        self.make(("ask",))
        if stage == "asking_customer":
            self.take(self.at + timedelta(hours=1), sales, "ask_customer")
        elif stage in {"reserved", "handed_out"}:
            at = self._consent(sales)
            if stage == "handed_out":
                self.take(at + timedelta(minutes=20), self._giver(), "hand_out")

    def _report(self, at: datetime) -> None:
        told = self.rng.choice(property_words()["damage"]).format(name=self.one.name)
        said = {"incident_item": self.one.key, "incident_kind": "damage", "incident_quantity": "1"}
        self.take(at, self.borrower, "report_incident", **said, incident_description=told)

    def _pass_on(self, at: datetime, stage: str, sales: str) -> None:
        others = [one for one in BORROWERS[self.department] if one != self.borrower]
        receiver = self.rng.choice(others)
        to = {"receiver": To("person", receiver), "receiver_department": To("department", self.department)}
        self.take(at, self.borrower, "pass_on", **to)
        if stage == "passed_on":
            self.take(at + timedelta(minutes=20), sales, "consent_pass_on")
            self.take(at + timedelta(minutes=50), receiver, "accept_pass_on")


def slips(rng: Random, now: datetime, procedure_from: datetime, things: list[Thing]) -> Iterator[Act]:
    """Yield the acts of all slips; each thing is then free from its last return on."""
    teller = Teller(rng, now, procedure_from)
    for one in things:
        teller.past(one)
    here = [one for one in things if one.borrowed and one.free_from < now - DAY * 2]
    here = [one for one in here if one.goes_back is None or one.goes_back > now]
    chosen = rng.sample(here, min(len(here), max(1, len(things) // 9)))
    waited_for: Thing | None = None
    for number, one in enumerate(chosen):
        stage = STAGES[number % len(STAGES)]
        if stage == "queued" and waited_for:
            teller.wait(waited_for)
            continue
        teller.present(one, "lent" if stage == "queued" else stage)
        waited_for = one if one.quantity == 1 and stage in {"lent", "late"} else waited_for
        one.free_from = now
    yield from teller.acts
