"""Approvals, deadlines and filings on a record's page: shown, decided, refused, explained."""

from datetime import timedelta

import pytest
from bson import ObjectId
from flask.testing import FlaskClient

from models import clocks, times
from models.approvals import queries
from models.database import db
from models.forms import LiveForm
from models.people import User
from tests import factories
from tests.models.approvals import cases
from tests.models.workflow import procedures
from tests.models.workflow.procedures import flow, step
from tests.pages import Element, assert_safe, open_page, read, submit
from tests.web import csrf_token, sign_in


@pytest.fixture
def request_form(client: FlaskClient) -> LiveForm:
    cases.team()
    [cases.person(name) for name in ("asker", "amy", "bob", "carl")]
    return cases.form(cases.step("check", signature="typed"), cases.step("release", ("bob",)))


def path_of(approval: ObjectId) -> str:
    return f"/records/request/{cases.record_of(approval)['_id']}"


def form_of(page: Element, button: str) -> Element:
    [found] = [
        form
        for form in page.all("form")
        if any(one.attributes.get("value") == button for one in [*form.all("button"), *form.all("input")])
    ]
    return found


def test_who_is_asked_signs_on_the_page(client: FlaskClient, request_form: LiveForm) -> None:
    approval = cases.ask(request_form)
    amy = sign_in(client, cases.person("amy"))
    path = path_of(approval)
    page = open_page(client, path)
    assert_safe(page)
    form = form_of(page, "approve")
    refused = submit(client, form, path, decision="approve", signature="bob", reason="fine")
    assert refused.status_code == 422
    again = read(refused.text)
    assert again.one(id="error-decision-signature").text == "This is not your own name."
    assert form_of(again, "approve").sent()["reason"] == "fine"
    assert submit(client, form, path, decision="approve", signature=str(amy)).status_code == 302
    assert cases.asked(approval) == ["bob"]
    done = open_page(client, path)
    assert [str(amy)] == [one.text for one in done.all("span", "signature-typed")]
    assert not [form for form in done.all("form") if "decide" in form.attributes.get("class", "").split()]


def test_the_same_decision_twice_counts_once(client: FlaskClient, request_form: LiveForm) -> None:
    approval = cases.ask(request_form)
    amy = sign_in(client, cases.person("amy"))
    path = path_of(approval)
    form = form_of(open_page(client, path), "approve")
    answers = [
        submit(client, form, path, decision="approve", signature=str(amy)).status_code for _time in range(2)
    ]
    assert answers == [302, 409]
    assert len(queries.get(approval)["log"]) == 1


def test_what_changed_since_it_was_read_is_not_signed(client: FlaskClient, request_form: LiveForm) -> None:
    approval = cases.ask(request_form)
    amy = sign_in(client, cases.person("amy"))
    path = path_of(approval)
    form = form_of(open_page(client, path), "approve")
    procedures.update(request_form, cases.record_of(approval), name="something else")
    answer = submit(client, form, path, decision="approve", signature=str(amy))
    assert answer.status_code == 409
    assert "The content changed since you opened it." in read(answer.text).text
    assert cases.asked(approval) == ["amy"]


def test_rejecting_and_returning_need_a_reason(client: FlaskClient, request_form: LiveForm) -> None:
    approval = cases.ask(request_form)
    cases.say(approval, cases.person("amy"), signature=str(cases.person("amy")))
    sign_in(client, cases.person("bob"))
    path = path_of(approval)
    form = form_of(open_page(client, path), "reject")
    refused = submit(client, form, path, decision="reject")
    assert read(refused.text).one(id="error-decision-reason").text == "Say why."
    assert submit(client, form, path, decision="return", to_step="check", reason="no").status_code == 302
    assert cases.asked(approval) == ["amy"]
    page = open_page(client, path)
    assert "returned to an earlier step" in page.one(id="history").text
    assert "Earlier rounds" in page.text


def test_somebody_else_signs_instead(client: FlaskClient, request_form: LiveForm) -> None:
    approval = cases.ask(request_form)
    sign_in(client, cases.person("amy"))
    path = path_of(approval)
    form = form_of(open_page(client, path), "hand_over")
    refused = submit(client, form, path, decision="hand_over", reason="away")
    assert refused.status_code == 422
    assert read(refused.text).one(id="error-whom").text == "Choose somebody who works here."
    carl = str(cases.person("carl").id)
    answer = submit(client, form, path, decision="hand_over", reason="away", whom=carl)
    assert answer.status_code == 302
    assert cases.asked(approval) == ["carl"]


def test_who_asked_takes_it_back(client: FlaskClient, request_form: LiveForm) -> None:
    approval = cases.ask(request_form)
    sign_in(client, cases.person("asker"))
    path = path_of(approval)
    assert submit(client, form_of(open_page(client, path), "withdraw"), path).status_code == 302
    assert queries.get(approval)["status"] == "withdrawn"


def test_a_strangers_decision_is_refused(client: FlaskClient, request_form: LiveForm) -> None:
    approval = cases.ask(request_form)
    sign_in(client, cases.person("carl"))
    data = {"csrf_token": csrf_token(client), "decision": "approve", "signature": "carl"}
    assert client.post(f"{path_of(approval)}/approvals/{approval}", data=data).status_code == 403
    assert cases.asked(approval) == ["amy"]


@pytest.fixture
def timed(client: FlaskClient) -> LiveForm:
    factories.role("boss")
    rule = {
        "key": "answer",
        "label": {"en": "Answer", "zh": "答复"},
        "start": {"states": ["new"]},
        "stop": {"states": ["done"]},
        "length": {"amount": "2", "unit": "hours"},
        "exempt": {"people": ["editor"]},
    }
    return procedures.form(flow(step("finish", ["new", "work"], "done")), clocks=[rule])


@pytest.fixture
def editor(client: FlaskClient, timed: LiveForm) -> User:
    return sign_in(client, factories.user("editor", *factories.editor().roles))


def test_a_deadline_says_what_is_left_and_why(client: FlaskClient, timed: LiveForm, editor: User) -> None:
    with times.set_clock(times.now() - timedelta(hours=5)):
        late = factories.record(timed, name="late")
    fresh = factories.record(timed, name="fresh")
    said = open_page(client, f"/records/sheet/{late['_id']}").one("article", "clock")
    assert said["data-tone"] == "late"
    assert "3 h late" in said.text
    said = open_page(client, f"/records/sheet/{fresh['_id']}").one("article", "clock")
    assert said["data-tone"] == "today"
    assert "1 h 59 min left" in said.text
    assert "Length: 2 h." in said.one("ol", "why").text


def test_an_exemption_needs_a_reason_and_is_told_in_history(
    client: FlaskClient, timed: LiveForm, editor: User
) -> None:
    record = factories.record(timed, name="a")
    path = f"/records/sheet/{record['_id']}"
    form = open_page(client, path).one("details", "clock-exempt").one("form")
    submit(client, form, path, reason=" ")
    [clock] = clocks.of_record("sheet", record["_id"])
    assert clock.is_open
    submit(client, form, path, reason="customer agreed")
    [clock] = clocks.of_record("sheet", record["_id"])
    assert clock.state == "exempt"
    page = open_page(client, path)
    assert "Exempted from the deadline “Answer”" in page.one(id="history").text
    assert "customer agreed" in page.one(id="deadlines").text


def test_the_picture_says_where_the_record_is_and_was(
    client: FlaskClient, timed: LiveForm, editor: User
) -> None:
    record = factories.record(timed, name="a")
    procedures.take(timed, record, "finish")
    page = open_page(client, f"/records/sheet/{record['_id']}")
    assert "in “Done”" in page.one("svg", "flow").one(id="flow-title").text
    assert len(page.all("polyline", "is-taken")) == 1
    assert [one.text for one in page.all("li", aria_current="step")] == ["Done here now"]


def test_a_filing_is_acknowledged_by_its_department(client: FlaskClient) -> None:
    factories.department("QA")
    member = factories.editor()
    member.update(department=factories.department("QA"))
    filed = step("start", "new", "work", effects=[{"do": "file", "department": "QA"}])
    live = procedures.form(flow(filed, procedures.FINISH))
    record = factories.record(live, name="a")
    procedures.take(live, record, "start")
    sign_in(client, member)
    path = f"/records/sheet/{record['_id']}"
    form = open_page(client, path).one(id="filings").one("form")
    assert submit(client, form, path).status_code == 302
    assert db().filings.find_one()["acknowledged_by"] == member.id  # type: ignore[index]
    assert "Acknowledged by" in open_page(client, path).one(id="filings").text
    assert "Filed with" in open_page(client, path).one(id="history").text


def test_a_print_shows_state_and_signatures(client: FlaskClient, request_form: LiveForm) -> None:
    approval = cases.ask(request_form)
    amy = sign_in(client, cases.person("amy"))
    cases.say(approval, amy, signature=str(amy), reason="checked twice")
    sheet = open_page(client, f"{path_of(approval)}/print").one("article", "sheet")
    assert "Under approval" in sheet.text
    assert "checked twice" in sheet.text
    assert [one.text for one in sheet.all("span", "signature-typed")] == [str(amy)]
