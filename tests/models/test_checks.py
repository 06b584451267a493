"""`db check` finds what was changed behind the program's back."""

import re
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import forms, history, records
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
        ({"$set": {"reason": "never said"}}, "was changed"),
        ({"$set": {"by_name": "somebody else"}}, "was changed"),
        ({"$set": {"by": ObjectId()}}, "was changed"),
        ({"$set": {"at": None}}, "was changed"),
        ({"$set": {"action": "created"}}, "was changed"),
        ({"$set": {"added": "x"}}, "was changed"),
        ({"$set": {"changes.0.after": "3"}}, "was changed"),
        ({"$set": {"changes.0.before": None}}, "was changed"),
        ({"$set": {"seal": "0" * 64}}, "was changed"),
        ({"$unset": {"reason": ""}}, "was changed"),
        ({"$set": {"revision": 7}}, "is missing"),
    ],
)
def test_a_changed_entry_is_found(db: Store, record: Document, change: Document, said: str) -> None:
    db.history.update_one({"record": record["_id"], "revision": 2}, change)
    assert re.fullmatch(rf"sheet \S+: the history of revision 2 {said}", found())


def changed_again(record: Document) -> None:
    live, raw = forms.current("sheet"), {"name": "one", "qty": "3"}
    records.update(factories.actor(), live, record["_id"], raw, revision=record["revision"])


def test_an_entry_sealed_anew_breaks_the_one_after_it(db: Store, record: Document) -> None:
    changed_again(record)
    entry = db.history.find_one({"record": record["_id"], "revision": 2}) or {}
    forged = {**entry, "reason": "never said"}
    db.history.replace_one({"_id": entry["_id"]}, {**forged, "seal": history.seal(forged)})
    assert found().endswith("the history of revision 3 was changed")


def test_entries_that_change_places_are_found(db: Store, record: Document) -> None:
    changed_again(record)
    for old, new in ((2, 9), (3, 2), (9, 3)):
        db.history.update_one({"record": record["_id"], "revision": old}, {"$set": {"revision": new}})
    assert found().endswith("the history of revision 2 was changed")


def test_the_same_id_in_two_forms_is_two_chains(db: Store, record: Document) -> None:
    factories.record(factories.form(key="other"), name="x")
    db.history.update_one({"form": "other"}, {"$set": {"record": record["_id"]}})
    assert {line.split()[0] for line in found().splitlines()} == {"other"}


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
