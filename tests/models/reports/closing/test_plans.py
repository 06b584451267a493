"""Plans are begun where an analysis asks for them: once, in the report's own periods, by what was frozen."""

from datetime import UTC, datetime

import pytest

from models.errors import DomainError
from models.forms import LiveForm
from models.people import Actor, User
from models.reports import keeping as reports
from models.reports import plans
from models.reports.keeping import Report
from models.reports.parts import ReportDefinition
from models.reports.periods import Period
from tests import factories
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


def test_of_a_closed_month_that_which_was_frozen_asks_for_a_plan(
    admin: User, complaints: LiveForm, planned: Report
) -> None:
    closed(admin)
    complaints.records().delete_many({"data.received_on": "2026-09-15"})
    assert plans.begin(admin, planned, SEPTEMBER, "trend")
