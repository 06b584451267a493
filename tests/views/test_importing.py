"""Importing through the pages: who may, what is refused, what is remembered, and what comes of it."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from bson import ObjectId
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models import files, jobs
from models.database import Document
from models.forms import LiveForm
from models.jobs import Job, RunningJob
from models.people import User
from tasks.jobs import carry_out
from tests import factories, pages
from tests.models.spreadsheets import packages
from tests.web import csrf_token, sign_in
from tests.workbooks import saved, workbook

HOME = "/records/sheet/import"
TEXT = "name,qty\nA-1,3\nA-2,7\n"


@pytest.fixture
def form() -> LiveForm:
    factories.administrator()
    return factories.form(
        factories.field("name", required=True, unique=True, searchable=True),
        factories.field("qty", "integer", min=0),
        factories.field(
            "status",
            "choice",
            options=[
                {"key": "open", "label": {"zh": "处理中", "en": "In progress"}},
                {"key": "shut", "label": {"zh": "已关闭", "en": "Closed"}},
            ],
        ),
        factories.field("made_from", "reference", form="sheet"),
        factories.field(
            "items", "table", fields=[factories.field("part"), factories.field("pcs", "integer")]
        ),
        business_key="name",
        numbering="T-{seq:3}",
    )


@pytest.fixture
def editor(client: FlaskClient, form: LiveForm) -> User:
    return sign_in(client, factories.editor())


def upload(client: FlaskClient, name: str, content: bytes | str, **headers: str) -> TestResponse:
    data = content.encode() if isinstance(content, str) else content
    return client.post(
        HOME,
        data={"csrf_token": csrf_token(client), "file": (io.BytesIO(data), name)},
        content_type="multipart/form-data",
        headers=headers,
    )


def uploaded(client: FlaskClient, name: str, content: bytes | str) -> str:
    """Send a file and return the address of the page that matches its columns."""
    answer = upload(client, name, content)
    assert answer.status_code == 302, answer.text
    return answer.location


def mapping_form(client: FlaskClient, address: str) -> pages.Element:
    page = pages.open_page(client, address)
    [found] = [form for form in page.all("form", method="post") if form.all("select", name="key")]
    return found


def chosen(form: pages.Element) -> dict[str, str]:
    """Return what the page suggests for each column."""
    return {name: value for name, value in form.sent().items() if value and "column-" in name}


def check(client: FlaskClient, address: str, **changes: str) -> Job:
    """Send the mapping and carry out the dry run."""
    answer = pages.submit(client, mapping_form(client, address), address, **changes)
    assert answer.status_code == 302, answer.text
    return work(answer.location)


def work(address: str) -> Job:
    """Carry out a job as a worker does, given its page."""
    job_id = ObjectId(address.rpartition("/")[2])
    running = RunningJob.claim(job_id, "test")
    assert running
    carry_out(running)
    job: Job = Job.objects.get(id=job_id)
    return job


def run(client: FlaskClient, checked: Job, **changes: str) -> Job:
    """Press the button below a dry run and carry out the import."""
    page = pages.open_page(client, f"/jobs/{checked.id}")
    button = page.one("form", action=f"{HOME}/run/{checked.id}")
    return work(pages.submit(client, button, "", **changes).location)


def imported(client: FlaskClient, name: str, content: bytes | str, **changes: str) -> Job:
    return run(client, check(client, uploaded(client, name, content), **changes))


def data_of(form: LiveForm) -> list[Document]:
    return [record["data"] for record in form.records().find().sort("_id", 1)]


# -- who ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "status"), [(factories.stranger, 404), (factories.reader, 403), (factories.editor, 200)]
)
def test_only_who_may_import_opens_the_pages(
    client: FlaskClient, form: LiveForm, person: Callable[[], User], status: int
) -> None:
    own = person()
    file_id = factories.stored(b"name\nA\n", own)
    sign_in(client, own)
    for path in ("", "/template", f"/{file_id}"):
        assert client.get(f"{HOME}{path}").status_code == status, path
    posted = upload(client, "a.csv", TEXT)
    assert posted.status_code == (302 if status == 200 else status)


@pytest.mark.parametrize(("person", "status"), [(factories.stranger, 404), (factories.reader, 403)])
def test_who_may_not_import_starts_nothing(
    client: FlaskClient, form: LiveForm, person: Callable[[], User], status: int
) -> None:
    own = person()
    file_id = factories.stored(b"name\nA\n", own)
    sign_in(client, own)
    body = {"csrf_token": csrf_token(client), "column-0": "name", "mode": "all"}
    for path in (f"/{file_id}", f"/run/{ObjectId()}"):
        assert client.post(f"{HOME}{path}", data=body).status_code == status, path
    assert Job.objects.count() == 0


def test_a_page_without_a_token_sends_nothing(client: FlaskClient, editor: User) -> None:
    answer = client.post(HOME, data={"file": (io.BytesIO(b"name\n1"), "a.csv")})
    assert answer.status_code == 400


def test_the_file_of_somebody_else_is_not_there(client: FlaskClient, editor: User) -> None:
    other = factories.administrator()
    for owner, purpose in ((other, files.IMPORT), (editor, "upload")):
        file_id = factories.stored(b"name\nA\n", owner, "a.csv", purpose)
        assert client.get(f"{HOME}/{file_id}").status_code == 404
    for nonsense in ("x", "0" * 24):
        assert client.get(f"{HOME}/{nonsense}").status_code == 404


def test_a_dry_run_of_somebody_else_cannot_be_carried_out(client: FlaskClient, editor: User) -> None:
    checked = check(client, uploaded(client, "a.csv", TEXT))
    sign_in(client, factories.user("second", *editor.roles))
    body = {"csrf_token": csrf_token(client), "mode": "all"}
    assert client.post(f"{HOME}/run/{checked.id}", data=body).status_code == 404


def test_only_a_dry_run_of_this_form_that_ended_can_be_carried_out(client: FlaskClient, editor: User) -> None:
    checked = check(client, uploaded(client, "a.csv", TEXT))
    body = {"csrf_token": csrf_token(client), "mode": "all"}
    for change in ({"state": "running"}, {"kind": "export"}, {"form": "other"}):
        job = jobs.enqueue("import_check", editor, checked.params, form="sheet")
        Job.objects(id=job.id).update(**{"state": "done", **change})
        assert client.post(f"{HOME}/run/{job.id}", data=body).status_code == 404, change
    assert client.post(f"{HOME}/run/nonsense", data=body).status_code == 404
    assert Job.objects(kind="import").count() == 0


def test_an_unknown_way_to_treat_mistakes_starts_nothing(client: FlaskClient, editor: User) -> None:
    checked = check(client, uploaded(client, "a.csv", TEXT))
    body = {"csrf_token": csrf_token(client), "mode": "some"}
    assert client.post(f"{HOME}/run/{checked.id}", data=body).location == f"/jobs/{checked.id}"
    assert Job.objects(kind="import").count() == 0


# -- which files --------------------------------------------------------------------------------------

GOOD = packages.parts("<row><c><v>1</v></c></row>")
OLD = bytes.fromhex("D0CF11E0A1B11AE1")
FAR = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'


def zipped(folder: Path, content: dict[str, Any]) -> bytes:
    return packages.pack(folder / "a.zip", content).read_bytes()


HOSTILE: dict[str, tuple[str, Callable[[Path], bytes], str]] = {
    "zip bomb": ("a.xlsx", lambda at: zipped(at, {**GOOD, "x": bytes(100 * 1024 * 1024)}), "too large"),
    "macros": ("a.xlsm", lambda at: zipped(at, {**GOOD, "xl/vbaProject.bin": b"x"}), "macros"),
    "hidden macros": ("a.xlsx", lambda at: zipped(at, {**GOOD, "xl/vbaProject.bin": b"x"}), "macros"),
    "picture": ("a.xlsx", lambda _at: b"\x89PNG\r\n\x1a\n" + bytes(100), "not what its name says"),
    "picture as text": ("a.csv", lambda _at: b"\x89PNG\r\n\x1a\n\x00\x00", "characters of the file"),
    "far cell": ("a.xlsx", lambda at: zipped(at, packages.parts(FAR)), "columns"),
    "empty": ("a.csv", lambda _at: b"", "The file is empty"),
    "blank": ("a.csv", lambda _at: b"\n\n \n", "nothing in the sheet"),
    "wide": ("a.csv", lambda _at: b"," * 100_000 + b"x\n", "500 columns"),
    "old": ("a.xls", lambda _at: OLD + bytes(600), "kind of workbook"),
    "locked": ("a.xlsx", lambda _at: OLD + "EncryptedPackage".encode("utf-16-le"), "password"),
    "program": ("a.exe", lambda _at: b"MZ", "Only .xlsx"),
    "nameless": ("", lambda _at: b"a,b", "Choose a file"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_file_that_is_no_table_is_refused_on_the_page_and_not_kept(
    client: FlaskClient, editor: User, kind: str, tmp_path: Path
) -> None:
    name, make, said = HOSTILE[kind]
    content = make(tmp_path)
    answer = upload(client, name, content)
    assert 400 <= answer.status_code < 500
    assert said in answer.text
    told = upload(client, name, content, **{"X-Requested-With": "XMLHttpRequest"})
    assert 400 <= told.status_code < 500
    assert said in told.get_json()["error"]["message"]
    assert kept_files() == 0


def kept_files() -> int:
    count: int = Job._get_db()["files.files"].count_documents({})
    return count


def test_a_script_that_sends_a_file_is_told_where_to_go_on(client: FlaskClient, editor: User) -> None:
    answer = upload(client, "a.csv", TEXT, **{"X-Requested-With": "XMLHttpRequest"})
    assert answer.status_code == 200
    assert client.get(answer.get_json()["next"]).status_code == 200


def test_formulas_are_read_as_their_results_and_never_as_text(
    client: FlaskClient, editor: User, form: LiveForm
) -> None:
    rows: list[list[Any]] = [["name", "qty"], ["=1+1", 3], ["B", "=2*3"]]
    address = uploaded(client, "a.xlsx", workbook(S=rows))  # openpyxl keeps no results
    checked = check(client, address, mode="valid")
    assert (checked.result["created"], checked.result["refused"]) == (0, 2)
    assert {problem["column"] for problem in checked.result["problems"]} == {"name", "qty"}
    csv = imported(client, "a.csv", "name,qty\n=1+1,3\n")
    assert csv.result["created"] == 1
    assert data_of(form)[0]["name"] == "=1+1"


def test_a_file_name_cannot_break_the_page(client: FlaskClient, editor: User) -> None:
    address = uploaded(client, "<script>alert(1)</script>.csv", TEXT.replace("qty", "<b>q</b>"))
    html = client.get(address).text
    assert "<script>alert" not in html
    assert "<b>q" not in html


# -- columns ------------------------------------------------------------------------------------------


def test_columns_are_suggested_by_name_and_remembered(client: FlaskClient, editor: User) -> None:
    text = "Name,number of pieces,note\nA-1,3,x\n"
    first = mapping_form(client, uploaded(client, "a.csv", text))
    assert chosen(first) == {"column-0": "name"}
    assert first.sent()["key"] == "name"
    changes = {"column-1": "qty", "key": "", "mode": "valid"}
    check(client, uploaded(client, "b.csv", text), **changes)
    again = mapping_form(client, uploaded(client, "c.csv", text))
    assert chosen(again) == {"column-0": "name", "column-1": "qty"}
    assert (again.sent()["key"], again.sent()["mode"]) == ("", "valid")


def test_what_the_columns_hold_is_shown_beside_their_names(client: FlaskClient, editor: User) -> None:
    rows: list[list[Any]] = [
        ["name", "qty", "status"],
        ["A", 3.0, None],
        ["B", None, None],
        ["C", 5, None],
        ["D", 6, None],
    ]
    page = pages.open_page(client, uploaded(client, "a.xlsx", workbook(S=rows)))
    shown = [
        [value.text for value in row.all("span", "map-value")] for row in page.all("tr", data_map_row="")
    ]
    assert shown == [["A", "B", "C"], ["3", "5", "6"], []]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"column-0": ""}, "at least one column"),
        ({"column-0": "qty", "column-1": "qty", "key": ""}, "Two columns fill this field"),
        ({"column-1": "nope"}, "no such field"),
        ({"column-0": "", "column-1": "qty", "key": "name"}, "one of the mapped columns"),
        ({"mode": "both"}, "rows with mistakes"),
    ],
)
def test_a_mapping_that_cannot_work_comes_back_as_it_was_sent(
    client: FlaskClient, editor: User, changes: dict[str, str], said: str
) -> None:
    address = uploaded(client, "a.csv", "name,other\nA,1\n")
    answer = pages.submit(client, mapping_form(client, address), address, **changes)
    assert answer.status_code == 422
    assert said in answer.text
    [form] = [one for one in pages.read(answer.text).all("form", method="post") if one.all("tr")]
    sent = form.sent()
    assert {name: sent.get(name) for name in changes if changes[name] not in {"nope", "both"}} == {
        name: value for name, value in changes.items() if value not in {"nope", "both"}
    }
    assert Job.objects.count() == 0


def test_chinese_csv_in_its_old_encoding_is_read(client: FlaskClient, editor: User, form: LiveForm) -> None:
    text = "name 中,qty 中,status 中\n螺栓松动,3,处理中\n异响㐀,4,已关闭\n"
    imported(client, "投诉.csv", text.encode("gb18030"))
    assert [(data["name"], data["qty"], data["status"]) for data in data_of(form)] == [
        ("螺栓松动", 3, "open"),
        ("异响㐀", 4, "shut"),
    ]


def test_choices_come_by_label_and_references_by_title_or_number(
    client: FlaskClient, editor: User, form: LiveForm
) -> None:
    parent = factories.record(form, editor, name="Parent")
    text = f"name,status,made from\nA,in progress,Parent\nB,已关闭,{parent['number']}\nC,shut,Nobody\n"
    job = imported(client, "a.csv", text, mode="valid")
    assert [problem["column"] for problem in job.result["problems"]] == ["made from"]
    assert data_of(form)[1:] == [
        {"name": "A", "status": "open", "made_from": parent["_id"]},
        {"name": "B", "status": "shut", "made_from": parent["_id"]},
    ]


# -- sheets -------------------------------------------------------------------------------------------


def test_the_first_sheet_with_rows_is_taken_until_another_is_chosen(
    client: FlaskClient, editor: User, form: LiveForm
) -> None:
    content = workbook(Empty=[], First=[["name"], ["A"]], Second=[["qty", "name"], [5, "B"]])
    address = uploaded(client, "a.xlsx", content)
    assert mapping_form(client, address).sent()["sheet"] == "First"
    other = f"{address}?sheet=Second"
    assert chosen(mapping_form(client, other)) == {"column-0": "qty", "column-1": "name"}
    run(client, check(client, other))
    assert data_of(form) == [{"name": "B", "qty": 5}]
    assert "nothing in the sheet" in client.get(f"{address}?sheet=Empty").text
    assert mapping_form(client, f"{address}?sheet=Nope").sent()["sheet"] == "First"


def test_rows_of_a_table_come_from_a_sheet_of_their_own(
    client: FlaskClient, editor: User, form: LiveForm
) -> None:
    content = workbook(
        Main=[["name", "qty"], ["A", 1], ["B", 2]],
        Parts=[["Sheet name", "part", "pcs"], ["B", "p1", 5], ["A", "p2", 6]],
    )
    address = f"{uploaded(client, 'a.xlsx', content)}?sheet=Main&rows-items=Parts"
    page = mapping_form(client, address)
    assert page.sent()["rows-items"] == "Parts"
    changes = {"rows-items-key": "0", "rows-items-link": "0"}
    changes |= {"rows-items-column-1": "part", "rows-items-column-2": "pcs"}
    run(client, check(client, address, **changes))
    found = [[(row["part"], row["pcs"]) for row in data["items"]] for data in data_of(form)]
    assert found == [[("p2", 6)], [("p1", 5)]]
    again = mapping_form(client, uploaded(client, "b.xlsx", content))
    assert again.sent()["rows-items-column-2"] == "pcs"


# -- what comes of it ---------------------------------------------------------------------------------


def test_refused_rows_are_corrected_in_their_workbook_and_sent_again(
    client: FlaskClient, editor: User, form: LiveForm
) -> None:
    text = "name,qty,status\nA-1,3,open\nA-2,many,open\nA-3,5,never\nA-4,6,shut\n"
    checked = check(client, uploaded(client, "parts.csv", text), mode="all")
    html = client.get(f"/jobs/{checked.id}").text
    assert "2 rows cannot be imported as they are." in html
    assert "is not a number" in html
    done = run(client, checked)  # the button of such a dry run imports what is valid
    assert (done.result["created"], done.result["refused"]) == (2, 2)
    answer = client.get(f"/jobs/{done.id}/download")
    assert "attachment" in answer.headers["Content-Disposition"]
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    sheet = book.worksheets[0]
    captions = {cell.value: number for number, cell in enumerate(sheet[1], 1)}
    sheet.cell(2, captions["qty"], 4)
    sheet.cell(3, captions["status"], "Closed")
    again = imported(client, "corrected.xlsx", saved(book))
    assert (again.result["created"], again.result["refused"]) == (2, 0)
    assert [(data["name"], data["qty"]) for data in data_of(form)] == [
        ("A-1", 3), ("A-4", 6), ("A-2", 4), ("A-3", 5),
    ]  # fmt: skip


def test_the_same_file_again_changes_nothing_and_offers_nothing(
    client: FlaskClient, editor: User, form: LiveForm
) -> None:
    imported(client, "a.csv", TEXT)
    checked = check(client, uploaded(client, "a.csv", TEXT))
    assert checked.result["same"] == 2
    assert f"{HOME}/run/{checked.id}" in (html := client.get(f"/jobs/{checked.id}").text)
    assert "There is nothing to import." in html
    assert not re.search(r"Import (now|the valid rows)", html)


def test_the_template_is_filled_in_and_imported(client: FlaskClient, editor: User, form: LiveForm) -> None:
    answer = client.get(f"{HOME}/template")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    sheet = book.worksheets[0]
    captions = {cell.value: number for number, cell in enumerate(sheet[1], 1)}
    sheet.cell(2, captions["name"], "T")
    sheet.cell(2, captions["status"], "Closed")
    imported(client, "filled.xlsx", saved(book))
    assert data_of(form) == [{"name": "T", "status": "shut"}]


def test_a_job_says_how_far_it_is_to_whoever_owns_it(client: FlaskClient, editor: User) -> None:
    checked = check(client, uploaded(client, "a.csv", TEXT))
    state = client.get(f"/jobs/{checked.id}/state").get_json()
    assert (state["state"], state["percent"], state["error"]) == ("done", 100, "")
    sign_in(client, factories.reader())
    for path in ("", "/state", "/download"):
        assert client.get(f"/jobs/{checked.id}{path}").status_code == 404
