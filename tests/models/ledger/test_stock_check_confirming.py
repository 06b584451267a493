"""Lent pieces in a stock check: their borrowers are asked, and say what they have."""

from decimal import Decimal

import pytest

from models import outbox
from models.database import Document, db
from models.errors import ConflictError, InvalidError, NotFoundError
from models.forms import LiveForm
from models.ledger.stock_check import confirming
from models.ledger.stock_check.counting import Count
from models.people import Actor, User
from tests import factories
from tests.models.ledger.desk_work import back, slip, take, taken, thing
from tests.stock_check_forms import begun, check_form, lines_of, now_stored, run_jobs, step

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def checks(things: LiveForm) -> LiveForm:
    return check_form()


@pytest.fixture
def wang(db: object) -> User:
    return factories.user("wang", name="王芳", department=factories.department())


@pytest.fixture
def item(things: LiveForm) -> Document:
    return thing(things)


@pytest.fixture
def loan(slips: LiveForm, item: Document, wang: User) -> Document:
    return taken(slips, slip(slips, item, 2, borrower=str(wang.id)), "ask", "lend")


def say(person: User, line: Document, quantity: str, note: str = "") -> Document:
    return confirming.confirm(Actor.of(person), person, line["_id"], Count(Decimal(quantity), note))


def heard(person: User) -> list[tuple[str, str]]:
    outbox.carry_out_due()
    return [(one["text"]["en"], one["url"]) for one in db().notifications.find({"person": person.id})]


def lent(check: Document) -> Document:
    [found] = lines_of(check, kind="lent")
    return found


@pytest.mark.usefixtures("loan")
def test_a_borrower_is_asked_and_counts_with_name_and_time(checks: LiveForm, admin: User, wang: User) -> None:
    check = begun(checks, admin, name="Yearly")
    asked = "What you have borrowed is being checked: say whether you have it."
    assert heard(wang) == [(asked, "/property/confirm")]
    [about] = confirming.asked_of(wang)
    assert (about.check.id, confirming.open_of([about])) == (check["_id"], 1)
    assert confirming.asked_of(admin) == []
    said = say(wang, lent(check), "2", "on my desk")
    assert (said["status"], said["by_name"], said["note"], said["off"]) == (
        "counted", "王芳", "on my desk", False,
    )  # fmt: skip
    assert said["at"]
    [about] = confirming.asked_of(wang)
    assert (confirming.open_of([about]), confirming.confirmed(about.check)) == (0, (1, 1))
    assert len(heard(wang)) == 1
    assert heard(admin) == []


@pytest.mark.usefixtures("loan")
def test_what_a_borrower_does_not_have_is_told_and_not_booked(
    checks: LiveForm, admin: User, wang: User
) -> None:
    check = begun(checks, admin, name="Yearly")
    say(wang, lent(check), "0")
    [(text, url)] = heard(admin)
    assert text == "王芳 does not have 2 of “Gauge”, as the books say."
    assert url == f"/property/checks/{check['_id']}?which=listed"
    assert now_stored(checks, check)["data"]["differences"] == 0


@pytest.mark.usefixtures("loan")
def test_nobody_answers_for_what_others_borrowed_nor_for_the_shelf(
    checks: LiveForm, admin: User, wang: User
) -> None:
    check = begun(checks, admin, name="Yearly")
    for person, line in ((admin, lent(check)), (wang, lines_of(check, kind="kept")[0])):
        with pytest.raises(NotFoundError):
            say(person, line, "1")
    with pytest.raises(InvalidError):
        say(wang, lent(check), "-1")


@pytest.mark.usefixtures("loan")
def test_a_check_that_is_over_asks_nobody(checks: LiveForm, admin: User, wang: User) -> None:
    check = begun(checks, admin, name="Yearly")
    line = lent(check)
    step(checks, admin, check, "cancel")
    assert confirming.asked_of(wang) == []
    with pytest.raises(ConflictError):
        say(wang, line, "2")
    run_jobs()


def test_what_came_back_since_is_missing_nowhere(
    checks: LiveForm, slips: LiveForm, item: Document, loan: Document, admin: User, wang: User
) -> None:
    check = begun(checks, admin, name="Yearly")
    take(slips, loan, "take_back", returns=[back(item, 2)])
    say(wang, lent(check), "0")
    assert heard(admin) == []


@pytest.mark.usefixtures("loan")
def test_who_may_not_see_what_they_borrowed_is_told_how_many(
    checks: LiveForm, admin: User, things: LiveForm
) -> None:
    check = begun(checks, admin, name="Yearly")
    stranger = factories.user("wang2", name="周师傅")
    db().property_check_lines.update_one({"_id": lent(check)["_id"]}, {"$set": {"spot.person": stranger.id}})
    [about] = confirming.asked_of(stranger)
    [shown] = about.lines
    assert (shown.line["title"], shown.item, shown.number("expected")) == ("", None, Decimal(2))
    assert things
