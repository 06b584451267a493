"""The workflow designer as an administrator uses it: what it is told, and in a real browser what it keeps."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect
from pymongo.database import Database

from models import form_changes, forms
from models.database import Document
from models.definition import Definition
from tests import factories
from tests.every_procedure import CLOCKS, WHOLE
from tests.factories import field
from tests.views.windows import page
from tests.web import csrf_token, sign_in

__all__ = ["page"]

OPEN_ALL = """() => {
  for (let round = 0; round < 4; round += 1)
    document.querySelectorAll('.field-row-toggle[aria-expanded="false"]').forEach((one) => one.click());
  document.querySelectorAll("details").forEach((one) => (one.open = true));
}"""
FIELD_ROWS = "#page-fields > div > .field-list > .field-rows > .field-row"
TABS = ("States", "Steps", "Clocks", "Routing")

SMALL: dict[str, Any] = {
    "key": "small",
    "label": {"en": "Small"},
    "fields": [field("name"), field("qty", "integer")],
    "workflow": {
        "initial": "new",
        "states": [
            {"key": "new", "label": {"en": "New"}},
            {"key": "done", "label": {"en": "Done"}, "category": "done"},
        ],
        "transitions": [
            {"key": "end", "label": {"en": "End"}, "sources": ["new"], "to": "done", "required": ["qty"]}
        ],
    },
    "clocks": [
        {
            "key": "answer",
            "label": {"en": "Answer"},
            "start": {"states": ["new"]},
            "stop": {"states": ["done"]},
            "length": {"amount": "48"},
            "ladder": [
                {"key": "soon", "side": "before", "offset": {"amount": "4"}, "who": {"fields": ["@owner"]}}
            ],
        }
    ],
}


# -- what the server answers ------------------------------------------------------------------------------


@pytest.fixture
def client(app: Flask, db: Database[Document]) -> FlaskClient:
    person = factories.administrator()
    person.language = "en"
    person.save()
    client = app.test_client()
    sign_in(client, person)
    forms.create(factories.actor(), SMALL)
    return client


def post(client: FlaskClient, what: str, **body: Any) -> Any:
    answer = client.post(
        f"/configure/forms/small/workflow/{what}", json=body, headers={"X-CSRFToken": csrf_token(client)}
    )
    return answer.status_code, answer.get_json()


def test_a_draft_is_judged_drawn_and_put_into_words(client: FlaskClient) -> None:
    status, told = post(client, "check", definition=SMALL)
    assert status == 200
    assert told["problems"] == {}
    assert told["warnings"] == {"workflow.states.new.who": ["Nobody has to do anything in this state."]}
    assert [node["label"] for node in told["diagram"]["nodes"]] == ["New", "Done"]
    assert [edge["labels"] for edge in told["diagram"]["edges"]] == [["End"]]
    assert (
        told["clocks"]["answer"]["text"]
        == "48 h; from state “New”; until state “Done”; 4 h before: the owner"
    )
    assert told["clocks"]["answer"]["example"].startswith("Started now, it is due 20")


def test_problems_of_the_procedure_are_named_where_they_are(client: FlaskClient) -> None:
    clocks = [SMALL["clocks"][0] | {"length": {}}]
    status, told = post(client, "check", definition={**SMALL, "clocks": clocks})
    assert (status, told["problems"]) == (200, {"clocks.answer.length.amount": ["Say how long."]})


@pytest.mark.parametrize(
    "half",
    [
        {"length": {"amount": "100000", "unit": "years"}},
        {"length": {"amount": "1.5", "unit": "months"}},
        {"length": {"field": "gone"}},
        {"calendar": "gone", "length": {"amount": "1", "unit": "working_days"}},
        {"kind": "recurring", "recurrence": {}},
        {"kind": "recurring", "recurrence": {"yearly": "13-45"}},
        {"kind": "recurring", "recurrence": {"every": {}}},
        {"kind": "recurring", "recurrence": {"every": {"amount": "0"}}},
        {"start": {"states": ["gone"], "rule": {"field": "gone", "op": "eq"}}, "who": {"heads": ["NO"]}},
    ],
)
def test_half_a_clock_is_judged_like_a_whole_one(client: FlaskClient, half: dict[str, Any]) -> None:
    status, told = post(client, "check", definition={**SMALL, "clocks": [SMALL["clocks"][0] | half]})
    assert (status, list(told["clocks"])) == (200, ["answer"])


def test_what_is_no_procedure_at_all_is_refused_beside_its_place(client: FlaskClient) -> None:
    flow = {**SMALL["workflow"], "transitions": [{"key": "end", "label": {}, "sources": [], "to": "done"}]}
    status, told = post(client, "check", definition={**SMALL, "workflow": flow})
    assert status == 422
    assert list(told["error"]["errors"]) == ["workflow.transitions.end.sources"]


def test_a_sample_goes_through_the_draft_and_nothing_is_stored(
    client: FlaskClient, db: Database[Document]
) -> None:
    before = {name: db[name].count_documents({}) for name in ("clocks", "duties", "outbox", "history")}
    _status, told = post(client, "try", definition=SMALL, steps=[{"transition": "end"}])
    created, refused = told["stops"]
    assert (created["state"]["label"], created["clocks"][0]["label"]) == ("New", "Answer")
    assert [(one["label"], one["to"], one["required"]) for one in created["offers"]] == [
        ("End", "Done", ["qty"])
    ]
    assert list(refused["errors"]) == ["qty"]

    _status, told = post(
        client, "try", definition=SMALL, steps=[{"transition": "end", "values": {"qty": "2"}}]
    )
    assert told["stops"][-1]["state"] == {"key": "done", "label": "Done", "color": "green"}
    assert {"label": "qty", "value": "2"} in told["stops"][-1]["values"]
    assert {name: db[name].count_documents({}) for name in before} == before


@pytest.mark.parametrize(
    "body",
    [{}, {"definition": []}, {"definition": SMALL, "record": "x"}, {"definition": SMALL, "record": "0" * 24}],
)
def test_a_trial_of_nonsense_is_refused(client: FlaskClient, body: dict[str, Any]) -> None:
    assert post(client, "try", **body)[0] == 422


def test_changes_of_a_procedure_are_told_part_by_part(client: FlaskClient) -> None:
    states = [*SMALL["workflow"]["states"], {"key": "void", "label": {"en": "Void"}, "category": "void"}]
    steps = [SMALL["workflow"]["transitions"][0] | {"reason": "required", "who": {"fields": ["@owner"]}}]
    changed = {
        **SMALL,
        "workflow": {**SMALL["workflow"], "states": states, "transitions": steps},
        "clocks": [],
    }
    forms.publish(factories.actor(), "small", draft_revision=forms.get("small").draft_revision)
    forms.save_draft(factories.actor(), "small", changed, draft_revision=forms.get("small").draft_revision)
    page = client.get("/configure/forms/small/impact").get_data(as_text=True)
    assert "State: Void" in page
    assert "Clock: Answer" in page
    assert "Step: End" in page
    assert "<ins>the owner</ins>" in page
    assert "<ins>Required</ins>" in page
    assert "{&#39;" not in page


def test_only_what_differs_in_a_procedure_is_a_difference() -> None:
    whole = Definition.load(WHOLE)
    assert not form_changes.compare(whole, Definition.load(whole.dump()))
    turned = Definition.load({**WHOLE, "clocks": CLOCKS[::-1]})
    assert [one.how for one in form_changes.compare(whole, turned).procedure] == ["moved"]


# -- in a browser -----------------------------------------------------------------------------------------


def test_every_property_survives_the_designer(page: Page) -> None:
    forms.create(factories.actor(), WHOLE)
    page.goto("/configure/forms/whole/workflow")
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        page.evaluate(OPEN_ALL)
    kept = page.evaluate("() => window.FormEditor.outgoing()")
    assert Definition.load(kept).dump() == Definition.load(WHOLE).dump()
    assert page.get_by_role("button", name="Save draft").is_disabled()


def test_a_workflow_is_built_step_by_step(page: Page) -> None:
    forms.create(factories.actor(), {**SMALL, "workflow": None, "clocks": []})
    page.goto("/configure/forms/small/workflow")
    page.get_by_role("button", name="Received → in progress → done").click()
    expect(page.locator(".wf-node")).to_have_count(3)

    page.get_by_role("button", name="Add state").click()
    row = page.locator(".field-row").last
    row.get_by_placeholder("English").first.fill("Checked twice")
    expect(row.locator("[data-key]")).to_have_value("checked_twice")
    expect(page.locator(".wf-node")).to_have_count(4)
    expect(page.locator("[data-warnings] summary")).to_contain_text("to look at")
    page.locator("[data-warnings] summary").click()
    page.get_by_role("tab", name="Steps").click()
    page.get_by_role("link", name="Checked twice").first.click()
    expect(page.get_by_role("tab", name="States")).to_have_attribute("aria-selected", "true")

    page.get_by_role("tab", name="Steps").click()
    page.get_by_role("button", name="Finish").click()
    finish = page.locator(".field-row.is-open")
    finish.get_by_label("Add: From", exact=True).select_option(label="Checked twice")
    finish.get_by_label("Add: Fields needed").select_option(label="qty")
    finish.get_by_label("Add: People", exact=True).select_option(label="The owner")
    finish.get_by_label("Add what happens…").select_option(label="Tell people")
    finish.locator(".wf-effect").get_by_placeholder("English").fill("It is over")
    finish.locator(".wf-effect").get_by_label("Add: People").select_option(label="Who created it")
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("[data-note]")).to_contain_text("Draft saved")

    flow = forms.draft_of(forms.get("small")).workflow
    assert flow
    assert list(flow.by_state) == ["received", "in_progress", "done", "checked_twice"]
    step = flow.by_transition["finish"]
    assert (step.sources, step.required, step.who.fields) == (
        ("in_progress", "checked_twice"),
        ("qty",),
        ("@owner",),
    )
    assert step.effects[0].model_dump(exclude_defaults=True) == {
        "do": "notify", "who": {"fields": ("@created_by",)}, "text": {"en": "It is over"},
    }  # fmt: skip


def test_a_new_key_follows_into_everything_that_names_it(page: Page) -> None:
    forms.create(factories.actor(), SMALL)
    page.goto("/configure/forms/small/workflow")
    page.get_by_role("button", name="New records begin here").click()
    page.locator(".field-row.is-open [data-key]").fill("fresh")
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("[data-note]")).to_contain_text("Draft saved")
    definition = forms.draft_of(forms.get("small"))
    flow = definition.workflow
    assert flow
    assert (flow.initial, flow.transitions[0].sources) == ("fresh", ("fresh",))
    assert definition.clocks[0].start.states == ("fresh",)


def test_a_sample_is_tried_on_the_page(page: Page) -> None:
    forms.create(factories.actor(), SMALL)
    page.goto("/configure/forms/small/workflow#try")
    expect(page.locator(".wf-stop")).to_contain_text("Clock “Answer” starts, due 20")
    page.locator(".wf-offer input").fill("5")
    page.locator(".wf-offer").get_by_role("button", name="End").click()
    expect(page.locator(".wf-stop").last).to_contain_text("Done")
    expect(page.locator(".wf-offers")).to_contain_text("Nothing leads on from here.")
    page.get_by_role("button", name="One step back").click()
    expect(page.locator(".wf-stop")).to_have_count(1)


def test_a_field_that_the_procedure_names_keeps_its_place_in_it(page: Page) -> None:
    clocks = [SMALL["clocks"][0] | {"done_by": ["qty"], "help": {"en": "{qty} pieces"}}]
    forms.create(factories.actor(), {**SMALL, "clocks": clocks})
    page.goto("/configure/forms/small/")
    row = page.locator(FIELD_ROWS).nth(1)
    row.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("the workflow or a clock")).to_be_visible()
    page.keyboard.press("Escape")
    row.locator(".field-row-toggle").first.click()
    row.locator("[data-name=key] input").fill("pieces")
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("[data-note]")).to_contain_text("Draft saved")
    definition = forms.draft_of(forms.get("small"))
    assert definition.workflow
    assert definition.workflow.transitions[0].required == ("pieces",)
    assert (definition.clocks[0].done_by, definition.clocks[0].help.en) == (("pieces",), "{pieces} pieces")
