"""The screens of rights: the matrix of a form, the keeper of one form, why, who, and the review."""

from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from pymongo.database import Database
from werkzeug.test import TestResponse

from models import accounts, edits
from models.database import Document
from models.forms import LiveForm
from models.people import Action, FieldRule, Grant, Permission, Role, User
from tests import factories, pages
from tests.web import csrf_token, sign_in

SMALL = {"field": "qty", "op": "lt", "value": 10}


@pytest.fixture
def sheet(db: Database[Document]) -> LiveForm:
    factories.administrator()
    return factories.form()


def post(client: FlaskClient, path: str, **values: Any) -> TestResponse:
    return client.post(f"/configure{path}", data={"csrf_token": csrf_token(client), **values})


def clerk(**grant: Any) -> User:
    given = {"form": "sheet", "actions": ["see", "edit"], "scope": "own", **grant}
    role = Role(name="clerk", label={"en": "Clerk"}, grants=[Grant(**given)]).save()
    return factories.user("clerk", role, name="Clerk", department=factories.department())


# -- the rights of one form ---------------------------------------------------------------------------------


def test_several_roles_are_saved_at_once(client: FlaskClient, sheet: LiveForm) -> None:
    first, second = factories.role("first", form="*", actions=["see"]), factories.role("second")
    sign_in(client, factories.administrator())
    form = pages.open_page(client, "/configure/forms/sheet/access").one("form", data_guard="")
    rows = {form.one("input", name=f"grant-{at}-of")["value"]: at for at in range(3)}
    changes: dict[str, str | list[str]] = {
        f"grant-{rows[str(first.id)]}-actions": ["see", "edit"],
        f"grant-{rows[str(first.id)]}-scope": "below",
        f"grant-{rows[str(second.id)]}-actions": ["export"],
        f"grant-{rows[str(second.id)]}-deny": "1",
    }
    assert pages.submit(client, form, "/configure/forms/sheet/access", **changes).status_code == 302
    assert [(one.form, one.scope) for one in Role.objects.get(name="first").grants] == [
        ("*", "all"),
        ("sheet", "below"),
    ]
    assert Role.objects.get(name="second").grants[0].deny


def test_nothing_is_saved_where_one_role_was_changed_by_somebody_else(
    client: FlaskClient, sheet: LiveForm
) -> None:
    first, second = factories.role("first"), factories.role("second")
    sign_in(client, factories.administrator())
    path = "/configure/forms/sheet/access"
    form = pages.open_page(client, path).one("form", data_guard="")
    rows = {form.one("input", name=f"grant-{at}-of")["value"]: at for at in range(3)}
    second.update(label__en="Other")
    changes = {f"grant-{rows[str(one.id)]}-actions": ["see"] for one in (first, second)}
    answer = pages.submit(client, form, path, **changes)
    assert "Someone else changed this meanwhile" in answer.text
    assert [list(one.grants) for one in Role.objects(name__in=["first", "second"])] == [[], []]


def test_a_wrong_rule_of_one_role_is_marked_beside_its_row(client: FlaskClient, sheet: LiveForm) -> None:
    role = factories.role("first", form="other", actions=["see"])
    role.update(push__grants={"form": "sheet", "actions": ["see"], "scope": "all"})
    sign_in(client, factories.administrator())
    path = "/configure/forms/sheet/access"
    form = pages.open_page(client, path).one("form", data_guard="")
    [at] = [at for at in range(2) if form.one("input", name=f"grant-{at}-of")["value"] == str(role.id)]
    changes = {f"grant-{at}-scope": "rule", f"grant-{at}-rule": '{"field": "gone", "op": "empty"}'}
    page = pages.read(pages.submit(client, form, path, **changes).text)
    assert "There is no field “gone”." in page.one(id=f"frame-grant-{at}").text
    assert "gone" in page.one("textarea", name=f"grant-{at}-rule").text


# -- who keeps one form -------------------------------------------------------------------------------------


def test_the_keeper_of_a_form_changes_and_publishes_it_and_no_other(
    client: FlaskClient, sheet: LiveForm
) -> None:
    factories.form(key="other")
    keeper = clerk(actions=["see", "configure"], scope="all")
    sign_in(client, keeper)
    listed = pages.open_page(client, "/configure/forms/")
    assert "sheet" in listed.text
    assert "other" not in listed.one(id="forms").text
    for path in ("", "workflow", "versions", "preview"):
        assert client.get(f"/configure/forms/sheet/{path}").status_code == 200
        assert client.get(f"/configure/forms/other/{path}").status_code == 403
    draft = {"definition": {**sheet.definition.dump(), "description": {"en": "Mine"}}, "draft_revision": 2}
    headers = {"X-CSRFToken": csrf_token(client)}
    assert client.put("/configure/forms/sheet/draft", json=draft, headers=headers).status_code == 200
    assert client.put("/configure/forms/other/draft", json=draft, headers=headers).status_code == 403
    assert post(client, "/forms/sheet/publish", draft_revision="3").status_code == 302
    for path in ("/forms/new", "/forms/sheet/retire", "/forms/sheet/delete", "/forms/sheet/access"):
        assert post(client, path, retired="1").status_code == 403, path


# -- why ----------------------------------------------------------------------------------------------------


def test_why_is_answered_with_every_reason(client: FlaskClient, sheet: LiveForm) -> None:
    person = clerk()
    record = factories.record(sheet, name="one", qty=3)
    sign_in(client, factories.administrator())
    query = f"person={person.id}&form=sheet&action=edit&record={record['_id']}"
    text = pages.open_page(client, f"/configure/access/why?{query}").text
    assert "No: Clerk cannot do this (Edit)." in text
    assert "The role “Clerk” opens it: My own. It does not reach this record." in text
    person.update(active=False)
    text = pages.open_page(client, f"/configure/access/why?person={person.username}&form=sheet").text
    assert "The account is disabled." in text


def test_closed_fields_are_told_with_their_roles(client: FlaskClient, sheet: LiveForm) -> None:
    person = clerk(scope="all")
    person.roles[0].update(push__field_rules=FieldRule(form="sheet", fields=["qty"], limit="masked"))
    record = factories.record(sheet, name="one", qty=3)
    sign_in(client, factories.administrator())
    query = f"person={person.id}&form=sheet&record={record['_id']}"
    assert "qty: Masked Clerk" in pages.open_page(client, f"/configure/access/why?{query}").text


@pytest.mark.parametrize("record", ["nothing", "0" * 24, "%ED%A0%80", "{'$gt':''}"])
def test_a_record_that_nobody_finds_is_said_to_be_none(
    client: FlaskClient, sheet: LiveForm, record: str
) -> None:
    person = clerk()
    sign_in(client, factories.administrator())
    page = pages.open_page(client, f"/configure/access/why?person={person.id}&form=sheet&record={record}")
    assert "There is no such record" in page.text


def test_nobody_learns_of_records_that_they_may_not_see(client: FlaskClient, sheet: LiveForm) -> None:
    record = factories.record(sheet, name="secret")
    role = factories.role("hr", permissions=[Permission.CONFIGURE_PEOPLE.value])
    sign_in(client, factories.user("hr", role))
    query = f"person={factories.administrator().id}&form=sheet&record={record['_id']}"
    assert "There is no such record" in pages.open_page(client, f"/configure/access/why?{query}").text
    assert client.get(f"/configure/access/record/sheet/{record['_id']}").status_code == 404


def test_who_has_access_is_listed_with_what_lets_them_in(client: FlaskClient, sheet: LiveForm) -> None:
    clerk(scope="rule", rule=SMALL)
    factories.stranger()
    small, large = (factories.record(sheet, name="x", qty=qty) for qty in (3, 30))
    sign_in(client, factories.administrator())
    text = pages.open_page(client, f"/configure/access/record/sheet/{small['_id']}").one(id="access").text
    assert "The role “Clerk” opens it: qty is less than 10." in text
    assert "stranger" not in text
    other = pages.open_page(client, f"/configure/access/record/sheet/{large['_id']}")
    assert "Clerk" not in other.one(id="access").text


# -- the review ---------------------------------------------------------------------------------------------


def test_the_workbook_holds_everybodys_rights(client: FlaskClient, sheet: LiveForm) -> None:
    person = clerk(scope="rule", rule=SMALL)
    person.roles[0].update(push__field_rules=FieldRule(form="sheet", fields=["qty"], limit="hidden"))
    person.update(name="=cmd()")
    sign_in(client, factories.administrator())
    answer = post(client, "/access/review/export")
    assert answer.status_code == 200
    book = load_workbook(BytesIO(answer.data), read_only=True)
    assert book.sheetnames == ["People", "Roles", "Rights", "Field rules", "System permissions"]
    rights = [row for row in book["Rights"].iter_rows(values_only=True) if row[1] == "clerk"]
    assert [row[0] for row in rights] == ["=cmd()"]
    assert rights[0][6:] == ("Clerk", "Test sheet", "Allow", "qty is less than 10", "See, Edit")
    closed = list(book["Field rules"].iter_rows(values_only=True, min_row=2))
    assert [row[:4] for row in closed] == [("Clerk", "Test sheet", "qty", "Hidden")]
    assert "Administrator: everything" in [
        row[1] for row in book["System permissions"].iter_rows(values_only=True)
    ]


def test_a_review_is_kept_and_the_next_shows_what_changed(
    client: FlaskClient, db: Database[Document], sheet: LiveForm
) -> None:
    person = clerk()
    sign_in(client, factories.administrator())
    page = pages.open_page(client, "/configure/access/review")
    mark = page.one("input", name="fingerprint")["value"]
    assert post(client, "/access/review/done", fingerprint=mark, note="all well").status_code == 302
    assert db.audit.find_one({"event": "access.confirmed"}) is not None
    role = Role.objects.get(name="clerk")
    seen = edits.stamp(role, accounts.ROLE_ATTRIBUTES)
    role.grants[0].scope = "all"
    accounts.save_role(factories.administrator(), role, seen=seen)
    text = pages.open_page(client, "/configure/access/review").text
    assert "all well" in text
    assert "clerk + sheet: edit@all + sheet: see@all − sheet: edit@own − sheet: see@own" in text
    assert post(client, "/access/review/done", fingerprint=mark).status_code == 302  # of rights that were
    assert db.access_reviews.count_documents({}) == 1
    assert person.roles


def test_the_review_is_narrowed_by_form_role_and_department(client: FlaskClient, sheet: LiveForm) -> None:
    person, stranger = clerk(), factories.stranger()
    sign_in(client, factories.administrator())
    for query in ("form=sheet", f"role={person.roles[0].id}", f"department={person.department.id}"):
        text = pages.open_page(client, f"/configure/access/review?{query}").one(id="review").text
        assert "Clerk" in text
        assert stranger.username not in text
    assert client.get("/configure/access/review?form=nowhere&role=x&department=y&page=-1").status_code == 200


def test_actions_are_all_in_the_matrix(client: FlaskClient, sheet: LiveForm) -> None:
    sign_in(client, factories.administrator())
    page = pages.open_page(client, "/configure/forms/sheet/access")
    offered = {one["value"] for one in page.all("input", name="grant-0-actions")}
    assert offered == set(Action)
