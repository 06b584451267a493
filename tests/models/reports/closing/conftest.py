"""The month whose closing is tried."""

from collections.abc import Iterator

import pytest

from models.forms import LiveForm
from models.people import User
from models.times import set_clock
from tests import factories, report_stage
from tests.models.reports.closing.stage import IN_OCTOBER


@pytest.fixture(autouse=True)
def in_october(db: object) -> Iterator[None]:
    with set_clock(IN_OCTOBER):
        yield


@pytest.fixture
def admin() -> User:
    return factories.administrator()


@pytest.fixture
def complaints(admin: User) -> LiveForm:
    form, deliveries = report_stage.complaint_form(), report_stage.delivery_form()
    late = report_stage.part("late", "Late", kind="corrections")
    analyses = [*report_stage.definition().dump()["analyses"], late]
    report_stage.stored(admin, report_stage.definition(analyses=analyses))
    report_stage.tell(form, deliveries, admin, count=40)
    return form
