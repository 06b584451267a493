"""A company with complaints and deliveries whose figures are known, and the plain way to count them."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from bson import Decimal128, ObjectId

from models.database import Document
from models.forms import LiveForm
from models.people import User
from models.reports.look import Look
from models.reports.parts import ReportDefinition
from models.reports.periods import Fiscal, Period
from models.reports.results import Result, Row
from models.reports.running import results
from tests import factories
from tests.factories import field

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
FAULTS: Final = ("leak", "noise", "crack", "rust")
CAUSES: Final = ("people", "machine", "material", "method", "environment")
SEVERITIES: Final = {"major": 10, "important": 5, "general": 1}
PERIOD: Final = "2026-09"


def label(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def options(*keys: str) -> list[dict[str, Any]]:
    return [{"key": key, "label": label(key.capitalize())} for key in keys]


def complaint_form(**properties: Any) -> LiveForm:
    return factories.form(
        field("name", required=True),
        field("received_at", "datetime", indexed=True, filterable=True),
        field("replied_at", "datetime"),
        field("closed_on", "date"),
        field("opened_on", "date"),
        field("customer", "reference", form="customer", filterable=True),
        field("part", filterable=True),
        field("fault", "choice", options=options(*FAULTS), filterable=True),
        field("cause", "choice", options=options(*CAUSES), filterable=True),
        field("severity", "choice", options=options(*SEVERITIES), filterable=True),
        field("tags", "multi_choice", options=options("repeat", "safety", "batch"), filterable=True),
        field("qty", "integer"),
        field("cost", "money", currency="CNY", currencies=["CNY", "USD"]),
        field("spent", "duration"),
        field("stars", "rating"),
        field("handler", "person"),
        key="complaint",
        numbering="C-{seq:5}",
        workflow=WORKFLOW,
        **properties,
    )


WORKFLOW: Final[dict[str, Any]] = {
    "initial": "open",
    "states": [
        {"key": "open", "label": {"en": "Open"}},
        {"key": "closed", "label": {"en": "Closed"}, "category": "done"},
        {"key": "void", "label": {"en": "Void"}, "category": "void"},
    ],
    "transitions": [
        {"key": "close", "label": {"en": "Close"}, "sources": ["open"], "to": "closed"},
        {"key": "annul", "label": {"en": "Annul"}, "sources": ["open"], "to": "void"},
    ],
}


def delivery_form() -> LiveForm:
    return factories.form(
        field("name"),
        field("delivered_on", "date", indexed=True, filterable=True),
        field("customer", "reference", form="customer", filterable=True),
        field("qty", "integer"),
        key="delivery",
    )


class Company:
    """Forms and records; `add` and `deliver` store as many as are needed without any ceremony."""

    def __init__(self, admin: User) -> None:
        self.admin = admin
        customer = factories.form(field("name", required=True), key="customer")
        self.customers: list[ObjectId] = [
            factories.record(customer, admin, name=f"Plant {at}")["_id"] for at in range(4)
        ]
        self.complaints, self.deliveries = complaint_form(), delivery_form()
        first = factories.record(self.complaints, admin, name="pattern")
        other = factories.record(self.deliveries, admin, name="pattern")
        self.complaints.records().delete_one({"_id": first["_id"]})
        self.deliveries.records().delete_one({"_id": other["_id"]})
        self._patterns = {"complaint": first, "delivery": other}
        self.made, self._filling = 0, False
        self._waiting: dict[str, list[Document]] = {}

    def _store(self, form: LiveForm, data: Mapping[str, Any], **system: Any) -> ObjectId:
        self.made += 1
        pattern = self._patterns[form.key]
        filled = {key: value for key, value in data.items() if value is not None}
        own = {"_id": ObjectId(), "number": f"C-{self.made:05}", "data": {"name": "x", **filled}}
        self._waiting.setdefault(form.key, []).append({**pattern, **own, **system})
        if not self._filling:
            self._flush()
        made: ObjectId = own["_id"]  # type: ignore[assignment]
        return made

    def _flush(self) -> None:
        for form in (self.complaints, self.deliveries):
            if waiting := self._waiting.pop(form.key, []):
                form.records().insert_many(waiting)

    def add(
        self, received_at: datetime | str, *, system: Mapping[str, Any] | None = None, **data: Any
    ) -> ObjectId:
        """Store a complaint."""
        moment = datetime.fromisoformat(received_at) if isinstance(received_at, str) else received_at
        return self._store(self.complaints, {"received_at": moment, **data}, **(system or {}))

    def deliver(self, day: str, qty: int, **data: Any) -> ObjectId:
        """Store a delivery."""
        return self._store(self.deliveries, {"delivered_on": day, "qty": qty, **data})

    def fill(self, count: int = 400, seed: int = 1) -> None:
        """Store complaints of three years, and deliveries of most months of them."""
        rng = Random(seed)  # noqa: S311  (nothing secret)
        self._filling = True
        for _at in range(count):
            self._any(rng)
        for months in range(36):
            if months % 11 != 5:  # in some months nothing is delivered
                day = date(2024 + months // 12, months % 12 + 1, 1 + rng.randrange(28))
                self.deliver(day.isoformat(), rng.randrange(500, 2_000), customer=rng.choice(self.customers))
        self._filling = False
        self._flush()

    def _any(self, rng: Random) -> None:
        start = datetime(2023, 12, 31, 15, 0, tzinfo=UTC)
        moment = start + timedelta(minutes=rng.randrange(3 * 365 * 24 * 60))
        opened = date(2026, 8, 1) + timedelta(days=rng.randrange(60))
        self.add(
            moment,
            system={"state": rng.choice([None, "open", "closed", "closed", "void"])},
            replied_at=rng.choice([None, moment + timedelta(minutes=rng.randrange(10_000))]),
            opened_on=opened.isoformat(),
            closed_on=rng.choice([None, (opened + timedelta(days=rng.randrange(30))).isoformat()]),
            customer=rng.choice([None, *self.customers]),
            part=rng.choice(["P1", "P2", "=P3", None]),
            fault=rng.choice([*FAULTS, FAULTS[0], None]),
            cause=rng.choice([*CAUSES, None]),
            severity=rng.choice(list(SEVERITIES)),
            tags=rng.choice([None, ["repeat"], ["repeat", "safety"], ["batch", "safety", "repeat"]]),
            qty=rng.choice([None, *range(6)]),
            cost=money(f"{rng.randrange(100_000) / 100:.2f}", rng.choice(["CNY", "CNY", "CNY", "USD"])),
            spent=rng.choice([None, rng.randrange(90_000)]),
            stars=rng.choice([None, 1, 2, 3, 4, 5, 5]),
        )

    def look(self, report: ReportDefinition, period: str = PERIOD, **other: Any) -> Look:
        person = other.pop("person", self.admin)
        return Look(report, person, Period.read(period, other.get("fiscal", Fiscal())), "en", **other)

    # -- the plain way -------------------------------------------------------------------------------------

    def counted(
        self, period: Period, holds: Callable[[Document], bool] = lambda _one: True
    ) -> list[Document]:
        """Return the complaints of some days as plain Python finds them, voided and deleted ones left out."""
        return [
            one
            for one in self.complaints.records().find({})
            if one["deleted_at"] is None
            and one["state"] != "void"
            and one["data"].get("received_at")
            and period.first <= one["data"]["received_at"].astimezone(SHANGHAI).date() <= period.last
            and holds(one)
        ]

    def delivered(self, period: Period) -> list[Document]:
        return [
            one
            for one in self.deliveries.records().find({})
            if period.first.isoformat() <= one["data"]["delivered_on"] <= period.last.isoformat()
        ]


def money(amount: str, currency: str = "CNY") -> Document:
    return {"amount": Decimal128(amount), "currency": currency}


def report(*analyses: dict[str, Any], **parts: Any) -> ReportDefinition:
    """Return a report over complaints and deliveries."""
    whole: dict[str, Any] = {
        "key": "monthly",
        "label": label("Monthly"),
        "sources": [
            {"key": "complaints", "form": "complaint", "date": "received_at", "label": label("Complaints")},
            {"key": "deliveries", "form": "delivery", "date": "delivered_on", "label": label("Deliveries")},
        ],
        "measures": [
            {"key": "count", "label": label("Complaints"), "source": "complaints"},
            _of("defects", "sum", "qty"),
            _of("cost", "sum", "cost", decimals=2),
            _of("weight", "sum", "severity", weights=SEVERITIES),
            _of("customers", "distinct", "customer"),
            _of("labels", "distinct", "tags"),
            _of("reply", "average", "received_at", until="replied_at", decimals=1),
            _of("closing", "average", "opened_on", until="closed_on", decimals=1),
            _of("stars", "average", "stars", decimals=2),
            _of("spent", "average", "spent", decimals=2),
            _of("open", "count", "", where={"field": "@state", "op": "not_in", "value": ["closed"]}),
            {**_of("delivered", "sum", "qty"), "source": "deliveries"},
        ],
        "ratios": [
            {"key": "ppm", "label": label("PPM"), "part": "defects", "whole": "delivered", "per": 1_000_000},
            {"key": "mean", "label": label("Mean"), "part": "defects", "whole": "count"},
        ],
        "groupings": [
            *({"key": key, "label": label(key), "field": key} for key in _GROUPS),
            {"key": "state", "label": label("state"), "field": "@state"},
            {"key": "owner", "label": label("owner"), "field": "@owner"},
            {"key": "assignees", "label": label("assignees"), "field": "@assignees"},
            {"key": "few", "label": label("few"), "field": "fault", "top": 2},
        ],
        "analyses": [{"label": label(one["kind"]), "key": one["kind"], **one} for one in analyses],
    }  # fmt: skip
    return ReportDefinition.load({**whole, **parts})


_GROUPS: Final = ("customer", "part", "fault", "cause", "severity", "tags", "stars")


def _of(key: str, kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "label": label(key), "source": "complaints", "kind": kind, "field": name, **more}


def one_result(look: Look) -> Result:
    """Return what the only analysis of a report finds."""
    [found] = results(look)
    return found


def behind(look: Look, row: Row) -> list[Document]:
    """Return the very records that a row leads to."""
    assert row.where is not None
    source = look.report.by_source[row.source]
    return list(look.figures.form(source).records().find(look.figures.match(source, row.where)))


def parted(records: Iterable[Document], key: str) -> dict[Any, list[Document]]:
    """Part records by a field, one of several values in each of its groups, as a person would."""
    groups: dict[Any, list[Document]] = {}
    for one in records:
        value = one["data"].get(key)
        for group in value if isinstance(value, list) else [value]:
            groups.setdefault(group, []).append(one)
    return groups
