"""Where report definitions are kept, every version of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.errors import DuplicateKeyError

from models import audit
from models.database import Document, db
from models.errors import ConflictError, InUseError, InvalidError, NotFoundError
from models.messages import _
from models.people import Actor
from models.problems import by_path
from models.reports.checks import problems
from models.reports.closing import keeping as closings
from models.reports.parts import ReportDefinition
from models.times import now

MOST_READ: Final = 500


@dataclass(frozen=True)
class Report:
    """One version of a report's definition, with who made it."""

    definition: ReportDefinition
    version: int
    at: datetime
    by_name: str
    note: str = ""

    @property
    def key(self) -> str:
        """Its key."""
        return self.definition.key


def put(actor: Actor, definition: ReportDefinition, *, version: int, note: str = "") -> Report:
    """Keep a report's next version; of one that is as it was, the version that there is.

    Args:
        actor: who makes it.
        definition: the whole of it.
        version: the one it was made from; 0 for a new report.
        note: why.

    Raises:
        InvalidError: by path.
        ConflictError: somebody else was faster.
    """
    found = list(problems(definition))
    if found:
        raise InvalidError(by_path(found))
    known = newest(definition.key)
    if known and known.version == version and known.definition == definition:
        return known
    document: Document = {
        "report": definition.key,
        "version": version + 1,
        "definition": definition.dump(),
        "at": now(),
        "by": actor.id,
        "by_name": actor.name,
        "note": note,
    }
    try:
        if (known.version if known else 0) != version:
            raise ConflictError(current=known)
        db().report_versions.insert_one(document)
    except DuplicateKeyError:
        raise ConflictError(current=get(definition.key)) from None
    audit.note("report.saved", actor=actor, subject=definition.key, details={"version": version + 1})
    return _read(document)


def get(key: str, version: int | None = None) -> Report:
    """Return a report in its newest version, or in one. Raises NotFoundError."""
    query: Document = {"report": key, **({"version": version} if version is not None else {})}
    found = db().report_versions.find_one(query, sort=[("version", DESCENDING)])
    if found is None:
        raise NotFoundError
    return _read(found)


def newest(key: str) -> Report | None:
    """Return a report in its newest version; None where there is none."""
    try:
        return get(key)
    except NotFoundError:
        return None


def every() -> list[Report]:
    """Return all reports in their newest versions, by key."""
    kept = {name: {"$first": f"${name}"} for name in ("version", "at", "by_name", "note")}
    stages: list[Document] = [  # by the index, so that older versions are not even looked at
        {"$sort": {"report": ASCENDING, "version": DESCENDING}},
        {"$group": {"_id": "$report", "id": {"$first": "$_id"}, **kept}},
        {"$sort": {"_id": ASCENDING}},
    ]
    found = [{**one, "_id": one["id"]} for one in db().report_versions.aggregate(stages)]
    known = {one["_id"]: _read_before[one["_id"]] for one in found if one["_id"] in _read_before}
    unread = [one["_id"] for one in found if one["_id"] not in known]
    for document in db().report_versions.find({"_id": {"$in": unread}}) if unread else ():
        known[document["_id"]] = _definition(document)
    return [_report(one, known[one["_id"]]) for one in found if one["_id"] in known]


def versions(key: str) -> list[Report]:
    """Return every version of a report, newest first. Raises NotFoundError."""
    found = [_read(one) for one in db().report_versions.find({"report": key}).sort("version", DESCENDING)]
    if not found:
        raise NotFoundError
    return found


def unchanged_since(report: Report, part: Callable[[ReportDefinition], object]) -> datetime:
    """Return when a part of a report became what it is in its newest version."""
    since, same = report.at, part(report.definition)
    for document in db().report_versions.find({"report": report.key}).sort("version", DESCENDING):
        one = _read(document)
        if part(one.definition) != same:
            break
        since = one.at
    return since


def remove(actor: Actor, key: str) -> None:
    """Delete a report with all its versions.

    Raises NotFoundError, and InUseError when a period was ever closed by it, or is being closed.
    """
    report = get(key)
    if closings.is_used(key):
        raise InUseError(_("Periods were closed with this report; it stays, so that they can be read."))
    db().report_versions.delete_many({"report": key})
    closings.forget_attempts(key)
    audit.note("report.deleted", actor=actor, subject=key, details={"version": report.version})


_read_before: dict[ObjectId, ReportDefinition] = {}
"""Definitions by the id of their version, which never changes: every page asks which reports there are."""


def _definition(document: Document) -> ReportDefinition:
    """Return the definition of a version; one that was read before need not be in the document."""
    if document["_id"] not in _read_before:
        if len(_read_before) >= MOST_READ:
            _read_before.pop(next(iter(_read_before)))
        _read_before[document["_id"]] = ReportDefinition.load(document["definition"])
    return _read_before[document["_id"]]


def _read(document: Document) -> Report:
    return _report(document, _definition(document))


def _report(document: Document, definition: ReportDefinition) -> Report:
    return Report(
        definition, document["version"], document["at"], document["by_name"], document.get("note", "")
    )


def ensure_indexes() -> None:
    """Create the index that also refuses two same versions."""
    db().report_versions.create_index([("report", ASCENDING), ("version", DESCENDING)], unique=True)
