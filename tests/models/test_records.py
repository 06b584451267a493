"""Changes of records: one transaction each, nobody overwrites anybody, nothing is forgotten."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Decimal128, ObjectId
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import OperationFailure

from models import changes, checks, database, files, history, records
from models.database import Document, in_transaction
from models.errors import ConflictError, DomainError, InvalidError, NotFoundError, TooLargeError
from models.forms import LiveForm
from models.messages import translate
from models.people import Actor
from tests import factories

Store = Database[dict[str, Any]]
EDITORS = 12


def sealed(live: LiveForm, record: Document) -> bool:
    """Tell whether a record has one entry for each revision, in an unbroken chain up to its own seal."""
    entries = history.of_record(live.key, record["_id"])
    stored = live.records().find_one({"_id": record["_id"]})
    assert stored
    expected = list(range(stored["revision"], 0, -1))
    return [entry["revision"] for entry in entries] == expected and not list(checks.check_histories())


def requests() -> int:
    """Return how often the database was asked something since it started."""
    status = database.db().command("serverStatus")
    return int(status["network"]["numRequests"])


def change(live: LiveForm, record: Document, **raw: object) -> Document:
    return records.update(factories.actor(), live, record["_id"], raw, revision=record["revision"])


@pytest.mark.usefixtures("db")
def test_a_new_record_knows_who_made_it_when_and_under_which_version() -> None:
    live, person = factories.form(), factories.editor()
    made = factories.record(live, person, name="弹簧", qty="5")
    stored = live.records().find_one({"_id": made["_id"]})
    assert stored == made
    assert stored["data"] == {"name": "弹簧", "qty": 5}
    assert (stored["owner"], stored["created_by"], stored["department"]) == (
        person.id,
        person.id,
        person.department.id,
    )
    assert (stored["form_version"], stored["revision"], stored["state"], stored["deleted_at"]) == (
        1,
        1,
        None,
        None,
    )
    assert (stored["title"], stored["search"]) == ("弹簧", ["弹簧", "簧"])


@pytest.mark.usefixtures("db")
def test_of_two_editors_the_second_is_told_and_shown_what_is_stored() -> None:
    live = factories.form()
    record = factories.record(live, name="a", qty=1)
    change(live, record, qty=2)
    with pytest.raises(ConflictError) as conflict:
        change(live, record, qty=3)
    assert conflict.value.current["data"]["qty"] == 2
    assert sealed(live, record)


@pytest.mark.usefixtures("db")
def test_of_many_editors_at_once_exactly_one_wins_each_round() -> None:
    live = factories.form()
    record = factories.record(live, name="a", qty=0)

    def edit(number: int) -> int:
        try:
            change(live, record, qty=number)
        except ConflictError:
            return 0
        return number

    for turn in range(1, 6):
        with ThreadPoolExecutor(EDITORS) as pool:
            won = [number for number in pool.map(edit, range(turn * 100, turn * 100 + EDITORS)) if number]
        record = live.records().find_one({"_id": record["_id"]}) or {}
        assert [record["data"]["qty"]] == won
        assert record["revision"] == turn + 1
    assert sealed(live, record)


@pytest.mark.usefixtures("db")
def test_an_edit_and_a_deletion_at_once_never_both_happen() -> None:
    live, actor = factories.form(), factories.actor()
    for turn in range(8):
        record = factories.record(live, name="a", qty=turn)
        with ThreadPoolExecutor(2) as pool:
            edit = pool.submit(change, live, record, qty=-1)
            removal = pool.submit(records.delete, actor, live, record["_id"], revision=1, reason="x")
        assert (edit.exception() is None) != (removal.exception() is None)
        assert isinstance(edit.exception() or removal.exception(), ConflictError | NotFoundError)
        assert sealed(live, record)


@pytest.mark.usefixtures("db")
def test_history_keeps_raw_values_and_who_and_why() -> None:
    live = factories.form(
        factories.field("name"), factories.field("price", "money"), factories.field("on", "date")
    )
    made = factories.record(live, name="a", price={"amount": "12.50", "currency": "CNY"})
    records.update(
        factories.actor(factories.editor()), live, made["_id"],
        {"price": {"amount": "13", "currency": "CNY"}, "on": "2026-02-03", "name": ""},
        revision=1, reason="  wrong price ", source="api",
    )  # fmt: skip
    entry, first = history.of_record(live.key, made["_id"])
    assert entry["changes"] == [
        {"field": "name", "before": "a", "after": None},
        {"field": "price", "before": {"amount": Decimal128("12.50"), "currency": "CNY"},
         "after": {"amount": Decimal128("13.00"), "currency": "CNY"}},
        {"field": "on", "before": None, "after": "2026-02-03"},
    ]  # fmt: skip
    assert (entry["by_name"], entry["reason"], entry["source"], entry["action"]) == (
        "编辑",
        "wrong price",
        "api",
        "updated",
    )
    assert (first["action"], first["before_seal"]) == ("created", "")
    assert first["at"] == made["created_at"]
    assert sealed(live, made)


@pytest.mark.usefixtures("db")
def test_saving_without_a_difference_writes_nothing() -> None:
    live = factories.form()
    record = factories.record(live, name="a", qty=1)
    assert change(live, record, name=" a ", qty="1")["revision"] == 1
    assert len(history.of_record(live.key, record["_id"])) == 1


@pytest.mark.usefixtures("db")
def test_an_edit_under_a_newer_version_moves_the_record_and_keeps_what_it_no_longer_shows() -> None:
    live = factories.form(factories.field("name"), factories.field("old_remark"))
    record = factories.record(live, name="a", old_remark="signed by hand")
    newer = factories.republish(live, fields=[factories.field("name")], list_columns=["name"])
    changed = change(newer, record, name="b")
    assert changed["form_version"] == 2
    assert changed["data"] == {"name": "b", "old_remark": "signed by hand"}
    assert change(newer, changed, name="b") == changed
    assert sealed(newer, record)


def test_a_failing_transaction_leaves_no_trace(db: Store) -> None:
    live = factories.form()
    record = factories.record(live, name="a")

    def fail(_session: ClientSession) -> None:
        raise RuntimeError

    plans = records.plan_creates(factories.actor(), live, [{"name": "b"}], source="api")
    step = records.plan_update(factories.actor(), live, record["_id"], {"name": "c"}, revision=1)
    assert step
    with pytest.raises(RuntimeError):
        records.commit([*plans, step], fail)
    assert [found["data"] for found in live.records().find()] == [{"name": "a"}]
    assert db.history.count_documents({}) == 1


@pytest.mark.usefixtures("db")
def test_a_batch_is_all_or_nothing() -> None:
    live, actor = factories.form(), factories.actor()
    stored = [factories.record(live, name=str(n)) for n in range(3)]
    steps = [records.plan_update(actor, live, one["_id"], {"qty": 1}, revision=1) for one in stored]
    change(live, stored[2], name="faster")
    with pytest.raises(ConflictError):
        records.commit([step for step in steps if step])
    assert live.records().count_documents({"data.qty": 1}) == 0


@pytest.mark.usefixtures("db")
def test_five_hundred_records_go_in_one_transaction_of_few_steps() -> None:
    live = factories.form(numbering="N{seq}")
    before = requests()
    plans = records.plan_creates(
        factories.actor(), live, [{"name": str(n)} for n in range(500)], source="import"
    )
    records.commit(plans)
    assert requests() - before < 20
    assert [plan.record["number"] for plan in plans] == [f"N{n}" for n in range(1, 501)]
    assert live.records().count_documents({}) == 500
    assert list(checks.check_histories()) == []


@pytest.mark.usefixtures("db")
def test_creating_and_changing_a_record_take_few_steps() -> None:
    live, actor = factories.form(numbering="N{seq}"), factories.actor()
    before = requests()
    made = records.create(actor, live, {"name": "x"})
    assert requests() - before <= 15
    before = requests()
    records.update(actor, live, made["_id"], {"name": "y"}, revision=1)
    assert requests() - before <= 10


@pytest.mark.usefixtures("db")
def test_a_record_goes_to_the_bin_and_back() -> None:
    live, actor = factories.form(), factories.actor()
    record = factories.record(live, name="a", qty=1)
    gone = records.delete(actor, live, record["_id"], revision=1, reason="twice")
    assert gone["deleted_at"]
    with pytest.raises(NotFoundError):
        change(live, gone, name="b")
    with pytest.raises(NotFoundError):
        records.delete(actor, live, record["_id"], revision=2, reason="again")
    back = records.restore(actor, live, record["_id"], reason="it was needed")
    assert (back["deleted_at"], back["revision"], back["data"]) == (None, 3, {"name": "a", "qty": 1})
    with pytest.raises(NotFoundError):
        records.restore(actor, live, record["_id"])
    actions = [entry["action"] for entry in history.of_record(live.key, record["_id"])]
    assert actions == ["restored", "deleted", "created"]
    assert sealed(live, record)


@pytest.mark.usefixtures("db")
def test_two_who_restore_at_once_restore_once() -> None:
    live, actor = factories.form(), factories.actor()
    record = factories.record(live, name="a")
    records.delete(actor, live, record["_id"], revision=1, reason="x")
    with ThreadPoolExecutor(6) as pool:
        tries = [pool.submit(records.restore, actor, live, record["_id"]) for _turn in range(6)]
    assert sum(one.exception() is None for one in tries) == 1
    assert sealed(live, record)


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("reason", ["", "  ", "\n", "x" * 2001, "a\0b", "\ud800"])
def test_a_reason_that_says_nothing_or_cannot_be_stored_is_refused(reason: str) -> None:
    live = factories.form()
    record = factories.record(live, name="a")
    with pytest.raises(InvalidError) as refused:
        records.delete(factories.actor(), live, record["_id"], revision=1, reason=reason)
    assert list(refused.value.errors) == ["reason"]
    assert sealed(live, record)


def unique_form() -> LiveForm:
    price = factories.field("price", "decimal", unique=True)
    code = factories.field("code", unique=True, label={"zh": "代码", "en": "Code"})
    return factories.form(factories.field("name"), code, price)


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(("key", "value"), [("code", "A1"), ("price", "1.0")])
def test_a_value_that_is_taken_is_refused_beside_its_field(key: str, value: object) -> None:
    live = unique_form()
    raw: Document = {key: value}
    factories.record(live, **raw)
    other = factories.record(live, name="other")
    with pytest.raises(InvalidError) as of_new:
        factories.record(live, **raw)
    with pytest.raises(InvalidError) as of_changed:
        change(live, other, **raw)
    assert list(of_new.value.errors) == list(of_changed.value.errors) == [key]
    factories.record(live)  # empty is not a value


@pytest.mark.usefixtures("db")
def test_the_message_names_the_field_in_the_language_of_the_reader() -> None:
    live = unique_form()
    factories.record(live, code="A1")
    with pytest.raises(InvalidError) as refused:
        factories.record(live, code="A1")
    [message] = refused.value.errors["code"]
    assert "代码" in translate(message, "zh")
    assert "Code" in translate(message, "en")


@pytest.mark.usefixtures("db")
def test_a_unique_value_is_free_while_its_record_is_in_the_bin() -> None:
    live, actor = unique_form(), factories.actor()
    first = factories.record(live, code="A1")
    records.delete(actor, live, first["_id"], revision=1, reason="x")
    second = factories.record(live, code="A1")
    with pytest.raises(InvalidError) as refused:
        records.restore(actor, live, first["_id"])
    assert list(refused.value.errors) == ["code"]
    records.delete(actor, live, second["_id"], revision=1, reason="x")
    assert records.restore(actor, live, first["_id"])["deleted_at"] is None
    assert sealed(live, first)


@pytest.mark.usefixtures("db")
def test_of_twenty_who_take_a_unique_value_at_once_one_gets_it() -> None:
    live, actor = unique_form(), factories.actor()

    def take(_turn: int) -> bool:
        try:
            records.create(actor, live, {"code": "same"})
        except InvalidError as refused:
            return "code" not in refused.errors
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(take, range(20))) == 1
    assert live.records().count_documents({}) == 1


@pytest.mark.usefixtures("db")
def test_swapping_unique_values_in_one_batch_is_refused_cleanly() -> None:
    live, actor = unique_form(), factories.actor()
    one, two = factories.record(live, code="1"), factories.record(live, code="2")
    steps = [
        records.plan_update(actor, live, one["_id"], {"code": "2"}, revision=1),
        records.plan_update(actor, live, two["_id"], {"code": "1"}, revision=1),
    ]
    with pytest.raises(InvalidError):
        records.commit([step for step in steps if step])
    assert sealed(live, one)


@pytest.mark.usefixtures("db")
def test_a_value_made_unique_by_a_version_this_process_does_not_know_yet_is_refused() -> None:
    live = factories.form()
    code = factories.field("code", unique=True)
    newer = factories.republish(live, fields=[*live.definition.dump()["fields"], code])
    factories.record(newer, name="a", code="1")
    other = factories.record(newer, name="b", code="2")
    live.records().update_one({"_id": other["_id"]}, {"$unset": {"data.code": ""}})
    stale = records.plan_update(factories.actor(), live, other["_id"], {"name": "c"}, revision=1)
    assert stale
    stale.record["data"]["code"] = "1"
    with pytest.raises(InvalidError) as refused:
        records.commit([stale])
    assert list(refused.value.errors) == ["code"]


def long_form(count: int = 60) -> LiveForm:
    return factories.form(*[factories.field(f"t{n}", "long_text", max_length=100_000) for n in range(count)])


def test_a_record_of_seventeen_megabytes_is_refused(db: Store) -> None:
    live = long_form()
    raw: Document = {f"t{n}": "字" * 99_000 for n in range(60)}
    with pytest.raises(TooLargeError):
        factories.record(live, **raw)
    assert live.records().count_documents({}) == db.history.count_documents({}) == 0


@pytest.mark.usefixtures("db")
def test_the_largest_record_can_still_be_changed_in_every_field() -> None:
    live = long_form(24)
    raw: Document = {f"t{n}": "字" * 96_000 for n in range(24)}
    record = factories.record(live, **raw)
    assert change(live, record, **{f"t{n}": "典" * 96_000 for n in range(24)})["revision"] == 2
    assert sealed(live, record)


def test_too_many_changes_for_one_message_still_go_together(db: Store) -> None:
    live = long_form(24)
    raw = {f"t{n}": "字" * 96_000 for n in range(24)}
    records.commit(records.plan_creates(factories.actor(), live, [raw] * 9, source="import"))
    assert db.history.count_documents({}) == 9


@pytest.mark.usefixtures("db")
def test_a_title_is_one_short_line() -> None:
    live = factories.form(
        factories.field("note", "long_text"), factories.field("name"), title_fields=["note", "name"]
    )
    assert factories.record(live, note="a\n b\t c", name="d")["title"] == "a b c d"
    assert len(factories.record(live, note="x" * 1000)["title"]) == 200
    numbered = factories.republish(live, numbering="N{seq}", title_fields=["name"])
    assert factories.record(numbered, note="no name")["title"] == "N1"
    assert factories.record(live)["title"] == ""


@pytest.mark.usefixtures("db")
def test_the_system_may_write_for_nobody() -> None:
    live = factories.form()
    made = records.create(Actor.system(), live, {"name": "x"}, source="pack")
    assert (made["owner"], made["created_by"], made["department"]) == (None, None, None)
    assert history.of_record(live.key, made["_id"])[0]["by_name"] == "system"


@pytest.mark.usefixtures("db")
def test_a_record_taken_over_keeps_the_time_it_came_from() -> None:
    live, then = factories.form(), datetime(2019, 5, 1, 8, tzinfo=UTC)
    [plan] = records.plan_creates(factories.actor(), live, [{"name": "x"}], source="import", at=then)
    records.commit([plan])
    assert (plan.record["created_at"], plan.entry["at"]) == (then, then)
    assert sealed(live, plan.record)


@pytest.mark.usefixtures("db")
def test_a_record_that_is_not_there_is_not_found() -> None:
    live = factories.form()
    with pytest.raises(NotFoundError):
        records.update(factories.actor(), live, ObjectId(), {"name": "x"}, revision=1)


def test_an_effect_is_stored_with_its_cause_or_not_at_all(db: Store) -> None:
    live = factories.form()
    effect = {"_id": ObjectId(), "kind": "notify", "key": "once", "payload": {}}
    for turn in range(2):
        [plan] = records.plan_creates(factories.actor(), live, [{"name": str(turn)}], source="api")
        plan.effects.append({**effect, "_id": ObjectId()})
        if turn:
            with pytest.raises(DomainError):
                records.commit([plan])
        else:
            records.commit([plan])
    assert live.records().count_documents({}) == db.outbox.count_documents({}) == 1


def test_nothing_to_do_needs_no_database() -> None:
    changes.commit([])


@pytest.mark.usefixtures("db")
def test_a_file_claimed_by_a_record_that_failed_stays_free() -> None:
    live = factories.form(factories.field("name", unique=True), factories.field("papers", "attachment"))
    person = factories.editor()
    factories.record(live, person, name="same")
    upload = kept(person.id)
    with pytest.raises(InvalidError):
        factories.record(live, person, name="same", papers=[str(upload)])
    assert files.info(upload)["claimed_by"] is None
    made = factories.record(live, person, name="other", papers=[str(upload)])
    assert files.info(upload)["claimed_by"] == {"form": live.key, "record": made["_id"]}
    with pytest.raises(InvalidError):
        factories.record(live, person, name="third", papers=[str(upload)])


def kept(owner: ObjectId | None) -> ObjectId:
    return files.store(io.BytesIO(b"hello"), "a.txt", owner, purpose="upload", max_bytes=100)


@pytest.mark.usefixtures("db")
def test_of_two_records_that_claim_a_file_at_once_one_gets_it() -> None:
    live = factories.form(factories.field("papers", "attachment"))
    person = factories.editor()
    upload = kept(person.id)
    plans = [
        records.plan_creates(factories.actor(person), live, [{"papers": [str(upload)]}], source="screen")
        for _turn in range(2)
    ]
    with ThreadPoolExecutor(2) as pool:
        tries = [pool.submit(records.commit, plan) for plan in plans]
    assert sorted(type(one.exception()).__name__ for one in tries) == ["InvalidError", "NoneType"]


@pytest.mark.usefixtures("db")
def test_a_transaction_that_meets_another_is_tried_again() -> None:
    tries, reason = list[int](), "write conflict"

    def work(session: ClientSession) -> None:
        tries.append(1)
        database.db().counters.update_one({"_id": "x"}, {"$inc": {"n": 1}}, upsert=True, session=session)
        if len(tries) == 1:
            raise OperationFailure(reason, 112, {"errorLabels": ["TransientTransactionError"]})

    in_transaction(work)
    assert len(tries) == 2
    assert database.db().counters.find_one({"_id": "x"}) == {"_id": "x", "n": 1}
