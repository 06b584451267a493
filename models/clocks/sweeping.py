"""The sweep: takes every step of every clock whose time has come, once, however many sweep at the same time.

A batch of clocks is read, told and moved on in one transaction. Two sweepers that meet are told apart by
MongoDB: the second finds that the first was there, and looks again. Nothing depends on when the last sweep
was: what was missed is made up for by the next.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import structlog
from bson import ObjectId
from pymongo import ASCENDING
from pymongo.client_session import ClientSession

from models import notifications, who
from models.clocks import aiming, life, store, telling
from models.clocks.clock import Clock
from models.clocks.coming_due import Firing, advance
from models.database import Document, db, in_transaction, is_passing
from models.forms import collection_name
from models.times import now

log = structlog.get_logger()

BATCH = 500
LIMIT = 10_000


def sweep(limit: int = LIMIT) -> int:
    """Take the steps that are due, at most `limit` clocks; return how many clocks were moved on.

    A clock that cannot be read or told is set aside with what is wrong, and holds up nobody.
    """
    total = 0
    with who.batch():
        while total < limit:
            size = min(BATCH, limit - total)
            done = _sweep_batch(size)
            total += done
            if done < size:
                break
    return total


def _sweep_batch(size: int) -> int:
    try:
        return in_transaction(lambda session: _take(_due(size, session), session))
    except Exception as error:
        if is_passing(error):
            raise
        log.exception("clocks.batch_failed")
        return _one_by_one(size)


def _one_by_one(size: int) -> int:
    """Take a batch clock by clock, to find the one that spoils it."""
    ids = [found["_id"] for found in db().clocks.find(_is_due(), {"_id": 1}).sort(*_ORDER).limit(size)]
    for one in ids:
        try:
            in_transaction(lambda session, one=one: _take(_due(1, session, one), session))  # type: ignore[misc]
        except Exception as error:
            if is_passing(error):
                raise
            log.exception("clock.failed", clock=str(one))
            _set_aside(one, error)
    return len(ids)


_ORDER = ("next_action_at", ASCENDING)


def _is_due() -> Document:
    return {"next_action_at": {"$lte": now()}}


def _due(size: int, session: ClientSession, one: ObjectId | None = None) -> list[Clock]:
    query = {**_is_due(), **({"_id": one} if one else {})}
    return [Clock(found) for found in db().clocks.find(query, session=session).sort(*_ORDER).limit(size)]


def _set_aside(one: ObjectId, error: Exception) -> None:
    found = db().clocks.find_one({"_id": one})
    if found and "next_action_at" in found:
        clock = Clock(found)
        life.set_aside(clock, error, now())
        fields = {name: clock.get(name) for name in ("trouble", "next_action_at")}
        db().clocks.update_one({"_id": one, "fence": found["fence"]}, {"$set": fields})


def _take(clocks: Sequence[Clock], session: ClientSession) -> int:
    """Move clocks on by one sweep, with everything this brings about, in one transaction."""
    if not clocks:
        return 0
    moment, read = now(), {clock.id: dict(clock.document) for clock in clocks}
    records = _records(clocks)
    fired: list[Firing] = []
    for clock in clocks:
        try:
            fired += _advance(clock, records, moment)
        except Exception as error:
            if is_passing(error):
                raise
            log.exception("clock.failed", clock=str(clock.id))
            life.set_aside(clock, error, moment)
    told = telling.events(fired, records, session)
    notifications.insert(notifications.rows(told), session)
    telling.put_effects(telling.effects(fired), session)
    store.raise_levels(_levels(fired), session)
    store.update(clocks, read, session)
    return len(clocks)


def _levels(fired: Iterable[Firing]) -> dict[tuple[str, str], list[ObjectId]]:
    """Return the records of which something was said, by form and level."""
    found: dict[tuple[str, str], list[ObjectId]] = defaultdict(list)
    for firing in fired:
        if firing.clock.get("record") and firing.rung.level != "info":
            found[firing.clock.get("form"), firing.rung.level].append(firing.clock.get("record"))
    return found


def _advance(clock: Clock, records: Mapping[ObjectId, Document], moment: datetime) -> list[Firing]:
    record = records.get(clock.get("record"))
    if clock.get("record") is not None and (record is None or record.get("deleted_at")):
        life.end(clock, moment, "stopped", "deleted")
        return []
    if clock.get("trouble"):  # it could not be aimed; perhaps it can by now
        aiming.aim(clock, record, clock.get("started_at"))
    return advance(clock, moment)


def _records(clocks: Iterable[Clock]) -> dict[ObjectId, Document]:
    """Read the records of clocks, one query for each form."""
    wanted: dict[str, list[ObjectId]] = defaultdict(list)
    for clock in clocks:
        if clock.get("record") is not None:
            wanted[clock.get("form")].append(clock.get("record"))
    found: dict[ObjectId, Document] = {}
    for form, ids in wanted.items():
        for record in db()[collection_name(form)].find({"_id": {"$in": ids}}, {"search": 0}):
            found[record["_id"]] = record
    return found
