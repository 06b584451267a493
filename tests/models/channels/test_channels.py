"""Channels keep their secrets, and refuse what could never send."""

import pytest
from pymongo.database import Database

from models import channels, deliveries, edits, sealing
from models.channels import ATTRIBUTES, Channel, mail
from models.channels.message import Outgoing
from models.database import Document
from models.errors import InvalidError
from models.migrations import m2026_11_22_sealed_channels
from models.times import now
from tests.web import SECRET_KEY

pytestmark = pytest.mark.usefixtures("db")

ADDRESS = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=very-secret-1f3d"
DINGTALK = "https://oapi.dingtalk.com/robot/send?access_token=very-confidential"


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


def test_what_opens_a_channel_is_stored_sealed_and_read_in_plain(db: Database[Document]) -> None:
    saved = robot(kind="dingtalk", address=DINGTALK, secret="SEC-very-confidential")  # noqa: S106  (nobody's)
    channels.save(saved, seen="")
    stored = db.channels.find_one({"_id": saved.id})
    assert stored is not None
    assert sealing.is_sealed(stored["secret"])
    assert sealing.is_sealed(stored["address"])
    assert "confidential" not in str(stored)
    [read] = channels.in_use()
    assert (read.secret, read.address) == ("SEC-very-confidential", DINGTALK)
    assert sealing.open_sealed(stored["secret"], "channel address") == ""


def test_saving_again_what_did_not_change_changes_nothing(db: Database[Document]) -> None:
    saved = robot(kind="dingtalk", address=DINGTALK, secret="SEC-very-confidential")  # noqa: S106  (nobody's)
    channels.save(saved, seen="")
    before = db.channels.find_one({"_id": saved.id})
    [read] = channels.in_use()
    channels.save(read, seen=edits.stamp(read, channels.ATTRIBUTES))
    assert db.channels.find_one({"_id": saved.id}) == before


def test_what_an_earlier_version_stored_in_plain_is_used_and_then_sealed(db: Database[Document]) -> None:
    plain = {"key": "old", "name": "Old", "kind": "dingtalk", "active": True}
    old = {**plain, "address": DINGTALK, "secret": "SEC1"}
    db.channels.insert_many([old, {"key": "mail", "kind": "email", "name": "Mail", "secret": ""}])
    assert [(one.secret, one.address) for one in channels.in_use()] == [("SEC1", DINGTALK)]
    for _twice in range(2):
        m2026_11_22_sealed_channels.migrate(db)
        stored = db.channels.find_one({"key": "old"})
        assert stored is not None
        assert "SEC1" not in str(stored)
        assert [(one.secret, one.address) for one in channels.in_use()] == [("SEC1", DINGTALK)]
    assert db.channels.count_documents({"key": "mail", "secret": "", "address": {"$exists": False}}) == 1


def test_another_secret_of_the_program_opens_nothing(db: Database[Document]) -> None:
    sealed = sealing.seal("SEC1", "channel secret")
    sealing.set_secret("another secret than the one it was sealed with")
    try:
        assert sealing.open_sealed(sealed, "channel secret") == ""
        assert sealing.open_sealed("sealed:nonsense", "channel secret") == ""
    finally:
        sealing.set_secret(SECRET_KEY)
