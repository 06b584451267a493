"""Carries out the demo company's stock checks: counted, looked into, approved, booked, or still going on."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from bson import ObjectId

from models import forms, records, workflow
from models.approvals import decisions
from models.database import Document, db
from models.jobs import RunningJob
from models.ledger.stock_check import counting, lines, reviewing, running
from models.ledger.stock_check.counting import Count
from models.times import set_clock
from seed.company.belongings import Counted
from seed.company.stocktaking import IN_CHARGE
from seed.writing import SOURCE, Writer

FORM: Final = "stock_check"
SALES, DEPUTY = "fang.xiaomin", "lu.wenjing"
LEFT: Final = 3
"""Lines that are not yet counted where a check is going on."""
FOUND: Final = "复点时在会议室找到，已放回原处，账面不变。"


@dataclass
class Checking:
    """One check at work; each act takes a while."""

    writer: Writer
    told: Counted
    check: ObjectId

    def carry_out(self) -> None:
        """Do everything up to where the check stands."""
        at = self.told.at
        with set_clock(at):
            self._take(IN_CHARGE, "begin")
            self._work()
        found = list(lines.collection().find({"check": self.check, "item": {"$ne": None}}).sort("order", 1))
        here = [one for one in found if one["kind"] == "kept"]
        wrong = here[0]["_id"] if here and self.told.key.key != "0" else None
        for number, line in enumerate(here if self.told.closed else here[:-LEFT]):
            with set_clock(at + timedelta(minutes=6 * (number + 2))):
                self._count(line, short=line["_id"] == wrong)
        if self.told.closed:
            self._close(wrong)

    def _close(self, wrong: ObjectId | None) -> None:
        with set_clock(self.told.at + timedelta(days=1)):
            self._take(self.told.counter, "finish")
            if self._record()["data"].get("undecided"):
                leader = self.writer.people[IN_CHARGE]
                actor = self.writer.actor(IN_CHARGE)
                reviewing.decide(actor, leader, self.check, [wrong] if wrong else [], "leave", FOUND)
            self._take(IN_CHARGE, "submit")
        with set_clock(self.told.at + timedelta(days=1, hours=3)):
            for person in (SALES, DEPUTY):
                if self._record()["state"] == "approving":
                    self._approve(person)
            self._work()
        db().outbox.delete_many({"kind": "tell", "payload.record": self.check})  # it is long known

    def _record(self) -> Document:
        return forms.current(FORM).records().find_one({"_id": self.check}) or {}

    def _take(self, by: str, step: str) -> None:
        live, actor = forms.current(FORM), self.writer.actor(by)
        workflow.take(
            actor, self.writer.people[by], live, self.check, step, {},
            revision=self._record()["revision"], source=SOURCE,
        )  # fmt: skip

    def _count(self, line: Document, *, short: bool) -> None:
        by = self.told.counter
        quantity = line["expected"].to_decimal() - (1 if short else 0)
        said = Count(max(Decimal(0), quantity), "账实不符，待查" if short else "")
        counting.count(self.writer.actor(by), self.writer.people[by], self.check, line["_id"], said)

    def _approve(self, by: str) -> None:
        person = self.writer.people[by]
        asked: Any = db().approvals.find_one({"record": self.check}, sort=[("_id", -1)])
        decisions.decide(
            self.writer.actor(by), person, asked["_id"], "approve", signature=str(person), source=SOURCE
        )

    def _work(self) -> None:
        """Carry out the job that the check waits for, as a worker would."""
        waiting = db().jobs.find_one({"params.check": self.check, "state": "queued"})
        job = RunningJob.claim(waiting["_id"], "demo") if waiting else None
        if job:
            running.carry_out(job)


def plan(writer: Writer, told: Counted) -> Document | None:
    """Write down a check; return it, None where nothing is kept that it would count."""
    place = told.values["place"]
    kept = {"stock.positions": {"$elemMatch": {"kind": "kept", "place": place}}}
    if not forms.current("customer_property").records().find_one(kept, {"_id": 1}):
        return None
    with set_clock(told.at):
        values = writer.resolve(told.values)
        return records.create(writer.actor(IN_CHARGE), forms.current(FORM), values, source=SOURCE)
