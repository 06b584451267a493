"""Being asked to sign opens no door: whoever may not see a record does not decide about it."""

import pytest
from bson import ObjectId

from models.access import Action
from models.approvals import bulk, decisions, queries
from models.database import db
from models.errors import InvalidError, NotFoundError
from models.people import Actor, Role, User
from tests import factories
from tests.models.approvals.cases import ask, asked, form, person, step, stored
from tests.models.workflow.procedures import stand_in

pytestmark = pytest.mark.usefixtures("db")


def blind(username: str) -> User:
    """Return somebody of the house who may see another form only."""
    return factories.user(username, factories.role("blind", form="other", actions=[Action.SEE]))


def refused(approval: ObjectId, by: User) -> None:
    before = queries.get(approval)
    record = db()["record_request"].find_one({"_id": before["record"]})
    with pytest.raises(NotFoundError):
        decisions.decide(Actor.of(by), by, approval, "approve")
    assert queries.get(approval) == before
    assert db()["record_request"].find_one({"_id": before["record"]}) == record


def test_a_signer_who_may_not_see_the_form_decides_nothing() -> None:
    amy = blind("amy")
    live = form()
    approval = ask(live)
    assert asked(approval) == ["amy"]
    refused(approval, amy)
    [duty] = db().duties.find({"kind": "approval"})
    [report] = bulk.approve_many(Actor.of(amy), amy, [duty["_id"]])
    assert report.error is not None
    assert stored(live, queries.get(approval)["record"])["state"] == "asked"


def test_whoever_lost_the_role_since_they_were_asked_decides_nothing() -> None:
    approval = ask(form(step(), step("two", ("ben",))))
    amy = person("amy")
    Role.objects(name="signer").update(set__grants=[])
    refused(approval, User.objects(id=amy.id).first())


def test_standing_in_opens_no_form_that_was_closed() -> None:
    cover = blind("cover")
    approval = ask(form())
    stand_in(person("amy"), cover)
    refused(approval, cover)


def test_neither_handing_over_nor_adding_gives_it_to_somebody_who_may_not_see_it() -> None:
    amy, cover = person("amy"), blind("cover")
    approval = ask(form())
    with pytest.raises(InvalidError) as handed:
        decisions.hand_over(Actor.of(amy), amy, approval, cover, reason="away")
    with pytest.raises(InvalidError) as added:
        decisions.add_signer(Actor.of(amy), amy, approval, cover, before=True)
    assert set(handed.value.errors) == set(added.value.errors) == {"whom"}
    assert asked(approval) == ["amy"]
