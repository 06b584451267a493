"""A month is closed, stays as it was, tells what was changed afterwards, and is written again the same."""

import io
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from models import files, history, workflow
from models.database import db
from models.errors import DomainError, ForbiddenError, InUseError, InvalidError
from models.forms import LiveForm
from models.jobs import RunningJob
from models.messages import translate
from models.people import Actor, Permission, User
from models.reports import checks, making, running
from models.reports import keeping as reports
from models.reports.closing import dataset, frozen, keeping, reopening, reprint, telling
from models.reports.closing import running as closing_month
from models.reports.closing.keeping import Closing
from models.reports.look import Look
from models.reports.parts import ReportDefinition
from models.reports.periods import Period
from models.reports.results import Result
from models.times import set_clock
from tests import factories, report_stage
from tests.factories import field
from tests.models.reports.closing.stage import (
    AUGUST,
    OCTOBER,
    SEPTEMBER,
    again,
    binned,
    changed,
    closed,
    closed_on,
    ended,
    found,
    in_force,
    look_at,
    of_september,
    one_of,
    reopened,
    table,
)


def test_what_was_closed_stays_whatever_is_changed_afterwards(
    admin: User, complaints: LiveForm, tmp_path: Path
) -> None:
    before = table(running.results(look_at(admin)))
    assert closed(admin).state == "done"
    closing = keeping.get("monthly", "2026-09")
    assert closing
    reprint.workbook(tmp_path / "one.xlsx", look_at(admin), closing)
    first, second, third, *_others = of_september(complaints)
    changed(complaints, admin, first, fault="crack", qty=4999)
    binned(complaints, admin, second)
    changed(complaints, admin, third, received_on="2026-10-01")
    factories.record(complaints, admin, name="forgotten", received_on="2026-09-30", fault="leak", qty=1)
    assert table(running.results(look_at(admin)))["figures"] != before["figures"]
    assert table(reprint.results(look_at(admin), closing)) == before
    with set_clock(datetime(2027, 3, 1, tzinfo=UTC)):
        reprint.workbook(tmp_path / "again.xlsx", look_at(admin), closing)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "again.xlsx").read_bytes()
    assert dataset.verify(closing, ["complaints", "deliveries"])


def test_the_workbook_of_a_closed_month_is_the_frozen_one_for_whoever_reads_it(
    admin: User, complaints: LiveForm, tmp_path: Path
) -> None:
    closed(admin)
    first = of_september(complaints)[0]
    changed(complaints, admin, first, qty=4999)
    job = ended(making.enqueue(admin, reports.get("monthly"), SEPTEMBER, "en"))
    with files.open_file(job.file) as content:
        book: Any = openpyxl.load_workbook(io.BytesIO(content.read()), read_only=True)
    values = {row[0].value: row[1].value for row in book["Key figures"].iter_rows(min_row=6)}
    assert values["Defects"] < 4999
    lines = {row[0]: row[1] for row in book["Cover"].iter_rows(values_only=True) if row[0]}
    closing = keeping.get("monthly", "2026-09")
    assert closing
    assert lines["Fingerprint of the data"] == closing.fingerprint


def test_later_changes_are_listed_as_corrections_of_the_next_month(admin: User, complaints: LiveForm) -> None:
    closed(admin)
    assert list(found(look_at(admin, OCTOBER), "late").rows) == []
    first, second, third, fourth, *_others = of_september(complaints)
    with set_clock(datetime(2026, 10, 20, tzinfo=UTC)):
        changed(complaints, admin, first, qty=77)
        binned(complaints, admin, second)
        changed(complaints, admin, third, received_on="2026-10-02")
        factories.record(complaints, admin, name="forgotten", received_on="2026-09-30", qty=1)
        factories.record(complaints, admin, name="new", received_on="2026-10-03", qty=1)
        back = changed(complaints, admin, fourth, name="for a moment")
        changed(complaints, admin, back, name=fourth["data"]["name"])
    late = found(look_at(admin, OCTOBER), "late")
    assert {(row.values["number"], row.values["what"]) for row in late.rows} == {
        (first["number"], "Changed"),
        (second["number"], "Removed"),
        (third["number"], "Removed"),
        (f"C-{41:05}", "Added"),
    }
    [row] = [row for row in late.rows if row.values["number"] == first["number"]]
    assert row.values["fields"] == f"qty: {first['data']['qty']} → 77"
    assert {row.values["period"] for row in late.rows} == {"2026-09"}


def test_a_correction_is_told_once(admin: User, complaints: LiveForm) -> None:
    closed(admin)
    with set_clock(datetime(2026, 10, 20, tzinfo=UTC)):
        changed(complaints, admin, of_september(complaints)[0], qty=77)
    with set_clock(datetime(2026, 11, 3, tzinfo=UTC)):
        closed(admin, OCTOBER)
        october = keeping.get("monthly", "2026-10")
        assert october
        frozen = {one.key: one for one in reprint.results(look_at(admin, OCTOBER), october)}
        assert len(frozen["late"].rows) == 1
        assert list(found(look_at(admin, Period.read("2026-11")), "late").rows) == []


def test_a_month_is_closed_once_and_not_before_it_is_over(admin: User, complaints: LiveForm) -> None:
    with pytest.raises(DomainError, match="not over"):
        closed(admin, OCTOBER)
    with pytest.raises(DomainError, match="whole periods"):
        closed(admin, Period.read("2026-09-01..2026-09-30"))
    closed(admin)
    with pytest.raises(DomainError, match="closed already"):
        closed(admin)
    assert len(keeping.of_report("monthly")) == 1


def test_closing_needs_the_right_and_the_sight_of_everything(admin: User, complaints: LiveForm) -> None:
    reader = factories.reader()
    with pytest.raises(ForbiddenError):
        closed(reader)
    role = factories.role("closer", form="complaint", actions=["see"])
    role.permissions = [Permission.REPORTS_CLOSE.value]
    role.save()
    with pytest.raises(DomainError, match="sees all records"):
        closed(factories.user("closer", role))


def test_a_month_is_reopened_for_a_reason_and_closed_anew(admin: User, complaints: LiveForm) -> None:
    closed(admin)
    closing = keeping.get("monthly", "2026-09")
    assert closing
    with pytest.raises(ForbiddenError):
        reopening.reopen(factories.reader(), closing, "because")
    with pytest.raises(InvalidError):
        reopening.reopen(admin, closing, "  ")
    reopening.reopen(admin, closing, "A claim was forgotten.")
    assert keeping.get("monthly", "2026-09") is None
    changed(complaints, admin, of_september(complaints)[0], qty=4999)
    closed(admin)
    anew, old = keeping.of_report("monthly")
    assert old.document["reopened"]["reason"] == "A claim was forgotten."
    assert anew.fingerprint != old.fingerprint
    events = [
        one["event"]
        for one in db().audit.find({"event": {"$in": ["report.closed", "report.reopened"]}}).sort("_id", 1)
    ]
    assert events == ["report.closed", "report.reopened", "report.closed"]


def test_a_closing_whose_worker_died_is_taken_up_by_the_next(admin: User, complaints: LiveForm) -> None:
    job = closing_month.enqueue(admin, reports.get("monthly"), SEPTEMBER, "en")
    closing = keeping.begin(admin, "monthly", 1, SEPTEMBER, job.id)
    dataset.freeze(closing, look_at(admin))
    with pytest.raises(DomainError, match="closed already"):
        keeping.begin(admin, "monthly", 1, SEPTEMBER, closing.id)
    assert ended(job).state == "done"
    kept = keeping.get("monthly", "2026-09")
    assert kept
    assert kept.id == closing.id
    frozen = db().report_frozen.count_documents({"closing": closing.id, "source": "complaints"})
    assert frozen == len(of_september(complaints))


def test_records_that_change_in_the_middle_are_frozen_as_they_are_in_the_end(
    admin: User, complaints: LiveForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = of_september(complaints)[0]
    results = running.results
    calls: list[Look] = []

    def meanwhile(look: Look) -> Iterator[Result]:
        calls.append(look)
        if len(calls) == 1:
            changed(complaints, admin, first, qty=4999)
        yield from results(look)

    monkeypatch.setattr(running, "results", meanwhile)
    assert closed(admin).state == "done"
    closing = keeping.get("monthly", "2026-09")
    assert closing
    assert len(calls) == 4  # both languages, twice
    assert dataset.verify(closing, ["complaints", "deliveries"])
    figures = table(reprint.results(look_at(admin), closing))["figures"]
    assert next(one["value"] for one in figures if one["figure"] == "Defects") >= 4999


def compared(closing: Closing, language: str) -> dict[str, Any]:
    """Return the defects of the month before, as they were frozen in a language."""
    heads = closing.frozen(language)["results"]
    [figures] = [frozen.load(one) for one in heads if one["key"] == "figures"]
    return dict(figures.rows[1].values)


def at_each_pass(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[int], object]) -> list[str]:
    """Let something happen as results are worked out; return the languages of the passes, as they come."""
    results = running.results
    passes: list[str] = []

    def worked_out(look: Look) -> Iterator[Result]:
        passes.append(look.language)
        meanwhile(len(passes))
        yield from results(look)

    monkeypatch.setattr(running, "results", worked_out)
    return passes


def test_both_languages_are_frozen_with_the_same_figures_though_an_earlier_month_is_changed_between(
    admin: User, complaints: LiveForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = one_of(complaints, AUGUST)

    def once(number: int) -> None:
        if number == 2:
            changed(complaints, admin, earlier, qty=4999)

    passes = at_each_pass(monkeypatch, once)
    assert closed(admin).state == "done"
    assert passes == ["zh", "en"] * 2
    before = [compared(in_force(SEPTEMBER), language)["before"] for language in ("zh", "en")]
    assert before[0] == before[1] >= 4999


def test_a_month_whose_comparisons_never_rest_stays_open_and_says_why(
    admin: User, complaints: LiveForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = one_of(complaints, AUGUST)
    at_each_pass(
        monkeypatch,
        lambda number: changed(complaints, admin, again(complaints, earlier), qty=5000 + number),
    )
    job = closed(admin)
    assert job.state == "failed"
    assert "being changed right now" in str(job.error)
    assert keeping.get("monthly", "2026-09") is None


def test_a_closing_shows_that_it_lives_while_it_reads_records(
    admin: User, complaints: LiveForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset, "BATCH", 2)
    closed_on(datetime(2026, 9, 3, 2, tzinfo=UTC), admin, AUGUST)
    shows: Counter[str] = Counter()

    def watched(where: Any, name: str) -> None:
        step = getattr(where, name)

        def watching(*given: Any) -> Any:
            *others, tick = given

            def ticked() -> None:
                shows[f"{where.__name__}.{name}"] += 1
                tick()

            return step(*others, ticked)

        monkeypatch.setattr(where, name, watching)

    for where, name in ((making, "fingerprint"), (dataset, "fingerprint"), (telling, "tell")):
        watched(where, name)
    changed(complaints, admin, one_of(complaints, AUGUST), qty=77)
    job = making.enqueue(admin, reports.get("monthly"), SEPTEMBER, "en")
    assert ended(job).state == "done"
    assert closed(admin).state == "done"
    batches = len(of_september(complaints)) // 2
    assert len(shows) == 3
    assert (
        min(shows["models.reports.making.fingerprint"], shows[f"{dataset.__name__}.fingerprint"]) >= batches
    )
    assert batches > 1


def test_a_closed_month_is_handed_on_by_a_form_of_its_own(admin: User, complaints: LiveForm) -> None:
    factories.form(field("about"), field("month"), field("seal"), field("paper", "attachment"), key="release")
    fields = {"report": "about", "period": "month", "fingerprint": "seal", "workbook": "paper"}
    release = {"form": "release", **fields}
    definition = report_stage.definition(key="released", release=release)
    report_stage.stored(admin, definition)
    job = ended(closing_month.enqueue(admin, reports.get("released"), SEPTEMBER, "en"))
    assert job.state == "done", job.error
    closing = keeping.get("released", "2026-09")
    assert closing
    assert closing.release
    record = db().record_release.find_one({"_id": closing.release["record"]})
    assert record
    assert (record["data"]["month"], record["data"]["seal"]) == ("2026-09", closing.fingerprint)
    [paper] = record["data"]["paper"]
    assert files.info(paper["file"])["claimed_by"] == {"form": "release", "record": record["_id"]}


PAPER: dict[str, Any] = {"initial": "open", "states": [
    {"key": "open", "label": report_stage.label("Open")},
    {"key": "filed", "label": report_stage.label("Filed"), "category": "done"},
    {"key": "void", "label": report_stage.label("Void"), "category": "void"},
], "transitions": [
    {"key": "file", "label": report_stage.label("File"), "sources": ["open"], "to": "filed"},
    {"key": "recall", "label": report_stage.label("Recall"), "sources": ["open", "filed"], "to": "void"},
]}  # fmt: skip


def handed_on(person: User) -> tuple[LiveForm, dict[str, Any]]:
    """Close September with a paper of its own; return its form and the paper."""
    paper = factories.form(field("about"), key="release", workflow=PAPER)
    release = {"form": "release", "report": "about", "reopened": "recall"}
    report_stage.stored(person, report_stage.definition(key="released", release=release))
    assert ended(closing_month.enqueue(person, reports.get("released"), SEPTEMBER, "en")).state == "done"
    [record] = paper.records().find({})
    return paper, record


@pytest.mark.parametrize("steps", [[], ["file"], ["recall"]])
def test_what_handed_a_month_on_is_taken_back_when_it_is_opened_again(
    admin: User, complaints: LiveForm, steps: list[str]
) -> None:
    paper, record = handed_on(admin)
    for step in steps:
        workflow.move(Actor.of(admin), paper, record["_id"], step, source="screen")
    reopening.reopen(admin, in_force(SEPTEMBER, "released"), "A claim was forgotten.")
    [record] = paper.records().find({})
    assert record["state"] == "void"
    [last, *_before] = history.of_record("release", record["_id"])
    assert last["by"] == admin.id
    assert last["reason"] == ("" if "recall" in steps else "A claim was forgotten.")


def test_a_month_stays_closed_where_what_handed_it_on_cannot_be_taken_back(
    admin: User, complaints: LiveForm
) -> None:
    paper, record = handed_on(admin)
    workflow.move(Actor.of(admin), paper, record["_id"], "file", source="screen")
    recall = {**PAPER["transitions"][1], "sources": ["open"]}
    factories.republish(paper, workflow={**PAPER, "transitions": [PAPER["transitions"][0], recall]})
    with pytest.raises(DomainError, match="cannot be taken back"):
        reopening.reopen(admin, in_force(SEPTEMBER, "released"), "A claim was forgotten.")
    assert in_force(SEPTEMBER, "released").is_closed
    assert db().audit.count_documents({"event": "report.reopened"}) == 0


def test_a_step_that_takes_papers_back_has_to_lead_on_from_everywhere(
    admin: User, complaints: LiveForm
) -> None:
    states = [*PAPER["states"], {"key": "lost", "label": report_stage.label("Lost")}]
    lose = {"key": "lose", "label": report_stage.label("Lose"), "sources": ["open"], "to": "lost"}
    find = {"key": "find", "label": report_stage.label("Find"), "sources": ["lost"], "to": "open"}
    factories.form(
        field("about"),
        key="release",
        workflow={**PAPER, "states": states, "transitions": [*PAPER["transitions"], lose, find]},
    )
    for step, said in (("recall", "“Lost”"), ("gone", "“gone”")):
        release = {"form": "release", "report": "about", "reopened": step}
        [problem] = checks.problems(report_stage.definition(key="released", release=release))
        assert problem.path == "release.reopened"
        assert said in translate(problem.message, "en")


def test_an_empty_month_can_be_closed(admin: User, complaints: LiveForm) -> None:
    empty = Period.read("2019-02")
    assert closed(admin, empty).state == "done"
    closing = keeping.get("monthly", "2019-02")
    assert closing
    assert closing.document["counts"] == {"complaints": 0, "deliveries": 0}
    assert dataset.verify(closing, ["complaints", "deliveries"])


def released(person: User, **fields: Any) -> None:
    """Keep a report that is handed on by a form of its own; `fields` are more of them."""
    named = (field("about"), field("month"), field("seal"), field("paper", "attachment"))
    factories.form(*named, *fields.values(), key="release")
    parts = {"report": "about", "period": "month", "fingerprint": "seal", "workbook": "paper"}
    release = {"form": "release", **parts}
    report_stage.stored(person, report_stage.definition(key="released", release=release))


def test_a_month_that_cannot_be_handed_on_stays_open_and_says_which_field_is_missing(
    admin: User, complaints: LiveForm
) -> None:
    released(admin, verdict=field("verdict", required=True, label=report_stage.label("Verdict")))
    job = ended(closing_month.enqueue(admin, reports.get("released"), SEPTEMBER, "en"))
    assert job.state == "failed"
    assert "Verdict" in str(job.error)
    assert keeping.get("released", "2026-09") is None
    assert db().record_release.count_documents({}) == 0
    definition = reports.get("released").definition.dump()
    definition["release"]["values"] = {"verdict": "Fine."}
    reports.put(Actor.of(admin), ReportDefinition.load(definition), version=1)
    assert ended(closing_month.enqueue(admin, reports.get("released"), SEPTEMBER, "en")).state == "done"
    assert in_force(SEPTEMBER, "released").release
    assert db().record_release.count_documents({}) == 1


@pytest.mark.parametrize("open_again", [False, True])
def test_a_closing_whose_worker_died_after_its_end_is_not_closed_anew(
    admin: User, complaints: LiveForm, *, open_again: bool
) -> None:
    job = closed(admin)
    if open_again:
        reopened(admin, SEPTEMBER)
    db().jobs.update_one({"_id": job.id}, {"$set": {"state": "queued"}})
    assert ended(job).state == "done"
    assert (keeping.get("monthly", "2026-09") is None) is open_again
    assert len(keeping.of_report("monthly")) == 1


def test_a_report_whose_only_closing_came_to_nothing_can_be_deleted(
    admin: User, complaints: LiveForm
) -> None:
    job = closing_month.enqueue(admin, reports.get("monthly"), SEPTEMBER, "en")
    closing = keeping.begin(admin, "monthly", 1, SEPTEMBER, job.id)
    dataset.freeze(closing, look_at(admin))
    with pytest.raises(InUseError):
        reports.remove(Actor.of(admin), "monthly")  # it is being closed
    running_job = RunningJob.claim(job.id, "test")
    assert running_job
    running_job.cancel()
    reports.remove(Actor.of(admin), "monthly")
    left = (db().report_closings, db().report_frozen)
    assert [one.count_documents({}) for one in left] == [0, 0]
