"""The board of a form, and steps taken with many ticked records at once."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from pymongo.database import Database

from models import times
from models.database import Document
from models.forms import LiveForm
from models.people import User
from tests import factories
from tests.web import csrf_token, sign_in

STATES = [
    {"key": "new", "label": {"zh": "新建", "en": "New"}},
    {"key": "work", "label": {"zh": "处理中", "en": "In work"}},
    {"key": "done", "label": {"zh": "完成", "en": "Done"}, "category": "done"},
]


def step(key: str, source: str, to: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "label": {"en": key.title()}, "sources": [source], "to": to, **more}


STEPS = [
    step("begin", "new", "work"),
    step("finish", "work", "done", required=["qty"], fields=["qty"]),
    step("refuse", "new", "done", reason="required"),
    step("reopen", "work", "new", who={"roles": ["nobody"]}),
]


@pytest.fixture
def live(db: Database[Document]) -> LiveForm:
    factories.role("nobody")
    return factories.form(
        workflow={"initial": "new", "states": STATES, "transitions": STEPS},
        clocks=[
            {
                "key": "answer",
                "label": {"en": "Answer"},
                "start": {"states": ["new"]},
                "stop": {"states": ["done"]},
                "length": {"amount": "2", "unit": "hours"},
            }
        ],
    )


@pytest.fixture
def editor(client: FlaskClient, live: LiveForm) -> User:
    return sign_in(client, factories.editor())


def column(page: str, state: str) -> str:
    return page.split(f'data-state="{state}"')[1].split("</section>", maxsplit=1)[0]


def test_cards_stand_in_the_column_of_their_state(client: FlaskClient, live: LiveForm, editor: User) -> None:
    record = factories.record(live, name="Broken bearing")
    page = client.get(f"/records/{live.key}/board").text
    assert "Broken bearing" in column(page, "new")
    assert "Broken bearing" not in column(page, "work") + column(page, "done")
    client.post(
        f"/records/{live.key}/{record['_id']}/drop",
        json={"transition": "begin", "revision": 1},
        headers={"X-CSRFToken": csrf_token(client)},
    )
    assert "Broken bearing" in column(client.get(f"/records/{live.key}/board").text, "work")


def test_records_from_before_the_workflow_stand_at_its_beginning(
    client: FlaskClient, live: LiveForm, editor: User
) -> None:
    record = factories.record(live, name="Old one")
    live.records().update_one({"_id": record["_id"]}, {"$set": {"state": None}})
    assert "Old one" in column(client.get(f"/records/{live.key}/board").text, "new")


def test_a_late_card_says_so(client: FlaskClient, live: LiveForm, editor: User) -> None:
    with times.set_clock(times.now() - timedelta(hours=3)):
        factories.record(live, name="Waiting")
    factories.record(live, name="Fresh")
    page = column(client.get(f"/records/{live.key}/board").text, "new")
    assert page.count("is-late") == 1


def test_a_card_is_told_where_it_may_go(client: FlaskClient, live: LiveForm, editor: User) -> None:
    record = factories.record(live, name="a")
    path = f"/records/{live.key}/{record['_id']}"
    moves = {one["key"]: one for one in client.get(f"{path}/moves").get_json()["moves"]}
    assert {key: bool(one["page"]) for key, one in moves.items()} == {"begin": False, "refuse": True}
    token = {"X-CSRFToken": csrf_token(client)}
    client.post(f"{path}/drop", json={"transition": "begin", "revision": 1}, headers=token)
    moves = {one["key"]: one for one in client.get(f"{path}/moves").get_json()["moves"]}
    assert (moves["finish"]["allowed"], moves["reopen"]["allowed"]) == (True, False)
    assert "nobody" in moves["reopen"]["why_not"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"transition": "begin", "revision": 7}, 409),
        ({"transition": "finish", "revision": 1}, 409),
        ({"transition": "refuse", "revision": 1}, 422),
        ({"transition": "", "revision": 1}, 409),
        ({"transition": {"$ne": ""}, "revision": 1}, 400),
        ({"transition": "begin", "revision": "1"}, 400),
        ([], 400),
    ],
)
def test_a_card_cannot_be_dropped_where_it_may_not_go(
    client: FlaskClient, live: LiveForm, editor: User, sent: Any, status: int
) -> None:
    record = factories.record(live, name="a")
    path = f"/records/{live.key}/{record['_id']}/drop"
    answer = client.post(path, json=sent, headers={"X-CSRFToken": csrf_token(client)})
    assert answer.status_code == status
    assert live.records().find_one({"_id": record["_id"]}) == record


def test_the_same_drop_twice_moves_once(client: FlaskClient, live: LiveForm, editor: User) -> None:
    record = factories.record(live, name="a")
    path, token = f"/records/{live.key}/{record['_id']}/drop", {"X-CSRFToken": csrf_token(client)}
    answers = [
        client.post(path, json={"transition": "begin", "revision": 1}, headers=token).status_code
        for _time in range(2)
    ]
    assert answers == [200, 409]


def move(client: FlaskClient, live: LiveForm, ids: list[Any], transition: str, reason: str = "") -> str:
    form = {
        "action": "move",
        "transition": transition,
        "reason": reason,
        "ids": ids,
        "csrf_token": csrf_token(client),
    }
    return client.post(f"/records/{live.key}/action", data=form, follow_redirects=True).text


def states(live: LiveForm) -> list[str]:
    return [record["state"] for record in live.records().find().sort("_id", 1)]


def test_a_step_is_taken_with_each_record_that_can_take_it(
    client: FlaskClient, live: LiveForm, editor: User
) -> None:
    ids = [factories.record(live, name=str(n))["_id"] for n in range(3)]
    move(client, live, ids[:1], "begin")
    page = move(client, live, ids, "begin")
    assert states(live) == ["work"] * 3
    assert "2 records were changed." in page
    assert "1 record was not changed" in page
    assert "In work" in page


def test_many_steps_need_a_reason_where_one_does(client: FlaskClient, live: LiveForm, editor: User) -> None:
    ids = [factories.record(live, name=str(n))["_id"] for n in range(2)]
    assert "Say why." in move(client, live, ids, "refuse")
    assert states(live) == ["new"] * 2
    move(client, live, ids, "refuse", "out of warranty")
    assert states(live) == ["done"] * 2


@pytest.mark.parametrize("transition", ["finish", "nothing", ""])
def test_steps_that_ask_for_more_are_not_taken_in_bulk(
    client: FlaskClient, live: LiveForm, editor: User, transition: str
) -> None:
    ids = [factories.record(live, name="a")["_id"]]
    assert "Choose a step." in move(client, live, ids, transition)
    assert states(live) == ["new"]


def test_a_reader_moves_nothing(client: FlaskClient, live: LiveForm) -> None:
    sign_in(client, factories.reader())
    ids = [factories.record(live, name="a")["_id"]]
    assert "1 record was not changed" in move(client, live, ids, "begin")
    assert states(live) == ["new"]
