"""One record: its page, history, comments, files, print, bin, duplicates, conflicts, versions."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backoffice.app import create_app
from models import forms, history, notifications, outbox, records
from models.access import Action
from models.database import Document, db
from models.forms import LiveForm
from models.people import User
from tests import everything, factories
from tests.everything import PNG
from tests.factories import field
from tests.pages import Element, assert_safe, open_page, read, submit
from tests.web import csrf_token, settings, sign_in

BASE = "/records/sheet/"


@pytest.fixture
def editor(client: FlaskClient) -> User:
    return sign_in(client, factories.editor())


@pytest.fixture
def sheet(editor: User) -> LiveForm:
    everything.customers()
    return everything.form()


def path_of(record: Document, page: str = "") -> str:
    return f"{BASE}{record['_id']}{page and '/'}{page}"


def post(client: FlaskClient, path: str, **values: Any) -> TestResponse:
    return client.post(path, data={"csrf_token": csrf_token(client), **values})


def notes(page: Element) -> list[str]:
    return [one.one(css="toast-text").text for one in page.all(css="toast-note")]


def inputs(page: Element) -> Element:
    [form] = [form for form in page.all("form") if "data-record-form" in form]
    return form


# -- the page, its history and its print ----------------------------------------------------------------


def test_the_page_tells_what_happened_and_by_whom(client: FlaskClient, editor: User, sheet: LiveForm) -> None:
    record = factories.record(sheet, editor, name="lamp", whole=1)
    actor = factories.actor(factories.administrator())
    records.update(
        actor, sheet, record["_id"], {"whole": 2}, revision=1, partial=True, reason="counted again"
    )
    page = open_page(client, path_of(record))
    assert_safe(page)
    latest, first = page.all("li", css="timeline-item")
    assert "管理员 changed this" in latest.text
    assert latest.one(css="reason").text == "counted again"
    assert (latest.one("del").text, latest.one("ins").text) == ("1", "2")
    assert "编辑 created this" in first.text


def test_a_long_history_goes_on_page_by_page(client: FlaskClient, editor: User, sheet: LiveForm) -> None:
    record = factories.record(sheet, editor, name="lamp")
    for revision in range(1, 60):
        values = {"whole": revision}
        records.update(factories.actor(editor), sheet, record["_id"], values, revision=revision, partial=True)
    assert len(open_page(client, path_of(record)).all("li", css="timeline-item")) == 10
    page = open_page(client, path_of(record, "history"))
    seen = len(page.all("li", css="timeline-item"))
    older = open_page(
        client, page.one("a", css="btn", href=f"{path_of(record, 'history')}?before=11")["href"]
    )
    assert (seen, len(older.all("li", css="timeline-item"))) == (50, 10)
    for odd in ("-1", "0", "9" * 30, "x", "%00"):
        assert client.get(f"{path_of(record, 'history')}?before={odd}").status_code in {200, 404}


def test_the_print_bears_the_form_number(client: FlaskClient, editor: User) -> None:
    everything.customers()
    live = everything.form(form_number="QF-03.10", form_revision="B")
    record = factories.record(
        live, editor, name="lamp", items=[{"part": "bulb", "n": 2}, {"part": "cap", "n": 3}]
    )
    page = open_page(client, path_of(record, "print"))
    assert_safe(page)
    assert page.one(css="sheet-numbers").text == "QF-03.10 · Revision B T-0001"
    assert page.one("tfoot").text == "5"


def test_a_link_to_a_record_that_is_gone_shows_a_dash(
    client: FlaskClient, editor: User, sheet: LiveForm
) -> None:
    """Flask-Admin on MongoEngine answers a dangling reference with 500."""
    customers = forms.current("customers")
    gone = factories.record(customers, name="Soon gone")
    record = factories.record(
        sheet, editor, name="lamp", customer=str(gone["_id"]), customers=[str(gone["_id"])],
        who=str(editor.id), where=str(factories.department("X", "临时", "Temporary").id),
    )  # fmt: skip
    db().record_customers.delete_many({})
    db().departments.delete_many({"code": "X"})
    for path in (BASE, *(path_of(record, page) for page in ("", "edit", "print", "history"))):
        assert client.get(path).status_code == 200, path
    facts = {
        one.one("dt").text: one.one("dd").text for one in open_page(client, path_of(record)).all(css="fact")
    }
    assert (facts["customer"], facts["customers"], facts["where"]) == ("—", "—", "—")


def test_a_record_that_the_reader_may_not_see_has_neither_name_nor_link(
    client: FlaskClient, editor: User, sheet: LiveForm
) -> None:
    buyer = factories.record(forms.current("customers"), name="Buyer")
    record = factories.record(sheet, editor, name="lamp", customer=str(buyer["_id"]))
    link = f'href="/records/customers/{buyer["_id"]}"'
    assert link in client.get(path_of(record)).text
    sign_in(client, factories.user("only", factories.role("only", form="sheet", actions=[Action.SEE])))
    text = client.get(path_of(record)).text
    assert "a record you may not see" in text
    assert "Buyer" not in text
    assert link not in text


def test_pages_have_a_title_before_the_company_has_a_name(client: FlaskClient, sheet: LiveForm) -> None:
    for path in ("/", f"/records/{sheet.key}/"):
        title = client.get(path).text.partition("<title>")[2].partition("</title>")[0]
        assert title.endswith(" · Backoffice"), path


def test_records_that_refer_here_are_shown_to_who_may_see_them(
    client: FlaskClient, editor: User, sheet: LiveForm
) -> None:
    customers = forms.current("customers")
    target = factories.record(customers, name="Buyer")
    factories.record(sheet, editor, name="their lamp", customer=str(target["_id"]))
    page = open_page(client, f"/records/customers/{target['_id']}")
    assert "their lamp" in page.one("a", css="link-row").text
    only = factories.user("only", factories.role("only", form="customers", actions=[Action.SEE]))
    sign_in(client, only)
    assert "their lamp" not in open_page(client, f"/records/customers/{target['_id']}").text


# -- a record is changed by two ---------------------------------------------------------------------------


def changed_meanwhile(client: FlaskClient, editor: User, live: LiveForm) -> tuple[str, Element]:
    """Open a record, let somebody else change it, and save: return the path and the conflict page."""
    record = factories.record(live, editor, name="lamp", whole=1, stars=1, story="old")
    path = path_of(record, "edit")
    form = inputs(open_page(client, path))
    actor = factories.actor(factories.administrator())
    theirs = {"name": "their lamp", "whole": 5}
    records.update(actor, live, record["_id"], theirs, revision=1, partial=True)
    answer = submit(client, form, path, name="my lamp", story="my\r\nstory")
    assert answer.status_code == 409
    return path, read(answer.text)


def conflict_form(page: Element) -> Element:
    [form] = [form for form in page.all("form") if form.all("button", name="_resume")]
    return form


def test_a_conflict_shows_both_sides_and_chooses_by_field(
    client: FlaskClient, editor: User, sheet: LiveForm
) -> None:
    """Flask-Admin has no optimistic locking: the last to save wins."""
    path, page = changed_meanwhile(client, editor, sheet)
    assert_safe(page)
    rows = {row.one("th").text: [cell.text for cell in row.all("td")] for row in page.one("tbody").all("tr")}
    assert rows == {
        "name": ["their lamp", "my lamp"],
        "story": ["old", "my story"],
        "whole": ["5", "1"],
    }
    sent = conflict_form(page).sent()
    assert (sent["_keep-name"], sent["_keep-story"], sent["_keep-whole"]) == ("mine", "mine", "theirs")
    assert submit(client, conflict_form(page), path).status_code == 302
    [stored] = everything.stored(sheet)
    data = stored["data"]
    assert (data["name"], data["whole"], data["story"], data["stars"]) == ("my lamp", 5, "my\nstory", 1)


def test_the_other_side_may_be_kept(client: FlaskClient, editor: User, sheet: LiveForm) -> None:
    path, page = changed_meanwhile(client, editor, sheet)
    assert submit(client, conflict_form(page), path, **{"_keep-name": "theirs"}).status_code == 302
    assert everything.stored(sheet)[0]["data"]["name"] == "their lamp"


def test_after_a_conflict_one_can_go_on_editing(client: FlaskClient, editor: User, sheet: LiveForm) -> None:
    path, page = changed_meanwhile(client, editor, sheet)
    answer = submit(client, conflict_form(page), path, _resume="1")
    form = inputs(read(answer.text))
    sent = form.sent()
    assert (sent["name"], sent["whole"], sent["story"], sent["_revision"]) == (
        "my lamp",
        "5",
        "my\r\nstory",
        "2",
    )
    assert everything.stored(sheet)[0]["revision"] == 2
    assert submit(client, form, path, name="settled").status_code == 302
    assert everything.stored(sheet)[0]["data"]["name"] == "settled"


def test_a_second_conflict_loses_nothing_either(client: FlaskClient, editor: User, sheet: LiveForm) -> None:
    path, page = changed_meanwhile(client, editor, sheet)
    [record] = everything.stored(sheet)
    actor = factories.actor(factories.administrator())
    records.update(actor, sheet, record["_id"], {"stars": "3"}, revision=2, partial=True)
    answer = submit(client, conflict_form(page), path)
    assert answer.status_code == 409
    again = conflict_form(read(answer.text))
    assert submit(client, again, path).status_code == 302
    data = everything.stored(sheet)[0]["data"]
    assert (data["name"], data["story"], data["stars"]) == ("my lamp", "my\nstory", 3)


@pytest.mark.parametrize("revision", ["", "0", "-1", "999", "9" * 30, "x", "1e3"])
def test_a_made_up_revision_is_a_conflict(
    client: FlaskClient, editor: User, sheet: LiveForm, revision: str
) -> None:
    record = factories.record(sheet, editor, name="lamp")
    form = inputs(open_page(client, path_of(record, "edit")))
    assert submit(client, form, path_of(record, "edit"), name="x", _revision=revision).status_code == 409
    assert everything.stored(sheet) == [record]


# -- bin, duplicates, add another -------------------------------------------------------------------------


def test_a_record_goes_to_the_bin_with_a_reason_and_comes_back(
    client: FlaskClient, editor: User, sheet: LiveForm
) -> None:
    record = factories.record(sheet, editor, name="lamp")
    [form] = [
        form for form in open_page(client, path_of(record)).all("form") if "data-confirm-reason" in form
    ]
    refused = submit(client, form, "")
    assert notes(open_page(client, refused.headers["Location"])) == ["Say why it is deleted."]
    assert submit(client, form, "", reason="entered twice").headers["Location"] == BASE
    assert notes(open_page(client, BASE)) == ["T-0001 is in the bin."]
    for name in ("edit", "print"):
        assert client.get(path_of(record, name)).status_code == 404, name
    page = open_page(client, path_of(record))
    assert "In the bin" in page.text
    assert not [one for one in page.all("a") if one["href"].endswith("/edit")]
    assert post(client, path_of(record, "comment"), text="still there?").status_code == 404
    [restore] = [form for form in page.all("form") if form.attributes.get("action", "").endswith("/restore")]
    sign_in(client, factories.reader())
    assert client.get(path_of(record)).status_code == 404
    sign_in(client, factories.editor())
    assert submit(client, restore, "", csrf_token=csrf_token(client)).status_code == 302
    assert open_page(client, path_of(record, "edit"))
    actions = [entry["action"] for entry in history.of_record("sheet", record["_id"])]
    assert actions == ["restored", "deleted", "created"]


def test_deleting_what_somebody_just_changed_is_a_conflict(
    client: FlaskClient, editor: User, sheet: LiveForm
) -> None:
    record = factories.record(sheet, editor, name="lamp")
    records.update(factories.actor(), sheet, record["_id"], {"name": "door"}, revision=1, partial=True)
    assert post(client, path_of(record, "delete"), reason="old", _revision="1").status_code == 409
    assert everything.stored(sheet)[0]["deleted_at"] is None


def test_a_duplicate_starts_from_the_values_but_not_from_what_is_its_own(
    client: FlaskClient, editor: User
) -> None:
    everything.customers()
    fields = [{**one, "unique": one["key"] == "mail"} for one in everything.FIELDS]
    live = factories.form(*fields, numbering="T-{seq:4}")
    token = csrf_token(client)
    file = everything.upload(client, token, "papers", b"text", "a.txt").get_json()["file"]
    record = factories.record(
        live,
        editor,
        name="lamp",
        whole=3,
        mail="a@example.com",
        papers=[file],
        items=[{"part": "bulb", "n": 2}],
    )
    link = next(one for one in open_page(client, path_of(record)).all("a") if "copy=" in one["href"])["href"]
    form = inputs(open_page(client, link))
    sent = form.sent()
    assert (sent["name"], sent["whole"], sent["mail"], sent.getlist("papers")) == ("lamp", "3", "", [])
    assert sent["items-0-part"] == "bulb"
    assert submit(client, form, f"{BASE}new").status_code == 302
    first, second = everything.stored(live)
    assert (first["number"], second["number"]) == ("T-0001", "T-0002")
    assert (first["data"]["ticket"], second["data"]["ticket"]) == ("B-0001", "B-0002")
    assert client.get(f"{BASE}new?copy={'f' * 24}").status_code == 404
    assert client.get(f"{BASE}new?copy=nonsense").status_code == 404


def test_one_can_add_another_at_once(client: FlaskClient, sheet: LiveForm) -> None:
    form = inputs(open_page(client, f"{BASE}new"))
    answer = submit(client, form, f"{BASE}new", name="one", _add_another="1")
    assert answer.headers["Location"] == f"{BASE}new"
    assert len(everything.stored(sheet)) == 1


def test_a_new_record_starts_from_its_defaults_and_the_address(client: FlaskClient, editor: User) -> None:
    _live, first, _second = everything.customers()
    factories.form(
        field("name"),
        field("who", "person", default_from="me"),
        field("whole", "integer", default=7),
        field("customer", "reference", form="customers"),
        field("fixed", readonly=True, default="as it is"),
    )
    sent = inputs(open_page(client, f"{BASE}new?customer={first['_id']}&name=given&fixed=no&whole=x")).sent()
    assert sent["who"] == str(editor.id)
    assert (sent["whole"], sent["customer"], sent["name"]) == ("7", str(first["_id"]), "given")
    assert sent["fixed"] == "as it is"


def test_what_is_computed_follows_while_somebody_types(client: FlaskClient, sheet: LiveForm) -> None:
    values = {"name": "x", "items-0-part": "a", "items-0-n": "2", "items-1-part": "b", "items-1-n": "40"}
    assert post(client, f"{BASE}compute", **values).get_json() == {"total": "42"}
    assert post(client, f"{BASE}compute", **{"items-0-n": "many"}).status_code == 200
    assert everything.stored(sheet) == []


# -- comments ---------------------------------------------------------------------------------------------


def test_whoever_is_mentioned_is_told(client: FlaskClient, editor: User, sheet: LiveForm) -> None:
    reader, stranger = factories.reader(), factories.stranger()
    record = factories.record(sheet, editor, name="lamp")
    text = "@reader @stranger please <b>look</b>\r\nat this"
    assert post(client, path_of(record, "comment"), text=text).headers["Location"].endswith("#comments")
    outbox.carry_out_due()
    page = open_page(client, path_of(record))
    assert_safe(page)
    assert page.one(css="comment-body").text == "@reader @stranger please <b>look</b> at this"
    assert [one.text for one in page.one(css="comment-body").all("b")] == ["@reader", "@stranger"]
    sign_in(client, reader)
    inbox = open_page(client, "/inbox/notices")
    assert_safe(inbox)
    assert "编辑 mentioned you · T-0001 lamp" in inbox.one("a", css="notice-main").text
    assert notifications.unread_count(reader) == 1
    open_page(client, path_of(record))
    assert (notifications.unread_count(reader), notifications.unread_count(stranger)) == (0, 0)


def test_notices_are_marked_as_read_by_their_owner_alone(
    client: FlaskClient, editor: User, sheet: LiveForm
) -> None:
    reader = factories.reader()
    record = factories.record(sheet, editor, name="lamp")
    for _each in range(2):
        post(client, path_of(record, "comment"), text="@reader see")
    outbox.carry_out_due()
    [first, _second] = notifications.of_person(reader)
    post(client, "/inbox/read", id=str(first["_id"]))
    assert notifications.unread_count(reader) == 2
    sign_in(client, reader)
    post(client, "/inbox/read", id=str(first["_id"]))
    assert notifications.unread_count(reader) == 1
    post(client, "/inbox/read", id="nonsense")
    assert notifications.unread_count(reader) == 0


@pytest.mark.parametrize("text", ["", "   ", "x" * 5001, "nul\0", "bell\x07"])
def test_a_comment_that_cannot_be_kept_is_refused(
    client: FlaskClient, editor: User, sheet: LiveForm, text: str
) -> None:
    record = factories.record(sheet, editor, name="lamp")
    answer = post(client, path_of(record, "comment"), text=text)
    page = open_page(client, answer.headers["Location"].partition("#")[0])
    assert len(notes(page)) == 1
    assert not page.all(css="comment-body")


# -- files ------------------------------------------------------------------------------------------------

FILES = {
    "报告 2026.html": (b"<!doctype html><script>alert(1)</script>", "text/html"),
    "图.svg": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "image/svg+xml"),
    "page.xhtml": (
        b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>',
        "application/xhtml+xml",
    ),
    'a"; filename=evil.html\r\nX-Evil: 1.txt': (b"text", "text/plain"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_could_run_is_only_ever_saved(
    client: FlaskClient, editor: User, sheet: LiveForm, name: str
) -> None:
    """Flask-Admin's `/api/file/` serves any stored file in place to anybody."""
    content, _kind = FILES[name]
    sent = everything.upload(client, csrf_token(client), "papers", content, name).get_json()
    record = factories.record(sheet, editor, name="lamp", papers=[sent["file"]])
    for query in ("", "?download=1"):
        answer = client.get(f"{path_of(record)}/files/{sent['file']}{query}")
        assert answer.data == content
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert "X-Evil" not in answer.headers


def test_a_chinese_file_name_survives(client: FlaskClient, editor: User, sheet: LiveForm) -> None:
    """Flask-Admin loses the Chinese of a file name."""
    sent = everything.upload(
        client, csrf_token(client), "papers", b"%PDF-1.7\n", "检验报告（终）.pdf"
    ).get_json()
    record = factories.record(sheet, editor, name="lamp", papers=[sent["file"]])
    disposition = client.get(f"{path_of(record)}/files/{sent['file']}").headers["Content-Disposition"]
    assert "filename*=UTF-8''%E6%A3%80%E9%AA%8C%E6%8A%A5%E5%91%8A" in disposition
    assert "检验报告（终）.pdf" in open_page(client, path_of(record)).text


def test_a_picture_is_shown_in_place(client: FlaskClient, editor: User, sheet: LiveForm) -> None:
    sent = everything.upload(client, csrf_token(client), "pictures", PNG, "照.png").get_json()
    record = factories.record(sheet, editor, name="lamp", pictures=[sent["file"]])
    link = open_page(client, path_of(record)).one(css="thumbs").one("a")
    answer = client.get(link["href"])
    assert (answer.data, answer.headers["Content-Type"]) == (PNG, "image/png")
    assert answer.headers["Content-Disposition"].startswith("inline;")
    assert client.get(link.one("img")["src"]).headers["Content-Type"] == "image/webp"


def test_a_file_is_reached_through_its_record_alone(
    client: FlaskClient, editor: User, sheet: LiveForm
) -> None:
    token = csrf_token(client)
    own, waiting = (
        everything.upload(client, token, "papers", b"text", "a.txt").get_json()["file"] for _n in "ab"
    )
    record = factories.record(sheet, editor, name="lamp", papers=[own])
    other = factories.record(sheet, editor, name="door")
    for bad in (f"{path_of(other)}/files/{own}", f"{path_of(record)}/files/{waiting}",
                f"{path_of(record)}/files/{'f' * 24}", f"{path_of(record)}/files/nonsense",
                f"/records/customers/{record['_id']}/files/{own}", f"/api/file/?id={own}"):  # fmt: skip
        assert client.get(bad).status_code == 404, bad
    sign_in(client, factories.stranger())
    assert client.get(f"{path_of(record)}/files/{own}").status_code == 404


def test_an_upload_is_judged_by_its_content(client: FlaskClient, sheet: LiveForm) -> None:
    token = csrf_token(client)
    before = db()["files.files"].count_documents({})
    for key, content, name in (
        ("pictures", b"<svg/>", "a.png"),
        ("pictures", b"<html>", "a.jpg"),
        ("sign", b"text", "signature.png"),
        ("name", b"text", "a.txt"),
        ("items", b"text", "a.txt"),
    ):
        assert everything.upload(client, token, key, content, name).status_code == 422, (key, name)
    assert everything.upload(client, token, "unknown", b"x", "a").status_code == 404
    assert db()["files.files"].count_documents({}) == before


def test_an_upload_beyond_the_limit_of_its_field_is_refused(client: FlaskClient, editor: User) -> None:
    factories.form(field("name"), field("papers", "attachment", max_megabytes=1))
    answer = everything.upload(client, csrf_token(client), "papers", b"x" * (1024 * 1024 + 1), "a.bin")
    assert answer.status_code == 413
    assert answer.get_json()["error"]["message"] == "The file is larger than 1 MB."


def test_the_file_of_somebody_else_cannot_be_taken(
    client: FlaskClient, editor: User, sheet: LiveForm
) -> None:
    file = everything.upload(client, csrf_token(client), "papers", b"secret", "a.txt").get_json()["file"]
    sign_in(client, factories.administrator())
    form = inputs(open_page(client, f"{BASE}new"))
    assert submit(client, form, f"{BASE}new", name="mine now", papers=[file]).status_code == 422


# -- pickers ----------------------------------------------------------------------------------------------


def options(client: FlaskClient, field_key: str, **query: str) -> list[str]:
    answer = client.get(f"{BASE}options", query_string={"field": field_key, **query})
    assert answer.status_code == 200, answer.text
    return [one["text"] for one in answer.get_json()["results"]]


def test_pickers_find_people_departments_and_records(
    client: FlaskClient, editor: User, sheet: LiveForm
) -> None:
    factories.stranger()
    factories.user("left", name="Gone away", active=False)
    assert options(client, "customer", q="Nord") == ["Nordwind GmbH"]
    assert options(client, "customers", q="上海") == ["上海电子"]
    assert options(client, "who", q="编") == ["编辑"]
    assert options(client, "who", q="EDIT") == ["编辑"]
    assert options(client, "who", q="Gone") == []
    assert options(client, "where", q="HR") == ["HR"]
    for odd in ("(a+)+$", ".*", "$ne", "\\", "x" * 5000, "😀"):
        assert options(client, "who", q=odd) == options(client, "customer", q=odd) == []
    for page in ("-1", "0", "9" * 30, "x"):
        options(client, "customer", page=page)
    assert client.get(f"{BASE}options?field=name").status_code == 404
    assert client.get(f"{BASE}ajax/lookup/?name=customer&query=").status_code == 404


def test_a_picker_pages(client: FlaskClient, sheet: LiveForm) -> None:
    live = forms.current("customers")
    wanted = [{"name": f"Customer {index:02}"} for index in range(45)]
    records.commit(records.plan_creates(factories.actor(), live, wanted, source="system"))
    found = [name for page in "123" for name in options(client, "customer", q="Customer", page=page)]
    assert (len(found), len(set(found))) == (45, 45)


def test_a_picker_offers_no_record_that_the_person_may_not_see(client: FlaskClient, sheet: LiveForm) -> None:
    person = factories.user("half", factories.role("half", form="sheet", actions=factories.EDITOR_ACTIONS))
    sign_in(client, person)
    assert client.get(f"{BASE}options?field=customer&q=Nord").status_code == 404
    assert options(client, "where", q="Quality") == ["Quality"]


# -- versions ---------------------------------------------------------------------------------------------


def with_fields(live: LiveForm, *added: dict[str, Any], without: str = "") -> list[dict[str, Any]]:
    kept = [one for one in live.definition.dump()["fields"] if one["key"] != without]
    return [*kept, *added]


def test_a_new_version_is_served_at_the_next_request_by_every_process(
    client: FlaskClient, editor: User
) -> None:
    live = factories.form()
    other = create_app(settings()).test_client()
    sign_in(other, editor)
    for one in (client, other):
        assert "colour" not in open_page(one, f"{BASE}new").text
    factories.republish(live, fields=with_fields(live, field("colour")), label={"en": "Renamed sheet"})
    for one in (client, other):
        page = open_page(one, f"{BASE}new")
        assert page.one("input", id="field-colour")
        assert "Renamed sheet" in open_page(one, BASE).one("h1").text


def test_an_old_record_opens_under_its_version_and_keeps_what_is_no_longer_asked(
    client: FlaskClient, editor: User
) -> None:
    live = factories.form(
        field("name"), field("shade", "choice", options=everything.KINDS), field("qty", "integer")
    )
    record = factories.record(live, editor, name="lamp", shade="b", qty=5)
    fields = with_fields(live, field("colour"), without="shade")
    newer = factories.republish(live, fields=fields, list_columns=["name", "qty"])
    labels = [one.text for one in open_page(client, path_of(record)).all("dt")]
    assert "shade" in labels
    assert "colour" not in labels
    form = inputs(open_page(client, path_of(record, "edit")))
    assert "shade" not in form.sent()
    assert submit(client, form, path_of(record, "edit"), colour="red").status_code == 302
    assert everything.stored(newer)[0]["data"] == {"name": "lamp", "shade": "b", "qty": 5, "colour": "red"}
    page = open_page(client, path_of(record))
    [earlier] = [
        card for card in page.all("section", css="card") if "Fields of earlier versions" in card.text
    ]
    assert earlier.one("dd").text == "Kind B"
    assert "shade" in page.text


def test_a_retired_form_still_shows_its_records(client: FlaskClient, editor: User) -> None:
    live = factories.form()
    record = factories.record(live, editor, name="lamp")
    db().forms.update_one({"_id": "sheet"}, {"$set": {"retired": True}})
    assert client.get(path_of(record)).status_code == 200
    assert BASE not in [one.attributes.get("href") for one in open_page(client, "/").all("a")]


def test_there_is_no_form_of_a_strange_name(client: FlaskClient, editor: User) -> None:
    for key in ("nope", "$where", "..", "sheet%00", "a" * 300, "__proto__", "%F0%9F%98%80"):
        assert client.get(f"/records/{key}/").status_code == 404, key
    factories.form()
    for record_id in ("nonsense", "f" * 24, "%00", "$ne", "9" * 500):
        for page in ("", "/edit", "/history", "/print"):
            assert client.get(f"{BASE}{record_id}{page}").status_code == 404, (record_id, page)
