"""A ledger and its slip, and somebody at a desk who may do everything with them."""

import pytest
from flask.testing import FlaskClient

from models.forms import LiveForm
from models.people import User
from tests import factories
from tests.ledger_forms import ledger_form, slip_form
from tests.web import sign_in


@pytest.fixture
def editor(client: FlaskClient) -> User:
    return sign_in(client, factories.editor())


@pytest.fixture
def things(editor: User) -> LiveForm:
    assert editor
    factories.form(factories.field("name", required=True), key="client")
    return ledger_form()


@pytest.fixture
def slips(things: LiveForm) -> LiveForm:
    assert things
    return slip_form()
