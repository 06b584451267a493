"""Disposal: two people, a frozen list, a job that can be killed, and a tombstone for each record."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from bson import ObjectId
from openpyxl import load_workbook
from pymongo.client_session import ClientSession
from pymongo.database import Database

from models import comments, files, jobs, records, times
from models.audit import chain
from models.checks import check_clocks, check_histories
from models.database import Document
from models.errors import ConflictError, DomainError, ForbiddenError, InvalidError
from models.jobs import Job, RunningJob
from models.people import Actor
from models.retention import audit_log, carrying_out, checks, holds, lists, rules, sheet
from tests import factories
from tests.models.retention import shelves

Store = Database[Document]
pytestmark = pytest.mark.usefixtures("db")


def problems() -> list[str]:
    found = [*check_histories(), *chain.problems(), *checks.problems(), *check_clocks()]
    return [str(problem) for problem in found]


def test_all_that_is_about_a_record_goes_and_a_tombstone_stays(db: Store) -> None:
    live = shelves.form()
    file = shelves.paper()
    record = shelves.record(live, name="old", paper=[file])
    with times.set_clock(shelves.LONG_AGO):
        comments.add(factories.actor(), live, record, "see @editor")
        record = records.update(
            factories.actor(), live, record["_id"], {"name": "older"}, revision=1, partial=True
        )
    young = factories.record(live, name="young")
    db.notifications.insert_one({"form": live.key, "record": record["_id"], "key": "n"})
    list_id = shelves.dispose(live)
    assert shelves.outcomes(list_id) == {"removed": 1}
    for name in ("history", "comments", "duties", "clocks", "approvals", "filings", "notifications"):
        assert db[name].count_documents({"record": record["_id"]}) == 0, name
    assert [one["_id"] for one in live.records().find()] == [young["_id"]]
    assert db["files.files"].count_documents({"_id": file}) == 0
    assert db["files.chunks"].count_documents({"files_id": file}) == 0
    [tombstone] = db.disposals.find()
    assert tombstone["_id"] == record["_id"]
    assert (tombstone["number"], tombstone["seal"], tombstone["list"]) == ("R-0001", record["seal"], list_id)
    assert problems() == []


def test_numbers_of_what_is_gone_are_not_given_again(db: Store) -> None:
    live = shelves.form()
    shelves.old(live, 2)
    shelves.dispose(live)
    db.counters.delete_many({})  # as if another pattern made the same numbers
    made = factories.record(live, name="new")
    assert (made["number"], made["data"]["serial"]) == ("R-0003", "S-0003")


def test_nobody_approves_their_own_list() -> None:
    live = shelves.form()
    shelves.old(live, 1)
    list_id = lists.draw(shelves.keeper(), live)
    with pytest.raises(ForbiddenError):
        lists.approve(shelves.keeper(), list_id, "en")
    with pytest.raises(ForbiddenError):
        lists.approve(factories.editor(), list_id, "en")
    assert Job.objects(kind="disposal").count() == 0
    lists.approve(shelves.second(), list_id, "en")
    with pytest.raises(ConflictError):
        lists.approve(shelves.second(), list_id, "en")


def test_a_job_without_an_approved_list_removes_nothing() -> None:
    live = shelves.form()
    shelves.old(live, 1)
    list_id = lists.draw(shelves.keeper(), live)
    forged = jobs.enqueue("disposal", shelves.second(), {"list": list_id}, form=live.key)
    with pytest.raises(DomainError):
        carrying_out.run(factories.claimed(forged))
    assert live.records().count_documents({}) == 1


def test_who_lost_the_right_since_approving_removes_nothing() -> None:
    live = shelves.form()
    shelves.old(live, 1)
    _list_id, job = shelves.approved(live)
    shelves.second().update(roles=[])
    with pytest.raises(ForbiddenError):
        carrying_out.run(factories.claimed(job))
    assert live.records().count_documents({}) == 1


def test_only_what_stands_on_the_list_goes() -> None:
    live = shelves.form()
    shelves.old(live, 2)
    list_id, job = shelves.approved(live)
    later = shelves.record(live, name="old, too")
    carrying_out.run(factories.claimed(job))
    assert shelves.outcomes(list_id) == {"removed": 2}
    assert [one["_id"] for one in live.records().find()] == [later["_id"]]


def test_what_changed_or_is_held_meanwhile_stays_and_is_reported() -> None:
    live = shelves.form()
    [changed, held, _gone] = shelves.old(live, 3)
    list_id, job = shelves.approved(live)
    records.update(factories.actor(), live, changed["_id"], {"name": "x"}, revision=1, partial=True)
    holds.set_on(shelves.keeper(), live, "court case", record=held)
    carrying_out.run(factories.claimed(job))
    assert shelves.outcomes(list_id) == {"changed": 1, "held": 1, "removed": 1}
    assert sorted(one["_id"] for one in live.records().find()) == sorted([changed["_id"], held["_id"]])


def test_a_hold_on_the_form_or_a_longer_rule_stops_an_approved_list() -> None:
    live = shelves.form()
    shelves.old(live, 2)
    list_id, job = shelves.approved(live)
    hold = holds.set_on(shelves.keeper(), live, "court case")
    carrying_out.run(factories.claimed(job))
    assert shelves.outcomes(list_id) == {"held": 2}
    with pytest.raises(DomainError):
        lists.draw(shelves.keeper(), live)
    holds.lift(shelves.keeper(), hold, "over", live)
    second, job = shelves.approved(live)
    shelves.keep(live, months=72)
    carrying_out.run(factories.claimed(job))
    assert shelves.outcomes(second) == {"rule": 2}


def test_what_another_record_refers_to_stays_until_that_one_goes() -> None:
    live = shelves.form()
    [alone, _wanted] = shelves.old(live, 2)
    other = factories.form(
        factories.field("name"), factories.field("of", "reference", form=live.key), key="other"
    )
    refers = factories.record(other, name="living", of=str(alone["_id"]))
    list_id = shelves.dispose(live)
    assert shelves.outcomes(list_id) == {"referred": 1, "removed": 1}
    records.delete(Actor.of(factories.administrator()), other, refers["_id"], revision=1, reason="wrong")
    assert shelves.outcomes(shelves.dispose(live)) == {"removed": 1}


def test_a_chain_of_references_goes_in_one_list() -> None:
    live = factories.form(factories.field("name"), factories.field("of", "reference", form="sheet"))
    shelves.keep(live)
    last = None
    for number in range(4):
        last = shelves.record(live, name=str(number), of=str(last["_id"]) if last else None)
    assert shelves.outcomes(shelves.dispose(live)) == {"removed": 4}


def test_a_killed_worker_leaves_nothing_half_done_and_another_goes_on(
    db: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = shelves.form()
    shelves.old(live, 7)
    list_id, job = shelves.approved(live)
    monkeypatch.setattr(carrying_out, "BATCH", 2)
    first = factories.claimed(job)
    kill = partial(_keep_position_and_die, first, at=4)
    monkeypatch.setattr(first, "keep_position", kill)
    with pytest.raises(KeyboardInterrupt):
        carrying_out.run(first)
    assert live.records().count_documents({}) == 5
    assert db.disposals.count_documents({}) == db.disposal_items.count_documents({"outcome": "removed"}) == 2
    with times.set_clock(datetime.now(UTC) + timedelta(minutes=5)):
        second = factories.claimed(job, "w2")
        carrying_out.run(second)
    assert shelves.outcomes(list_id) == {"removed": 7}
    assert db.disposals.count_documents({}) == 7
    assert db.audit.count_documents({"event": "disposal.finished"}) == 1
    assert problems() == []
    assert Job.objects.get(id=job.id).state == "done"


def _keep_position_and_die(
    job: RunningJob, position: Document, done: int, total: int, session: ClientSession, *, at: int
) -> None:
    if done >= at:
        raise KeyboardInterrupt
    RunningJob.keep_position(job, position, done, total, session)


def test_a_worker_that_dies_at_the_very_end_is_followed_by_one_that_just_ends(
    monkeypatch: pytest.MonkeyPatch, db: Store
) -> None:
    live = shelves.form()
    shelves.old(live, 1)
    _list_id, job = shelves.approved(live)
    first = factories.claimed(job)
    monkeypatch.setattr(first, "finish", _die)
    with pytest.raises(KeyboardInterrupt):
        carrying_out.run(first)
    with times.set_clock(datetime.now(UTC) + timedelta(minutes=5)):
        second = factories.claimed(job, "w2")
        carrying_out.run(second)
    assert Job.objects.get(id=job.id).state == "done"
    assert db.audit.count_documents({"event": "disposal.finished"}) == 1


def _die(*_arguments: object, **_named: object) -> None:
    raise KeyboardInterrupt


def test_a_list_whose_job_was_stopped_is_approved_anew() -> None:
    live = shelves.form()
    shelves.old(live, 1)
    list_id, job = shelves.approved(live)
    jobs.request_cancel(job)
    assert lists.broke_off(lists.get(list_id))
    again = lists.approve(shelves.second(), list_id, "en")
    carrying_out.run(factories.claimed(again))
    assert shelves.outcomes(list_id) == {"removed": 1}


def test_a_list_can_be_put_aside_with_a_reason_and_another_be_drawn_up() -> None:
    live = shelves.form()
    shelves.old(live, 1)
    list_id = lists.draw(shelves.keeper(), live)
    with pytest.raises(ConflictError):
        lists.draw(shelves.second(), live)
    with pytest.raises(InvalidError):
        lists.reject(shelves.second(), list_id, " ")
    lists.reject(shelves.second(), list_id, "not yet")
    with pytest.raises(ConflictError):
        lists.approve(shelves.second(), list_id, "en")
    assert lists.draw(shelves.second(), live)
    assert live.records().count_documents({}) == 1


def test_no_list_without_a_rule_or_without_anything_due(db: Store) -> None:
    live = shelves.form()
    for _attempt in range(2):
        with pytest.raises(DomainError, match="Nothing is due"):
            lists.draw(shelves.keeper(), live)
    rules.save(shelves.keeper(), live, {"months": ""})
    with pytest.raises(DomainError, match="no rule"):
        lists.draw(shelves.keeper(), live)
    assert db.disposal_lists.count_documents({}) == 0


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ({"number": "R-0009"}, "what remains of it was changed"),
        ({"seal": "x"}, "what remains of it was changed"),
        ({"list": ObjectId()}, "no disposal list names it"),
    ],
)
def test_a_changed_tombstone_is_found(db: Store, harm: Document, said: str) -> None:
    live = shelves.form()
    shelves.old(live, 2)
    shelves.dispose(live)
    db.disposals.update_one({"number": "R-0001"}, {"$set": harm})
    assert said in "\n".join(problems())


def test_a_tombstone_that_was_taken_away_or_put_on_a_living_record_is_found(db: Store) -> None:
    live = shelves.form()
    shelves.old(live, 1)
    list_id = shelves.dispose(live)
    young = factories.record(live, name="young")
    [tombstone] = db.disposals.find()
    db.disposals.insert_one({**tombstone, "_id": young["_id"], "number": young["number"]})
    assert "it was disposed of, but it is there" in "\n".join(problems())
    db.disposals.delete_many({"list": list_id})
    assert "what remains of it was changed" in "\n".join(problems())


def test_every_step_is_audited(db: Store) -> None:
    live = shelves.form()
    shelves.old(live, 2)
    shelves.dispose(live)
    said = [
        (one["event"], one["by_name"], one["details"].get("count"))
        for one in db.audit.find({"group": "disposal"}).sort("_id", 1)
    ]
    assert said == [
        ("disposal.drawn", "keeper", 2),
        ("disposal.approved", "second", 2),
        ("disposal.finished", "second", 2),
    ]


def test_the_list_leaves_as_a_workbook() -> None:
    live = shelves.form()
    [_one, other] = shelves.old(live, 2)
    shelves.into_bin(live, other)
    list_id = lists.draw(shelves.keeper(), live)
    job = sheet.ask(shelves.keeper(), list_id, "en")
    sheet.run(factories.claimed(job))
    with files.open_file(Job.objects.get(id=job.id).file) as content:
        [written] = load_workbook(content).worksheets
    rows = list(written.iter_rows(values_only=True))
    assert rows[0] == ("Number", "Title", "Created", "Due since", "In the bin", "Revision", "Outcome")
    assert [(row[0], row[1], row[4], row[5]) for row in rows[1:]] == [
        ("R-0001", "old 0", "No", 1),
        ("R-0002", "old 1", "Yes", 2),
    ]


def test_the_audit_log_is_shortened_by_its_rule_unless_something_is_held(db: Store) -> None:
    live = shelves.form()
    with times.set_clock(shelves.LONG_AGO):
        holds.lift(shelves.keeper(), holds.set_on(shelves.keeper(), live, "case"), "over", live)
    with pytest.raises(InvalidError):
        rules.save_audit_log(shelves.keeper(), {"months": "5"})
    rules.save_audit_log(shelves.keeper(), {"months": "24"})
    standing = holds.set_on(shelves.keeper(), live, "case")
    assert audit_log.prune_due() == 0
    holds.lift(shelves.keeper(), standing, "over", live)
    before = db.audit.count_documents({})
    removed = audit_log.prune_due()
    assert removed == 0 or removed < before
    assert problems() == []
    assert audit_log.prune_due() == 0
