"""Files on the web: who may have them, in pieces, small, and never as something that runs."""

import io

import pytest
from bson import ObjectId
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models import files, records
from models.database import db
from models.forms import LiveForm
from models.people import User
from tests import clamd, everything, factories
from tests.factories import field
from tests.file_limits import limited
from tests.pages import open_page
from tests.pictures import POLYGLOTS, SCRIPTED_PAPER, bomb, picture, turned
from tests.web import csrf_token, sign_in

BODY = bytes(range(256)) * 3000  # three chunks of GridFS


@pytest.fixture
def editor(client: FlaskClient) -> User:
    return sign_in(client, factories.editor())


@pytest.fixture
def sheet(editor: User) -> LiveForm:
    everything.customers()
    return everything.form()


def send(client: FlaskClient, content: bytes, name: str, key: str = "papers") -> TestResponse:
    return everything.upload(client, csrf_token(client), key, content, name)


def attached(
    client: FlaskClient, person: User, sheet: LiveForm, content: bytes, name: str, key: str = "papers"
) -> str:
    """Return the address of a file in a new record."""
    sent = send(client, content, name, key).get_json()
    record = factories.record(sheet, person, name="lamp", **{key: [sent["file"]]})
    return f"/records/{sheet.key}/{record['_id']}/files/{sent['file']}"


def refusal(answer: TestResponse) -> str:
    assert 400 <= answer.status_code < 600
    error = answer.get_json()["error"]
    return " ".join(error.get("errors", {}).get("file", [error["message"]]))


def kept() -> int:
    return db()["files.files"].count_documents({})


# -- what comes in ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("invoice.pdf.exe", b"MZ\x90\x00" + bytes(200), "is a program"),
        ("harmless.txt", b"MZ\x90\x00" + bytes(200), "is a program"),
        ("run.js", b"alert(1)", "is a program"),
        ("photo.jpg", b"<!doctype html><script>alert(1)</script>", "is not what its name says"),
        ("paper.pdf", b"<html>%PDF-1.7", "is not what its name says"),
    ],
)
def test_a_file_that_lies_or_runs_is_refused_beside_its_field(
    client: FlaskClient, sheet: LiveForm, name: str, content: bytes, said: str
) -> None:
    answer = send(client, content, name)
    assert answer.status_code == 422
    assert said in refusal(answer)
    assert kept() == 0


def test_a_picture_gets_the_extension_of_what_it_is(client: FlaskClient, sheet: LiveForm) -> None:
    sent = send(client, picture("WEBP"), "微信图片.jpg", "pictures").get_json()
    assert (sent["name"], sent["type"]) == ("微信图片.webp", "image/webp")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (bomb(), "megapixels"),
        (picture("JPEG", (500, 500))[:900], "may be damaged"),
        (b"text", "not a picture"),
    ],
)
def test_a_picture_that_cannot_be_shown_is_refused(
    client: FlaskClient, sheet: LiveForm, content: bytes, said: str
) -> None:
    answer = send(client, content, "photo", "pictures")
    assert answer.status_code == 422
    assert said in refusal(answer)
    assert kept() == 0


def test_a_field_says_which_files_it_takes(client: FlaskClient, editor: User) -> None:
    live = factories.form(field("name"), field("papers", "attachment", accept=["document", "picture"]))
    assert "Documents / Pictures" in open_page(client, "/records/sheet/new").text
    assert "Documents / Pictures" in refusal(send(client, b"PK\x03\x04" + bytes(40), "a.zip"))
    assert send(client, b"%PDF-1.7", "a.pdf").status_code == 200
    elsewhere = factories.stored(b"MZ\x00" + bytes(99), editor, "a.exe", "upload")
    token = csrf_token(client)
    answer = client.post(
        "/records/sheet/new", data={"csrf_token": token, "name": "a", "papers": str(elsewhere)}
    )
    assert answer.status_code == 422
    assert live.records().count_documents({}) == 0


def test_an_infected_file_is_refused_and_noted_with_the_address(client: FlaskClient, sheet: LiveForm) -> None:
    with clamd.running() as scanner, limited(clamav=scanner.address):
        assert "Eicar-Signature" in refusal(send(client, clamd.EICAR, "a.txt"))
        assert send(client, b"hello", "a.txt").status_code == 200
    assert kept() == 1
    noted = db().audit.find_one({"event": "file.infected"})
    assert noted
    assert noted["address"] == "127.0.0.1"


def test_a_scanner_that_is_away_stops_uploads_and_imports(client: FlaskClient, sheet: LiveForm) -> None:
    with limited(clamav="unix:///nowhere"):
        answer = send(client, b"hello", "a.txt")
        assert answer.status_code == 503
        assert refusal(answer) == "Files cannot be checked for viruses at the moment. Please try again later."
        data = {"csrf_token": csrf_token(client), "file": (io.BytesIO(b"name\nA\n"), "a.csv")}
        page = client.post(f"/records/{sheet.key}/import", data=data)
        assert page.status_code == 503
        assert "cannot be checked for viruses" in page.text
    assert kept() == 0


def test_an_infected_import_is_refused(client: FlaskClient, sheet: LiveForm) -> None:
    with clamd.running() as scanner, limited(clamav=scanner.address):
        data = {"csrf_token": csrf_token(client), "file": (io.BytesIO(b"name\n" + clamd.EICAR), "a.csv")}
        page = client.post(f"/records/{sheet.key}/import", data=data)
    assert page.status_code == 422
    assert "is infected" in page.text
    assert kept() == 0


def test_whoever_sends_too_much_is_told(client: FlaskClient, sheet: LiveForm) -> None:
    with limited(waiting_bytes=10):
        assert send(client, b"x" * 10, "a.txt").status_code == 200
        assert "no record holds yet" in refusal(send(client, b"x", "b.txt"))
    with limited(company_bytes=5):
        answer = send(client, b"x", "b.txt")
        assert answer.status_code == 507
        assert "tell an administrator" in refusal(answer)


def test_administrators_see_how_full_it_is(client: FlaskClient, sheet: LiveForm) -> None:
    send(client, b"x" * 1500, "a.txt")
    sign_in(client, factories.administrator())
    assert "Files take 2 kB." in open_page(client, "/configure/").text
    with limited(company_bytes=3_000_000):
        assert "Files take 2 kB of 3.0 MB." in open_page(client, "/configure/").text
    assert "backoffice_file_bytes 1500.0" in client.get("/metrics").text


# -- who may have them ------------------------------------------------------------------------------------


def test_what_waits_is_seen_by_its_sender_alone(client: FlaskClient, sheet: LiveForm) -> None:
    sent = send(client, picture(), "a.png", "pictures").get_json()
    assert client.get(sent["thumbnail"]).headers["Content-Type"] == "image/webp"
    paper = send(client, b"text", "a.txt").get_json()["file"]
    assert (
        client.get(f"/records/sheet/uploads/{paper}").headers["Content-Disposition"].startswith("attachment")
    )
    for bad in ("nonsense", "f" * 24):
        assert client.get(f"/records/sheet/uploads/{bad}").status_code == 404
    for person in (factories.administrator(), factories.reader()):
        sign_in(client, person)
        assert client.get(sent["thumbnail"]).status_code == 404


def test_what_belongs_to_a_record_waits_no_more(client: FlaskClient, editor: User, sheet: LiveForm) -> None:
    path = attached(client, editor, sheet, picture(), "a.png", "pictures")
    assert client.get(path).status_code == 200
    assert client.get(f"/records/sheet/uploads/{path[-24:]}").status_code == 404


def test_the_name_of_a_foreign_file_is_not_told_to_whoever_posts_its_id(
    client: FlaskClient, editor: User, sheet: LiveForm
) -> None:
    foreign = files.store(io.BytesIO(b"x"), "secret plan.txt", ObjectId(), purpose="upload", max_bytes=9)
    data = {"csrf_token": csrf_token(client), "name": "", "papers": str(foreign)}
    answer = client.post("/records/sheet/new", data=data)
    assert answer.status_code == 422
    assert "secret plan" not in answer.text


def test_files_of_a_record_in_the_bin_need_the_right_to_restore(
    client: FlaskClient, editor: User, sheet: LiveForm
) -> None:
    path = attached(client, editor, sheet, b"text", "a.txt")
    record = sheet.records().find_one({})
    assert record
    records.delete(factories.actor(editor), sheet, record["_id"], revision=1, reason="x")
    assert client.get(path).status_code == 200
    sign_in(client, factories.reader())
    assert client.get(path).status_code == 404


def test_a_file_that_an_edit_took_away_is_handed_out_no_more(
    client: FlaskClient, editor: User, sheet: LiveForm
) -> None:
    path = attached(client, editor, sheet, b"text", "a.txt")
    record = sheet.records().find_one({})
    assert record
    records.update(factories.actor(editor), sheet, record["_id"], {"papers": []}, revision=1)
    assert client.get(path).status_code == 404


def test_a_download_is_noted_once(client: FlaskClient, editor: User, sheet: LiveForm) -> None:
    path = attached(client, editor, sheet, BODY, "表.bin")
    client.get(path, headers={"Range": "bytes=0-99"})
    client.get(path, headers={"Range": "bytes=100-"})
    client.head(path)
    client.get(path, headers={"If-None-Match": client.head(path).headers["ETag"]})
    [noted] = db().audit.find({"event": "file.downloaded"})
    assert noted["details"]["name"] == "表.bin"
    assert noted["by"] == editor.id
    photo = attached(client, editor, sheet, picture(), "a.png", "pictures")
    client.get(f"{photo}?thumbnail=1")
    assert db().audit.count_documents({"event": "file.downloaded"}) == 1
    client.get(photo)
    assert db().audit.count_documents({"event": "file.downloaded"}) == 2


# -- how they are handed out ------------------------------------------------------------------------------


@pytest.fixture
def path(client: FlaskClient, editor: User, sheet: LiveForm) -> str:
    return attached(client, editor, sheet, BODY, "a.bin")


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-", 0, len(BODY) - 1),
        ("bytes=261119-261122", 261_119, 261_122),
        ("bytes=700000-", 700_000, len(BODY) - 1),
        ("bytes=-5", len(BODY) - 5, len(BODY) - 1),
        ("bytes=5-99999999", 5, len(BODY) - 1),
    ],
)
def test_one_piece_is_handed_out(client: FlaskClient, path: str, asked: str, start: int, end: int) -> None:
    answer = client.get(path, headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.data == BODY[start : end + 1]
    assert answer.headers["Content-Range"] == f"bytes {start}-{end}/{len(BODY)}"
    assert answer.content_length == end - start + 1
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "asked",
    ["", "bytes=0-1,5-6", "bytes=-99999999", "pages=1-2", "bytes=5-1", "bytes=x", "bytes", "bytes=--1"],
)
def test_anything_else_is_answered_with_all_of_it(client: FlaskClient, path: str, asked: str) -> None:
    answer = client.get(path, headers={"Range": asked})
    assert answer.status_code == 200
    assert answer.data == BODY
    assert answer.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize("asked", [f"bytes={len(BODY)}-", "bytes=99999999-100000000"])
def test_a_piece_beyond_the_end_cannot_be_had(client: FlaskClient, path: str, asked: str) -> None:
    answer = client.get(path, headers={"Range": asked})
    assert (answer.status_code, answer.data) == (416, b"")
    assert answer.headers["Content-Range"] == f"bytes */{len(BODY)}"


def test_a_download_goes_on_only_with_the_same_file(client: FlaskClient, path: str) -> None:
    etag = client.head(path).headers["ETag"]
    same = client.get(path, headers={"Range": "bytes=5-9", "If-Range": etag})
    other = client.get(path, headers={"Range": "bytes=5-9", "If-Range": '"other"'})
    assert (same.status_code, other.status_code) == (206, 200)
    assert other.data == BODY


def test_a_head_tells_all_but_the_content(client: FlaskClient, path: str) -> None:
    answer = client.head(path, headers={"Range": "bytes=5-9"})
    assert (answer.status_code, answer.data, answer.content_length) == (200, b"", len(BODY))
    assert answer.headers["Cache-Control"].startswith("private")


def test_an_empty_file_is_handed_out(client: FlaskClient, editor: User, sheet: LiveForm) -> None:
    path = attached(client, editor, sheet, b"", "empty.txt")
    assert (client.get(path).status_code, client.get(path).data) == (200, b"")
    assert client.get(path, headers={"Range": "bytes=0-"}).status_code == 200


def test_a_thumbnail_is_kept_by_the_browser_and_asked_again(
    client: FlaskClient, editor: User, sheet: LiveForm
) -> None:
    path = attached(client, editor, sheet, turned(), "a.jpg", "pictures")
    small = client.get(f"{path}?thumbnail=1")
    assert small.headers["Content-Type"] == "image/webp"
    assert small.headers["Cache-Control"] == "private, max-age=3600"
    assert small.headers["X-Content-Type-Options"] == "nosniff"
    again = client.get(f"{path}?thumbnail=1", headers={"If-None-Match": small.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(path).headers["ETag"] != small.headers["ETag"]


def test_lists_and_inputs_show_small_pictures(client: FlaskClient, editor: User) -> None:
    live = factories.form(field("name", in_list=True), field("photos", "image", in_list=True))
    sent = send(client, picture(), "a.png", "photos").get_json()["file"]
    record = factories.record(live, editor, name="lamp", photos=[sent])
    small = f"/records/sheet/{record['_id']}/files/{sent}?thumbnail=1"
    for page in (
        "/records/sheet/",
        f"/records/sheet/{record['_id']}",
        f"/records/sheet/{record['_id']}/edit",
    ):
        assert any(image["src"] == small for image in open_page(client, page).all("img")), page
    assert client.get(small).headers["Content-Type"] == "image/webp"


@pytest.mark.parametrize("name", [*POLYGLOTS, "scripted.pdf"])
def test_what_is_two_things_at_once_is_only_ever_a_picture_or_a_download(
    client: FlaskClient, editor: User, sheet: LiveForm, name: str
) -> None:
    content = POLYGLOTS.get(name, SCRIPTED_PAPER)
    path = attached(client, editor, sheet, content, name)
    for query in ("", "?download=1", "?thumbnail=1"):
        answer = client.get(f"{path}{query}")
        shown = answer.headers.get("Content-Disposition", "inline").startswith("inline")
        kind = answer.headers["Content-Type"]
        assert kind in files.IMAGE_TYPES if shown else kind == "application/octet-stream"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
