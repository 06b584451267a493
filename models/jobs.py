"""Long work as documents: the document is the truth, a message merely says that there is work.

A worker holds a job by a lease and a fence: whoever lost the lease can no longer write its outcome. An
attempt that the database failed is given back and goes on after a pause, when a sweep sends it again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Self

from bson import ObjectId
from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    IntField,
    ObjectIdField,
    StringField,
)
from mongoengine import (
    Document as MongoDocument,
)
from pymongo import ASCENDING, DESCENDING, ReturnDocument
from pymongo.client_session import ClientSession

from models import audit, files, outbox
from models.database import Document, db, in_transaction
from models.errors import ForbiddenError, NotFoundError
from models.messages import Message, _
from models.people import Actor, Permission, User
from models.times import now

LEASE = timedelta(seconds=60)
DISPATCH_AGAIN_AFTER = timedelta(seconds=30)
MAX_ATTEMPTS = 10
PAUSE = timedelta(seconds=1)
"""After an attempt that the database failed; twice as long after each, so ten take a quarter of an hour."""
OPEN_STATES = ("queued", "running")
_TOO_OFTEN = _("This was tried %(count)s times without success.", count=MAX_ATTEMPTS)
ENDED_STATES = ("done", "failed", "cancelled", "expired")
_AUDITED = frozenset({"export", "import"})
"""Kinds of which the audit log tells when they are asked for and what came of them."""


class CancelledError(Exception):
    """The owner does not want the job any more."""


class LeaseLostError(Exception):
    """Another worker took the job over."""


class Job(MongoDocument):  # type: ignore[misc]
    """An export, an import or a report that somebody asked for."""

    kind = StringField(required=True)
    title = StringField(default="", max_length=300)
    form = StringField(default="")
    owner = ObjectIdField()
    language = StringField(default="zh")
    params = DictField()
    state = StringField(default="queued", choices=[*OPEN_STATES, *ENDED_STATES])
    done = IntField(default=0)
    total = IntField(default=0)
    position = DictField()
    result = DictField()
    error = DictField()
    file = ObjectIdField()
    file_name = StringField(default="", max_length=300)
    attempts = IntField(default=0)
    fence = IntField(default=0)
    worker = StringField(default="")
    lease_until = DateTimeField()
    dispatched_at = DateTimeField()
    not_before = DateTimeField()
    cancel_requested = BooleanField(default=False)
    created_at = DateTimeField()
    started_at = DateTimeField()
    ended_at = DateTimeField()
    expires_at = DateTimeField()

    meta: ClassVar[dict[str, Any]] = {"collection": "jobs", "auto_create_index": False}

    @property
    def percent(self) -> int:
        """How far it is, 0 to 100."""
        if self.state == "done":
            return 100
        return min(99, int(100 * self.done / self.total)) if self.total else 0

    @property
    def is_open(self) -> bool:
        """Tell whether it waits or runs."""
        return self.state in OPEN_STATES

    @property
    def message(self) -> Message | None:
        """Why it failed, to be translated."""
        return Message(self.error["msgid"], self.error.get("params", {})) if self.error else None


def ensure_indexes() -> None:
    """Create what the list of jobs and the sweep read."""
    db().jobs.create_index([("owner", ASCENDING), ("_id", DESCENDING)])
    db().jobs.create_index([("state", ASCENDING), ("lease_until", ASCENDING)])
    db().jobs.create_index(
        [("expires_at", ASCENDING)],
        partialFilterExpression={"expires_at": {"$exists": True}},
        name="expiring",
    )


def enqueue(
    kind: str,
    owner: User | None,
    params: Document,
    *,
    title: str = "",
    form: str = "",
    language: str = "zh",
    session: ClientSession | None = None,
) -> Job:
    """Write a job down; the caller sends its id to the workers, and if that fails the sweep does."""
    job = Job(
        id=ObjectId(),
        kind=kind,
        title=title,
        form=form,
        owner=owner.id if owner else None,
        language=language,
        params=params,
        created_at=now(),
        dispatched_at=now(),
    )
    job.validate()
    db().jobs.insert_one(job.to_mongo().to_dict(), session=session)
    if kind in _AUDITED:
        asked = {name: params.get(name) for name in _ASKED if params.get(name)}
        _note(f"{kind}.started", job.to_mongo().to_dict(), owner, asked, session)
    return job


_ASKED = ("format", "query", "report", "year", "file_name", "mode")


def _note(
    event: str,
    job: Document,
    owner: User | None,
    details: Document,
    session: ClientSession | None = None,
) -> None:
    """Let the audit log tell of a job."""
    actor = Actor.of(owner) if owner else Actor.system()
    said = {"form": job["form"], "job": job["_id"], **details}
    audit.note(event, actor=actor, subject=job["title"] or job["form"], details=said, session=session)


def note_download(person: User, job: Job) -> None:
    """Let the audit log tell that somebody took what a job made."""
    _note("export.downloaded", job.to_mongo().to_dict(), person, {"file": job.file_name})


def get_for(person: User, job_id: ObjectId) -> Job:
    """Return a job for its owner (or whoever may see all jobs). Raises NotFoundError."""
    job: Job | None = Job.objects(id=job_id).first()
    if job is None or (job.owner != person.id and not person.may(Permission.JOBS_READ_ALL)):
        raise NotFoundError
    return job


def get_own(person: User, job_id: ObjectId) -> Job:
    """Return a job for its owner only: what it made is nobody else's. Raises ForbiddenError."""
    job = get_for(person, job_id)
    if job.owner != person.id:
        raise ForbiddenError
    return job


def of_owner(person: User, *, limit: int = 100) -> list[Job]:
    """Return a person's jobs, newest first."""
    return list(Job.objects(owner=person.id).order_by("-id").limit(limit))


def request_cancel(job: Job) -> None:
    """Ask a running job to stop; one that waits stops at once."""
    stopped = db().jobs.update_one(
        {"_id": job.id, "state": "queued"}, {"$set": {"state": "cancelled", "ended_at": now()}}
    )
    if not stopped.modified_count:  # whoever has it now, or takes it up again, stops
        db().jobs.update_one(
            {"_id": job.id, "state": {"$in": OPEN_STATES}}, {"$set": {"cancel_requested": True}}
        )


@dataclass
class RunningJob:
    """A job in the hands of one worker."""

    document: Document
    fence: int

    @classmethod
    def claim(cls, job_id: ObjectId, worker: str) -> Self | None:
        """Take a job that waits, or whose worker died; None when it is taken, pauses or ended.

        A job that killed too many workers in the same place fails instead.
        """
        document = db().jobs.find_one_and_update(
            {"_id": job_id, **_free()},
            {
                "$set": {"state": "running", "worker": worker, "lease_until": now() + LEASE},
                "$inc": {"fence": 1, "attempts": 1},
                "$min": {"started_at": now()},
            },
            return_document=ReturnDocument.AFTER,
        )
        job = cls(document, document["fence"]) if document else None
        if job and job.document["attempts"] > MAX_ATTEMPTS:
            job.fail(_TOO_OFTEN)
            return None
        return job

    @property
    def id(self) -> ObjectId:
        """The job's id."""
        found: ObjectId = self.document["_id"]
        return found

    @property
    def params(self) -> Document:
        """What was asked for."""
        found: Document = self.document["params"]
        return found

    @property
    def position(self) -> Document:
        """Where an attempt before this one got to; empty at the start."""
        found: Document = self.document.get("position") or {}
        return found

    def owner(self) -> User:
        """Return the person it runs for. Raises ForbiddenError when they left meanwhile."""
        person: User | None = User.objects(id=self.document["owner"], active=True).first()
        if person is None:
            raise ForbiddenError
        return person

    def progress(self, done: int, total: int) -> None:
        """Say how far it is and renew the lease. Raises CancelledError or LeaseLostError."""
        self._write({"done": done, "total": total, "lease_until": now() + LEASE})

    def keep_position(self, position: Document, done: int, total: int, session: ClientSession) -> None:
        """Remember, in the transaction of a batch's writes, where to go on after a crash.

        The attempts are counted anew from there: a long job may meet more faults than a short one.
        """
        reached = {"position": position, "attempts": 0}
        self._write({**reached, "done": done, "total": total, "lease_until": now() + LEASE}, session)
        self.document |= reached

    def _write(self, fields: Document, session: ClientSession | None = None) -> None:
        held = db().jobs.find_one_and_update(
            {"_id": self.id, "fence": self.fence, "state": "running"},
            {"$set": fields},
            projection={"cancel_requested": 1},
            session=session,
        )
        if held is None:
            raise LeaseLostError
        if held.get("cancel_requested"):
            raise CancelledError

    def finish(
        self,
        result: Document,
        *,
        file: ObjectId | None = None,
        file_name: str = "",
        keep: timedelta,
        effects: Iterable[Document] = (),
    ) -> None:
        """Record the outcome, and what it brings about; a file is kept for `keep`.

        Raises LeaseLostError, and keeps nothing then.
        """

        def work(session: ClientSession) -> None:
            expires_at = now() + keep if file else None
            self._end("done", session, result=result, file=file, file_name=file_name, expires_at=expires_at)
            if file:
                files.keep(file, self.id, session)
            outbox.put(list(effects), session)
            self._note_end("finished", _counts(result), session)

        in_transaction(work)

    def fail(self, message: Message) -> None:
        """Record why it failed. Raises LeaseLostError."""
        self._end("failed", error={"msgid": message.msgid, "params": _plain(message)})
        self._note_end("failed", {"reason": str(message)})

    def cancel(self) -> None:
        """Record that it stopped because the owner asked. Raises LeaseLostError."""
        self._end("cancelled")

    def give_back(self) -> None:
        """Let another attempt go on after a pause, by the sweep; after too many the job fails.

        Raises LeaseLostError.
        """
        if self.document["attempts"] >= MAX_ATTEMPTS:
            self.fail(_TOO_OFTEN)
            return
        waits = {"state": "queued", "not_before": now() + PAUSE * 2 ** self.document["attempts"]}
        # what was sent before the pause is no reason not to send it after
        self._release({"$set": waits, "$unset": {"dispatched_at": ""}})

    def _end(self, state: str, session: ClientSession | None = None, **fields: Any) -> None:  # noqa: ANN401  (fields of a job)
        self._release({"$set": {"state": state, "ended_at": now(), **fields}}, session)

    def _note_end(self, how: str, details: Document, session: ClientSession | None = None) -> None:
        if self.document["kind"] in _AUDITED:
            owner = User.objects(id=self.document.get("owner")).first()
            _note(f"{self.document['kind']}.{how}", self.document, owner, details, session)

    def _release(self, update: Document, session: ClientSession | None = None) -> None:
        held = {"_id": self.id, "fence": self.fence, "state": "running"}
        if not db().jobs.update_one(held, update, session=session).matched_count:
            raise LeaseLostError


def _counts(result: Document) -> Document:
    """Return the numbers of an outcome."""
    return {name: value for name, value in result.items() if isinstance(value, int)}


def _plain(message: Message) -> Document:
    return {name: str(value) for name, value in message.params.items()}


def _free() -> Document:
    """Return the filter of jobs that a worker may take: they wait and do not pause, or their worker died."""
    return {
        "$or": [
            {"state": "queued", "not_before": {"$not": {"$gt": now()}}},
            {"state": "running", "lease_until": {"$lt": now()}},
        ]
    }


def lost_jobs() -> Document:
    """Return the filter of jobs whose message or worker was lost, or whose pause is over."""
    lately = {"$gte": now() - DISPATCH_AGAIN_AFTER}  # not by every sweep while workers are busy
    return {"dispatched_at": {"$not": lately}, **_free()}


def due_for_dispatch() -> list[ObjectId]:
    """Return jobs whose message or worker was lost or whose pause is over; mark them as dispatched again."""
    ids = [found["_id"] for found in db().jobs.find(lost_jobs(), {"_id": 1}).limit(500)]
    db().jobs.update_many({"_id": {"$in": ids}}, {"$set": {"dispatched_at": now()}})
    return ids


def put_back(ids: Iterable[ObjectId]) -> list[ObjectId]:
    """Let failed jobs begin anew, as if they were just asked for; return those that had failed."""
    failed = {"_id": {"$in": list(ids)}, "state": "failed"}
    found = [one["_id"] for one in db().jobs.find(failed, {"_id": 1})]
    anew: Document = {
        "$set": {"state": "queued", "attempts": 0, "error": {}, "dispatched_at": now()},
        "$unset": {"not_before": "", "ended_at": "", "lease_until": ""},
    }
    db().jobs.update_many({**failed, "_id": {"$in": found}}, anew)
    return found


def expire() -> int:
    """Remove files whose time is up; return how many."""
    expired = list(db().jobs.find({"expires_at": {"$lt": now()}}, {"file": 1}))
    for job in expired:
        files.delete(job["file"])
        db().jobs.update_one(
            {"_id": job["_id"]}, {"$set": {"state": "expired", "file": None, "expires_at": None}}
        )
    return len(expired)
