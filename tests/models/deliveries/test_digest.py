"""One digest per person and day, whoever sweeps, and only when there is something to say."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import notifications, outbox
from models.channels import Channel
from models.database import Document
from models.deliveries import digest, preferences
from models.people import User
from models.times import now, set_clock
from tests import factories

NEVER = datetime(9000, 1, 1, tzinfo=UTC)
MORNING = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)  # a Monday, 08:00 in Shanghai


@pytest.fixture(autouse=True)
def _mail(db: Database[Document]) -> None:
    Channel(key="mail", name="Mail", kind="email", host="h", sender="a@example.com").save()


def person(name: str = "wang", **fields: Any) -> User:
    return factories.user(name, email=f"{name}@example.com", language="zh", **fields)


def owes(db: Database[Document], who: User, title: str, due: datetime | None = None, **fields: Any) -> None:
    db.duties.insert_one(
        {
            "key": str(ObjectId()),
            "people": [who.id],
            "what": {"zh": "处理", "en": "Act"},
            "number": title,
            "title": "轴承异响",
            "due_at": due,
            "due_sort": due or NEVER,
            "done_at": None,
            **fields,
        }
    )


def test_the_digest_says_what_is_overdue_open_and_new(db: Database[Document]) -> None:
    wang = person()
    with set_clock(MORNING):
        owes(db, wang, "QF-1", now() - timedelta(hours=1))
        owes(db, wang, "QF-2", now() + timedelta(hours=9))
        owes(db, wang, "QF-3")
        owes(db, wang, "QF-4", done_at=now())
        outbox.put(notifications.tell([wang.id], key="n", kind="record", title="QF-5", text="Changed"))
        outbox.carry_out_due()
        assert digest.write_due() == 1
    [made] = db.deliveries.find()
    assert (
        made["notice"]["title"] == "逾期 1 项，待办 2 项，新消息 1 条"
        or "1 overdue" in made["notice"]["title"]
    )
    text = made["notice"]["text"]
    assert [name for name in ("QF-1", "QF-2", "QF-3", "QF-4", "QF-5") if name in text] == [
        "QF-1",
        "QF-2",
        "QF-3",
        "QF-5",
    ]
    assert "2026-11-23 17:00" in text
    assert made["to"] == "wang@example.com"


def test_a_digest_is_written_once_a_day_by_however_many_sweeps(db: Database[Document]) -> None:
    people = [person(f"p{number}") for number in range(5)]
    for one in people:
        owes(db, one, "QF")
    for minutes in (0, 1, 2, 600):
        with set_clock(MORNING + timedelta(minutes=minutes)), ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _n: digest.write_due(), range(4)))
    assert db.deliveries.count_documents({}) == 5
    with set_clock(MORNING + timedelta(days=1)):
        digest.write_due()
    assert db.deliveries.count_documents({}) == 10


def test_a_digest_whose_mark_was_lost_is_not_doubled(db: Database[Document]) -> None:
    owes(db, person(), "QF")
    with set_clock(MORNING):
        assert digest.write_due() == 1
    db.digests.delete_many({})
    with set_clock(MORNING + timedelta(minutes=5)):
        assert digest.write_due() == 0
    assert db.deliveries.count_documents({}) == 1


def test_after_days_of_downtime_only_today_is_caught_up(db: Database[Document]) -> None:
    owes(db, person(), "QF")
    with set_clock(MORNING + timedelta(days=3, hours=5)):
        assert digest.write_due() == 1
    assert [made["key"].split(":")[2] for made in db.deliveries.find()] == ["2026-11-26"]


def test_nothing_is_written_before_its_time_or_without_anything_to_say(db: Database[Document]) -> None:
    busy, idle, off, gone, weekend = (person(name) for name in ("busy", "idle", "off", "gone", "weekend"))
    for one in (busy, off, gone, weekend):
        owes(db, one, "QF")
    gone.update(active=False)
    chosen = {"quiet_from": "22:00", "quiet_to": "07:00", "digest_at": "08:00"}
    preferences.save(off.id, chosen)
    preferences.save(weekend.id, {**chosen, "digest": "1", "working_days_only": "1"})
    with set_clock(MORNING - timedelta(minutes=1)):
        assert digest.write_due() == 0
    with set_clock(MORNING - timedelta(days=1)):  # a Sunday
        assert digest.write_due() == 1
    assert db.deliveries.distinct("person") == [busy.id]
    with set_clock(MORNING):
        assert digest.write_due() == 2
    assert db.deliveries.count_documents({"person": idle.id}) == 0
    assert db.digests.count_documents({"_id": {"$regex": str(idle.id)}}) == 2  # looked at, nothing to say


def test_a_long_list_is_cut_and_hostile_titles_stay_one_line(db: Database[Document]) -> None:
    wang = person()
    for number in range(50):
        owes(db, wang, f"QF-{number}\r\nBcc: evil" + "x" * 500)
    with set_clock(MORNING):
        digest.write_due()
    [made] = db.deliveries.find()
    lines = made["notice"]["text"].splitlines()
    assert len(lines) == digest.SHOWN + 2
    assert not [line for line in lines if line.startswith("Bcc")]
    assert max(map(len, lines)) < 300


def test_without_a_mail_channel_nothing_is_looked_at(db: Database[Document]) -> None:
    Channel.objects.delete()
    owes(db, person(), "QF")
    with set_clock(MORNING):
        assert digest.write_due() == 0
    assert db.digests.count_documents({}) == 0
