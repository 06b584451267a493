"""Whom the company's own sign-in service means: its accounts linked with ours, once and for good.

The first time, an account is found by an e-mail address that the service has verified. From then on its
subject counts alone: whoever gets that address there later is not let into another's account here.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pymongo import ASCENDING
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from models import audit
from models.database import Document, db, in_transaction
from models.errors import ForbiddenError
from models.messages import Message, _
from models.people import Actor, User
from models.times import now

UNKNOWN: Final = _(
    "The sign-in service knows you, but there is no account for you here. Ask an administrator."
)
UNVERIFIED: Final = _(
    "The sign-in service has not verified your e-mail address, so no account was looked for."
)
DISABLED: Final = _("Your account is disabled. Ask an administrator.")
TAKEN: Final = _("Your account belongs to somebody else at the sign-in service. Ask an administrator.")


@dataclass(frozen=True)
class Link:
    """What ties an account to one of a sign-in service."""

    issuer: str
    since: datetime


def links_of(person: User) -> list[Link]:
    """Return with which services an account is linked, the first one first."""
    found = db().identities.find({"person": person.id}).sort("at", ASCENDING)
    return [Link(link["issuer"], link["at"]) for link in found]


def unlink(actor: Actor, person: User) -> None:
    """End every link of an account; the next sign-in by a service finds it by its address again."""

    def write(session: ClientSession) -> None:
        issuers = ", ".join(link.issuer for link in links_of(person))
        if db().identities.delete_many({"person": person.id}, session=session).deleted_count:
            subject, details = str(person.username), {"issuer": issuers}
            audit.note("account.unlinked", actor=actor, subject=subject, details=details, session=session)

    in_transaction(write)


def person_of(issuer: str, subject: str, email: str, *, verified: bool) -> User:
    """Return the active account of somebody for whom a sign-in service vouches; link them the first time.

    Args:
        issuer: the service.
        subject: the person's never changing name there.
        email: as the service tells it.
        verified: whether it has verified that address.

    Raises:
        ForbiddenError: with what to tell them.
    """
    linked = db().identities.find_one({"issuer": issuer, "subject": subject})
    person: User | None
    if linked:
        person = User.objects(id=linked["person"]).first()
    else:
        person = _by_mail(subject, email, verified=verified)
    if person is None:
        raise refused(UNKNOWN, subject, email)
    if not person.active:
        raise refused(DISABLED, subject, email)
    if not linked:
        _link(issuer, subject, email, person)
    return person


def _by_mail(subject: str, email: str, *, verified: bool) -> User | None:
    if not verified:
        raise refused(UNVERIFIED, subject, email)
    found: User | None = User.objects(email__in=[email, email.lower()]).first() if email else None
    return found


def _link(issuer: str, subject: str, email: str, person: User) -> None:
    link: Document = {"issuer": issuer, "subject": subject, "person": person.id, "at": now()}
    try:
        db().identities.insert_one(link)
    except DuplicateKeyError:
        if not db().identities.find_one({"issuer": issuer, "subject": subject, "person": person.id}):
            raise refused(TAKEN, subject, email) from None
    details = {"issuer": issuer, "subject": subject, "email": email}
    audit.note("account.linked", actor=Actor.of(person), subject=str(person.username), details=details)


def refused(why: Message, subject: str, email: str) -> ForbiddenError:
    """Record that somebody was not let in, and return what they are told."""
    details = {"reason": str(why), "by": "sign-in service", "subject": subject, "email": email}
    audit.note("session.refused", actor=None, details=details)
    return ForbiddenError(why)


def ensure_indexes() -> None:
    """Create what links each account there with one here, and each here with one there."""
    db().identities.create_index([("issuer", ASCENDING), ("subject", ASCENDING)], unique=True)
    db().identities.create_index([("issuer", ASCENDING), ("person", ASCENDING)], unique=True)
