"""Channels by which notices leave the house: mail, robots of chat groups, signed webhooks.

The inbox needs none. Passwords, secrets and the addresses of robots (whoever knows one can write to the
group) are stored sealed and never shown again.
"""

import re
from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import urlsplit

from bson import ObjectId
from email_validator import EmailNotValidError, validate_email
from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)
from mongoengine import (
    Document as MongoDocument,
)
from pymongo import ASCENDING
from pymongo.client_session import ClientSession

from models import audit, edits
from models.channels import addresses
from models.channels.sealed import SealedField
from models.database import Document, db, in_transaction
from models.errors import InvalidError
from models.messages import Message, _

EMAIL = "email"
ROBOTS = ("wecom", "dingtalk", "feishu")
KINDS = (EMAIL, *ROBOTS, "webhook")
LEVELS = ("info", "warning", "urgent")
SECURITY = ("none", "starttls", "tls")
FORMATS = ("markdown", "text")
MAX_PORT = 65_535
MAX_SECRET = 500
_KEY = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9a-fA-F:]+\]")

ATTRIBUTES = (
    "key", "name", "kind", "active", "forms", "departments", "level", "format",
    "host", "port", "security", "user", "sender", "address", "secret", "language",
)  # fmt: skip


class Channel(MongoDocument):  # type: ignore[misc]
    """One way out. `key` is what rules name it by; routes say what a group gets."""

    key = StringField(required=True, max_length=40)
    name = StringField(required=True, max_length=80)
    kind = StringField(required=True, choices=KINDS)
    active = BooleanField(default=True)
    language = StringField(default="zh", choices=["zh", "en"])
    forms = ListField(StringField(max_length=60))
    departments = ListField(ObjectIdField())
    level = StringField(default="info", choices=LEVELS)
    format = StringField(default="markdown", choices=FORMATS)
    host = StringField(default="", max_length=253)
    port = IntField(default=587)
    security = StringField(default="starttls", choices=SECURITY)
    user = StringField(default="", max_length=254)
    sender = StringField(default="", max_length=254)
    address: Any = SealedField(default="", max_length=1000)
    secret: Any = SealedField(default="", max_length=MAX_SECRET)
    failures = IntField(default=0)
    paused_until = DateTimeField()
    last_sent_at = DateTimeField()
    last_failed_at = DateTimeField()
    last_failure = DictField()

    meta: ClassVar[dict[str, Any]] = {"collection": "channels", "auto_create_index": False}

    @property
    def is_mail(self) -> bool:
        """Tell whether it writes to each person, not to a group."""
        return bool(self.kind == EMAIL)

    @property
    def shown_address(self) -> str:
        """Where it leads, without what would let a reader use it."""
        if self.is_mail:
            return f"{self.host}:{self.port}"
        parts = urlsplit(str(self.address))
        return f"{parts.netloc}/…{self.address[-4:]}" if self.address else ""

    def __str__(self) -> str:
        return str(self.name or self.key)


def ensure_indexes() -> None:
    """Keep keys unique."""
    db().channels.create_index([("key", ASCENDING)], unique=True)


def in_use() -> list[Channel]:
    """Return the channels that are switched on."""
    return list(Channel.objects(active=True).order_by("key"))


def save(channel: Channel, *, seen: str) -> None:
    """Store a channel. Raises InvalidError beside the field, ConflictError when another was faster."""
    check(channel)
    _check_password(channel)
    if channel.is_mail and channel.active and Channel.objects(kind=EMAIL, active=True, id__ne=channel.id):
        raise InvalidError({"active": [_("Another mail server is in use. Switch it off first.")]})
    before = db().channels.find_one({"_id": channel.id}) if channel.id else None

    def work(session: ClientSession) -> None:
        edits.store(channel, ATTRIBUTES, seen=seen, session=session)
        details = audit.difference(_noted(before), _noted(channel.to_mongo().to_dict()), secret=_SECRETS)
        if details:
            audit.note("settings.channel", subject=str(channel), details=details, session=session)

    in_transaction(work)


_SECRETS = frozenset({"secret", "address"})  # whoever knows the address of a robot may write to its group


def _noted(stored: Document | None) -> Document:
    return {name: stored.get(name) for name in ATTRIBUTES} if stored else {}


def _check_password(channel: Channel) -> None:
    """Refuse to send a stored password to another server than the one it was entered for."""
    stored = Channel.objects(id=channel.id).first() if channel.id and channel.is_mail else None
    if stored is None or not channel.secret or channel.secret != stored.secret:
        return
    if (channel.host, channel.port) != (stored.host, stored.port):
        raise InvalidError({"secret": [_("Enter the password again for the other server.")]})


def check(channel: Channel) -> None:
    """Refuse a channel that could never send."""
    errors: dict[str, list[Message]] = {}
    if not _KEY.fullmatch(str(channel.key)):
        errors["key"] = [_("Use small letters, digits, dashes and underscores, beginning with a letter.")]
    elif channel.key == EMAIL and not channel.is_mail:
        errors["key"] = [_("This word is taken by e-mail.")]
    if not str(channel.name).strip():
        errors["name"] = [_("This is needed.")]
    errors |= _check_mail(channel) if channel.is_mail else _check_robot(channel)
    if errors:
        raise InvalidError(errors)


def _check_mail(channel: Channel) -> dict[str, list[Message]]:
    errors: dict[str, list[Message]] = {}
    if not _HOST.fullmatch(str(channel.host)):
        errors["host"] = [_("Enter the name of the mail server.")]
    if not isinstance(channel.port, int) or not 1 <= channel.port <= MAX_PORT:
        errors["port"] = [_("Enter a number from %(min)s to %(max)s.", min=1, max=MAX_PORT)]
    try:
        validate_email(str(channel.sender), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        errors["sender"] = [_("Enter an e-mail address.")]
    if channel.user and channel.security == "none":
        errors["security"] = [_("A password must not travel unencrypted.")]
    return errors


def _check_robot(channel: Channel) -> dict[str, list[Message]]:
    errors: dict[str, list[Message]] = {}
    try:
        addresses.check(str(channel.kind), str(channel.address))
    except addresses.AddressError as error:
        errors["address"] = [error.message]
    if channel.kind == "webhook" and not channel.secret:
        errors["secret"] = [_("Without a secret the receiver cannot tell who is calling.")]
    return errors


def delete(channel: Channel) -> None:
    """Remove a channel; what still waited for it is given up with that reason."""
    given_up = {"state": "dead", "reason": {"msgid": _GONE.msgid, "params": {}}}

    def work(session: Any) -> None:  # noqa: ANN401  (a session)
        db().channels.delete_one({"_id": channel.id}, session=session)
        waiting: Document = {"channel": channel.id, "next_attempt_at": {"$exists": True}}
        change = {"$set": given_up, "$unset": {"next_attempt_at": "", "lease": ""}}
        db().deliveries.update_many(waiting, change, session=session)
        audit.note("settings.channel_deleted", subject=str(channel), session=session)

    in_transaction(work)


def names() -> dict[ObjectId, str]:
    """Return what each channel is called."""
    return {channel.id: str(channel) for channel in Channel.objects.only("name", "key")}


def fits(channel: Document, content: Document, departments: Sequence[ObjectId]) -> bool:
    """Tell whether a group's routes let a notice through.

    Args:
        channel: as stored.
        content: the notice, with `form` and `level`.
        departments: whose business it is.
    """
    if LEVELS.index(content["level"]) < LEVELS.index(channel.get("level", "info")):
        return False
    if channel.get("forms") and content["form"] not in channel["forms"]:
        return False
    return not channel.get("departments") or bool(set(channel["departments"]) & set(departments))


_GONE = _("The channel was deleted.")
