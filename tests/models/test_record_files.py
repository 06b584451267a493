"""Files of a record: as closed as the field that holds them."""

import io

import pytest
from bson import ObjectId

from models import files, record_files
from models.errors import NotFoundError
from models.forms import LiveForm
from models.people import FieldRule, Grant, Role, User
from tests import factories
from tests.factories import field
from tests.pictures import picture

pytestmark = pytest.mark.usefixtures("db")


def sheet() -> LiveForm:
    return factories.form(
        field("name"), field("papers", "attachment"), field("photos", "image"), field("sign", "signature")
    )


def upload(person: User) -> ObjectId:
    return files.receive(io.BytesIO(picture()), "a.png", person, max_bytes=10**6)


def limited(limit: str, fields: list[str]) -> User:
    name = f"blind{len(limit)}"
    rule = FieldRule(form="sheet", fields=fields, limit=limit)
    role = Role(name=name, grants=[Grant(form="sheet", actions=["see"])], field_rules=[rule]).save()
    return factories.user(name, role)


def may_open(person: User, live: LiveForm, record: dict[str, object], file_id: ObjectId) -> bool:
    try:
        return record_files.find(person, live, record, str(file_id)).id == file_id
    except NotFoundError:
        return False


@pytest.mark.parametrize(("limit", "opens"), [("read_only", True), ("masked", False), ("hidden", False)])
def test_a_file_is_as_closed_as_its_field(limit: str, opens: bool) -> None:  # noqa: FBT001
    live, editor = sheet(), factories.editor()
    paper, photo, sign = upload(editor), upload(editor), upload(editor)
    record = factories.record(live, editor, papers=[str(paper)], photos=[str(photo)], sign=str(sign))
    person = limited(limit, ["papers", "sign"])
    assert may_open(person, live, record, paper) is opens
    assert may_open(person, live, record, sign) is opens
    assert may_open(person, live, record, photo)
    assert all(may_open(editor, live, record, one) for one in (paper, photo, sign))


def test_whoever_sees_no_field_gets_no_file_of_an_earlier_version_either() -> None:
    live, editor = sheet(), factories.editor()
    paper = upload(editor)
    record = factories.record(live, editor, papers=[str(paper)])
    later = factories.republish(live, fields=[field("name")], list_columns=["name"])
    assert later.version > live.version
    assert may_open(editor, later, record, paper)
    assert not may_open(limited("hidden", ["*"]), later, record, paper)


def test_a_file_held_twice_opens_through_the_field_that_is_open() -> None:
    live, editor = sheet(), factories.editor()
    both = upload(editor)
    record = factories.record(live, editor, papers=[str(both)], photos=[str(both)])
    assert may_open(limited("hidden", ["papers"]), live, record, both)


def test_no_record_hands_out_what_it_does_not_hold() -> None:
    live, editor = sheet(), factories.editor()
    waiting, other = upload(editor), upload(editor)
    record = factories.record(live, editor, name="one")
    factories.record(live, editor, papers=[str(other)])
    for file_id in (waiting, other, ObjectId()):
        assert not may_open(factories.administrator(), live, record, file_id)
    with pytest.raises(NotFoundError):
        record_files.find(editor, live, record, "nonsense")
