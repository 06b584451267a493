"""Where the pieces of an item are, as a reader is shown it, and when some of them come free."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from models.database import Document
from models.disclosure import Disclosure
from models.forms import LiveForm
from models.ledger.held import Held, freedom, held_of
from models.people import Action, FieldRule, Limit, User
from models.times import now, set_clock
from tests import factories
from tests.models.ledger.desk_work import day, slip, take, taken, thing

SHANGHAI = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def noon(db: object) -> Iterator[None]:
    with set_clock(datetime(2026, 11, 23, 4, 0, tzinfo=UTC)):
        yield


def stored(form: LiveForm, record: Document) -> Document:
    found = form.records().find_one({"_id": record["_id"]})
    assert found
    return found


def held(things: LiveForm, item: Document, reader: User | None = None) -> list[Held]:
    told = Disclosure(reader or factories.administrator(), things)
    return held_of(told, stored(things, item), SHANGHAI)


def reader_without(*keys: str) -> User:
    """Somebody from whom some fields of the ledger are hidden."""
    hidden = FieldRule(form="thing", fields=list(keys), limit=Limit.HIDDEN.value)
    return factories.user("clerk", factories.role("clerk", actions=[Action.SEE], field_rules=[hidden]))


def test_pieces_that_are_here_come_first_then_what_is_late_and_what_was_asked_for(
    things: LiveForm, slips: LiveForm, admin: User
) -> None:
    with set_clock(now() - timedelta(days=9)):
        item = thing(things, quantity="5", place="A-3")
        taken(slips, slip(slips, item, 1, ends=day(2)), "ask", "lend")
    taken(slips, slip(slips, item, 2), "ask", "lend")
    taken(slips, slip(slips, item, 1, begins=day(2), ends=day(3)), "ask")
    take(slips, slip(slips, item, 4), "queue")
    found = held(things, item)
    assert [(str(one.kind), int(one.quantity), one.late) for one in found] == [
        ("kept", 2, False), ("lent", 1, True), ("lent", 2, False),
        ("reserved", 1, False), ("queued", 4, False),
    ]  # fmt: skip
    assert [(one.place, one.person, one.begins, one.ends) for one in found] == [
        ("A-3", None, "", ""),
        ("", admin.id, "2026-11-14", "2026-11-16"),
        ("", admin.id, "2026-11-23", "2026-11-30"),
        ("", admin.id, "2026-11-25", "2026-11-26"),
        ("", admin.id, "2026-11-23", "2026-11-30"),
    ]


def test_what_is_due_today_is_not_late(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things, quantity="1")
    taken(slips, slip(slips, item, 1, ends=day(0)), "ask", "lend")
    assert [one.late for one in held(things, item)] == [False]


def test_nobody_is_told_through_the_stock_what_their_role_hides(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things, quantity="2", place="A-3")
    taken(slips, slip(slips, item, 1), "ask", "lend")
    take(slips, slip(slips, item, 1, begins=day(9), ends=day(10)), "ask")
    kept, lent, reserved = held(things, item, reader_without("holders", "due_on", "kept_at"))
    assert (kept.place, lent.person, lent.ends, reserved.person, reserved.begins) == ("", None, "", None, "")
    assert [int(one.quantity) for one in (kept, lent)] == [1, 1]


def test_without_the_amounts_nothing_is_told(things: LiveForm) -> None:
    item = thing(things)
    assert held(things, item, reader_without("available")) == []


def test_an_item_says_how_many_are_free_and_when_more_are(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things, quantity="5")
    assert freedom(stored(things, item), TODAY).again == ""
    taken(slips, slip(slips, item, 2, ends=day(3)), "ask", "lend")
    taken(slips, slip(slips, item, 1, ends=day(1)), "ask")
    free = freedom(stored(things, item), TODAY)
    assert [int(free.now), int(free.of), free.again, int(free.then)] == [2, 5, "2026-11-25", 3]


def test_what_is_late_comes_back_on_no_day_that_anybody_knows(things: LiveForm, slips: LiveForm) -> None:
    with set_clock(now() - timedelta(days=9)):
        item = thing(things, quantity="1")
        taken(slips, slip(slips, item, 1, ends=day(2)), "ask", "lend")
    free = freedom(stored(things, item), TODAY)
    assert [int(free.now), int(free.of), free.again] == [0, 1, ""]


def test_pieces_that_left_cannot_be_free(things: LiveForm) -> None:
    record = {"stock": None}
    assert freedom(record, TODAY).of == Decimal(0)
    assert things
