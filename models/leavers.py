"""When an account is disabled: what waits for that person goes to others, and the administrators are told.

It is an effect of the outbox, stored with the account, so that a crash in between loses nothing.
"""

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import outbox
from models.approvals import replacing as approvals
from models.database import Document, db
from models.duties import replacing as duties


def put(person: ObjectId, session: ClientSession | None = None) -> None:
    """Let what waits for somebody who just left go to others, as soon as effects are carried out."""
    effect = outbox.effect("person_left", f"person_left:{person}:{ObjectId()}", {"person": person})
    outbox.put([effect], session)


@outbox.handler("person_left")
def _carry_out(effect: Document) -> None:
    person = effect["payload"]["person"]
    if db().users.find_one({"_id": person, "active": True}, {"_id": 1}):
        return  # came back in the meantime
    approvals.replace_person(person)
    duties.replace_person(person)
