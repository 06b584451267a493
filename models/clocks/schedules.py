"""Clocks of forms: a report every month, a plan every year. Each time somebody owes it, as a duty.

Whoever makes a record of the form between two due times has settled the later one; `done_by` fields say
which records count: those where one of them is filled in.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError

from models import duties, forms, who
from models.clocks import life, store
from models.clocks.aiming import schedule
from models.clocks.calendars_of import Choice
from models.clocks.clock import OPEN, Clock
from models.database import Document, db, in_transaction
from models.forms import LiveForm
from models.messages import LANGUAGES
from models.procedure import ClockRule
from models.times import now

SHOWN_BEFORE: Final = timedelta(days=14)
"""A report is owed from this long before it is due, or from when the one before was, if that is later."""


def ensure_schedules() -> int:
    """Let every form in force have the clocks it asks for, settle reports that were made, and owe the next.

    It reads one document for each form with such clocks; safe to run at every sweep, twice at once.
    Returns how many clocks were started, ended or settled.
    """
    wanted = {
        (live.key, rule.key): (live, rule)
        for live in forms.live_forms()
        for rule in live.definition.form_clocks
    }
    running = {(found["form"], found["rule"]): Clock(found) for found in db().clocks.find(open_of_forms())}
    done = sum(_end(running[key]) for key in running.keys() - wanted.keys())
    done += sum(_start(*wanted[key]) for key in wanted.keys() - running.keys())
    return done + sum(_keep(clock, *wanted[key]) for key, clock in running.items() if key in wanted)


def open_of_forms() -> Document:
    """Return the filter of the open clocks of forms, those that are gone too, along the index by record."""
    return {"form": {"$in": db().clocks.distinct("form")}, "record": None, "state": {"$in": list(OPEN)}}


def _start(live: LiveForm, rule: ClockRule) -> bool:
    """Start the clock of a form, unless another sweep was faster: there is never more than one open."""

    def work(session: ClientSession) -> bool:
        about = {"form": live.key, "record": None, "rule": rule.key}
        if db().clocks.find_one({**about, "state": {"$in": list(OPEN)}}, {"_id": 1}, session=session):
            return False
        count = 1 + db().clocks.count_documents(about, session=session)
        clock = _new(live, rule, count)
        _owe(clock, now(), session)
        store.insert([clock], session)
        return True

    try:
        return in_transaction(work)
    except (BulkWriteError, DuplicateKeyError):
        return False


def _new(live: LiveForm, rule: ClockRule, count: int) -> Clock:
    because: Document = {"published": live.version}
    clock = life.start(live, rule, None, count=count, at=now(), because=because, choice=Choice())
    clock.document.update(period_from=clock.get("started_at"), owed=None)
    return clock


def _end(clock: Clock) -> bool:
    """End the clock of a form that no longer asks for it; return False when another sweep was faster."""

    def work(session: ClientSession) -> bool:
        for fresh in _fresh(clock, session):
            life.end(fresh, now(), "stopped", "published")
            store.replace([fresh], session)
            duties.close(_owed_for(clock), at=now(), by=None, outcome="void", session=session)
            return True
        return False

    return in_transaction(work)


def _owed_for(clock: Clock) -> Document:
    """Return the filter of what is owed because of a clock, along the index of open duties."""
    return {"form": clock.get("form"), "record": None, "clock": clock.id}


def _keep(clock: Clock, live: LiveForm, rule: ClockRule) -> bool:
    """Follow a changed rule, settle what was made, and owe the next report in time."""
    if clock.get("snapshot")["form_version"] != live.version and clock.rule != rule:
        return _end(clock) and _start(live, rule)
    made = _made(clock, live)
    owed = not made and not clock.get("owed") and _is_time(clock, now())
    if not (made or owed):
        return False

    def work(session: ClientSession) -> None:
        for fresh in _fresh(clock, session):
            if made:
                _settle(fresh, made, session)
            _owe(fresh, now(), session)
            store.replace([fresh], session)

    in_transaction(work)
    return True


def _fresh(clock: Clock, session: ClientSession) -> Iterator[Clock]:
    """Read a clock again in a transaction, unless somebody else changed it meanwhile."""
    found = db().clocks.find_one({"_id": clock.id, "fence": clock.get("fence")}, session=session)
    if found is not None:
        yield Clock(found)


def _made(clock: Clock, live: LiveForm) -> Document | None:
    """Return the first record that settles the report which is owed, or is next."""
    since = clock.get("period_from") or clock.get("started_at")
    query: Document = {"created_at": {"$gt": since}, "deleted_at": None}
    if clock.rule.done_by:
        query["$or"] = [{f"data.{key}": {"$nin": [None, "", []]}} for key in clock.rule.done_by]
    return live.records().find_one(query, {"created_at": 1, "created_by": 1}, sort=[("created_at", 1)])


def _settle(clock: Clock, made: Document, session: ClientSession) -> None:
    settle_turn(clock, made["created_at"], made["created_by"], "done", session)


def settle_turn(
    clock: Clock, at: datetime, by: ObjectId | None, outcome: str, session: ClientSession
) -> None:
    """Settle the report that is owed, or is next, and close what is owed; the clock goes on."""
    settled = clock.late_since or clock.due_at
    life.settle(clock, at)
    # what was late is settled up to now; in time, the period that begins is that after the due time
    clock.document["period_from"] = at if settled and at > settled else settled
    clock.document["owed"] = None
    duties.close(_owed_for(clock), at=at, by=by, outcome=outcome, session=session)


def _is_time(clock: Clock, moment: datetime) -> bool:
    return clock.due_at is not None and (bool(clock.late_since) or clock.due_at - SHOWN_BEFORE <= moment)


def _owe(clock: Clock, moment: datetime, session: ClientSession) -> None:
    """Open the duty of the report that is owed, once it is time."""
    document = clock.document
    if document.get("owed") or not _is_time(clock, moment):
        return
    resolved = who.resolve(clock.rule.who, clock.form, {"data": {}})
    due_at = clock.late_since or clock.due_at
    key = f"report:{clock.id}:{due_at:%Y%m%d%H%M%S}"
    label = clock.rule.label
    duty = duties.duty(
        "report",
        key,
        form=clock.get("form"),
        record=None,
        what={language: label.text(language) for language in LANGUAGES},
        people=resolved.people,
        at=moment,
        due_at=due_at,
        clock=clock.id,
    )
    duties.insert([duty], session)
    document["owed"] = due_at
    schedule(clock)


def of_form(key: str) -> list[Clock]:
    """Return the running clocks of a form itself."""
    query = {"form": key, "record": None, "state": {"$in": list(OPEN)}}
    return [Clock(found) for found in db().clocks.find(query)]
