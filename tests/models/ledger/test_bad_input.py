"""What the ledger refuses: the answer stands beside the field, and nothing has changed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from bson import ObjectId

from models import records
from models.access import Action
from models.database import Document
from models.errors import ConflictError, DomainError, ForbiddenError, InvalidError, NotFoundError
from models.forms import LiveForm
from models.ledger import desk, movements
from models.ledger.checking import check_ledgers
from models.ledger.stock import Spot
from models.messages import translate
from models.people import User
from tests import factories
from tests.hostile.unchanged import unchanged
from tests.ledger_forms import ledger_form, slip_form
from tests.models.ledger.desk_work import back, day, now_stored, slip, stock, take, taken, thing, told

pytestmark = pytest.mark.usefixtures("db")
UNSTORABLE = "This text contains characters that cannot be stored."


@pytest.fixture(autouse=True)
def _sound_in_the_end(db: object) -> Iterator[None]:
    yield
    assert list(check_ledgers()) == []


@contextmanager
def refused(**beside: str) -> Iterator[None]:
    """Expect a refusal in these words beside these fields (`__` for a dot), and that nothing changes."""
    with unchanged(), pytest.raises(InvalidError) as error:
        yield
    assert told(error.value) == {path.replace("__", "."): text for path, text in beside.items()}


# -- quantities ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        ("-1", "At least one piece."),
        ("0", "At least one piece."),
        ("0.5", "Only whole pieces."),
        ("1.0000001", "Only whole pieces."),
        ("1e13", "Must be at most 1,000,000,000,000."),
        ("", "At least one piece."),
        ("6", "There are 5 of “Gauge” here, not 6."),
    ],
)
def test_an_unsound_quantity_is_neither_reserved_nor_lent(
    things: LiveForm, slips: LiveForm, quantity: str, text: str
) -> None:
    draft = slip(slips, thing(things), quantity)
    with refused(items__0__quantity=text):
        take(slips, draft, "ask")


@pytest.mark.parametrize("number", ["NaN", "sNaN", "-NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_quantity(things: LiveForm, slips: LiveForm, number: str) -> None:
    item = thing(things)
    with unchanged(), pytest.raises(InvalidError) as error:
        slip(slips, item, number)
    assert set(error.value.errors) == {"items.0.quantity"}
    with refused(quantity="Say how many."):
        by_hand(things, item, "lose", quantity=Decimal(number), note="gone")


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        ("0.0000001", "At most 6 decimals."),
        ("0", "Must be more than 0."),
        ("2.6", "There are 2.5 of “Powder” here, not 2.6."),
    ],
)
def test_what_can_be_divided_has_some_decimals_and_no_more(
    things: LiveForm, slips: LiveForm, quantity: str, text: str
) -> None:
    draft = slip(slips, thing(things, name="Powder", unit="kg", quantity="2.5"), quantity)
    with refused(items__0__quantity=text):
        take(slips, draft, "ask")


def test_what_was_divided_stays_divisible(things: LiveForm, slips: LiveForm) -> None:
    powder = thing(things, name="Powder", unit="kg", quantity="2.5")
    taken(slips, slip(slips, powder, "0.000001"), "ask", "lend")
    assert stock(things, powder).total(["kept"]) == Decimal("2.499999")
    with refused(unit="There are pieces here that are not whole."):
        edit(things, powder, unit="piece")


@pytest.mark.parametrize("quantity", ["0", "-1", "1.5", ""])
def test_a_thing_arrives_in_whole_pieces(things: LiveForm, quantity: str) -> None:
    with unchanged(), pytest.raises(InvalidError) as error:
        thing(things, quantity=quantity)
    assert set(error.value.errors) == {"quantity"}


def test_a_single_piece_stays_single(things: LiveForm) -> None:
    text = {"quantity": "With a serial number it is one piece."}
    with refused(**text):
        thing(things, serial="SN-1")
    several, single = thing(things), thing(things, serial="SN-1", quantity="1")
    with refused(**text):
        edit(things, several, serial="SN-2")
    with refused(**text):
        edit(things, single, quantity="2")


def test_what_is_lent_cannot_be_corrected_away(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things)
    taken(slips, slip(slips, item, 3), "ask", "lend")
    with refused(quantity="There are 2 of “Gauge” here, not 3."):
        edit(things, item, quantity="2")


# -- days ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["ask", "queue"])
@pytest.mark.parametrize(
    ("days", "beside"),
    [
        ({"begins": 5, "ends": 4}, {"ends": "This is before the first day."}),
        ({"begins": -9, "ends": -1}, {"ends": "This day has passed."}),
        ({"begins": None}, {"begins": "This is needed."}),
        ({"ends": None}, {"ends": "This is needed."}),
    ],
)
def test_days_that_cannot_be_are_neither_reserved_nor_waited_for(
    things: LiveForm, slips: LiveForm, step: str, days: dict[str, int | None], beside: dict[str, str]
) -> None:
    typed: Any = {key: "" if after is None else day(after) for key, after in days.items()}
    draft = slip(slips, thing(things), **typed)
    with refused(**beside):
        take(slips, draft, step)


@pytest.mark.parametrize("until", ["", day(-1)])
def test_a_loan_is_extended_into_days_to_come(things: LiveForm, slips: LiveForm, until: str) -> None:
    lent = taken(slips, slip(slips, thing(things)), "ask", "lend")
    with refused(extend_to="Give a day that is still to come."):
        take(slips, lent, "extend", extend_to=until)


# -- people and items ----------------------------------------------------------------------------------------


def test_nothing_is_lent_to_nobody_or_to_somebody_who_left(
    things: LiveForm, slips: LiveForm, admin: User
) -> None:
    item, gone = thing(things), factories.reader()
    drafts = [slip(slips, item, borrower=str(gone.id)), slip(slips, item, borrower="")]
    ready = taken(slips, slip(slips, item, borrower=str(gone.id)), "ask")
    lent = taken(slips, slip(slips, item), "ask", "lend")
    lent = edit(slips, lent, receiver=str(gone.id))
    gone.update(active=False)
    for draft, text in zip(drafts, ("This person has left.", "This is needed."), strict=True):
        with refused(borrower=text):
            take(slips, draft, "ask")
    with refused(borrower="This person has left."):
        take(slips, ready, "lend")
    with refused(receiver="This person has left."):
        take(slips, lent, "pass_on", receiver=str(gone.id))


def test_what_is_lost_cannot_be_borrowed(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things, quantity="2")
    by_hand(things, item, "lose", quantity=Decimal(2), note="gone")
    draft = slip(slips, item)
    with refused(items__0__quantity="There are 0 of “Gauge” here, not 1."):
        take(slips, draft, "ask")


def test_more_than_was_lent_or_something_else_never_comes_back(things: LiveForm, slips: LiveForm) -> None:
    item, other = thing(things), thing(things, name="Mould")
    lent = taken(slips, slip(slips, item, 2), "ask", "lend")
    for rows, beside in (
        ([back(item, 3)], {"returns__0__quantity": "Only 2 are still out."}),
        ([back(item, 1), back(item, 2)], {"returns__1__quantity": "Only 1 are still out."}),
        ([back(other)], {"returns__0__quantity": "This item was not lent by this slip."}),
        ([back(item, "-1")], {"returns__0__quantity": "At least one piece."}),
        ([back(item, "0.5")], {"returns__0__quantity": "Only whole pieces."}),
        ([{"quantity": "1"}], {"returns__0__item": "This is needed."}),
        ([], {"returns": "Say what came back."}),
    ):
        with refused(**beside):
            take(slips, lent, "take_back", returns=rows)


def test_a_slip_without_rows_or_with_an_item_twice_asks_for_nothing(
    things: LiveForm, slips: LiveForm
) -> None:
    item = thing(things)
    row = {"item": str(item["_id"]), "quantity": "1"}
    twice = "This item stands in two rows."
    for rows, beside in (
        ([], {"items": "Name at least one item."}),
        ([row, row], {"items__0__item": twice, "items__1__item": twice}),
        ([{"quantity": "1"}], {"items__0__item": "This is needed."}),
    ):
        draft = slip(slips, item, items=rows)
        with refused(**beside):
            take(slips, draft, "ask")


def test_an_item_of_another_ledger_or_of_the_bin_is_not_on_offer(things: LiveForm, slips: LiveForm) -> None:
    others = factories.form(key="other")
    item, stranger = thing(things), factories.record(others, name="Other")
    gone = thing(things)
    draft = slip(slips, gone)
    records.delete(factories.actor(), things, gone["_id"], revision=1, reason="typed twice")
    with refused(items__0__quantity="This item is no longer in the ledger."):
        take(slips, draft, "ask")
    for one in (stranger["_id"], ObjectId()):
        with unchanged(), pytest.raises(InvalidError) as error:
            slip(slips, item, items=[{"item": str(one), "quantity": "1"}])
        assert set(error.value.errors) == {"items.0.item"}


def test_nobody_borrows_what_they_may_not_see(db: object) -> None:
    secret = {"field": "name", "op": "ne", "value": "Secret"}
    role = factories.role("borrower", form="slip", actions=factories.EDITOR_ACTIONS)
    things, slips = ledger_form(), slip_form()
    role.grants.create(form="thing", actions=[Action.SEE.value], scope="rule", rule=secret)
    role.save()
    person = factories.user("amy", role, department=factories.department())
    open_one, hidden = thing(things), thing(things, name="Secret")
    taken_by(slips, slip(slips, open_one, person=person), person, "ask")
    with unchanged(), pytest.raises(InvalidError) as error:
        slip(slips, hidden, person=person)
    assert set(error.value.errors) == {"items.0.item"}
    assert "Secret" not in translate(error.value.errors["items.0.item"][0], "en")


def taken_by(slips: LiveForm, record: Document, person: User, *steps: str) -> Document:
    for step in steps:
        record = take(slips, record, step, person)
    return record


# -- what was booked -----------------------------------------------------------------------------------------


def test_an_item_with_a_history_is_not_deleted(things: LiveForm, slips: LiveForm) -> None:
    item, asked = thing(things), thing(things, name="Mould")
    lent = taken(slips, slip(slips, item), "ask", "lend")
    taken(slips, slip(slips, asked), "ask")
    text = "This item has a history of movements; it cannot be deleted."
    for one in (item, asked):
        with refused(**{"": text}):
            records.delete(factories.actor(), things, one["_id"], revision=1, reason="typed twice")
    closed = take(slips, lent, "take_back", returns=[back(item)])
    for form, record, said in (
        (things, item, text),
        (slips, closed, "Something was lent by this slip; it cannot be deleted."),
    ):
        with refused(**{"": said}):
            records.delete(
                factories.actor(), form, record["_id"], revision=record["revision"], reason="tidying up"
            )


def test_a_closed_slip_says_for_ever_what_was_booked(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things)
    lent = taken(slips, slip(slips, item, 2), "ask", "lend")
    closed = take(slips, lent, "take_back", returns=[back(item, 2)])
    assert closed["state"] == "closed"
    line, returned = dict(closed["data"]["items"][0]), dict(closed["data"]["returns"][0])
    row = {"_row": line["_row"], "item": str(item["_id"]), "quantity": "2"}
    kept = {"_row": returned["_row"], **back(item, 2)}
    fixed = "What was lent stays as it was; book a return instead."
    booked = "A return that was booked stays as it is; book a correction instead."
    for changed, beside in (
        ({"items": [{**row, "quantity": "1"}]}, {"items": fixed}),
        ({"items": []}, {"items": fixed}),
        ({"items": [row, {"item": str(thing(things)["_id"]), "quantity": "1"}]}, {"items": fixed}),
        ({"returns": []}, {"returns": booked}),
        ({"returns": [{**kept, "quantity": "1"}]}, {"returns": booked}),
        ({"returns": [{**kept, "outcome": "lose"}]}, {"returns": booked}),
        ({"returns": [kept, back(item)]}, {"returns": "Take the step by which things come back."}),
        (
            {"borrower": str(factories.reader().id)},
            {"borrower": "Something was lent by this slip; a step of its own changes this."},
        ),
    ):
        with refused(**beside):
            edit(slips, closed, **changed)
    with unchanged(), pytest.raises(ConflictError):
        take(slips, closed, "take_back", returns=[kept, back(item)])


def test_a_step_that_is_sent_twice_is_taken_once(things: LiveForm, slips: LiveForm) -> None:
    asked = taken(slips, slip(slips, thing(things)), "ask")
    take(slips, asked, "lend")
    with unchanged(), pytest.raises(ConflictError):
        take(slips, asked, "lend")


def test_what_the_ledger_writes_is_written_by_nobody_else(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things)
    sent: dict[str, Any] = {"available": "99", "lent": "7", "status": "lost", "kept_at": "elsewhere"}
    with refused(**dict.fromkeys(sent, "Only the program writes this field.")):
        edit(things, item, **sent)
    lent = taken(slips, slip(slips, item, 2), "ask", "lend")
    [row] = lent["data"]["items"]
    forged = {"_row": row["_row"], "item": str(item["_id"]), "quantity": "2", "lent": "9", "returned": "9"}
    with refused(outstanding="Only the program writes this field."):
        edit(slips, lent, items=[forged], outstanding="0")
    edited = edit(slips, lent, items=[forged])
    assert edited["data"]["items"] == lent["data"]["items"]


# -- by hand -------------------------------------------------------------------------------------------------


def by_hand(
    things: LiveForm, item: Document, kind: str, quantity: Decimal | None = Decimal(1), **said: Any
) -> Document:
    person = factories.administrator()
    return desk.move(factories.actor(), person, things, item["_id"], kind, quantity=quantity, **said)


def edit(live: LiveForm, record: Document, **raw: Any) -> Document:
    return records.update(
        factories.actor(), live, record["_id"], raw, revision=record["revision"], partial=True
    )


@pytest.mark.parametrize(
    ("kind", "said", "beside"),
    [
        ("teleport", {}, {"kind": "Choose a movement."}),
        ("borrow", {}, {"kind": "Choose a movement."}),
        ("lose", {}, {"note": "Say why."}),
        ("lose", {"note": "x" * 2001}, {"note": "At most 2000 characters."}),
        ("lose", {"note": "\ud800"}, {"note": UNSTORABLE}),
        ("damage", {"condition": "\0"}, {"condition": UNSTORABLE}),
        ("relocate", {}, {"place": "Say where to."}),
        ("relocate", {"place": "x" * 201}, {"place": "At most 200 characters."}),
        ("transfer", {}, {"department": "This is needed."}),
        ("transfer", {"department": ObjectId()}, {"department": "This department is no longer in use."}),
        ("damage", {"photos": (ObjectId(),)}, {"photos": "These are not pictures of the item."}),
        ("damage", {"quantity": None}, {"quantity": "Say how many."}),
        ("damage", {"quantity": Decimal("1.5")}, {"quantity": "Only whole pieces."}),
        ("damage", {"quantity": Decimal(6)}, {"quantity": "There are 5 of “Gauge” here, not 6."}),
        ("find", {}, {"quantity": "There are 0 of “Gauge” here, not 1."}),
    ],
)  # fmt: skip
def test_a_movement_by_hand_that_cannot_be(
    things: LiveForm, kind: str, said: dict[str, Any], beside: dict[str, str]
) -> None:
    item = thing(things)
    with refused(**beside):
        by_hand(things, item, kind, **said)


def test_a_piece_that_is_there_already_is_not_moved_there(things: LiveForm) -> None:
    item = thing(things, place="A-1")
    with refused(quantity="These pieces are there already."):
        by_hand(things, item, "relocate", place="A-1")


def test_pieces_are_taken_from_no_spot_that_somebody_made_up(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things, place="A-1")
    lent = taken(slips, slip(slips, item, 2), "ask", "lend")
    [position] = stock(things, item).spots("lent")
    [here] = stock(things, item).spots("kept")
    made_up: list[tuple[str, Spot]] = [
        ("lose", position.spot),  # out of a borrower's hands, past the slip
        ("lose", Spot("kept", ObjectId(), "A-1")),
        ("lose", Spot("kept", here.spot.department, "a-1")),
        ("lose", Spot("lost")),
        ("find", here.spot),
        ("repaired", here.spot),
        ("lose", Spot("kept", here.spot.department, "A-1", slip=lent["_id"])),
        ("lose", Spot("nowhere")),  # type: ignore[arg-type]  # as crafted
    ]
    for kind, source in made_up:
        with unchanged(), pytest.raises(InvalidError) as error:
            by_hand(things, item, kind, source=source, note="gone")
        assert set(error.value.errors) == {"quantity"}


def test_whoever_may_only_look_moves_nothing(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things)
    found = by_hand(things, item, "damage")
    [damage] = [one for one in movements.of_item("thing", item["_id"]) if one["kind"] == "damage"]
    for person, error in ((factories.reader(), ForbiddenError), (factories.stranger(), NotFoundError)):
        acts: list[Callable[[], object]] = [
            lambda person=person: desk.move(  # type: ignore[misc]
                factories.actor(person), person, things, found["_id"], "damage", quantity=Decimal(1)
            ),
            lambda person=person: desk.undo(  # type: ignore[misc]
                factories.actor(person), person, things, damage, reason="no"
            ),
        ]
        for act in acts:
            with unchanged(), pytest.raises(error):
                act()


def test_a_movement_is_taken_back_once_with_a_reason_and_where_it_was_booked(
    things: LiveForm, slips: LiveForm
) -> None:
    item, person = thing(things), factories.administrator()
    by_hand(things, item, "damage")
    taken(slips, slip(slips, item), "ask", "lend")
    found = {one["kind"]: one for one in movements.of_item("thing", item["_id"])}

    def undo(movement: Document, reason: str = "booked twice", form: LiveForm = things) -> None:
        desk.undo(factories.actor(), person, form, movement, reason=reason)

    for reason, text in (("", "Say why."), (" \n", "Say why."), ("x" * 2001, "At most 2000 characters.")):
        with refused(reason=text):
            undo(found["damage"], reason)
    for kind in ("arrival", "borrow"):
        with unchanged(), pytest.raises(DomainError):
            undo(found[kind])
    with unchanged(), pytest.raises(NotFoundError):
        undo(found["damage"], form=slips)
    undo(found["damage"])
    with unchanged(), pytest.raises(DomainError):
        undo(found["damage"])
    assert stock(things, item).total(["damaged"]) == 0
    assert now_stored(things, item)["data"]["available"].to_decimal() == 4
