"""A monthly summary's figures among ten years of records, against one bare look through all of them.

What every analysis finds is also what the reader's screen shows, so this is the time that a page waits for.
"""

import statistics
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from pymongo import ASCENDING

from backoffice.bench.ground import Ground, got
from backoffice.bench.measuring import Against, Result, in_turns, seconds
from models import forms
from models.database import Document, db
from models.forms import LiveForm
from models.people import Actor
from models.reports import keeping, running
from models.reports.look import Look
from models.reports.parts import ReportDefinition
from models.reports.periods import Period
from seed import generate

FORM: Final = "bench_complaint"
KEY: Final = "bench"
RATIO: Final = 1.5
PAGE: Final = 1_000
"""Milliseconds."""
ROUNDS: Final = 5
YEARS: Final = 10
LAST: Final = 2025
MONTH: Final = f"{LAST}-11"
_DAYS: Final = YEARS * 365
_FIRST: Final = datetime(LAST - YEARS + 1, 1, 1, tzinfo=UTC)
_WAITED_FOR: Final = (
    "page of a month with its first analyses",
    "fetched after it: trend",
    "fetched after it: season",
)
_BY: Final = ("severity", "region", "channel", "customer")


def summary(ground: Ground) -> Iterator[Result]:
    """Measure the figures of one month's summary."""
    form = _filled(ground)
    ours, plain = _compared(ground, form, Period.read(MONTH))
    analyses = len(definition().analyses)
    what = f"figures of a month, {analyses} analyses, {ground.records:,} records of {YEARS} years"
    yield Result("reports", what, 1e3 * ours, 1e3 * plain, RATIO)
    yield from _pages(ground)


def _pages(ground: Ground) -> Iterator[Result]:
    """Measure what a reader waits for: the page of a month, and charts over the years, fetched later."""
    if not any(one.key == KEY for one in keeping.every()):
        keeping.put(Actor.of(ground.person), definition(), version=0)
    page = partial(got, ground.ours, f"/reports/{KEY}?period={MONTH}")
    trend, season = (
        partial(got, ground.ours, f"/reports/{KEY}/section?period={MONTH}&analysis={key}")
        for key in ("trend", "season")
    )
    for what, waited in zip(_WAITED_FOR, in_turns(page, trend, season, rounds=ROUNDS), strict=True):
        limit = PAGE if what is _WAITED_FOR[0] else None
        yield Result("reports", what, 1e3 * waited, limit=limit, against=Against.ITSELF)


def _compared(ground: Ground, form: LiveForm, period: Period) -> tuple[float, float]:
    """Return the median seconds of the summary and of a bare look, measured in turns after a warm-up."""
    ways = (lambda: figures(ground, period), lambda: bare(form))
    for way in ways:
        way()
    ours, theirs = zip(*([seconds(way) for way in ways] for _round in range(ROUNDS)), strict=True)
    return statistics.median(ours), statistics.median(theirs)


def figures(ground: Ground, period: Period) -> int:
    """Work a summary out as it is for a page; return how many rows it has."""
    look = Look(definition(), ground.person, period, "zh")
    found = list(running.results(look))
    if not all(one.columns for one in found):
        message = f"Not everything was worked out: {[one.notes for one in found if not one.columns]}"
        raise RuntimeError(message)
    return sum(len(one.rows) for one in found)


def bare(form: LiveForm) -> list[Document]:
    """Look through the whole collection once, for the same fields."""
    group = {
        "_id": {key: f"$data.{key}" for key in ("severity", "region", "channel")}
        | {"month": {"$substrBytes": ["$data.received_on", 0, 7]}},
        "count": {"$sum": 1},
        "defective": {"$sum": "$data.defective"},
        "delivered": {"$sum": "$data.delivered"},
        "cost": {"$sum": "$data.cost.amount"},
    }
    return list(form.records().aggregate([{"$group": group}], allowDiskUse=True, hint={"$natural": 1}))


def _filled(ground: Ground) -> LiveForm:
    """Return the form with the ground's records, spread over ten years."""
    if db().forms.find_one({"_id": FORM}):
        return forms.current(FORM)
    place: Document = {"$toInt": {"$substrBytes": ["$number", 3, 7]}}
    day: Document = {"$floor": {"$divide": [{"$multiply": [place, _DAYS - 1]}, ground.records]}}
    date = {"$dateAdd": {"startDate": _FIRST, "unit": "day", "amount": {"$toLong": day}}}
    received: Document = {"$dateToString": {"date": date, "format": "%Y-%m-%d"}}
    target = db()[forms.collection_name(FORM)]
    ground.form.records().aggregate([{"$set": {"data.received_on": received}}, {"$out": target.name}])
    target.create_index([("data.received_on", ASCENDING), ("_id", ASCENDING)])
    actor = Actor.of(ground.person)
    forms.create(actor, {**generate.definition(), "key": FORM})
    return forms.publish(actor, FORM, draft_revision=1)


def definition() -> ReportDefinition:
    """Return a report like the summary that is shipped."""
    return ReportDefinition.load(
        {
            "key": KEY,
            "label": {"zh": "汇总", "en": "Summary"},
            "sources": [{"key": "all", "form": FORM, "date": "received_on"}],
            "measures": [
                _measure("count"),
                _measure("defective", kind="sum", field="defective"),
                _measure("delivered", kind="sum", field="delivered"),
                _measure("cost", kind="sum", field="cost"),
                _measure("open", where={"field": "status", "op": "ne", "value": "closed"}),
            ],
            "ratios": [{"key": "ppm", "label": {"en": "PPM"}, "part": "defective", "whole": "delivered"}],
            "groupings": [{"key": key, "label": {"en": key}, "field": key} for key in _BY],
            "analyses": [
                _analysis("figures"),
                _analysis("frequency", "count", by=["customer"]),
                *(_analysis("breakdown", "count", "cost", by=[key], key=f"by_{key}") for key in _BY),
                _analysis("pareto", "count", by=["customer"]),
                _analysis("pareto", "cost", by=["customer"], key="costs"),
                _analysis("trend", "count"),
                _analysis("trend", "ppm", key="ppm"),
                _analysis("season", "count"),
                _analysis("fishbone", "count", by=["channel", "severity"]),
                _analysis("thresholds", "defective", "delivered", by=["region"]),
                _analysis("repeats", "count", by=["customer", "severity"], options={"days": 30}),
            ],
        }
    )


def _measure(key: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401  (parts of a measure)
    return {"key": key, "label": {"en": key}, "source": "all", **more}


def _analysis(kind: str, *measures: str, key: str = "", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"key": key or kind, "kind": kind, "label": {"en": key or kind}, "measures": measures, **more}
