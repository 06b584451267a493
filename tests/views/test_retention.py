"""The screens of retention: rules, holds, and disposal by two."""

import pytest
from flask.testing import FlaskClient
from pymongo.database import Database

from models.database import Document
from models.jobs import Job
from models.retention import holds, lists, rules
from tasks.jobs import carry_out
from tests import factories
from tests.models.retention import shelves
from tests.web import csrf_token, sign_in

Store = Database[Document]
HOME = "/configure/retention/"
FORM = f"{HOME}forms/sheet"


@pytest.fixture
def keeping(client: FlaskClient) -> FlaskClient:
    sign_in(client, shelves.keeper())
    return client


def post(client: FlaskClient, path: str, **data: str) -> str:
    answer = client.post(path, data={"csrf_token": csrf_token(client), **data}, follow_redirects=True)
    assert answer.status_code == 200, answer.status
    return answer.text


def test_a_rule_is_set_and_shown(keeping: FlaskClient) -> None:
    factories.form(factories.field("name"), factories.field("day", "date"))
    assert "ever" in keeping.get(HOME).text
    post(keeping, FORM, months="60", counts_from="field:day", note="customer's contract")
    assert rules.of_form("sheet")["counts_from"] == "field:day"  # type: ignore[index]
    page = keeping.get(HOME).text
    assert "60 months" in page
    assert "from the field “day”" in page


def test_a_wrong_rule_is_refused_beside_its_field(keeping: FlaskClient) -> None:
    factories.form()
    page = post(keeping, FORM, months="many", counts_from="created")
    assert "Enter a number from 1 to 1200." in page
    assert 'value="many"' in page
    page = post(keeping, f"{HOME}audit-log", months="5")
    assert "Enter a number from 6 to 1200." in page
    assert rules.by_form() == {}


def test_a_hold_is_set_on_a_record_and_lifted(keeping: FlaskClient) -> None:
    live = shelves.form()
    [record] = shelves.old(live, 1)
    assert "1 record is due." in keeping.get(FORM).text
    page = post(keeping, f"{FORM}/hold", reason="court case", number="R-0001")
    assert "court case" in page
    assert "Nothing is due." in page
    assert holds.held(live.key, [record["_id"]]) == {record["_id"]}
    assert "There is no record with the number R-9." in post(
        keeping, f"{FORM}/hold", reason="x", number="R-9"
    )
    assert "Say why." in post(keeping, f"{FORM}/hold", reason=" ")
    [hold] = holds.of_form(live.key)
    page = post(keeping, f"{FORM}/holds/{hold['_id']}/lift", reason="settled")
    assert "lifted by keeper" in page
    assert "1 record is due." in page


def test_one_draws_up_another_approves_and_the_job_removes(keeping: FlaskClient, db: Store) -> None:
    live = shelves.form()
    shelves.old(live, 3)
    page = post(keeping, f"{FORM}/draw")
    assert "Nothing has gone yet." in page
    assert "R-0002" in page
    [found] = lists.every()
    address = f"{HOME}lists/{found['_id']}"
    assert f'action="{address}/approve"' not in page
    refused = keeping.post(f"{address}/approve", data={"csrf_token": csrf_token(keeping)})
    assert refused.status_code == 403
    sign_in(keeping, shelves.second())
    assert f'action="{address}/approve"' in keeping.get(address).text
    assert "It goes on without you." in post(keeping, f"{address}/approve")
    assert "Somebody decided this already." in post(keeping, f"{address}/approve")
    job = Job.objects.get(kind="disposal")
    running = factories.claimed(job)
    carry_out(running)
    assert live.records().count_documents({}) == 0
    page = keeping.get(address).text
    assert "carried out" in page
    assert "removed" in page
    assert "The disposal is done." in keeping.get(f"/jobs/{job.id}").text
    assert db.disposals.count_documents({}) == 3


def test_a_list_is_put_aside_and_leaves_as_a_workbook(keeping: FlaskClient) -> None:
    live = shelves.form()
    shelves.old(live, 1)
    post(keeping, f"{FORM}/draw")
    [found] = lists.every()
    address = f"{HOME}lists/{found['_id']}"
    post(keeping, f"{address}/export")
    job = Job.objects.get(kind="disposal_list")
    running = factories.claimed(job)
    carry_out(running)
    assert keeping.get(f"/jobs/{job.id}/download").data.startswith(b"PK")
    assert "Say why." in post(keeping, f"{address}/reject", reason="")
    assert "not yet" in post(keeping, f"{address}/reject", reason="not yet")
    assert lists.get(found["_id"])["state"] == "rejected"


def test_drawing_up_nothing_says_why(keeping: FlaskClient) -> None:
    factories.form()
    assert "There is no rule how long these records are kept." in post(keeping, f"{FORM}/draw")


@pytest.mark.parametrize("path", ["forms/none", "lists/000000000000000000000000", "lists/none"])
def test_what_does_not_exist_is_not_found(keeping: FlaskClient, path: str) -> None:
    assert keeping.get(f"{HOME}{path}").status_code == 404


def test_who_may_not_manage_retention_gets_nowhere(client: FlaskClient) -> None:
    sign_in(client, factories.editor())
    factories.form()
    for path in (HOME, FORM):
        assert client.get(path).status_code == 403
