"""The small things everything else stands on: time, messages, errors, the connection."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pymongo.database import Database
from pymongo.errors import OperationFailure

from models import database, messages, storage, times
from models.definition import Definition, Label
from models.errors import ConflictError, DomainError, InvalidError, LockedError, NotFoundError
from models.files.scanning import ScannerError
from models.messages import Message, _, translate
from models.people import Actor, Department, Name, Role, User
from tests import every_type, factories

Store = Database[dict[str, Any]]


def test_the_present_is_in_whole_milliseconds_as_the_database_keeps_it(db: Store) -> None:
    moment = times.now()
    db.counters.insert_one({"_id": "now", "at": moment})
    assert (db.counters.find_one({"_id": "now"}) or {})["at"] == moment


def test_the_clock_stands_where_a_test_puts_it_and_goes_on_after() -> None:
    with times.set_clock(datetime(2026, 1, 31, 23, 0, tzinfo=UTC)):
        assert times.today(ZoneInfo("Asia/Shanghai")) == date(2026, 2, 1)
        assert times.today(ZoneInfo("America/New_York")) == date(2026, 1, 31)
    with pytest.raises(RuntimeError), times.set_clock(datetime(2026, 1, 31, 23, 0, tzinfo=UTC)):
        raise RuntimeError
    assert abs((times.now() - datetime.now(UTC)).total_seconds()) < 5


def test_writes_wait_for_a_majority_and_the_journal_and_times_are_aware(db: Store) -> None:
    assert db.write_concern.document == {"w": "majority", "j": True}
    assert db.codec_options.tz_aware


def test_a_transaction_counts_whole_or_not_at_all(db: Store) -> None:
    def fail(session: Any) -> None:
        db.counters.insert_one({"_id": "x"}, session=session)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        database.in_transaction(fail)
    assert db.counters.count_documents({}) == 0


def test_what_a_dead_process_holds_is_let_go_and_the_living_try_again(db: Store) -> None:
    db.counters.insert_one({"_id": "x", "value": 0})
    tries = []

    def count(session: Any) -> None:
        tries.append(session)
        db.counters.update_one({"_id": "x"}, {"$inc": {"value": 1}}, session=session)
        if len(tries) == 1:
            assert database.end_abandoned_transactions() == 0  # nobody has been idle for long
            assert database.end_abandoned_transactions(timedelta()) >= 1
        db.counters.insert_one({"_id": len(tries)}, session=session)

    with database.client().start_session() as dead:
        dead.start_transaction()
        db.counters.insert_one({"_id": "dead"}, session=dead)
        database.in_transaction(count)
        with pytest.raises(OperationFailure):
            dead.commit_transaction()
    assert len(tries) == 2
    assert {found["_id"]: found.get("value") for found in db.counters.find()} == {"x": 1, 2: None}


def test_who_thinks_for_long_between_writes_is_not_taken_for_dead(
    db: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What counts is since when nothing was asked for, not how long a transaction was idle in all."""
    pause = database.ABANDONED_AFTER.total_seconds() - 1
    with database.client().start_session() as slow, slow.start_transaction():
        for number in range(4):
            db.counters.insert_one({"_id": number}, session=slow)
            monkeypatch.setattr(database, "monotonic", lambda at=number * pause: at)
            assert database.end_abandoned_transactions() == 0
    assert db.counters.count_documents({}) == 4


def test_whoever_is_held_up_by_the_dead_ends_what_they_left(
    db: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No sweep runs here, and MongoDB itself would wait a minute."""
    monkeypatch.setattr(database, "HELD_UP_SECONDS", 0.0)
    monkeypatch.setattr(database, "ABANDONED_AFTER", timedelta())
    db.counters.insert_one({"_id": "x", "value": 0})
    tries = []

    def count(session: Any) -> None:
        tries.append(session)
        db.counters.update_one({"_id": "x"}, {"$inc": {"value": 1}}, session=session)

    with database.client().start_session() as dead:
        dead.start_transaction()
        db.counters.update_one({"_id": "x"}, {"$inc": {"value": 10}}, session=dead)
        database.in_transaction(count)
        with pytest.raises(OperationFailure):
            dead.commit_transaction()
    assert len(tries) == 1
    assert db.counters.find_one() == {"_id": "x", "value": 1}


def test_who_is_taken_for_dead_while_they_ask_for_something_tries_again(db: Store) -> None:
    db.counters.insert_many([{"_id": number} for number in range(2_000)])
    smaller = [{"$match": {"$expr": {"$lt": ["$_id", "$$own"]}}}, {"$count": "count"}]
    ranked = {"$lookup": {"from": "counters", "let": {"own": "$_id"}, "pipeline": smaller, "as": "smaller"}}
    tries = []

    def ask(session: Any) -> None:
        tries.append(session)
        db.counters.insert_one({"_id": "mine"}, session=session)
        if len(tries) == 1:
            list(db.counters.aggregate([ranked] * 20, session=session))

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(database.in_transaction, ask)
        while not (busy := sessions_at_work()):
            assert not asking.done()
        database.client().admin.command("killAllSessionsByPattern", busy, codec_options=database._UUIDS)
    asking.result()
    assert len(tries) == 2
    assert db.counters.count_documents({"_id": "mine"}) == 1


def sessions_at_work() -> list[dict[str, Any]]:
    """Return the sessions in whose transactions something is asked for right now."""
    admin = database.client().admin.with_options(database._UUIDS)
    at_work = {"$match": {"type": "op", "transaction": {"$exists": True}, "op": {"$ne": "insert"}}}
    found = admin.aggregate([{"$currentOp": {"allUsers": True}}, at_work])
    return [{"lsid": one["lsid"]} for one in found]


def test_indexes_can_be_made_at_every_start(db: Store) -> None:
    before = {name: set(db[name].index_information()) for name in db.list_collection_names()}
    storage.ensure_indexes()
    assert {name: set(db[name].index_information()) for name in db.list_collection_names()} == before


class Catalog:
    def gettext(self, message: str, /) -> str:
        return {"At most %(max)s rows.": "最多 %(max)s 行。", "rows": "行"}.get(message, message)


@pytest.fixture
def _catalog() -> Any:
    before = dict(messages._catalogs)
    messages.install_catalogs({"zh": Catalog()})
    yield
    messages.install_catalogs(before)


@pytest.mark.usefixtures("_catalog")
def test_a_message_is_read_in_the_language_of_its_reader() -> None:
    message = _("At most %(max)s rows.", max=5)
    assert (translate(message, "zh"), translate(message, "en"), str(message)) == (
        "最多 5 行。",
        *["At most 5 rows."] * 2,
    )
    assert translate("as it is %(x)s", "zh") == "as it is %(x)s"
    assert translate(_("100 %"), "zh") == "100 %"


@pytest.mark.usefixtures("_catalog")
@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (_("rows"), "行", "rows"),
        (Label(zh="数量", en="Quantity"), "数量", "Quantity"),
        (Name(zh="数量"), "数量", "数量"),
        ("%(max)s", "%(max)s", "%(max)s"),
        (5, "5", "5"),
    ],
)
def test_names_inside_a_message_are_translated_with_it(value: object, zh: str, en: str) -> None:
    message = _("%(max)s!", max=value)
    assert (translate(message, "zh"), translate(message, "en")) == (f"{zh}!", f"{en}!")


def test_messages_are_equal_by_text_and_values() -> None:
    assert _("a", n=[1]) == Message("a", {"n": [1]})
    assert _("a", n=1) != _("a", n=2)
    assert len({_("a", n=[1]), _("a", n=[1])}) == 1


MADE_OF: dict[type[DomainError], tuple[Any, ...]] = {
    InvalidError: ({"qty": [_("Too much.")]},),
    LockedError: (datetime(2026, 1, 1, tzinfo=UTC),),
    ScannerError: (),
}


@pytest.mark.parametrize("error", DomainError.__subclasses__())
def test_every_refusal_has_a_status_and_a_text_for_logs(error: type[DomainError]) -> None:
    made = error(*MADE_OF.get(error, (_("No."),)))
    assert 400 <= made.status < 500 or (error, made.status) == (ScannerError, 503)
    assert str(made)
    if isinstance(made, InvalidError):
        assert "qty: Too much." in str(made)


def test_a_conflict_carries_what_is_stored_and_not_found_gives_nothing_away() -> None:
    assert ConflictError(current=5).current == 5
    assert NotFoundError().message == NotFoundError().message


@pytest.mark.usefixtures("db")
def test_an_actor_is_a_user_with_their_language_and_clock() -> None:
    person = factories.user("mia", language="en", timezone="Europe/Berlin", department=factories.department())
    actor = Actor.of(person)
    assert (actor.id, actor.name, actor.language, actor.timezone.key) == (
        person.id,
        "mia",
        "en",
        "Europe/Berlin",
    )
    assert actor.department == person.department.id
    assert Actor.system().id is None


@pytest.mark.usefixtures("db")
def test_people_departments_and_roles_are_called_by_name_or_key() -> None:
    assert str(User(username="mia")) == "mia"
    assert str(Department(code="QA")) == "QA"
    assert str(Role(name="reader")) == "reader"
    assert str(Role(name="reader", label=Name(en="Reader"))) == "Reader"


def test_a_definition_survives_its_own_dump() -> None:
    definition = every_type.unpublished().definition
    assert Definition.load(definition.dump()) == definition
    assert str(definition.label) == "表"
