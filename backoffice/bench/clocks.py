"""The sweep of the clocks: what it costs with nothing due, and how fast it takes a hundred thousand steps."""

import statistics
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final, TypeVar

from bson import ObjectId

from backoffice.bench.ground import Ground
from backoffice.bench.measuring import ROUNDS, SECONDS, Against, Result, seconds
from models import clocks, forms, records, times
from models.database import Document, db
from models.forms import LiveForm
from models.people import Actor
from models.times import now

T = TypeVar("T")

FORM: Final = "bench_clock"
IDLE_MILLISECONDS: Final = 2
PER_SECOND: Final = 5_000
ONE_BY_ONE: Final = 0.5
_BATCH: Final = 5_000
_SIZES: Final = (0.01, 0.1, 1.0)
_DUE_SHARE: Final = 0.1
_FAR: Final = timedelta(days=3_000)
_DEFINITION: Final[dict[str, Any]] = {
    "key": FORM,
    "label": {"zh": "计时测试", "en": "Clocks"},
    "title_fields": ["name"],
    "fields": [{"key": "name", "type": "text", "label": {"zh": "名称", "en": "Name"}}],
    "workflow": {
        "initial": "open",
        "states": [
            {"key": "open", "label": {"zh": "处理中", "en": "Open"}},
            {"key": "closed", "label": {"zh": "已关闭", "en": "Closed"}, "category": "done"},
        ],
        "transitions": [
            {"key": "close", "label": {"zh": "关闭", "en": "Close"}, "sources": ["open"], "to": "closed"},
            {"key": "end", "label": {"en": "End"}, "sources": ["open"], "to": "closed", "by": "clock"},
        ],
    },
    "clocks": [
        {
            "key": "reply",
            "label": {"zh": "答复", "en": "Reply"},
            "start": {"states": ["open"]},
            "stop": {"states": ["closed"]},
            "length": {"amount": "24", "unit": "hours"},
            "ladder": [
                {
                    "key": "due",
                    "who": {"fields": ["@owner"]},
                    "level": "urgent",
                    "effects": [{"do": "transition", "transition": "end"}],
                }
            ],
        }
    ],
}  # fmt: skip


def sweep(ground: Ground) -> Iterator[Result]:
    """Measure the sweep among more and more running clocks, and then with a tenth of them due."""
    maker = _Maker.ready(ground)
    smallest: float | None = None
    for share in _SIZES:
        size = max(1, int(ground.records * share))
        maker.fill(size)
        idle = _idle() * 1e3
        smallest = smallest or idle
        what = f"sweep with nothing due, {size:,} clocks running"
        yield Result("clocks", what, idle, smallest, IDLE_MILLISECONDS, Against.ITSELF)
    yield from _due(maker, max(1, int(ground.records * _DUE_SHARE)))


def _idle() -> float:
    clocks.sweep()
    return statistics.median(seconds(clocks.sweep) for _ in range(ROUNDS))


def _due(maker: "_Maker", count: int) -> Iterator[Result]:
    """Let clocks come due and take them; the baseline takes them in transactions of one."""
    few = max(100, count // 100)
    maker.let_come_due(few)
    one_by_one = seconds(lambda: _all(few, 1)) / few
    maker.let_come_due(count)
    took = seconds(lambda: _all(count, count))
    told = db().notifications.count_documents({"form": FORM})
    queued = db().outbox.count_documents({"kind": "clock_effects"})
    if not told == queued == count + few:
        message = f"{count + few} clocks came due, {told} were told and {queued} queued"
        raise RuntimeError(message)
    what = f"{count:,} due clocks told and queued, {count / took:,.0f} a second"
    yield Result("clocks", what, took, one_by_one * count, count / PER_SECOND, Against.ITSELF, SECONDS)
    yield Result("clocks", "the same against one by one", took, one_by_one * count, ONE_BY_ONE, unit=SECONDS)


def _all(count: int, at_once: int) -> None:
    done = 0
    while done < count:
        moved = clocks.sweep(at_once)
        if not moved:
            message = f"Only {done} of {count} clocks were found."
            raise RuntimeError(message)
        done += moved


class _Maker:
    """Makes clocks by copying one that a record really started."""

    def __init__(self, form: LiveForm, record: Document, clock: Document, people: list[ObjectId]) -> None:
        self.form, self.record, self.clock, self.people = form, record, clock, people
        self.made = 1

    @classmethod
    def ready(cls, ground: Ground) -> "_Maker":
        """Publish the form and let one record start one clock, in a far future."""
        actor = Actor.of(ground.person)
        forms.create(actor, dict(_DEFINITION))
        live = forms.publish(actor, FORM, draft_revision=1)
        with times.set_clock(now() + _FAR):
            record = records.create(actor, live, {"name": "first"})
        clock = db().clocks.find_one({"record": record["_id"]})
        if clock is None:
            message = "No clock was started."
            raise RuntimeError(message)
        people = [found["_id"] for found in db().users.find({"active": True}, {"_id": 1})]
        return cls(live, record, clock, people)

    def fill(self, count: int) -> None:
        """Have so many running clocks, each with a record."""
        for numbers in _in_batches(range(self.made, count)):
            made = [self._record(number) for number in numbers]
            self.form.records().insert_many(made, ordered=False)
            db().clocks.insert_many([self._clock(record) for record in made], ordered=False)
        self.made = max(self.made, count)

    def _record(self, number: int) -> Document:
        owner = self.people[number % len(self.people)]
        return {**self.record, "_id": ObjectId(), "owner": owner, "title": f"record {number}"}

    def _clock(self, record: Document) -> Document:
        own = {"_id": ObjectId(), "key": f"{FORM}:{record['_id']}", "record": record["_id"]}
        return {**self.clock, **own, "title": record["title"]}

    def let_come_due(self, count: int) -> None:
        """Let clocks that run in the far future come due in the last minute."""
        moved_by = -(_FAR + timedelta(days=1, minutes=1))
        far: Document = {"next_action_at": {"$gt": now() + timedelta(days=1)}}
        ids = [found["_id"] for found in db().clocks.find(far, {"_id": 1}).limit(count)]
        moved = {name: _moved(self.clock[name], moved_by) for name in ("due_at", "next_action_at")}
        steps = [
            {**one, "at": _moved(one["at"], moved_by), "of": _moved(one["of"], moved_by)}
            for one in self.clock["steps"]
        ]
        for some in _in_batches(ids):
            db().clocks.update_many({"_id": {"$in": some}}, {"$set": {**moved, "steps": steps}})


def _in_batches(everything: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(everything)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _moved(moment: datetime, by: timedelta) -> datetime:
    return moment + by
