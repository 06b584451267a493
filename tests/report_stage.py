"""A report on complaints and deliveries, and two years of both: what tests of reports' pages begin with."""

import random
from datetime import date, timedelta
from typing import Any, Final

from models import records
from models.forms import LiveForm
from models.people import Actor, User
from models.reports import keeping
from models.reports.keeping import Report
from models.reports.parts import ReportDefinition
from tests import factories
from tests.factories import field

FIRST: Final = date(2024, 10, 1)
MONTHS: Final = 24
PERIOD: Final = "2026-09"
FAULTS: Final = ("leak", "noise", "crack")
CAUSES: Final = ("people", "machine", "material")


def label(text: str) -> dict[str, str]:
    return {"zh": f"{text}（中）", "en": text}


def option(key: str) -> dict[str, Any]:
    return {"key": key, "label": label(key.capitalize())}


def complaint_form() -> LiveForm:
    return factories.form(
        field("name", required=True),
        field("received_on", "date", indexed=True, filterable=True),
        field("fault", "choice", options=[option(one) for one in FAULTS], filterable=True),
        field("cause", "choice", options=[option(one) for one in CAUSES], filterable=True),
        field("qty", "integer"),
        field("cost", "money"),
        key="complaint",
        label=label("Complaints"),
        numbering="C-{seq:5}",
    )


def delivery_form() -> LiveForm:
    return factories.form(
        field("name"),
        field("delivered_on", "date", filterable=True),
        field("qty", "integer"),
        key="delivery",
        label=label("Deliveries"),
    )


def part(key: str, text: str, /, **more: Any) -> dict[str, Any]:
    return {"key": key, "label": label(text), **more}


def definition(**changes: Any) -> ReportDefinition:
    """Return a monthly report with one analysis of most kinds."""
    document: dict[str, Any] = {
        **part("monthly", "Monthly complaints"),
        "description": label("What customers complained about, and how often."),
        "form_number": "QR-8.2-07",
        "sources": [
            part("complaints", "Complaints", form="complaint", date="received_on"),
            part("deliveries", "Deliveries", form="delivery", date="delivered_on"),
        ],
        "measures": [
            part("complaints", "Complaints", source="complaints"),
            part("defects", "Defects", source="complaints", kind="sum", field="qty"),
            part("cost", "Cost", source="complaints", kind="sum", field="cost", decimals=2),
            part("pieces", "Pieces", source="deliveries", kind="sum", field="qty"),
        ],
        "ratios": [part("ppm", "Fault rate", part="defects", whole="pieces", per=10**6, unit=label("PPM"))],
        "groupings": [part("fault", "Fault", field="fault"), part("cause", "Cause", field="cause")],
        "analyses": [
            part("figures", "Key figures", kind="figures"),
            part("faults", "By fault", kind="breakdown", measures=["complaints", "defects"], by=["fault"]),
            part("pareto", "Main faults", kind="pareto", measures=["cost"], by=["fault"]),
            part("trend", "Trend", kind="trend", measures=["complaints"]),
            part("rate", "Fault rate over time", kind="trend", measures=["ppm"]),
            part("season", "Season", kind="season", measures=["complaints"]),
            part("causes", "Causes", kind="fishbone", measures=["complaints"], by=["cause", "fault"]),
            part("often", "Frequency", kind="frequency", measures=["complaints"], by=["fault"]),
            part("open", "Ageing", kind="ageing", measures=["complaints"]),
        ],
    }
    return ReportDefinition.load({**document, **changes})


def stored(person: User, made: ReportDefinition | None = None) -> Report:
    """Keep a report; its forms must be there."""
    return keeping.put(Actor.of(person), made or definition(), version=0)


def tell(complaints: LiveForm, deliveries: LiveForm, person: User, count: int = 300) -> list[dict[str, Any]]:
    """Record so many complaints over two years, many of them in one month, and a delivery a month."""
    chance = random.Random(1)  # noqa: S311  (the same ones each time)
    told = []
    for at in range(count):
        day = FIRST + timedelta(days=chance.randrange(720))
        if at % 10 == 0:
            day = date(2026, 9, 2 + at % 25)
        told.append(
            {
                "name": f"Complaint {at}",
                "received_on": day.isoformat(),
                "fault": chance.choice(FAULTS[:2] + FAULTS),
                "cause": chance.choice(CAUSES),
                "qty": chance.randrange(1, 6),
                "cost": f"{chance.randrange(10, 900)}.50",
            }
        )
    _store(complaints, person, told)
    days = [FIRST + timedelta(days=14 + 30 * at) for at in range(MONTHS)]
    parcels = [{"name": f"D{day}", "delivered_on": day.isoformat(), "qty": 20_000} for day in days]
    _store(deliveries, person, parcels)
    return told


def _store(form: LiveForm, person: User, raws: list[dict[str, Any]]) -> None:
    records.commit(records.plan_creates(Actor.of(person), form, raws, source="import"))
