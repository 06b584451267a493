"""What a record's state does to its page: shown in head and list, closed fields locked, rules told."""

import json

import pytest
from flask.testing import FlaskClient

from models.forms import LiveForm
from tests import factories
from tests.models.workflow import procedures
from tests.models.workflow.procedures import FINISH, START, flow, state
from tests.pages import open_page
from tests.web import csrf_token, sign_in


@pytest.fixture
def sheet(client: FlaskClient) -> LiveForm:
    sign_in(client, factories.editor())
    closed = {**state("new", readonly_fields=["cause"]), "label": {"en": "Fresh", "zh": "新"}}
    return procedures.form(flow(START, FINISH, states=[closed, *flow()["states"][1:]]), list_columns=[])


def test_the_state_stands_in_the_list_and_in_the_head_of_the_record(
    client: FlaskClient, sheet: LiveForm
) -> None:
    record = factories.record(sheet, name="spring")
    assert "Fresh" in client.get("/records/sheet/").text
    assert "Fresh" in client.get(f"/records/sheet/{record['_id']}").text
    found = client.get("/records/sheet/?flt0_state.in=work|done").text
    assert "spring" not in found
    assert "spring" in client.get("/records/sheet/?flt0_state.eq=new").text


def test_the_browser_knows_what_the_state_closes_and_what_rules_ask(
    client: FlaskClient, sheet: LiveForm
) -> None:
    record = factories.record(sheet, name="a")
    page = open_page(client, f"/records/sheet/{record['_id']}/edit")
    told = {
        one["id"]: json.loads(one.raw_text)
        for one in page.all("script")
        if "id" in one and one["id"].startswith("record-")
    }
    assert told["record-fields"]["cause"]["readonly"]
    assert not told["record-fields"]["name"]["readonly"]
    assert told["record-system"]["@state"] == "new"
    assert told["record-system"]["@owner"] == str(record["owner"])


def test_what_is_posted_to_a_closed_field_is_left_out(client: FlaskClient, sheet: LiveForm) -> None:
    record = factories.record(sheet, name="a")
    sent = {"csrf_token": csrf_token(client), "_revision": 1, "name": "b", "cause": "x"}
    answer = client.post(f"/records/sheet/{record['_id']}/edit", data=sent)
    assert answer.status_code == 302
    assert procedures.stored(sheet, record)["data"] == {"name": "b"}
    cell = client.post(
        f"/records/sheet/{record['_id']}/cell",
        json={"field": "cause", "value": "x", "revision": 2},
        headers={"X-CSRFToken": csrf_token(client)},
    )
    assert cell.status_code in {400, 422}


def test_history_says_which_step_was_taken_from_where_to_where(client: FlaskClient, sheet: LiveForm) -> None:
    record = factories.record(sheet, name="a")
    procedures.take(sheet, record, "start")
    page = client.get(f"/records/sheet/{record['_id']}").text
    assert "took a step: start" in page
    assert "In work" in page
    assert "@state" not in page
