"""Values that somebody may not write, sent in every way in which values are written."""

from collections.abc import Callable
from io import BytesIO
from urllib.parse import urlencode

import pytest
from bson import ObjectId
from flask import Flask
from flask.testing import FlaskClient
from pymongo.database import Database

from models import accounts, edits, files, jobs
from models.database import Document
from models.forms import LiveForm
from models.import_plan import Plan
from models.jobs import Job
from models.people import FieldRule, Grant, Limit, Role, User
from tasks.jobs import carry_out
from tests import factories
from tests.factories import field
from tests.hostile.cast import PLAIN_ACTIONS, Program, browser, send, staff
from tests.hostile.unchanged import unchanged
from tests.pages import open_page
from tests.web import csrf_token

CLOSED = {"secret": "treasure", "phone": "12345", "fixed": "as it is"}
FORGED = {"secret": "stolen", "phone": "99999", "fixed": "forged"}
LIMITS = {"secret": Limit.HIDDEN, "phone": Limit.MASKED, "fixed": Limit.READ_ONLY}


@pytest.fixture
def live(db: Database[Document]) -> LiveForm:
    flow = {
        "initial": "new",
        "states": [
            {"key": "new", "label": {"en": "New"}},
            {"key": "done", "label": {"en": "Done"}, "category": "done"},
        ],
        "transitions": [
            {
                "key": "end",
                "label": {"en": "End"},
                "sources": ["new"],
                "to": "done",
                "fields": list(CLOSED),
            }
        ],
    }
    texts = [field(key, unique=False, searchable=True, filterable=True) for key in CLOSED]
    return factories.form(
        field("name", required=True, searchable=True),
        *texts,
        inline_columns=["name", *CLOSED],
        numbering="T-{seq:3}",
        workflow=flow,
    )


@pytest.fixture
def clerk(live: LiveForm) -> User:
    rules = [FieldRule(form=live.key, fields=[key], limit=limit.value) for key, limit in LIMITS.items()]
    role = factories.role("clerk", form=live.key, actions=PLAIN_ACTIONS, field_rules=rules)
    return factories.user("clerk", role, department=factories.department())


@pytest.fixture
def record(live: LiveForm) -> Document:
    return factories.record(live, None, name="lamp", **CLOSED)


@pytest.fixture
def client(app: Flask, clerk: User) -> FlaskClient:
    return browser(app, clerk)


def stored(live: LiveForm, name: str = "lamp") -> dict[str, str]:
    """Return what is in the closed fields of the record of a name; nothing where there is none."""
    found = live.records().find_one({"data.name": name}) or {"data": {}}
    return {key: found["data"][key] for key in CLOSED if key in found["data"]}


def test_the_address_of_a_new_record_fills_in_none_of_them(client: FlaskClient, live: LiveForm) -> None:
    page = open_page(client, f"/records/{live.key}/new?{urlencode(FORGED)}")
    values = {one["name"]: one.attributes.get("value", one.text) for one in page if "name" in one}
    assert not [key for key in FORGED if values.get(key)]


def test_a_copy_takes_none_of_them_along(client: FlaskClient, live: LiveForm, record: Document) -> None:
    page = client.get(f"/records/{live.key}/new?copy={record['_id']}").text
    assert "lamp" in page
    assert CLOSED["secret"] not in page
    assert CLOSED["phone"] not in page


Way = Callable[[Flask, User, LiveForm, Document, str], object]
"""One way to write a field of a record."""


def _new(app: Flask, who: User, live: LiveForm, record: Document, key: str) -> None:
    live.records().delete_one({"_id": record["_id"]})
    send(browser(app, who), "POST", f"/records/{live.key}/new", name="lamp", **{key: FORGED[key]})


def _edit(app: Flask, who: User, live: LiveForm, record: Document, key: str) -> None:
    path = f"/records/{live.key}/{record['_id']}/edit"
    send(browser(app, who), "POST", path, _revision="1", name="lamp", **{key: FORGED[key]})


def _cell(app: Flask, who: User, live: LiveForm, record: Document, key: str) -> None:
    client, path = browser(app, who), f"/records/{live.key}/{record['_id']}/cell"
    sent = {"field": key, "value": FORGED[key], "revision": 1}
    client.post(path, json=sent, headers={"X-CSRFToken": csrf_token(client)})


def _many(app: Flask, who: User, live: LiveForm, record: Document, key: str) -> None:
    data = {"action": "set", "field": key, "_set": key, f"set-{key}": FORGED[key], "ids": str(record["_id"])}
    send(browser(app, who), "POST", f"/records/{live.key}/action", **data)


def _step(app: Flask, who: User, live: LiveForm, record: Document, key: str) -> None:
    path = f"/records/{live.key}/{record['_id']}/move/end"
    send(browser(app, who), "POST", path, _revision="1", **{key: FORGED[key]})


def _api_new(app: Flask, who: User, live: LiveForm, record: Document, key: str) -> None:
    live.records().delete_one({"_id": record["_id"]})
    body = {"data": {"name": "lamp", key: FORGED[key]}}
    Program(app, who).ask("POST", f"/api/v1/records/{live.key}", body)


def _api_edit(app: Flask, who: User, live: LiveForm, record: Document, key: str) -> None:
    body = {"data": {key: FORGED[key]}, "revision": 1}
    Program(app, who).ask("PATCH", f"/api/v1/records/{live.key}/{record['_id']}", body)


def _api_step(app: Flask, who: User, live: LiveForm, record: Document, key: str) -> None:
    path = f"/api/v1/records/{live.key}/{record['_id']}/transitions/end"
    Program(app, who).ask("POST", path, {"data": {key: FORGED[key]}, "revision": 1})


def _import(app: Flask, who: User, live: LiveForm, record: Document, key: str) -> None:
    """By the page that matches the columns."""
    client, file = browser(app, who), _table(who, record, key)
    columns = {"column-0": "number", "column-1": key, "key": "number", "mode": "all"}
    send(client, "POST", f"/records/{live.key}/import/{file}", **columns)
    for check in Job.objects(kind="import_check"):
        _carry_out(check)
        send(client, "POST", f"/records/{live.key}/import/run/{check.id}", mode="all")
    for job in Job.objects(kind="import"):
        _carry_out(job)


def _forged_import(app: Flask, who: User, live: LiveForm, record: Document, key: str) -> None:
    """By a job that never passed the page."""
    plan = Plan(_table(who, record, key), "a.csv", {0: "number", 1: key}, key="number")
    with app.app_context():
        _carry_out(jobs.enqueue("import", who, plan.dump(), form=live.key))


def _table(who: User, record: Document, key: str) -> ObjectId:
    content = f"number,{key}\n{record['number']},{FORGED[key]}\n".encode()
    return files.store(BytesIO(content), "a.csv", who.id, purpose="import", max_bytes=1000)


def _carry_out(job: Job) -> None:
    running = factories.claimed(job)
    carry_out(running)


WAYS: list[Way] = [
    _new, _edit, _cell, _many, _step, _api_new, _api_edit, _api_step, _import, _forged_import
]  # fmt: skip


@pytest.mark.parametrize("key", CLOSED)
@pytest.mark.parametrize("way", WAYS)
def test_what_is_closed_is_written_in_no_way(
    app: Flask, clerk: User, live: LiveForm, record: Document, way: Way, key: str
) -> None:
    """A step may write what is read-only: the procedure asks for it."""
    way(app, clerk, live, record, key)
    assert stored(live).get(key) in {CLOSED[key], None} or (way in {_step, _api_step} and key == "fixed")


@pytest.mark.parametrize("way", WAYS)
def test_the_same_way_is_open_to_others(app: Flask, live: LiveForm, record: Document, way: Way) -> None:
    way(app, factories.administrator(), live, record, "secret")
    assert stored(live)["secret"] == FORGED["secret"]


def test_no_preview_of_a_computation_tells_them(
    client: FlaskClient, live: LiveForm, record: Document
) -> None:
    with unchanged():
        for path in ("compute", f"compute?record={record['_id']}"):
            answer = send(client, "POST", f"/records/{live.key}/{path}", name="x")
            assert not [text for text in CLOSED.values() if text in answer.text]


# -- rights for oneself ------------------------------------------------------------------------------------


def everything(form: str = "*") -> dict[str, str | list[str]]:
    """Return a posted row that gives everything."""
    return {"grant-0-of": form, "grant-0-actions": PLAIN_ACTIONS, "grant-0-scope": "all"}


def role_page(role: Role) -> dict[str, str | list[str]]:
    """Return what the page of a role sends, as it stands."""
    return {
        "stamp": edits.stamp(role, accounts.ROLE_ATTRIBUTES),
        "name": str(role.name),
        "label_zh": "角色",
        "label_en": "Role",
        "permissions": list(role.permissions),
    }


def _take_administration(role: Role) -> dict[str, str | list[str]]:
    return {**role_page(role), "administrator": "on"}


def _take_permissions(role: Role) -> dict[str, str | list[str]]:
    return {**role_page(role), "permissions": [*role.permissions, "configure:forms:write", "audit:all:read"]}


def _take_rights(role: Role) -> dict[str, str | list[str]]:
    return {**role_page(role), **everything("sheet")}


def _take_rights_on_every_form(role: Role) -> dict[str, str | list[str]]:
    return {**role_page(role), **everything()}


Wish = Callable[[Role], dict[str, str | list[str]]]
WISHES = [_take_administration, _take_permissions, _take_rights, _take_rights_on_every_form]


@pytest.mark.parametrize("wish", WISHES)
def test_nobody_gives_their_own_role_more(app: Flask, live: LiveForm, wish: Wish) -> None:
    person = staff()
    client = browser(app, person)
    with unchanged():
        answer = send(client, "POST", f"/configure/roles/{person.roles[0].id}", **wish(person.roles[0]))
        assert answer.status_code == 200
    admin = factories.administrator()
    sent = wish(person.roles[0])
    answer = send(browser(app, admin), "POST", f"/configure/roles/{person.roles[0].id}", **sent)
    assert answer.status_code == 302  # nothing else was wrong


def test_nobody_touches_the_role_of_administrators(app: Flask, live: LiveForm) -> None:
    factories.administrator()
    client = browser(app, staff())
    role = Role.objects.get(name="administrator")
    with unchanged():
        send(client, "POST", f"/configure/roles/{role.id}", **role_page(role))
        send(client, "POST", f"/configure/roles/{role.id}/delete")


@pytest.mark.parametrize("wish", WISHES)
def test_nobody_makes_a_role_with_more(app: Flask, live: LiveForm, wish: Wish) -> None:
    client = browser(app, staff())
    with unchanged():
        sent = wish(Role(name="mine", permissions=[]))
        assert send(client, "POST", "/configure/roles/new", **sent).status_code == 200
    admin = browser(app, factories.administrator())
    assert send(admin, "POST", "/configure/roles/new", **sent).status_code == 302  # nothing else was wrong


def test_nobody_gives_themselves_rights_on_the_page_of_a_form(app: Flask, live: LiveForm) -> None:
    person = staff()
    role, client = person.roles[0], browser(app, person)
    keeper = Role.objects.get(name="staff")
    sent = {f"stamp-{role.id}": edits.stamp(keeper, accounts.ROLE_ATTRIBUTES), **everything(str(role.id))}
    with unchanged():
        send(client, "POST", f"/configure/forms/{live.key}/access", **sent)
    admin = browser(app, factories.administrator())
    assert send(admin, "POST", f"/configure/forms/{live.key}/access", **sent).status_code == 302
    assert Role.objects.get(name="staff").allows(live.key, "export")


@pytest.mark.parametrize("own", [True, False])
def test_nobody_gives_people_roles_with_more(app: Flask, live: LiveForm, own: bool) -> None:  # noqa: FBT001
    person = staff()
    factories.administrator()
    rich = factories.role("rich", form="sheet", actions=PLAIN_ACTIONS)
    target = person if own else factories.user("friend")
    client = browser(app, person)
    for given in (rich, Role.objects.get(name="administrator")):
        sent = {
            "stamp": edits.stamp(target, accounts.USER_ATTRIBUTES),
            "username": str(target.username),
            "name": str(target.name),
            "timezone": str(target.timezone),
            "roles": [*(str(one.id) for one in target.roles), str(given.id)],
        }
        with unchanged():
            assert send(client, "POST", f"/configure/users/{target.id}", **sent).status_code == 200
            sent["username"] = "puppet"
            send(client, "POST", "/configure/users/new", **sent)


def test_people_staff_get_into_no_administrator(app: Flask, live: LiveForm) -> None:
    admin = factories.administrator()
    client = browser(app, staff())
    with unchanged():
        for what in ("password", "reset-factors", "sign-out", "unlock", "view-as", "leaving"):
            answer = send(client, "POST", f"/configure/users/{admin.id}/{what}")
            assert answer.status_code in {403, 404}, what
        send(
            client,
            "POST",
            f"/configure/users/{admin.id}",
            username="admin",
            name="mine",
            email="me@example.com",
        )


def test_rights_of_a_role_that_is_gone_are_gone(app: Flask, live: LiveForm, clerk: User) -> None:
    client = browser(app, clerk)
    assert client.get(f"/records/{live.key}/").status_code == 200
    Role.objects(name="clerk").delete()
    assert client.get(f"/records/{live.key}/").status_code == 404


def test_a_grant_that_names_nonsense_opens_nothing(app: Flask, live: LiveForm) -> None:
    odd = factories.role("odd")
    odd.grants = [Grant(form=live.key, actions=["see"], scope="rule", rule={"field": "gone", "op": "eq"})]
    odd.save()
    record = factories.record(live, name="one")
    client = browser(app, factories.user("odd", odd, department=factories.department()))
    assert client.get(f"/records/{live.key}/{record['_id']}").status_code == 404
