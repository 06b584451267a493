"""Departments move and merge: nothing is lost from sight, nothing goes in circles, everything is told."""

from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import access, departments, directory, outbox, records, reorganising, who
from models import reassigning as _reassigning  # noqa: F401  (its effects are carried out here)
from models.channels import Channel
from models.database import Document
from models.errors import ConflictError, ForbiddenError, InvalidError
from models.forms import LiveForm
from models.jobs import Job
from models.people import Action, Actor, Department, Grant, Permission, Role, Scope, User
from models.procedure import Who
from tests import factories
from tests.factories import department, field, one_task
from tests.models import dying

WORKFLOW = one_task(heads_of=["@department"])


@pytest.fixture
def live(db: Database[Document]) -> LiveForm:
    del db
    return factories.form(field("name", required=True), workflow=WORKFLOW)


def node(code: str, parent: Department | None = None, **fields: Any) -> Department:
    return department(code, code, code, parent=parent, **fields)


def worker(name: str, where: Department, scope: Scope = Scope.DEPARTMENT) -> User:
    role = (
        Role.objects(name=f"{scope.value}_role").first()
        or Role(
            name=f"{scope.value}_role",
            grants=[Grant(form="*", actions=list(factories.EDITOR_ACTIONS), scope=scope)],
        ).save()
    )
    return factories.user(name, role, department=where)


def merge(source: Department, target: Department, *, everything: bool = True, reason: str = "") -> Job:
    source.reload()
    target.reload()
    return reorganising.merge(factories.administrator(), source, target, everything=everything, reason=reason)


def run(job: Job) -> Document:
    reorganising.carry_out(factories.claimed(job))
    return dict(Job.objects.get(id=job.id).result)


def sees(person: User, live: LiveForm) -> int:
    person = User.objects.get(id=person.id)
    return live.records().count_documents(access.records_filter(person, live))


def refused(*arguments: Department) -> list[str]:
    with pytest.raises(InvalidError) as error:
        merge(*arguments)
    return list(error.value.errors)


def test_people_records_and_departments_below_move_and_the_source_is_retired(
    live: LiveForm, db: Database[Document]
) -> None:
    old, new = node("OLD"), node("NEW")
    low = node("LOW", old)
    ann = worker("ann", old)
    record = factories.record(live, ann, name="A")
    assert run(merge(old, new, reason="One team"))["moved"] == 1
    assert db[live.collection].find_one({"_id": record["_id"]})["department"] == new.id  # type: ignore[index]
    assert User.objects.get(id=ann.id).department.id == new.id
    assert Department.objects.get(id=low.id).parent.id == new.id
    gone = Department.objects.get(id=old.id)
    assert (gone.retired, gone.merged_into, gone.parent.id) == (True, new.id, new.id)
    entry = db.history.find_one({"record": record["_id"]}, sort=[("revision", -1)])
    assert entry is not None
    assert (entry["reason"], entry["by"]) == ("One team", factories.administrator().id)
    assert [change["field"] for change in entry["changes"]] == ["@department"]


@pytest.mark.parametrize("scope", [Scope.DEPARTMENT, Scope.BELOW])
def test_records_that_keep_the_old_department_stay_in_sight(live: LiveForm, scope: Scope) -> None:
    old, new = node("OLD"), node("NEW")
    ann, bea = worker("ann", old, scope), worker("bea", new, scope)
    done = factories.record(live, ann, name="done")
    live.records().update_one({"_id": done["_id"]}, {"$set": {"state": "done"}})
    factories.record(live, ann, name="open")
    assert (sees(ann, live), sees(bea, live)) == (2, 0)
    job = merge(old, new, everything=False)
    assert (sees(ann, live), sees(bea, live)) == (2, 2)  # while the job still waits
    assert run(job)["moved"] == 1
    assert live.records().find_one({"_id": done["_id"]})["department"] == old.id  # type: ignore[index]
    assert (sees(ann, live), sees(bea, live)) == (2, 2)


def test_whoever_was_above_the_source_alone_sees_nothing_any_more(live: LiveForm) -> None:
    above, new = node("ABOVE"), node("NEW")
    old = node("OLD", above)
    boss = worker("boss", above, Scope.BELOW)
    factories.record(live, worker("ann", old), name="A")
    assert sees(boss, live) == 1
    merge(old, new)
    assert sees(boss, live) == 0


def test_what_names_the_source_means_the_target(live: LiveForm) -> None:
    old, new, newest = node("OLD"), node("NEW"), node("NEWEST")
    ann, bea = worker("ann", old), worker("bea", newest)
    newest.update(head=bea.id)
    record = factories.record(live, ann, name="A")
    merge(old, new)
    merge(new, newest)
    known = directory.Directory()
    assert known.by_code["OLD"] == newest.id
    assert known.head(old.id) == bea.id
    assert set(known.members(old.id)) == {ann.id, bea.id}
    assert known.with_merged(newest.id)[0] == newest.id
    assert set(known.with_merged(newest.id)) == {old.id, new.id, newest.id}
    for asked in (Who(heads=("OLD",)), Who(heads_of=("@department",))):
        assert who.people(asked, live, record) == [bea.id]


def test_open_tasks_ask_the_new_head(live: LiveForm, db: Database[Document]) -> None:
    old, new = node("OLD"), node("NEW")
    ann, bea = worker("ann", old), worker("bea", new)
    old.update(head=ann.id)
    new.update(head=bea.id)
    factories.record(live, ann, name="A")
    assert [one["people"] for one in db.duties.find()] == [[ann.id]]
    job = merge(old, new)
    outbox.carry_out_due()
    run(job)
    [duty] = db.duties.find({"done_at": None})
    assert (duty["people"], duty["department"]) == ([bea.id], new.id)


def test_channels_of_the_source_go_on_for_the_target(live: LiveForm) -> None:
    del live
    old, new = node("OLD"), node("NEW")
    Channel(key="mail", name="Mail", kind="email", departments=[old.id]).save()
    merge(old, new)
    assert Channel.objects.get(key="mail").departments == [new.id]


def test_merges_that_cannot_be_are_refused_and_change_nothing(live: LiveForm, db: Database[Document]) -> None:
    del live
    old = node("OLD")
    low, gone = node("LOW", old), node("GONE", retired=True)
    before = list(db.departments.find().sort("_id", 1))
    assert refused(old, old) == ["target"]
    assert refused(old, low) == ["target"]
    assert refused(old, gone) == ["target"]
    long = "x" * 3000
    with pytest.raises(InvalidError) as error:
        merge(low, old, reason=long)
    assert list(error.value.errors) == ["reason"]
    with pytest.raises(ForbiddenError):
        reorganising.merge(worker("ann", old), low, old, everything=True)
    factories.administrator()
    codes = {one["code"] for one in before}
    assert list(db.departments.find({"code": {"$in": list(codes)}}).sort("_id", 1)) == before


def test_a_merge_is_not_undone_and_not_done_twice(live: LiveForm) -> None:
    del live
    old, new, other = node("OLD"), node("NEW"), node("OTHER")
    stale = Department.objects.get(id=old.id)
    merge(old, new)
    assert refused(old, other) == ["target"]
    with pytest.raises(ConflictError):
        reorganising.merge(factories.administrator(), stale, other, everything=True)
    gone = Department.objects.get(id=old.id)
    gone.retired = False
    with pytest.raises(InvalidError):
        departments.save(gone)
    with pytest.raises(InvalidError):
        reorganising.move(factories.administrator(), gone, None)


def test_two_who_merge_into_each_other_do_not_both_succeed(
    live: LiveForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    del live
    one, two = node("ONE"), node("TWO")
    merge(two, one)
    monkeypatch.setattr("models.reorganising.merging.check_merge", lambda _one, _two: None)
    with pytest.raises(ConflictError):  # whoever looked before the other was done
        reorganising.merge(factories.administrator(), one, two, everything=True)
    assert Department.objects.get(id=one.id).merged_into is None


def test_a_circle_of_merged_departments_ends(db: Database[Document]) -> None:
    one, two = node("ONE"), node("TWO")
    one.update(merged_into=two.id)
    two.update(merged_into=one.id)
    del db
    assert directory.Directory().standing(one.id) in {one.id, two.id}


def test_a_department_moves_with_everything_below(live: LiveForm, db: Database[Document]) -> None:
    top, old = node("TOP"), node("OLD")
    low = node("LOW", old)
    boss = worker("boss", top, Scope.BELOW)
    factories.record(live, worker("ann", low), name="A")
    assert sees(boss, live) == 0
    reorganising.move(factories.administrator(), old, top, reason="New order")
    assert departments.below(top) == {top.id, old.id, low.id}
    assert sees(boss, live) == 1
    [told] = db.audit.find({"event": "department.moved"})
    assert (told["details"]["to"], told["details"]["reason"]) == ("TOP", "New order")
    reorganising.move(factories.administrator(), Department.objects.get(id=old.id), None)
    assert sees(boss, live) == 0


def test_moves_in_circles_and_to_what_is_retired_are_refused(live: LiveForm) -> None:
    del live
    top = node("TOP")
    low, gone = node("LOW", top), node("GONE", retired=True)
    for parent in (top, low, gone, None):
        with pytest.raises(InvalidError) as error:
            reorganising.move(factories.administrator(), top, parent)
        assert list(error.value.errors) == ["parent"]
    with pytest.raises(ForbiddenError):
        reorganising.move(worker("ann", top), low, None)


def test_the_preview_counts_what_belongs_and_what_names(live: LiveForm) -> None:
    top = node("TOP")
    old = node("OLD", top)
    ann = worker("ann", old)
    old.update(head=ann.id)
    done = factories.record(live, ann, name="done")
    live.records().update_one({"_id": done["_id"]}, {"$set": {"state": "done"}})
    factories.record(live, ann, name="open")
    states = [{**WORKFLOW["states"][0], "who": {"heads": ["OLD"]}}, WORKFLOW["states"][1]]
    factories.form(*[field("name")], key="other", workflow={**WORKFLOW, "states": states})
    rule = {"field": "@department", "op": "eq", "value": str(old.id)}
    Role(name="ruled", grants=[Grant(form="*", actions=["see"], scope=Scope.RULE, rule=rule)]).save()
    found = reorganising.preview(old, with_below=False, language="en")
    assert (found.people, found.open_records, found.all_records) == (1, 1, 2)
    assert [one.id for one in found.leading] == [ann.id]
    assert sorted(one.kind.msgid for one in found.named) == ["Procedure", "Rights of a role"]
    [procedure] = [one for one in found.named if one.kind.msgid == "Procedure"]
    first = WORKFLOW["states"][0]["label"]["en"]
    assert procedure.text.endswith(f" · {first}")
    assert reorganising.preview(top, with_below=False).people == 0
    assert reorganising.preview(top, with_below=True).people == 1


def test_a_record_that_refuses_is_named_and_holds_up_nothing(
    live: LiveForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = node("OLD"), node("NEW")
    ann = worker("ann", old)
    bad, *_good = [factories.record(live, ann, name=str(at))["_id"] for at in range(3)]
    commit = records.commit

    def picky(changes: Any, also: Any = None) -> None:
        if any(change.record["_id"] == bad for change in changes):
            raise InvalidError({"": []})
        commit(changes, also)

    monkeypatch.setattr("models.records.commit", picky)
    result = run(merge(old, new))
    assert (result["moved"], result["left"]) == (2, 1)
    assert [one["id"] for one in result["failed"]] == [bad]


def test_a_merge_goes_on_after_a_worker_died(live: LiveForm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.handover.BATCH", 2)
    old, new = node("OLD"), node("NEW")
    ann = worker("ann", old)
    for at in range(5):
        factories.record(live, ann, name=str(at))
    job = merge(old, new)
    dying.die_at_commit(2, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        reorganising.carry_out(factories.claimed(job))
    assert live.records().count_documents({"department": new.id}) == 2
    Job.objects(id=job.id).update_one(set__state="queued")
    assert run(job)["moved"] == 5
    assert {one["revision"] for one in live.records().find()} == {2}


def test_a_record_changed_meanwhile_is_read_anew(live: LiveForm, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = node("OLD"), node("NEW")
    ann = worker("ann", old)
    record = factories.record(live, ann, name="A")
    commit, turns = records.commit, list[int]()

    def overtaken(changes: Any, also: Any = None) -> None:
        if not turns:
            turns.append(1)
            live.records().update_one({"_id": record["_id"]}, {"$inc": {"revision": 1}})
        commit(changes, also)

    job = merge(old, new)
    monkeypatch.setattr("models.records.commit", overtaken)
    assert run(job)["moved"] == 1


def test_whoever_may_administer_departments_alone_may_reorganise(live: LiveForm) -> None:
    old, new = node("OLD"), node("NEW")
    keeper = factories.user(
        "keeper", factories.role("keeper", permissions=[Permission.CONFIGURE_DEPARTMENTS.value])
    )
    record = factories.record(live, worker("ann", old), name="A")
    job = reorganising.merge(keeper, old, new, everything=True)
    assert run(job)["moved"] == 1
    assert access.permitted(keeper, live.key, Action.SEE) is False
    assert live.records().find_one({"_id": record["_id"]})["updated_by"] == keeper.id  # type: ignore[index]
    assert Actor.of(keeper).id != ObjectId()
