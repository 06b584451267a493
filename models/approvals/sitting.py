"""One decision on its way: read, changed in a copy, and stored with the record's history."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import datetime
from functools import partial

from bson import ObjectId

from models import forms, planning, who, workflow
from models.approvals import asking, queries, recording, signers
from models.approvals.asking import Moment
from models.changes import Change
from models.database import Document
from models.errors import ConflictError, InvalidError
from models.forms import LiveForm
from models.messages import _
from models.people import Actor
from models.times import now
from models.who import Substitution
from models.workflow import signing

ATTEMPTS = 20  # of those who decide at once, one is stored each time


@dataclass
class Sitting:
    """What a decision works on: `before` is stored, `after` is what it becomes."""

    actor: Actor
    form: LiveForm
    record: Document
    before: Document
    after: Document
    at: datetime

    @property
    def step(self) -> Document:
        """The step that is being asked."""
        return signers.current_step(self.after)

    def signer(self, wanted: ObjectId) -> Document:
        """Return a signer of the current step as they become."""
        found: Document = next(one for one in self.step["signers"] if one["id"] == wanted)
        return found


@dataclass
class Outcome:
    """What a decision makes of a record: history's word for it, and the transition it takes."""

    action: str
    facts: Document
    reason: str = ""
    transition: str = ""
    ask_from: int | None = None
    signature: Document | None = None
    substitutions: list[Substitution] = attribute(default_factory=list)


Decide = Callable[[Sitting], Outcome]


def hold(
    actor: Actor,
    approval_id: ObjectId,
    decide: Decide,
    *,
    seen: str | None = None,
    source: str = "screen",
) -> Document:
    """Let somebody decide and store it with the record's history; return the approval as it is then.

    Whoever decides at the same moment as another is not refused for it: the decision is made once more on
    what the other left, as long as the content is what it was.

    Args:
        actor: who decides.
        approval_id: about what.
        decide: changes `sitting.after` and says what it means; raises what stands in the way.
        seen: the hash of the content that was shown to the person.
        source: kept in history.

    Raises:
        NotFoundError: there is none, or its record is in the bin.
        ConflictError: it is over, or the content changed since the person saw it.
    """
    for attempt in range(ATTEMPTS):
        sitting = _begin(actor, approval_id)
        content = signing.content_hash(sitting.form.key, sitting.record)
        if seen is not None and content != seen:
            raise ConflictError(
                _("The content changed since you opened it. Read it again before you decide."),
                current=sitting.record,
            )
        seen = content
        try:
            with who.batch():
                _commit(sitting, decide(sitting), source)
        except _LostRaceError:
            if attempt + 1 == ATTEMPTS:
                raise
            continue
        return sitting.after
    raise ConflictError


class _LostRaceError(ConflictError):
    """Somebody stored the record or the approval first."""


def _begin(actor: Actor, approval_id: ObjectId) -> Sitting:
    before = queries.get(approval_id)
    if before["status"] != "open":
        raise ConflictError(_("This approval is over already."), current=before)
    form = forms.current(before["form"])
    record = planning.stored(form, before["record"])
    return Sitting(actor, form, record, before, deepcopy(before), now())


def _commit(sitting: Sitting, outcome: Outcome, source: str) -> None:
    after = sitting.after
    moment = Moment(sitting.actor, sitting.form, sitting.record, sitting.at, outcome.substitutions)
    if outcome.ask_from is not None and not asking.go_on(after, moment, outcome.ask_from):
        after["status"] = "approved"
        outcome.transition = after["definition"]["approved"]
    after["turn"] += 1
    if after["status"] != "open":
        after["ended_at"] = sitting.at
    recording.note(after, sitting.at, outcome.action, reason=outcome.reason, **outcome.facts)
    change = _plan(sitting, outcome, source)
    change.action = outcome.action
    change.facts["approval"] = {"id": after["_id"], **outcome.facts}
    signing.attach(change, outcome.signature)
    change.writes.insert(0, partial(recording.store, change, sitting.before, after, moment))
    try:
        workflow.commit([change])
    except ConflictError as lost:
        raise _LostRaceError(current=lost.current) from lost


def _plan(sitting: Sitting, outcome: Outcome, source: str) -> Change:
    if outcome.transition:
        return workflow.plan_move(
            sitting.actor,
            sitting.form,
            sitting.record,
            _transition(sitting, outcome.transition),
            source=source,
            reason=outcome.reason,
            at=sitting.at,
        )
    record = {
        **sitting.record,
        "data": dict(sitting.record["data"]),
        "revision": sitting.record["revision"] + 1,
        "updated_at": sitting.at,
        "updated_by": sitting.actor.id,
    }
    return planning.step(
        sitting.actor,
        sitting.form,
        sitting.record,
        record,
        outcome.action,
        source=source,
        reason=outcome.reason,
    )


def _transition(sitting: Sitting, key: str) -> str:
    """Return the transition of an outcome; where the form lost it since, what its approval names by now."""
    workflow = sitting.form.definition.workflow
    if workflow is None or key in workflow.by_transition:
        return key
    named = workflow.state_of(sitting.record).approval
    outcomes = {"approved": named.approved, "rejected": named.rejected} if named else {}
    return outcomes.get(sitting.after["status"], key)


def checked_reason(reason: str, *, needed: bool) -> str:
    """Return a reason as it is kept. Raises InvalidError beside `reason` where one is missing."""
    if needed and not reason.strip():
        raise InvalidError({"reason": [_("Say why.")]})
    return reason.strip()
