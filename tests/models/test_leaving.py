"""Somebody leaves: what is still theirs is found, handed over with its history, and their account ends."""

from datetime import timedelta

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import accounts, api_tokens, delegations, directory, edits, forms, leaving, outbox
from models import reassigning as _reassigning  # noqa: F401  (its effects are carried out here)
from models.database import Document
from models.errors import ForbiddenError, InvalidError
from models.forms import LiveForm
from models.jobs import Job
from models.leaving import Fate, Finding, Plan
from models.people import Department, Permission, User
from models.times import today
from tests import factories
from tests.factories import field, one_task
from tests.models import dying

FIELDS = [field("name", required=True), field("holder", "person")]
WORKFLOW = one_task(fields=["@owner"])


@pytest.fixture
def live(db: Database[Document]) -> LiveForm:
    del db
    return factories.form(*FIELDS, workflow=WORKFLOW)


def amy() -> User:
    return factories.editor()


def bob() -> User:
    return factories.user("bob", factories.editor().roles[0], name="Bob", department=factories.department())


def look(leaver: User) -> dict[str, Finding]:
    return {one.kind: one for one in leaving.look(factories.administrator(), leaver)}


def leave(leaver: User, **plan: ObjectId) -> Job | None:
    seen = edits.stamp(leaver, accounts.USER_ATTRIBUTES)
    return leaving.leave(factories.administrator(), leaver, Plan(**plan), seen=seen)


def run(job: Job | None) -> Document:
    assert job is not None
    leaving.hand_over(factories.claimed(job))
    return dict(Job.objects.get(id=job.id).result)


def history(db: Database[Document], record: Document) -> Document:
    found: Document | None = db.history.find_one({"record": record["_id"]}, sort=[("revision", -1)])
    assert found is not None
    return found


def test_somebody_with_nothing_leaves_nothing(live: LiveForm) -> None:
    del live
    assert look(factories.user("idle", factories.editor().roles[0])) == {}


def test_tasks_records_and_fields_that_name_somebody_are_found(live: LiveForm) -> None:
    mine = factories.record(live, amy(), name="A")
    factories.record(live, bob(), name="B", holder=str(amy().id))
    found = look(amy())
    assert {kind: one.count for kind, one in found.items() if kind in {"duties", "owned", "named"}} == {
        "duties": 1,
        "owned": 1,
        "named": 1,
    }
    assert found["owned"].examples[0].url == f"/records/sheet/{mine['_id']}"
    assert (found["owned"].fate, found["named"].fate) == (Fate.RECORDS, Fate.STAYS)


def test_what_is_done_is_nobodys_burden(live: LiveForm, db: Database[Document]) -> None:
    record = factories.record(live, amy(), name="A", holder=str(amy().id))
    db[live.collection].update_one({"_id": record["_id"]}, {"$set": {"state": "done"}})
    assert not {"owned", "named"} & set(look(amy()))


def test_titles_stay_hidden_from_whoever_may_not_open_the_form(live: LiveForm) -> None:
    factories.record(live, amy(), name="Secret")
    keeper = factories.user(
        "keeper", factories.role("keeper", permissions=[Permission.CONFIGURE_PEOPLE.value])
    )
    found = leaving.look(keeper, amy())
    assert [one.count for one in found if one.kind == "owned"] == [1]
    assert "Secret" not in str([one.examples for one in found])
    assert not [
        example.url
        for one in found
        if one.kind in {"owned", "duties"}
        for example in one.examples
        if example.url
    ]


def test_only_who_administers_people_looks_and_ends_accounts(live: LiveForm) -> None:
    del live
    with pytest.raises(ForbiddenError):
        leaving.look(bob(), amy())
    with pytest.raises(ForbiddenError):
        leaving.leave(bob(), amy(), Plan(), seen=edits.stamp(amy(), accounts.USER_ATTRIBUTES))
    assert User.objects.get(username="editor").active


def test_posts_roles_keys_and_delegations_are_found(live: LiveForm) -> None:
    del live
    department = factories.department()
    department.update(head=amy().id, deputies=[bob().id])
    alone = factories.role("only_one")
    amy().update(push__roles=alone)
    api_tokens.create(amy(), "robot", 30)
    day = today(factories.actor().timezone)
    delegations.create(amy(), amy(), bob(), first=day, last=day + timedelta(days=3))
    delegations.create(bob(), bob(), amy(), first=day, last=day)
    found = look(User.objects.get(username="editor"))
    assert {"heads", "only_holder", "keys", "given", "taken"} <= set(found)
    assert [one.text for one in found["only_holder"].examples] == ["only_one"]
    assert "heads" not in look(bob())
    assert "deputies" in look(bob())


def test_procedures_that_name_somebody_are_found(db: Database[Document]) -> None:
    del db
    states = [{**WORKFLOW["states"][0], "who": {"people": ["editor"]}}, WORKFLOW["states"][1]]
    amy()
    factories.form(*FIELDS, workflow={**WORKFLOW, "states": states})
    assert look(amy())["procedures"].count == 1


def test_records_go_to_the_successor_with_actor_and_reason(live: LiveForm, db: Database[Document]) -> None:
    ids = [factories.record(live, amy(), name=str(at))["_id"] for at in range(3)]
    done = factories.record(live, amy(), name="done")
    db[live.collection].update_one({"_id": done["_id"]}, {"$set": {"state": "done"}})
    result = run(leave(amy(), records=bob().id, tasks=bob().id))
    assert (result["moved"], result["left"]) == (3, 0)
    found = list(db[live.collection].find({"_id": {"$in": ids}}))
    assert {one["owner"] for one in found} == {bob().id}
    entry = history(db, found[0])
    assert (entry["by"], entry["source"]) == (factories.administrator().id, "handover")
    assert "编辑" in entry["reason"]
    assert {change["field"] for change in entry["changes"]} == {"@owner"}
    assert db[live.collection].find_one({"_id": done["_id"]})["owner"] == amy().id  # type: ignore[index]


def test_the_successor_hears_once_of_everything_and_owes_it(live: LiveForm, db: Database[Document]) -> None:
    for at in range(3):
        factories.record(live, amy(), name=str(at))
    outbox.carry_out_due()
    db.notifications.delete_many({})
    run(leave(amy(), records=bob().id, tasks=bob().id))
    outbox.carry_out_due()
    assert db.duties.count_documents({"people": bob().id, "done_at": None}) == 3
    assert db.duties.count_documents({"people": amy().id, "done_at": None}) == 0
    told = [
        one
        for one in db.notifications.find({"person": bob().id})
        if "take over" in str(one) or "接手" in str(one)
    ]
    assert len(told) == 1


def test_tasks_go_to_the_successor_who_is_named_and_not_to_the_head(
    live: LiveForm, db: Database[Document]
) -> None:
    factories.department().update(head=factories.administrator().id)
    factories.record(live, amy(), name="A")
    leave(amy(), tasks=bob().id)
    outbox.carry_out_due()
    assert [one["people"] for one in db.duties.find({"done_at": None})] == [[bob().id]]


def test_without_a_successor_the_head_does_what_waits(live: LiveForm, db: Database[Document]) -> None:
    factories.department().update(head=bob().id)
    factories.record(live, amy(), name="A")
    assert leave(amy()) is None
    outbox.carry_out_due()
    assert [one["people"] for one in db.duties.find({"done_at": None})] == [[bob().id]]


def test_whoever_a_successor_named_takes_over_when_they_leave_too(live: LiveForm) -> None:
    del live
    carl = factories.user("carl", factories.editor().roles[0])
    leave(amy(), tasks=bob().id)
    leave(bob(), tasks=carl.id)
    assert directory.Directory().substitute(amy().id) == carl.id


def test_two_who_named_each_other_end_at_the_head(live: LiveForm) -> None:
    del live
    factories.department().update(head=factories.administrator().id)
    leave(amy(), tasks=bob().id)
    User.objects(id=bob().id).update_one(set__active=False, set__successor=amy().id)
    assert directory.Directory().substitute(amy().id) == factories.administrator().id


def test_the_successor_leads_what_was_led(live: LiveForm) -> None:
    del live
    one, two = factories.department(), factories.department("SALES")
    one.update(head=amy().id, deputies=[bob().id])
    two.update(head=bob().id, deputies=[amy().id])
    leave(amy(), departments=bob().id)
    assert [(found.head, found.deputies) for found in Department.objects.order_by("code")] == [
        (bob().id, []),
        (bob().id, []),
    ]


def test_sessions_keys_and_delegations_end_at_once_and_do_not_come_back(
    live: LiveForm, db: Database[Document]
) -> None:
    del live
    secret = api_tokens.create(amy(), "robot", 30)
    before = amy().fs_uniquifier
    day = today(factories.actor().timezone)
    given = delegations.create(amy(), amy(), bob(), first=day, last=day)
    leave(amy())
    stored = User.objects.get(username="editor")
    assert (stored.active, stored.fs_uniquifier == before) == (False, False)
    assert delegations.get(given.id).revoked_at is not None
    leaving.let_return(factories.administrator(), stored, seen=edits.stamp(stored, accounts.USER_ATTRIBUTES))
    assert User.objects.get(username="editor").active
    assert api_tokens.person_of(secret) is None
    events = [one["event"] for one in db.audit.find()]
    assert {"user.deactivated", "user.handed_over", "user.reactivated"} <= set(events)


@pytest.mark.parametrize("kind", ["tasks", "records", "departments"])
def test_a_successor_must_work_here_and_be_somebody_else(live: LiveForm, kind: str) -> None:
    del live
    gone = factories.user("gone", active=False)
    for one in (gone.id, amy().id, ObjectId()):
        with pytest.raises(InvalidError) as error:
            leave(amy(), **{kind: one})
        assert list(error.value.errors) == [kind]
    assert User.objects.get(username="editor").active


def test_records_do_not_go_to_somebody_who_cannot_open_them(live: LiveForm) -> None:
    factories.record(live, amy(), name="A")
    with pytest.raises(InvalidError) as error:
        leave(amy(), records=factories.stranger().id)
    assert list(error.value.errors) == ["records"]


def test_nobody_ends_their_own_account_and_the_last_administrator_stays(live: LiveForm) -> None:
    del live
    administrator = factories.administrator()
    with pytest.raises(InvalidError):
        leave(administrator)
    assert User.objects.get(username="admin").active


def test_a_job_that_is_taken_up_again_moves_each_record_once(
    live: LiveForm, db: Database[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.handover.BATCH", 2)
    for at in range(5):
        factories.record(live, amy(), name=str(at))
    job = leave(amy(), records=bob().id)
    assert job is not None
    dying.die_at_commit(2, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        leaving.hand_over(factories.claimed(job))
    assert db[live.collection].count_documents({"owner": bob().id}) == 2
    db.jobs.update_one({"_id": job.id}, {"$set": {"state": "queued"}})
    assert run(job)["moved"] == 5
    assert {one["revision"] for one in db[live.collection].find()} == {2}


def test_records_of_a_retired_form_are_handed_over_too(live: LiveForm, db: Database[Document]) -> None:
    factories.record(live, amy(), name="A")
    forms.retire(live.key, retired=True)
    run(leave(amy(), records=bob().id))
    assert db[live.collection].find_one()["owner"] == bob().id  # type: ignore[index]
