"""The pages by which people leave and come in, and departments move and merge."""

from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from werkzeug.test import TestResponse

from models import delegations, duties, passwords, people_import, throttle
from models.jobs import Job
from models.people import Department, Permission, User
from models.times import today
from tasks.jobs import carry_out
from tests import factories
from tests.factories import field
from tests.web import csrf_token, sign_in

SCRIPT = "<script>alert(1)</script>"


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(f"/configure{path}")
    assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
    return answer.get_data(as_text=True)


def post(client: FlaskClient, path: str, **values: Any) -> TestResponse:
    return client.post(f"/configure{path}", data={"csrf_token": csrf_token(client), **values})


def stamp_of(text: str) -> str:
    return text.partition('name="stamp" value="')[2].partition('"')[0]


def run(answer: TestResponse) -> Job:
    """Carry out the job to whose page an answer leads."""
    assert answer.status_code == 302, answer.get_data(as_text=True)[:2000]
    job: Job = Job.objects.get(id=answer.location.rsplit("/", 1)[1])
    running = factories.claimed(job)
    carry_out(running)
    return Job.objects.get(id=job.id)  # type: ignore[no-any-return]


def send(client: FlaskClient, content: str, name: str = "people.csv") -> TestResponse:
    data = {"csrf_token": csrf_token(client), "file": (BytesIO(content.encode()), name)}
    return client.post("/configure/users/import", data=data, content_type="multipart/form-data")


def sent(client: FlaskClient, content: str) -> str:
    answer = send(client, content)
    assert answer.status_code == 302
    return str(answer.location).removeprefix("/configure")


# -- leaving ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_shows_what_is_left_and_hands_it_over(client: FlaskClient, language: str) -> None:
    live = factories.form(field("name", required=True), field("holder", "person"))
    leaver = factories.editor()
    bob = factories.user("bob", leaver.roles[0], department=factories.department())
    record = factories.record(live, leaver, name=SCRIPT, holder=str(leaver.id))
    sign_in(client, factories.administrator(), language=language)
    text = page(client, f"/users/{leaver.id}/leaving")
    assert f"/records/sheet/{record['_id']}" in text
    assert SCRIPT not in text
    answer = post(client, f"/users/{leaver.id}/leaving", successor=str(bob.id), stamp=stamp_of(text))
    job = run(answer)
    assert job.result["moved"] == 1
    assert live.records().find_one({"_id": record["_id"]})["owner"] == bob.id  # type: ignore[index]
    assert "1" in page(client, f"/users/job/{job.id}")
    text = page(client, f"/users/{leaver.id}/leaving")
    assert f"/records/sheet/{record['_id']}" in text  # it still names them
    assert "bob" in text
    assert post(client, f"/users/{leaver.id}/return").status_code == 302
    assert User.objects.get(id=leaver.id).active


def test_kinds_can_go_to_different_people_or_to_nobody(client: FlaskClient) -> None:
    leaver, bob = factories.editor(), factories.user("bob")
    factories.department().update(head=leaver.id)
    sign_in(client, factories.administrator())
    seen = stamp_of(page(client, f"/users/{leaver.id}/leaving"))
    values = {"successor": str(bob.id), "departments": "none", "stamp": seen}
    assert post(client, f"/users/{leaver.id}/leaving", **values).status_code == 302
    assert User.objects.get(id=leaver.id).successor == bob.id
    assert Department.objects.get(code="QA").head == leaver.id


@pytest.mark.parametrize("choice", ["x", "0" * 24, "$ne", "' or 1"])
def test_a_successor_who_is_nobody_is_refused_beside_the_field(client: FlaskClient, choice: str) -> None:
    leaver = factories.editor()
    sign_in(client, factories.administrator())
    seen = stamp_of(page(client, f"/users/{leaver.id}/leaving"))
    answer = post(client, f"/users/{leaver.id}/leaving", tasks=choice, stamp=seen)
    assert 'id="error-tasks"' in answer.get_data(as_text=True)
    assert "Choose somebody else who works here." in answer.get_data(as_text=True)
    assert User.objects.get(id=leaver.id).active


def test_whoever_looked_at_an_older_account_is_told(client: FlaskClient) -> None:
    leaver = factories.editor()
    sign_in(client, factories.administrator())
    seen = stamp_of(page(client, f"/users/{leaver.id}/leaving"))
    leaver.update(name="New")
    text = post(client, f"/users/{leaver.id}/leaving", stamp=seen).get_data(as_text=True)
    assert "Someone else changed this meanwhile" in text
    assert User.objects.get(id=leaver.id).active


def test_a_keeper_of_people_does_not_end_an_administrators_account(client: FlaskClient) -> None:
    administrator = factories.administrator()
    role = factories.role("keeper", permissions=[Permission.CONFIGURE_PEOPLE.value])
    sign_in(client, factories.user("keeper", role))
    seen = stamp_of(page(client, f"/users/{administrator.id}/leaving"))
    assert post(client, f"/users/{administrator.id}/leaving", stamp=seen).status_code == 403
    for path in ("sign-out", "factors", "unlock"):
        answer = post(client, f"/users/{administrator.id}/{path}")
        assert answer.status_code == 403, path
    assert User.objects.get(id=administrator.id).active


def test_the_account_page_says_how_somebody_gets_in_and_mends_it(client: FlaskClient) -> None:
    user = factories.reader()
    passwords.set_password(user, factories.PASSWORD)
    user.save()
    for _attempt in range(60):
        throttle.attempt(throttle.SIGN_IN, "reader", "10.0.0.1", subject="reader")
    sign_in(client, factories.administrator())
    assert "Unlock" in page(client, f"/users/{user.id}")
    before = User.objects.get(id=user.id).fs_uniquifier
    assert post(client, f"/users/{user.id}/unlock").status_code == 302
    assert "Unlock" not in page(client, f"/users/{user.id}")
    assert post(client, f"/users/{user.id}/sign-out").status_code == 302
    assert User.objects.get(id=user.id).fs_uniquifier != before
    assert post(client, f"/users/{user.id}/factors").status_code == 302


def test_editing_an_account_never_disables_it(client: FlaskClient) -> None:
    user = factories.reader()
    sign_in(client, factories.administrator())
    values = {"username": "reader", "name": "New", "timezone": user.timezone, "language": "en"}
    seen = stamp_of(page(client, f"/users/{user.id}"))
    assert post(client, f"/users/{user.id}", **values, stamp=seen).status_code == 302
    stored = User.objects.get(id=user.id)
    assert (stored.name, stored.active) == ("New", True)


# -- people from a table ------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_people_are_sent_looked_at_and_stored(client: FlaskClient, language: str) -> None:
    factories.role("reader", actions=["see"])
    sign_in(client, factories.administrator(), language=language)
    path = sent(client, "用户名,姓名,角色\nwang.fang,王芳,reader\n")
    assert "王芳" in page(client, path)
    assert User.objects(username="wang.fang").first() is None
    job = run(post(client, path, mode="passwords"))
    made = User.objects.get(username="wang.fang")
    assert str(job.id) in page(client, f"/users/job/{job.id}")
    assert client.get(f"/jobs/{job.id}/download").status_code == 404
    answer = post(client, f"/users/import/passwords/{job.id}")
    assert answer.headers["Cache-Control"] == "no-store"
    row = list(load_workbook(BytesIO(answer.data)).worksheets[0].values)[1]
    assert passwords.verify_password(str(row[2]), made.password)
    again = post(client, f"/users/import/passwords/{job.id}")
    assert (again.status_code, again.headers.get("Location")) == (302, "/configure/users/")
    assert client.get("/jobs/").status_code == 200


def test_rows_with_mistakes_are_named_and_come_back_as_a_workbook(client: FlaskClient) -> None:
    sign_in(client, factories.administrator())
    path = sent(client, f"User name,Name,Department\none,{SCRIPT},NOWHERE\ntwo,Two,\n")
    text = page(client, path)
    assert "There is no department “NOWHERE”." in text
    assert SCRIPT not in text
    assert post(client, path, mode="passwords").status_code == 200
    assert User.objects(username__in=["one", "two"]).count() == 0
    answer = client.get(f"/configure{path}/refused")
    assert load_workbook(BytesIO(answer.data)).worksheets[0].max_row == 2


def test_existing_accounts_change_only_with_the_switch(client: FlaskClient) -> None:
    factories.reader()
    sign_in(client, factories.administrator())
    path = sent(client, "username,name\nreader,New\n")
    assert "There is already an account with this name." in page(client, path)
    assert "There is already" not in page(client, f"{path}?update=1")
    run(post(client, path, update="1", mode="none"))
    assert User.objects.get(username="reader").name == "New"


@pytest.mark.parametrize(
    ("content", "name"),
    [("", "a.csv"), ("x", "a.exe"), ("Name\nOne\n", "a.csv"), ("username,name\n", "a.csv"), ("PK", "a.xlsx")],
)
def test_what_is_no_table_of_people_is_refused_in_words(client: FlaskClient, content: str, name: str) -> None:
    sign_in(client, factories.administrator())
    answer = send(client, content, name)
    if answer.status_code == 302:
        answer = client.get(answer.location)
    assert 400 <= answer.status_code < 500
    assert 'role="alert"' in answer.get_data(as_text=True)


def test_a_file_of_somebody_else_is_not_found(client: FlaskClient) -> None:
    sign_in(client, factories.administrator())
    path = sent(client, "username,name\none,One\n")
    other = factories.user("other", factories.administrator().roles[0])
    sign_in(client, other)
    for answer in (client.get(f"/configure{path}"), post(client, path, mode="none")):
        assert answer.status_code == 404


def test_the_empty_table_has_every_column(client: FlaskClient) -> None:
    sign_in(client, factories.administrator(), language="zh")
    answer = client.get("/configure/users/import/template")
    header = next(iter(load_workbook(BytesIO(answer.data)).worksheets[0].values))
    assert len(header) == len(people_import.COLUMNS)


# -- departments --------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_department_is_moved_after_a_look(client: FlaskClient, language: str) -> None:
    sign_in(client, factories.administrator(), language=language)
    old, top = factories.department("OLD"), factories.department("TOP", SCRIPT, SCRIPT)
    page(client, f"/departments/{old.id}/move")
    text = page(client, f"/departments/{old.id}/move?parent={top.id}")
    assert SCRIPT not in text
    assert Department.objects.get(id=old.id).parent is None
    assert post(client, f"/departments/{old.id}/move", parent=str(top.id)).status_code == 302
    assert Department.objects.get(id=old.id).parent.id == top.id
    assert post(client, f"/departments/{old.id}/move", parent="top").status_code == 302
    assert Department.objects.get(id=old.id).parent is None


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_department_is_merged_after_a_look(client: FlaskClient, language: str) -> None:
    live = factories.form()
    administrator = sign_in(client, factories.administrator(), language=language)
    old, new = administrator.department, factories.department("NEW")
    record = factories.record(live, administrator, name="A")
    text = page(client, f"/departments/{old.id}/merge?target={new.id}")
    assert live.definition.label.text(language) in text
    assert Department.objects.get(id=old.id).merged_into is None
    job = run(post(client, f"/departments/{old.id}/merge", target=str(new.id), which="all", reason="One"))
    assert job.result["moved"] == 1
    assert live.records().find_one({"_id": record["_id"]})["department"] == new.id  # type: ignore[index]
    page(client, f"/departments/job/{job.id}")
    page(client, "/departments/")
    page(client, f"/departments/{old.id}")


@pytest.mark.parametrize("wanted", ["x", "0" * 24, "{}", "", "self", "below"])
def test_places_that_cannot_be_are_refused_in_words(client: FlaskClient, wanted: str) -> None:
    sign_in(client, factories.administrator())
    old = factories.department("OLD")
    low = factories.department("LOW", parent=old)
    choice = {"self": str(old.id), "below": str(low.id)}.get(wanted, wanted)
    for path, key in (("move", "parent"), ("merge", "target")):
        answer = post(client, f"/departments/{old.id}/{path}", **{key: choice})
        assert answer.status_code == 200
        assert "alert-danger" in answer.get_data(as_text=True)
    stored = Department.objects.get(id=old.id)
    assert (stored.parent, stored.merged_into, stored.retired) == (None, None, False)


def test_another_persons_job_is_not_shown(client: FlaskClient) -> None:
    administrator = sign_in(client, factories.administrator())
    old, new = factories.department("OLD"), factories.department("NEW")
    answer = post(client, f"/departments/{old.id}/merge", target=str(new.id))
    other = factories.user("other", administrator.roles[0])
    sign_in(client, other)
    assert client.get(answer.location).status_code == 403
    for path in (
        "/departments/job/x",
        f"/users/job/{'0' * 24}",
        answer.location[10:].replace("departments", "users"),
    ):
        assert client.get(f"/configure{path}").status_code in {403, 404}


# -- standing in --------------------------------------------------------------------------------------


def test_the_account_page_leads_to_who_stands_in(client: FlaskClient) -> None:
    amy, bob = factories.editor(), factories.user("bob")
    day = today(factories.actor().timezone)
    delegations.create(amy, amy, bob, first=day, last=day)
    sign_in(client, factories.administrator())
    assert f"/account/delegations?person={amy.id}" in page(client, f"/users/{amy.id}")
    assert "bob" in client.get(f"/account/delegations?person={amy.id}").get_data(as_text=True)
    assert duties.count_for(bob) == 0
