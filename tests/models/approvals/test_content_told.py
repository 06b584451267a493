"""What a page tells of the content that somebody approves is of no use for guessing it."""

import pytest

from models.approvals import queries
from models.workflow import signing
from tests import factories

pytestmark = pytest.mark.usefixtures("db")


def test_a_page_bears_the_hash_of_a_content_sealed() -> None:
    record = factories.record(factories.form(), name="lamp")
    content = signing.content_hash("sheet", record)
    told = queries.as_told(content)
    assert content not in told
    assert told == queries.as_told(content)
    assert queries.as_held(told) == content


def test_what_a_page_did_not_bear_fits_no_content() -> None:
    told = queries.as_told("content")
    assert queries.as_held("") is None
    assert queries.as_held(told[:-8] + "AAAAAAA=") == ""
    assert queries.as_held("made up") == "made up"
