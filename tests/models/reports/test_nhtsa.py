"""Figures of real complaints to an authority, counted from the file itself."""

import csv
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from models.forms import LiveForm
from models.reports.look import Look
from models.reports.parts import ReportDefinition
from models.reports.periods import Fiscal, Period
from models.reports.results import Result
from models.reports.running import results
from tests import factories
from tests.factories import field
from tests.models.reports.stage import behind, label

FILE = Path(__file__).parents[2] / "data" / "nhtsa-complaints.tsv"
WHOLE = "1995-01-01..2020-12-31"
LISTED = ("name", "received_on", "make", "miles", "text")
Rows = Sequence[dict[str, str]]


def rows() -> Rows:
    """Return the complaints as the file has them."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def day(text: str) -> str | None:
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if text else None


def stored(row: dict[str, str]) -> dict[str, Any]:
    found = {
        "name": row["ODINO"],
        "received_on": day(row["DATEA"]),
        "failed_on": day(row["FAILDATE"]),
        "make": row["MAKETXT"],
        "model": row["MODELTXT"],
        "component": row["COMPDESC"],
        "injured": int(row["INJURED"] or 0),
        "miles": int(row["MILES"]) if row["MILES"] else None,
        "text": row["CDESCR"],
    }
    return {key: value for key, value in found.items() if value not in (None, "")}


@pytest.fixture
def complaints(db: object) -> LiveForm:
    live = factories.form(
        field("name"),
        field("received_on", "date"),
        field("failed_on", "date"),
        *(field(key) for key in ("make", "model", "component")),
        field("injured", "integer"),
        field("miles", "integer"),
        field("text", "long_text"),
        key="complaint",
    )
    pattern = factories.record(live, name="pattern")
    live.records().delete_one({"_id": pattern.pop("_id")})
    live.records().insert_many([{**pattern, "data": stored(row)} for row in rows()])
    return live


def report() -> ReportDefinition:
    def one(key: str, kind: str, name: str = "", **more: str) -> dict[str, Any]:
        return {"key": key, "label": label(key), "source": "all", "kind": kind, "field": name, **more}

    def asked(key: str, kind: str, *measures: str, **more: Any) -> dict[str, Any]:
        return {"key": key, "kind": kind, "label": label(key), "measures": measures, **more}

    return ReportDefinition.load(
        {
            "key": "nhtsa",
            "label": label("Complaints"),
            "unit": "year",
            "sources": [{"key": "all", "form": "complaint", "date": "received_on"}],
            "measures": [
                one("count", "count"),
                one("injured", "sum", "injured"),
                one("models", "distinct", "model"),
                one("miles", "average", "miles"),
                one("days", "average", "failed_on", until="received_on"),
            ],
            "ratios": [
                {"key": "per", "label": label("per"), "part": "injured", "whole": "count", "per": 1000}
            ],
            "groupings": [{"key": key, "label": label(key), "field": key} for key in ("make", "component")],
            "analyses": [
                {"key": "figures", "kind": "figures", "label": label("Figures")},
                asked("pareto", "pareto", "count", by=["make"]),
                asked("makes", "breakdown", *MEASURES, by=["make"]),
                asked("trend", "trend", "count", options={"periods": 12}),
                asked("list", "records", "count", options={"fields": list(LISTED)}),
                asked("again", "repeats", "count", by=["make"], options={"days": 200}),
            ],
        }
    )


def mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def waited(found: Rows) -> list[float]:
    pairs = [(day(row["FAILDATE"]), day(row["DATEA"])) for row in found]
    return [
        (date.fromisoformat(end) - date.fromisoformat(start)).days for start, end in pairs if start and end
    ]


MEASURES: dict[str, Callable[[Rows], Any]] = {
    "count": len,
    "injured": lambda found: sum(int(row["INJURED"] or 0) for row in found),
    "models": lambda found: len({row["MODELTXT"] for row in found if row["MODELTXT"]}),
    "miles": lambda found: mean([int(row["MILES"]) for row in found if row["MILES"]]),
    "days": lambda found: mean(waited(found)),
}


def within(period: Period) -> Rows:
    return [
        row
        for row in rows()
        if period.first.isoformat() <= (day(row["DATEA"]) or "") <= period.last.isoformat()
    ]


def worked_out(name: str) -> tuple[Look, dict[str, Result]]:
    look = Look(report(), factories.administrator(), Period.read(name), "en", Fiscal())
    return look, {one.key: one for one in results(look)}


@pytest.mark.parametrize("name", [WHOLE, "2008", "2008-Q2", "2008-06"])
def test_every_figure_is_what_the_file_says(complaints: LiveForm, name: str) -> None:
    look, found = worked_out(name)
    inside = within(look.period)
    assert len(inside) > 1 or name != WHOLE
    values = {row.values["figure"]: row.values["value"] for row in found["figures"].rows}
    for key, oracle in MEASURES.items():
        assert _same(values[key], oracle(inside)), key
    assert _same(values["per"], 1_000 * MEASURES["injured"](inside) / len(inside) if inside else None)
    assert len(found["list"].rows) == len(inside)


def _same(ours: Any, theirs: Any) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    return float(ours) == pytest.approx(float(theirs))


def test_makes_are_ordered_as_the_file_has_them(complaints: LiveForm) -> None:
    look, found = worked_out(WHOLE)
    inside = within(look.period)
    makes = Counter(row["MAKETXT"] for row in inside)
    assert {row.values["group"]: row.values["count"] for row in found["pareto"].rows} == makes
    assert [row.values["count"] for row in found["pareto"].rows] == sorted(makes.values(), reverse=True)
    assert found["pareto"].rows[-1].values["cumulative"] == 1
    for row in found["makes"].rows:
        own = [one for one in inside if one["MAKETXT"] == row.values["group"]]
        for key, oracle in MEASURES.items():
            assert _same(row.values[key], oracle(own)), (row.values["group"], key)
        assert len(behind(look, row)) == len(own)


def test_a_trend_of_years_is_what_the_file_says(complaints: LiveForm) -> None:
    look, found = worked_out("2015")
    years = Counter(row["DATEA"][:4] for row in rows())
    assert [row.values["count"] for row in found["trend"].rows] == [
        years.get(str(year), 0) for year in range(2004, 2016)
    ]
    assert look.period.name == "2015"


def test_the_list_has_every_word_of_the_file(complaints: LiveForm) -> None:
    look, found = worked_out(WHOLE)
    inside = within(look.period)
    expected = Counter(
        (row["ODINO"], row["MAKETXT"], int(row["MILES"]) if row["MILES"] else None, row["CDESCR"] or None)
        for row in inside
    )
    shown = [row.values for row in found["list"].rows]
    assert Counter((one["name"], one["make"], one["miles"], one["text"]) for one in shown) == expected
    assert [one["received_on"] for one in shown] == sorted(one["received_on"] for one in shown)


def test_what_came_again_is_what_the_file_says(complaints: LiveForm) -> None:
    look, found = worked_out(WHOLE)
    repeats = 0
    for make in {row["MAKETXT"] for row in rows()}:
        days = sorted(date.fromisoformat(day(row["DATEA"]) or "") for row in rows() if row["MAKETXT"] == make)
        repeats += sum(1 for before, after in pairwise(days) if (after - before).days <= 200)
    assert found["again"].facts["repeats"] == repeats > 0
    for row in found["again"].rows:
        assert len(behind(look, row)) == row.values["times"]
