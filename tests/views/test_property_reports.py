"""Reports and yearly statements of a ledger, as people ask for them on the screen."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models.database import Document
from models.jobs import Job
from models.people import Action, FieldRule, Grant, Role, User
from models.times import set_clock
from tasks.jobs import carry_out
from tests import factories, pages
from tests.models.ledger_reports.conftest import Company
from tests.web import csrf_token, sign_in

REPORTS = "/property/thing/reports"
STATEMENT = "/property/thing/statement"
ARRIVED = datetime(2025, 3, 3, 4, 0, tzinfo=UTC)


@pytest.fixture
def company(db: object) -> Company:
    return Company()


@pytest.fixture
def east(company: Company) -> Document:
    client = company.client("East & Sons")
    company.thing("<b>Gauge</b>", client, ARRIVED, quantity="10", place="A-3")
    return client


def clerk(*actions: Action, rules: list[FieldRule] | None = None) -> User:
    grants = [
        Grant(form="thing", actions=[one.value for one in (Action.SEE, *actions)]),
        Grant(form="client", actions=[Action.SEE.value]),
    ]
    role = Role(name="clerk", grants=grants, field_rules=rules or []).save()
    return factories.user("clerk", role, department=factories.department())


def post(client: FlaskClient, **sent: Any) -> TestResponse:
    return client.post(REPORTS, data={"csrf_token": csrf_token(client), **sent})


def carried_out(answer: TestResponse) -> Job:
    """Carry out the job that a page began, and return it."""
    assert answer.status_code == 302, answer.text
    job = Job.objects.get(id=answer.location.rsplit("/", 1)[1])
    carry_out(factories.claimed(job))
    found: Job = Job.objects.get(id=job.id)
    return found


@pytest.mark.parametrize("report", ["ledger", "movements", "overdue", "slips", "statements"])
def test_every_report_is_made_and_taken_by_who_asked_for_it(
    client: FlaskClient, company: Company, east: Document, report: str
) -> None:
    sign_in(client, company.admin)
    more = {"slips": "slip"} if report == "slips" else {"year": "2025"} if report == "statements" else {}
    job = carried_out(post(client, report=report, **more))
    assert (job.state, job.kind, job.form) == ("done", "export", "thing")
    answer = client.get(f"/jobs/{job.id}/download")
    assert answer.status_code == 200
    assert answer.data[:2] == b"PK"
    answer.close()
    page = pages.open_page(client, f"/jobs/{job.id}")
    assert "Test sheet" in page.one("h1").text


def test_the_page_offers_what_its_reader_may_ask_by(
    client: FlaskClient, company: Company, east: Document
) -> None:
    closed = FieldRule(form="thing", fields=["holders", "customer"], limit="masked")
    sign_in(client, clerk(Action.EXPORT, rules=[closed]))
    page = pages.open_page(client, REPORTS)
    named = {one["name"] for one in page.all("select")} | {one["name"] for one in page.all("input")}
    assert "department" in named
    assert not named & {"person", "customer", "year"}
    assert not page.all("form", action=f"{REPORTS}#report-slipsslip")  # its slips are closed to them


def test_who_may_not_export_is_told_so(client: FlaskClient, company: Company, east: Document) -> None:
    sign_in(client, clerk())
    page = pages.open_page(client, REPORTS)
    assert "You may not export here" in page.text
    assert not [one for one in page.all("button") if one.text == "Export"]
    assert post(client, report="ledger").status_code == 403


def test_a_mistake_stands_beside_its_field_and_what_was_typed_stays(
    client: FlaskClient, company: Company, east: Document
) -> None:
    sign_in(client, company.admin)
    answer = post(client, report="movements", begins="2026-03-02", ends="2026-03-01", kind="borrow")
    assert answer.status_code == 422
    page = pages.read(answer.text)
    assert page.one(id="error-movements-ends").text == "This is before the first day."
    assert page.one(id="field-movements-begins")["value"] == "2026-03-02"
    assert page.one("option", value="borrow", selected="").text == "Borrowed"
    assert Job.objects.count() == 0


def test_a_report_that_there_is_not_begins_no_job(client: FlaskClient, company: Company) -> None:
    sign_in(client, company.admin)
    assert post(client, report="gossip").status_code == 422
    assert post(client, report="slips", slips="thing").status_code == 404
    assert post(client, report="statements", year="1066").status_code == 422
    assert Job.objects.count() == 0


def test_whose_rights_ended_does_not_get_the_file(
    client: FlaskClient, company: Company, east: Document
) -> None:
    person = sign_in(client, clerk(Action.EXPORT))
    job = carried_out(post(client, report="ledger"))
    role = person.roles[0]
    role.grants[0].actions = ["see"]
    role.save()
    assert client.get(f"/jobs/{job.id}/download").status_code == 403


# -- statements ----------------------------------------------------------------------------------------------


def test_a_statement_shows_what_was_here_and_where_it_is(
    client: FlaskClient, company: Company, east: Document
) -> None:
    sign_in(client, company.admin)
    with set_clock(ARRIVED + timedelta(days=400)):
        page = pages.open_page(client, f"{STATEMENT}?year=2025&customer={east['_id']}")
    table = page.one("table", css="statement-table")
    [row] = table.one("tbody").all("tr")
    assert [cell.text for cell in row.all("td")][1:] == [
        "<b>Gauge</b>", "piece", "0", "10", "", "", "", "", "", "", "10", "", "Quality · A-3: 10",
    ]  # fmt: skip
    assert "Customer: East & Sons · Ledger: Test sheet · Period: 2025-01-01 to 2025-12-31" in page.text
    assert [one.text for one in page.one("select", name="year").all("option")] == ["2026", "2025"]


def test_without_a_customer_there_is_a_choice_and_all_of_them_at_once(
    client: FlaskClient, company: Company, east: Document
) -> None:
    sign_in(client, company.admin)
    page = pages.open_page(client, STATEMENT)
    assert "Choose a customer" in page.text
    assert [one.text for one in page.all("button") if one.text == "All customers"] == ["All customers"]


def test_a_year_before_the_first_movement_and_a_customer_without_things_are_told(
    client: FlaskClient, company: Company, east: Document
) -> None:
    sign_in(client, company.admin)
    early = client.get(f"{STATEMENT}?year=2019&customer={east['_id']}")
    assert early.status_code == 422
    assert "There is no statement of this year." in early.text
    nobody = company.client("North")
    empty = pages.open_page(client, f"{STATEMENT}?year=2025&customer={nobody['_id']}")
    assert "Nothing of this customer was here in this year." in empty.text
    assert client.get(f"{STATEMENT}?year=x&customer={{}}").status_code == 422


def test_a_ledger_without_movements_has_no_statements(client: FlaskClient, company: Company) -> None:
    sign_in(client, company.admin)
    assert "There are no movements yet" in pages.open_page(client, STATEMENT).text


def test_a_statement_on_paper_has_room_for_both_sides_to_sign(
    client: FlaskClient, company: Company, east: Document
) -> None:
    sign_in(client, company.admin)
    page = pages.open_page(client, f"{STATEMENT}/print?year=2025&customer={east['_id']}")
    assert [one.text for one in page.all("h3")] == ["For us", "For the customer"]
    assert page.one("table").one("thead").all("th")[0].text == "Number"
    assert client.get(f"{STATEMENT}/print?year=2025").status_code == 400


def test_who_may_not_see_customers_sees_no_statement(
    client: FlaskClient, company: Company, east: Document
) -> None:
    closed = FieldRule(form="thing", fields=["customer"], limit="hidden")
    sign_in(client, clerk(Action.EXPORT, Action.PRINT, rules=[closed]))
    address = f"?year=2025&customer={east['_id']}"
    assert client.get(f"{STATEMENT}{address}").status_code == 403
    assert client.get(f"{STATEMENT}/print{address}").status_code == 403
    assert post(client, report="statements", year="2025").status_code == 403
    assert post(client, report="statements", year="2025", customer=str(east["_id"])).status_code == 422


def test_the_list_leads_to_the_reports(client: FlaskClient, company: Company, east: Document) -> None:
    sign_in(client, company.admin)
    assert pages.open_page(client, "/records/thing/").all("a", href=REPORTS)
