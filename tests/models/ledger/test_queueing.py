"""Who waits gets what comes free: the first in line, at once, exactly once, whatever fails."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest

from models import outbox, records
from models.database import Document, db
from models.errors import ConflictError, InvalidError
from models.forms import LiveForm
from models.ledger import desk, line, queueing
from models.ledger.checking import check_ledgers
from models.people import User
from models.times import now, set_clock, today
from tests import factories
from tests.ledger_forms import slip_form
from tests.models.ledger.desk_work import back, day, ids, now_stored, slip, stock, take, taken, thing, told

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture(autouse=True)
def _sound_in_the_end(db: object) -> Any:
    yield
    assert list(check_ledgers()) == []


def waiting(slips: LiveForm, item: Document, quantity: int = 1, **raw: Any) -> Document:
    return taken(slips, slip(slips, item, quantity, **raw), "queue")


def lent(slips: LiveForm, item: Document, quantity: int = 1, **raw: Any) -> Document:
    return taken(slips, slip(slips, item, quantity, **raw), "ask", "lend")


def states(slips: LiveForm, *records_: Document) -> list[str]:
    return [now_stored(slips, one)["state"] for one in records_]


def test_the_first_in_line_gets_what_comes_back(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things, quantity="1")
    out = lent(slips, item)
    first, second = waiting(slips, item), waiting(slips, item)
    assert outbox.carry_out_due() == 0
    take(slips, out, "take_back", returns=[back(item)])
    assert outbox.carry_out_due() == 1
    assert states(slips, first, second) == ["asked", "queued"]
    promise = stock(things, item).promise_of(first["_id"])
    assert promise
    assert not promise.queued


def test_nobody_gets_ahead_of_the_line_while_the_offer_is_under_way(
    things: LiveForm, slips: LiveForm
) -> None:
    item = thing(things, quantity="1")
    out = lent(slips, item)
    first = waiting(slips, item)
    take(slips, out, "take_back", returns=[back(item)])
    late = slip(slips, item)
    with pytest.raises(InvalidError) as refused:
        taken(slips, late, "ask")
    assert "waits for 1" in told(refused.value)["items.0.quantity"]
    outbox.carry_out_due()
    assert states(slips, first) == ["asked"]


FREEING: dict[str, Callable[[LiveForm, LiveForm, Document, Document], object]] = {
    "return": lambda _things, slips, item, out: take(slips, out, "take_back", returns=[back(item)]),
    "shorter": lambda _things, slips, _item, out: take(slips, out, "extend", extend_to=day(2)),
    "correction": lambda things, _slips, item, _out: records.update(
        factories.actor(), things, item["_id"], {"quantity": "2"}, revision=1, partial=True
    ),
}


@pytest.mark.parametrize("how", FREEING)
def test_whatever_frees_a_piece_serves_the_line(things: LiveForm, slips: LiveForm, how: str) -> None:
    item = thing(things, quantity="1")
    out = lent(slips, item)
    first = waiting(slips, item, begins=day(3), ends=day(5))
    FREEING[how](things, slips, item, out)
    outbox.carry_out_due()
    assert states(slips, first) == ["asked"]


def test_what_is_found_again_or_given_up_serves_the_line(
    things: LiveForm, slips: LiveForm, admin: User
) -> None:
    item = thing(things, quantity="1")
    move: Any = {"quantity": Decimal(1), "note": "behind the shelf"}
    desk.move(factories.actor(), admin, things, item["_id"], "lose", **move)
    first, second, third = (waiting(slips, item) for _turn in range(3))
    desk.move(factories.actor(), admin, things, item["_id"], "find", **move)
    outbox.carry_out_due()
    assert states(slips, first, second, third) == ["asked", "queued", "queued"]
    taken(slips, now_stored(slips, first), "cancel")
    outbox.carry_out_due()
    assert states(slips, second, third) == ["asked", "queued"]
    given_up = now_stored(slips, second)
    records.delete(
        factories.actor(), slips, second["_id"], revision=given_up["revision"], reason="not needed"
    )
    outbox.carry_out_due()
    assert states(slips, third) == ["asked"]


def test_a_later_one_goes_ahead_only_where_the_first_does_not_want_it(
    things: LiveForm, slips: LiveForm
) -> None:
    item = thing(things, quantity="2")
    first_out, second_out = (lent(slips, item, ends=day(9)) for _turn in range(2))
    both = waiting(slips, item, 2, ends=day(5))
    same_days, later_days = (
        waiting(slips, item, ends=day(3)),
        waiting(slips, item, begins=day(6), ends=day(7)),
    )
    take(slips, first_out, "take_back", returns=[back(item)])
    outbox.carry_out_due()
    assert states(slips, both, same_days, later_days) == ["queued", "queued", "asked"]
    take(slips, second_out, "take_back", returns=[back(item)])
    outbox.carry_out_due()
    assert states(slips, both, same_days) == ["asked", "queued"]


def test_a_slip_waits_until_everything_on_it_is_there(things: LiveForm, slips: LiveForm) -> None:
    gauge, mould = thing(things, quantity="1"), thing(things, name="Mould", quantity="1")
    out = [lent(slips, one) for one in (gauge, mould)]
    rows = [{"item": str(one["_id"]), "quantity": "1"} for one in (gauge, mould)]
    both = waiting(slips, gauge, items=rows)
    only_gauge = waiting(slips, gauge)
    take(slips, out[0], "take_back", returns=[back(gauge)])
    outbox.carry_out_due()
    assert states(slips, both, only_gauge) == ["queued", "queued"]
    take(slips, out[1], "take_back", returns=[back(mould)])
    outbox.carry_out_due()
    assert states(slips, both, only_gauge) == ["asked", "queued"]


def test_whoever_leaves_the_line_lets_the_next_one_forward(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things, quantity="2")
    lent(slips, item)
    greedy = waiting(slips, item, 2)
    next_one = waiting(slips, item)
    taken(slips, greedy, "cancel")
    outbox.carry_out_due()
    assert states(slips, next_one) == ["asked"]


def test_who_has_left_the_company_leaves_the_line(things: LiveForm, slips: LiveForm) -> None:
    item, gone = thing(things, quantity="2"), factories.reader()
    lent(slips, item)
    waiting(slips, item, 2, borrower=str(gone.id))
    next_one = waiting(slips, item)
    gone.update(active=False)
    assert queueing.sweep() == 1
    assert states(slips, next_one) == ["asked"]
    assert [one.person for one in stock(things, item).promises] == [factories.administrator().id]


def test_a_slip_that_ended_without_saying_so_leaves_the_line(things: LiveForm) -> None:
    slips, item = silent_slips(), thing(things, quantity="1")
    out = lent(slips, item)
    ended, next_one = waiting(slips, item), waiting(slips, item)
    taken(slips, ended, "forget")
    take(slips, out, "take_back", returns=[back(item)])
    outbox.carry_out_due()
    assert states(slips, ended, next_one) == ["cancelled", "asked"]


def silent_slips() -> LiveForm:
    """A slip with a step that ends it and says nothing to the ledger."""
    live = slip_form()
    flow = live.definition.dump()["workflow"]
    step = {"key": "forget", "label": {"en": "Forget"}, "sources": ["queued"], "to": "cancelled"}
    return factories.republish(live, workflow={**flow, "transitions": [*flow["transitions"], step]})


def test_time_alone_brings_somebody_to_the_front(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things, quantity="1")
    taken(slips, slip(slips, item, ends=day(1)), "ask")  # and never fetched
    first = waiting(slips, item, ends=day(5))
    assert queueing.sweep() == 0
    for after, state in ((1, "queued"), (2, "asked")):
        with set_clock(datetime.combine(date.fromisoformat(day(after)), time(4), UTC)):  # noon in Shanghai
            queueing.sweep()
        assert states(slips, first) == [state]


def test_the_place_in_line_is_known(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things, quantity="1")
    out = lent(slips, item)
    first, second = waiting(slips, item), waiting(slips, item)
    here = today(factories.actor().timezone)
    found = stock(things, item)
    assert [line.place(found, one, here) for one in ids(first, second, out)] == [1, 2, 0]


def test_an_offer_is_made_once_however_often_it_is_carried_out(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things, quantity="1")
    out = lent(slips, item)
    first, second = waiting(slips, item), waiting(slips, item)
    take(slips, out, "take_back", returns=[back(item)])
    for _turn in range(2):
        db().outbox.update_many({}, {"$set": {"next_attempt_at": now()}})
        outbox.carry_out_due()
    assert states(slips, first, second) == ["asked", "queued"]
    assert db().history.count_documents({"record": first["_id"], "transition": "offer"}) == 1


def test_two_who_serve_the_line_at_once_serve_it_once(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things, quantity="6")
    out = lent(slips, item, 6)
    line_up = [waiting(slips, item, 2) for _turn in range(5)]
    take(slips, out, "take_back", returns=[back(item, 6)])
    ready = Barrier(4)

    def serve() -> None:
        ready.wait()
        queueing.serve(things, item["_id"])

    workers = [Thread(target=serve) for _turn in range(4)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert states(slips, *line_up) == ["asked"] * 3 + ["queued"] * 2
    moved = db().history.count_documents({"transition": "offer"})
    assert moved == 3


def test_an_offer_goes_on_when_its_slip_is_edited_meanwhile(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things, quantity="1")
    out = lent(slips, item)
    first = waiting(slips, item)
    take(slips, out, "take_back", returns=[back(item)])

    def edit() -> None:
        for turn in range(3):  # fewer than it is tried
            found = now_stored(slips, first)
            with suppress(ConflictError):
                records.update(
                    factories.actor(), slips, first["_id"], {"purpose": str(turn)},
                    revision=found["revision"], partial=True,
                )  # fmt: skip

    editor = Thread(target=edit)
    editor.start()
    queueing.serve(things, item["_id"])
    editor.join()
    assert states(slips, first) == ["asked"]
