"""Two hundred borrowers race for twenty pieces while everything fails: no piece is ever in two hands."""

import fcntl
import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from backoffice.app import create_app
from backoffice.mongod import EmbeddedMongo
from models import access
from models.database import Document, db
from models.forms import LiveForm
from models.ledger import handing_back, queueing
from models.ledger.checking import check_ledgers
from models.people import Action, Actor, User
from tests import factories
from tests.ledger_forms import ledger_form, slip_form
from tests.models.ledger.desk_work import day, stock, thing
from tests.processes import children
from tests.tasks import borrowers
from tests.tasks.borrowers import Errand, Person
from tests.tasks.watcher import Watcher
from tests.tasks.workers import ROOT, Office, Program, cut_power, environment
from tests.web import csrf_token, settings, sign_in

SEED = int(os.environ.get("FAULT_SEED", "20261121"))
PROCESSES, EACH = 8, 25
ITEMS, PIECES = 5, 4
KILLS, EVERY = 4, 60
"""How often the web workers are killed, and after how many answers something is killed."""
Told = list[dict[str, Any]]


def lending_slip() -> LiveForm:
    """Publish a slip that hands over at once, and to whoever waits as soon as there is something."""
    live = slip_form()
    flow = live.definition.dump()["workflow"]
    at_once = {"to": "lent", "effects": [{"do": "ledger", "action": "lend"}]}
    lend = {"key": "borrow", "label": {"en": "Borrow"}, "sources": ["draft"], **at_once}
    steps = [one | (at_once if one["key"] == "offer" else {}) for one in flow["transitions"]]
    kept = [one for one in steps if one["key"] not in {"ask", "lend"}]
    return factories.republish(live, workflow={**flow, "transitions": [*kept, lend]})


def people() -> list[User]:
    here = factories.department()
    role = factories.role("borrower", actions=[Action.SEE, Action.CREATE, Action.EDIT, Action.TRANSITION])
    return [
        factories.user(f"borrower{number:03}", role, department=here, name=f"借用人{number:03}")
        for number in range(PROCESSES * EACH)
    ]


def signed_in(office: Office, some: Sequence[User]) -> list[Person]:
    """Sign people in, as the programs of an office know them."""
    app = create_app(settings(data_dir=office.folder))
    found = []
    for one in some:
        browser = app.test_client()
        sign_in(browser, one)
        token, cookie = csrf_token(browser), browser.get_cookie("session")
        assert cookie
        found.append(Person(str(one.id), f"session={cookie.value}", token))
    return found


def answers(errands: Sequence[Errand]) -> Iterator[dict[str, Any]]:
    """Let a process of borrowers run each errand; yield what they are told, as it comes.

    They cannot tell much before it is read: nobody runs ahead of those who read slowly.
    """
    ours, theirs = os.pipe()
    fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, borrowers.LONGEST_LINE)
    programs = [started(one, theirs) for one in errands]
    os.close(theirs)
    try:
        with os.fdopen(ours) as lines:
            yield from map(json.loads, lines)
        assert [one.wait() for one in programs] == [0] * len(programs)
    finally:
        for one in programs:
            one.kill()
            one.wait()


def started(errand: Errand, told: int) -> subprocess.Popen[str]:
    """Start the process for an errand, which writes what is told into an open file."""
    command, pipe = [sys.executable, "-m", borrowers.__name__], subprocess.PIPE
    program = subprocess.Popen(command, cwd=ROOT, env=environment(), text=True, stdin=pipe, stdout=told)  # noqa: S603
    assert program.stdin
    with program.stdin as line:
        line.write(errand.dump() + "\n")
    return program


def strikes(web: Program, server: EmbeddedMongo, chance: random.Random) -> Mapping[int, Callable[[], None]]:
    """Return what is killed after how many answers."""
    blows = [*[partial(kill_workers, web)] * KILLS, partial(cut_power, server)]
    chance.shuffle(blows)
    return {EVERY * number + chance.randrange(EVERY // 2): blow for number, blow in enumerate(blows, start=1)}


def kill_workers(web: Program) -> None:
    for worker in children(web.process.pid):
        os.kill(worker, signal.SIGKILL)


def when_somebody_waits_for_an_answer(strike: Callable[[], None]) -> None:
    """Strike as soon as anything is stored: whoever did that was not told yet.

    At the end of the race that may take too long; then it strikes all the same.
    """
    with db().property_movements.watch(max_await_time_ms=2_000) as movements:
        movements.try_next()
        strike()


def closing_time(things: LiveForm, slips: LiveForm) -> None:
    """Bring back what is out; whoever still waits gets it then, and brings it back, too."""
    person = factories.administrator()
    while lent := lent_now(slips):
        for slip in lent:
            item = access.fetch(person, things, slip["data"]["items"][0]["item"])
            handing_back.take_back(Actor.of(person), person, slips, slip["_id"], item, quantity=Decimal(1))


def lent_now(slips: LiveForm) -> list[Document]:
    """Serve who is in line, as the sweep does now and then; return the slips by which something is out."""
    queueing.serve_everybody()
    return list(slips.records().find({"state": "lent"}))


# -- what must be true ---------------------------------------------------------------------------------------


def slips_of(told: Told, *what: str) -> set[str]:
    return {one["slip"] for one in told if one["what"] in what}


def ids(slips: LiveForm, **query: Any) -> set[str]:
    return {str(one["_id"]) for one in slips.records().find(query, {"_id": 1})}


def everybody_was_told(slips: LiveForm, told: Told, names: Sequence[str], ends: str) -> None:
    """Who has or had something knows; who was refused knows who has it, or will have it, until when."""
    assert ids(slips) == slips_of(told, "borrowed", "waits")
    assert ids(slips, state="closed") == slips_of(told, "returned")
    refused = [one for one in told if one["what"] == "refused"]
    assert refused
    for one in refused:
        [[text]] = one["errors"].values()
        assert any(name in text for name in names), text
        assert ends in text, text


def every_movement_is_accounted_for(slips: LiveForm, told: Told) -> None:
    """Everything that was acknowledged happened once, and nothing else did."""
    movements = list(db().property_movements.find())
    said = Counter(one["what"] for one in told)
    everyone = ids(slips)
    assert Counter((str(one.get("slip", "")), one["kind"]) for one in movements) == {
        ("", "arrival"): ITEMS,
        ("", "relocate"): said["put"],
        **dict.fromkeys(((slip, kind) for slip in everyone for kind in ("borrow", "return")), 1),
        **{(slip, "pass_on"): 1 for slip in slips_of(told, "passed on")},
    }


@pytest.mark.timeout(900)
def test_no_piece_is_in_two_hands_whatever_fails(own_mongodb: EmbeddedMongo, own_office: Office) -> None:
    chance = random.Random(SEED)  # noqa: S311  (when to strike)
    web, port = own_office.web()
    own_office.worker("default")
    own_office.beat()
    things, slips, crowd, ends = ledger_form(), lending_slip(), people(), day(7)
    watcher = Watcher(things, slips)
    items = [thing(things, quantity=str(PIECES)) for _number in range(ITEMS)]
    known, wanted = signed_in(own_office, crowd), [str(one["_id"]) for one in items]
    blows, told = strikes(web, own_mongodb, chance), []
    errands = [Errand(port, SEED, known[number::PROCESSES], wanted, ends) for number in range(PROCESSES)]
    for answer in answers(errands):
        told.append(answer)
        if strike := blows.get(len(told)):
            when_somebody_waits_for_an_answer(strike)
    everybody_was_told(slips, told, [str(one.name) for one in crowd], ends)
    closing_time(things, slips)
    assert list(watcher.problems()) == []
    assert list(check_ledgers()) == []
    every_movement_is_accounted_for(slips, told)
    print(f"seed {SEED}: {Counter(one['what'] for one in told)}, {watcher.moments} moments")  # noqa: T201
    assert any(one["what"] == "asks again" for one in told)
    for item in items:
        assert stock(things, item).total(["kept"]) == PIECES
