"""When accounts or departments change, what people owe follows: noted with the change, done soon after.

The note is an effect of the outbox, so that a crash in between loses nothing; `models.reassigning` does it.
"""

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import outbox

LEFT = "person_left"
CHANGED = "staff_changed"


def left(person: ObjectId, session: ClientSession | None = None) -> None:
    """Note that somebody left: others do what waits for them, and the administrators are told."""
    effect = outbox.effect(LEFT, f"{LEFT}:{person}:{ObjectId()}", {"person": person})
    outbox.put([effect], session)


def changed(session: ClientSession | None = None) -> None:
    """Note that roles, members or heads changed: open tasks ask whoever they mean by now."""
    outbox.put([outbox.effect(CHANGED, f"{CHANGED}:{ObjectId()}", {})], session)
