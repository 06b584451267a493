"""Forms, old records and the two people whom a disposal needs."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId

from models import files, records, times
from models.database import Document
from models.forms import LiveForm
from models.jobs import Job
from models.people import Actor, Permission, User
from models.retention import carrying_out, lists, rules
from tests import factories

LONG_AGO = datetime(2019, 3, 1, 2, tzinfo=UTC)


def keeper(name: str = "keeper") -> User:
    """Somebody who may manage retention and nothing else."""
    permissions = [Permission.RETENTION_MANAGE.value]
    return factories.user(name, factories.role("retention", permissions=permissions), name=name)


def second() -> User:
    return keeper("second")


def form(**properties: Any) -> LiveForm:
    """Return a numbered form with an attachment and a date, whose records are kept for five years."""
    live = factories.form(
        factories.field("name", searchable=True),
        factories.field("signed_on", "date"),
        factories.field("paper", "attachment"),
        factories.field("serial", "serial", serial_pattern="S-{seq:4}"),
        numbering="R-{seq:4}",
        **properties,
    )
    keep(live)
    return live


def keep(live: LiveForm, months: int = 60, counts_from: str = "created") -> None:
    rules.save(keeper(), live, {"months": str(months), "counts_from": counts_from})


def record(live: LiveForm, at: datetime = LONG_AGO, **raw: Any) -> Document:
    with times.set_clock(at):
        return factories.record(live, **raw)


def old(live: LiveForm, count: int) -> list[Document]:
    return [record(live, LONG_AGO + timedelta(days=number), name=f"old {number}") for number in range(count)]


def paper(text: bytes = b"text") -> ObjectId:
    admin = factories.administrator()
    return factories.stored(text, admin, "a.txt", files.UPLOAD)


def into_bin(live: LiveForm, kept: Document) -> Document:
    actor = Actor.of(factories.administrator())
    return records.delete(actor, live, kept["_id"], revision=kept["revision"], reason="wrong")


def approved(live: LiveForm) -> tuple[ObjectId, Job]:
    """Draw up a list and let the second person approve it."""
    list_id = lists.draw(keeper(), live)
    return list_id, lists.approve(second(), list_id, "en")


def dispose(live: LiveForm) -> ObjectId:
    """Draw up, approve and carry out."""
    list_id, job = approved(live)
    carrying_out.run(factories.claimed(job))
    return list_id


def outcomes(list_id: ObjectId) -> dict[str, int]:
    return lists.outcomes(list_id)
