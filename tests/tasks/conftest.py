"""An office with real workers, and forms with enough records to be in the middle of something."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo.database import Database

from backoffice import texts
from models import database
from models.database import Document
from tests.tasks.workers import Office


@pytest.fixture(autouse=True)
def _texts() -> None:
    texts.install()


@pytest.fixture
def office(db: Database[Document], mongodb_uri: str, tmp_path: Path) -> Iterator[Office]:
    database.client().drop_database(f"{db.name}_broker")
    made = Office(tmp_path, mongodb_uri)
    yield made
    made.close()
