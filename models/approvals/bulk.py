"""Approving many at once: each in a transaction of its own, with a report for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from models import duties
from models.approvals.decisions import decide
from models.errors import ConflictError, DomainError, InvalidError
from models.messages import Message, _
from models.people import Actor, User

MAX_BULK = 200


@dataclass(frozen=True)
class Report:
    """What became of one of many; `error` says why it was not approved, `errors` beside what."""

    duty: ObjectId
    error: Message | None = None
    errors: dict[str, list[Message]] | None = None


def approve_many(
    actor: Actor,
    person: User,
    duty_ids: Sequence[ObjectId],
    *,
    reason: str = "",
    signature: object = None,
    seen: Mapping[ObjectId, str] | None = None,
    source: str = "screen",
) -> list[Report]:
    """Approve what several duties ask for, for oneself or whom one stands in for.

    Args:
        actor: the person as the one who acts.
        person: who approves.
        duty_ids: of duties of the kind `approval`, as the inbox shows them.
        reason: kept with each.
        signature: a typed name for all that ask for one; what asks for a drawing is refused.
        seen: by duty, the hash of the content that was shown (`queries.contents`).
        source: kept in history.

    Raises InvalidError for more than 200.
    """
    wanted = list(dict.fromkeys(duty_ids))
    if len(wanted) > MAX_BULK:
        raise InvalidError({"": [_("At most %(max)s at once.", max=MAX_BULK)]})
    shown = seen or {}
    return [
        _approve(actor, person, one, reason=reason, signature=signature, seen=shown.get(one), source=source)
        for one in wanted
    ]


def _approve(actor: Actor, person: User, duty_id: ObjectId, **said: Any) -> Report:  # noqa: ANN401  (of `decide`)
    try:
        duty = duties.get(duty_id)
        if duty["kind"] != "approval" or duty["done_at"]:
            raise ConflictError(_("This was decided already."), current=duty)
        decide(actor, person, duty["approval"], "approve", slot=duty["signer"], **said)
    except InvalidError as refused:
        return Report(duty_id, refused.message, refused.errors)
    except DomainError as refused:
        return Report(duty_id, refused.message)
    return Report(duty_id)
