"""What the ledger says to people: who has the pieces that are missing, and until when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from models.database import db
from models.ledger.stock import FAR, Occupation, ShortageError
from models.messages import Message, _, translate
from models.people import Actor

MAX_NAMED = 5


@dataclass(frozen=True)
class Listed:
    """Messages in a row, in the reader's language."""

    messages: Sequence[Message]

    def text(self, language: str, /) -> str:
        """Return them as one text."""
        return ("; " if language == "en" else "；").join(translate(one, language) for one in self.messages)


def plain(quantity: Decimal) -> str:
    """Return a quantity without idle zeros."""
    return f"{quantity.normalize():f}"


def shortage(short: ShortageError, item: Mapping[str, Any], _actor: Actor, _at: datetime) -> Message:
    """Say how many pieces are free, and who has or will have the others until when."""
    name = item.get("title") or item.get("number") or ""
    if not short.taken:
        return _(
            "There are %(free)s of “%(item)s” here, not %(wanted)s.",
            free=plain(short.free),
            item=name,
            wanted=plain(short.wanted),
        )
    return _(
        "Only %(free)s of “%(item)s” are free then. %(taken)s.",
        free=plain(short.free),
        item=name,
        taken=Listed(_takers(short.taken)),
    )


def _takers(taken: Sequence[Occupation]) -> list[Message]:
    ids = [one.person for one in taken if one.person]
    names = {one["_id"]: one.get("name") or one["username"] for one in db().users.find({"_id": {"$in": ids}})}
    said = [_taker(one, names.get(one.person) or "—") for one in taken[:MAX_NAMED]]
    if len(taken) > MAX_NAMED:
        said.append(_("and %(count)s others", count=len(taken) - MAX_NAMED))
    return said


def _taker(one: Occupation, name: str) -> Message:
    quantity = plain(one.quantity)
    if one.late:
        return _("%(name)s has %(quantity)s, due since %(day)s", name=name, quantity=quantity, day=one.ends)
    if one.lent and one.ends == FAR:
        return _("%(name)s has %(quantity)s", name=name, quantity=quantity)
    if one.lent:
        return _("%(name)s has %(quantity)s until %(day)s", name=name, quantity=quantity, day=one.ends)
    if one.waiting:
        return _(
            "%(name)s waits for %(quantity)s from %(begins)s to %(ends)s",
            name=name,
            quantity=quantity,
            begins=one.begins,
            ends=one.ends,
        )
    return _(
        "%(name)s has asked for %(quantity)s from %(begins)s to %(ends)s",
        name=name,
        quantity=quantity,
        begins=one.begins,
        ends=one.ends,
    )
