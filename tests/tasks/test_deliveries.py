"""What leaves the house arrives once by key, whoever is down: with a real mail server and real robots."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import database, deliveries, notifications, outbox
from models.channels import Channel, breaker, web
from models.channels.surroundings import Surroundings, set_surroundings, surroundings
from models.database import Document, in_transaction
from models.deliveries import carrying, preferences
from models.notifications import Event
from models.people import User
from models.times import now, set_clock
from tests import factories
from tests.tasks.receivers import SECRET, Receivers
from tests.tasks.workers import Office, environment, until
from tests.web import SECRET_KEY

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # a Monday; noon in Shanghai
URL = "https://office.example.com"


@pytest.fixture(scope="module")
def _world() -> Iterator[Receivers]:
    receivers = Receivers()
    yield receivers
    receivers.stop()


@pytest.fixture
def world(_world: Receivers, db: Database[Document]) -> Iterator[Receivers]:
    before = surroundings()
    set_surroundings(Surroundings(URL, (_world.host,), company="示例公司"))
    yield _world
    set_surroundings(before)


@pytest.fixture(autouse=True)
def _monday_noon() -> Iterator[None]:
    with set_clock(NOON):
        yield


def mail_channel(world: Receivers, **fields: Any) -> Channel:
    values = {
        "host": "127.0.0.1",
        "port": world.smtp_port,
        "security": "none",
        "sender": "office@example.com",
        "name": "Mail",
    }
    return Channel(key="mail", kind="email", **{**values, **fields}).save()


def robot(world: Receivers, kind: str, path: str, **fields: Any) -> Channel:
    key = path.strip("/").replace("/", "-")
    secret = "" if kind == "wecom" else SECRET
    return Channel(key=key, name=key, kind=kind, address=world.address(path), secret=secret, **fields).save()


def person(username: str = "wang", language: str = "zh", **fields: Any) -> User:
    return factories.user(username, email=f"{username}@example.com", language=language, **fields)


def tell(*people: User, key: str | None = None, **fields: Any) -> None:
    told: dict[str, Any] = {
        "kind": "task",
        "title": "QF-1 轴承异响",
        "text": {"zh": "请处理。", "en": "Please act."},
    }
    told |= {"url": "/records/sheet/1", **fields}
    key = key or f"k{ObjectId()}"
    outbox.put(notifications.tell([one.id for one in people], key=key, **told))
    outbox.carry_out_due()


def only(db: Database[Document]) -> Document:
    [found] = db.deliveries.find()
    return found


def test_a_mail_arrives_in_its_readers_language_with_its_key(world: Receivers) -> None:
    mail_channel(world)
    tell(person("zhao"), person("smith", "en", name="Smith"), key="twice", level="urgent")
    assert carrying.send_due() == 2
    mails = {mail["X-RcptTo"]: mail for mail in world.mails()[-2:]}
    chinese, english = mails["zhao@example.com"], mails["smith@example.com"]
    assert chinese["Subject"] == "【紧急】待办：QF-1 轴承异响"
    assert english["Subject"] == "[Urgent] To do: QF-1 轴承异响"
    assert "Dear Smith" in english.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    html = chinese.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "请处理。" in html
    assert f'href="{URL}/records/sheet/1"' in html
    assert chinese["X-Backoffice-Key"].startswith("twice:")
    assert chinese["Message-ID"].endswith("@example.com>")
    assert chinese["Message-ID"] != english["Message-ID"]
    assert chinese["From"] == "示例公司 <office@example.com>"


HOSTILE = "Title\r\nBcc: evil@example.com\r\n\r\n<script>alert(1)</script>\0\u2028"


def test_no_title_or_name_becomes_a_header_or_markup(world: Receivers) -> None:
    mail_channel(world, name=HOSTILE[:60])
    set_surroundings(Surroundings(URL, company=HOSTILE))
    before = len(world.mails())
    tell(person("qian", name=HOSTILE), title=HOSTILE, text=HOSTILE, by_name=HOSTILE, kind="mention")
    carrying.send_due()
    [mail] = world.mails()[before:]
    assert mail["X-RcptTo"] == "qian@example.com"
    assert mail["Bcc"] is None
    assert len(mail.get_all("Subject", [])) == 1
    assert "<script>" not in mail.get_body(("html",)).get_content()  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu", "webhook"])
@pytest.mark.parametrize("style", ["markdown", "text"])
def test_a_robot_gets_one_signed_message_for_all_who_are_told(
    world: Receivers, kind: str, style: str
) -> None:
    path = f"/{kind}/{style}"
    robot(world, kind, path, format=style)
    tell(person("a1"), person("a2"), key=f"{kind}-{style}", text="Act <@all> [now](https://evil.example)")
    assert carrying.send_due() == 1
    [message] = world.received(path)
    assert message["signed"]
    assert message["key"].startswith(f"{kind}-{style}:")
    assert "轴承异响" in str(message["body"])
    if kind in {"wecom", "dingtalk"}:
        assert "<@all>" not in str(message["body"])
    if style == "markdown" and kind in {"wecom", "dingtalk"}:
        assert "](https://evil" not in str(message["body"])
    assert URL in str(message["body"])


def test_a_wrong_secret_is_refused_by_the_receiver(world: Receivers) -> None:
    channel = robot(world, "dingtalk", "/dingtalk/wrong")
    channel.update(secret="another")  # noqa: S106  (wrong on purpose)
    tell(person())
    carrying.send_due()
    assert [message["signed"] for message in world.received("/dingtalk/wrong")] == [False]


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("500", "The server answered with error %(status)s."),
        ("hangs", "No answer within %(seconds)s seconds."),
    ],
)
def test_a_robot_that_fails_for_a_day_gets_each_message_once_when_it_is_back(
    world: Receivers, db: Database[Document], monkeypatch: pytest.MonkeyPatch, mode: str, said: str
) -> None:
    path = f"/wecom/day-{mode}"
    channel = robot(world, "wecom", path)
    world.behave(path, mode)
    if mode == "hangs":
        monkeypatch.setattr(web.post, "__kwdefaults__", {"seconds": 0.05})
    for number in range(10):
        tell(person(), key=f"{mode}{number}")
    for minutes in range(0, 24 * 60, 15):
        with set_clock(NOON + timedelta(minutes=minutes)):
            carrying.send_due()
    asked = world.asked(path)
    assert asked < 24 * 4 + 10  # one probe per interval, whatever waits
    assert db.deliveries.count_documents({"state": {"$in": ["queued", "failed"]}}) == 10
    assert Channel.objects.get(id=channel.id).last_failure["msgid"] == said
    monkeypatch.undo()
    world.behave(path, "ok")
    for minutes in (0, 1):
        with set_clock(NOON + timedelta(days=1, minutes=20 + minutes)):
            carrying.send_due()
    keys = [message["key"] for message in world.received(path)]
    assert sorted(keys) == sorted({f"{mode}{number}:{channel.id}" for number in range(10)})
    assert db.deliveries.distinct("state") == ["sent"]
    assert Channel.objects.get(id=channel.id).paused_until is None


def test_what_a_dead_robot_could_not_take_for_three_days_is_given_up_and_can_be_sent_again(
    world: Receivers, db: Database[Document]
) -> None:
    path = "/wecom/dead"
    robot(world, "wecom", path)
    world.behave(path, "503")
    for _number in range(5):
        tell(person())
    for hours in range(0, 80, 2):
        with set_clock(NOON + timedelta(hours=hours)):
            carrying.send_due()
            deliveries.give_up_old()
    assert db.deliveries.distinct("state") == ["dead"]
    world.behave(path, "ok")
    with set_clock(NOON + timedelta(hours=90)):
        assert deliveries.retry_dead() == 5
        carrying.send_due()
        assert len(world.received(path)) == 5
    assert db.deliveries.distinct("state") == ["sent"]
    assert db.deliveries.count_documents({"next_attempt_at": {"$exists": True}}) == 0


@pytest.mark.parametrize("mode", ["hangs", "drips"])
def test_a_robot_that_does_not_answer_holds_up_nobody(
    world: Receivers, monkeypatch: pytest.MonkeyPatch, db: Database[Document], mode: str
) -> None:
    monkeypatch.setattr(web.post, "__kwdefaults__", {"seconds": 0.5})
    robot(world, "feishu", f"/feishu/{mode}")
    robot(world, "webhook", f"/webhook/beside-{mode}")
    world.behave(f"/feishu/{mode}", mode)
    for number in range(20):
        tell(person(), key=f"{mode}{number}")
    before = time.monotonic()
    carrying.send_due()
    assert time.monotonic() - before < 8
    assert len(world.received(f"/webhook/beside-{mode}")) == 20
    assert db.deliveries.count_documents({"channel_kind": "feishu", "state": "failed"}) == breaker.FAILURES


@pytest.mark.parametrize(
    ("mode", "state"),
    [("400", "dead"), ("404", "dead"), ("redirects", "dead"), ("code93000", "dead"),
     ("429", "failed"), ("408", "failed"), ("502", "failed"), ("code45009", "failed"), ("code-1", "failed")],
)  # fmt: skip
def test_a_refusal_ends_it_at_once_and_a_failure_is_tried_again(
    world: Receivers, db: Database[Document], mode: str, state: str
) -> None:
    path = f"/wecom/{mode}"
    robot(world, "wecom", path)
    world.behave(path, mode)
    tell(person())
    carrying.send_due()
    found = only(db)
    assert found["state"] == state
    assert found["reason"]["msgid"]
    assert world.received("/wecom/elsewhere") == []
    if mode == "code93000":
        assert "as ordered" in found["attempts"][0]["detail"]
    if state == "dead":
        assert "next_attempt_at" not in found


def test_a_recipient_who_does_not_exist_is_given_up_with_the_reason(
    world: Receivers, db: Database[Document]
) -> None:
    mail_channel(world)
    tell(person("gone"))
    tell(person("later"))
    carrying.send_due()
    by_to = {found["to"]: found for found in db.deliveries.find()}
    assert by_to["gone@example.com"]["state"] == "dead"
    assert "refused the recipient" in str(deliveries.reason_of(by_to["gone@example.com"]["reason"]))
    assert "No such user" in by_to["gone@example.com"]["attempts"][0]["detail"]
    assert by_to["later@example.com"]["state"] == "failed"
    assert by_to["later@example.com"]["next_attempt_at"] == NOON + timedelta(minutes=1)
    assert Channel.objects.get(key="mail").failures == 0  # the server itself is well


def test_a_mail_server_that_is_away_pauses_the_channel(world: Receivers, db: Database[Document]) -> None:
    mail_channel(world, port=1)
    for number in range(6):
        tell(person(f"p{number}"))
    carrying.send_due()
    assert db.deliveries.count_documents({"state": "failed"}) == breaker.FAILURES
    assert Channel.objects.get(key="mail").paused_until == NOON + breaker.SHORTEST


def test_a_server_without_encryption_gets_neither_password_nor_mail(
    world: Receivers, db: Database[Document]
) -> None:
    before = len(world.mails())
    mail_channel(world, security="starttls", user="office", secret="hush")  # noqa: S106  (of the test)
    tell(person())
    carrying.send_due()
    assert only(db)["state"] == "failed"
    assert len(world.mails()) == before


def test_who_left_or_has_no_address_any_more_is_skipped(world: Receivers, db: Database[Document]) -> None:
    mail_channel(world)
    leaver, mover = person("leaver"), person("mover")
    tell(leaver, mover)
    leaver.update(active=False)
    mover.update(unset__email=True)
    carrying.send_due()
    assert db.deliveries.distinct("state") == ["skipped"]
    assert len(db.deliveries.distinct("reason.msgid")) == 2


def test_a_message_taken_but_not_acknowledged_is_repeated_with_its_key(
    world: Receivers, db: Database[Document]
) -> None:
    path = "/webhook/forgets"
    robot(world, "webhook", path)
    world.behave(path, "forgets")
    tell(person(), key="once")
    carrying.send_due()
    world.behave(path, "ok")
    with set_clock(NOON + timedelta(minutes=2)):
        carrying.send_due()
    assert only(db)["state"] == "sent"
    keys = [message["key"] for message in world.received(path)]
    assert (len(keys), len(set(keys))) == (2, 1)


CRASH = """
import os, signal
from models import database, deliveries, sealing
from models.channels.surroundings import Surroundings, set_surroundings
from models.deliveries import carrying
database.connect({uri!r}, {name!r})
sealing.set_secret({secret!r})
set_surroundings(Surroundings({url!r}, ({host!r},)))
deliveries.record = lambda *_all: os.kill(os.getpid(), signal.SIGKILL)
carrying.send_due()
"""


def test_a_worker_killed_between_sending_and_recording_repeats_with_the_same_key(
    world: Receivers, db: Database[Document], mongodb_uri: str
) -> None:
    mail_channel(world)
    path = "/webhook/crash"
    robot(world, "webhook", path)
    tell(person(), key="crash")
    db.deliveries.update_many({}, {"$set": {"next_attempt_at": datetime(2026, 1, 1, tzinfo=UTC)}})
    before = len(world.mails())
    script = CRASH.format(uri=mongodb_uri, name=db.name, url=URL, host=world.host, secret=SECRET_KEY)
    killed = subprocess.run([sys.executable, "-c", script], env=environment(), check=False)  # noqa: S603
    assert killed.returncode == -signal.SIGKILL
    assert db.deliveries.count_documents({"lease": {"$ne": None}}) >= 1
    with set_clock(datetime.now(UTC) + deliveries.LEASE + timedelta(seconds=1)):
        carrying.send_due()
    assert db.deliveries.distinct("state") == ["sent"]
    keys = [message["key"] for message in world.received(path)]
    ids = [mail["Message-ID"] for mail in world.mails()[before:]]
    assert len(set(keys)) == len(set(ids)) == 1
    assert len(keys) + len(ids) in {3, 4}  # at least one of them had left before the kill


def test_the_same_event_told_twice_is_told_once(world: Receivers, db: Database[Document]) -> None:
    mail_channel(world)
    robot(world, "wecom", "/wecom/once")
    one, two = person("one"), person("two")
    events = [
        Event(people=(one.id, two.id), key=f"e{number}", kind="deadline", title="T") for number in range(3)
    ]
    for _sweep in range(2):
        in_transaction(lambda session: notifications.insert(notifications.rows(events), session))
    assert db.notifications.count_documents({}) == 6
    assert db.deliveries.count_documents({"channel_kind": "email"}) == 6
    assert db.deliveries.count_documents({"channel_kind": "wecom"}) == 3


def test_two_senders_at_once_send_each_message_once(world: Receivers, office: Office) -> None:
    path = "/webhook/parallel"
    robot(world, "webhook", path)
    office.settings |= {"allowed_webhook_hosts": world.host, "public_url": URL}
    with set_clock(datetime.now(UTC)):
        for number in range(30):
            tell(person(), key=f"parallel{number}")
    for _worker in range(2):
        office.worker("default")
        office.beat()
    for delivery in deliveries.page({}):
        until(database.db().deliveries, delivery["_id"], lambda found: bool(found["state"] == "sent"))
    keys = [message["key"] for message in world.received(path)]
    assert (len(keys), len(set(keys))) == (30, 30)


def test_addresses_inside_the_network_are_refused_at_the_moment_of_sending(
    world: Receivers, db: Database[Document]
) -> None:
    robot(world, "webhook", "/webhook/inside")
    set_surroundings(Surroundings(URL, ("*",)))
    tell(person())
    carrying.send_due()
    assert only(db)["state"] == "dead"
    assert world.asked("/webhook/inside") == 0


def test_quiet_hours_delay_the_mail_but_not_the_inbox(world: Receivers, db: Database[Document]) -> None:
    mail_channel(world)
    sleeper = person("sleeper", timezone="Asia/Shanghai")
    preferences.save(sleeper.id, {"quiet_from": "22:00", "quiet_to": "07:30", "digest_at": "08:00"})
    with set_clock(NOON + timedelta(hours=11)):  # 23:00
        tell(sleeper)
        assert notifications.unread_count(sleeper) == 1
        assert carrying.send_due() == 0
    assert only(db)["next_attempt_at"] == datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    with set_clock(datetime(2026, 11, 23, 23, 30, tzinfo=UTC)):
        assert carrying.send_due() == 1


def test_nothing_due_costs_one_look_per_channel(world: Receivers, db: Database[Document]) -> None:
    channel = robot(world, "wecom", "/wecom/idle")
    db.deliveries.insert_many(
        [
            deliveries.new(
                f"later{number}",
                {"_id": channel.id, "kind": "wecom"},
                {"kind": "task"},
                now(),
                due=NOON + timedelta(days=1),
            )
            for number in range(200)
        ]
    )
    explained = db.deliveries.find(deliveries._due(channel.id)).explain()
    assert explained["executionStats"]["totalDocsExamined"] == 0
    assert explained["executionStats"]["totalKeysExamined"] <= 1
