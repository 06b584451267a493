"""Letters on a record's page: filled in, looked over, fixed, read again, printed, saved."""

import re

import pytest
from flask.testing import FlaskClient

from models.access import Action
from models.database import Document, db
from models.forms import LiveForm
from models.people import FieldRule, Grant, Limit, Role, User
from tests import factories
from tests.letter_forms import cases, customers, letter
from tests.pages import Element, assert_safe, open_page, read, submit
from tests.web import sign_in

EVIL = "<script>alert(1)</script> \"'&"


@pytest.fixture
def editor(client: FlaskClient) -> User:
    return sign_in(client, factories.editor())


@pytest.fixture
def customer(editor: User) -> Document:
    return factories.record(customers(), editor, name=f"Acme {EVIL}", street="1 High Street\nLondon")


@pytest.fixture
def live(customer: Document) -> LiveForm:
    return cases()


@pytest.fixture
def case(live: LiveForm, editor: User, customer: Document) -> Document:
    rows = [{"part": f"Cover {EVIL}", "qty": "2"}]
    return factories.record(live, editor, name=f"Lamp {EVIL}", customer=str(customer["_id"]), parts=rows)


def path_of(record: Document, page: str = "") -> str:
    return f"/records/case/{record['_id']}{page}"


def form_of(page: Element) -> Element:
    [form] = [form for form in page.all("form") if "letter-writing" in form.attributes.get("class", "")]
    return form


def stored(record: Document) -> Document:
    found = db().letters.find_one({"record": record["_id"]})
    assert found
    return found


def test_a_letter_is_written_from_the_record_and_found_there(client: FlaskClient, case: Document) -> None:
    page = open_page(client, path_of(case))
    [button] = [one for one in page.all("a") if one.text == "Report…"]
    writing = open_page(client, button["href"])
    assert_safe(writing)
    sent = form_of(writing).sent()
    assert sent["subject"] == f"Damage of Lamp {EVIL}"
    assert sent["recipient"] == f"Acme {EVIL}"
    assert sent["address"] == "1 High Street\r\nLondon"
    assert writing.one("article", "letter-preview").one("table").all("td")[0].text == f"Cover {EVIL}"
    answer = submit(
        client, form_of(writing), button["href"], _note="By courier", body="We are sorry.\n\n| a |"
    )
    assert answer.status_code == 302
    sheet = open_page(client, answer.location)
    assert_safe(sheet)
    article = sheet.one("article", "sheet")
    assert article.one("h1").text == f"Damage of Lamp {EVIL}"
    assert article.one("p").text == "We are sorry."
    page = open_page(client, path_of(case))
    [link] = [one for one in page.one("section", id_="letters").all("a") if "/letter/" in one["href"]]
    assert stored(case)["number"] in link.text
    history = open_page(client, path_of(case, "/history"))
    assert "wrote a letter" in history.text
    assert f"Letter: Report {stored(case)['number']}" in history.text
    assert "By courier" in history.text


def test_a_preview_shows_what_was_typed_and_keeps_nothing(client: FlaskClient, case: Document) -> None:
    path = path_of(case, "/write/report")
    form = form_of(open_page(client, path))
    answer = submit(client, form, path, _preview="1", body=f"Hello {EVIL}")
    page = read(answer.text)
    assert_safe(page)
    assert page.one("article", "letter-preview").one("p").text == f"Hello {EVIL}"
    assert form_of(page).sent()["body"] == f"Hello {EVIL}"
    assert db().letters.count_documents({}) == 0


def test_a_letter_is_written_in_chinese_where_it_is_wanted(client: FlaskClient, case: Document) -> None:
    page = open_page(client, path_of(case, "/write/report?language=zh"))
    assert "损坏报告" in form_of(page).sent()["subject"]
    answer = submit(client, form_of(page), path_of(case, "/write/report"))
    assert answer.status_code == 302
    assert stored(case)["language"] == "zh"


def test_what_is_missing_is_told_beside_it(client: FlaskClient, case: Document) -> None:
    path = path_of(case, "/write/report")
    form = form_of(open_page(client, path))
    answer = submit(client, form, path, subject="", body=" ", _note="x" * 2001)
    assert answer.status_code == 422
    page = read(answer.text)
    assert page.one(id_="error-subject").text == "This is needed."
    assert page.one(id_="error-body").text == "This is needed."
    answer = submit(client, form, path, _note="x" * 2001)
    assert read(answer.text).one(id_="error-reason").text == "At most 2000 characters."
    assert db().letters.count_documents({}) == 0


def test_sending_twice_keeps_one_letter_and_the_text(client: FlaskClient, case: Document) -> None:
    path = path_of(case, "/write/report")
    form = form_of(open_page(client, path))
    assert submit(client, form, path).status_code == 302
    answer = submit(client, form, path, body="My own words.")
    assert answer.status_code == 409
    page = read(answer.text)
    assert "Your text is kept." in page.text
    assert form_of(page).sent()["body"] == "My own words."
    assert db().letters.count_documents({}) == 1
    assert submit(client, form_of(page), path).status_code == 302
    assert db().letters.count_documents({}) == 2


def test_a_saved_letter_is_a_page_of_its_own_that_does_nothing(client: FlaskClient, case: Document) -> None:
    path = path_of(case, "/write/report")
    location = submit(client, form_of(open_page(client, path)), path).location
    answer = client.get(f"{location}/download")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    page = read(answer.text)
    assert not page.all("script")
    assert not page.all("link")
    assert page.one("h1").text == f"Damage of Lamp {EVIL}"
    assert ".letter-head" in page.one("style").raw_text
    assert [one["event"] for one in db().audit.find({"details.letter": stored(case)["_id"]})] == [
        "record.letter",
        "record.printed",
    ]


def test_a_reader_reads_letters_and_writes_none(client: FlaskClient, case: Document) -> None:
    path = path_of(case, "/write/report")
    location = submit(client, form_of(open_page(client, path)), path).location
    sign_in(client, factories.reader())
    assert client.get(location).status_code == 200
    page = open_page(client, path_of(case))
    assert "Report…" not in page.text
    assert client.get(path).status_code == 403
    sign_in(client, factories.stranger())
    for address in (path, location, f"{location}/download"):
        assert client.get(address).status_code == 404
    sign_in(client, factories.administrator())
    assert client.get(path_of(case, "/letter/none")).status_code == 404
    assert client.get(path_of(case, "/write/other")).status_code == 404


def test_a_letter_with_something_closed_in_it_is_named_and_stays_shut(
    client: FlaskClient, case: Document
) -> None:
    path = path_of(case, "/write/report")
    location = submit(client, form_of(open_page(client, path)), path).location
    rules = [FieldRule(form="case", fields=["parts"], limit=Limit.MASKED.value)]
    grant = Grant(form="*", actions=[action.value for action in Action])
    role = Role(name="clerk", grants=[grant], field_rules=rules).save()
    sign_in(client, factories.user("clerk", role, department=factories.department()))
    card = open_page(client, path_of(case)).one("section", id_="letters")
    assert stored(case)["number"] in card.text
    assert stored(case)["subject"] not in card.text
    assert not [one for one in card.all("a") if "/letter/" in one["href"]]
    assert client.get(location).status_code == 403
    assert client.get(f"{location}/download").status_code == 403
    writing = open_page(client, path)
    assert "Cover" not in writing.text
    assert "closed to you" in writing.text


def test_a_form_without_letters_has_no_card(client: FlaskClient, editor: User) -> None:
    record = factories.record(factories.form(), editor, name="one")
    assert not open_page(client, f"/records/sheet/{record['_id']}").all(id_="letters")


def test_a_letter_without_a_number_is_dated(client: FlaskClient, editor: User, customer: Document) -> None:
    factories.form(factories.field("day", "date"), key="other")
    live = cases(letter(numbering="", written_on="", address="", recipient=""))
    case = factories.record(live, editor, name="Lamp")
    path = path_of(case, "/write/report")
    location = submit(client, form_of(open_page(client, path)), path).location
    assert re.search(r"\d{4}-\d\d-\d\d", open_page(client, location).one("div", "letter-facts").text)
    assert stored(case)["number"] is None
