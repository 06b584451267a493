"""What procedures cost: nothing without one, and no query for each record of a batch."""

import pytest
from pymongo.database import Database

from models import database, records
from models.database import Document
from models.forms import LiveForm
from tests import factories
from tests.factories import field
from tests.models.workflow import procedures
from tests.models.workflow.procedures import FINISH, START, flow, holder

Store = Database[Document]
pytestmark = pytest.mark.usefixtures("db")
BATCH = 60


def requests() -> int:
    """Return how often the database was asked something since it started."""
    return int(database.db().command("serverStatus")["network"]["numRequests"])


def asked(live: LiveForm, count: int) -> int:
    """Return how many requests it takes to store so many new records as an import does."""
    raws = [{"name": f"n{number}", "grade": "a"} for number in range(count)]
    before = requests()
    records.commit(records.plan_creates(factories.actor(), live, raws, source="import"))
    return requests() - before


def test_a_batch_asks_no_more_than_one_record_does() -> None:
    holder("quality", department=factories.department())
    routing = [{"key": "table", "label": {"en": "x"}, "routes": [{"department": "QA", "role": "quality"}]}]
    live = procedures.form(
        flow(
            START, FINISH, routing=routing,
            states=[{**flow()["states"][0], "who": {"roles": ["quality"]}}, *flow()["states"][1:]],
            on_create=[
                {"do": "set", "field": "by", "source": "@me"},
                {"do": "assign", "who": {"roles": ["quality"]}},
                {"do": "route", "table": "table"},
                {"do": "notify", "who": {"roles": ["quality"]}, "text": {"en": "{name}"}},
            ],
        ),
        field("name"), field("by", "person"), field("grade"),
    )  # fmt: skip
    asked(live, 1)
    assert asked(live, BATCH) <= asked(live, 1) + 6


def test_a_form_without_a_procedure_asks_nothing_more() -> None:
    live = factories.form(field("name"), field("grade"))
    asked(live, 1)
    assert asked(live, BATCH) <= asked(live, 1) + 1
