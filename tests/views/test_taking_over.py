"""An existing ledger comes in through the pages: its header found, its names cleared up, its loans stored."""

import io
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pytest
from bson import ObjectId
from flask.testing import FlaskClient

from models.database import db
from models.forms import LiveForm
from models.jobs import Job
from models.people import User
from models.times import set_clock
from tasks.jobs import carry_out
from tests import factories, ledger_files, pages
from tests.web import csrf_token, sign_in

HOME = "/records/thing/import"
NOW = datetime(2026, 1, 15, 3, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_january(db: object) -> Any:
    with set_clock(NOW):
        yield


@pytest.fixture
def things(client: FlaskClient) -> LiveForm:
    admin = factories.administrator()
    lab = factories.department("LAB", "实验室", "Laboratory")
    factories.user("lin", name="林工", department=lab)
    factories.user("wang", name="王芳", department=lab)
    clients = factories.form(factories.field("name"), key="client")
    for name in ("东方汽车", "西湖电子"):
        factories.record(clients, admin, name=name)
    live = ledger_files.ledger()
    ledger_files.slips()
    sign_in(client, admin)
    return live


def sent(client: FlaskClient, content: bytes) -> str:
    """Send a file and return the address of the page that matches its columns."""
    data = {"csrf_token": csrf_token(client), "file": (io.BytesIO(content), "台帐.xlsx")}
    answer = client.post(HOME, data=data, content_type="multipart/form-data")
    assert answer.status_code == 302, answer.text
    return answer.location


def mapping(client: FlaskClient, address: str) -> pages.Element:
    [found] = [
        one for one in pages.open_page(client, address).all("form", method="post") if one.all(id="key")
    ]
    return found


def worked(address: str) -> Job:
    job = Job.objects.get(id=ObjectId(address.rpartition("/")[2]))
    carry_out(factories.claimed(job))
    found: Job = Job.objects.get(id=job.id)
    return found


def checked(client: FlaskClient, content: bytes, **changes: str) -> Job:
    address = sent(client, content)
    changes = {"mode": "valid", **changes}
    return worked(pages.submit(client, mapping(client, address), address, **changes).location)


def test_title_and_header_of_an_office_ledger_are_told_apart(client: FlaskClient, things: LiveForm) -> None:
    address = sent(client, ledger_files.messy())
    page = pages.open_page(client, address)
    assert page.one("select", id="header").one("option", selected="")["value"] == "4"
    form = mapping(client, address)
    chosen = form.sent()
    assert (chosen["taken_over"], chosen["key"], chosen["header"]) == ("yes", "code", "4")
    assert chosen["column-9"] == "ledger_loans.borrower"


def test_another_row_can_be_said_to_name_the_columns(client: FlaskClient, things: LiveForm) -> None:
    address = sent(client, ledger_files.messy())
    form = mapping(client, f"{address}?header=2")
    assert form.sent()["header"] == "2"
    assert "column-0" in {one["name"] for one in form.all("select")}
    assert mapping(client, f"{address}?header=99").sent()["header"] == "4"


def test_the_check_sums_up_and_asks_who_is_meant_until_it_knows(
    client: FlaskClient, things: LiveForm
) -> None:
    job = checked(client, ledger_files.messy())
    page = pages.open_page(client, f"/jobs/{job.id}")
    assert "These things are taken over as they are" in page.text
    sums = {one.one("dt").text: one.one("dd").text for one in page.one("dl", css="job-sums").all("div")}
    assert (sums["Out on loan"], sums["Pieces"]) == ("4 pc", "2.5 kg, 16 pc")
    asked = page.one(id="who-is-meant")
    pickers = {one["aria-label"]: one["data-picker"] for one in asked.all("select")}
    assert pickers == {
        "Who or what “无名公司” means": "/records/thing/options?field=customer",
        "Who or what “老周” means": "/records/thing/options?field=owner",
    }
    wang = User.objects.get(username="wang")
    form = asked.one("form")
    [person] = [one["name"] for one in form.all("select") if "老周" in one["aria-label"]]
    again = worked(pages.submit(client, form, "", **{person: str(wang.id)}).location)
    assert [one["name"] for one in again.result["unknown"]] == ["无名公司"]
    assert again.result["created"] == job.result["created"] + 1


def test_whoever_says_nothing_stays_with_the_check(client: FlaskClient, things: LiveForm) -> None:
    job = checked(client, ledger_files.messy())
    form = pages.open_page(client, f"/jobs/{job.id}").one(id="who-is-meant").one("form")
    for value in ("", "$ne", "nobody"):
        answer = pages.submit(client, form, "", **{"meant-0": value})
        assert answer.location == f"/jobs/{job.id}"
    assert Job.objects.count() == 1


def test_somebody_who_left_or_is_no_person_at_all_cannot_be_meant(
    client: FlaskClient, things: LiveForm
) -> None:
    job = checked(client, ledger_files.messy())
    User.objects(username="wang").update(active=False)
    form = pages.open_page(client, f"/jobs/{job.id}").one(id="who-is-meant").one("form")
    [person] = [one["name"] for one in form.all("select") if "老周" in one["aria-label"]]
    for meant in (User.objects.get(username="wang").id, ObjectId()):
        again = worked(pages.submit(client, form, "", **{person: str(meant)}).location)
        assert "老周" in [one["name"] for one in again.result["unknown"]]


def test_the_valid_rows_come_in_with_their_loans(client: FlaskClient, things: LiveForm) -> None:
    job = checked(client, ledger_files.messy())
    page = pages.open_page(client, f"/jobs/{job.id}")
    button = page.one("form", action=f"{HOME}/run/{job.id}")
    done = worked(pages.submit(client, button, "").location)
    assert (done.result["created"], done.result["refused"]) == (5, 12)
    assert db().property_movements.count_documents({"kind": "borrow", "source": "import"}) == 3
    assert "The import is done." in pages.open_page(client, f"/jobs/{done.id}").text


def test_loans_of_things_that_arrive_now_are_refused_before_anything_is_read(
    client: FlaskClient, things: LiveForm
) -> None:
    address = sent(client, ledger_files.messy())
    answer = pages.submit(client, mapping(client, address), address, taken_over="no")
    assert answer.status_code == 422
    assert "What is out or gone can be told only of things that are here already." in answer.text


def test_the_empty_workbook_explains_itself_and_can_be_sent_as_it_is(
    client: FlaskClient, things: LiveForm
) -> None:
    content = client.get(f"{HOME}/template").data
    workbook = openpyxl.load_workbook(io.BytesIO(content))
    assert workbook.sheetnames[:2] == ["Customer property", "How to fill this in"]
    captions = [cell.value for cell in workbook.worksheets[0][1]]
    assert {"Code", "On loan / Borrower", "On loan / Due", "What became of it / What"} <= set(captions)
    assert "Who has pieces now" in " ".join(str(row[1].value) for row in workbook.worksheets[1])
    values = dict.fromkeys(captions) | {
        "Name": "Gauge", "Code": "C-1", "Customer": "东方汽车", "Quantity": 2, "On loan / Borrower": "林工",
        "On loan / Quantity lent": 1, "On loan / Lent on": "2025-12-1", "On loan / Due": "2026-2-1",
    }  # fmt: skip
    workbook.worksheets[0].append([values[caption] for caption in captions])
    stream = io.BytesIO()
    workbook.save(stream)
    job = checked(client, stream.getvalue())
    assert (job.result["created"], job.result["refused"]) == (1, 0)
    assert {one["label"]: one["value"] for one in job.result["sums"]}["Out on loan"] == "1 pc"


def test_a_form_that_is_no_ledger_asks_nothing_of_the_kind(client: FlaskClient, things: LiveForm) -> None:
    data = {"csrf_token": csrf_token(client), "file": (io.BytesIO(b"name\nNorth\n"), "a.csv")}
    address = client.post("/records/client/import", data=data, content_type="multipart/form-data").location
    page = pages.open_page(client, address)
    assert not page.all("input", name="taken_over")
