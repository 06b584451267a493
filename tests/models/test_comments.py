from typing import Any

import pytest
from pymongo.database import Database

from models import comments, notifications, outbox
from models.database import Document
from models.errors import InvalidError
from models.forms import LiveForm
from tests import factories

Store = Database[dict[str, Any]]


@pytest.fixture
def live(db: Store) -> LiveForm:
    return factories.form(numbering="N{seq}")


@pytest.fixture
def record(live: LiveForm) -> Document:
    return factories.record(live, name="弹簧")


def mentioned(live: LiveForm, record: Document, text: str) -> set[str]:
    """Comment as the editor and return the user names of those who were told."""
    comments.add(factories.actor(factories.editor()), live, record, text)
    outbox.carry_out_due()
    return {
        person.username
        for person in (factories.editor(), factories.reader(), factories.stranger())
        if notifications.unread_count(person)
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("@reader 请看", {"reader"}),
        ("请@reader看", {"reader"}),
        ("@Reader, @reader. (@reader)", {"reader"}),
        ("@reader.", {"reader"}),
        ("mail to someone@reader", set()),
        ("a.b+c@reader", set()),
        ("@reader2 @read reader", set()),
        ("@stranger", set()),  # may not see the record
        ("@editor @nobody", set()),  # nobody is told what they say themselves
        ("@@reader", {"reader"}),
    ],
)
def test_who_is_mentioned_is_told_if_they_may_see_the_record(
    live: LiveForm, record: Document, text: str, told: set[str]
) -> None:
    factories.reader(), factories.stranger()
    assert mentioned(live, record, text) == told


def test_a_notice_says_what_it_is_about(live: LiveForm, record: Document) -> None:
    factories.reader()
    mentioned(live, record, "@reader " + "x" * 1000)
    [notice] = notifications.of_person(factories.reader())
    assert (notice["form"], notice["record"], notice["title"], notice["by_name"]) == (
        "sheet", record["_id"], "N1 弹簧", "编辑",
    )  # fmt: skip
    assert len(notice["text"]) == 200


def test_somebody_who_left_is_not_told(live: LiveForm, record: Document) -> None:
    factories.reader().update(set__active=False)
    assert mentioned(live, record, "@reader") == set()


def test_comments_come_oldest_first_and_by_record(live: LiveForm, record: Document) -> None:
    other = factories.record(live, name="other")
    for text in ("one", "two\r\nlines", "  three  "):
        comments.add(factories.actor(), live, record, text)
    comments.add(factories.actor(), live, other, "elsewhere")
    found = comments.of_record(live.key, record["_id"])
    assert [one["text"] for one in found] == ["one", "two\nlines", "three"]


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 5001, "a\0b", "\ud800", "\x1b[31m"])
def test_a_comment_that_says_nothing_or_cannot_be_stored_is_refused(
    db: Store, live: LiveForm, record: Document, text: str
) -> None:
    with pytest.raises(InvalidError) as refused:
        comments.add(factories.actor(), live, record, text)
    assert list(refused.value.errors) == ["text"]
    assert db.comments.count_documents({}) == 0


def test_markup_is_kept_as_it_was_typed(live: LiveForm, record: Document) -> None:
    text = "<script>alert(1)</script> {$gt: ''}"
    assert comments.add(factories.actor(), live, record, text)["text"] == text
