"""The inputs of ledgers and slips: what only the ledger writes is shown, and nowhere asked for."""

import pytest
from flask.testing import FlaskClient

from models import workflow
from models.database import Document
from models.forms import LiveForm
from models.people import Actor, User
from tests import factories
from tests.ledger_forms import ledger_form, slip_form
from tests.pages import Element, open_page, submit
from tests.web import sign_in

WRITTEN = ("available", "lent", "holders", "due_on", "status", "kept_by", "kept_at")


@pytest.fixture
def admin(client: FlaskClient) -> User:
    return sign_in(client, factories.administrator())


@pytest.fixture
def things(admin: User) -> LiveForm:
    return ledger_form()


@pytest.fixture
def item(things: LiveForm, admin: User) -> Document:
    return factories.record(things, admin, name="Gauge", quantity="5")


@pytest.fixture
def slips(things: LiveForm) -> LiveForm:
    return slip_form()


@pytest.fixture
def lent(slips: LiveForm, item: Document, admin: User) -> Document:
    record = factories.record(
        slips,
        admin,
        items=[{"item": str(item["_id"]), "quantity": "2"}],
        borrower=str(admin.id),
        begins="2026-01-01",
        ends="2999-01-01",
    )
    for step in ("ask", "lend"):
        record = workflow.take(
            Actor.of(admin), admin, slips, record["_id"], step, {}, revision=record["revision"]
        )
    return record


def inputs(page: Element) -> Element:
    [form] = [form for form in page.all("form") if "data-record-form" in form]
    return form


def test_a_new_thing_is_not_asked_for_what_the_ledger_writes(client: FlaskClient, things: LiveForm) -> None:
    page = open_page(client, "/records/thing/new")
    assert {"name", "quantity", "place"} <= set(inputs(page).sent())
    assert not set(WRITTEN) & set(inputs(page).sent())
    assert not page.all(id_="frame-status")
    assert not open_page(client, "/configure/forms/thing/preview").all(id_="frame-status")


def test_a_thing_being_edited_shows_what_the_ledger_says(client: FlaskClient, item: Document) -> None:
    page = open_page(client, f"/records/thing/{item['_id']}/edit")
    assert not set(WRITTEN) & set(inputs(page).sent())
    assert page.one("output", id_="field-available").text == "5"
    assert page.one("output", id_="field-status").text == "in_stock"


def test_lines_of_a_slip_show_what_was_lent_and_keep_it(
    client: FlaskClient, slips: LiveForm, lent: Document
) -> None:
    address = f"/records/slip/{lent['_id']}/edit"
    form = inputs(open_page(client, address))
    assert form.all("td", data_column="lent")[0].one("output").text == "2"
    assert "outstanding" not in form.sent()
    submit(client, form, address, **{"items-0-lent": "77", "purpose": "Training"})
    [stored] = slips.records().find()
    assert stored["data"]["purpose"] == "Training"
    assert str(stored["data"]["items"][0]["lent"]) == "2"
    assert str(stored["data"]["outstanding"]) == "2"


def test_no_list_and_no_bulk_change_offers_it(client: FlaskClient, item: Document) -> None:
    for key in WRITTEN:
        assert client.get(f"/records/thing/set-field?field={key}").status_code == 404
    assert client.get("/records/thing/set-field?field=place").status_code == 200
