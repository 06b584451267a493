"""What tests of reports' pages begin with: the form that is counted, and a day on which September is over."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from models.forms import LiveForm
from models.times import set_clock
from tests import report_stage


@pytest.fixture
def in_october(db: object) -> Iterator[None]:
    with set_clock(datetime(2026, 10, 5, 2, tzinfo=UTC)):
        yield


@pytest.fixture
def complaints(client: FlaskClient) -> LiveForm:
    return report_stage.complaint_form()
