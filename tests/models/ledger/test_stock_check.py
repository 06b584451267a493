"""A stock check from its list to what is booked: counting, reviewing, adjusting."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from models import records
from models.database import Document, db
from models.errors import ConflictError, InvalidError, NotFoundError
from models.forms import LiveForm
from models.ledger import desk
from models.ledger.checking import check_ledgers
from models.ledger.stock import Stock
from models.ledger.stock_check import counting, finding, reviewing
from models.ledger.stock_check.counting import Count
from models.ledger.stock_check.finding import Found
from models.once import Sending, once
from models.people import Actor, User
from models.times import now, set_clock
from tests import factories
from tests.ledger_forms import slip_form
from tests.models.ledger.desk_work import day
from tests.stock_check_forms import begun, check_form, lines_of, now_stored, run_jobs, step

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def checks(things: LiveForm) -> LiveForm:
    return check_form()


def thing(things: LiveForm, admin: User, **raw: Any) -> Document:
    return factories.record(things, admin, **{"name": "Gauge", "quantity": "5", "place": "A-1", **raw})


def stock(things: LiveForm, item: Document) -> Stock:
    found = things.records().find_one({"_id": item["_id"]})
    assert found
    return Stock.load(found["stock"])


def said(quantity: str | int, **more: Any) -> Count:
    return Count(Decimal(quantity), **more)


def count(admin: User, check: Document, line: Document, quantity: str | int, **more: Any) -> Document:
    return counting.count(Actor.of(admin), admin, check["_id"], line["_id"], said(quantity, **more))


def decide(admin: User, check: Document, line: Document, decision: str = "book") -> None:
    assert (
        reviewing.decide(Actor.of(admin), admin, check["_id"], [line["_id"]], decision, "counted twice") == 1
    )


def booked(checks: LiveForm, admin: User, check: Document) -> Document:
    step(checks, admin, check, "book")
    [job] = run_jobs()
    assert job.state == "done", job.message
    return now_stored(checks, check)


def numbers(record: Document) -> list[int]:
    return [record["data"][key] for key in ("lines", "counted", "open", "differences", "undecided")]


def test_a_difference_is_counted_decided_and_booked(things: LiveForm, checks: LiveForm, admin: User) -> None:
    short, right = thing(things, admin), thing(things, admin, place="A-2")
    check = begun(checks, admin)
    assert (check["state"], numbers(check)) == ("counting", [2, 0, 2, 0, 0])
    first, second = lines_of(check)
    assert (first["item"], first["expected"].to_decimal()) == (short["_id"], 5)
    count(admin, check, first, 3)
    count(admin, check, second, 5)
    check = now_stored(checks, check)
    assert numbers(check) == [2, 2, 0, 1, 1]
    assert check["check"]["numbers"]["differences"] == 1
    step(checks, admin, check, "review")
    with pytest.raises(InvalidError):
        step(checks, admin, check, "book")
    decide(admin, check, first)
    closed = booked(checks, admin, check)
    assert (closed["state"], closed["check"]["outcomes"]) == ("closed", {"booked": 1})
    found = stock(things, short)
    assert [found.total([kind]) for kind in ("kept", "lost")] == [Decimal(3), Decimal(2)]
    assert stock(things, right).total(["kept"]) == 5
    [movement] = [one for one in things_movements() if one["kind"] == "shortage"]
    assert (movement["record"], movement["note"], movement["by"]) == (check["_id"], "counted twice", admin.id)
    assert list(check_ledgers()) == []


def things_movements() -> list[Document]:
    return list(db().property_movements.find().sort("_id", 1))


def test_what_is_missing_here_and_too_much_there_was_moved(
    things: LiveForm, checks: LiveForm, admin: User
) -> None:
    item = thing(things, admin)
    check = begun(checks, admin)
    [line] = lines_of(check)
    count(admin, check, line, 2)
    more = finding.found(Actor.of(admin), admin, check["_id"], Found(item["_id"], place="B-7"), said(4))
    assert (more["found"], more["difference"].to_decimal()) == (True, 4)
    step(checks, admin, check, "review")
    decide(admin, check, line)
    decide(admin, check, more)
    booked(checks, admin, check)
    positions = {one.spot.place: one.quantity for one in stock(things, item).positions}
    assert positions == {"A-1": 2, "B-7": 4}
    kinds = [(one["kind"], one["quantity"].to_decimal()) for one in things_movements()]
    assert kinds == [("arrival", 5), ("relocate", 3), ("surplus", 1)]
    assert list(check_ledgers()) == []


def test_a_piece_of_another_place_that_nobody_counts_is_fetched_from_there(
    things: LiveForm, checks: LiveForm, admin: User
) -> None:
    thing(things, admin, place="A-1")
    single = thing(things, admin, quantity="1", serial="S-9", place="C-3")
    check = begun(checks, admin, place="A")
    [line] = lines_of(check)
    count(admin, check, line, 5)
    what = Found(single["_id"], place="A-1")
    more = finding.found(Actor.of(admin), admin, check["_id"], what, said(1))
    step(checks, admin, check, "review")
    decide(admin, check, more, "move")
    assert booked(checks, admin, check)["state"] == "closed"
    assert [one.spot.place for one in stock(things, single).positions] == ["A-1"]


def test_what_is_single_never_becomes_two(things: LiveForm, checks: LiveForm, admin: User) -> None:
    thing(things, admin, place="A-1")
    single = thing(things, admin, quantity="1", serial="S-9", place="C-3")
    check = begun(checks, admin, place="A")
    [line] = lines_of(check)
    count(admin, check, line, 5)
    more = finding.found(Actor.of(admin), admin, check["_id"], Found(single["_id"], place="A-1"), said(1))
    step(checks, admin, check, "review")
    decide(admin, check, more, "book")
    done = booked(checks, admin, check)
    assert (done["state"], done["check"]["outcomes"]) == ("adjusted", {"single": 1})
    assert stock(things, single).total(["kept"]) == 1


def test_what_was_lost_is_found_again_before_anything_is_surplus(
    things: LiveForm, checks: LiveForm, admin: User
) -> None:
    item = thing(things, admin)
    desk.move(Actor.of(admin), admin, things, item["_id"], "lose", quantity=Decimal(2), note="gone")
    check = begun(checks, admin)
    [line] = lines_of(check)
    assert line["expected"].to_decimal() == 3
    count(admin, check, line, 6)
    step(checks, admin, check, "review")
    decide(admin, check, line)
    booked(checks, admin, check)
    found = stock(things, item)
    assert [found.total(["kept"]), found.total(["lost"]), found.arrived] == list(map(Decimal, (6, 0, 6)))
    assert [one["kind"] for one in things_movements()][-2:] == ["find", "surplus"]
    assert list(check_ledgers()) == []


def test_what_was_moved_between_list_and_count_is_no_difference(
    things: LiveForm, checks: LiveForm, admin: User
) -> None:
    item = thing(things, admin)
    check = begun(checks, admin)
    [line] = lines_of(check)
    actor = Actor.of(admin)
    desk.move(actor, admin, things, item["_id"], "relocate", quantity=Decimal(2), place="B-1")
    counted = count(admin, check, line, 3)
    assert (counted["book"].to_decimal(), counted["difference"].to_decimal()) == (3, 0)
    more = finding.found(actor, admin, check["_id"], Found(item["_id"], place="B-1"), said(2))
    assert more["difference"].to_decimal() == 0
    assert numbers(now_stored(checks, check)) == [2, 2, 0, 0, 0]


def test_a_count_typed_without_a_network_is_held_against_the_books_of_its_moment(
    things: LiveForm, checks: LiveForm, admin: User
) -> None:
    item = thing(things, admin)
    check = begun(checks, admin)
    [line] = lines_of(check)
    with set_clock(now() + timedelta(minutes=20)):
        desk.move(Actor.of(admin), admin, things, item["_id"], "relocate", quantity=Decimal(2), place="B-1")
    with set_clock(now() + timedelta(minutes=30)):
        before = count(admin, check, line, 5, ago=timedelta(minutes=15))
        assert (before["book"].to_decimal(), before["difference"].to_decimal()) == (5, 0)
        after = count(admin, check, line, 5, ago=timedelta(minutes=5))
        assert (after["book"].to_decimal(), after["difference"].to_decimal()) == (3, 2)


def test_what_moved_after_it_was_counted_is_not_booked_but_listed(
    things: LiveForm, checks: LiveForm, admin: User
) -> None:
    moved, still = thing(things, admin), thing(things, admin, place="A-2")
    check = begun(checks, admin)
    first, second = lines_of(check)
    count(admin, check, first, 4)
    count(admin, check, second, 4)
    step(checks, admin, check, "review")
    decide(admin, check, first)
    decide(admin, check, second)
    actor = Actor.of(admin)
    desk.move(actor, admin, things, moved["_id"], "relocate", quantity=Decimal(1), place="B-1")
    done = booked(checks, admin, check)
    assert (done["state"], done["check"]["outcomes"]) == ("adjusted", {"booked": 1, "moved": 1})
    assert [one["outcome"] for one in lines_of(check)] == ["moved", "booked"]
    assert stock(things, moved).total(["lost"]) == 0
    assert stock(things, still).total(["lost"]) == 1


def test_movements_elsewhere_do_not_make_a_difference_doubtful(
    things: LiveForm, checks: LiveForm, admin: User
) -> None:
    item, actor = thing(things, admin), Actor.of(admin)
    desk.move(actor, admin, things, item["_id"], "relocate", quantity=Decimal(2), place="B-1")
    check = begun(checks, admin, place="A")
    [line] = lines_of(check)
    count(admin, check, line, 1)
    step(checks, admin, check, "review")
    decide(admin, check, line)
    [elsewhere] = [one.spot for one in stock(things, item).positions if one.spot.place == "B-1"]
    desk.move(
        actor, admin, things, item["_id"], "relocate", quantity=Decimal(1), place="B-2", source=elsewhere
    )
    assert booked(checks, admin, check)["check"]["outcomes"] == {"booked": 1}
    assert stock(things, item).total(["lost"]) == 2


def test_lent_pieces_are_listed_and_missing_nowhere(things: LiveForm, checks: LiveForm, admin: User) -> None:
    slips = slip_form()
    item = thing(things, admin)
    row = {"item": str(item["_id"]), "quantity": "2"}
    until = day(7)
    slip = factories.record(slips, admin, items=[row], borrower=str(admin.id), begins=day(0), ends=until)
    step(slips, admin, slip, "ask")
    step(slips, admin, slip, "lend")
    check = begun(checks, admin)
    assert numbers(check) == [1, 0, 1, 0, 0]
    [lent] = lines_of(check, kind="lent")
    assert (lent["status"], lent["due"], lent["spot"]["person"]) == ("listed", until, admin.id)
    confirmed = count(admin, check, lent, 1)
    assert (confirmed["status"], confirmed["off"]) == ("counted", False)
    [kept] = lines_of(check, kind="kept")
    assert count(admin, check, kept, 3)["difference"].to_decimal() == 0


def test_the_latest_count_stands_whatever_order_they_arrive_in(
    things: LiveForm, checks: LiveForm, admin: User
) -> None:
    thing(things, admin)
    check = begun(checks, admin)
    [line] = lines_of(check)
    with set_clock(now() + timedelta(hours=1)):
        count(admin, check, line, 4)
        late = count(admin, check, line, 2, ago=timedelta(minutes=30))
    assert late["counted"].to_decimal() == 4
    assert [one["counted"].to_decimal() for one in late["counts"]] == [4, 2]


def test_a_count_sent_twice_counts_once(things: LiveForm, checks: LiveForm, admin: User) -> None:
    thing(things, admin)
    check = begun(checks, admin)
    [line] = lines_of(check)
    actor = Actor.of(admin)

    def counted(sending: Sending) -> Document:
        also = lambda line_id: sending.remember({"line": line_id})  # noqa: E731  (as the screen has it)
        stored = counting.count(actor, admin, check["_id"], line["_id"], said(4), also=also)
        return {"line": stored["_id"]}

    first = Sending(admin.id, "0123456789abcdef")
    for _time in range(3):
        assert once(first, lambda: counted(first)) == {"line": line["_id"]}
    assert [len(one["counts"]) for one in lines_of(check)] == [1]


def test_what_no_ledger_knows_is_written_down_and_never_booked(
    things: LiveForm, checks: LiveForm, admin: User
) -> None:
    thing(things, admin)
    check = begun(checks, admin)
    count(admin, check, lines_of(check)[0], 5)
    crate = Found(name="An unknown crate", place="A-9")
    line = finding.found(Actor.of(admin), admin, check["_id"], crate, said(2))
    assert numbers(now_stored(checks, check)) == [2, 2, 0, 1, 1]
    step(checks, admin, check, "review")
    decide(admin, check, line)
    assert booked(checks, admin, check)["check"]["outcomes"] == {"unknown": 1}
    for nothing in (Found(name=" "), Found(name="x" * 300)):
        with pytest.raises(InvalidError):
            finding.found(Actor.of(admin), admin, check["_id"], nothing, said(1))


@pytest.mark.parametrize("quantity", ["-1", "1.5", "NaN", "1e30"])
def test_no_count_is_below_none_or_half_a_piece(
    things: LiveForm, checks: LiveForm, admin: User, quantity: str
) -> None:
    thing(things, admin)
    check = begun(checks, admin)
    [line] = lines_of(check)
    with pytest.raises(InvalidError) as refused:
        count(admin, check, line, quantity)
    assert list(refused.value.errors) == ["quantity"]
    assert lines_of(check)[0]["status"] == "open"


def test_a_stock_that_can_be_divided_is_counted_in_fractions(
    things: LiveForm, checks: LiveForm, admin: User
) -> None:
    item = thing(things, admin, unit="kg", quantity="2.5")
    check = begun(checks, admin)
    [line] = lines_of(check)
    count(admin, check, line, "2.25")
    step(checks, admin, check, "review")
    decide(admin, check, line)
    booked(checks, admin, check)
    assert stock(things, item).total(["kept"]) == Decimal("2.25")


def test_a_closed_or_cancelled_check_is_not_counted(things: LiveForm, checks: LiveForm, admin: User) -> None:
    thing(things, admin)
    check = begun(checks, admin)
    [line] = lines_of(check)
    count(admin, check, line, 5)
    step(checks, admin, check, "review")
    with pytest.raises(ConflictError):
        count(admin, check, line, 4)
    step(checks, admin, check, "cancel")
    run_jobs()
    assert lines_of(check) == []
    with pytest.raises(NotFoundError):
        count(admin, check, line, 4)


def test_a_check_of_nothing_says_so(checks: LiveForm, things: LiveForm, admin: User) -> None:
    thing(things, admin, place="B-1")
    record = factories.record(checks, admin, place="Z")
    with pytest.raises(InvalidError) as refused:
        step(checks, admin, record, "begin")
    assert "Nothing of the ledger" in str(refused.value)
    assert now_stored(checks, record)["state"] == "planned"


def test_what_goes_to_the_bin_meanwhile_waits_for_nobody(
    things: LiveForm, checks: LiveForm, admin: User
) -> None:
    item, _other = thing(things, admin), thing(things, admin, place="A-2")
    check = begun(checks, admin)
    line = lines_of(check)[0]
    records.delete(Actor.of(admin), things, item["_id"], revision=1, reason="entered twice")
    assert numbers(now_stored(checks, check)) == [2, 0, 1, 0, 0]
    assert count(admin, check, line, 5)["status"] == "gone"


def test_only_what_was_asked_for_is_counted_again_while_it_is_reviewed(
    things: LiveForm, checks: LiveForm, admin: User
) -> None:
    thing(things, admin)
    thing(things, admin, place="A-2")
    check = begun(checks, admin)
    first, second = lines_of(check)
    count(admin, check, first, 3)
    count(admin, check, second, 5)
    step(checks, admin, check, "review")
    assert reviewing.ask_again(Actor.of(admin), admin, check["_id"], [first["_id"]], "look below") == 1
    assert numbers(now_stored(checks, check)) == [2, 1, 1, 0, 1]
    again = count(admin, check, first, 5)
    assert (again["status"], again["off"], again["asked_why"]) == ("counted", False, "look below")
    with pytest.raises(ConflictError):
        count(admin, check, second, 4)


def test_a_decision_needs_a_reason_and_a_difference(things: LiveForm, checks: LiveForm, admin: User) -> None:
    thing(things, admin)
    check = begun(checks, admin)
    [line] = lines_of(check)
    actor, ids = Actor.of(admin), [line["_id"]]
    with pytest.raises(ConflictError):
        reviewing.decide(actor, admin, check["_id"], ids, "book", "why")
    count(admin, check, line, 5)
    step(checks, admin, check, "review")
    for decision, reason, path in (("book", " ", "reason"), ("burn", "why", "decision")):
        with pytest.raises(InvalidError) as refused:
            reviewing.decide(actor, admin, check["_id"], ids, decision, reason)
        assert list(refused.value.errors) == [path]
    with pytest.raises(InvalidError):
        reviewing.decide(actor, admin, check["_id"], [], "book", "why")
    assert reviewing.decide(actor, admin, check["_id"], ids, "book", "why") == 0


def test_the_scope_narrows_by_department_place_and_fields(
    things: LiveForm, checks: LiveForm, admin: User
) -> None:
    here = thing(things, admin, place="a-12")
    thing(things, admin, place="B-1")
    thing(things, admin, place="A-3", unit="kg")
    department = str(admin.department.id)
    check = begun(checks, admin, place="A-1", department=department, unit="piece")
    assert [one["item"] for one in lines_of(check)] == [here["_id"]]
    elsewhere = factories.department("HR", "人事部", "HR")
    with pytest.raises(InvalidError):
        begun(checks, admin, department=str(elsewhere.id))


def test_places_are_listed_with_two_before_ten(things: LiveForm, checks: LiveForm, admin: User) -> None:
    for place in ("A-10", "A-2", "A-1"):
        thing(things, admin, place=place)
    check = begun(checks, admin)
    assert [one["spot"]["place"] for one in lines_of(check)] == ["A-1", "A-2", "A-10"]


def test_nobody_writes_the_numbers_of_a_check(things: LiveForm, checks: LiveForm, admin: User) -> None:
    thing(things, admin)
    check = begun(checks, admin)
    raw = {"name": "Autumn", "open": 0, "lines": 77}
    changed = records.update(
        Actor.of(admin), checks, check["_id"], raw, revision=check["revision"], partial=False
    )
    assert numbers(changed) == numbers(now_stored(checks, check)) == [1, 0, 1, 0, 0]
    assert now_stored(checks, check)["check"]["stage"] == "ready"


def test_a_check_that_was_booked_is_never_deleted(things: LiveForm, checks: LiveForm, admin: User) -> None:
    thing(things, admin)
    check = begun(checks, admin)
    count(admin, check, lines_of(check)[0], 5)
    step(checks, admin, check, "review")
    done = booked(checks, admin, check)
    with pytest.raises(InvalidError):
        records.delete(Actor.of(admin), checks, check["_id"], revision=done["revision"], reason="no")
    assert len(lines_of(check)) == 1
