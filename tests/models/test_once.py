"""What is sent again because its answer was lost is done once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from models import records, workflow
from models.database import Document, db
from models.errors import ConflictError, InvalidError
from models.forms import LiveForm
from models.once import Sending, digest, once
from models.people import Actor, User
from models.planning import plan_creates
from tests import factories
from tests.factories import field

pytestmark = pytest.mark.usefixtures("db")

KEY = "k" * 24


@pytest.fixture
def sheet(db: object) -> LiveForm:
    return factories.form(field("name", required=True))


def create(person: User, sheet: LiveForm, sending: Sending, name: str = "one") -> Document:
    [change] = plan_creates(Actor.of(person), sheet, [{"name": name}], source="screen")
    about = {"record": change.record["_id"]}
    workflow.commit([change], sending.remember(about))
    return about


def test_the_same_thing_sent_twice_is_stored_once_and_answered_twice(sheet: LiveForm) -> None:
    person = factories.administrator()
    sending = Sending(person.id, KEY)
    first = once(sending, lambda: create(person, sheet, sending))
    again = once(sending, lambda: create(person, sheet, sending))
    assert first == again
    assert sheet.records().count_documents({}) == 1


def test_many_at_once_store_one(sheet: LiveForm) -> None:
    person = factories.administrator()
    sending = Sending(person.id, KEY)
    together = Barrier(8)

    def send(_number: int) -> Document:
        together.wait()
        return once(sending, lambda: create(person, sheet, sending))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert sheet.records().count_documents({}) == 1
    [stored] = sheet.records().find()
    assert answers == [{"record": stored["_id"]}] * 8


def test_a_key_stands_for_what_was_sent_with_it_first(sheet: LiveForm) -> None:
    person = factories.administrator()
    first, other = (Sending(person.id, KEY, digest(name)) for name in ("one", "two"))
    once(first, lambda: create(person, sheet, first))
    with pytest.raises(InvalidError, match="used for something else"):
        once(other, lambda: create(person, sheet, other, "two"))
    assert once(Sending(person.id, KEY, digest("one")), dict) == first.recall()
    assert sheet.records().count_documents({}) == 1


def test_what_was_refused_is_not_remembered(sheet: LiveForm) -> None:
    person = factories.administrator()
    sending = Sending(person.id, KEY)
    with pytest.raises(InvalidError):
        once(sending, lambda: create(person, sheet, sending, ""))
    assert sending.recall() is None
    once(sending, lambda: create(person, sheet, sending, "two"))
    assert [one["data"]["name"] for one in sheet.records().find()] == ["two"]


def test_what_is_not_stored_is_not_remembered_either(sheet: LiveForm) -> None:
    """The transaction fails after the key was written: both are gone."""
    person = factories.administrator()
    sending = Sending(person.id, KEY)
    record = records.create(Actor.of(person), sheet, {"name": "one"})
    late = records.plan_update(Actor.of(person), sheet, record["_id"], {"name": "two"}, revision=1)
    records.update(Actor.of(person), sheet, record["_id"], {"name": "three"}, revision=1)
    assert late
    with pytest.raises(Exception, match="saved this first"):
        workflow.commit([late], sending.remember({"record": record["_id"]}))
    assert sending.recall() is None
    assert db().sendings.count_documents({}) == 0


def test_the_key_of_one_person_means_nothing_for_another(sheet: LiveForm) -> None:
    one, other = factories.administrator(), factories.editor()
    once(Sending(one.id, KEY), lambda: create(one, sheet, Sending(one.id, KEY)))
    once(Sending(other.id, KEY), lambda: create(other, sheet, Sending(other.id, KEY)))
    assert sheet.records().count_documents({}) == 2


@pytest.mark.parametrize("key", ["", "short", "x" * 81, "with space in it....", "$where: 1 aaaaaaaaa"])
def test_a_key_that_is_none_is_refused(sheet: LiveForm, key: str) -> None:
    with pytest.raises(InvalidError):
        Sending(factories.administrator().id, key)


def test_who_was_refused_gets_nothing_by_an_earlier_attempt_that_is_still_under_way(sheet: LiveForm) -> None:
    """The first attempt has begun, when its sender gives it up, asks again and is refused."""
    person = factories.administrator()
    slow, again = Sending(person.id, KEY), Sending(person.id, KEY)

    def work() -> Document:
        with pytest.raises(InvalidError):
            once(again, lambda: create(person, sheet, again, ""))
        return create(person, sheet, slow)

    with pytest.raises(ConflictError):
        once(slow, work)
    assert sheet.records().count_documents({}) == 0
    once(again, lambda: create(person, sheet, again, "two"))
    assert [one["data"]["name"] for one in sheet.records().find()] == ["two"]


def test_who_would_be_refused_is_told_what_an_earlier_attempt_did_meanwhile(sheet: LiveForm) -> None:
    person = factories.administrator()
    slow, again = Sending(person.id, KEY), Sending(person.id, KEY)
    done = []

    def refused() -> Document:
        done.append(once(slow, lambda: create(person, sheet, slow)))
        return create(person, sheet, again, "")

    assert [once(again, refused)] == done
    assert sheet.records().count_documents({}) == 1
