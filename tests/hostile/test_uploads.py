"""Files that are not what they say, that explode, that climb, and that belong to somebody else."""

import io
import zipfile
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from models import calendars, database, files
from models.forms import LiveForm
from models.people import User
from tests import everything, factories, pictures
from tests.hostile.unchanged import unchanged
from tests.models.spreadsheets import packages
from tests.web import csrf_token, sign_in

pytestmark = pytest.mark.usefixtures("db")

LIST = "/records/sheet/"
FILES = ("files.files", "files.chunks", "file_usage", "thumbnails")
NAMES = (
    "../../etc/passwd", "..\\..\\windows\\system.ini", "/etc/passwd", "C:\\boot.ini",
    "a\r\nSet-Cookie: a=b.txt",
    "a\0.txt", "\u202egpj.exe.txt", "x" * 300 + ".txt", "件" * 300 + ".txt", ".htaccess", "...", "", " ",
    "CON.txt",
    "a;b.txt", 'a".txt', "a%2f..%2fb.txt", "<script>alert(1)</script>.txt", "a/b/c.txt", "~root",
    "$(id).txt",
    "`id`.txt", "a.txt;.exe", "\ud800.txt", "﷽" * 100, "e\u0301" * 200, "name.txt\u2028x", "nul", "..",
    "-rf.txt",
)  # fmt: skip
LIES = ("image/png", "text/html", "image/svg+xml")


@pytest.fixture
def editor(client: FlaskClient) -> User:
    return sign_in(client, factories.editor())


@pytest.fixture
def sheet(editor: User) -> LiveForm:
    everything.customers()
    return everything.form()


def send(
    client: FlaskClient, content: bytes, name: str, kind: str = "", field: str = "papers"
) -> TestResponse:
    safe = name.encode("utf-8", "replace").decode()
    sent = {"field": field, "file": FileStorage(io.BytesIO(content), safe, content_type=kind or None)}
    boundary, body = encode_multipart({**sent, "csrf_token": csrf_token(client)})
    headers = {"X-Requested-With": "XMLHttpRequest"}
    content_type = f'multipart/form-data; boundary="{boundary}"'
    return client.post(f"{LIST}upload", data=body, content_type=content_type, headers=headers)


def test_a_name_never_climbs_nor_breaks_a_line(client: FlaskClient, sheet: LiveForm, editor: User) -> None:
    for name in NAMES:
        with unchanged(*FILES):
            answer = send(client, b"text", name)
        assert answer.status_code in {200, 400, 422}, name
        if answer.status_code != 200:
            continue
        kept = answer.get_json()["name"]
        assert kept.isprintable(), name
        assert 0 < len(kept) <= files.MAX_NAME, name
        assert not set("/\\\r\n\0") & set(kept), name
        assert ".." not in kept.partition(".txt")[0][:2], name
        record = factories.record(sheet, editor, name="x", papers=[answer.get_json()["file"]])
        path = f"{LIST}{record['_id']}/files/{answer.get_json()['file']}"
        handed = client.get(path, query_string={"download": "1"})
        assert handed.data == b"text"
        assert "Set-Cookie" not in handed.headers or "a=b" not in handed.headers["Set-Cookie"]
        assert handed.headers["Content-Disposition"].startswith("attachment;")
        assert "\n" not in handed.headers["Content-Disposition"]


@pytest.mark.parametrize("name", pictures.POLYGLOTS)
def test_what_could_run_is_never_handed_out_to_run(
    client: FlaskClient, sheet: LiveForm, editor: User, name: str
) -> None:
    for kind in LIES:
        with unchanged(*FILES):
            answer = send(client, pictures.POLYGLOTS[name], name, kind)
        assert answer.status_code in {200, 422}, kind
        if answer.status_code == 422:
            assert answer.get_json()["error"]["errors"]["file"]
            continue
        record = factories.record(sheet, editor, name="x", papers=[answer.get_json()["file"]])
        for query in ("", "?download=1", "?thumbnail=1"):
            handed = client.get(f"{LIST}{record['_id']}/files/{answer.get_json()['file']}{query}")
            in_place = not handed.headers.get("Content-Disposition", "").startswith("attachment")
            assert handed.headers["X-Content-Type-Options"] == "nosniff"
            if in_place:
                assert handed.mimetype in {
                    "image/png",
                    "image/jpeg",
                    "image/gif",
                    "image/webp",
                    "application/pdf",
                }
            assert "sandbox" in handed.headers["Content-Security-Policy"] or not in_place


def test_bombs_are_refused_or_kept_closed(client: FlaskClient, sheet: LiveForm) -> None:
    with unchanged("file_usage"):
        for content in (
            pictures.bomb(),
            pictures.png_claiming(2**31 - 1, 2**31 - 1),
            pictures.png_claiming(0, 0),
        ):
            assert send(client, content, "a.png", "image/png", field="pictures").status_code == 422
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for at in range(20):
            archive.writestr(f"{at}/../../../../etc/x", bytes(5_000_000))
    with unchanged(*FILES):
        assert send(client, packed.getvalue(), "a.zip").status_code in {200, 422}  # nobody opens it


def test_a_file_that_hides_in_a_picture_field_is_refused(client: FlaskClient, sheet: LiveForm) -> None:
    with unchanged("file_usage"):
        for name in ("drawing.svg", "page.html", "page.xhtml", "text.txt", "no extension"):
            answer = send(client, pictures.POLYGLOTS[name], "a.png", "image/png", field="pictures")
            assert answer.status_code == 422, name


def test_a_hundred_files_at_once(client: FlaskClient, sheet: LiveForm) -> None:
    token = csrf_token(client)
    many = [FileStorage(io.BytesIO(b"x"), f"{at}.txt") for at in range(100)]
    with unchanged(*FILES):
        boundary, body = encode_multipart({"field": "papers", "file": many, "csrf_token": token})
        content_type = f'multipart/form-data; boundary="{boundary}"'
        answer = client.post(f"{LIST}upload", data=body, content_type=content_type)
        assert answer.status_code in {200, 400, 413, 422}
    assert database.db()["files.files"].count_documents({}) <= 1
    ids = [str(files.store(io.BytesIO(b"x"), f"{at}.txt", factories.editor().id, purpose="upload",
    max_bytes=9))
           for at in range(100)]  # fmt: skip
    with unchanged("number_reservations"):
        answer = client.post(f"{LIST}new", data={"csrf_token": token, "name": "x", "papers": ids})
        assert answer.status_code == 422


def test_a_file_belongs_to_one_record(client: FlaskClient, sheet: LiveForm, editor: User) -> None:
    sent = send(client, b"text", "a.txt").get_json()["file"]
    first = factories.record(sheet, editor, name="first", papers=[sent])
    second = factories.record(sheet, editor, name="second")
    with unchanged("number_reservations"):
        headers = {"X-CSRFToken": csrf_token(client)}
        body = {"field": "papers", "value": [sent], "revision": 1}
        assert client.post(f"{LIST}{second['_id']}/cell", json=body, headers=headers).status_code in {
            400,
            422,
        }
        data: dict[str, Any] = {"csrf_token": csrf_token(client), "name": "third", "papers": [sent]}
        assert client.post(f"{LIST}new", data=data).status_code == 422
        data |= {"name": "second", "_revision": "1"}
        assert client.post(f"{LIST}{second['_id']}/edit", data=data).status_code == 422
        assert client.get(f"{LIST}{second['_id']}/files/{sent}").status_code == 404
    assert client.get(f"{LIST}{first['_id']}/files/{sent}").status_code == 200


def bombs() -> dict[str, bytes]:
    outside = '<!DOCTYPE a [<!ENTITY c SYSTEM "file:///etc/passwd">]>'
    grown = [
        f'<!ENTITY {name} "{f"&{before};" * 10}">'
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    inside = f'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">{"".join(grown)}]>'
    good = packages.parts("<row><c t='inlineStr'><is><t>name</t></is></c></row>")
    sheet = "xl/worksheets/sheet1.xml"
    shown = good[sheet].replace("<t>name</t>", "<t>&c;&i;</t>")
    wide = "".join("<c/>" for _column in range(10**6))
    macro = {**good, "xl/vbaProject.bin": "x"}
    packed = {
        "entities from outside": {**good, sheet: outside + shown},
        "billion laughs": {**good, sheet: inside + shown},
        "a million columns": packages.parts(f"<row>{wide}</row>"),
        "macro": macro,
        "large part": {**good, "xl/media/a": "0" * 10**8},
        "outside the archive": {**good, "../../../../tmp/x": "y", "/etc/x": "y"},
    }
    return {name: _packed(parts) for name, parts in packed.items()}


def _packed(parts: Any) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return made.getvalue()


def test_a_hostile_workbook_is_not_imported(client: FlaskClient, sheet: LiveForm) -> None:
    calendars.ensure_default()
    for name, content in bombs().items():
        for path in (f"{LIST}import", "/configure/users/import", "/configure/calendars/default/import"):
            if path.startswith("/configure"):
                sign_in(client, factories.administrator())
            with unchanged(*FILES):
                boundary, body = encode_multipart(
                    {"csrf_token": csrf_token(client), "file": FileStorage(io.BytesIO(content), "a.xlsx")}
                )
                content_type = f'multipart/form-data; boundary="{boundary}"'
                answer = client.post(path, data=body, content_type=content_type)
                if answer.status_code == 302 and answer.location.startswith(path.rpartition("/")[0]):
                    answer = client.get(answer.location)
            assert answer.status_code < 500, (name, path)
            assert "root:" not in answer.text, (name, path)
            assert "aaaaaaaaaaaaaaaaaaaa" not in answer.text, (name, path)


def test_formulas_of_an_import_are_text_or_their_last_value(client: FlaskClient, sheet: LiveForm) -> None:
    sheet_xml = "<row><c t='inlineStr'><is><t>name</t></is></c></row>"
    sheet_xml += '<row><c t="str"><f>WEBSERVICE("http://127.0.0.1/")</f><v>seen</v></c></row>'
    content = _packed(packages.parts(sheet_xml))
    boundary, body = encode_multipart(
        {"csrf_token": csrf_token(client), "file": FileStorage(io.BytesIO(content), "a.xlsx")}
    )
    with unchanged(*FILES):
        content_type = f'multipart/form-data; boundary="{boundary}"'
        answer = client.post(f"{LIST}import", data=body, content_type=content_type)
        assert answer.status_code == 302
        page = client.get(answer.location)
    assert "seen" in page.text
    assert "WEBSERVICE" not in page.text
