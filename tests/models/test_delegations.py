"""Standing in while somebody is away."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import delegations, outbox
from models.database import Document
from models.delegations import Delegation
from models.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from models.people import User
from models.times import set_clock
from tests import factories

Store = Database[Document]
TODAY = datetime(2026, 11, 23, 4, tzinfo=UTC)  # noon in Shanghai
MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


@pytest.fixture(autouse=True)
def today(db: Store) -> Any:
    with set_clock(TODAY):
        yield


def amy() -> User:
    return factories.user("amy")


def ben() -> User:
    return factories.user("ben")


def delegate(actor: User | None = None, to: User | None = None, **more: Any) -> Delegation:
    values = {"first": MONDAY, "last": TUESDAY, **more}
    return delegations.create(actor or amy(), amy(), to or ben(), **values)


def acting(at: datetime, form: str = "") -> bool:
    return delegations.acting_for(ben().id, at, form) == [amy().id]


@pytest.mark.parametrize(
    ("at", "holds"),
    [
        (datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC), False),  # a second before Monday in Shanghai
        (datetime(2026, 11, 22, 16, tzinfo=UTC), True),
        (datetime(2026, 11, 24, 15, 59, 59, tzinfo=UTC), True),  # the last second of Tuesday
        (datetime(2026, 11, 24, 16, tzinfo=UTC), False),
    ],
)
def test_it_holds_from_the_first_day_to_the_last_where_the_person_is(at: datetime, *, holds: bool) -> None:
    found = delegate()
    assert acting(at) is holds
    assert found.holds(at) is holds


def test_days_are_those_of_the_person_s_own_zone() -> None:
    User.objects(id=amy().id).update_one(set__timezone="Europe/Berlin")
    delegate()
    assert not acting(datetime(2026, 11, 22, 22, 59, tzinfo=UTC))
    assert acting(datetime(2026, 11, 22, 23, tzinfo=UTC))


def test_it_can_be_for_some_forms_only() -> None:
    factories.form(key="claim")
    factories.form(key="complaint")
    delegate(forms=["claim"])
    assert acting(TODAY)
    assert acting(TODAY, "claim")
    assert not acting(TODAY, "complaint")
    assert delegations.forms_by_person(ben().id, TODAY) == {amy().id: ["claim"]}
    delegate()
    assert delegations.forms_by_person(ben().id, TODAY) == {amy().id: []}


def test_what_is_delegated_is_not_delegated_further() -> None:
    cat = factories.user("cat")
    delegate()
    delegations.create(ben(), ben(), cat, first=MONDAY, last=TUESDAY)
    delegations.create(cat, cat, amy(), first=MONDAY, last=TUESDAY)
    assert delegations.acting_for(cat.id, TODAY) == [ben().id]


def test_both_can_stand_in_for_each_other() -> None:
    delegate()
    delegations.create(ben(), ben(), amy(), first=MONDAY, last=TUESDAY)
    assert acting(TODAY)
    assert delegations.acting_for(amy().id, TODAY) == [ben().id]


def refused(**more: Any) -> list[str]:
    with pytest.raises(InvalidError) as error:
        delegate(**more)
    return list(error.value.errors)


def test_nonsense_is_refused_beside_its_field(db: Store) -> None:
    assert refused(to=amy()) == ["to"]
    assert refused(to=factories.user("gone", active=False)) == ["to"]
    assert refused(first=TUESDAY, last=MONDAY) == ["last"]
    assert refused(first=date(2026, 11, 20), last=date(2026, 11, 22)) == ["last"]
    assert refused(last=date(2028, 1, 1)) == ["last"]
    assert refused(forms=["no_such_form"]) == ["forms"]
    assert refused(reason="x" * 501) == ["reason"]
    assert refused(reason="\ud800") == ["reason"]
    assert db.delegations.count_documents({}) == 0


def test_nobody_chosen_is_refused() -> None:
    with pytest.raises(InvalidError) as error:
        delegations.create(amy(), amy(), None, first=MONDAY, last=TUESDAY)
    assert list(error.value.errors) == ["to"]


def test_only_the_person_or_an_administrator_gives_and_takes_back() -> None:
    with pytest.raises(ForbiddenError):
        delegate(actor=ben())
    given = delegate(actor=factories.administrator())
    assert given.created_by == factories.administrator().id
    with pytest.raises(ForbiddenError):
        delegations.revoke(ben(), given.id)
    delegations.revoke(amy(), given.id)
    assert not acting(TODAY)


def test_it_is_taken_back_once() -> None:
    given = delegate()
    assert delegations.revoke(amy(), given.id).revoked_at == TODAY
    with pytest.raises(ConflictError):
        delegations.revoke(amy(), given.id)
    with pytest.raises(NotFoundError):
        delegations.revoke(amy(), amy().id)


def test_lists_show_what_was_given_and_received() -> None:
    first = delegate(reason="年假")
    second = delegate(first=date(2026, 12, 1), last=date(2026, 12, 3))
    assert [one.id for one in delegations.given_by(amy().id)] == [second.id, first.id]
    assert [one.id for one in delegations.given_to(ben().id)] == [second.id, first.id]
    assert [one.reason for one in delegations.in_force(TODAY)] == ["年假"]
    assert delegations.standing_in([amy().id], TODAY, "any") == {amy().id: [ben().id]}


def test_whoever_stands_in_is_told(db: Store) -> None:
    delegate()
    outbox.carry_out_due()
    [notice] = db.notifications.find({"person": ben().id})
    assert notice["title"]["en"] == "You stand in for amy."
    assert notice["text"]["en"] == "From 2026-11-23 to 2026-11-24."


def test_whoever_did_not_arrange_it_themselves_is_told_who_stands_in_for_them(db: Store) -> None:
    admin = factories.administrator()
    delegate(admin)
    outbox.carry_out_due()
    told = {one["person"]: one["title"]["en"] for one in db.notifications.find()}
    assert told == {ben().id: "You stand in for amy.", amy().id: f"{admin} lets ben stand in for you."}
