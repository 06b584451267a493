"""Everybody is told once, in the inbox always, by mail as they prefer, groups as their routes say."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from models import notifications, outbox
from models.channels import Channel
from models.database import Document
from models.deliveries import preferences
from models.messages import _
from models.people import User
from models.times import set_clock
from tests import factories

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
PREFERRED = {"quiet_from": "22:00", "quiet_to": "07:00", "digest_at": "08:00"}


@pytest.fixture(autouse=True)
def _noon(db: Database[Document]) -> Iterator[None]:
    with set_clock(NOON):
        yield


def mailbox() -> Channel:
    return Channel(key="mail", name="Mail", kind="email", host="h", sender="a@example.com").save()


def group(key: str, **routes: Any) -> Channel:
    return Channel(key=key, name=key, kind="wecom", address="https://qyapi.weixin.qq.com/x", **routes).save()


def person(name: str = "wang", **fields: Any) -> User:
    return factories.user(name, email=f"{name}@example.com", **fields)


def tell(*people: User, **fields: Any) -> None:
    told: dict[str, Any] = {"key": str(ObjectId()), "kind": "task", "title": "QF-1", **fields}
    outbox.put(notifications.tell([one.id for one in people], **told))
    outbox.carry_out_due()


def reached(db: Database[Document]) -> list[str]:
    """Return the keys of the channels that got something."""
    names = {channel.id: channel.key for channel in Channel.objects}
    return sorted(names[one["channel"]] for one in db.deliveries.find())


def test_a_notice_carries_what_the_inbox_shows(db: Database[Document]) -> None:
    record, wang = ObjectId(), person()
    tell(wang, key="k", form="sheet", record=record, text=_("Saved."), level="urgent", late=True)
    [notice] = notifications.of_person(wang)
    assert notice["key"] == f"k:{wang.id}"
    assert notice["url"] == f"/records/sheet/{record}"
    assert set(notice["text"]) == {"zh", "en"}
    assert (notice["level"], notice["late"], notice["read_at"]) == ("urgent", True, None)
    assert notice["created_at"] == NOON


def test_a_key_can_be_told_only_once(db: Database[Document]) -> None:
    wang = person()
    tell(wang, key="once")
    with pytest.raises(BulkWriteError):
        tell(wang, key="once")
    assert db.notifications.count_documents({}) == 1


def test_an_effect_that_died_halfway_completes_the_rest(db: Database[Document]) -> None:
    mailbox()
    group("group")
    wang, li = person(), person("li")
    outbox.put(notifications.tell([wang.id, li.id], key="k", kind="task", title="T"))
    made = notifications.rows(
        [notifications.Event(people=(wang.id,), key="k", kind="task", title="T")],
    )
    db.notifications.insert_many(made.notices)
    db.deliveries.insert_one(made.deliveries[0])
    outbox.carry_out_due()
    assert db.notifications.count_documents({}) == 2
    assert reached(db) == ["group", "mail", "mail"]


@pytest.mark.parametrize(
    ("mode", "fields", "mails"),
    [
        ("now", {}, 1),
        ("digest", {}, 0),
        ("never", {}, 0),
        ("digest", {"level": "urgent"}, 1),
        ("never", {"level": "urgent"}, 0),
        ("digest", {"channels": ("email",)}, 1),
        ("never", {"channels": ("email",)}, 0),
    ],
)
def test_mail_goes_as_the_person_prefers(
    db: Database[Document], mode: str, fields: dict[str, Any], mails: int
) -> None:
    mailbox()
    wang = person()
    preferences.save(wang.id, {**PREFERRED, "mode_task": mode, "urgent_always": "1"})
    tell(wang, **fields)
    assert notifications.unread_count(wang) == 1
    assert db.deliveries.count_documents({}) == mails


def test_nobody_without_an_address_or_who_left_gets_mail(db: Database[Document]) -> None:
    mailbox()
    gone = person("gone")
    gone.update(active=False)
    tell(factories.user("silent"), gone)
    assert db.notifications.count_documents({}) == 2
    assert reached(db) == []


def test_a_group_gets_what_its_routes_say_once_for_everybody(db: Database[Document]) -> None:
    quality = factories.department()
    group("all")
    group("sheets", forms=["sheet"])
    group("quality", departments=[quality.id])
    group("urgent", level="urgent")
    group("off", active=False)
    tell(person("ann", department=quality), person("bob"), form="sheet", record=ObjectId())
    assert reached(db) == ["all", "quality", "sheets"]


def test_the_department_of_the_matter_counts_before_that_of_the_people(db: Database[Document]) -> None:
    quality = factories.department()
    group("quality", departments=[quality.id])
    tell(person("ann", department=quality), department=ObjectId())
    assert reached(db) == []
    tell(person("bob"), department=quality.id)
    assert reached(db) == ["quality"]


def test_named_groups_get_it_whatever_their_routes_say_and_others_do_not(db: Database[Document]) -> None:
    group("all")
    group("picky", forms=["other"], level="urgent")
    tell(person(), channels=("picky",))
    assert reached(db) == ["picky"]


def test_everything_unsaid_costs_nothing(db: Database[Document]) -> None:
    assert notifications.rows([]).notices == []
    assert notifications.tell([], key="k", kind="task", title="T")[0]["kind"] == "tell"
