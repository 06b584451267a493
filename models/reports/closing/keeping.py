"""Where closings of periods are kept. A period is closed once at a time; reopened ones stay known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from models.calendars import company_zone
from models.database import Document, db
from models.errors import DomainError, NotFoundError
from models.jobs import OPEN_STATES
from models.messages import _
from models.people import User
from models.reports.parts import Source
from models.reports.periods import Fiscal, Period
from models.times import now

CLOSING, CLOSED, REOPENED = "closing", "closed", "reopened"
IN_FORCE: Final = (CLOSING, CLOSED)
ALREADY: Final = _("This period is closed already, or being closed.")


@dataclass(frozen=True)
class Closing:
    """A closed period of a report: what was frozen, when and by whom, and what came of it since."""

    document: Mapping[str, Any]

    @property
    def id(self) -> ObjectId:
        """Its id."""
        found: ObjectId = self.document["_id"]
        return found

    @property
    def is_closed(self) -> bool:
        """Tell whether it is in force, and complete."""
        return bool(self.document["state"] == CLOSED)

    @property
    def at(self) -> datetime:
        """When it was closed."""
        found: datetime = self.document["at"]
        return found

    @property
    def by_name(self) -> str:
        """Who closed it."""
        return str(self.document["by_name"])

    @property
    def report(self) -> str:
        """The key of its report."""
        return str(self.document["report"])

    @property
    def period(self) -> str:
        """The name of its period."""
        return str(self.document["period"])

    def days(self, fiscal: Fiscal | None = None) -> Period:
        """Return its period with the days that it had, however the report counts its months by now."""
        first, last = (date.fromisoformat(self.document[name]) for name in ("first", "last"))
        return Period(self.document["unit"], first, last, self.period, fiscal or Fiscal())

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which its days began and ended."""
        return ZoneInfo(self.document["zone"])

    @property
    def sources(self) -> list[Source]:
        """What it counted, as its report said then."""
        return [Source.model_validate(one) for one in self.document["sources"]]

    @property
    def told_of(self) -> list[ObjectId]:
        """The closings of earlier periods whose corrections it tells."""
        return list(self.document.get("told_of", ()))

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of its records."""
        return str(self.document["fingerprint"])

    @property
    def version(self) -> int:
        """The version of the report's definition that it was closed by."""
        return int(self.document["version"])

    def frozen(self, language: str) -> Mapping[str, Any]:
        """Return what was frozen in a language: cover and results."""
        found: Mapping[str, Any] = self.document["frozen"][language]
        return found

    @property
    def release(self) -> Mapping[str, Any] | None:
        """The record by which it is approved and handed out (`form`, `record`), if there is one."""
        return self.document.get("release")


class OvertakenError(DomainError):
    """Another period of the report was closed or opened meanwhile: what was changed may be told by that."""


def begin(person: User, report: str, version: int, period: Period, job: ObjectId) -> Closing:
    """Begin to close a period, or begin anew what this job began, or one that came to nothing.

    Raises DomainError where it is closed already, or being closed by somebody else.
    """
    document: Document = {
        "_id": ObjectId(),
        "report": report,
        "version": version,
        "period": period.name,
        "unit": period.unit,
        "first": period.first.isoformat(),
        "last": period.last.isoformat(),
        "zone": str(company_zone()),
        "state": CLOSING,
        "job": job,
        "at": now(),
        "by": person.id,
        "by_name": str(person),
        "turn": _turn(report),
    }
    try:
        db().report_closings.insert_one(document)
    except DuplicateKeyError:
        return _taken_up(document)
    return Closing(document)


def _taken_up(document: Document) -> Closing:
    """Go on with a closing that nobody works at any more."""
    begun = {name: document[name] for name in ("report", "period", "state")}
    found = db().report_closings.find_one(begun)
    if found is None or (found["job"] != document["job"] and _is_open(found["job"])):
        raise DomainError(ALREADY)
    taken = db().report_closings.find_one_and_update(
        {**begun, "job": found["job"]},
        {"$set": {name: value for name, value in document.items() if name != "_id"}},
        return_document=ReturnDocument.AFTER,
    )
    if taken is None:
        raise DomainError(ALREADY)
    return Closing(taken)


def _turn(report: str) -> int:
    """Return how often periods of a report were closed or opened by now."""
    found = db().report_turns.find_one_and_update(
        {"_id": report}, {"$setOnInsert": {"turn": 0}}, upsert=True, return_document=ReturnDocument.AFTER
    )
    return int(found["turn"]) if found else 0


def _is_open(job: ObjectId) -> bool:
    return db().jobs.count_documents({"_id": job, "state": {"$in": OPEN_STATES}}, limit=1) > 0


def finish(closing: Closing, frozen: Document, session: ClientSession) -> None:
    """Put a closing into force, in the transaction that keeps what was frozen.

    Raises OvertakenError where another period was faster.
    """
    at_turn = {"_id": closing.report, "turn": closing.document["turn"]}
    if not db().report_turns.update_one(at_turn, {"$inc": {"turn": 1}}, session=session).modified_count:
        raise OvertakenError(_("Periods of this report are being closed right now. Please try again."))
    done = db().report_closings.update_one(
        {"_id": closing.id, "state": CLOSING}, {"$set": {**frozen, "state": CLOSED}}, session=session
    )
    if not done.modified_count:
        raise DomainError(ALREADY)


def get(report: str, period: str) -> Closing | None:
    """Return the closing of a period that is in force."""
    found = db().report_closings.find_one({"report": report, "period": period, "state": CLOSED})
    return Closing(found) if found else None


def of_job(report: str, job: ObjectId) -> Closing | None:
    """Return what a job closed, though it may be open again by now."""
    ended = {"report": report, "job": job, "state": {"$in": [CLOSED, REOPENED]}}
    found = db().report_closings.find_one(ended)
    return Closing(found) if found else None


def of_report(report: str, limit: int = 120) -> list[Closing]:
    """Return what was ever closed of a report, newest first, reopened ones with it."""
    query = {"report": report, "state": {"$ne": CLOSING}}
    return [Closing(one) for one in db().report_closings.find(query).sort("_id", DESCENDING).limit(limit)]


def before(report: str, first: date) -> list[Closing]:
    """Return the closings in force of periods that ended before a day, oldest first; not what they froze."""
    query = {"report": report, "state": CLOSED, "last": {"$lt": first.isoformat()}}
    found = db().report_closings.find(query, {"frozen": 0})
    return [Closing(one) for one in found.sort([("last", ASCENDING), ("_id", ASCENDING)])]


def in_force(report: str) -> list[Closing]:
    """Return the closings in force of a report in the order of their moments; not what they froze."""
    found = db().report_closings.find({"report": report, "state": CLOSED}, {"frozen": 0})
    return [Closing(one) for one in found.sort([("at", ASCENDING), ("_id", ASCENDING)])]


def is_used(report: str) -> bool:
    """Tell whether a period was ever closed by a report, or is being closed; attempts do not count."""
    if db().report_closings.count_documents({"report": report, "state": {"$ne": CLOSING}}, limit=1):
        return True
    return any(_is_open(one["job"]) for one in db().report_closings.find({"report": report}, {"job": 1}))


def forget_attempts(report: str) -> None:
    """Remove what closings left behind that came to nothing."""
    attempts = {"report": report, "state": CLOSING}
    ids = [one["_id"] for one in db().report_closings.find(attempts, {"_id": 1})]
    for left in (db().report_frozen, db().report_told):
        left.delete_many({"closing": {"$in": ids}})
    db().report_closings.delete_many({"_id": {"$in": ids}, **attempts})
    db().report_turns.delete_one({"_id": report})


def reopen(person: User, closing: Closing, reason: str, session: ClientSession) -> None:
    """Open a closed period again; what was frozen stays, and says that it was reopened and why.

    Raises NotFoundError where it is not closed (any more).
    """
    reopened = {
        "state": REOPENED,
        "reopened": {"at": now(), "by": person.id, "by_name": str(person), "reason": reason},
    }
    done = db().report_closings.update_one(
        {"_id": closing.id, "state": CLOSED}, {"$set": reopened}, session=session
    )
    if not done.modified_count:
        raise NotFoundError
    db().report_turns.update_one({"_id": closing.report}, {"$inc": {"turn": 1}}, upsert=True, session=session)


def ensure_indexes() -> None:
    """Create the indexes; one of them refuses to close a period twice."""
    db().report_closings.create_index(
        [("report", ASCENDING), ("period", ASCENDING)],
        unique=True,
        partialFilterExpression={"state": {"$in": list(IN_FORCE)}},
        name="in_force",
    )
    db().report_closings.create_index([("report", ASCENDING), ("last", DESCENDING)])
    db().report_told.create_index([("closing", ASCENDING)])
    db().report_told.create_index([("record", ASCENDING), ("of", ASCENDING)])
