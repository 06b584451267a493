"""A form with a field of every kind that figures can be parted by, and reports over it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from bson import Decimal128, ObjectId

from models.database import Document
from models.forms import LiveForm
from models.people import User
from models.reports.look import Look
from models.reports.parts import ReportDefinition
from models.reports.periods import Period
from models.reports.results import Result, Row
from tests import factories
from tests.factories import field
from tests.models.reports.stage import SEVERITIES, label, options

DAY: Final = "2026-09-10"


class Cases:
    """Cases with mechanisms that have parents, and deliveries that know of nothing but customers."""

    def __init__(self, admin: User) -> None:
        self.admin = admin
        self.mechanisms = factories.form(
            field("name"), field("parent", "reference", form="mechanism"), key="mechanism"
        )
        self.form = factories.form(
            field("name"),
            field("day", "date", filterable=True),
            field("text"),
            field("story", "long_text"),
            field("cause", "choice", options=options("people", "machine")),
            field("severity", "choice", options=options(*SEVERITIES)),
            field("tags", "multi_choice", options=options("red", "green", "blue")),
            field("mechanism", "reference", form="mechanism"),
            field("mechanisms", "reference", form="mechanism", many=True),
            field("happened", "datetime"),
            field("amount", "decimal", decimals=2),
            field("share", "percent", decimals=1),
            field("cost", "money", currency="CNY", currencies=["CNY", "USD"]),
            field("twice", "computed", formula="amount * 2", result="decimal", decimals=2),
            field("urgent", "boolean"),
            field("qty", "integer"),
            field("kind", "choice", options=options("a", "b", "c")),
            key="case",
            numbering="K-{seq:5}",
        )
        self.deliveries = factories.form(
            field("name"),
            field("day", "date"),
            field("qty", "integer"),
            field("kind", "choice", options=options("a")),
            key="delivery",
        )
        self._patterns: dict[str, Document] = {}

    def add(self, *records: Mapping[str, Any], form: LiveForm | None = None) -> list[ObjectId]:
        """Store cases with the data of each; they lie in September unless a day says otherwise."""
        kept = form or self.form
        made = [
            {**self._pattern(kept), "_id": ObjectId(), "data": {"name": "x", "day": DAY, **data}}
            for data in records
        ]
        kept.records().insert_many(made)
        return [one["_id"] for one in made]

    def _pattern(self, form: LiveForm) -> Document:
        if form.key not in self._patterns:
            found = factories.record(form, self.admin, name="pattern")
            form.records().delete_one({"_id": found["_id"]})
            self._patterns[form.key] = found
        return self._patterns[form.key]

    def mechanism(self, name: str, parent: ObjectId | None = None) -> ObjectId:
        """Store a mechanism."""
        data = {"name": name, **({"parent": parent} if parent else {})}
        raw = {key: str(value) for key, value in data.items()}
        made: ObjectId = factories.record(self.mechanisms, self.admin, **raw)["_id"]
        return made

    def look(self, definition: ReportDefinition, period: str = "2026-09", **other: Any) -> Look:
        return Look(definition, self.admin, Period.read(period), "en", **other)

    def all(self) -> list[Document]:
        return list(self.form.records().find({}))


def by(key: str, /, **more: Any) -> dict[str, Any]:
    """Return a grouping by a field."""
    return {"key": key.strip("@"), "label": label(key), "field": key, **more}


def over_cases(*analyses: dict[str, Any], groupings: Iterable[dict[str, Any]] = ()) -> ReportDefinition:
    """Return a report over cases and deliveries."""
    return ReportDefinition.load(
        {
            "key": "cases",
            "label": label("Cases"),
            "compare": [],
            "sources": [
                {"key": "cases", "form": "case", "date": "day"},
                {"key": "deliveries", "form": "delivery", "date": "day"},
            ],
            "measures": [
                {"key": "count", "label": label("Cases"), "source": "cases"},
                _of("qty", "sum", "qty"),
                _of("amounts", "distinct", "amount"),
                _of("labels", "distinct", "tags"),
                _of("mean", "average", "severity", weights=SEVERITIES),
                {**_of("delivered", "sum", "qty"), "source": "deliveries"},
            ],
            "ratios": [
                {"key": "rate", "label": label("Rate"), "part": "delivered", "whole": "count"},
                {"key": "ppm", "label": label("PPM"), "part": "qty", "whole": "delivered", "per": 1_000_000},
            ],
            "targets": [{"measure": "rate", "value": 5, "better": "lower"}],
            "groupings": list(groupings),
            "analyses": [{"label": label(one["kind"]), "key": one["kind"], **one} for one in analyses],
        }
    )


def _of(key: str, kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "label": label(key), "source": "cases", "kind": kind, "field": name, **more}


def breakdown(by: str, *measures: str) -> dict[str, Any]:
    return {"kind": "breakdown", "by": [by], "measures": list(measures or ["count"])}


def named(result: Result, key: str = "count") -> dict[str, Any]:
    """Return a figure of each group."""
    found = {row.values["group"]: row.values[key] for row in result.rows}
    assert len(found) == len(result.rows)
    return found


def opened(look: Look, row: Row) -> list[Document]:
    """Return the very records that a row leads to."""
    assert row.where is not None
    source = look.report.by_source[row.source]
    return list(look.figures.form(source).records().find(look.figures.match(source, row.where)))


def number(text: str) -> Decimal128:
    return Decimal128(text)
