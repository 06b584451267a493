"""Carries out what `models.staffing` noted: who owes what, after people came, left or moved."""

from models import outbox, staffing
from models.approvals import replacing as approvals
from models.database import Document, db
from models.duties import refreshing
from models.duties import replacing as duties


@outbox.handler(staffing.LEFT)
def _someone_left(effect: Document) -> None:
    person = effect["payload"]["person"]
    if db().users.find_one({"_id": person, "active": True}, {"_id": 1}):
        return  # came back in the meantime
    approvals.replace_person(person)
    duties.replace_person(person)


@outbox.handler(staffing.CHANGED)
def _staff_changed(_effect: Document) -> None:
    refreshing.refresh()
