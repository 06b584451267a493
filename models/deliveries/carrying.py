"""Sends what is due: every channel on its own thread, so that a slow one holds up only itself."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from models import channels, deliveries
from models.channels import Channel, breaker
from models.channels.message import Outgoing
from models.channels.outcomes import Outcome
from models.channels.sending import Sender, opened
from models.channels.surroundings import surroundings
from models.database import Document, db
from models.deliveries import templates
from models.messages import LANGUAGES, Message, _, say_stored
from models.times import now

log = structlog.get_logger()

BUDGET_SECONDS: Final = 4.0
THREADS: Final = 8
_GONE: Final = _("This person cannot sign in any more.")
_NO_ADDRESS: Final = _("This person has no e-mail address any more.")


def send_due(seconds: float = BUDGET_SECONDS) -> int:
    """Send what is due on every channel, for about so many seconds; return how many attempts were made."""
    waiting = [channel for channel in channels.in_use() if deliveries.has_due(channel.id)]
    if not waiting:
        return 0
    deadline = time.monotonic() + seconds
    with ThreadPoolExecutor(min(THREADS, len(waiting)), "deliveries") as pool:
        return sum(pool.map(lambda channel: _send_on(channel, deadline), waiting))


def _send_on(channel: Channel, deadline: float) -> int:
    done = 0
    with opened(channel) as sender:
        while time.monotonic() < deadline and breaker.admits(channel.id):
            claimed = deliveries.claim(channel.id)
            if claimed is None:
                break
            _carry_out(channel, sender, claimed)
            done += 1
    return done


def _carry_out(channel: Channel, sender: Sender, claimed: Document) -> None:
    made = compose(channel, claimed)
    if isinstance(made, Message):
        deliveries.skip(claimed, made)
        return
    outcome = _try(sender, made, claimed)
    if not deliveries.record(claimed, outcome):
        log.warning("delivery.lease_lost", delivery=str(claimed["_id"]))
    breaker.record(channel.id, outcome)


def _try(sender: Sender, message: Outgoing, claimed: Document) -> Outcome:
    try:
        return sender.send(message)
    except Exception as error:  # one message that nobody foresaw must not hold up the others
        log.exception("delivery.failed", delivery=str(claimed["_id"]))
        return Outcome("again", _("Something went wrong."), f"{type(error).__name__}: {error}", well=True)


def compose(channel: Channel, claimed: Document) -> Outgoing | Message:
    """Return the message in its reader's language, or why there is nobody to send it to any more."""
    reader = _reader(claimed)
    if isinstance(reader, Message):
        return reader
    language = str(reader.get("language") or channel.language)
    zone = ZoneInfo(reader.get("timezone") or "Asia/Shanghai")
    notice = claimed["notice"]
    values = _values(notice, reader, language, zone)
    subject, body = templates.render(notice["kind"], language, values)
    return Outgoing(
        key=claimed["key"],
        to=reader.get("email", ""),
        subject=subject,
        body=body,
        link=values["url"],
        language=language if language in LANGUAGES else LANGUAGES[0],
        facts=_facts(notice, values),
        at=now(),
    )


def _reader(claimed: Document) -> Document | Message:
    """Return the person it goes to as they are now, or nobody for a group."""
    if not claimed["person"]:
        return {}
    wanted = {"name": 1, "email": 1, "language": 1, "timezone": 1}
    person = db().users.find_one({"_id": claimed["person"], "active": True}, wanted)
    if person is None:
        return _GONE
    return person if person.get("email") else _NO_ADDRESS


def _values(notice: Document, reader: Document, language: str, zone: ZoneInfo) -> dict[str, str]:
    due = notice.get("due")
    return {
        "title": say_stored(notice["title"], language),
        "text": say_stored(notice["text"], language),
        "person": str(reader.get("name", "")),
        "by": str(notice.get("by_name") or ""),
        "due": due.astimezone(zone).strftime("%Y-%m-%d %H:%M") if due else "",
        "url": surroundings().link(_path(notice)) if notice["url"] else "",
        "level": notice["level"],
        "late": "yes" if notice["late"] else "",
        "company": surroundings().company,
    }


def _path(notice: Document) -> str:
    """Return the page a notice is about; a signature that opens something is made only now."""
    path = str(notice["url"])
    return surroundings().sign(path) if notice.get("signed") else path


def _facts(notice: Document, values: dict[str, str]) -> dict[str, object]:
    """Return what a program gets to know: names and ids, nothing of the record's content."""
    return {
        "kind": notice["kind"],
        "level": notice["level"],
        "late": notice["late"],
        "form": notice["form"],
        "record": str(notice["record"]) if notice["record"] else None,
        "title": values["title"],
        "text": values["text"],
        "due": notice["due"].isoformat() if notice.get("due") else None,
    }


def send_test(channel: Channel, to: str, language: str) -> Outcome:
    """Send a message that says it is a test, at once and without a trace in the log."""
    at = now()
    text = _TEST[language if language in LANGUAGES else LANGUAGES[0]]
    message = Outgoing(
        key=f"test:{channel.id}:{at.timestamp()}",
        to=to,
        subject=text[0],
        body=text[1],
        link=surroundings().link("/"),
        language=language,
        facts={"kind": "test"},
        at=at,
    )
    with opened(channel) as sender:
        return sender.send(message)


_TEST: Final = {
    "zh": ("测试消息", "这条渠道可以使用了。"),
    "en": ("Test message", "This channel works."),
}
