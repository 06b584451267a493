"""An empty stage for every scenario."""

from collections.abc import Iterator

import pytest
from pymongo.database import Database

from models.database import Document
from tests.scenarios.play import MONDAY_MORNING, Play


@pytest.fixture
def play(db: Database[Document]) -> Iterator[Play]:
    stage = Play()
    stage.at(MONDAY_MORNING)
    yield stage
    stage.close()
