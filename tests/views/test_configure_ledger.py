"""Making ledgers, slips and letters without typing JSON: in a real browser, and what the server answers."""

from typing import Any, get_args

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from models import forms
from models.definition_parts import Part
from models.ledger import making
from models.ledger.stock import Stock
from models.ledger_checks import OF_LEDGER, OF_ROWS, OF_SLIP
from models.ledger_parts import Ledger, MovePieces, Returns, Slip, SlipAction, StockCheck
from models.people import User
from tests import factories
from tests.factories import field
from tests.ledger_forms import ledger_form, slip_form
from tests.letter_forms import cases, customers
from tests.pages import open_page
from tests.views.windows import page
from tests.web import csrf_token, sign_in
from views.configure import ledger_catalog

__all__ = ["page"]

ROWS = "#page-fields > div > .field-list > .field-rows > .field-row"


def card(page: Page, kind: str) -> Any:
    return page.locator(f'.ledger-card[data-part="{kind}"]')


def save(page: Page) -> None:
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("[data-note]")).to_contain_text("Draft saved")


@pytest.mark.browser
def test_an_empty_form_becomes_a_ledger_at_one_click(page: Page) -> None:
    page.goto("/configure/forms/new")
    page.fill("#field-label_en", "Gauges")
    page.get_by_role("button", name="Create form").click()
    page.wait_for_url("**/configure/forms/gauges**")
    page.get_by_role("tab", name="Form").click()
    page.get_by_role("button", name="Make this form a ledger").click()
    expect(card(page, "ledger").locator('[data-path="ledger.status"] select')).to_have_value("status")
    save(page)
    expect(page.locator("[data-note]")).to_contain_text("Ready to publish")
    page.get_by_role("link", name="Check and publish").click()
    page.get_by_role("button", name="Publish as version 1").click()
    expect(page.get_by_text("Version 1 is in force.")).to_be_visible()
    live = forms.current("gauges")
    assert live.definition.title_fields == ("name",)
    assert live.definition.ledger
    assert live.definition.ledger.fractional_units == ("kg", "m", "l")
    status = live.definition.by_key["status"]
    assert (status.readonly, len(status.options), status.label.zh) == (True, 9, "现状")
    record = factories.record(live, name="Gauge", quantity="2")
    assert Stock.load(record["stock"]).total(["kept"]) == 2
    assert record["data"]["status"] == "in_stock"


@pytest.mark.browser
def test_a_slip_takes_the_fields_there_are_and_makes_the_others(page: Page) -> None:
    ledger_form()
    fields = [field("borrower", "person"), field("purpose"), field("ends")]
    forms.create(factories.actor(), {"key": "loan", "label": {"en": "Loan"}, "fields": fields})
    page.goto("/configure/forms/loan/#form")
    page.get_by_role("button", name="Make this form a slip").click()
    slip = card(page, "slip")
    expect(slip.locator('[data-path="slip.borrower"] select')).to_have_value("borrower")
    expect(slip.locator('[data-path="slip.ends"] select')).to_have_value("ends_2")  # the other is a text
    expect(slip.locator('[data-path="slip.returns.outcome"] select')).to_have_value("outcome")
    save(page)
    draft = forms.draft_of(forms.get("loan"))
    assert draft.slip
    assert draft.by_key["items"].columns["item"].form == draft.slip.ledger == "thing"
    assert draft.slip.returns
    assert set(draft.by_key["returns"].columns["outcome"].options_by_key) == {
        "return",
        "damage",
        "lose",
        "use_up",
    }
    page.get_by_role("tab", name="Fields").click()
    expect(page.locator(ROWS)).to_have_count(12)


@pytest.mark.browser
def test_what_a_ledger_names_stays_and_mistakes_stand_beside_it(page: Page) -> None:
    live = ledger_form()
    draft = live.definition.dump()
    fields = [one for one in draft["fields"] if one["key"] != "due_on"]
    stored = forms.get("thing")
    forms.save_draft(
        factories.actor(), "thing", {**draft, "fields": fields}, draft_revision=stored.draft_revision
    )
    page.goto("/configure/forms/thing/#form")
    wrong = card(page, "ledger").locator('[data-path="ledger.due_on"]')
    expect(wrong.locator("[data-error]")).to_contain_text("There is no field “due_on”")
    page.locator("[data-problem-count]").click()
    expect(page.locator("#editor-problems")).to_contain_text("Ledger › Next return due")
    wrong.locator("select").select_option("")
    wrong.get_by_role("button", name="Make the field").click()
    expect(wrong.locator("select")).to_have_value("due_on")
    expect(wrong.locator("[data-error]")).to_be_hidden()
    page.get_by_role("tab", name="Fields").click()
    page.locator(ROWS).filter(has_text="holders").get_by_role("button", name="Delete").click()
    expect(page.locator("#toasts")).to_contain_text("the settings of the ledger or slip: Holders")
    save(page)
    assert forms.draft_of(forms.get("thing")).by_key["due_on"].type == "date"


@pytest.mark.browser
def test_a_new_key_follows_into_slips_and_letters(page: Page) -> None:
    ledger_form()
    table = field("rows", "table", fields=[field("thing", "reference", form="thing"), field("n", "integer")])
    document = {
        "key": "loan",
        "label": {"en": "Loan"},
        "fields": [field("who", "person"), field("a", "date"), field("b", "date"), table],
        "slip": {
            "ledger": "thing",
            "items": "rows",
            "item": "thing",
            "quantity": "n",
            "borrower": "who",
            "begins": "a",
            "ends": "b",
        },
        "letters": [
            {
                "key": "note",
                "label": {"en": "Note"},
                "subject": {"en": "who {{ who }}"},
                "body": {"en": "{% for row in rows %}{{ row.n }}{% endfor %}{% if who %}rows{% endif %}"},
                "recipient": "who",
            }
        ],
    }
    forms.create(factories.actor(), document)
    page.goto("/configure/forms/loan/")
    row = page.locator(ROWS).filter(has_text="who")
    row.locator(".field-row-toggle").click()
    row.locator("[data-name=key] input").fill("borrower")
    table_row = page.locator(ROWS).filter(has_text="rows")
    table_row.locator(".field-row-toggle").first.click()
    table_row.locator(".field-row .field-row-toggle").last.click()
    table_row.locator(".field-row [data-name=key] input").last.fill("pieces")
    table_row.locator("> .field-row-body [data-name=key] input").first.fill("lines")
    save(page)
    draft = forms.draft_of(forms.get("loan"))
    assert draft.slip
    assert (draft.slip.borrower, draft.slip.items, draft.slip.quantity) == ("borrower", "lines", "pieces")
    [letter] = draft.letters
    assert letter.subject.en == "who {{ borrower }}"
    assert (
        letter.body.en == "{% for row in lines %}{{ row.pieces }}{% endfor %}{% if borrower %}rows{% endif %}"
    )
    assert letter.recipient == "borrower"


@pytest.mark.browser
def test_a_step_that_books_is_designed(page: Page) -> None:
    ledger_form()
    slip_form()
    page.goto("/configure/forms/slip/workflow#steps")
    step = page.locator(".wf-rows > .field-row").filter(has_text="extend")
    step.locator(".field-row-toggle").first.click()
    effect = step.locator(".wf-effect").first
    expect(effect.locator("b")).to_have_text("Book in the ledger")
    expect(effect.locator('[data-path$=".until"] select')).to_have_value("extend_to")
    effect.locator('[data-path$=".action"] select').select_option("pass_on")
    expect(effect.locator('[data-path$=".until"]')).to_have_count(0)
    effect.locator('[data-path$=".person"] select').select_option("receiver")
    effect.locator('[data-path$=".action"] select').select_option("lose")
    expect(effect.locator('[data-path$=".item"] [data-error]')).to_contain_text(
        "Name the field that says which item."
    )
    effect.locator('[data-path$=".action"] select').select_option("lend")
    effect.locator('[data-path$=".note"] select').select_option("purpose")
    save(page)
    booked = forms.draft_of(forms.get("slip")).dump()["workflow"]["transitions"]
    [extend] = [one for one in booked if one["key"] == "extend"]
    assert extend["effects"][0] == {"do": "ledger", "action": "lend", "note": "purpose"}


@pytest.mark.browser
def test_a_letter_is_written_in_the_editor_and_looked_at(page: Page) -> None:
    customer = factories.record(customers(), name="Acme <b>", street="1 High Street")
    live = cases()
    factories.record(live, name="Lamp", customer=str(customer["_id"]), parts=[{"part": "Cover | left"}])
    page.goto("/configure/forms/case/#letters")
    page.get_by_role("button", name="Add letter").click()
    row = page.locator("#page-letters .field-row").last
    row.locator('[data-path$=".label"] input[lang=en]').fill("Thank you")
    row.locator('[data-path$=".label"] input[lang=en]').blur()
    expect(row.locator(".field-row-meta")).to_have_text("thank_you")
    row.locator('[data-path$=".subject.en"] input').fill("Thanks, {{ customer }}")
    text = row.locator('[data-path$=".body.en"] textarea')
    text.fill("{{ gone }}")
    expect(row.locator('[data-path$=".body.en"] [data-error]')).to_contain_text("There is no “gone”.")
    text.fill("See below.\n\n")
    row.locator(".letter-insert").select_option("{{ parts }}")
    expect(text).to_have_value("See below.\n\n{{ parts }}")
    row.locator('[data-path$=".recipient"] select').select_option("customer.street")
    row.get_by_role("button", name="Preview").click()
    sheet = row.locator(".letter-preview")
    expect(sheet.locator("h1")).to_have_text("Thanks, Acme <b>")
    expect(sheet.locator(".letter-to")).to_have_text("1 High Street")
    expect(sheet.locator("td")).to_have_text(["Cover | left"])
    save(page)
    [_report, letter] = forms.draft_of(forms.get("case")).letters
    assert (letter.key, letter.recipient) == ("thank_you", "customer.street")


# -- what the server answers ---------------------------------------------------------------------------------


def test_the_editor_knows_every_property_of_every_part() -> None:
    shapes: dict[str, type[Part]] = {
        "ledger": Ledger,
        "slip": Slip,
        "returns": Returns,
        "stock_check": StockCheck,
    }
    for name, shape in shapes.items():
        assert set(ledger_catalog.PROPERTIES[name]) == set(shape.model_fields) - {"returns"}, name
    assert set(ledger_catalog.EFFECT) == set(MovePieces.model_fields) - {"do"}
    assert set(ledger_catalog.SLIP_ACTIONS) == set(get_args(SlipAction))


def test_what_is_made_fits() -> None:
    """Whatever a ledger or slip can name is made with a type that fits, but for a customer's form."""
    items, returned = making.item_columns(), making.return_columns()
    made = {**making.ledger_fields(), "customer": {"type": "reference"}}
    for wanted, fields in ((OF_LEDGER, made), (OF_SLIP, making.slip_fields())):
        assert {name: fields[name]["type"] in types for name, types in wanted.items()} == dict.fromkeys(
            wanted, True
        )
    assert {*items, *returned} == set(OF_ROWS)
    for columns in (items, returned):
        assert not {name for name, one in columns.items() if one["type"] not in OF_ROWS[name]}


@pytest.fixture
def admin(client: FlaskClient) -> User:
    return sign_in(client, factories.administrator())


def preview(client: FlaskClient, **body: Any) -> tuple[int, Any]:
    answer = client.post(
        "/configure/forms/case/letters/preview", json=body, headers={"X-CSRFToken": csrf_token(client)}
    )
    return answer.status_code, answer.get_json()


@pytest.mark.usefixtures("admin")
def test_a_letter_that_cannot_be_filled_in_is_not_shown(client: FlaskClient) -> None:
    customers()
    document = cases().definition.dump()
    assert preview(client, definition=document, letter="gone")[0] == 404
    status, answer = preview(client, definition=document, letter="report", record="6" * 24)
    assert (status, set(answer["error"]["errors"])) == (422, {"record"})
    [letter] = document["letters"]
    wrong = {**document, "letters": [{**letter, "body": {"en": "{{ 7*7 }}"}}]}
    status, answer = preview(client, definition=wrong, letter="report")
    assert (status, set(answer["error"]["errors"])) == (422, {"letters.report.body.en"})
    status, answer = preview(client, definition=document, letter="report", language="zh")
    assert (status, answer["subject"]) == (200, "损坏报告")


def test_a_keeper_of_the_form_sees_in_a_preview_what_they_may_print(client: FlaskClient) -> None:
    customers()
    live = cases()
    record = factories.record(live, name="Lamp")
    sign_in(client, factories.form_maker())
    status, answer = preview(
        client, definition=live.definition.dump(), letter="report", record=str(record["_id"])
    )
    assert (status, set(answer["error"]["errors"])) == (422, {"record"})


@pytest.mark.usefixtures("admin")
def test_versions_say_in_words_what_changed_of_a_ledger_a_slip_and_a_letter(client: FlaskClient) -> None:
    things = ledger_form()
    slips = slip_form()
    customers()
    letters = cases()
    document = things.definition.dump()
    factories.republish(things, ledger={**document["ledger"], "place": "", "fractional_units": []})
    document = slips.definition.dump()
    flow = document["workflow"]
    [take_back] = [one for one in flow["transitions"] if one["key"] == "take_back"]
    others = [one for one in flow["transitions"] if one["key"] != "take_back"]
    step = {**take_back, "effects": [{"do": "ledger", "action": "pass_on", "person": "receiver"}]}
    factories.republish(
        slips,
        slip={**document["slip"], "offer": "", "usual_days": 3, "returns": None},
        workflow={**flow, "transitions": [*others, step]},
    )
    [letter] = letters.definition.dump()["letters"]
    factories.republish(letters, letters=[{**letter, "address": "customer", "states": []}])
    found = changes(client, "thing")
    assert found["Place"] == ("place", "—")
    assert found["Units that can be divided"] == ("kg", "—")
    found = changes(client, "slip")
    assert found["When it is their turn"] == ("offer", "—")
    assert found["Usual length, days"] == ("7", "3")
    assert "Column: outcome: outcome" in found["Table of returns"][0]
    assert found["What happens"] == (
        "Book in the ledger: Take back what the new rows of returns say",
        "Book in the ledger: Pass on to another borrower (To the person: receiver)",
    )
    assert changes(client, "case") == {"Address": ("customer › street", "customer")}


def changes(client: FlaskClient, key: str) -> dict[str, tuple[str, str]]:
    """Return what the list of versions says that changed: the name of a property, what it was and is."""
    shown = open_page(client, f"/configure/forms/{key}/versions")
    lines = [line for list_ in shown.all("dl", "diff-changes") for line in list_.all("div")]
    return {line.one("dt").text: (line.one("del").text, line.one("ins").text) for line in lines}


@pytest.mark.usefixtures("admin")
def test_the_impact_page_names_the_place_of_a_mistake(client: FlaskClient) -> None:
    live = slip_form()
    document = live.definition.dump()
    stored = forms.get("slip")
    broken = {
        **document,
        "slip": {**document["slip"], "ends": "gone"},
        "letters": [{"key": "note", "label": {"en": "Note"}}],
    }
    forms.save_draft(factories.actor(), "slip", broken, draft_revision=stored.draft_revision)
    page = open_page(client, "/configure/forms/slip/impact").text
    assert "Slip › Last day：There is no field “gone”." in page
    assert "Letters › Note › Text：This is needed." in page
    assert "Slip › Lends pieces of：The form “thing” is no ledger." in page
