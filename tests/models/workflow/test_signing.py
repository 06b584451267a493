"""Signatures on steps: the own name or a drawing, bound to what was signed."""

import base64

import pytest

from models import checks, files, history
from models.errors import InvalidError
from models.workflow import signing
from tests import factories
from tests.everything import PNG
from tests.models.workflow import procedures
from tests.models.workflow.procedures import FINISH, START, flow, stored, take, update

pytestmark = pytest.mark.usefixtures("db")
DRAWING = "data:image/png;base64," + base64.b64encode(PNG).decode()


def signed(mode: str) -> dict[str, object]:
    return flow(START | {"signature": mode, "fields": ["cause"]}, FINISH)


@pytest.mark.parametrize("typed", ["", "somebody else", None, 5, {"typed": "x"}])
def test_only_the_own_name_signs(typed: object) -> None:
    live = procedures.form(signed("typed"))
    record = factories.record(live, name="a")
    with pytest.raises(InvalidError) as refused:
        take(live, record, "start", signature=typed)
    assert list(refused.value.errors) == ["signature"]
    assert stored(live, record)["revision"] == 1


def test_a_typed_signature_is_bound_to_the_content() -> None:
    live = procedures.form(signed("typed"))
    person = factories.administrator()
    record = factories.record(live, name="a")
    moved = take(live, record, "start", raw={"cause": "worn"}, signature=f" {person.name} ")
    signature = history.of_record(live.key, record["_id"])[0]["signature"]
    assert (signature["kind"], signature["by"], signature["name"]) == ("typed", person.id, person.name)
    assert signing.still_holds(signature, live.key, moved)
    assert signing.still_holds(signature, live.key, stored(live, record))
    changed = update(live, moved, cause="other")
    assert not signing.still_holds(signature, live.key, changed)
    assert list(checks.check_histories()) == []


def test_a_drawing_belongs_to_the_record_that_it_signs() -> None:
    live = procedures.form(signed("drawn"))
    record = factories.record(live, name="a")
    take(live, record, "start", signature=DRAWING)
    signature = history.of_record(live.key, record["_id"])[0]["signature"]
    assert files.info(signature["file"])["claimed_by"] == {"form": live.key, "record": record["_id"]}
    assert files.open_file(signature["file"]).read() == PNG


@pytest.mark.parametrize(
    "drawn",
    [
        None,
        "",
        "data:image/png;base64,!!!",
        "data:image/png;base64,aGVsbG8=",
        "0" * 24,
        "../x",
        {"drawn": 3},
    ],
)
def test_what_is_no_drawing_does_not_sign(drawn: object) -> None:
    live = procedures.form(signed("drawn"))
    with pytest.raises(InvalidError) as refused:
        take(live, factories.record(live, name="a"), "start", signature=drawn)
    assert list(refused.value.errors) == ["signature"]


def test_nobody_signs_with_a_drawing_twice() -> None:
    live = procedures.form(signed("drawn"))
    first, second = factories.record(live, name="a"), factories.record(live, name="b")
    take(live, first, "start", signature=DRAWING)
    used = history.of_record(live.key, first["_id"])[0]["signature"]["file"]
    with pytest.raises(InvalidError):
        take(live, second, "start", signature=str(used))
