from typing import Any

import pytest
from bson import ObjectId
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models import identities, passwords
from models.people import Department, Permission, Role, User
from tests import factories, pages
from tests.web import csrf_token, sign_in
from views.configure.base import ConfigureView

SCRIPT = "<script>alert(1)</script>"
AREAS = {
    "departments": Permission.CONFIGURE_DEPARTMENTS,
    "users": Permission.CONFIGURE_PEOPLE,
    "roles": Permission.CONFIGURE_ROLES,
}
NOBODY = "0" * 24


def post(client: FlaskClient, path: str, **values: object) -> TestResponse:
    return client.post(f"/configure{path}", data={"csrf_token": csrf_token(client), **values})


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(f"/configure{path}")
    assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
    return answer.get_data(as_text=True)


def stamp_of(client: FlaskClient, path: str) -> str:
    return page(client, path).partition('name="stamp" value="')[2].partition('"')[0]


def user_values(user: User, **changes: object) -> dict[str, Any]:
    return {
        "username": user.username,
        "name": user.name,
        "roles": [str(role.id) for role in user.roles],
        "timezone": user.timezone,
        "language": user.language,
        "active": "1",
        **changes,
    }


@pytest.mark.parametrize("area", AREAS)
def test_each_area_opens_to_its_permission_alone(client: FlaskClient, area: str) -> None:
    for permission in AREAS.values():
        role = factories.role(f"only_{permission.split(':')[1]}", permissions=[permission.value])
        sign_in(client, factories.user(f"u_{permission.split(':')[1]}", role))
        expected = 200 if permission is AREAS[area] else 403
        for path in (f"/{area}/", f"/{area}/new"):
            assert client.get(f"/configure{path}").status_code == expected
        if expected != 200:
            assert post(client, f"/{area}/new", name="x").status_code == 403
    other = client.application.test_client()
    assert other.get(f"/configure/{area}/").status_code == 302
    assert other.get("/configure/").status_code == 302


def test_somebody_disabled_meanwhile_is_shut_out(client: FlaskClient) -> None:
    administrator = sign_in(client, factories.administrator())
    administrator.update(active=False)
    assert client.get("/configure/users/").status_code in {302, 403}


def test_an_administrator_ends_the_link_with_the_sign_in_service(client: FlaskClient) -> None:
    sign_in(client, factories.administrator())
    user = factories.member()
    identities.person_of("https://login.example.com", "s-1", str(user.email), verified=True)
    assert "https://login.example.com" in page(client, f"/users/{user.id}")
    assert post(client, f"/users/{user.id}/unlink").status_code == 302
    assert identities.links_of(user) == []


def test_a_screen_that_names_no_permission_is_closed(client: FlaskClient) -> None:
    del client
    assert ConfigureView.permissions == ()


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("identity", [NOBODY, "x", "%00", "../..", "0" * 25])
def test_what_does_not_exist_is_not_found(client: FlaskClient, area: str, identity: str) -> None:
    sign_in(client, factories.administrator())
    assert client.get(f"/configure/{area}/{identity}").status_code == 404


def test_a_department_is_made_moved_retired_and_deleted(client: FlaskClient) -> None:
    head = factories.reader()
    sign_in(client, factories.administrator())
    top = Department.objects.get(code="QA")
    values = {"name_zh": "售后组", "code": "QA-1", "parent": str(top.id), "head": str(head.id), "order": "5"}
    assert post(client, "/departments/new", **values, deputies=[str(head.id), "x", NOBODY]).status_code == 302
    made = Department.objects.get(code="QA-1")
    assert (made.parent.id, made.head, made.deputies, made.order) == (top.id, head.id, [head.id], 5)
    assert "售后组" in page(client, "/departments/")
    path = f"/departments/{made.id}"
    post(client, path, **values, retired="1", stamp=stamp_of(client, path))
    assert Department.objects.get(code="QA-1").retired
    post(client, f"{path}/delete")
    assert Department.objects(code="QA-1").first() is None


@pytest.mark.parametrize(
    ("changes", "marked"),
    [
        ({"name_zh": "", "name_en": ""}, "name"),
        ({"code": ""}, "code"),
        ({"code": "a b"}, "code"),
        ({"code": "质"}, "code"),
        ({"parent": NOBODY}, "parent"),
        ({"head": "me"}, "head"),
        ({"order": "1e9"}, "order"),
        ({"order": "99999999"}, "order"),
        ({"order": "²"}, "order"),
        ({"name_zh": "x" * 5000}, "name"),
        ({"code": "QA"}, "code"),
    ],
)
def test_a_wrong_department_is_not_stored(client: FlaskClient, changes: dict[str, str], marked: str) -> None:
    sign_in(client, factories.administrator())
    answer = post(client, "/departments/new", **{"name_zh": "新", "code": "NEW", **changes})
    assert answer.status_code == 200
    assert 'class="error-summary"' in answer.get_data(as_text=True), marked
    assert Department.objects.count() == 1


def test_a_department_never_becomes_part_of_itself(client: FlaskClient) -> None:
    sign_in(client, factories.administrator())
    top = Department.objects.get(code="QA")
    below = Department(code="B", name=top.name, parent=top).save()
    path = f"/departments/{top.id}"
    values = {"name_zh": "品保部", "code": "QA", "parent": str(below.id), "stamp": stamp_of(client, path)}
    assert "cannot be part of itself" in post(client, path, **values).get_data(as_text=True)
    assert Department.objects.get(code="QA").parent is None


def test_a_department_in_use_is_not_deleted(client: FlaskClient) -> None:
    administrator = sign_in(client, factories.administrator())
    post(client, f"/departments/{administrator.department.id}/delete")
    assert Department.objects(code="QA").first()
    assert "in use" in page(client, "/departments/")


@pytest.mark.parametrize("area", AREAS)
def test_whoever_saves_second_sees_what_they_entered_and_may_insist(client: FlaskClient, area: str) -> None:
    administrator = sign_in(client, factories.administrator())
    reader = factories.reader()
    document, values, rename = {
        "departments": (
            administrator.department,
            {"name_zh": "我的", "code": "QA"},
            {"name__zh": "别人的"},
        ),
        "users": (reader, user_values(reader, name="我的"), {"name": "别人的"}),
        "roles": (reader.roles[0], {"name": "reader", "label_zh": "我的"}, {"label__zh": "别人的"}),
    }[area]
    path = f"/{area}/{document.id}"
    stale = stamp_of(client, path)
    document.update(**rename)
    text = post(client, path, **values, stamp=stale).get_data(as_text=True)
    assert "Someone else changed this meanwhile" in text
    assert "我的" in text
    fresh = text.partition('name="stamp" value="')[2].partition('"')[0]
    assert post(client, path, **values, stamp=fresh).status_code == 302
    assert "我的" in page(client, f"/{area}/")


def test_a_user_is_made_with_a_password_that_is_shown_once(client: FlaskClient) -> None:
    sign_in(client, factories.administrator())
    role = factories.role("reader")
    answer = post(
        client, "/users/new", username="Wang.Fang", name="王芳", roles=[str(role.id)], language="zh"
    )
    text = answer.get_data(as_text=True).partition('id="secret">')[2].partition("<")[0]
    made = User.objects.get(username="wang.fang")
    assert passwords.verify_password(text, made.password)
    assert made.roles == [role]
    assert text not in page(client, f"/users/{made.id}")


@pytest.mark.parametrize(
    "changes",
    [
        {"username": ""},
        {"username": "x"},
        {"username": "$ne"},
        {"name": ""},
        {"email": "x@"},
        {"timezone": "../etc"},
        {"department": NOBODY},
        {"roles": [NOBODY]},
        {"roles": ["x"]},
        {"username": "a" * 5000},
        {"name": "长" * 500},
        {"phone": "1" * 500},
    ],
)
def test_a_wrong_user_is_not_stored(client: FlaskClient, changes: dict[str, Any]) -> None:
    sign_in(client, factories.administrator())
    answer = post(client, "/users/new", **{"username": "new", "name": "New", **changes})
    assert answer.status_code == 200
    assert 'class="error-summary"' in answer.get_data(as_text=True)
    assert User.objects.count() == 1


def test_users_are_found_by_words_department_role_and_state(client: FlaskClient) -> None:
    sign_in(client, factories.administrator())
    reader, editor = factories.reader(), factories.editor()
    User.objects(id=editor.id).update_one(set__active=False)
    assert "reader" in page(client, "/users/?q=READ")
    assert f"/configure/users/{reader.id}" not in page(client, "/users/?q=nobody")
    assert f"/configure/users/{editor.id}" not in page(client, "/users/")
    assert f"/configure/users/{editor.id}" in page(client, "/users/?state=disabled")
    assert f"/configure/users/{reader.id}" in page(client, f"/users/?roles={reader.roles[0].id}")
    for query in (
        "q=(a%2B)%2B%24",
        "q=[",
        "page=-1",
        "page=99999999999999999999",
        "roles=x",
        "department={}",
    ):
        page(client, f"/users/?{query}")


def test_many_users_are_shown_page_by_page(client: FlaskClient) -> None:
    sign_in(client, factories.administrator())
    User.objects.insert([User(username=f"u{at:03}", name=f"U {at}") for at in range(70)])
    assert "u000" in page(client, "/users/")
    assert "u069" not in page(client, "/users/")
    assert "u069" in page(client, "/users/?page=2")


def test_a_new_password_ends_the_old_one(client: FlaskClient) -> None:
    reader = factories.reader()
    passwords.set_password(reader, factories.PASSWORD)
    reader.save()
    sign_in(client, factories.administrator())
    post(client, f"/users/{reader.id}/password")
    assert not passwords.verify_password(factories.PASSWORD, User.objects.get(id=reader.id).password)


def test_nobody_locks_themselves_out(client: FlaskClient) -> None:
    administrator = sign_in(client, factories.administrator())
    path = f"/users/{administrator.id}"
    values = user_values(administrator, roles=[], stamp=stamp_of(client, path))
    text = post(client, path, **values).get_data(as_text=True)
    assert "You cannot take the administrator&#39;s role from yourself." in text
    leaving = f"{path}/leaving"
    text = post(client, leaving, stamp=stamp_of(client, leaving)).get_data(as_text=True)
    assert "You cannot disable your own account." in text
    stored = User.objects.get(id=administrator.id)
    assert (stored.active, stored.is_administrator) == (True, True)


def test_a_keeper_of_people_cannot_become_an_administrator(client: FlaskClient) -> None:
    administrator = factories.administrator()
    role = factories.role("keeper", permissions=[Permission.CONFIGURE_PEOPLE.value])
    keeper = sign_in(client, factories.user("keeper", role))
    path = f"/users/{keeper.id}"
    values = user_values(keeper, roles=[str(administrator.roles[0].id)], stamp=stamp_of(client, path))
    assert post(client, path, **values).status_code == 200
    assert post(client, f"/users/{administrator.id}/password").status_code == 403
    assert not User.objects.get(id=keeper.id).is_administrator


def rows(kind: str, *given: dict[str, Any]) -> dict[str, Any]:
    """Return rows of grants or field rules as their screen posts them."""
    return {f"{kind}-{at}-{name}": value for at, row in enumerate(given) for name, value in row.items()}


def test_a_role_keeps_what_is_ticked_and_nothing_else(client: FlaskClient) -> None:
    factories.form()
    sign_in(client, factories.administrator())
    values = {
        "name": "inspector",
        "label_zh": "检验员",
        "permissions": ["views:shared:write", "evil:all:write"],
        "demands_factor": "1",
        **rows(
            "grant",
            {"of": "*", "actions": ["see"], "scope": "all"},
            {"of": "sheet", "actions": ["see", "edit"], "scope": "department"},
            {"of": "sheet", "actions": [], "scope": "own"},
        ),
    }
    assert post(client, "/roles/new", **values).status_code == 302
    role = Role.objects.get(name="inspector")
    assert (role.permissions, role.demands_factor) == (["views:shared:write"], True)
    assert [(one.form, one.scope, list(one.actions)) for one in role.grants] == [
        ("*", "all", ["see"]),
        ("sheet", "department", ["edit", "see"]),
    ]
    assert role.allows("sheet", "edit")
    assert not role.allows("sheet", "delete")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"of": "nowhere", "actions": ["see"]}, "There is no form “nowhere”."),
        ({"of": "sheet", "actions": ["explode"]}, "There is no action “explode”."),
        ({"of": "sheet", "actions": ["see"], "scope": "moon"}, "There is no scope “moon”."),
        ({"of": "sheet", "actions": ["see"], "scope": "rule"}, "Say by a rule which records are meant."),
        ({"of": "sheet", "actions": ["see"], "scope": "rule", "rule": "{"}, "The rule cannot be read."),
        ({"of": "sheet", "actions": ["see"], "scope": "rule", "rule": "[" * 999}, "The rule cannot be read."),
        (
            {"of": "*", "actions": ["see"], "scope": "rule", "rule": '{"field":"qty","op":"empty"}'},
            "There is no field “qty”.",
        ),
        ({"of": "a\0b", "actions": ["see"]}, "There is no form"),
    ],
)
def test_rights_that_fit_nothing_are_refused_beside_their_row(
    client: FlaskClient, row: dict[str, Any], said: str
) -> None:
    factories.form()
    sign_in(client, factories.administrator())
    answer = post(client, "/roles/new", name="x", label_zh="x", **rows("grant", row))
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert said in text.partition('id="frame-grant-0"')[2]
    assert Role.objects(name="x").first() is None


def test_closed_fields_are_kept_and_those_of_the_title_refused(client: FlaskClient) -> None:
    factories.form()
    sign_in(client, factories.administrator())
    names = {"name": "x", "label_zh": "x"}
    title = rows("field", {"of": "sheet", "fields": ["name"], "limit": "hidden"})
    assert "is part of the title of" in post(client, "/roles/new", **names, **title).get_data(as_text=True)
    wanted = rows("field", {"of": "sheet", "fields": ["qty"], "limit": "masked", "deny": "1"})
    assert post(client, "/roles/new", **names, **wanted).status_code == 302
    [rule] = Role.objects.get(name="x").field_rules
    assert (list(rule.fields), rule.limit, rule.deny) == (["qty"], "masked", True)


def test_a_row_is_added_and_taken_away_without_saving_or_scripts(client: FlaskClient) -> None:
    factories.form()
    sign_in(client, factories.administrator())
    role = factories.role("clerk", form="sheet", actions=["see"])
    path = f"/roles/{role.id}"
    given = rows("grant", {"of": "sheet", "actions": ["see"]}, {"of": "sheet", "actions": ["edit"]})
    values = {"name": "clerk", "label_zh": "x", "stamp": stamp_of(client, path), **given}
    added = post(client, path, **values, add="grant", **{"add-grant-of": "sheet"}).get_data(as_text=True)
    assert added.count('value="sheet"><') == 0
    assert added.count('-of" value="sheet"') == 3
    left = post(client, path, **values, remove="grant-1").get_data(as_text=True)
    assert left.count('-of" value="sheet"') == 1
    assert len(Role.objects.get(name="clerk").grants) == 1


def test_rights_on_a_form_that_is_gone_stay_until_they_are_taken(client: FlaskClient) -> None:
    sign_in(client, factories.administrator())
    role = factories.role("old", form="gone", actions=["see"])
    role.update(push__field_rules={"form": "gone", "fields": ["price"], "limit": "hidden"})
    path = f"/roles/{role.id}"
    form = pages.open_page(client, f"/configure{path}").one("form", data_guard="")
    assert "No longer there" in form.text
    assert pages.submit(client, form, f"/configure{path}", label_zh="旧").status_code == 302
    kept = Role.objects.get(name="old")
    assert kept.allows("gone", "see")
    assert [list(one.fields) for one in kept.field_rules] == [["price"]]


def test_a_role_in_use_is_not_deleted(client: FlaskClient) -> None:
    reader = factories.reader()
    sign_in(client, factories.administrator())
    post(client, f"/roles/{reader.roles[0].id}/delete")
    assert Role.objects(name="reader").first()
    unused = factories.role("unused")
    post(client, f"/roles/{unused.id}/delete")
    assert Role.objects(name="unused").first() is None


def test_html_in_names_stays_text_everywhere(client: FlaskClient) -> None:
    administrator = sign_in(client, factories.administrator())
    administrator.department.update(name__en=SCRIPT, name__zh=SCRIPT)
    role = factories.role("evil")
    role.update(label__en=SCRIPT, label__zh=SCRIPT)
    user = factories.user("evil", role, name=SCRIPT, department=administrator.department)
    paths = ["/departments/", f"/departments/{administrator.department.id}", "/users/", f"/users/{user.id}"]
    for path in [*paths, "/roles/", f"/roles/{role.id}"]:
        assert SCRIPT not in page(client, path), path
    made = post(client, f"/users/{user.id}/password").get_data(as_text=True)
    assert SCRIPT not in made


def test_changes_without_a_token_are_refused(client: FlaskClient) -> None:
    sign_in(client, factories.administrator())
    for path in ("departments/new", "users/new", "roles/new", f"users/{ObjectId()}/password"):
        assert client.post(f"/configure/{path}", data={"name": "x"}).status_code == 400


def test_a_nul_is_refused_in_every_text(client: FlaskClient) -> None:
    sign_in(client, factories.administrator())
    for path in ("/departments/new", "/users/new", "/roles/new"):
        values = dict.fromkeys(("name", "username", "code", "name_zh", "label_zh"), "a\0b")
        assert post(client, path, **values).status_code == 422
