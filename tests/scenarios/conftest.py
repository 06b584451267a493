"""An empty stage for every scenario."""

from collections.abc import Iterator

import pytest
from pymongo.database import Database

from models import calendars
from models.database import Document
from tests.conftest import emptied
from tests.scenarios.p03 import company
from tests.scenarios.play import MONDAY_MORNING, Play

__all__ = ["company", "play"]


@pytest.fixture
def db(connection: None) -> Database[Document]:
    """Give an empty database in which the packs' collections stay with their indexes."""
    return emptied()


@pytest.fixture
def play(db: Database[Document]) -> Iterator[Play]:
    calendars.forget_versions()
    calendars.ensure_default()
    stage = Play()
    stage.at(MONDAY_MORNING)
    yield stage
    stage.close()
