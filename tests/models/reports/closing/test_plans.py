"""Plans are begun where an analysis asks for them: once, in the report's own periods, by what was frozen."""

from datetime import UTC, datetime

import pytest
from bson import Decimal128

from models import forms
from models.database import db
from models.errors import DomainError
from models.forms import LiveForm
from models.people import Actor, User
from models.reports import keeping as reports
from models.reports import plans
from models.reports.keeping import Report
from models.reports.parts import ReportDefinition
from models.reports.periods import Period
from tests import factories, report_stage
from tests.factories import field
from tests.models.reports.closing.stage import SEPTEMBER, closed


@pytest.fixture
def planned(admin: User, complaints: LiveForm) -> Report:
    """Return a report whose trend asks for a plan: September has far too many complaints."""
    factories.form(field("name", required=True), key="plan")
    plan = {"analysis": "trend", "form": "plan", "values": {"name": "Rectify {period}"}}
    report = reports.get("monthly")
    document = {**report.definition.dump(), "plans": [plan]}
    for at in range(60):
        factories.record(complaints, admin, name=f"{at}", received_on="2026-09-15", fault="leak", qty=1)
    return reports.put(Actor.of(admin), ReportDefinition.load(document), version=report.version)


def test_a_deleted_plan_can_be_begun_anew(admin: User, planned: Report) -> None:
    begun = plans.begin(admin, planned, SEPTEMBER, "trend")
    assert plans.begin(admin, planned, SEPTEMBER, "trend") == begun
    begun.form.records().update_one({"_id": begun.record}, {"$set": {"deleted_at": datetime.now(UTC)}})
    assert plans.begun("monthly", SEPTEMBER, "trend") is None
    anew = plans.begin(admin, planned, SEPTEMBER, "trend")
    assert anew.record != begun.record
    assert plans.begun("monthly", SEPTEMBER, "trend") == anew


@pytest.mark.parametrize("name", ["2099-01", "2026-08", "2026-09-01..2026-09-30", "2026-Q3"])
def test_no_plan_is_begun_where_nothing_asks_for_it_or_for_other_days(
    admin: User, planned: Report, name: str
) -> None:
    with pytest.raises(DomainError):
        plans.begin(admin, planned, Period.read(name), "trend")
    assert plans.begun("monthly", Period.read(name), "trend") is None


@pytest.fixture
def limited(admin: User, complaints: LiveForm) -> Report:
    """Return a report in which each kind of fault has limits; leaks exceed both, noise the lower one."""
    factories.form(
        field("name", required=True),
        field("fault", "choice", options=[report_stage.option(one) for one in report_stage.FAULTS]),
        field("kind", "choice", options=[report_stage.option(one) for one in ("anomaly", "special")]),
        field("rate", "decimal", decimals=3),
        key="finding",
    )
    complaints.records().delete_many({})
    db().record_delivery.delete_many({})
    factories.record(forms.current("delivery"), admin, name="d", delivered_on="2026-09-10", qty=10_000)
    for fault, qty in (("leak", 101), ("noise", 31), ("crack", 30)):
        factories.record(complaints, admin, name=fault, received_on="2026-09-15", fault=fault, qty=qty)
    limits = [
        {"value": value, "per": per, "label": report_stage.label(key), "key": key}
        for value, per, key in ((3, 1_000, "anomaly"), (1, 100, "special"))
    ]
    over = report_stage.part(
        "limits", "Limits", kind="thresholds", measures=["defects", "pieces"], by=["fault"],
        options={"limits": limits},
    )  # fmt: skip
    values = {"name": "{period} {name}: {rate} ‰", "fault": "{group}", "kind": "{limit}", "rate": "{rate}"}
    plan = {"analysis": "limits", "when": "over", "form": "finding", "values": values}
    report = reports.get("monthly")
    document = report.definition.dump()
    changed = {**document, "analyses": [*document["analyses"], over], "plans": [plan]}
    return reports.put(Actor.of(admin), ReportDefinition.load(changed), version=report.version)


@pytest.mark.parametrize("is_closed", [False, True])
def test_each_group_over_a_limit_has_a_plan_of_its_own_that_says_which_and_how_far(
    admin: User, limited: Report, *, is_closed: bool
) -> None:
    """P09.12, P09.14: one mechanism, one report, by the limit that it exceeds."""
    if is_closed:
        closed(admin)
    begun = [plans.begin(admin, limited, SEPTEMBER, "limits", group) for group in ("leak", "noise", "leak")]
    assert begun[0] == begun[2]
    found = [one["data"] for one in db().record_finding.find({}, sort=[("number", 1), ("_id", 1)])]
    assert [(one["name"], one["fault"], one["kind"], one["rate"]) for one in found] == [
        ("2026-09 Leak（中）: 10.100 ‰", "leak", "special", Decimal128("10.100")),
        ("2026-09 Noise（中）: 3.100 ‰", "noise", "anomaly", Decimal128("3.100")),
    ]
    for group in ("crack", "rust", ""):  # 3.000 ‰ is not more than 3 ‰
        with pytest.raises(DomainError):
            plans.begin(admin, limited, SEPTEMBER, "limits", group)


def test_of_a_closed_month_that_which_was_frozen_asks_for_a_plan(
    admin: User, complaints: LiveForm, planned: Report
) -> None:
    closed(admin)
    complaints.records().delete_many({"data.received_on": "2026-09-15"})
    assert plans.begin(admin, planned, SEPTEMBER, "trend")
