"""What is damaged or lost of what customers left with the demo company, and what became of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from seed.company.belongings import SALES, Act, Made, Taken, Thing, later
from seed.company.incident import DAY, day
from seed.company.partners import To
from seed.company.vocabulary import property_words

ENDS = (
    "repair", "telling", "waive", "replacement", "deciding", "found", "repair", "repairing", "waive",
    "compensation", "replacement", "cause", "repair", "action",
)  # fmt: skip
"""How reports end one after the other; the others than these are still open."""
OVER = frozenset({"repair", "waive", "replacement", "found"})
GRADERS = ("ye.qiuping", "pan.zhenyu", "jin.lihua", "dai.xuefeng")
_OLD, _YOUNG = 90, 12


@dataclass
class Report:
    """One report of damage or loss, told step by step."""

    rng: Random
    now: datetime
    one: Thing
    key: To
    at: datetime
    acts: list[Act] = field(default_factory=list)

    def take(self, by: str, step: str, fewest: float, most: float, **values: object) -> None:
        """Let some days go by, and somebody take a step."""
        self.at = later(self.rng, self.at, fewest, most)
        self.acts.append(Taken(self.at, by, self.key, (step,), dict(values), (self.one.key,)))

    def tell(self, end: str) -> None:
        """Tell it up to its end."""
        lost = end in {"found", "replacement", "compensation"}
        words = property_words()
        said = {
            "item": self.one.key,
            "customer": self.one.values["customer"],
            "kind": "loss" if lost else "damage",
            "quantity": "1",
            "happened_on": day(self.at),
            "reported_by": To("person", self.one.received_by),
            "responsible_department": To("department", self.one.keeper),
            "responsible_person": To("person", self.one.received_by),
            "description": self.rng.choice(words["loss" if lost else "damage"]).format(name=self.one.name),
        }
        self.acts.append(Made(self.at, self.one.received_by, self.key, said, (self.one.key,)))
        if end == "found":
            self.take(self.one.received_by, "found", 0.5, 6, found_where="相邻货架夹层")
        else:
            self._settle(end)
        if end in OVER:
            self.take(self.rng.choice(GRADERS), "close", 1, 5, root_cause=self.rng.choice(words["causes"]))
        elif end == "action":
            self._correct()

    def _settle(self, end: str) -> None:
        sales = self.rng.choice(SALES)
        self.take(
            self.one.received_by, "remedied", 0.02, 0.2, remedy=self.rng.choice(property_words()["remedies"])
        )
        if end == "telling":
            return
        told = later(self.rng, self.at, 0.1, 1)
        self.take(sales, "told", 0.1, 1, told_on=day(told), told_how="letter", told_whom="质量部 李工")
        if end == "deciding":
            return
        decision = {"repairing": "repair", "cause": "waive", "action": "waive"}.get(end, end)
        decided = {"decision": decision, "decided_by": "质量部 李工", "decided_on": day(self.at + DAY)}
        if decision == "repair":
            decided["repairer"] = "原制造厂"
        self.take(sales, "customer_decides", 1, 6, **decided)
        if end == "repair":
            self.take(self.one.received_by, "repaired", 3, 12)
        elif end == "replacement":
            self._replace(sales)
        elif end == "compensation":
            self.take(sales, "open_claim", 0.5, 2, compensation={"amount": "860.00", "currency": "CNY"})

    def _replace(self, sales: str) -> None:
        self.take(sales, "replaced", 5, 18, replacement_quantity="1")
        new = To("customer_property", f"{self.key.key}.0")
        inspected = later(self.rng, self.at, 0.1, 1)
        suitable = {"inspection_result": "suitable"}
        self.acts.append(Taken(inspected, sales, new, ("inspect",), suitable, (self.one.key,)))
        if self.one.keeper != "SALES":
            taken = later(self.rng, inspected, 0.1, 1)
            self.acts.append(Taken(taken, self.one.received_by, new, ("confirm",), {}, (self.one.key,)))

    def _correct(self) -> None:
        cause, due = self.rng.choice(property_words()["causes"]), day(self.now + DAY * 25)
        named = {"responsible_department": To("department", self.one.keeper), "capa_due_on": due}
        self.take(self.rng.choice(GRADERS), "start_action", 0.5, 2, root_cause=cause, **named)


def reports(rng: Random, now: datetime, things: list[Thing]) -> Iterator[Act]:
    """Yield the acts of all reports; those that are over happened long ago, the others lately."""
    fit = [
        one for one in things if one.quantity > 1 and one.goes_back is None and one.values["unit"] == "piece"
    ]
    fit = [one for one in fit if one.free_from < now - DAY * (_OLD + 60)]
    for number, one in enumerate(rng.sample(fit, min(len(fit), max(1, len(things) // 20)))):
        end = ENDS[number % len(ENDS)]
        ago = rng.uniform(_OLD, (now - one.free_from).days) if end in OVER else rng.uniform(2, _YOUNG)
        at = later(rng, now - DAY * ago, 0, 0.5)
        told = Report(
            rng, now, one, To("property_incident", str(number)), max(at, one.free_from + timedelta(hours=2))
        )
        told.tell(end)
        one.free_from = told.at
        yield from told.acts
