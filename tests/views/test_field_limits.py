"""What is closed to a person stands nowhere in what a browser or a program is sent."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from pymongo.database import Database

from models import api_tokens, records, sharing, workflow
from models.access import Action
from models.database import Document, db
from models.errors import NotFoundError
from models.field_limits import MASK
from models.forms import LiveForm
from models.people import Actor, FieldRule, Grant, Limit, Role, Scope, User
from tests import factories
from tests.web import csrf_token, sign_in

HIDDEN, MASKED = "zebra", "4711"
MASKED_TEXTS = ("4711", "4,711", "4712", "4,712")


@pytest.fixture
def live(db: Database[Document]) -> LiveForm:
    return factories.form(
        factories.field("name", required=True, searchable=True),
        factories.field("grade", searchable=True),
        factories.field("price", "integer"),
        factories.field("note", visible_if={"field": "grade", "op": "eq", "value": HIDDEN}),
    )


@pytest.fixture
def clerk(live: LiveForm) -> User:
    rules = [
        FieldRule(form="sheet", fields=["grade"], limit=Limit.HIDDEN.value),
        FieldRule(form="sheet", fields=["price"], limit=Limit.MASKED.value),
    ]
    grant = Grant(form="*", actions=[action.value for action in Action])
    role = Role(name="clerk", grants=[grant], field_rules=rules).save()
    return factories.user("clerk", role, department=factories.department(), language="en")


@pytest.fixture
def record(live: LiveForm) -> Document:
    made = factories.record(live, name="lamp", grade="lion", price="4712", note="hello")
    return records.update(
        factories.actor(), live, made["_id"], {"grade": HIDDEN, "price": MASKED, "note": "hello"}, revision=1
    )


def path_of(record: Document, page: str = "") -> str:
    return f"/records/sheet/{record['_id']}{'/' if page else ''}{page}"


def post(client: FlaskClient, path: str, **values: Any) -> Any:
    return client.post(path, data={"csrf_token": csrf_token(client), **values})


PAGES = ("", "edit", "history", "print", "moves")
LISTS = (
    "",
    "?columns=name,grade,price",
    "filters",
    "board",
    "?search=zebra",
    "?flt0_grade.eq=zebra",
    "?sort=grade",
)


def test_no_page_holds_what_is_closed(client: FlaskClient, clerk: User, record: Document) -> None:
    sign_in(client, clerk)
    pages = [path_of(record, page) for page in PAGES] + [f"/records/sheet/{one}" for one in LISTS]
    pages += [f"/records/sheet/new?copy={record['_id']}", "/", "/search/?q=lamp"]
    for path in pages:
        answer = client.get(path)
        assert answer.status_code in {200, 404}, path
        text = answer.text
        for asked in (
            "search=zebra",
            'value="zebra"',
            "flt0_grade.eq=zebra",
            "name,grade,price",
            "sort=grade",
        ):
            text = text.replace(asked, "")  # what the address says comes back with the address
        for closed in ("lion", *MASKED_TEXTS, "grade"):
            assert closed not in text, (path, closed)
        if "zebra" not in path:
            assert HIDDEN not in text, path
    assert MASK in client.get(path_of(record)).text
    assert MASK in client.get(path_of(record, "print")).text
    assert MASK in client.get("/records/sheet/").text


def test_a_search_finds_nothing_by_hidden_words(client: FlaskClient, clerk: User, record: Document) -> None:
    sign_in(client, clerk)
    link = f"/records/sheet/{record['_id']}"
    assert link in client.get("/records/sheet/?search=lamp").text
    assert link not in client.get("/records/sheet/?search=zebra").text


def test_the_api_lacks_and_masks(client: FlaskClient, clerk: User, record: Document) -> None:
    sign_in(client, clerk)
    headers = {"Authorization": f"Bearer {api_tokens.create(clerk, 'program', 30)}"}
    base = "/api/v1/records/sheet"
    for path in (base, f"{base}/{record['_id']}", f"{base}/{record['_id']}/history", "/api/v1/forms/sheet"):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200
        text = json.dumps(answer.json, ensure_ascii=False)
        for closed in ("lion", HIDDEN, *MASKED_TEXTS):
            assert closed not in text, path
    [one] = client.get(base, headers=headers).json["records"]  # type: ignore[index]
    assert one["data"] == {"name": "lamp", "price": MASK, "note": "hello"}
    asked = client.get(f"{base}?where={json.dumps({'field': 'grade', 'op': 'not_empty'})}", headers=headers)
    assert asked.status_code == 400


def test_a_masked_value_is_uncovered_once_and_noted(
    client: FlaskClient, clerk: User, record: Document
) -> None:
    sign_in(client, clerk)
    page = post(client, path_of(record, "uncover/price"))
    assert page.status_code == 200
    assert "4,711" in page.text
    assert "4,711" not in client.get(path_of(record)).text
    [entry] = db().audit.find({"event": "field.uncovered"})
    assert (entry["by"], entry["details"]["field"]) == (clerk.id, "price")
    assert entry["details"]["record"] == record["_id"]
    assert post(client, path_of(record, "uncover/grade")).status_code == 404
    assert post(client, path_of(record, "uncover/name")).status_code == 404
    sign_in(client, factories.stranger())
    assert post(client, path_of(record, "uncover/price")).status_code == 404


def test_an_edit_leaves_what_is_closed_alone(
    client: FlaskClient, clerk: User, live: LiveForm, record: Document
) -> None:
    sign_in(client, clerk)
    answer = post(
        client, path_of(record, "edit"), _revision=2, name="new", note="changed", price="1", grade="x"
    )
    assert answer.status_code == 302
    stored = live.records().find_one({"_id": record["_id"]})
    assert stored
    assert stored["data"] == {"name": "new", "grade": HIDDEN, "price": 4711, "note": "changed"}


# -- sharing -----------------------------------------------------------------------------------------------


def outsider() -> User:
    grant = Grant(form="sheet", actions=["see", "comment", "edit"], scope=Scope.OWN.value)
    role = Role(name="outsider_role", grants=[grant]).save()
    return factories.user("out", role, department=factories.department("HR", "人事部", "HR"))


def test_a_record_is_shared_with_somebody_and_taken_back(
    client: FlaskClient, live: LiveForm, record: Document
) -> None:
    editor, other = factories.editor(), outsider()
    sign_in(client, other)
    assert client.get(path_of(record)).status_code == 404
    sign_in(client, editor)
    answer = post(client, path_of(record, "share"), people=str(other.id), word="please look")
    assert answer.status_code == 302
    stored = live.records().find_one({"_id": record["_id"]})
    assert stored
    assert stored["invited"] == [other.id]
    assert "out" in client.get(path_of(record)).text
    sign_in(client, other)
    assert client.get(path_of(record)).status_code == 200
    assert client.get(path_of(record, "edit")).status_code == 403
    sign_in(client, editor)
    assert post(client, path_of(record, f"share/{other.id}/withdraw")).status_code == 302
    sign_in(client, other)
    assert client.get(path_of(record)).status_code == 404
    events = [entry["event"] for entry in db().audit.find({"event": {"$regex": r"^record\."}}).sort("_id", 1)]
    assert events == ["record.shared", "record.unshared"]
    actions = [one["action"] for one in db().history.find({"record": record["_id"]}).sort("revision", 1)]
    assert actions == ["created", "updated", "shared", "unshared"]


def test_only_who_may_share_shares_and_only_with_readers(live: LiveForm, record: Document) -> None:
    with pytest.raises(NotFoundError):
        sharing.share(factories.stranger(), live, record["_id"], [factories.editor().id])
    client_of_nobody = factories.user("nobody_at_all", department=factories.department())
    with pytest.raises(Exception, match="No role lets"):
        sharing.share(factories.editor(), live, record["_id"], [client_of_nobody.id])


def test_the_page_of_a_conflict_tells_nothing_that_a_new_state_closed(client: FlaskClient) -> None:
    kinds = {"draft": "open", "priced": "done"}
    states = [{"key": key, "label": {"en": key}, "category": kind} for key, kind in kinds.items()]
    step = {"key": "quote", "label": {"en": "Quote"}, "sources": ["draft"], "to": "priced"}
    live = factories.form(
        factories.field("name"), factories.field("price", "integer"),
        key="offer", workflow={"initial": "draft", "states": states, "transitions": [step]},
    )  # fmt: skip
    record = factories.record(live, name="lamp", price=1)
    rules = [FieldRule(form="offer", fields=["price"], limit=Limit.HIDDEN.value, states=["priced"])]
    grant = Grant(form="offer", actions=["see", "edit"])
    clerk = factories.user("clerk", Role(name="clerk_role", grants=[grant], field_rules=rules).save())
    sign_in(client, clerk)
    path = f"/records/offer/{record['_id']}/edit"
    admin = factories.administrator()
    changed = records.update(Actor.of(admin), live, record["_id"], {"price": "4711"}, revision=1)
    workflow.take(Actor.of(admin), admin, live, record["_id"], "quote", {}, revision=changed["revision"])
    answer = post(client, path, _revision=1, name="mine", price=2)
    assert answer.status_code == 409
    assert "4,711" not in answer.text
    assert "4711" not in answer.text


def test_a_filter_of_a_closed_field_tells_not_even_which_values_it_takes(client: FlaskClient) -> None:
    price = factories.field("price", "integer", filterable=True)
    live = factories.form(factories.field("name"), price, key="offer")
    rules = [FieldRule(form="offer", fields=["price"], limit=Limit.MASKED.value)]
    role = Role(name="clerk_role", grants=[Grant(form="offer", actions=["see"])], field_rules=rules).save()
    factories.record(live, name="lamp", price=1)
    sign_in(client, factories.user("clerk", role, language="en"))
    path = "/records/offer/?flt0_price.eq=nonsense"
    assert "price: " not in client.get(path).text
    open_to = Role(name="chief_role", grants=[Grant(form="offer", actions=["see"])]).save()
    sign_in(client, factories.user("chief", open_to, language="en"))
    assert "price: " in client.get(path).text
