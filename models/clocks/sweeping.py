"""The sweep: takes every step of every clock whose time has come, once, however many sweep at the same time.

A batch of clocks is read, told and moved on in one transaction. Two sweepers that meet are told apart by
MongoDB: the second finds that the first was there, and looks again. Nothing depends on when the last sweep
was: what was missed is made up for by the next.
"""

import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime

import structlog
from bson import ObjectId
from pymongo.client_session import ClientSession

from models import notifications, who
from models.clocks import aiming, life, reading, store, telling
from models.clocks.clock import Clock
from models.clocks.coming_due import Firing, advance
from models.database import Document, db, in_transaction, is_passing
from models.times import now

log = structlog.get_logger()

BATCH = 500
LIMIT = 10_000
AT_ONCE = 2


def sweep(limit: int = LIMIT) -> int:
    """Take the steps that are due, at most `limit` clocks; return how many clocks were moved on.

    A clock that cannot be read or told is set aside with what is wrong, and holds up nobody. Two batches are
    worked on at a time: while MongoDB stores one, the other is thought about.
    """
    total = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while total < limit and (ids := reading.due_ids(min(AT_ONCE * BATCH, limit - total))):
            batches = [ids[first : first + BATCH] for first in range(0, len(ids), BATCH)]
            with _uncollected():
                done = _sweep_batch(ids) if len(batches) == 1 else sum(pool.map(_sweep_batch, batches))
            if not done:
                break  # another sweeper has them
            total += done
    return total


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let Python not look for circles of garbage among the tens of thousands of documents of two batches.

    There are none, they go as soon as nobody has them; looking would take a third of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:  # not when another sweep does the same: that one turns it on again
            gc.enable()


def _sweep_batch(ids: Sequence[ObjectId]) -> int:
    with who.batch():
        try:
            return in_transaction(lambda session: _take(reading.due(ids, session), session))
        except Exception as error:
            if is_passing(error):
                raise
            log.exception("clocks.batch_failed")
            return sum(map(_sweep_one, ids))


def _sweep_one(one: ObjectId) -> int:
    """Take one clock of a batch that something in it spoiled."""
    try:
        return in_transaction(lambda session: _take(reading.due([one], session), session, careful=True))
    except Exception as error:
        if is_passing(error):
            raise
        log.exception("clock.failed", clock=str(one))
        _set_aside(one, error)
        return 1


def _set_aside(one: ObjectId, error: Exception) -> None:
    found = db().clocks.find_one({"_id": one})
    if found and "next_action_at" in found:
        clock = Clock(found)
        life.set_aside(clock, error, now())
        fields = {name: clock.get(name) for name in ("trouble", "next_action_at")}
        db().clocks.update_one({"_id": one, "fence": found["fence"]}, {"$set": fields})


def _take(clocks: Sequence[Clock], session: ClientSession, *, careful: bool = False) -> int:
    """Move clocks on by one sweep, with everything this brings about, in one transaction.

    With `careful`, notices and effects that are stored already are left out; without, one of them undoes the
    whole batch. There are none unless somebody meddled: the steps they came from are gone.
    """
    if not clocks:
        return 0
    moment, read = now(), {clock.id: dict(clock.document) for clock in clocks}
    records = reading.records(clocks)
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
    notifications.insert(notifications.rows(told), session, careful=careful)
    telling.put_effects(telling.effects(fired), session, careful=careful)
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
