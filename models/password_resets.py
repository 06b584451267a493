"""A forgotten password: whoever reads the person's mail may set a new one, once, within half an hour.

The link carries the number of the request and a signature made with the program's secret, so that neither the
database nor a stored mail holds what opens the account. Asking does the same work for everybody; only the
effect, carried out later, knows whether there is such a person.
"""

import hmac
from datetime import timedelta
from typing import Final

from bson import ObjectId
from pymongo import ASCENDING
from pymongo.client_session import ClientSession

from models import audit, channels, deliveries, outbox, password_changes, passwords, sign_in, throttle
from models.channels.surroundings import surroundings
from models.database import Document, db, in_transaction
from models.errors import NotFoundError
from models.messages import LANGUAGES, Message, _, translate
from models.people import User
from models.times import now

PATH: Final = "/reset/"
VALID_MINUTES: Final = 30
VALID_FOR: Final = timedelta(minutes=VALID_MINUTES)
SUBJECT: Final = _("Choose a new password")
TEXT: Final = _(
    "Somebody asked for a new password for your account. If it was you, open the page below within "
    "%(minutes)s minutes and choose one. If not, do nothing: your password stays as it is.",
    minutes=VALID_MINUTES,
)
EXPIRED: Final = _("This link does not work any more. Please ask for a new one.")


def is_possible(public_url: str) -> bool:
    """Tell whether a mail with a link can be sent.

    Args:
        public_url: the address of this site as the operator set it, or nothing.
    """
    return bool(public_url) and _mail_channel() is not None


def _mail_channel() -> Document | None:
    found: Document | None = db().channels.find_one({"kind": channels.EMAIL, "active": True})
    return found


def ask(identity: str, address: str | None) -> None:
    """Ask for a new password; what is typed may be anybody's name or nobody's, the answer is the same.

    Args:
        identity: user name or e-mail address.
        address: whence. Too many requests are dropped without a word.
    """
    person = sign_in.find(identity[: sign_in.LONGEST_IDENTITY])
    subject = str(person.username) if person else ""
    if throttle.attempt(throttle.RESET, identity[: sign_in.LONGEST_IDENTITY], address, subject=subject):
        return
    asked = ObjectId()
    payload = {"person": person.id if person else None, "request": asked, "address": address or ""}
    outbox.put([outbox.effect("password_reset", f"password_reset:{asked}", payload)])


@outbox.handler("password_reset")
def _send_link(effect: Document) -> None:
    wanted, at = effect["payload"], effect["created_at"]
    person = User.objects(id=wanted["person"], active=True).first() if wanted["person"] else None
    mail = _mail_channel()
    if person is None or not person.email or mail is None:
        return

    def work(session: ClientSession) -> None:
        request = {
            "person": person.id,
            "user": person.fs_uniquifier,
            "expires_at": at + VALID_FOR,
        }
        written = {"$setOnInsert": request}
        made = db().password_resets.update_one(
            {"_id": wanted["request"]}, written, upsert=True, session=session
        )
        if made.upserted_id is None:
            return  # carried out before
        db().deliveries.insert_one(_mail(mail, person, wanted["request"]), session=session)
        audit.note(
            "password.reset_asked",
            actor=None,
            subject=str(person.username),
            address=wanted["address"],
            session=session,
        )

    in_transaction(work)


def _mail(channel: Document, person: User, request: ObjectId) -> Document:
    content: Document = {
        "kind": "system",
        "form": None,
        "record": None,
        "title": _in_both(SUBJECT),
        "text": _in_both(TEXT),
        "url": f"{PATH}{request}",
        "signed": True,
        "level": "info",
        "late": False,
        "by_name": "",
        "due": None,
    }
    key = f"password_reset:{request}"
    made = deliveries.new(key, channel, content, now(), person=person.id, to=str(person.email))
    return made | {"retry_until": now() + VALID_FOR}


def _in_both(message: Message) -> dict[str, str]:
    return {language: translate(message, language) for language in LANGUAGES}


def opened(token: str) -> ObjectId:
    """Return which request a link's token opens; it stays good until a password is set.

    Raises:
        NotFoundError: it is forged, used or too old, or the person's sessions ended since.
    """
    number, _dot, _signature = token.partition(".")
    signed = surroundings().sign(f"{PATH}{number}").encode("utf-8", "replace")
    same = hmac.compare_digest(signed, f"{PATH}{token}".encode("utf-8", "replace"))
    if not same or not ObjectId.is_valid(number):
        raise NotFoundError(EXPIRED)
    person_of(ObjectId(number))
    return ObjectId(number)


def person_of(request: ObjectId) -> User:
    """Return who may set a new password by a request. Raises NotFoundError when it is over."""
    found = db().password_resets.find_one({"_id": request, "expires_at": {"$gt": now()}})
    person = User.objects(id=found["person"], active=True).first() if found else None
    if found is None or person is None or person.fs_uniquifier != found["user"]:
        raise NotFoundError(EXPIRED)
    return person


def use(request: ObjectId, password: str, address: str | None) -> User:
    """Set the new password and use the request up; every session ends, and locks of the account, too.

    Raises:
        NotFoundError: it is over.
        InvalidError: beside `password`; the request stays good.
    """
    person = person_of(request)
    passwords.set_password(person, password)

    def work(session: ClientSession) -> None:
        if not db().password_resets.delete_one({"_id": request}, session=session).deleted_count:
            raise NotFoundError(EXPIRED)
        db().password_resets.delete_many({"person": person.id}, session=session)
        password_changes.store(person, password_changes.RESET, address, session)

    in_transaction(work)
    throttle.lift(throttle.SIGN_IN, sign_in.names(person))
    return person


def ensure_indexes() -> None:
    """Let requests go that expired, and find those of a person."""
    db().password_resets.create_index([("expires_at", ASCENDING)], expireAfterSeconds=0)
    db().password_resets.create_index([("person", ASCENDING)])
