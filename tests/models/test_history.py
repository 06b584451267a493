"""History keeps every value as it was, in a chain that shows when somebody touched it."""

from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from models import checks, history, records
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
    assert list(checks.check_histories()) == []


def test_two_entries_for_one_revision_are_impossible(db: Store, live: LiveForm) -> None:
    record = with_revisions(live, 2)
    entry = db.history.find_one({"record": record["_id"], "revision": 2}) or {}
    with pytest.raises(DuplicateKeyError):
        db.history.insert_one({**entry, "_id": ObjectId()})


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
    assert list(checks.check_histories()) == []


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
