"""Links with sign-in services: seen and ended by their owners, and by administrators of people."""

import pytest
from pymongo.database import Database

from models import account_access, identities
from models.database import Document
from models.errors import ForbiddenError
from models.people import Actor, Permission, User
from tests import factories

ISSUER = "https://login.example.com"


def link(person: User, subject: str = "s-1") -> None:
    identities.person_of(ISSUER, subject, str(person.email), verified=True)


@pytest.fixture
def person(db: Database[Document]) -> User:
    person = factories.member()
    link(person)
    return person


def test_an_ended_link_is_gone_and_told_once(person: User, db: Database[Document]) -> None:
    assert [one.issuer for one in identities.links_of(person)] == [ISSUER]
    for _twice in range(2):
        identities.unlink(Actor.of(person), person)
    assert identities.links_of(person) == []
    [told] = db.audit.find({"event": "account.unlinked"})
    assert (told["subject"], told["details"]["issuer"]) == ("wang.fang", ISSUER)


def test_another_account_of_the_service_can_be_linked_after_that(person: User) -> None:
    with pytest.raises(ForbiddenError):
        link(person, "s-2")
    identities.unlink(Actor.of(person), person)
    link(person, "s-2")
    assert len(identities.links_of(person)) == 1


def test_only_who_may_change_the_account_ends_anothers_link(person: User) -> None:
    keeper = factories.user(
        "keeper", factories.role("keeper", permissions=[Permission.CONFIGURE_PEOPLE.value])
    )
    boss = factories.administrator()
    boss.update(email="boss@example.com")
    boss.reload()
    link(boss, "s-boss")
    for asking, user in ((factories.editor(), person), (keeper, boss)):
        with pytest.raises(ForbiddenError):
            account_access.unlink(asking, user)
        assert identities.links_of(user)
    account_access.unlink(keeper, person)
    assert identities.links_of(person) == []
