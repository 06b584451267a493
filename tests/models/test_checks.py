"""`db check` finds what was changed behind the program's back."""

import re
from typing import Any

import pytest
from pymongo.database import Database

from models import records
from models.checks import check_clocks, check_histories
from models.database import Document
from tests import factories
from tests.models.clocks import casting

Store = Database[dict[str, Any]]


@pytest.fixture
def record(db: Store) -> Document:
    live = factories.form()
    made = factories.record(live, name="one", qty="1")
    factories.record(live, name="untouched")
    return records.update(
        factories.actor(), live, made["_id"], {"name": "one", "qty": "2"}, revision=made["revision"]
    )


def found() -> str:
    return "\n".join(str(problem) for problem in check_histories())


@pytest.mark.usefixtures("record")
def test_what_the_program_wrote_is_sound() -> None:
    assert found() == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reason": "never said"}, "history of revision 2 was changed"),
        ({"by_name": "somebody else"}, "history of revision 2 was changed"),
        ({"changes.0.after": "3"}, "history of revision 2 was changed"),
        ({"revision": 7}, "history of revision 2 is missing"),
    ],
)
def test_a_changed_entry_is_found(db: Store, record: Document, change: Document, said: str) -> None:
    db.history.update_one({"record": record["_id"], "revision": 2}, {"$set": change})
    assert re.fullmatch(rf"sheet \S+: the {said}", found())


@pytest.mark.parametrize("revision", [1, 2])
def test_a_removed_entry_is_found(db: Store, record: Document, revision: int) -> None:
    db.history.delete_one({"record": record["_id"], "revision": revision})
    assert str(record["_id"]) in found() or str(record["number"]) in found()


def test_a_record_put_back_to_an_earlier_state_is_found(db: Store, record: Document) -> None:
    db.record_sheet.update_one({"_id": record["_id"]}, {"$set": {"revision": 1}})
    assert "its last change is not in the history" in found()


def test_a_record_that_was_removed_by_hand_is_found(db: Store, record: Document) -> None:
    db.record_sheet.delete_one({"_id": record["_id"]})
    assert "the history does not say why" in found()


def test_a_record_that_was_put_in_by_hand_is_found(db: Store, record: Document) -> None:
    db.record_sheet.insert_one({"_id": 1, "number": "X-1", "revision": 1, "data": {}})
    assert "sheet X-1: its last change is not in the history" in found()
    assert record["_id"] != 1


def test_a_clock_that_nobody_would_look_at_is_found(db: Store) -> None:
    live = casting.form()
    asleep, aside = casting.create(live), casting.create(live)
    assert list(check_clocks()) == []
    db.clocks.update_one({"record": asleep["_id"]}, {"$unset": {"next_action_at": ""}})
    db.clocks.update_one({"record": aside["_id"]}, {"$set": {"trouble": {"text": "no calendar"}}})
    first, second = map(str, check_clocks())
    assert "would never be looked at" in first
    assert "no calendar" in second
