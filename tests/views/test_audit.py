"""The screen of the audit log: who may look, what is found, what leaves."""

import pytest
from flask.testing import FlaskClient
from pymongo.database import Database

from models import accounts, audit, edits
from models.database import Document
from models.jobs import Job
from models.people import Actor, Permission, User
from tasks.jobs import carry_out
from tests import factories
from tests.web import csrf_token, sign_in

Store = Database[Document]
PAGE = "/configure/audit/"


def auditor() -> User:
    return factories.user("auditor", factories.role("auditor", permissions=[Permission.AUDIT_READ.value]))


@pytest.fixture
def reading(client: FlaskClient) -> FlaskClient:
    sign_in(client, auditor())
    return client


def test_only_who_may_read_the_log_sees_it(client: FlaskClient) -> None:
    sign_in(client, factories.editor())
    assert client.get(PAGE).status_code == 403
    assert client.post(f"{PAGE}export", data={"csrf_token": csrf_token(client)}).status_code == 403
    sign_in(client, auditor())
    page = client.get("/").text
    assert 'href="/configure/audit/"' in page
    assert 'href="/configure/roles/"' not in page


def test_an_empty_log_says_so(reading: FlaskClient, db: Store) -> None:
    db.audit.delete_many({})
    assert "Nothing has been noted yet" in reading.get(PAGE).text
    assert "Nothing found" in reading.get(f"{PAGE}?q=nobody").text


def test_a_changed_role_is_shown_with_before_and_after(reading: FlaskClient, db: Store) -> None:
    factories.form()
    admin, role = factories.administrator(), factories.role("clerk", form="sheet", actions=["see"])
    role.grants[0].actions = ["see", "edit"]
    accounts.save_role(admin, role, seen=edits.stamp(role, accounts.ROLE_ATTRIBUTES))
    [entry] = db.audit.find({"event": "role.changed"})
    page = reading.get(f"{PAGE}{entry['_id']}").text
    assert "Rights on forms · sheet" in page
    assert "Edit, See" in page
    assert entry["seal"] in page
    assert "管理员" in page


def test_the_list_is_narrowed_and_goes_on_where_it_ended(reading: FlaskClient) -> None:
    editor = Actor.of(factories.editor())
    for number in range(60):
        audit.note("file.downloaded", actor=editor, subject=f"paper {number:02}.", address="10.0.0.9")
    first = reading.get(f"{PAGE}?group=file&person={editor.id}").text
    assert "paper 59." in first
    assert "paper 09." not in first
    assert "10.0.0.9" in first
    older = reading.get(f"{PAGE}?group=file&before=11").text
    assert "paper 09." in older
    assert "paper 10." not in older
    assert "paper" not in reading.get(f"{PAGE}?group=role").text
    assert "paper 07." in reading.get(f"{PAGE}?q=07").text


@pytest.mark.parametrize(
    "query",
    [
        "person=nobody", "group=$gt", "first=yesterday", "last=9999-12-31", "first=0001-01-01",
        "before=-1", "before=x", "before=99999999999999999999", "q=%ED%A0%80", "q[$gt]=",
    ],
)  # fmt: skip
def test_an_address_that_makes_no_sense_is_answered_all_the_same(reading: FlaskClient, query: str) -> None:
    assert reading.get(f"{PAGE}?{query}").status_code == 200


@pytest.mark.parametrize("number", ["0", "99", "99999999999999999999"])
def test_an_entry_that_does_not_exist_is_not_found(reading: FlaskClient, number: str) -> None:
    assert reading.get(f"{PAGE}{number}").status_code == 404


def test_what_people_typed_is_shown_as_text(reading: FlaskClient) -> None:
    audit.note("session.refused", actor=None, subject="<script>alert(1)</script>", details={"<b>": "<i>"})
    page = reading.get(PAGE).text
    assert "<script>alert(1)" not in page
    assert "<i>" not in page


def test_the_export_is_made_for_its_owner_and_noted(reading: FlaskClient, db: Store) -> None:
    audit.note("file.downloaded", actor=None, subject="paper")
    answer = reading.post(f"{PAGE}export", data={"csrf_token": csrf_token(reading), "group": "file"})
    job = Job.objects.get(kind="audit_export")
    assert answer.location == f"/jobs/{job.id}"
    running = factories.claimed(job)
    carry_out(running)
    assert "The file is ready." in reading.get(answer.location).text
    sent = reading.get(f"/jobs/{job.id}/download")
    assert sent.data.startswith(b"PK")
    events = [entry["event"] for entry in db.audit.find().sort("_id", 1)]
    assert events[-2:] == ["audit.exported", "export.downloaded"]
    auditor().update(roles=[])
    assert reading.get(f"/jobs/{job.id}/download").status_code == 403


def test_a_request_is_noted_with_its_address(client: FlaskClient, db: Store) -> None:
    admin = sign_in(client, factories.administrator())
    token = csrf_token(client)
    client.post("/configure/roles/new", data={"csrf_token": token, "name": "fresh", "label_en": "Fresh"})
    [entry] = db.audit.find({"event": "role.created"})
    assert (entry["by"], entry["address"], entry["subject"]) == (admin.id, "127.0.0.1", "Fresh")
