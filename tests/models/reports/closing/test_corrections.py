"""What changed in closed months is told in the next one: everything, once, and as against what was told."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import ObjectId

from models.forms import LiveForm
from models.people import Actor, User
from models.reports import keeping as reports
from models.reports import running
from models.reports.analyses import corrections
from models.reports.closing import dataset, reprint
from models.reports.look import Look
from models.reports.parts import ReportDefinition
from models.reports.periods import Period
from models.reports.results import Result
from models.times import set_clock
from tests import factories
from tests.models.reports.closing.stage import (
    AUGUST,
    NOVEMBER,
    OCTOBER,
    SEPTEMBER,
    again,
    binned,
    changed,
    closed_on,
    found,
    in_force,
    look_at,
    one_of,
    reopened,
    told,
)

JULY, DECEMBER = Period.read("2026-07"), Period.read("2026-12")


def on(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 2, tzinfo=UTC)


def altered(form: LiveForm, person: User, record: dict[str, Any], moment: datetime, **values: Any) -> None:
    with set_clock(moment):
        changed(form, person, again(form, record), **values)


def test_a_correction_is_told_although_an_older_month_was_closed_again_since(
    admin: User, complaints: LiveForm
) -> None:
    for period in (JULY, AUGUST):
        closed_on(on(9, 3), admin, period)
    record = one_of(complaints, AUGUST)
    altered(complaints, admin, record, on(9, 10), qty=77)
    expected = [("2026-08", record["number"], "Changed", f"qty: {record['data']['qty']} → 77")]
    assert told(look_at(admin, SEPTEMBER)) == expected
    reopened(admin, JULY)
    closed_on(on(9, 20), admin, JULY)
    assert told(look_at(admin, SEPTEMBER)) == expected
    closed_on(on(10, 2), admin, SEPTEMBER)
    assert told(look_at(admin, SEPTEMBER)) == expected
    assert told(look_at(admin, OCTOBER)) == []


def test_a_month_that_is_closed_late_hides_no_correction(admin: User, complaints: LiveForm) -> None:
    closed_on(on(9, 3), admin, AUGUST)
    record = one_of(complaints, AUGUST)
    altered(complaints, admin, record, on(9, 10), qty=77)
    closed_on(on(9, 20), admin, JULY)
    assert [line[1] for line in told(look_at(admin, SEPTEMBER))] == [record["number"]]


def test_a_told_correction_that_is_put_back_is_told_too(admin: User, complaints: LiveForm) -> None:
    record = one_of(complaints, AUGUST)
    was = record["data"]["qty"]
    closed_on(on(9, 3), admin, AUGUST)
    altered(complaints, admin, record, on(9, 10), qty=77)
    closed_on(on(10, 3), admin, SEPTEMBER)
    altered(complaints, admin, record, on(10, 10), qty=was)
    line = ("2026-08", record["number"], "Changed", f"qty: 77 → {was}")
    assert told(look_at(admin, OCTOBER)) == [line]
    closed_on(on(11, 3), admin, OCTOBER)
    assert told(look_at(admin, NOVEMBER)) == []


def test_what_was_told_is_not_told_again_with_a_further_change(admin: User, complaints: LiveForm) -> None:
    record = one_of(complaints, AUGUST)
    closed_on(on(9, 3), admin, AUGUST)
    altered(complaints, admin, record, on(9, 10), qty=77)
    closed_on(on(10, 3), admin, SEPTEMBER)
    altered(complaints, admin, record, on(10, 10), name="Other")
    line = ("2026-08", record["number"], "Changed", f"name: {record['data']['name']} → Other")
    assert told(look_at(admin, OCTOBER)) == [line]


def test_a_record_is_added_and_removed_once_only(admin: User, complaints: LiveForm) -> None:
    moved = one_of(complaints, AUGUST)
    closed_on(on(9, 3), admin, AUGUST)
    with set_clock(on(9, 10)):
        late = factories.record(complaints, admin, name="forgotten", received_on="2026-08-30", qty=1)
    altered(complaints, admin, moved, on(9, 10), received_on="2026-09-02")
    happened = {(one[1], one[2]) for one in told(look_at(admin, SEPTEMBER))}
    assert happened == {(late["number"], "Added"), (moved["number"], "Removed")}
    september = closed_on(on(10, 3), admin, SEPTEMBER)
    altered(complaints, admin, late, on(10, 10), qty=2)
    altered(complaints, admin, moved, on(10, 10), qty=78)
    lines = told(look_at(admin, OCTOBER))
    assert [(one[0], one[1], one[2]) for one in lines] == [
        ("2026-08", late["number"], "Changed"),
        ("2026-09", moved["number"], "Changed"),  # it was frozen there
    ]
    assert lines[0][3] == "qty: 1 → 2"
    with set_clock(on(10, 11)):
        binned(complaints, admin, again(complaints, late))
    assert told(look_at(admin, OCTOBER))[0][:3] == ("2026-08", late["number"], "Removed")
    frozen = {one.key: one for one in reprint.results(look_at(admin, SEPTEMBER), september)}
    assert len(frozen["late"].rows) == 2


def test_two_months_closed_at_the_same_time_tell_a_change_once(
    admin: User, complaints: LiveForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = one_of(complaints, JULY)
    closed_on(on(8, 3), admin, JULY)
    altered(complaints, admin, record, on(8, 10), qty=77)
    results = running.results
    looked: list[Look] = []

    def meanwhile(look: Look) -> Iterator[Result]:
        looked.append(look)
        if len(looked) == 2:  # both languages of September are told of it
            closed_on(on(10, 2), admin, AUGUST)
        yield from results(look)

    monkeypatch.setattr(running, "results", meanwhile)
    september = closed_on(on(10, 3), admin, SEPTEMBER)
    assert in_force(AUGUST).at < september.at
    assert [line[1] for line in told(look_at(admin, AUGUST))] == [record["number"]]
    assert told(look_at(admin, SEPTEMBER)) == []
    assert told(look_at(admin, OCTOBER)) == []


def test_what_a_reopened_month_told_is_told_by_the_next(admin: User, complaints: LiveForm) -> None:
    record = one_of(complaints, AUGUST)
    closed_on(on(9, 3), admin, AUGUST)
    altered(complaints, admin, record, on(9, 10), qty=77)
    closed_on(on(10, 3), admin, SEPTEMBER)
    assert told(look_at(admin, OCTOBER)) == []
    reopened(admin, SEPTEMBER)
    assert [line[1] for line in told(look_at(admin, OCTOBER))] == [record["number"]]
    closed_on(on(10, 20), admin, SEPTEMBER)
    assert told(look_at(admin, OCTOBER)) == []


def test_a_month_closed_again_knows_its_records_as_they_are_then(admin: User, complaints: LiveForm) -> None:
    record = one_of(complaints, AUGUST)
    closed_on(on(9, 3), admin, AUGUST)
    altered(complaints, admin, record, on(9, 10), qty=77)
    reopened(admin, AUGUST)
    closed_on(on(9, 20), admin, AUGUST)
    assert told(look_at(admin, SEPTEMBER)) == []
    altered(complaints, admin, record, on(9, 25), qty=78)
    assert [line[3] for line in told(look_at(admin, SEPTEMBER))] == ["qty: 77 → 78"]


@pytest.mark.parametrize("when", ["before the first figures", "between two languages"])
def test_a_change_during_a_closing_is_told_once_and_alike_in_both_languages(
    admin: User, complaints: LiveForm, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    record = one_of(complaints, AUGUST)
    closed_on(on(9, 3), admin, AUGUST)
    results = running.results
    languages: list[str] = []

    def meanwhile(look: Look) -> Iterator[Result]:
        languages.append(look.language)
        if len(languages) == (1 if when.startswith("before") else 2):
            altered(complaints, admin, record, datetime(2026, 10, 3, 2, 5, tzinfo=UTC), qty=77)
        yield from results(look)

    with monkeypatch.context() as patched:
        patched.setattr(running, "results", meanwhile)
        september = closed_on(on(10, 3), admin, SEPTEMBER)
    parts = [september.frozen(language)["results"] for language in ("zh", "en")]
    counts = [next(one["count"] for one in part if one["key"] == "late") for part in parts]
    assert counts[0] == counts[1]
    assert counts[0] + len(told(look_at(admin, OCTOBER))) == 1


def test_another_department_owner_or_assignee_is_a_correction(admin: User, complaints: LiveForm) -> None:
    records = list(complaints.records().find({"data.received_on": {"$regex": "^2026-08"}}).sort("_id", 1))
    closed_on(on(9, 3), admin, AUGUST)
    other, owner = factories.department("QB", "二部", "Second"), factories.reader()
    moves: list[dict[str, Any]] = [{"department": other.id}, {"owner": owner.id}, {"assignees": [owner.id]}]
    for record, move in zip(records, moves, strict=False):
        later = {"updated_at": on(9, 10), "revision": record["revision"] + 1}
        complaints.records().update_one({"_id": record["_id"]}, {"$set": {**move, **later}})
    words = [line[3].split(":")[0] for line in told(look_at(admin, SEPTEMBER))]
    assert words == ["Department", "Owner", "Assigned to"][: len(records)]
    assert "Second" in told(look_at(admin, SEPTEMBER))[0][3]
    assert dataset.verify(in_force(AUGUST), ["complaints", "deliveries"])


def test_only_so_many_corrections_are_read_and_all_are_counted(
    admin: User, complaints: LiveForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corrections, "MOST", 1)
    closed_on(on(10, 3), admin, SEPTEMBER)
    for record in complaints.records().find({"data.received_on": {"$regex": "^2026-09"}}):
        altered(complaints, admin, dict(record), on(10, 10), qty=77)
    late = found(look_at(admin, OCTOBER), "late")
    assert len(late.rows) == 1
    assert late.facts["corrections"] > 1
    assert any("The first 1 of" in str(note) for note in late.notes)


def test_new_records_of_a_busy_month_are_not_held_to_find_corrections(
    admin: User, complaints: LiveForm
) -> None:
    closed_on(on(10, 3), admin, SEPTEMBER)
    pattern = one_of(complaints, SEPTEMBER)
    new = {**pattern["data"], "received_on": "2026-10-07", "name": "x" * 4_000}
    complaints.records().insert_many(
        {**pattern, "_id": ObjectId(), "number": f"N{at}", "data": new, "updated_at": on(10, 7)}
        for at in range(4_000)
    )
    look = look_at(admin, OCTOBER)
    [analysis] = [one for one in look.report.analyses if one.key == "late"]
    tracemalloc.start()
    assert list(corrections.compute(look, analysis).rows) == []
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000, peak


def test_what_no_list_of_corrections_told_is_told_by_the_first_that_there_is(
    admin: User, complaints: LiveForm
) -> None:
    whole = reports.get("monthly").definition.dump()
    silent = {**whole, "analyses": [one for one in whole["analyses"] if one["kind"] != "corrections"]}
    reports.put(Actor.of(admin), ReportDefinition.load(silent), version=1)
    record = one_of(complaints, AUGUST)
    closed_on(on(9, 3), admin, AUGUST)
    altered(complaints, admin, record, on(9, 10), qty=77)
    assert closed_on(on(10, 3), admin, SEPTEMBER).told_of == []
    reports.put(Actor.of(admin), ReportDefinition.load(whole), version=2)
    assert [line[1] for line in told(look_at(admin, OCTOBER))] == [record["number"]]


def test_a_reader_is_told_of_the_records_that_they_may_see(admin: User, complaints: LiveForm) -> None:
    mine, other = list(complaints.records().find({"data.received_on": {"$regex": "^2026-09"}}).limit(2))
    closed_on(on(10, 3), admin, SEPTEMBER)
    role = factories.role("own", form="complaint", actions=["see"])
    role.grants[0].scope = "own"
    role.save()
    clerk = factories.user("clerk", role)
    complaints.records().update_one({"_id": mine["_id"]}, {"$set": {"owner": clerk.id}})
    for one in (mine, other):
        altered(complaints, admin, one, on(10, 10), qty=77)
    assert [line[1] for line in told(look_at(clerk, OCTOBER))] == [mine["number"]]
    closed_on(on(11, 3), admin, OCTOBER)
    assert [line[1] for line in told(look_at(clerk, OCTOBER))] == [mine["number"]]
    assert len(told(look_at(admin, OCTOBER))) == 2


def test_a_look_at_one_fault_is_told_of_its_corrections_only(admin: User, complaints: LiveForm) -> None:
    closed_on(on(10, 3), admin, SEPTEMBER)
    for record in complaints.records().find({"data.received_on": {"$regex": "^2026-09"}}):
        altered(complaints, admin, dict(record), on(10, 10), qty=77)
    look = replace(look_at(admin, OCTOBER), narrowed=({"field": "fault", "op": "eq", "value": "leak"},))
    inside = {"data.received_on": {"$regex": "^2026-09"}, "data.fault": "leak"}
    assert {row.values["what"] for row in found(look, "late").rows} == {"Changed"}
    assert len(found(look, "late").rows) == complaints.records().count_documents(inside)


def test_a_field_that_is_gone_since_does_not_keep_the_next_month_open(
    admin: User, complaints: LiveForm
) -> None:
    whole = reports.get("monthly").definition.dump()
    whole["sources"][0]["where"] = {"field": "cause", "op": "not_empty"}
    reports.put(Actor.of(admin), ReportDefinition.load(whole), version=1)
    first, second = list(complaints.records().find({"data.received_on": {"$regex": "^2026-08"}}).limit(2))
    closed_on(on(9, 3), admin, AUGUST)
    del whole["sources"][0]["where"]
    gone = [one for one in whole["analyses"] if "cause" not in one.get("by", ())]
    groupings = [one for one in whole["groupings"] if one["key"] != "cause"]
    later = ReportDefinition.load({**whole, "analyses": gone, "groupings": groupings})
    reports.put(Actor.of(admin), later, version=2)
    document = complaints.definition.dump()
    kept = {name: [one for one in document[name] if one != "cause"] for name in ("list_columns",)}
    fields = [one for one in document["fields"] if one["key"] != "cause"]
    form = factories.republish(complaints, fields=fields, **kept)
    altered(form, admin, first, on(9, 10), qty=77)
    with set_clock(on(9, 10)):
        binned(form, admin, again(form, second))
    assert closed_on(on(10, 3), admin, SEPTEMBER)
    lines = {(line[1], line[2]) for line in told(look_at(admin, SEPTEMBER))}
    assert lines == {(first["number"], "Changed"), (second["number"], "Removed")}
