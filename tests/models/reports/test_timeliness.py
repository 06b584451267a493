"""Deadlines kept and missed, as the clocks of the records say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from models import clocks, records, times
from models.clocks import store
from models.database import db
from models.forms import LiveForm
from models.people import User
from models.reports import drill
from models.reports.look import Look
from models.reports.parts import ReportDefinition
from models.reports.periods import Period
from models.reports.results import Result
from tests import factories
from tests.factories import field
from tests.models.reports.stage import behind, label, one_result, options

START = datetime(2026, 9, 1, 0, 0, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def sheets(db: object) -> LiveForm:
    """Return a form whose records have to be answered within 24 hours, and closed within 72."""

    def clock(key: str, hours: int, stop: str) -> dict[str, Any]:
        return {
            "key": key,
            "label": label(key.capitalize()),
            "start": {"states": ["open"]},
            "stop": {"rule": {"field": stop, "op": "not_empty"}},
            "length": {"amount": str(hours), "unit": "hours"},
        }

    return factories.form(
        field("name", required=True),
        field("received_at", "datetime"),
        field("kind", "choice", options=options("a", "b")),
        field("answer"),
        field("closing"),
        key="sheet",
        numbering="S-{seq:3}",
        workflow={
            "initial": "open",
            "states": [
                {"key": "open", "label": {"en": "Open"}},
                {"key": "done", "label": {"en": "Done"}, "category": "done"},
            ],
            "transitions": [{"key": "end", "label": {"en": "End"}, "sources": ["open"], "to": "done"}],
        },
        clocks=[clock("reply", 24, "answer"), clock("closing", 72, "closing")],
    )


def look_at(person: User, **analysis: Any) -> Look:
    definition = ReportDefinition.load(
        {
            "key": "late",
            "label": label("Late"),
            "sources": [{"key": "sheets", "form": "sheet", "date": "received_at"}],
            "measures": [{"key": "count", "label": label("Sheets"), "source": "sheets"}],
            "groupings": [{"key": "kind", "label": label("Kind"), "field": "kind"}],
            "analyses": [
                {
                    "key": "late",
                    "kind": "timeliness",
                    "label": label("Late"),
                    "measures": ["count"],
                    **analysis,
                }
            ],
        }
    )
    return Look(definition, person, Period.read("2026-09"), "en")


def handle(sheets: LiveForm, admin: User, kind: str, answered: int | None, closed: int | None) -> None:
    """Have a sheet that is answered and closed so many hours after it came, or not at all."""
    actor = factories.actor(admin)
    with times.set_clock(START):
        made = records.create(actor, sheets, {"name": "n", "received_at": START.isoformat(), "kind": kind})
    for key, hours in sorted((("answer", answered), ("closing", closed)), key=lambda pair: pair[1] or 0):
        if hours is not None:
            with times.set_clock(START + timedelta(hours=hours)):
                made = records.update(actor, sheets, made["_id"], {key: "x"}, revision=made["revision"])


def table(result: Result) -> dict[str, tuple[int, ...]]:
    names = ("in_time", "late", "overdue", "open", "ended")
    return {row.values["group"]: tuple(row.values[name] for name in names) for row in result.rows}


@pytest.fixture
def admin(sheets: LiveForm) -> User:
    """Return who looks at five sheets, two days after they came."""
    person = factories.administrator()
    for kind, answered, closed in (
        ("a", 1, 10),
        ("a", 24, None),
        ("b", 25, 40),
        ("b", None, 30),
        ("b", None, None),
    ):
        handle(sheets, person, kind, answered, closed)
    return person


def test_each_deadline_is_in_time_late_overdue_or_open(admin: User, sheets: LiveForm) -> None:
    with times.set_clock(START + timedelta(hours=48)):
        look = look_at(admin)
        result = one_result(look)
    # the due time itself is still in time; unanswered for 48 hours is overdue, unclosed is not yet
    assert table(result) == {"Reply": (2, 1, 2, 0, 0), "Closing": (3, 0, 0, 2, 0)}
    rows = {row.values["group"]: row for row in result.rows}
    assert float(rows["Reply"].values["rate"]) == pytest.approx(2 / 5)
    assert rows["Closing"].values["rate"] == 1
    assert rows["Reply"].values["took"] == pytest.approx((1 + 24 + 25) / 3 / 24)
    assert result.facts == {"in_time": 5, "late": 1, "overdue": 2, "open": 2, "ended": 0}
    late = {
        one.get("record") for one in _late(sheets, START + timedelta(hours=48)) if one.get("rule") == "reply"
    }
    assert {one["_id"] for one in behind(look, rows["Reply"])} == late
    assert len(late) == 3
    assert rows["Closing"].where is None


def _late(sheets: LiveForm, at: datetime) -> list[clocks.Clock]:
    """Return the clocks that are or were late, by what they themselves say."""
    ids = [one["_id"] for one in sheets.records().find({})]
    return [one for one in store.of_records("sheet", ids) if one.is_late(at) or one.get("breached_at")]


def test_a_sweep_changes_nothing_of_what_is_overdue(admin: User) -> None:
    with times.set_clock(START + timedelta(hours=48)):
        before = table(one_result(look_at(admin)))
        clocks.sweep()
        assert table(one_result(look_at(admin))) == before


def test_chosen_deadlines_are_told_by_group(admin: User) -> None:
    with times.set_clock(START + timedelta(hours=48)):
        result = one_result(look_at(admin, by=["kind"], options={"clocks": ["reply"]}))
    assert table(result) == {"A": (2, 0, 0, 0, 0), "B": (0, 1, 2, 0, 0)}


def test_what_ends_without_an_answer_counts_for_nothing(admin: User, sheets: LiveForm) -> None:
    last = sheets.records().find_one({}, sort=[("_id", -1)])
    assert last is not None
    with times.set_clock(START + timedelta(hours=20)):
        records.delete(
            factories.actor(admin), sheets, last["_id"], reason="a mistake", revision=last["revision"]
        )
    with times.set_clock(START + timedelta(hours=48)):
        assert table(one_result(look_at(admin)))["Reply"] == (2, 1, 1, 0, 0)  # nor do deleted records


def test_without_deadlines_it_says_so(sheets: LiveForm) -> None:
    result = one_result(look_at(factories.administrator()))
    assert result.rows == ()
    assert [str(note) for note in result.notes] == ["No deadlines ran for the records of this period."]


def test_ever_so_many_late_records_are_led_to_from_workbooks_as_the_note_says(admin: User) -> None:
    """Numbers and titles in Chinese are the longest there are: nine characters of an address for each."""
    sheets = factories.form(
        field("name"), field("received_at", "datetime"), key="letter", numbering="客诉-{yyyy}-{seq:4}"
    )
    raws = [{"name": "n", "received_at": START.isoformat()}] * 70
    records.commit(records.plan_creates(factories.actor(admin), sheets, raws, source="import"))
    ended = {"form": "letter", "kind": "deadline", "rule": "reply", "state": "done", "breached_at": START}
    db().clocks.insert_many(
        {**ended, "started_at": START, "stopped_at": START, "key": str(one["_id"]), "record": one["_id"]}
        for one in sheets.records().find()
    )
    look = look_at(admin, label={"en": "客户投诉八小时内初步答复及时率"})
    source = look.report.sources[0].model_copy(update={"form": "letter"})
    look = replace(look, report=look.report.model_copy(update={"sources": (source,)}))
    result = one_result(look)
    [row] = result.rows
    link = drill.link_of(look, "https://backoffice.example.com")
    assert link
    assert 0 < len(link(result, row)) <= 2_079
    given = parse_qs(urlsplit(link(result, row)).query)
    assert drill.read(look.report, given["source"][0], given["where"][0], "").where == row.where
    assert len(behind(look, row)) == 30
    assert "at most 30" in look.say(result.notes[0])
    assert row.values["late"] == 70
