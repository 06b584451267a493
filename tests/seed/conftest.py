"""A demo company that is loaded once for the tests of a module that only look at it."""

from collections.abc import Callable

import pytest
from pymongo.database import Database

from models import database
from models.database import Document
from seed import demo
from tests.conftest import emptied


class Kept:
    """The company of a module's tests: loaded anew when a test in between emptied the database."""

    def __init__(self, load: Callable[[], demo.Loaded]) -> None:
        self._load = load
        self._loaded: demo.Loaded | None = None
        self._at: object = None

    def there(self) -> demo.Loaded:
        """Return the company, which is in the database."""
        if self._loaded is None or _finished() != self._at:
            emptied()
            self._loaded, self._at = self._load(), _finished()
        return self._loaded


def _finished() -> object:
    found = database.db().demo.find_one({"_id": "company"})
    return found and found.get("finished_at")


@pytest.fixture(scope="module")
def kept(request: pytest.FixtureRequest) -> Kept:
    return Kept(request.module.load)


@pytest.fixture
def loaded(connection: None, kept: Kept) -> demo.Loaded:
    return kept.there()


@pytest.fixture
def company(loaded: demo.Loaded) -> Database[Document]:
    """Give the database with the company in it."""
    return database.db()
