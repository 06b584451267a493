"""The company whose reports are tried."""

from collections.abc import Iterator

import pytest

from models import database
from tests import factories
from tests.conftest import emptied
from tests.models.reports.stage import Company


@pytest.fixture
def company(db: object) -> Company:
    """Return a company without complaints."""
    return Company(factories.administrator())


@pytest.fixture(scope="module")
def busy(connection: None) -> Iterator[Company]:
    """Give a company with three years of complaints, the same one to a whole module that changes nothing."""
    _empty()
    company = Company(factories.administrator())
    company.fill()
    yield company
    _empty()


def _empty() -> None:
    current = database.db()
    for name in current.list_collection_names(filter={"name": {"$regex": "^record_"}}):
        current.drop_collection(name)
    emptied()
