"""Line breaks where headers are made of words, and formulas where tables are made of cells."""

import csv
import email.policy
import io
from email.errors import MessageError
from email.parser import BytesParser
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest
from flask.testing import FlaskClient

from models import audit, calendars, channels, files, forms, jobs
from models.channels import Channel, mail
from models.channels.message import Outgoing
from models.errors import DomainError
from models.people import Name, User
from models.queries import ListQuery
from models.times import now
from tasks.jobs import run_job
from tests import factories
from tests.factories import field
from tests.hostile import stage
from tests.hostile.unchanged import unchanged
from tests.web import csrf_token, sign_in

pytestmark = pytest.mark.usefixtures("db")

BREAKS = ("\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\0", "%0d%0a", "\\r\\n")
FORMULAS = (
    "=1+1", "+1+1", "-1+1", "@SUM(1)", "=cmd|' /C calc'!A0", "\t=1+1", "\r=1+1",
    '=HYPERLINK("http://evil/")',
    " =1+1", "＝1+1", "＋1", "－1", "＠x", '"=1+1', "'=1+1", ";=1+1", ",=1+1", '=DDE("cmd";"x";"y")',
)  # fmt: skip


def built(**changes: Any) -> Any:
    """Return a mail as a receiver reads it."""
    sender = {"key": "mail", "name": "Mail", "kind": "email", "host": "127.0.0.1", "sender": "a@example.com"}
    channel = Channel(**{**sender, **{k: v for k, v in changes.items() if k in sender}})
    words: dict[str, Any] = {"key": "k", "subject": "s", "body": "b", "link": "", "to": "b@example.com"}
    words |= {name: value for name, value in changes.items() if name in words and name != "key"}
    sent = mail.build(channel, Outgoing(**words, at=now())).as_bytes()
    return BytesParser(policy=email.policy.default).parsebytes(sent)


@pytest.mark.parametrize("line_break", BREAKS, ids=repr)
def test_a_mail_has_no_header_that_a_text_brought(line_break: str) -> None:
    evil = f"x{line_break}Bcc: evil@example.com{line_break}{line_break}<script>"
    usual = set(built().keys())
    for name in ("subject", "body", "name", "link"):
        read = built(**{name: evil})
        assert set(read.keys()) == usual, name
        assert str(read["To"]) == "b@example.com"
        assert "\n" not in str(read["Subject"])


def test_a_mail_goes_to_one_address_that_is_one() -> None:
    for to in (
        "b@example.com, evil@example.com", "b@example.com\nBcc: evil@example.com", "b@example.com\r\nX: y",
        "<b@example.com> <evil@example.com>", "b@example.com;evil@example.com", "Name <b@example.com>", "b",
        "",
        "b@example.com\0", "b@exam ple.com", "b@example.com evil@example.com", "@example.com",
    ):  # fmt: skip
        try:
            read = built(to=to)
        except (ValueError, IndexError, MessageError):  # as the sender tells an address that is none
            continue
        assert [one.addr_spec for one in read["To"].addresses] == [to], to
        assert set(read.keys()) == set(built().keys()), to


def test_a_channel_or_a_person_with_a_line_break_is_not_stored(client: FlaskClient) -> None:
    admin = sign_in(client, factories.administrator())
    path = f"/configure/users/{admin.id}"
    page = client.get(path).text
    stamp = page.partition('name="stamp" value="')[2].partition('"')[0]
    with unchanged():
        for line_break in BREAKS[:10]:
            evil = f"a@example.com{line_break}Bcc: evil@example.com"
            words = {"key": "mail", "name": "Mail", "kind": "email", "host": "127.0.0.1"}
            with pytest.raises(DomainError):
                channels.save(Channel(**words, sender=evil), seen="")
            sent = {"stamp": stamp, "name": "x", "username": "admin", "email": evil, "language": "en"}
            answer = client.post(path, data={**sent, "csrf_token": csrf_token(client)})
            assert answer.status_code in {200, 422}, repr(line_break)


def test_no_answer_has_a_header_that_an_address_brought(client: FlaskClient) -> None:
    factories.form()
    calendars.ensure_default()
    sign_in(client, factories.administrator())
    with unchanged():
        for line_break in BREAKS[::2]:
            evil = f"x{line_break}Set-Cookie: evil=1{line_break}{line_break}<script>alert(1)</script>"
            for path in (
                f"/login?next=/{quote(evil)}",
                f"/records/sheet/filter?f-name-op=contains&f-name-value={quote(evil)}",
                f"/records/sheet/export/csv/?search={quote(evil)}", f"/records/sheet/?view={quote(evil)}",
                f"/records/{quote(evil)}", f"/static/{quote(evil)}", f"/search?q={quote(evil)}",
            ):  # fmt: skip
                answer = client.get(path)
                answer.close()
                assert answer.status_code < 500, path
                assert "evil=1" not in answer.headers.get("Set-Cookie", ""), path
                assert all("\n" not in value and "\r" not in value for _name, value in answer.headers), path
            sent = {"csrf_token": csrf_token(client), "language": "en", "next": f"/{evil}"}
            assert client.post("/preferences", data=sent).status_code < 500
            answer = client.get("/", headers={"X-Request-ID": quote(evil)})
            assert "evil=1" not in answer.headers.get("Set-Cookie", "")


def test_what_is_downloaded_is_named_in_one_line(client: FlaskClient) -> None:
    for line_break in BREAKS:
        words = f'x{line_break}Set-Cookie: evil=1{line_break}"; filename="evil.exe'
        label = {"zh": words, "en": words}
        live = factories.form(field("name"), key=f"form_{BREAKS.index(line_break)}", label=label)
        sign_in(client, factories.administrator())
        for path in (f"/records/{live.key}/import/template", f"/configure/forms/{live.key}/export.yaml"):
            answer = client.get(path)
            answer.close()
            assert answer.status_code == 200, path
            disposition = answer.headers["Content-Disposition"]
            assert disposition.startswith("attachment"), path
            assert "\n" not in disposition
            assert "\r" not in disposition
            assert "evil=1" not in answer.headers.get("Set-Cookie", "")


def exported(person: User, kind: str, params: dict[str, Any], form: str = "") -> bytes:
    job = jobs.enqueue(kind, person, params, form=form)
    run_job(str(job.id))
    done = next(one for one in jobs.of_owner(person) if one.id == job.id)
    assert done.file, done.error
    return files.open_file(done.file).read()


def cells_of(content: bytes) -> list[Any]:
    return [cell for sheet in openpyxl.load_workbook(io.BytesIO(content)) for row in sheet for cell in row]


def hostile(formula: str) -> User:
    admin = factories.administrator()
    admin.update(name=formula.strip())
    admin.department.update(name=Name(zh=formula, en=formula))
    admin.reload()
    return admin


def test_no_cell_of_an_export_of_records_is_a_formula() -> None:
    texts = {"zh": "=1+1", "en": "=1+1"}
    options = [{"key": "a", "label": texts}]
    columns = [field("part")]
    live = factories.form(
        field("name"), field("kind", "choice", options=options), field("who", "person"), field("text",
        "long_text"),
        field("items", "table", fields=columns), label=texts,
    )  # fmt: skip
    admin = hostile("=1+1")
    for formula in FORMULAS:
        items = [{"part": formula}]
        factories.record(live, admin, name=formula, text=formula, kind="a", who=str(admin.id), items=items)
    query = {"query": ListQuery(columns=("name", "kind", "who", "text", "owner")).dump()}
    for cell in cells_of(exported(admin, "export", query, live.key)):
        assert cell.data_type != "f", cell.value
        assert cell.hyperlink is None
    written = exported(admin, "export", {**query, "format": "csv"}, live.key).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(written)):
        for text in row:
            assert not text.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")), text


def test_no_cell_of_any_other_table_is_a_formula(client: FlaskClient) -> None:
    company = stage.build("=1+1")
    admin = sign_in(client, company.admin)
    calendars.ensure_default()
    audit.note("form.published", actor=factories.actor(admin), subject="=1+1", details={"note": "=1+1"})
    tables = [
        client.get(path).data
        for path in (
            "/records/sheet/import/template", "/configure/calendars/odd/export/xlsx",
            "/configure/users/import/template",
        )
    ]  # fmt: skip
    for path in ("/configure/audit/export", f"/configure/retention/lists/{company.values['list_id']}/export"):
        before = {one.id for one in jobs.of_owner(admin)}
        assert client.post(path, data={"csrf_token": csrf_token(client)}).status_code == 302
        [job] = [one for one in jobs.of_owner(admin) if one.id not in before]
        run_job(str(job.id))
        [done] = [one for one in jobs.of_owner(admin) if one.id == job.id]
        tables.append(files.open_file(done.file).read())
    for content in tables:
        assert content.startswith(b"PK")
        assert not [cell.value for cell in cells_of(content) if cell.data_type == "f" or cell.hyperlink]
    assert forms.current("sheet").key == "sheet"
