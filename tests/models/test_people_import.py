"""People from a table: every mistake beside its cell, nobody gives more than they have, all or none."""

import tempfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pytest
from bson import ObjectId
from openpyxl import load_workbook
from pymongo.database import Database

from models import api_tokens, files, outbox, passwords, people_import
from models.database import Document
from models.errors import DomainError, ForbiddenError, NotFoundError
from models.jobs import Job, RunningJob
from models.people import Actor, Department, Permission, User
from models.people_import import Found
from models.spreadsheets.reading import open_table
from tests import factories

HEADER = ["User name", "Name", "E-mail", "Department", "Roles", "Language", "Can sign in"]
Rows = Sequence[Sequence[object]]

pytestmark = pytest.mark.usefixtures("db")


def keeper() -> User:
    return factories.user("keeper", factories.role("keeper", permissions=[Permission.CONFIGURE_PEOPLE.value]))


def text(rows: Rows) -> bytes:
    return "\n".join(",".join('"' + str(cell) + '"' for cell in row) for row in rows).encode()


def check(rows: Rows, *, person: User | None = None, update: bool = False) -> Found:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        path.write_bytes(text(rows))
        with open_table(path, "people.csv") as table:
            return people_import.check(person or factories.administrator(), table, update=update)


def wrong(found: Found) -> list[list[str]]:
    return [sorted(draft.errors) for draft in found.drafts]


def run(
    rows: Rows, *, person: User | None = None, update: bool = False, mode: str = "passwords"
) -> tuple[Job, RunningJob]:
    who = person or factories.administrator()
    file = factories.stored(text(rows), who, "people.csv")
    job = people_import.begin(who, file, "people.csv", update=update, mode=mode)
    running = factories.claimed(job)
    return job, running


def carried_out(rows: Rows, **options: object) -> Job:
    job, running = run(rows, **options)  # type: ignore[arg-type]
    people_import.carry_out(running)
    stored: Job = Job.objects.get(id=job.id)
    return stored


def test_people_come_in_with_department_roles_and_a_password_to_be_changed() -> None:
    factories.department("SALES", "销售部", "Sales")
    factories.role("reader", actions=["see"])
    factories.role("editor", actions=["see"])
    job = carried_out(
        [HEADER, ["Wang.Fang", "王芳", "Fang@Example.com", "销售部", "reader、editor", "中文", ""]]
    )
    made = User.objects.get(username="wang.fang")
    assert (made.name, made.email, made.department.code) == ("王芳", "Fang@example.com", "SALES")
    assert [role.name for role in made.roles] == ["reader", "editor"]
    assert (made.language, made.active, made.password_must_change) == ("zh", True, True)
    name, content = people_import.take_passwords(factories.administrator(), job.id)
    rows = list(load_workbook(BytesIO(content)).worksheets[0].values)
    assert rows[1][:2] == ("wang.fang", "王芳")
    assert passwords.verify_password(str(rows[1][2]), made.password)
    assert name.endswith(".xlsx")


def test_initial_passwords_are_handed_over_once_and_only_to_who_asked() -> None:
    job = carried_out([HEADER[:2], ["one", "One"]])
    other = factories.user("other", factories.administrator().roles[0])
    with pytest.raises((ForbiddenError, NotFoundError)):
        people_import.take_passwords(other, job.id)
    people_import.take_passwords(factories.administrator(), job.id)
    with pytest.raises(NotFoundError):
        people_import.take_passwords(factories.administrator(), job.id)


def test_without_passwords_nobody_can_sign_in_with_one() -> None:
    job = carried_out([HEADER[:2], ["one", "One"]], mode="none")
    made = User.objects.get(username="one")
    assert made.password is None
    assert not passwords.verify_password("", made.password)
    assert job.file is None


@pytest.mark.parametrize(
    "header",
    [
        ["用户名", "姓名", "邮箱", "部门", "角色", "语言", "启用"],
        ["username", "name", "email", "department", "roles"],
    ],
)
def test_captions_of_both_languages_are_recognised(header: list[str]) -> None:
    found = check([header, ["one", "One"]])
    assert (
        list(found.places)
        == ["username", "name", "email", "department", "roles", "language", "active"][: len(header)]
    )
    assert found.storable


def test_captions_that_mean_nothing_are_named_and_left_out() -> None:
    found = check([["User name", "Name", "Shoe size"], ["one", "One", "42"]])
    assert found.unknown == ["Shoe size"]
    assert found.storable


def test_every_mistake_stands_beside_its_cell() -> None:
    factories.department("OLD", "旧部", "Old", retired=True)
    found = check(
        [
            HEADER,
            ["x", "One", "", "", "", "", ""],
            ["two", "Two", "no mail", "", "", "", ""],
            ["three", "Three", "", "NOWHERE", "", "", ""],
            ["four", "Four", "", "OLD", "", "", ""],
            ["five", "Five", "", "", "nothing", "", ""],
            ["six", "Six", "", "", "", "fr", ""],
            ["seven", "Seven", "", "", "", "", "perhaps"],
            ["", "Eight", "", "", "", "", ""],
            ["nine", "", "", "", "", "", ""],
            ["ten", "x" * 200, "", "", "", "", ""],
        ]
    )
    assert wrong(found) == [
        ["username"], ["email"], ["department"], ["department"], ["roles"], ["language"], ["active"],
        ["username"], ["name"], ["name"],
    ]  # fmt: skip
    assert not found.storable


def test_the_same_name_or_address_twice_is_refused_in_both_rows() -> None:
    found = check(
        [
            HEADER,
            ["One", "A", "a@example.com", "", "", "", ""],
            ["one", "B", "", "", "", "", ""],
            ["two", "C", "A@example.com", "", "", "", ""],
        ]
    )
    assert wrong(found) == [["email", "username"], ["username"], ["email"]]


def test_an_address_that_somebody_else_has_is_refused() -> None:
    factories.user("there", email="a@example.com")
    assert wrong(check([HEADER[:3], ["one", "A", "a@example.com"]])) == [["email"]]


def test_existing_accounts_change_only_when_that_is_asked_for() -> None:
    there = factories.user("there", factories.role("reader"), name="Before", phone="123")
    rows = [["User name", "Name"], ["there", "After"]]
    assert wrong(check(rows)) == [["username"]]
    found = check(rows, update=True)
    assert dict(found.counts) == {"changed": 1}
    carried_out(rows, update=True)
    stored = User.objects.get(id=there.id)
    assert (stored.name, stored.phone, [role.name for role in stored.roles]) == ("After", "123", ["reader"])
    assert stored.password == there.password


def test_empty_cells_of_existing_accounts_leave_what_is_stored() -> None:
    factories.user("there", factories.role("reader"), name="Before", email="a@example.com")
    found = check([HEADER, ["there", "", "", "", "", "", ""]], update=True)
    assert dict(found.counts) == {"same": 1}
    assert not found.storable


def test_nobody_gives_rights_that_they_do_not_have() -> None:
    factories.administrator()
    factories.role("roles_keeper", permissions=[Permission.CONFIGURE_ROLES.value])
    rows = [["User name", "Name", "Roles"], ["one", "One", "administrator"], ["two", "Two", "roles_keeper"]]
    assert wrong(check(rows, person=keeper())) == [["roles"], ["roles"]]
    assert check(rows).storable


def test_administrators_accounts_are_not_changed_by_others() -> None:
    factories.administrator()
    found = check([["User name", "Name"], ["admin", "Mine"]], person=keeper(), update=True)
    assert wrong(found) == [[""]]


def test_nobody_disables_themselves_or_the_last_administrator() -> None:
    rows = [["User name", "Can sign in"], ["admin", "no"]]
    assert wrong(check(rows, update=True)) == [["active"]]
    administrator = factories.administrator()
    second = factories.user("second", administrator.roles[0])
    job, running = run(rows, person=second, update=True)
    second.update(active=False)
    with pytest.raises(DomainError):
        people_import.carry_out(running)
    assert User.objects.get(username="admin").active
    assert Job.objects.get(id=job.id).file is None


def test_only_who_administers_people_imports_them() -> None:
    with pytest.raises(ForbiddenError):
        check([HEADER[:2], ["one", "One"]], person=factories.editor())


def test_a_table_without_user_names_or_people_is_refused() -> None:
    for rows in ([["Name"], ["One"]], [["User name", "Name"]], [["User name"], ["one"]]):
        with pytest.raises(DomainError):
            check(rows)


def test_more_people_than_at_once_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.people_import.checking.MAX_PEOPLE", 2)
    with pytest.raises(DomainError):
        check([HEADER[:2], *([f"u{at}", "U"] for at in range(3))])


def test_what_became_wrong_after_the_preview_stores_nobody(db: Database[Document]) -> None:
    _job, running = run([HEADER[:2], ["one", "One"], ["two", "Two"]])
    factories.user("two")
    with pytest.raises(DomainError):
        people_import.carry_out(running)
    assert User.objects(username="one").first() is None
    assert db["files.files"].count_documents({"metadata.purpose": files.MADE}) == 0


def test_a_job_taken_up_after_the_writing_makes_nobody_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    job, running = run([HEADER[:2], ["one", "One"]])
    with monkeypatch.context() as patched:
        patched.setattr(RunningJob, "finish", lambda *_a, **_k: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            people_import.carry_out(running)
    Job.objects(id=job.id).update_one(set__state="queued")
    again = factories.claimed(job, "again")
    people_import.carry_out(again)
    assert User.objects(username="one").count() == 1
    _name, content = people_import.take_passwords(factories.administrator(), job.id)
    password = list(load_workbook(BytesIO(content)).worksheets[0].values)[1][2]
    assert passwords.verify_password(str(password), User.objects.get(username="one").password)


def test_whoever_is_disabled_by_a_table_loses_sessions_and_keys_at_once() -> None:
    there = factories.user("there", factories.role("reader"))
    secret = api_tokens.create(there, "robot", 3)
    before = there.fs_uniquifier
    carried_out([["User name", "Can sign in"], ["there", "否"]], update=True)
    stored = User.objects.get(id=there.id)
    assert (stored.active, stored.fs_uniquifier == before) == (False, False)
    assert api_tokens.of_person(stored) == []
    assert api_tokens.person_of(secret) is None
    outbox.claim_due()


def test_the_audit_log_tells_who_came_in_and_with_which_roles(db: Database[Document]) -> None:
    factories.role("reader", actions=["see"])
    carried_out([["User name", "Name", "Roles"], ["one", "One", "reader"]])
    [told] = db.audit.find({"event": "user.imported"})
    assert told["details"]["created"] == ["one: reader"]


def test_refused_rows_come_back_with_their_mistakes(tmp_path: Path) -> None:
    found = check([HEADER[:2], ["=1+1", "One"], ["fine", "Fine"]])
    path = tmp_path / "refused.xlsx"
    assert people_import.write_refused(path, found, Actor.of(factories.administrator())) == 1
    [_header, row] = load_workbook(path).worksheets[0].values
    sheet = load_workbook(path).worksheets[0]
    assert row[0] == "=1+1"
    assert sheet["A2"].data_type == "s"
    assert sheet["A2"].comment is not None


def test_the_empty_table_is_read_by_the_import(tmp_path: Path) -> None:
    factories.department()
    path = tmp_path / "people.xlsx"
    people_import.write_template(path, Actor.of(factories.administrator()))
    with open_table(path, "people.xlsx") as table, pytest.raises(DomainError) as error:
        people_import.check(factories.administrator(), table, update=False)
    assert "nobody" in str(error.value)


def test_formulas_in_names_stay_text_in_the_workbook_of_passwords() -> None:
    job = carried_out([HEADER[:2], ["one", "=cmd|' /C calc'!A0"]])
    _name, content = people_import.take_passwords(factories.administrator(), job.id)
    assert load_workbook(BytesIO(content)).worksheets[0]["B2"].data_type == "s"


def test_departments_of_one_name_are_told_apart_by_code() -> None:
    factories.department("A", "一组", "Team")
    factories.department("B", "二组", "Team")
    rows = [["User name", "Name", "Department"], ["one", "One", "Team"]]
    assert wrong(check(rows)) == [["department"]]
    carried_out([*rows[:1], ["one", "One", "b"]])
    assert User.objects.get(username="one").department == Department.objects.get(code="B")
    assert isinstance(User.objects.get(username="one").id, ObjectId)
