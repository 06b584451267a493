"""Hands on whole heaps of records, from person to person or department to department, by the write path.

Every record is changed as by hand: its revision, its history with actor and reason, its duties and clocks.
A job does it batch by batch, each batch in one transaction with the position after it: a worker that dies
loses nothing and repeats nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import forms, records
from models.changes import HANDOVER, Change
from models.database import Document, db
from models.errors import ConflictError, DomainError
from models.forms import LiveForm
from models.jobs import Job, RunningJob
from models.messages import Message, translate
from models.people import Actor, User
from models.planning import step
from models.procedure import Effect
from models.times import now

BATCH = 200
MAX_TRIES = 3
SHOWN_FAILURES = 100

NewValues = Callable[[Document], Document]
"""Says what a record is to hold: `department`, `owner`, `assignees`, `data`."""
Todo = Callable[[Document], tuple[Effect, ...]]
"""Says what a record's procedure is to do meanwhile."""


@dataclass(frozen=True)
class Heap:
    """Some records of a form, and what they are to hold; what was handed on is in the heap no more."""

    form: LiveForm
    query: Document
    values: NewValues
    todo: Todo = lambda _record: ()

    def count(self) -> int:
        """Return how many there are."""
        return self.form.records().count_documents(self.query)

    def after(self, last: ObjectId | None) -> list[Document]:
        """Return the next of them, by id."""
        beyond = {"_id": {"$gt": last}} if last else {}
        wanted = {"$and": [self.query, beyond]} if last else self.query
        return list(self.form.records().find(wanted).sort("_id", 1).limit(BATCH))


def open_records(form: LiveForm) -> Document:
    """Return the filter of what is neither done nor void; without a workflow, of everything."""
    workflow = form.definition.workflow
    if workflow is None:
        return {"deleted_at": None}
    ended = [state.key for state in workflow.states if state.is_end]
    return {"deleted_at": None, "state": {"$nin": ended}}


def plan(actor: Actor, form: LiveForm, before: Document, values: Document, reason: str) -> Change:
    """Return the change that hands a record on."""
    record = {
        **before,
        **values,
        "revision": before["revision"] + 1,
        "updated_at": now(),
        "updated_by": actor.id,
    }
    return step(actor, form, before, record, "updated", source=HANDOVER, reason=reason)


@dataclass
class Run:
    """One job on its way through heaps of records."""

    job: RunningJob
    actor: Actor
    reason: str
    moved: int = 0
    total: int = 0
    failed: list[Document] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Go on where an attempt before this one stopped."""
        self.moved = self.job.position.get("moved", 0)
        self.failed = list(self.job.position.get("failed", ()))

    def carry_out(self, heaps: Sequence[Heap]) -> None:
        """Hand on every record of some heaps, one for each form. Raises CancelledError, LeaseLostError."""
        begun = self.job.position.get("heap", "")
        ahead = sorted((heap for heap in heaps if heap.form.key >= begun), key=lambda heap: heap.form.key)
        self.total = self.moved + sum(heap.count() for heap in ahead)
        for heap in ahead:
            last = self.job.position.get("last") if heap.form.key == begun else None
            for batch in self._batches(heap, last):
                self._store(heap, batch)

    @staticmethod
    def _batches(heap: Heap, last: ObjectId | None) -> Iterator[list[Document]]:
        while batch := heap.after(last):
            yield batch
            last = batch[-1]["_id"]

    def _store(self, heap: Heap, batch: Sequence[Document]) -> None:
        """Store a batch as a whole; where that cannot be, one by one, to find those that refuse."""
        ids = [record["_id"] for record in batch]
        for _attempt in range(MAX_TRIES):
            try:
                self._commit(heap, ids)
            except ConflictError:  # somebody changed one meanwhile: it is read anew
                continue
            except DomainError:
                break
            return
        for one in ids:
            self._store_one(heap, one)

    def _store_one(self, heap: Heap, record_id: ObjectId) -> None:
        try:
            self._commit(heap, [record_id])
        except DomainError as error:
            self._refuse(heap, record_id, error.message)

    def _refuse(self, heap: Heap, record_id: ObjectId, why: Message) -> None:
        found = heap.form.records().find_one({"_id": record_id}, {"number": 1, "title": 1}) or {}
        shown = str(found.get("number") or found.get("title") or record_id)
        said = translate(why, self.job.document["language"])
        self.failed = [*self.failed, {"form": heap.form.key, "id": record_id, "record": shown, "text": said}]

    def _commit(self, heap: Heap, ids: Sequence[ObjectId]) -> None:
        wanted = {"$and": [heap.query, {"_id": {"$in": list(ids)}}]}
        found = list(heap.form.records().find(wanted).sort("_id", 1))
        changes = [plan(self.actor, heap.form, one, heap.values(one), self.reason) for one in found]
        for change, before in zip(changes, found, strict=True):
            change.todo = heap.todo(before)
        moved = self.moved + len(changes)
        if changes:
            records.commit(changes, partial(self._keep, heap, ids[-1], moved))
        self.moved = moved

    def _keep(self, heap: Heap, last: ObjectId, moved: int, session: ClientSession) -> None:
        failed = self.failed[:SHOWN_FAILURES]
        position = {"heap": heap.form.key, "last": last, "moved": moved, "failed": failed}
        self.job.keep_position(position, moved, max(self.total, moved), session)

    def result(self) -> Document:
        """Return what came of it."""
        return {"moved": self.moved, "failed": self.failed[:SHOWN_FAILURES], "left": len(self.failed)}


def prepare_job(kind: str, owner: User, params: Document, title: str) -> Job:
    """Return a job that `store_job` writes down in the transaction of its cause."""
    return Job(
        id=ObjectId(),
        kind=kind,
        title=title,
        owner=owner.id,
        language=str(owner.language),
        params=params,
        created_at=now(),
        dispatched_at=now(),
    )


def store_job(job: Job, session: ClientSession) -> None:
    """Write a job down; if the message to the workers is lost, the sweep finds it."""
    job.validate()
    db().jobs.insert_one(job.to_mongo().to_dict(), session=session)


def every_form() -> list[LiveForm]:
    """Return every form that was ever in force, by key; records of retired ones are handed on, too."""
    return [forms.current(found["_id"]) for found in db().forms.find({"version": {"$gt": 0}}).sort("_id", 1)]
