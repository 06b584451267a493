"""Steps of one record on its page: offered, asked for, refused, and taken once."""

import pytest
from flask.testing import FlaskClient

from models.forms import LiveForm
from models.people import User
from tests import factories
from tests.models.workflow import procedures
from tests.models.workflow.procedures import flow, state, step
from tests.pages import assert_safe, open_page, read, submit
from tests.web import sign_in

RULE = {"field": "qty", "op": "gt", "value": 5}
STEPS = [
    step("start", "new", "work", kind="primary"),
    step("fill", "new", "work", fields=["cause", "qty"], required=["cause"], reason="required"),
    step("sign", "new", "done", signature="typed"),
    step("large", "new", "done", condition=RULE),
    step("boss", "new", "done", who={"roles": ["boss"]}),
    step("drop", "new", "done", kind="danger"),
    step("finish", "work", "done"),
]


@pytest.fixture
def sheet(client: FlaskClient) -> LiveForm:
    factories.role("boss")
    closed = state("new", readonly=True, help={"en": "Say what happened.", "zh": "请说明"})
    return procedures.form(flow(*STEPS, states=[closed, *flow()["states"][1:]]))


@pytest.fixture
def editor(client: FlaskClient, sheet: LiveForm) -> User:
    return sign_in(client, factories.editor())


def test_a_record_offers_its_steps(client: FlaskClient, sheet: LiveForm, editor: User) -> None:
    record = factories.record(sheet, name="a")
    page = open_page(client, f"/records/sheet/{record['_id']}")
    assert_safe(page)
    bar = page.one("section", "move-bar")
    assert "Say what happened." in bar.text
    actions = [form["action"].rpartition("/")[2] for form in bar.all("form")]
    links = [link["href"].rpartition("/")[2] for link in bar.all("a")]
    assert (actions, links) == (["start", "drop"], ["fill", "sign"])
    [blocked] = bar.all("button", aria_disabled="true")
    assert blocked.text == "large"
    assert "Possible only when" in page.one(id=blocked["aria-describedby"]).text
    assert "Only boss may do this." in bar.one("details").text


def test_a_step_without_questions_is_one_click(client: FlaskClient, sheet: LiveForm, editor: User) -> None:
    record = factories.record(sheet, name="a")
    path = f"/records/sheet/{record['_id']}"
    form = open_page(client, path).one("section", "move-bar").all("form")[0]
    assert submit(client, form, path).status_code == 302
    assert procedures.stored(sheet, record)["state"] == "work"
    again = submit(client, form, path)
    assert again.status_code == 409
    assert procedures.stored(sheet, record)["revision"] == 2
    assert f"{editor} changed it at" in read(again.text).text
    assert "It is now in “In work”." in read(again.text).text


def test_a_step_asks_for_its_fields_and_a_reason_and_keeps_what_was_typed(
    client: FlaskClient, sheet: LiveForm, editor: User
) -> None:
    record = factories.record(sheet, name="a")
    path = f"/records/sheet/{record['_id']}/move/fill"
    page = open_page(client, path)
    assert_safe(page)
    form = page.one("form", "record-form")
    assert set(form.sent()) == {"cause", "qty", "_reason", "_revision", "csrf_token"}
    refused = submit(client, form, path, qty="many")
    assert refused.status_code == 422
    kept = read(refused.text)
    assert kept.one("input", name="qty")["value"] == "many"
    assert [kept.one(id=f"error-{key}").text != "" for key in ("cause", "qty", "-reason")] == [True] * 3
    form = kept.one("form", "record-form")
    assert submit(client, form, path, qty="3", cause="wear", _reason="seen").status_code == 302
    stored = procedures.stored(sheet, record)
    assert (stored["state"], stored["data"]["qty"], stored["data"]["cause"]) == ("work", 3, "wear")
    assert "seen" in client.get(f"/records/sheet/{record['_id']}").text


def test_who_signs_types_their_own_name(client: FlaskClient, sheet: LiveForm, editor: User) -> None:
    record = factories.record(sheet, name="a")
    path = f"/records/sheet/{record['_id']}/move/sign"
    form = open_page(client, path).one("form", "record-form")
    refused = submit(client, form, path, _signature="Somebody Else")
    assert refused.status_code == 422
    assert read(refused.text).one(id="error-signature").text == "This is not your own name."
    assert submit(client, form, path, _signature=str(editor)).status_code == 302
    assert procedures.stored(sheet, record)["state"] == "done"


def test_what_was_typed_survives_somebody_elses_change(
    client: FlaskClient, sheet: LiveForm, editor: User
) -> None:
    record = factories.record(sheet, name="a")
    path = f"/records/sheet/{record['_id']}/move/fill"
    form = open_page(client, path).one("form", "record-form")
    sheet.records().update_one({"_id": record["_id"]}, {"$inc": {"revision": 1}})
    answer = submit(client, form, path, cause="wear", _reason="seen")
    assert answer.status_code == 409
    [on] = [one for one in read(answer.text).all("form") if one.attributes.get("action") == path]
    page = read(submit(client, on, path).text)
    form = page.one("form", "record-form")
    assert (form.sent()["cause"], form.sent()["_reason"], form.sent()["_revision"]) == ("wear", "seen", "2")


@pytest.mark.parametrize(("transition", "status"), [("nothing", 404), ("boss", 302), ("large", 302)])
def test_the_page_of_a_step_that_cannot_be_taken_is_not_shown(
    client: FlaskClient, sheet: LiveForm, editor: User, transition: str, status: int
) -> None:
    record = factories.record(sheet, name="a")
    assert client.get(f"/records/sheet/{record['_id']}/move/{transition}").status_code == status


def test_the_page_of_a_step_that_is_over_says_where_the_record_is(
    client: FlaskClient, sheet: LiveForm, editor: User
) -> None:
    record = factories.record(sheet, name="a")
    procedures.take(sheet, record, "start")
    page = open_page(client, f"/records/sheet/{record['_id']}/move/fill", 409)
    assert "In work" in page.text


def test_a_reader_is_offered_nothing_to_press(client: FlaskClient, sheet: LiveForm) -> None:
    sign_in(client, factories.reader())
    record = factories.record(sheet, name="a")
    bar = open_page(client, f"/records/sheet/{record['_id']}").one("section", "move-bar")
    assert not bar.all("form")
    assert not bar.all("a")


def test_the_edit_page_says_which_fields_the_state_closes(
    client: FlaskClient, sheet: LiveForm, editor: User
) -> None:
    record = factories.record(sheet, name="a")
    text = open_page(client, f"/records/sheet/{record['_id']}/edit").text
    assert "In the state “new” these fields cannot be changed: name, cause, qty" in text


def test_a_record_that_a_step_made_is_linked_on_both_pages(client: FlaskClient) -> None:
    factories.form(key="claim")
    make = {"do": "create", "form": "claim", "mapped": {"name": "name"}}
    live = procedures.form(flow(step("start", "new", "work", effects=[make]), procedures.FINISH))
    sign_in(client, factories.editor())
    record = factories.record(live, name="spring")
    [link] = procedures.take(live, record, "start")["links"]
    here, there = f"/records/sheet/{record['_id']}", f"/records/claim/{link['record']}"
    assert there in [one["href"] for one in open_page(client, here).all("a", "link-row")]
    assert here in [one["href"] for one in open_page(client, there).all("a", "link-row")]
