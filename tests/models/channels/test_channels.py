"""Channels keep their secrets, and refuse what could never send."""

import pytest
from pymongo.database import Database

from models import channels, deliveries, edits
from models.channels import ATTRIBUTES, Channel, mail
from models.channels.message import Outgoing
from models.database import Document
from models.errors import InvalidError
from models.times import now

pytestmark = pytest.mark.usefixtures("db")

ADDRESS = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=very-secret-1f3d"


def mailbox(**fields: object) -> Channel:
    values = {
        "key": "mail",
        "name": "Mail",
        "kind": "email",
        "host": "smtp.example.com",
        "sender": "a@example.com",
    }
    return Channel(**{**values, **fields})


def robot(**fields: object) -> Channel:
    return Channel(**{"key": "group", "name": "Group", "kind": "wecom", "address": ADDRESS, **fields})


@pytest.mark.parametrize(
    ("changes", "marked"),
    [
        ({"key": ""}, "key"),
        ({"key": "Mail"}, "key"),
        ({"key": "9mail"}, "key"),
        ({"name": " "}, "name"),
        ({"host": ""}, "host"),
        ({"host": "smtp example"}, "host"),
        ({"host": "smtp.example.com\r\nRSET"}, "host"),
        ({"port": 0}, "port"),
        ({"port": 65_536}, "port"),
        ({"sender": "nobody"}, "sender"),
        ({"sender": "a@example.com\nBcc: b@example.com"}, "sender"),
        ({"user": "office", "security": "none"}, "security"),
    ],
)
def test_a_wrong_mail_channel_is_not_stored(changes: dict[str, object], marked: str) -> None:
    with pytest.raises(InvalidError) as refused:
        channels.save(mailbox(**changes), seen="")
    assert set(refused.value.errors) == {marked}
    assert Channel.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "marked"),
    [
        ({"address": "https://evil.example.com/"}, "address"),
        ({"address": ""}, "address"),
        ({"key": "email"}, "key"),
    ],
)
def test_a_wrong_robot_is_not_stored(changes: dict[str, object], marked: str) -> None:
    with pytest.raises(InvalidError) as refused:
        channels.save(robot(**changes), seen="")
    assert set(refused.value.errors) == {marked}


def test_a_webhook_needs_a_secret() -> None:
    with pytest.raises(InvalidError) as refused:
        channels.save(robot(kind="webhook"), seen="")
    assert "secret" in refused.value.errors


def test_two_channels_never_share_a_key() -> None:
    channels.save(robot(), seen="")
    with pytest.raises(InvalidError) as refused:
        channels.save(robot(), seen="")
    assert "key" in refused.value.errors


def test_one_mail_server_is_in_use_at_a_time() -> None:
    channels.save(mailbox(), seen="")
    channels.save(mailbox(key="spare", active=False), seen="")
    with pytest.raises(InvalidError) as refused:
        channels.save(mailbox(key="other"), seen="")
    assert set(refused.value.errors) == {"active"}


def test_an_address_is_shown_without_what_makes_it_work() -> None:
    assert robot().shown_address == "qyapi.weixin.qq.com/…1f3d"
    assert "very-secret" not in robot().shown_address
    assert mailbox(port=25).shown_address == "smtp.example.com:25"


def test_a_stored_password_is_not_sent_to_another_server() -> None:
    channels.save(mailbox(user="u", secret="first"), seen="")  # noqa: S106  (of the test)
    stored = Channel.objects.get(key="mail")
    seen = edits.stamp(stored, ATTRIBUTES)
    stored.host = "smtp.evil.example"
    with pytest.raises(InvalidError) as refused:
        channels.save(stored, seen=seen)
    assert set(refused.value.errors) == {"secret"}
    stored.secret = "entered again"  # noqa: S105  (of the test)
    channels.save(stored, seen=seen)
    assert Channel.objects.get(key="mail").host == "smtp.evil.example"


def test_what_waits_for_a_deleted_channel_is_given_up(db: Database[Document]) -> None:
    channel = robot().save()
    content = {"kind": "task", "title": "T"}
    db.deliveries.insert_one(deliveries.new("k", {"_id": channel.id, "kind": "wecom"}, content, now()))
    channels.delete(channel)
    [found] = db.deliveries.find()
    assert found["state"] == "dead"
    assert "deleted" in str(deliveries.reason_of(found["reason"]))
    assert "next_attempt_at" not in found
    assert deliveries.retry([found["_id"]]) == 0  # there is no way out any more


def test_routes_let_through_what_fits_all_of_them() -> None:
    form, other, mine, theirs = "sheet", "other", "d1", "d2"
    routes = {"forms": [form], "departments": [mine], "level": "warning"}
    content = {"form": form, "level": "urgent"}
    assert channels.fits(routes, content, [mine, theirs])  # type: ignore[list-item]
    assert not channels.fits(routes, {**content, "form": other}, [mine])  # type: ignore[list-item]
    assert not channels.fits(routes, {**content, "level": "info"}, [mine])  # type: ignore[list-item]
    assert not channels.fits(routes, content, [theirs])  # type: ignore[list-item]
    assert channels.fits({}, {"form": None, "level": "info"}, [])


@pytest.mark.parametrize(
    "to", ["", "nobody", "a@b@c", "a@example.com\r\nBcc: evil@example.com", "a@example.com, b@x.y"]
)
def test_a_mail_to_no_address_is_not_built(to: str) -> None:
    message = Outgoing(key="k", subject="S", body="B", link="", at=now(), to=to)
    outcome = mail.MailSender(mailbox()).send(message)
    assert outcome.state == "never"


def test_a_mail_is_the_same_message_at_every_attempt() -> None:
    first = mail.build(
        mailbox(), Outgoing(key="k", subject="S", body="B", link="", at=now(), to="a@example.com")
    )
    again = mail.build(
        mailbox(), Outgoing(key="k", subject="S", body="B", link="", at=now(), to="a@example.com")
    )
    other = mail.build(
        mailbox(), Outgoing(key="k2", subject="S", body="B", link="", at=now(), to="a@example.com")
    )
    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]
