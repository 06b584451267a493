"""Borrowers confirm on a page of their own what a stock check asks about."""

import pytest
from flask.testing import FlaskClient

from models import forms
from models.database import Document
from models.forms import LiveForm
from models.people import User
from tests import factories
from tests.models.ledger.desk_work import slip, taken, thing
from tests.pages import assert_safe, open_page
from tests.stock_check_forms import begun, check_form, lines_of, step
from tests.web import csrf_token, sign_in


@pytest.fixture
def wang(things: LiveForm) -> User:
    assert things
    return factories.user("wang", factories.reader().roles[0], name="王芳", department=factories.department())


@pytest.fixture
def check(things: LiveForm, slips: LiveForm, wang: User) -> Document:
    item = thing(things, name="Gauge")
    taken(slips, slip(slips, item, 2, borrower=str(wang.id)), "ask", "lend")
    return begun(check_form(), factories.administrator(), name="Yearly")


def line_of(check: Document) -> Document:
    [line] = lines_of(check, kind="lent")
    return line


def answer(client: FlaskClient, line: Document, **said: str) -> tuple[int, str]:
    sent = {"csrf_token": csrf_token(client), **said}
    found = client.post(f"/property/confirm/{line['_id']}", data=sent, follow_redirects=True)
    return found.status_code, found.text


def test_a_borrower_says_what_they_have(client: FlaskClient, check: Document, wang: User) -> None:
    sign_in(client, wang)
    assert "You have to say of 1" in open_page(client, "/property/holdings").text
    page = open_page(client, "/property/confirm")
    assert_safe(page)
    assert "Gauge" in page.text
    assert page.one("input", name="quantity")["value"] == "2"
    status, text = answer(client, line_of(check), have="yes", quantity="2", note="on my desk")
    assert (status, "Written down." in text, "Counted" in text) == (200, True, True)
    line = line_of(check)
    assert (line["status"], line["by_name"], line["note"]) == ("counted", "王芳", "on my desk")
    assert "You have to say of" not in open_page(client, "/property/holdings").text
    sign_in(client, factories.administrator())
    shown = open_page(client, f"/property/checks/{check['_id']}").text
    assert "Lent pieces that their borrowers confirmed: 1 of 1" in shown


def test_what_is_not_there_is_written_down_as_none(client: FlaskClient, check: Document, wang: User) -> None:
    sign_in(client, wang)
    assert answer(client, line_of(check), have="no", quantity="2")[0] == 200
    assert line_of(check)["counted"].to_decimal() == 0


def test_what_makes_no_sense_is_told_beside_the_line(
    client: FlaskClient, check: Document, wang: User
) -> None:
    sign_in(client, wang)
    for quantity, told in (("-1", "fewer than none"), ("x", "Enter a number"), ("", "Say how many")):
        status, text = answer(client, line_of(check), have="yes", quantity=quantity, note="kept")
        assert (status, told in text, 'value="kept"' in text) == (422, True, True)
    assert line_of(check)["status"] == "listed"


def test_others_find_nothing_and_a_check_that_is_over_says_so(
    client: FlaskClient, check: Document, wang: User
) -> None:
    sign_in(client, factories.user("lin", name="林工"))
    assert "Nothing to confirm" in open_page(client, "/property/confirm").text
    assert answer(client, line_of(check), have="yes", quantity="2")[0] == 404
    sign_in(client, wang)
    line = line_of(check)
    step(forms.current("stocktaking"), factories.administrator(), check, "cancel")
    assert "not being counted" in answer(client, line, have="yes", quantity="2")[1]
