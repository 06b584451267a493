"""Somebody leaves with things of customers in their hands: it is seen, and passed on with the slips."""

from decimal import Decimal

import pytest
from bson import ObjectId

from models import accounts, edits, leaving
from models.database import Document
from models.errors import InvalidError
from models.forms import LiveForm
from models.jobs import Job, RunningJob
from models.leaving import Fate, Finding, Plan
from models.ledger.checking import check_ledgers
from models.ledger.stock import Stock
from models.people import Action, User
from tests import factories
from tests.models.ledger.desk_work import day, slip, take, taken, thing


@pytest.fixture
def leaver(db: object) -> User:
    return factories.editor()


def heir() -> User:
    return factories.user(
        "heir", factories.editor().roles[0], name="Heir", department=factories.department("TE", "技术部")
    )


def look(leaver: User) -> dict[str, Finding]:
    return {one.kind: one for one in leaving.look(factories.administrator(), leaver)}


def leave(leaver: User, **plan: ObjectId) -> Job | None:
    seen = edits.stamp(leaver, accounts.USER_ATTRIBUTES)
    return leaving.leave(factories.administrator(), leaver, Plan(**plan), seen=seen)


def run(job: Job | None) -> Document:
    assert job
    running = RunningJob.claim(job.id, "test")
    assert running
    leaving.hand_over(running)
    return dict(Job.objects.get(id=job.id).result)


def test_what_somebody_holds_and_asked_for_is_found(things: LiveForm, slips: LiveForm, leaver: User) -> None:
    held, asked = thing(things, name="Held"), thing(things, name="Asked")
    taken(slips, slip(slips, held, borrower=str(leaver.id)), "ask", "lend")
    taken(slips, slip(slips, asked, borrower=str(leaver.id)), "ask")
    found = look(leaver)
    assert (found["pieces"].count, found["pieces"].fate) == (1, Fate.PIECES)
    assert [one.text for one in found["pieces"].examples] == ["Held"]
    assert found["pieces"].url == f"/property/clearance/{leaver.id}"
    assert (found["asked"].count, found["asked"].fate) == (1, Fate.STAYS)
    assert [one.text for one in found["asked"].examples] == ["Asked"]


def test_what_came_back_is_held_no_more(things: LiveForm, slips: LiveForm, leaver: User) -> None:
    item = thing(things)
    lent = taken(slips, slip(slips, item, borrower=str(leaver.id)), "ask", "lend")
    take(slips, lent, "take_back", returns=[{"item": str(item["_id"]), "quantity": "1"}])
    assert not {"pieces", "asked"} & look(leaver).keys()


def test_pieces_go_into_the_next_hands_with_their_slips(
    things: LiveForm, slips: LiveForm, leaver: User
) -> None:
    item = thing(things, quantity="5")
    lent = taken(slips, slip(slips, item, 2, borrower=str(leaver.id), ends=day(5)), "ask", "lend")
    of_another = taken(slips, slip(slips, item, 1), "ask", "lend")
    result = run(leave(leaver, pieces=heir().id))
    assert (result["moved"], result["failed"]) == (1, [])
    slip_now = slips.records().find_one({"_id": lent["_id"]})
    assert slip_now
    assert (slip_now["data"]["borrower"], slip_now["data"]["department"]) == (heir().id, heir().department.id)
    found = things.records().find_one({"_id": item["_id"]})
    assert found
    hands = {one.spot.person: (one.quantity, one.due) for one in Stock.load(found["stock"]).spots("lent")}
    assert hands == {heir().id: (Decimal(2), day(5)), factories.administrator().id: (Decimal(1), day(7))}
    assert set(found["data"]["holders"]) == set(hands)
    assert list(check_ledgers()) == []
    assert not {"pieces", "asked"} & look(leaver).keys()
    assert of_another


def test_without_somebody_named_for_them_pieces_stay_where_they_are(
    things: LiveForm, slips: LiveForm, leaver: User
) -> None:
    taken(slips, slip(slips, thing(things), borrower=str(leaver.id)), "ask", "lend")
    assert leave(leaver, tasks=heir().id) is None
    assert look(leaver)["pieces"].count == 1


def test_nobody_takes_pieces_over_who_may_not_open_their_slips(
    things: LiveForm, slips: LiveForm, leaver: User
) -> None:
    taken(slips, slip(slips, thing(things), borrower=str(leaver.id)), "ask", "lend")
    blind = factories.user("blind", factories.role("blind", form="thing", actions=[Action.SEE]))
    with pytest.raises(InvalidError) as refused:
        leave(leaver, pieces=blind.id)
    assert set(refused.value.errors) == {"pieces"}
