"""A ledger, its slip and somebody who may do everything with them."""

import pytest

from models.forms import LiveForm
from models.people import User
from tests import factories
from tests.ledger_forms import ledger_form, slip_form


@pytest.fixture
def things(db: object) -> LiveForm:
    return ledger_form()


@pytest.fixture
def slips(things: LiveForm) -> LiveForm:
    return slip_form()


@pytest.fixture
def admin(db: object) -> User:
    return factories.administrator()
