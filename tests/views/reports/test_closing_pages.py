"""Closing a month on the screen: it stays as it was, is reopened for a reason, and begins plans."""

import io
import re
from typing import Any
from urllib.parse import urlsplit

import openpyxl
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models import files, forms, workflow
from models.database import db
from models.forms import LiveForm
from models.jobs import Job, RunningJob
from models.people import Actor, User
from models.reports import keeping as reports
from models.reports.closing import keeping
from models.reports.parts import ReportDefinition
from tasks.jobs import carry_out
from tests import factories, report_stage
from tests.factories import field
from tests.models.workflow.procedures import flow, state, step
from tests.pages import Element, read
from tests.web import csrf_token, sign_in

ADDRESS = "/reports/monthly?period=2026-09"
FIELDS = [field("name", required=True), field("origin")]
pytestmark = pytest.mark.usefixtures("in_october")


@pytest.fixture
def admin(client: FlaskClient, complaints: LiveForm) -> User:
    person = sign_in(client, factories.administrator())
    deliveries = report_stage.delivery_form()
    factories.form(*FIELDS, key="plan", label=report_stage.label("Plans"))
    plan = {
        "analysis": "trend",
        "form": "plan",
        "label": report_stage.label("Rectification plan"),
        "values": {"name": "Rectify {analysis} of {period}", "origin": "{report}"},
    }
    report_stage.stored(person, report_stage.definition(plans=[plan]))
    report_stage.tell(complaints, deliveries, person, count=150)
    return person


def sent(client: FlaskClient, path: str, **data: Any) -> TestResponse:
    return client.post(
        f"/reports/monthly/{path}?period=2026-09", data={"csrf_token": csrf_token(client), **data}
    )


def page(client: FlaskClient, address: str = ADDRESS) -> Element:
    answer = client.get(address)
    assert answer.status_code == 200
    return read(answer.get_data(as_text=True))


def figure(found: Element, name: str) -> str:
    [row] = [
        one for one in found.one("section", id="figures").one("tbody").all("tr") if one.one("th").text == name
    ]
    return row.all("td")[0].text


def close(client: FlaskClient) -> None:
    answer = sent(client, "close")
    assert answer.status_code == 302, answer.get_data(as_text=True)
    job = Job.objects.get(id=urlsplit(answer.headers["Location"]).path.rsplit("/", 1)[-1])
    running = RunningJob.claim(job.id, "test")
    assert running
    carry_out(running)
    assert "The period is closed." in client.get(answer.headers["Location"]).get_data(as_text=True)


def test_a_closed_month_shows_its_figures_of_then_and_leads_to_those_of_today(
    client: FlaskClient, admin: User, complaints: LiveForm
) -> None:
    before = figure(page(client), "Complaints")
    close(client)
    factories.record(complaints, admin, name="late", received_on="2026-09-30", qty=1)
    closed = page(client)
    assert figure(closed, "Complaints") == before
    assert "Closed on 2026-10-05 10:00" in closed.text
    assert figure(page(client, f"{ADDRESS}&live=1"), "Complaints") == str(int(before) + 1)
    assert int(figure(page(client, f"{ADDRESS}&only-fault=leak"), "Complaints")) < int(before)
    listed = page(client, "/reports/monthly/closings")
    assert "2026-09" in listed.one("tbody").text


def test_the_workbook_of_a_closed_month_is_of_today_where_its_page_is(
    client: FlaskClient, admin: User, complaints: LiveForm
) -> None:
    close(client)
    factories.record(complaints, admin, name="late", received_on="2026-09-30", qty=1)
    for address in (ADDRESS, f"{ADDRESS}&live=1"):
        shown = page(client, address)
        [form] = [one for one in shown.all("form") if "/workbook?" in one.attributes.get("action", "")]
        answer = client.post(form["action"], data={"csrf_token": csrf_token(client)})
        job = Job.objects.get(id=urlsplit(answer.headers["Location"]).path.rsplit("/", 1)[-1])
        carry_out(factories.claimed(job))
        job.reload()
        with files.open_file(job.file) as content:
            book = openpyxl.load_workbook(io.BytesIO(content.read()), read_only=True)
        values = {row[0].value: row[1].value for row in book["Key figures"].iter_rows(min_row=6)}
        assert str(values["Complaints"]) == figure(shown, "Complaints")


def test_it_is_reopened_with_a_reason_beside_which_a_missing_one_is_told(
    client: FlaskClient, admin: User
) -> None:
    close(client)
    assert "taken back" not in page(client).one("dialog", id="reopen").text
    refused = sent(client, "reopen", reason=" ")
    assert refused.status_code == 422
    dialog = read(refused.get_data(as_text=True)).one("dialog", id="reopen")
    assert "data-opened" in dialog
    assert "Say why" in dialog.one("p", id="error-reason").text
    assert "data-opened" not in page(client).one("dialog", id="reopen")
    assert keeping.get("monthly", "2026-09")
    assert sent(client, "reopen", reason="A claim was forgotten.").status_code == 302
    assert keeping.get("monthly", "2026-09") is None
    listed = page(client, "/reports/monthly/closings").one("tbody").text
    assert "A claim was forgotten." in listed
    assert sent(client, "reopen", reason="again").status_code == 404


def test_whoever_reopens_a_month_is_told_that_its_release_is_taken_back(
    client: FlaskClient, admin: User
) -> None:
    states = [state("open"), state("void", "void")]
    paper = factories.form(
        field("about"), key="release", workflow=flow(step("recall", "open", "void"), states=states)
    )
    release = {"form": "release", "report": "about", "reopened": "recall"}
    document = {**reports.get("monthly").definition.dump(), "release": release}
    reports.put(Actor.of(admin), ReportDefinition.load(document), version=1)
    close(client)
    assert "taken back" in page(client).one("dialog", id="reopen").text
    assert sent(client, "reopen", reason="A claim was forgotten.").status_code == 302
    assert [one["state"] for one in paper.records().find({})] == ["void"]


def test_what_cannot_be_taken_back_is_told_beside_the_reason_which_stays(
    client: FlaskClient, admin: User
) -> None:
    states = [state("open"), state("done", "done"), state("void", "void")]
    finish = step("finish", "open", "done")
    procedure = flow(finish, step("recall", ["open", "done"], "void"), states=states)
    paper = factories.form(field("about"), key="release", workflow=procedure)
    release = {"form": "release", "report": "about", "reopened": "recall"}
    document = {**reports.get("monthly").definition.dump(), "release": release}
    reports.put(Actor.of(admin), ReportDefinition.load(document), version=1)
    close(client)
    [handed_on] = paper.records().find({})
    workflow.move(Actor.of(admin), paper, handed_on["_id"], "finish", source="screen")
    factories.republish(paper, workflow=flow(finish, step("recall", "open", "void"), states=states))
    refused = sent(client, "reopen", reason="A claim was forgotten.")
    assert refused.status_code == 400
    dialog = read(refused.get_data(as_text=True)).one("dialog", id="reopen")
    assert "data-opened" in dialog
    assert "cannot be taken back" in dialog.one("p", id="error-reason").text
    assert dialog.one("textarea").text == "A claim was forgotten."
    assert keeping.get("monthly", "2026-09")


def test_what_a_plan_is_missing_is_told_on_the_page_by_the_names_of_its_fields(
    client: FlaskClient, admin: User
) -> None:
    factories.republish(forms.current("plan"), fields=[*FIELDS, field("plan_owner", "person", required=True)])
    refused = sent(client, "plan", analysis="trend")
    assert refused.status_code == 303
    assert refused.headers["Location"] == f"{ADDRESS}#trend"
    shown = page(client)
    assert "plan owner: " in shown.text
    assert "plan_owner" not in shown.text


def test_whoever_has_no_right_sees_no_button_and_is_refused(client: FlaskClient, admin: User) -> None:
    sign_in(client, factories.reader())
    text = client.get(ADDRESS).get_data(as_text=True)
    assert "Close the period" not in text
    assert sent(client, "close").status_code == 403
    assert sent(client, "plan", analysis="trend").status_code == 403
    assert db().report_closings.count_documents({}) == 0


def test_what_was_closed_for_everybody_is_not_told_to_who_sees_a_part(
    client: FlaskClient, admin: User
) -> None:
    close(client)
    role = factories.role("clerk", form="complaint", actions=["see"])
    role.grants[0].scope = "own"
    role.save()
    sign_in(client, factories.user("clerk", role))
    assert figure(page(client), "Complaints") == "0"


def test_an_abnormal_month_begins_one_plan(client: FlaskClient, admin: User) -> None:
    assert page(client).one("section", id="trend").one("div", css="report-plan").all("button")
    answers = [sent(client, "plan", analysis="trend") for _twice in range(2)]
    [record] = db().record_plan.find()
    assert {one.headers["Location"] for one in answers} == {f"/records/plan/{record['_id']}"}
    assert record["data"] == {"name": "Rectify Trend of 2026-09", "origin": "Monthly complaints"}
    plan = page(client).one("section", id="trend").one("div", css="report-plan")
    assert plan.one("a")["href"] == f"/records/plan/{record['_id']}"
    assert sent(client, "plan", analysis="nothing").status_code == 404
    assert (
        not page(client, "/reports/monthly?period=2026-05")
        .one("section", id="trend")
        .all("div", css="report-plan")
    )


def redefined(person: User) -> None:
    """Rename the source of complaints, and keep one analysis under another name."""
    report = reports.get("monthly")
    document = report.definition.dump()
    for part in (*document["sources"], *document["measures"]):
        for name in ("key", "source"):
            if part.get(name) == "complaints" and not (name == "key" and "source" in part):
                part[name] = "cases"
    rest = {
        "key": "other",
        "label": report_stage.label("Other"),
        "kind": "ageing",
        "measures": ["complaints"],
    }
    document |= {"analyses": [rest], "plans": [], "first_day": 26, "form_number": "NEW-1"}
    reports.put(Actor.of(person), ReportDefinition.load(document), version=report.version)


def test_a_closed_month_is_shown_by_the_report_that_it_was_closed_by(
    client: FlaskClient, admin: User
) -> None:
    before = figure(page(client), "Complaints")
    close(client)
    redefined(admin)
    shown = page(client)
    assert figure(shown, "Complaints") == before
    assert "2026-09-01 to 2026-09-30" in shown.text
    assert "QR-8.2-07" in shown.text
    [first, *_others] = shown.one("section", id="faults").one("tbody").all("a")
    assert page(client, first["href"]).one("tbody").all("tr")
    section = client.get("/reports/monthly/section?period=2026-09&analysis=faults")
    assert read(section.get_data(as_text=True)).one("section", id="faults")
    assert client.get("/reports/monthly/section?period=2026-09&analysis=other").status_code == 404
    assert page(client, f"{ADDRESS}&live=1").one("section", id="other")


@pytest.mark.parametrize("version", ["0", "99", "x", "²", "9" * 40])
def test_a_link_to_records_by_a_report_that_never_was_leads_nowhere(
    client: FlaskClient, admin: User, version: str
) -> None:
    address = "/reports/monthly/records?source=complaints&where=%7B%22all%22:[]%7D&version="
    assert client.get(f"{address}1").status_code == 200
    assert client.get(f"{address}{version}").status_code == 404


def test_tiles_of_a_closed_month_say_what_its_page_says(
    client: FlaskClient, admin: User, complaints: LiveForm
) -> None:
    tiles = ("monthly/figure/complaints", "monthly/analysis/faults", "monthly/figure/ppm")
    close(client)
    before = [client.get(f"/reports/tile?what={one}").get_data(as_text=True) for one in tiles]
    factories.record(complaints, admin, name="late", received_on="2026-09-30", fault="leak", qty=900)
    after = [client.get(f"/reports/tile?what={one}").get_data(as_text=True) for one in tiles]
    assert [without_nonce(one) for one in after] == [without_nonce(one) for one in before]
    assert read(after[0]).one("b").text == figure(page(client), "Complaints")
    assert not any("Figures of today" in one for one in after)


def without_nonce(text: str) -> str:
    return re.sub(r'nonce="[^"]*"', "", text)


def test_a_tile_that_a_closed_month_does_not_have_says_that_it_is_of_today(
    client: FlaskClient, admin: User
) -> None:
    close(client)
    redefined(admin)
    tile = read(client.get("/reports/tile?what=monthly/analysis/other").get_data(as_text=True))
    assert "Figures of today" in tile.text
    assert "live=1" in tile.all("a")[-1]["href"]


def test_every_group_over_a_limit_has_a_button_for_a_plan_of_its_own(
    client: FlaskClient, admin: User
) -> None:
    report = reports.get("monthly")
    limits = [{"value": 0, "per": 1_000, "label": report_stage.label("Any"), "key": "any"}]
    over = report_stage.part(
        "limits", "Limits", kind="thresholds", measures=["defects", "pieces"], by=["fault"],
        options={"limits": limits},
    )  # fmt: skip
    plan = {"analysis": "limits", "when": "over", "form": "plan", "values": {"name": "{name}: {rate} ‰"}}
    document = report.definition.dump()
    changed = {**document, "analyses": [over], "plans": [plan]}
    reports.put(Actor.of(admin), ReportDefinition.load(changed), version=report.version)
    found = page(client).one("section", id="limits")
    offered = [one.one("input", name="group")["value"] for one in found.all("div", css="report-plan")]
    assert sorted(offered) == sorted(report_stage.FAULTS)
    answer = sent(client, "plan", analysis="limits", group="noise")
    [record] = db().record_plan.find()
    assert answer.headers["Location"] == f"/records/plan/{record['_id']}"
    assert record["data"]["name"].startswith("Noise: ")
    after = page(client).one("section", id="limits").all("div", css="report-plan")
    assert [one.one("a")["href"] for one in after if one.all("a")] == [f"/records/plan/{record['_id']}"]
    assert sent(client, "plan", analysis="limits", group="rust").status_code == 400


def test_a_plan_is_not_offered_where_it_is_not_begun(client: FlaskClient, admin: User) -> None:
    def offered(address: str) -> bool:
        trend = page(client, address).one("section", id="trend")
        return any(one.all("button") for one in trend.all("div", css="report-plan"))

    assert offered(ADDRESS)
    close(client)
    assert offered(ADDRESS)
    assert not offered(f"{ADDRESS}&live=1")
    assert sent(client, "plan", analysis="often").status_code == 404
    answer = client.post(
        "/reports/monthly/plan?period=2099-01", data={"csrf_token": csrf_token(client), "analysis": "trend"}
    )
    assert answer.status_code == 400
    assert db().record_plan.count_documents({}) == 0
