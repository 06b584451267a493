"""What belongs to somebody else, or lies out of reach, asked for with rights to everything besides."""

from zoneinfo import ZoneInfo

import pytest
from bson import ObjectId
from flask import Flask
from flask.testing import FlaskClient
from pymongo.database import Database

from models import (
    api_tokens,
    delegations,
    jobs,
    notifications,
    outbox,
    saved_views,
    sharing,
)
from models.approvals import queries as approvals
from models.database import Document
from models.errors import InvalidError
from models.forms import LiveForm
from models.jobs import Job
from models.people import FieldRule, Grant, Limit, User
from models.queries import ListQuery
from models.times import today
from tasks.jobs import carry_out
from tests import factories
from tests.factories import field
from tests.hostile.cast import PLAIN_ACTIONS, Program, browser, neighbour, send, staff
from tests.hostile.unchanged import unchanged
from tests.models.approvals import cases


@pytest.fixture
def live(db: Database[Document]) -> LiveForm:
    return factories.form(
        field("name", required=True, searchable=True, filterable=True),
        field("qty", "integer", filterable=True),
        numbering="T-{seq:3}",
    )


@pytest.fixture
def theirs(live: LiveForm) -> Document:
    """Return a record of the other department."""
    return factories.record(live, factories.editor(), name="theirs", qty=1)


@pytest.fixture
def mine(live: LiveForm) -> Document:
    return factories.record(live, neighbour(), name="mine", qty=1)


@pytest.fixture
def client(app: Flask, live: LiveForm) -> FlaskClient:
    return browser(app, neighbour())


def carried_out(job: Job) -> Job:
    running = factories.claimed(job)
    carry_out(running)
    job.reload()
    return job


# -- records out of reach ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "action",
    [
        {"action": "delete", "reason": "because"},
        {"action": "set", "field": "qty", "_set": "qty", "set-qty": "9"},
    ],
)
def test_many_at_once_reach_only_those_that_one_by_one_are_reached(
    client: FlaskClient, live: LiveForm, mine: Document, theirs: Document, action: dict[str, str]
) -> None:
    ids = [str(theirs["_id"]), str(mine["_id"]), str(ObjectId()), "nonsense"]
    answer = send(client, "POST", f"/records/{live.key}/action", ids=ids, **action)
    assert answer.status_code == 302
    assert live.records().find_one({"_id": theirs["_id"]}) == theirs
    assert live.records().find_one({"_id": mine["_id"]}) != mine


def test_ticked_records_out_of_reach_are_not_exported(
    client: FlaskClient, live: LiveForm, mine: Document, theirs: Document
) -> None:
    ids = [str(theirs["_id"]), str(mine["_id"])]
    send(client, "POST", f"/records/{live.key}/action", action="export", ids=ids, format="csv")
    job = carried_out(Job.objects.get())
    text = client.get(f"/jobs/{job.id}/download").text
    assert "mine" in text
    assert "theirs" not in text


def test_a_record_of_no_department_is_there_for_nobody_but_all(
    client: FlaskClient, app: Flask, live: LiveForm, theirs: Document
) -> None:
    live.records().update_one({"_id": theirs["_id"]}, {"$set": {"department": None}})
    homeless = factories.user("homeless", *neighbour().roles)
    program = Program(app, homeless)
    for browsed in (client, browser(app, homeless), browser(app, neighbour())):
        with unchanged():
            assert browsed.get(f"/records/{live.key}/{theirs['_id']}").status_code == 404
            assert "theirs" not in browsed.get(f"/records/{live.key}/").text
            assert "theirs" not in browsed.get("/search/?q=their").text
    assert program.ask("GET", f"/api/v1/records/{live.key}").get_json()["records"] == []
    assert (
        browser(app, factories.administrator()).get(f"/records/{live.key}/{theirs['_id']}").status_code == 200
    )


def test_nobody_moves_a_record_into_their_reach(
    client: FlaskClient, live: LiveForm, theirs: Document
) -> None:
    """Columns of the system are no fields, whatever they are called."""
    person = neighbour()
    columns = {
        "department": str(person.department.id),
        "owner": str(person.id),
        "invited": str(person.id),
        "_id": str(theirs["_id"]),
        "@department": str(person.department.id),
        "state": "done",
        "revision": "1",
        "deleted_at": "",
    }
    path = f"/records/{live.key}"
    with unchanged():
        assert (
            send(client, "POST", f"{path}/{theirs['_id']}/edit", _revision="1", **columns).status_code == 404
        )
    send(client, "POST", f"{path}/new", name="new", **columns)
    made = live.records().find_one({"data.name": "new"})
    assert made is None or made["_id"] != theirs["_id"]
    assert live.records().find_one({"_id": theirs["_id"]}) == theirs


def test_nothing_is_created_in_the_department_of_others(app: Flask, live: LiveForm) -> None:
    program = Program(app, neighbour())
    for extra in ({"department": str(factories.department().id)}, {"owner": str(ObjectId())}):
        with unchanged("api_tokens"):
            answer = program.ask("POST", f"/api/v1/records/{live.key}", {"data": {"name": "x"}, **extra})
            assert answer.status_code == 422
            answer = program.ask("POST", f"/api/v1/records/{live.key}", {"data": {"name": "x", **extra}})
            assert answer.status_code == 422


def test_a_filter_counts_nothing_out_of_reach(client: FlaskClient, live: LiveForm, theirs: Document) -> None:
    page = client.get(f"/records/{live.key}/?flt0_qty_eq=1")
    assert "theirs" not in page.text
    assert "0" in page.text
    assert str(theirs["_id"]) not in page.text


def test_sharing_opens_nothing_to_people_without_any_role_for_the_form(
    app: Flask, live: LiveForm, theirs: Document
) -> None:
    owner, stranger = factories.editor(), factories.stranger()
    client = browser(app, owner)
    path = f"/records/{live.key}/{theirs['_id']}/share"
    for people in (
        str(stranger.id),
        str(ObjectId()),
        "everyone",
        str(factories.user("gone", active=False).id),
    ):
        with unchanged():
            send(client, "POST", path, people=people)
    with pytest.raises(InvalidError):
        sharing.share(owner, live, theirs["_id"], [stranger.id])
    assert browser(app, stranger).get(f"/records/{live.key}/{theirs['_id']}").status_code == 404


def test_who_is_invited_does_no_more_than_look_comment_and_decide(
    client: FlaskClient, live: LiveForm, theirs: Document
) -> None:
    sharing.share(factories.administrator(), live, theirs["_id"], [neighbour().id])
    path = f"/records/{live.key}/{theirs['_id']}"
    assert client.get(path).status_code == 200
    with unchanged("notifications"):
        for what in ("edit", "delete", "share", "cell"):
            answer = send(client, "POST", f"{path}/{what}", _revision="2", name="x", reason="x")
            assert answer.status_code == 403, what
        assert client.get(f"{path}/print").status_code == 403


# -- jobs --------------------------------------------------------------------------------------------------


def test_a_job_of_somebody_else_is_not_there(app: Flask, live: LiveForm, theirs: Document) -> None:
    job = carried_out(
        jobs.enqueue("export", factories.editor(), {"query": {}, "format": "csv"}, form=live.key)
    )
    waiting = jobs.enqueue("export", factories.editor(), {"query": {}}, form=live.key)
    twin = factories.user("twin", *factories.editor().roles, department=factories.department())
    for person in (twin, neighbour()):
        other = browser(app, person)
        with unchanged():
            for path in ("", "/state", "/download"):
                assert other.get(f"/jobs/{job.id}{path}").status_code == 404, path
            assert send(other, "POST", f"/jobs/{waiting.id}/cancel").status_code == 404
            assert str(job.id) not in other.get("/jobs/").text


def test_who_sees_all_jobs_takes_nothing_from_them(app: Flask, live: LiveForm, theirs: Document) -> None:
    job = carried_out(
        jobs.enqueue("export", factories.editor(), {"query": {}, "format": "csv"}, form=live.key)
    )
    watcher = factories.user("watcher", factories.role("watcher", form="*", actions=["see"]))
    watcher.roles[0].update(permissions=["jobs:all:read"])
    other = browser(app, watcher)
    with unchanged():
        assert other.get(f"/jobs/{job.id}/download").status_code == 403
        assert send(other, "POST", f"/jobs/{job.id}/cancel").status_code == 403


@pytest.mark.parametrize("loss", ["action", "scope", "field", "department", "role", "denial"])
def test_an_export_is_not_handed_over_after_the_right_to_it_went(
    app: Flask, live: LiveForm, theirs: Document, loss: str
) -> None:
    person = factories.editor()
    job = carried_out(jobs.enqueue("export", person, {"query": {}, "format": "csv"}, form=live.key))
    client = browser(app, person)
    assert client.get(f"/jobs/{job.id}/download").status_code == 200
    _lose(person, live, loss)
    with unchanged():
        answer = client.get(f"/jobs/{job.id}/download")
        assert answer.status_code in {302, 403, 404}
        assert "theirs" not in answer.text


def _lose(person: User, live: LiveForm, what: str) -> None:
    role = person.roles[0]
    if what == "action":
        role.grants[0].actions = [one for one in role.grants[0].actions if one != "export"]
    elif what == "scope":
        role.grants[0].scope = "own"
    elif what == "field":
        role.field_rules = [FieldRule(form=live.key, fields=["qty"], limit=Limit.HIDDEN.value)]
    elif what == "denial":
        role.grants.append(Grant(form="*", actions=["see"], scope="own", deny=True))
    elif what == "department":
        role.grants[0].scope = "department"
        person.update(department=factories.department("HR", "人事部", "HR"))
    else:
        person.update(roles=[])
    role.save()


def test_an_export_that_waited_is_made_with_the_rights_of_then(live: LiveForm, theirs: Document) -> None:
    person = factories.editor()
    job = jobs.enqueue("export", person, {"query": {}, "format": "csv"}, form=live.key)
    _lose(person, live, "action")
    assert carried_out(job).state == "failed"
    assert job.file is None


# -- what is kept for one person ---------------------------------------------------------------------------


def test_views_of_others_are_neither_shown_nor_forgotten(client: FlaskClient, live: LiveForm) -> None:
    admin = factories.administrator()
    private = saved_views.save(admin, live.key, "eyes only", ListQuery(), [], shared=False)
    shared = saved_views.save(admin, live.key, "shared", ListQuery(), [], shared=True)
    with unchanged():
        assert "eyes only" not in client.get(f"/records/{live.key}/?view={private.id}").text
        assert send(client, "POST", f"/records/{live.key}/views/{private.id}/delete").status_code == 404
        assert send(client, "POST", f"/records/{live.key}/views/{shared.id}/delete").status_code == 403
        assert (
            send(client, "POST", f"/records/{live.key}/views", name="for all", shared="1").status_code == 403
        )


def test_notices_of_others_stay_unread(client: FlaskClient, live: LiveForm) -> None:
    admin = factories.administrator()
    outbox.put(notifications.tell([admin.id], key="one", kind="mention", title="secret notice"))
    outbox.carry_out_due()
    [notice] = notifications.of_person(admin)
    with unchanged():
        send(client, "POST", "/inbox/read", id=str(notice["_id"]))
        send(client, "POST", "/inbox/read", id="")
        assert "secret notice" not in client.get("/inbox/notices").text


def test_keys_sessions_and_factors_of_others_go_on(client: FlaskClient, live: LiveForm) -> None:
    admin = factories.administrator()
    api_tokens.create(admin, "nightly transfer", 30)
    [key] = api_tokens.of_person(admin)
    with unchanged():
        assert send(client, "POST", f"/account/keys/{key['_id']}/end").status_code == 404
        assert send(client, "POST", f"/account/sessions/{'0' * 64}/end").status_code == 404
        for path in ("/account/keys", "/account/sessions", "/account/factors"):
            assert "nightly" not in client.get(f"{path}?person={admin.id}&user={admin.id}").text


def test_nobody_stands_in_for_somebody_who_did_not_ask(client: FlaskClient, live: LiveForm) -> None:
    admin, person = factories.administrator(), neighbour()
    day = today(ZoneInfo("Asia/Shanghai"))
    theirs = delegations.create(admin, admin, factories.editor(), first=day, last=day)
    sent = {"person": str(admin.id), "to": str(person.id), "first": day.isoformat(), "last": day.isoformat()}
    with unchanged():
        assert send(client, "POST", "/account/delegations", **sent).status_code == 403
        assert client.get(f"/account/delegations?person={admin.id}").status_code == 403
        answer = send(client, "POST", f"/account/delegations/{theirs.id}/revoke")
        assert answer.status_code in {403, 404}


def test_people_staff_do_not_make_themselves_somebodys_deputy(app: Flask, live: LiveForm) -> None:
    """Whoever stands in decides and sees in the other's name."""
    person, day = staff(), today(ZoneInfo("Asia/Shanghai")).isoformat()
    client = browser(app, person)
    for other, to, expected in (
        (factories.editor(), person, 422),
        (factories.administrator(), person, 403),
        (factories.administrator(), factories.reader(), 403),
    ):
        sent = {"person": str(other.id), "to": str(to.id), "first": day, "last": day}
        with unchanged():
            assert send(client, "POST", "/account/delegations", **sent).status_code == expected
    sent = {"person": str(factories.editor().id), "to": str(factories.reader().id), "first": day, "last": day}
    assert send(client, "POST", "/account/delegations", **sent).status_code == 302  # what they are there for


# -- approvals ---------------------------------------------------------------------------------------------


def test_nobody_decides_who_is_not_asked_or_cannot_see(app: Flask, db: Database[Document]) -> None:
    cases.team()
    people = {name: cases.person(name) for name in ("asker", "amy", "bob")}
    form = cases.form(cases.step("check"))
    approval = cases.ask(form)
    record = cases.record_of(approval)
    path = f"/records/request/{record['_id']}/approvals/{approval}"
    outsider = neighbour()
    attackers = [(people["bob"], 403), (people["asker"], 403), (outsider, 404)]
    slot = approvals.get(approval)["steps"][0]["signers"][0]["id"]
    for person, expected in attackers:
        client = browser(app, person)
        for decision in ("approve", "reject", "return", "withdraw", "add_signer", "hand_over"):
            sent = {"reason": "because", "signature": str(person), "whom": str(person.id), "slot": str(slot)}
            if decision == "withdraw" and person.username == "asker":
                continue  # may take it back
            with unchanged():
                answer = send(client, "POST", path, decision=decision, **sent)
            named = decision in {"add_signer", "hand_over"}  # whom they name is looked at first
            assert answer.status_code in {expected, 422 if named else 0}, (person, decision)
    assert cases.asked(approval) == ["amy"]


def test_an_approval_of_another_record_is_not_decided_through_ones_own(
    app: Flask, db: Database[Document]
) -> None:
    cases.team()
    [cases.person(name) for name in ("asker", "amy", "bob")]
    form = cases.form(cases.step("check"))
    first, second = cases.ask(form), cases.ask(form)
    client = browser(app, cases.person("amy"))
    path = f"/records/request/{cases.record_of(first)['_id']}/approvals/{second}"
    with unchanged():
        answer = send(client, "POST", path, decision="approve", signature=str(cases.person("amy")))
        assert answer.status_code == 404


def test_every_action_is_listed(live: LiveForm) -> None:
    """Whoever adds an action adds it here, too."""
    assert len(PLAIN_ACTIONS) == 12
