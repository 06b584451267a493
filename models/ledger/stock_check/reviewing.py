"""Reviewing: what becomes of each difference, why, and what somebody has to count again."""

from collections.abc import Callable, Sequence
from typing import Final

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import access
from models.access import Action
from models.database import Document, in_transaction
from models.errors import InvalidError
from models.ledger.stock_check import lines
from models.ledger.stock_check.check import Check, fetch
from models.ledger.stock_check.lines import AGAIN, COUNTED, DECISIONS
from models.messages import _
from models.people import Actor, User
from models.storable import text_problem
from models.times import now

MOST: Final = 500
"""Lines decided about in one go."""
MAX_REASON: Final = 1000

Changed = Callable[[Document], Document | None]
"""What a line becomes; None where it stays as it is."""


def decide(
    actor: Actor, person: User, check_id: str | ObjectId, ids: Sequence[ObjectId], decision: str, reason: str
) -> int:
    """Decide what becomes of some differences, and why; return how many lines it was about.

    Raises:
        NotFoundError: there is no such check for this person.
        ForbiddenError: they may not change it.
        ConflictError: its differences are not decided now.
        InvalidError: beside `decision`, `reason` or `lines`.
    """
    if decision not in DECISIONS:
        raise InvalidError({"decision": [_("Choose what becomes of it.")]})
    said = _reason(reason)
    about = {"decision": decision, "reason": said, "decided_by": actor.id, "decided_by_name": actor.name}

    def change(line: Document) -> Document | None:
        return {**line, **about, "decided_at": now()} if lines.is_off(line) else None

    return _change(person, check_id, ids, change)


def ask_again(
    actor: Actor, person: User, check_id: str | ObjectId, ids: Sequence[ObjectId], note: str = ""
) -> int:
    """Ask for some lines to be counted again; return how many. Raises as `decide`."""
    said = note.strip()
    if problem := text_problem(said, MAX_REASON):
        raise InvalidError({"reason": [problem]})

    def change(line: Document) -> Document | None:
        if line["status"] != COUNTED or line["item"] is None:
            return None
        asked = {"asked_by": actor.id, "asked_by_name": actor.name, "asked_at": now(), "asked_why": said}
        return {**line, **asked, "status": AGAIN, "off": False, "decision": "", "reason": ""}

    return _change(person, check_id, ids, change)


def _reason(reason: str) -> str:
    said = reason.strip()
    if problem := text_problem(said, MAX_REASON) if said else _("Say why."):
        raise InvalidError({"reason": [problem]})
    return said


def _change(person: User, check_id: str | ObjectId, ids: Sequence[ObjectId], change: Changed) -> int:
    check = fetch(person, check_id, Action.EDIT)
    if not ids:
        raise InvalidError({"lines": [_("Choose at least one line.")]})
    if len(ids) > MOST:
        raise InvalidError({"lines": [_("At most %(max)s lines at once.", max=MOST)]})

    def write(session: ClientSession) -> int:
        current = check.fresh(session)
        current.require_review()
        found = list(lines.collection().find({"check": check.id, "_id": {"$in": list(ids)}}, session=session))
        changed = [(line, after) for line in _seen(person, check, found) if (after := change(line))]
        lines.store(check.form, check.part, check.id, changed, session)
        return len(changed)

    return in_transaction(write)


def _seen(person: User, check: Check, found: Sequence[Document]) -> list[Document]:
    items = {line["item"] for line in found if line["item"]}
    seen = access.visible(person, check.ledger.key, items)
    return [line for line in found if line["item"] is None or line["item"] in seen]
