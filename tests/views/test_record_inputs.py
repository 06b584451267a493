"""A record with every type of field, typed into the inputs that the pages really have."""

from typing import Any

import pytest
from bson import Decimal128
from flask.testing import FlaskClient

from models import forms
from models.database import Document
from models.forms import LiveForm
from models.people import User
from tests import everything, factories
from tests.everything import PNG, SHOWN, TYPED
from tests.pages import Element, assert_safe, open_page, read, submit
from tests.web import csrf_token, sign_in

NEW = "/records/sheet/new"


@pytest.fixture
def editor(client: FlaskClient) -> User:
    return sign_in(client, factories.editor())


@pytest.fixture
def sheet(editor: User) -> tuple[LiveForm, Document, Document]:
    customers = everything.customers()
    return everything.form(), *customers[1:]


def inputs(page: Element) -> Element:
    [form] = [form for form in page.all("form") if "data-record-form" in form]
    return form


def send_file(client: FlaskClient, key: str, content: bytes, name: str) -> str:
    answer = everything.upload(client, csrf_token(client), key, content, name)
    assert answer.status_code == 200, answer.text
    return str(answer.get_json()["file"])


def typed(client: FlaskClient, editor: User, first: Document, second: Document) -> dict[str, Any]:
    return {
        **TYPED,
        "who": str(editor.id),
        "where": str(editor.department.id),
        "customer": str(first["_id"]),
        "customers": [str(first["_id"]), str(second["_id"])],
        "items-0-part": "bulb",
        "items-0-n": "2",
        "items-0-cost.amount": "3.50",
        "items-0-cost.currency": "CNY",
        "items-0-sort": "a",
        "items-0-by": "2026-01-31",
        "items-7-part": "screw",
        "items-7-n": "3",
        "items-7-cost.amount": "",
        "papers": [send_file(client, "papers", b"some text", "报告 <1>.txt")],
        "pictures": [send_file(client, "pictures", PNG, "照片.png")],
        "sign": send_file(client, "sign", PNG, "signature.png"),
    }


def values_on(page: Element, live: LiveForm) -> dict[str, str]:
    labels = {one.label.en: one.key for one in live.definition.value_fields}
    return {
        labels[fact.one("dt").text]: fact.one("dd").text
        for fact in page.all(css="fact")
        if fact.one("dt").text in labels
    }


def test_every_type_of_field_makes_the_round_trip_through_its_input(
    client: FlaskClient, editor: User, sheet: tuple[LiveForm, Document, Document]
) -> None:
    live, first, second = sheet
    form = inputs(open_page(client, NEW))
    answer = submit(client, form, NEW, **typed(client, editor, first, second))
    assert answer.status_code == 302, [one.text for one in read(answer.text).all(css="error-summary")]
    [record] = everything.stored(live)
    assert record["data"]["price"] == {"amount": Decimal128("1234.50"), "currency": "USD"}
    assert [row["part"] for row in record["data"]["items"]] == ["bulb", "screw"]
    page = open_page(client, answer.headers["Location"])
    assert_safe(page)
    shown = values_on(page, live)
    assert {key: shown[key] for key in SHOWN} == SHOWN
    assert "报告 <1>.txt" in shown["papers"]
    assert len(page.one("span", css="stars").all("svg", css="is-on")) == 4


def test_opening_and_saving_without_a_change_changes_nothing(
    client: FlaskClient, editor: User, sheet: tuple[LiveForm, Document, Document]
) -> None:
    live, first, second = sheet
    made = submit(client, inputs(open_page(client, NEW)), NEW, **typed(client, editor, first, second))
    path = f"{made.headers['Location']}/edit"
    [before] = everything.stored(live)
    page = open_page(client, path)
    assert_safe(page)
    assert submit(client, inputs(page), path).status_code == 302
    assert everything.stored(live) == [before]


def test_every_field_can_be_emptied(
    client: FlaskClient, editor: User, sheet: tuple[LiveForm, Document, Document]
) -> None:
    live, first, second = sheet
    made = submit(client, inputs(open_page(client, NEW)), NEW, **typed(client, editor, first, second))
    path = f"{made.headers['Location']}/edit"
    form = inputs(open_page(client, path))
    kept = {"csrf_token", "_revision", "name"}
    nothing: dict[str, Any] = {name: "" for name in form.sent() if name not in kept}
    nothing |= {name: [] for name in ("kinds", "papers", "pictures", "customers")}
    assert submit(client, form, path, **nothing).status_code == 302
    [record] = everything.stored(live)
    assert set(record["data"]) == {"name", "ticket"} | ({"total"} & set(record["data"]))


BAD = {
    "whole": ("12x", "-1", "99999999999999999999", "NaN"),
    "share": ("1e999", "NaN", "1.23456"),
    "price.amount": ("abc", "1e999"),
    "rate": ("half",),
    "day": ("2026-02-30", "9999-01-01"),
    "moment": ("2026-02-30T10:00",),
    "took": ("soon",),
    "kind": ("zzz", "old"),
    "kinds": ("zzz",),
    "stars": ("9",),
    "tel": ("12",),
    "mail": ("nobody",),
    "site": ("javascript:alert(1)",),
    "who": ("f" * 24, "nobody"),
    "where": ("f" * 24,),
    "customer": ("f" * 24,),
    "papers": ("f" * 24,),
    "sign": ("f" * 24,),
    "items-0-n": ("x",),
    "name": ("x" * 40_000,),
}

# An input that offers only what may be chosen cannot show what may not.
NOT_RETYPED = {"kind", "kinds", "stars", "who", "where", "customer", "papers", "sign"}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.usefixtures("sheet")
def test_a_refused_value_stands_beside_its_message_and_the_rest_is_kept(
    client: FlaskClient, name: str
) -> None:
    for value in BAD[name]:
        form = inputs(open_page(client, NEW))
        given: dict[str, Any] = {"name": "kept <b>name</b>", "story": "kept\r\n story", "stars": "3"}
        given |= {"items-0-part": "p", name: value}
        answer = submit(client, form, NEW, **given)
        assert answer.status_code == 422, (name, value)
        page = read(answer.text)
        assert_safe(page)
        again = inputs(page)
        frame = again.one(data_field=name.partition(".")[0].partition("-")[0])
        assert [one for one in frame.all("p", css="field-error") if one.text and "hidden" not in one], value
        assert page.one(css="error-summary").text
        sent = again.sent()
        lost = {name} if name in NOT_RETYPED else set()
        assert {key: sent.get(key) for key in given if key not in lost} == {
            key: text for key, text in given.items() if key not in lost
        }


@pytest.mark.usefixtures("sheet")
def test_an_optional_choice_does_not_save_its_first_option(client: FlaskClient) -> None:
    """Flask-Admin on MongoEngine saves the first choice of an optional select."""
    form = inputs(open_page(client, NEW))
    assert form.sent()["kind"] == ""
    assert submit(client, form, NEW, name="x").status_code == 302
    [record] = everything.stored(_live())
    assert set(record["data"]) - {"total"} == {"name", "ticket"}


@pytest.mark.usefixtures("sheet")
def test_an_empty_choice_never_reads_none(client: FlaskClient) -> None:
    """Flask-Admin shows "None" for a choice that was not made."""
    submit(client, inputs(open_page(client, NEW)), NEW, name="x")
    [record] = everything.stored(_live())
    base = "/records/sheet/"
    for path in (
        base,
        f"{base}{record['_id']}",
        f"{base}{record['_id']}/print",
        f"{base}{record['_id']}/edit",
    ):
        page = open_page(client, path)
        assert not [one for one in page.all("input") if one.attributes.get("value") == "None"], path
        nothing = {"Rating"} if path.endswith("edit") else set()
        said = [
            one.text for one in page if one.text == "None" and one.tag in {"td", "dd", "option", "output"}
        ]
        assert set(said) <= nothing, path


def _live() -> LiveForm:
    return forms.current("sheet")


@pytest.mark.usefixtures("sheet")
def test_a_retired_option_stays_where_it_was_chosen_and_is_not_offered_elsewhere(
    client: FlaskClient, editor: User
) -> None:
    offered = [one["value"] for one in open_page(client, NEW).one("select", id="field-kind").all("option")]
    assert offered == ["", "a", "b"]
    live = _live()
    record = factories.record(live, editor, name="x", kind="b")
    kinds: list[dict[str, Any]] = [{**one, "retired": one["key"] == "b"} for one in everything.KINDS]
    fields = [
        {**one, "options": kinds} if one["key"] == "kind" else one for one in live.definition.dump()["fields"]
    ]
    factories.republish(live, fields=fields)
    path = f"/records/sheet/{record['_id']}/edit"
    form = inputs(open_page(client, path))
    assert form.sent()["kind"] == "b"
    assert submit(client, form, path, name="y").status_code == 302
    assert everything.stored(live)[0]["data"]["kind"] == "b"


@pytest.mark.usefixtures("sheet")
def test_years_far_beyond_2030_can_be_typed(client: FlaskClient) -> None:
    """The date picker that Flask-Admin edits cells with stops at 2030."""
    form = inputs(open_page(client, NEW))
    day = form.one("input", id="field-day")
    assert (day["type"], day["max"]) == ("date", "2999-12-31")
    assert submit(client, form, NEW, name="x", day="2150-07-01").status_code == 302
    assert everything.stored(_live())[0]["data"]["day"] == "2150-07-01"
