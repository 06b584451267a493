"""Reports on the screen: who reads which, for which period, and the records behind a figure."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import openpyxl
import pytest
from flask.testing import FlaskClient

from models import files, forms
from models.forms import LiveForm
from models.jobs import Job
from models.people import Actor, FieldRule, Limit, Scope, User
from models.reports import keeping
from models.reports.results import Column
from tasks.jobs import carry_out
from tests import factories, report_stage
from tests.pages import Element, read
from tests.report_stage import PERIOD
from tests.web import csrf_token, sign_in
from views.reports.shown import cell, number

ADDRESS = f"/reports/monthly?period={PERIOD}"


@pytest.fixture
def admin(client: FlaskClient, complaints: LiveForm) -> User:
    person = sign_in(client, factories.administrator())
    deliveries = report_stage.delivery_form()
    report_stage.stored(person)
    report_stage.tell(complaints, deliveries, person, count=40)
    return person


def told(complaints: LiveForm) -> list[dict[str, Any]]:
    """Return the complaints of the month, as they are stored."""
    inside = {"data.received_on": {"$gte": "2026-09-01", "$lte": "2026-09-30"}}
    return [one["data"] for one in complaints.records().find(inside)]


def shown(client: FlaskClient, address: str, status: int = 200) -> Element:
    answer = client.get(address)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return read(answer.get_data(as_text=True))


def rows(page: Element, key: str) -> list[Element]:
    """Return the rows of an analysis; none where its table is not there."""
    return [row for body in page.one("section", id=key).all("tbody") for row in body.all("tr")]


def section(page: Element, key: str) -> dict[str, list[str]]:
    """Return the cells of an analysis by the first one of each row."""
    return {row.one("th").text: [cell.text for cell in row.all("td")] for row in rows(page, key)}


def test_a_report_shows_figures_of_the_month_and_how_they_are_worked_out(
    client: FlaskClient, admin: User, complaints: LiveForm
) -> None:
    page = shown(client, ADDRESS)
    month = told(complaints)
    figures = section(page, "figures")
    assert figures["Complaints"][0] == str(len(month))
    assert figures["Defects"][0] == str(sum(one["qty"] for one in month))
    assert "Fault rate = Defects ÷ Pieces × 1,000,000" in figures["Fault rate"][-1]
    assert "All records" in page.text
    assert "QR-8.2-07" in page.text
    by_fault = section(page, "faults")
    assert {name: int(cells[0]) for name, cells in by_fault.items()} == {
        fault.capitalize(): sum(one["fault"] == fault for one in month)
        for fault in {one["fault"] for one in month}
    }


def test_the_way_to_the_reports_is_shown_to_their_readers_also_when_their_forms_are_retired(
    client: FlaskClient, admin: User
) -> None:
    def leads_there() -> bool:
        return bool(shown(client, "/account/").all("a", href="/reports/"))

    assert leads_there()
    for key in ("complaint", "delivery"):
        forms.retire(key, retired=True)
    assert leads_there()
    sign_in(client, factories.stranger())
    assert not leads_there()


def test_every_chart_draws_the_numbers_of_its_table(client: FlaskClient, admin: User) -> None:
    page = shown(client, ADDRESS)
    for name in ("faults", "trend", "season"):
        chart = json.loads(page.one("section", id=name).one("script").raw_text)
        table = section(page, name)
        assert chart["categories"] == list(table)
        assert len(chart["series"][0]["data"]) == len(table)


def test_a_chart_knows_how_its_numbers_are_written(client: FlaskClient, admin: User) -> None:
    cost = report_stage.part("cost", "Cost", source="complaints", kind="sum", field="cost")
    analysis = report_stage.part("pareto", "Main faults", kind="pareto", measures=["cost"], by=["fault"])
    changes = {"measures": [cost], "ratios": [], "analyses": [analysis]}
    report_stage.stored(admin, report_stage.definition(key="costs", **changes))
    page = shown(client, f"/reports/costs?period={PERIOD}")
    [money, share] = json.loads(page.one("section", id="pareto").one("script").raw_text)["series"]
    assert (money["percent"], money["decimals"]) == (False, 2)
    assert (share["percent"], share["decimals"]) == (True, 1)


def test_the_causes_of_a_diagram_can_be_followed(client: FlaskClient, admin: User) -> None:
    causes = shown(client, ADDRESS).one("section", id="causes").one("div", css="fishbone")
    assert causes["role"] == "group"  # links inside a picture cannot be reached
    assert causes.all("a")


def test_a_figure_leads_to_the_very_records_behind_it(
    client: FlaskClient, admin: User, complaints: LiveForm
) -> None:
    page = shown(client, ADDRESS)
    for row in rows(page, "faults"):
        link = row.one("a")
        listed = shown(client, link["href"]).one("tbody").all("tr")
        assert len(listed) == int(row.all("td")[0].text)
        assert all(link.text in one.text for one in listed)


def test_without_a_period_the_last_one_that_is_over_is_shown(client: FlaskClient, admin: User) -> None:
    page = shown(client, "/reports/monthly")
    assert page.one("select", id="report-period").one("option", selected="").text


@pytest.mark.parametrize(
    "typed", ["2026-13", "yesterday", "2026-09-30..2026-09-01", "1000-01-01..2026-01-01"]
)
def test_a_period_that_is_none_is_told_beside_it(client: FlaskClient, admin: User, typed: str) -> None:
    page = shown(client, f"/reports/monthly?{urlencode({'period': typed})}", 422)
    assert typed in page.one("p", css="report-error").text
    assert rows(page, "figures")


def test_two_days_are_a_period_too(client: FlaskClient, admin: User, complaints: LiveForm) -> None:
    page = shown(client, "/reports/monthly?first=2026-09-01&last=2026-09-30")
    assert section(page, "figures")["Complaints"][0] == str(len(told(complaints)))


def test_days_that_are_no_period_stay_in_their_inputs(client: FlaskClient, admin: User) -> None:
    page = shown(client, "/reports/monthly?first=2026-09-30&last=2026-09-01", 422)
    typed = [page.one("input", name=name)["value"] for name in ("first", "last")]
    assert typed == ["2026-09-30", "2026-09-01"]


def test_an_empty_month_says_so_in_every_analysis(client: FlaskClient, admin: User) -> None:
    page = shown(client, "/reports/monthly?period=2019-02")
    assert section(page, "figures")["Complaints"][0] == "0"
    assert section(page, "figures")["Fault rate"][0] == "—"
    assert page.one("section", id="faults").one("div", css="empty").text
    assert len(page.all("section", css="report-section")) == len(report_stage.definition().analyses)


def test_it_is_narrowed_down_to_one_group(client: FlaskClient, admin: User, complaints: LiveForm) -> None:
    page = shown(client, f"{ADDRESS}&only-fault=leak")
    leaks = [one for one in told(complaints) if one["fault"] == "leak"]
    assert section(page, "figures")["Complaints"][0] == str(len(leaks))
    assert page.one("span", css="chip").text.startswith("Fault")
    assert "only-fault" not in page.one("a", css="chip-remove")["href"]


@pytest.mark.parametrize("only", ["only-fault=nothing", "only-=x", "only-name=1", "only-fault[$ne]=leak"])
def test_what_cannot_be_narrowed_down_to_is_left_out(
    client: FlaskClient, admin: User, complaints: LiveForm, only: str
) -> None:
    page = shown(client, f"{ADDRESS}&{only}")
    assert section(page, "figures")["Complaints"][0] == str(len(told(complaints)))


def test_a_report_is_not_there_for_whom_it_is_not(client: FlaskClient, admin: User) -> None:
    sign_in(client, factories.stranger())
    assert client.get(ADDRESS).status_code == 404
    assert "Monthly complaints" not in client.get("/reports/").get_data(as_text=True)


def test_readers_are_named_by_their_roles(client: FlaskClient, admin: User) -> None:
    reader = factories.user("reading", factories.role("careful", form="complaint", actions=["see"]))
    sign_in(client, reader)
    shown(client, ADDRESS)
    report = report_stage.definition(key="secret", readers=["board"])
    report_stage.stored(admin, report)
    assert client.get("/reports/secret").status_code == 404
    assert client.get("/reports/secret/records").status_code == 404
    assert client.post("/reports/secret/workbook", data={"csrf_token": csrf_token(client)}).status_code == 404


def test_figures_are_within_the_readers_rights_and_the_page_says_so(client: FlaskClient, admin: User) -> None:
    role = factories.role("clerk", form="complaint", actions=["see"])
    role.grants[0].scope = Scope.OWN.value
    role.save()
    sign_in(client, factories.user("clerk", role))
    page = shown(client, ADDRESS)
    assert section(page, "figures")["Complaints"][0] == "0"
    assert "All records" not in page.text


def test_a_field_that_is_closed_to_the_reader_is_not_told_by_a_report(
    client: FlaskClient, admin: User, complaints: LiveForm
) -> None:
    role = factories.role("careful", form="complaint", actions=["see"])
    role.field_rules = [FieldRule(form="complaint", fields=["fault"], limit=Limit.HIDDEN.value)]
    role.save()
    sign_in(client, factories.user("careful", role))
    page = shown(client, ADDRESS)
    assert not {"Leak", "Noise", "Crack"} & set(section(page, "faults"))
    rule = json.dumps({"field": "fault", "op": "eq", "value": "leak"})
    behind = {"source": "complaints", "where": rule, "period": PERIOD}
    assert client.get(f"/reports/monthly/records?{urlencode(behind)}").status_code in {400, 404}


@pytest.mark.parametrize(
    "where",
    [
        "",
        "[]",
        "nonsense",
        '{"field": "$where", "op": "eq", "value": 1}',
        '{"field": "fault", "op": "$ne", "value": 1}',
        '{"field": "fault", "op": "eq", "value": {"$gt": ""}}',
        "{" * 5000,
        '{"field": "\\ud800", "op": "eq", "value": 1}',
        '{"field": "fault", "op": "eq", "value": "\\u0000"}',
    ],
)
def test_a_crafted_rule_lists_nothing(client: FlaskClient, admin: User, where: str) -> None:
    behind = {"source": "complaints", "where": where, "period": PERIOD}
    assert client.get(f"/reports/monthly/records?{urlencode(behind)}").status_code in {400, 404}


def made(client: FlaskClient, address: str) -> tuple[Job, Any]:
    """Press the button of a page that makes its workbook; return the job, and the workbook read."""
    [form] = [
        one for one in shown(client, address).all("form") if "/workbook?" in one.attributes.get("action", "")
    ]
    sent = client.post(form["action"], data={"csrf_token": csrf_token(client)})
    job = Job.objects.get(id=urlsplit(sent.headers["Location"]).path.rsplit("/", 1)[-1])
    carry_out(factories.claimed(job))
    job.reload()
    assert job.state == "done", job.error
    with files.open_file(job.file) as content:
        return job, openpyxl.load_workbook(io.BytesIO(content.read()), read_only=True)


def sheet(book: Any, name: str) -> dict[str, Any]:
    return {row[0]: row[1] for row in book[name].iter_rows(values_only=True) if row[0]}


def test_the_workbook_is_made_as_a_job_and_says_the_same(
    client: FlaskClient, admin: User, complaints: LiveForm
) -> None:
    job, book = made(client, ADDRESS)
    assert len(book.sheetnames) == 1 + len(report_stage.definition().analyses)
    assert sheet(book, "Key figures")["Complaints"] == len(told(complaints))
    assert "Narrowed down to" not in sheet(book, "Cover")
    assert client.get(f"/jobs/{job.id}/download").status_code == 200


def test_the_workbook_is_narrowed_down_like_its_page(
    client: FlaskClient, admin: User, complaints: LiveForm
) -> None:
    leaks = [one for one in told(complaints) if one["fault"] == "leak"]
    job, book = made(client, f"{ADDRESS}&only-fault=leak")
    assert sheet(book, "Key figures")["Complaints"] == len(leaks)
    cover = sheet(book, "Cover")
    assert cover["Narrowed down to"] == "Fault: Leak"
    _whole, everything = made(client, ADDRESS)
    assert cover["Fingerprint of the data"] != sheet(everything, "Cover")["Fingerprint of the data"]
    assert job.title == "Monthly complaints 2026-09 · Fault: Leak"
    download = client.get(f"/jobs/{job.id}/download")
    assert "Leak" in download.headers["Content-Disposition"]


def test_a_workbook_cannot_be_narrowed_down_by_what_its_reader_may_not_see(
    client: FlaskClient, admin: User, complaints: LiveForm
) -> None:
    role = factories.role("careful", form="complaint", actions=["see", "export"])
    role.field_rules = [FieldRule(form="complaint", fields=["fault"], limit=Limit.HIDDEN.value)]
    role.save()
    sign_in(client, factories.user("careful", role))
    job, book = made(client, f"{ADDRESS}&only-fault=leak")
    assert sheet(book, "Key figures")["Complaints"] == len(told(complaints))
    assert "Narrowed down to" not in sheet(book, "Cover")
    assert "Leak" not in job.title


def test_a_workbook_tells_no_more_than_was_asked_for(
    client: FlaskClient, admin: User, complaints: LiveForm
) -> None:
    address = f"/reports/monthly/workbook?period={PERIOD}&only-fault=leak"
    sent = client.post(address, data={"csrf_token": csrf_token(client)})
    job = Job.objects.get(id=urlsplit(sent.headers["Location"]).path.rsplit("/", 1)[-1])
    groupings = [report_stage.part("cause", "Cause", field="cause")]
    figures = [report_stage.part("figures", "Key figures", kind="figures")]
    changed = report_stage.definition(groupings=groupings, analyses=figures)
    keeping.put(Actor.of(admin), changed, version=1)
    carry_out(factories.claimed(job))
    job.reload()
    assert job.state == "failed"
    assert "narrowed down" in client.get(f"/jobs/{job.id}").get_data(as_text=True)


def test_whoever_may_not_export_gets_no_workbook(client: FlaskClient, admin: User) -> None:
    sign_in(client, factories.user("reading", factories.role("careful", form="complaint", actions=["see"])))
    assert "Excel workbook" not in shown(client, ADDRESS).text
    sent = client.post(f"/reports/monthly/workbook?period={PERIOD}", data={"csrf_token": csrf_token(client)})
    assert sent.status_code == 403


def test_addresses_keep_what_a_report_is_narrowed_down_to(client: FlaskClient, admin: User) -> None:
    page = shown(client, f"{ADDRESS}&only-fault=leak")
    for one in page.one("nav", css="segmented").all("a"):
        assert parse_qs(urlsplit(one["href"]).query)["only-fault"] == ["leak"]


def test_a_long_report_shows_its_first_analyses_and_fetches_the_others(
    client: FlaskClient, admin: User
) -> None:
    many = [
        report_stage.part(f"by{at}", f"Faults {at}", kind="breakdown", measures=["complaints"], by=["fault"])
        for at in range(14)
    ]
    report_stage.stored(admin, report_stage.definition(key="long", analyses=many))
    address = f"/reports/long?period={PERIOD}&only-fault=leak"
    page = shown(client, address)
    later = page.all("section", css="report-later")
    assert len(page.all("section", css="report-section")) == 14
    assert len(later) == 10
    assert [one["href"] for one in page.one("nav", css="report-contents").all("a")] == [
        f"#by{at}" for at in range(14)
    ]
    for one in later:
        fetched = shown(client, one["data-report-later"])
        assert section(fetched, one["id"]).keys() == {"Leak"}
    assert not shown(client, f"{address}&all=1").all("section", css="report-later")
    assert client.get("/reports/long/section?analysis=nothing").status_code == 404


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [("0.125", 2, "0.13"), ("2.5", 0, "3"), ("-0.125", 2, "-0.13"), ("1234.5", 1, "1,234.5")],
)
def test_a_number_is_rounded_as_a_workbook_shows_it(value: str, decimals: int, text: str) -> None:
    assert number(Decimal(value), Column("value", "Value", "decimal", decimals)) == text


def test_what_cannot_be_looked_back_to_is_told_on_the_page(client: FlaskClient, admin: User) -> None:
    deep = report_stage.part("deep", "Deep", kind="trend", measures=["complaints"], options={"periods": 90})
    report_stage.stored(admin, report_stage.definition(key="deep", analyses=[deep]))
    page = shown(client, "/reports/deep?first=1990-01-01&last=2019-12-20")
    assert "looks back further" in page.one("section", id="deep").text


def test_moments_of_a_list_stand_in_the_readers_time_once(client: FlaskClient, admin: User) -> None:
    told = Column("at", "At", "datetime")
    with client.application.test_request_context():
        assert cell(datetime(2026, 9, 30, 23, 30), told) == "2026-09-30 23:30"  # noqa: DTZ001  (as lists have it)
        assert cell(datetime(2026, 9, 30, 15, 30, tzinfo=UTC), told) == "2026-09-30 23:30"


def test_huge_numbers_are_shown_in_full() -> None:
    assert number(Decimal(10) ** 27, Column("value", "Value", "decimal", 6)).endswith("000.000000")
