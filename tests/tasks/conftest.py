"""An office with real workers, and forms with enough records to be in the middle of something."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo.database import Database

from backoffice import texts
from backoffice.mongod import LONGEST_EXPORT_SECONDS, EmbeddedMongo
from models import database, forms, storage
from models.database import Document
from tests.conftest import SHORT_HISTORY_SECONDS, remember_for
from tests.tasks.workers import Office, forget_broker


@pytest.fixture(autouse=True)
def _texts() -> None:
    texts.install()


@pytest.fixture(scope="module", autouse=True)
def _long_history(mongodb_uri: str) -> Iterator[None]:
    """Let an export whose worker was killed go on with the data as they stood when it began."""
    remember_for(mongodb_uri, LONGEST_EXPORT_SECONDS)
    yield
    remember_for(mongodb_uri, SHORT_HISTORY_SECONDS)


@pytest.fixture
def office(db: Database[Document], mongodb_uri: str, tmp_path: Path) -> Iterator[Office]:
    database.client().drop_database(f"{db.name}_broker")
    made = Office(tmp_path, mongodb_uri)
    yield made
    made.close()


@pytest.fixture
def elsewhere(connection: None, mongodb_uri: str) -> Iterator[None]:
    """Let a test connect to a MongoDB that may be killed; the others' stays as it is."""
    name = database.db().name
    yield
    forget_broker()
    database.connect(mongodb_uri, name)
    forms.forget_versions()


@pytest.fixture
def own_mongodb(elsewhere: None, tmp_path: Path) -> Iterator[EmbeddedMongo]:
    server = EmbeddedMongo(tmp_path)
    database.connect(server.start(), "own")
    storage.ensure_indexes()
    forms.forget_versions()
    yield server
    database.disconnect()
    server.stop()


@pytest.fixture
def own_office(own_mongodb: EmbeddedMongo, tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path, own_mongodb.uri)
    yield made
    made.close()
