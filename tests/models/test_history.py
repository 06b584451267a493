"""History keeps every value as it was, in a chain that shows when somebody touched it."""

from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from models import history, records
from models.database import Document
from models.fields import type_of
from models.forms import LiveForm
from tests import every_type, factories

Store = Database[dict[str, Any]]


@pytest.fixture
def live(db: Store) -> LiveForm:
    return factories.form()


def with_revisions(live: LiveForm, count: int) -> Document:
    record = factories.record(live, name="a", qty=0)
    for number in range(1, count):
        raw = {"qty": number}
        record = records.update(factories.actor(), live, record["_id"], raw, revision=record["revision"])
    return record


def broken(live: LiveForm) -> list[int]:
    return [entry["revision"] for entry in history.broken_seals(live.key)]


def test_entries_come_newest_first_and_page_by_page(live: LiveForm) -> None:
    record = with_revisions(live, 5)
    first = history.of_record(live.key, record["_id"], limit=2)
    second = history.of_record(live.key, record["_id"], limit=2, before=first[-1]["revision"])
    rest = history.of_record(live.key, record["_id"], before=second[-1]["revision"])
    assert [entry["revision"] for entry in [*first, *second, *rest]] == [5, 4, 3, 2, 1]


def test_each_entry_carries_the_seal_of_the_one_before(live: LiveForm) -> None:
    record = with_revisions(live, 4)
    entries = history.of_record(live.key, record["_id"])[::-1]
    assert [entry["before_seal"] for entry in entries] == ["", *(entry["seal"] for entry in entries[:-1])]
    assert broken(live) == []


@pytest.mark.parametrize(
    "change",
    [
        {"$set": {"changes.0.after": 99}},
        {"$set": {"changes.0.before": None}},
        {"$set": {"by": ObjectId()}},
        {"$set": {"at": None}},
        {"$set": {"added": "x"}},
        {"$unset": {"reason": ""}},
        {"$set": {"action": "created"}},
        {"$set": {"seal": "0" * 64}},
    ],
)
def test_a_changed_entry_is_found(db: Store, live: LiveForm, change: Document) -> None:
    record = with_revisions(live, 3)
    with_revisions(live, 2)
    db.history.update_one({"record": record["_id"], "revision": 2}, change)
    assert 2 in broken(live)


def test_an_entry_sealed_anew_breaks_the_one_after_it(db: Store, live: LiveForm) -> None:
    record = with_revisions(live, 3)
    entry = db.history.find_one({"record": record["_id"], "revision": 2}) or {}
    forged = {**entry, "reason": "never said"}
    db.history.replace_one({"_id": entry["_id"]}, {**forged, "seal": history.seal(forged)})
    assert broken(live) == [3]


@pytest.mark.parametrize(("removed", "found"), [(1, [2]), (2, [3])])
def test_a_removed_entry_is_found(db: Store, live: LiveForm, removed: int, found: list[int]) -> None:
    record = with_revisions(live, 3)
    db.history.delete_one({"record": record["_id"], "revision": removed})
    assert broken(live) == found


def test_entries_that_change_places_are_found(db: Store, live: LiveForm) -> None:
    record = with_revisions(live, 4)
    for old, new in ((2, 9), (3, 2), (9, 3)):
        db.history.update_one({"record": record["_id"], "revision": old}, {"$set": {"revision": new}})
    assert broken(live)


def test_two_entries_for_one_revision_are_impossible(db: Store, live: LiveForm) -> None:
    record = with_revisions(live, 2)
    entry = db.history.find_one({"record": record["_id"], "revision": 2}) or {}
    with pytest.raises(DuplicateKeyError):
        db.history.insert_one({**entry, "_id": ObjectId()})


def test_the_same_id_in_two_forms_is_two_chains(db: Store, live: LiveForm) -> None:
    other = factories.form(key="other")
    record = with_revisions(live, 2)
    made = factories.record(other, name="x")
    db.history.update_many({"form": "other"}, {"$set": {"record": record["_id"]}})
    assert broken(live) == []
    assert broken(other) == [1]
    assert made["revision"] == 1


@pytest.mark.usefixtures("db")
def test_values_of_every_type_seal_the_same_before_and_after_storage() -> None:
    live, person = every_type.form(), factories.editor()
    made = every_type.record(live, person)
    values = [field.key for field in live.definition.value_fields]
    assert sorted(made["data"]) == sorted(values)
    emptied = {field.key: None for field in live.definition.value_fields if not type_of(field).derived}
    records.update(factories.actor(person), live, made["_id"], emptied, revision=1)
    entry, first = history.of_record(live.key, made["_id"])
    assert {change["field"]: change["after"] for change in first["changes"]} == made["data"]
    assert {change["field"]: change["before"] for change in entry["changes"]} == {
        key: value for key, value in made["data"].items() if key != "lot"
    }
    assert broken(live) == []


@pytest.mark.parametrize(
    ("before", "after", "fields"),
    [
        ({}, {}, []),
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2, "b": 3}, ["a", "b"]),
        ({"a": [1, 2]}, {"a": [2, 1]}, ["a"]),
        ({"a": 1}, {}, ["a"]),
        ({"a": {"x": 1}}, {"a": {"x": 2}}, ["a"]),
    ],
)
def test_only_differences_are_kept(before: Document, after: Document, fields: list[str]) -> None:
    assert [change["field"] for change in history.changes_between(before, after)] == fields
