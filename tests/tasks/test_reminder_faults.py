"""Reminders while everything fails: each is told exactly once, late ones say so, and none is lost."""

import contextlib
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kombu.exceptions import OperationalError
from pymongo.errors import PyMongoError

from backoffice.mongod import EmbeddedMongo
from models import records
from models.channels import Channel
from models.clocks.coming_due import LATE_AFTER
from models.database import Document, client, db
from models.forms import LiveForm
from models.people import Actor, User
from models.planning import plan_creates
from models.times import set_clock
from tasks import deliveries, sweeps
from tests import factories
from tests.factories import field
from tests.models.clocks import casting
from tests.tasks import brokers
from tests.tasks.receivers import SECRET, Receivers
from tests.tasks.requests import ask
from tests.tasks.shifting import ShiftedClock
from tests.tasks.workers import (
    SECONDS,
    Office,
    cut_power,
    ended,
    give_up_transactions,
    job_until,
    let_time_pass,
)

SEED = int(os.environ.get("FAULT_SEED", "20261121"))
DOWNTIME, AHEAD = 120, 130  # minutes before and after the start in which reminders come due
STEP = timedelta(minutes=5)
STILL = timedelta(seconds=2)
HOUR = timedelta(hours=1)
BATCH = 250
WRITES = 12  # about as many documents are written for a reminder that is told and leaves twice
HOOK = "/webhook/reminders"


@dataclass(frozen=True)
class Storm:
    """What is thrown at the office."""

    broker: Callable[[Path], AbstractContextManager[str]]
    reminders: int
    kills: int
    cuts: int

    def events(self, chance: random.Random) -> list[str]:
        """Return what happens, in an order that depends on chance; the clock goes forward, then back."""
        found = ["kill"] * self.kills + ["cut"] * self.cuts + ["flush"] + ["jump"] * 2
        chance.shuffle(found)
        first = found.index("jump")
        return [*found[:first], "forward", *("back" if one == "jump" else one for one in found[first + 1 :])]


STORMS = {
    "embedded": Storm(lambda _folder: nullcontext(""), 2_000, kills=20, cuts=3),
    "redis": Storm(brokers.redis, 2_000, kills=20, cuts=3),
    "rabbitmq": Storm(brokers.rabbitmq, 2_000, kills=20, cuts=3),
}


class Scene:
    """An office in a storm: its programs, their clock, and the world outside."""

    def __init__(self, office: Office, server: EmbeddedMongo, clock: ShiftedClock) -> None:
        self.office, self.server, self.clock = office, server, clock
        office.surroundings = clock.environment
        self.workers = [office.worker("default") for _one in range(2)]
        self.beats = [office.beat() for _one in range(2)]

    def strike(self, event: str) -> None:
        """Let something happen."""
        if event == "kill":
            self.workers.pop(0).kill()  # the older one: the other is perhaps about to begin
            self.workers.append(self.office.worker("default"))
        elif event == "cut":
            cut_power(self.server)
        elif event == "flush":
            self._flush()
        else:
            self.clock.move(HOUR if event == "forward" else -HOUR)

    def _flush(self) -> None:
        if self.office.broker.startswith("mongodb"):
            client()[f"{db().name}_broker"].messages.delete_many({})
        else:
            brokers.flush(self.office.broker)

    def ask_for_work(self) -> None:
        """Send what the beat sends, without waiting for it."""
        for task in (sweeps.sweep, deliveries.send_due):
            with contextlib.suppress(OperationalError, PyMongoError):
                task.apply_async(retry=False)

    def work_a_little(self, milliseconds: int) -> None:
        """Wait until something is stored, at most so long: for whoever strikes before that."""
        with contextlib.suppress(PyMongoError), db().watch(max_await_time_ms=milliseconds) as stream:
            stream.try_next()

    def work_until(self, writes: int) -> None:
        """Wait until the office has written so often, or has nothing to do at this moment."""
        seen, deadline = 0, time.monotonic() + SECONDS
        with contextlib.suppress(PyMongoError), db().watch(max_await_time_ms=100) as stream:
            while seen < writes:
                if stream.try_next():
                    seen, deadline = seen + 1, time.monotonic() + SECONDS
                elif not self._has_work():
                    return
                else:
                    assert time.monotonic() < deadline, self.workers[0].log.read_text()[-5_000:]
                    give_up_transactions(STILL)

    def _has_work(self) -> bool:
        due = {"next_action_at": {"$lte": self.clock.now()}}
        waiting = {"next_attempt_at": {"$lte": self.clock.now()}}
        return bool(db().clocks.find_one(due) or db().deliveries.find_one(waiting))

    def finish(self) -> None:
        """Let time pass until everything is told and sent; only the beats ask for it."""
        while db().clocks.find_one(_TO_COME) or db().deliveries.find_one(_TO_SEND):
            self.clock.move(HOUR)
            self.work_until(10**9)


_TO_COME: Document = {"next_action_at": {"$exists": True}}
_TO_SEND: Document = {"next_attempt_at": {"$exists": True}}


@pytest.fixture
def world() -> Iterator[Receivers]:
    receivers = Receivers()
    yield receivers
    receivers.stop()


@pytest.fixture
def clock(tmp_path: Path) -> ShiftedClock:
    return ShiftedClock(tmp_path)


def reminding_form() -> LiveForm:
    """Publish a form whose records are due so many minutes after they were made."""
    rule = casting.rule(
        length={"field": "minutes", "unit": "minutes"}, ladder=[{"key": "due", "who": casting.ME}]
    )
    return casting.form(rule, fields=[field("name"), field("minutes", "integer")], key="promise")


def make(live: LiveForm, people: list[User], count: int, start: datetime, chance: random.Random) -> None:
    """Create records whose reminders come due before and after a moment."""
    created = start - timedelta(minutes=DOWNTIME)
    for first in range(0, count, BATCH):
        actor = Actor.of(people[first // BATCH % len(people)])
        raws = [
            {"name": f"promise {number}", "minutes": chance.randint(1, DOWNTIME + AHEAD)}
            for number in range(first, min(first + BATCH, count))
        ]
        with set_clock(created):
            records.commit(plan_creates(actor, live, raws, source="api"))


def channels_to(world: Receivers) -> tuple[Channel, Channel]:
    """Have a mail server and a program that is told everything."""
    mail = {"host": "127.0.0.1", "port": world.smtp_port, "security": "none", "sender": "office@example.com"}
    hook = {"address": world.address(HOOK), "secret": SECRET}
    return (
        Channel(key="mail", name="Mail", kind="email", **mail).save(),
        Channel(key="hook", name="Hook", kind="webhook", **hook).save(),
    )


def people() -> list[User]:
    """Return who is reminded; quiet hours do not hold anything up."""
    found = []
    for name in ("zhao", "qian"):
        role = factories.role("clerk", form="*", actions=factories.EDITOR_ACTIONS)
        person = factories.user(name, role, email=f"{name}@example.com", department=factories.department())
        db().notice_preferences.insert_one({"_id": person.id, "quiet_from": "00:00", "quiet_to": "00:00"})
        found.append(person)
    return found


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", STORMS)
def test_each_reminder_is_told_once_whatever_fails(
    name: str, own_mongodb: EmbeddedMongo, tmp_path: Path, world: Receivers, clock: ShiftedClock
) -> None:
    storm, chance = STORMS[name], random.Random(SEED)  # noqa: S311  (when to strike)
    start = datetime.now(UTC)
    with ExitStack() as stack:
        url = stack.enter_context(storm.broker(tmp_path))
        office = stack.enter_context(contextlib.closing(Office(tmp_path, own_mongodb.uri, url)))
        office.settings |= {"allowed_webhook_hosts": world.host, "public_url": "https://office.example.com"}
        channels_to(world)
        make(reminding_form(), people(), storm.reminders, start, chance)
        events = storm.events(chance)
        print(f"seed {SEED}: {' '.join(events)}")  # noqa: T201  (to be played again)
        scene = Scene(office, own_mongodb, clock)
        for event in events:
            clock.move(STEP)
            scene.ask_for_work()
            if chance.random() < 0.5:
                scene.work_a_little(chance.randint(1, 200))
            else:
                scene.work_until(chance.randint(1, WRITES * storm.reminders // len(events)))
            scene.strike(event)
        scene.finish()
        assert all(program.process.poll() is None for program in (*scene.workers, *scene.beats))
        told_once(storm.reminders, start)
        left_once(world, storm.reminders, len(events))


def told_once(count: int, start: datetime) -> None:
    """Each reminder is in one inbox once, marked late if it was, and its clock says the same."""
    stored = list(db().clocks.find())
    notices = {notice["record"]: notice for notice in db().notifications.find({"kind": "deadline"})}
    assert db().notifications.count_documents({}) == len(notices) == len(stored) == count
    for clock in stored:
        [fired] = clock["fired"]
        notice = notices[clock["record"]]
        assert notice["key"] == f"clock:{clock['_id']}:due:1:0:{notice['person']}"
        assert notice["late"] == fired["late"] == (fired["at"] - fired["planned_at"] > LATE_AFTER)
        assert notice["late"] or notice["due"] > start - LATE_AFTER
        assert fired["at"] >= fired["planned_at"] == notice["due"]
        assert clock["late_since"] == clock["due_at"]
    assert len({notice["late"] for notice in notices.values()}) == 2


def left_once(world: Receivers, count: int, events: int) -> None:
    """Each reminder left by mail and to the program; what a crash repeated carries the same key."""
    assert db().deliveries.distinct("state") == ["sent"]
    keys = {kind: db().deliveries.distinct("key", {"channel_kind": kind}) for kind in ("email", "webhook")}
    mails = Counter((mail["X-Backoffice-Key"], mail["Message-ID"]) for mail in world.mails())
    posts = Counter(message["key"] for message in world.received(HOOK))
    assert len(keys["email"]) == len(keys["webhook"]) == count
    assert sorted(key for key, _id in mails) == sorted(keys["email"])
    assert len({number for _key, number in mails}) == count
    assert sorted(posts) == sorted(keys["webhook"])
    repeated = mails.total() + posts.total() - 2 * count
    interrupted = db().deliveries.count_documents({"tries": {"$gt": 1}})
    print(f"{interrupted} of {2 * count} sendings were interrupted, {repeated} left twice")  # noqa: T201
    assert repeated <= 4 * events  # two workers with two channels each may be in the middle of something


def test_the_beat_goes_on_when_the_clock_is_set_back(
    own_mongodb: EmbeddedMongo, own_office: Office, clock: ShiftedClock
) -> None:
    own_office.surroundings = clock.environment
    live = factories.form()
    for queue in ("default", "jobs"):
        own_office.worker(queue)
    own_office.beat()
    for jump in (timedelta(), -HOUR):
        clock.move(jump)
        lost = ask(live)
        let_time_pass()
        assert job_until(lost.id, ended)["state"] == "done"
