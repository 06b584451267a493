"""What clocks do to records when they run out."""

from dataclasses import dataclass
from functools import partial

import structlog
from pymongo.client_session import ClientSession

from models import forms, outbox
from models.changes import Change
from models.database import Document, db
from models.errors import ConflictError, NotFoundError
from models.forms import LiveForm
from models.people import Actor
from models.planning import plan_creates, step, stored
from models.procedure import CreateRecord, Effects, Move
from models.times import now
from models.workflow.moving import plan_move
from models.workflow.storing import commit

log = structlog.get_logger()

ATTEMPTS = 3
_OPEN = frozenset({"running", "paused"})


@dataclass(frozen=True)
class _Breach:
    """A rung that was reached, and what it brings about."""

    effect: Document
    form: LiveForm
    effects: Effects

    @property
    def facts(self) -> Document:
        payload = self.effect["payload"]
        return {name: payload.get(name) for name in ("clock", "rung", "late")}

    def settle(self, session: ClientSession) -> None:
        """Mark it as done in the transaction that does it, so that it happens once. Raises ConflictError."""
        waiting = {"_id": self.effect["_id"], "done_at": {"$exists": False}}
        done = {"$set": {"done_at": now()}, "$unset": {"next_attempt_at": ""}}
        if not db().outbox.update_one(waiting, done, session=session).matched_count:
            raise ConflictError


@outbox.handler("clock_effects")
def carry_out(effect: Document) -> None:
    """Do to a record what a rung of a clock brings about; nothing when it or its clock left meanwhile."""
    breach = _read(effect)
    for attempt in range(ATTEMPTS):
        if breach is None or not _is_waiting(effect):
            return
        try:
            _act(breach)
        except ConflictError:  # somebody changed the record at this moment
            if attempt == ATTEMPTS - 1:
                raise
        else:
            return


def _is_waiting(effect: Document) -> bool:
    found = db().outbox.find_one({"_id": effect["_id"]}, {"done_at": 1})
    return found is not None and "done_at" not in found


def _read(effect: Document) -> _Breach | None:
    payload = effect["payload"]
    try:
        form = forms.current(payload["form"])
    except NotFoundError:
        return None
    clock = form.definition.by_clock.get(payload["clock"])
    rung = next((one for one in clock.ladder if one.key == payload["rung"]), None) if clock else None
    return _Breach(effect, form, rung.effects) if rung and _still_runs(payload) else None


def _still_runs(payload: Document) -> bool:
    if not payload.get("clock_id"):
        return True
    found = db().clocks.find_one({"_id": payload["clock_id"]}, {"state": 1})
    return found is not None and found["state"] in _OPEN


def _act(breach: _Breach) -> None:
    record_id = breach.effect["payload"].get("record")
    if record_id is None:
        commit(_of_form(breach), breach.settle)
        return
    try:
        record = stored(breach.form, record_id)
    except NotFoundError:
        return  # it is in the bin
    change = _plan(breach, record)
    if change is not None:
        commit([change], breach.settle)


def _plan(breach: _Breach, record: Document) -> Change | None:
    """Return the change of a record; None where it is no longer where the clock would take it from."""
    actor, form = Actor.system(), breach.form
    moves = [effect for effect in breach.effects if isinstance(effect, Move)]
    if moves:
        take = next(filter(partial(_may, form, record), moves), None)
        if take is None:
            log.info("clock.left", form=form.key, record=str(record["_id"]), **breach.facts)
            return None
        change = plan_move(actor, form, record, take.transition, source="system")
    else:
        later = {"revision": record["revision"] + 1, "updated_at": now(), "updated_by": None}
        after = {**record, **later, "form_version": form.version}
        change = step(actor, form, record, after, "updated", source="system", reason="")
    change.facts["by_clock"] = breach.facts
    change.todo = tuple(effect for effect in breach.effects if not isinstance(effect, Move))
    return change


def _may(form: LiveForm, record: Document, effect: Move) -> bool:
    workflow = form.definition.workflow
    transition = workflow.by_transition.get(effect.transition) if workflow else None
    return bool(workflow and transition and workflow.leaves(transition, workflow.state_of(record).key))


def _of_form(breach: _Breach) -> list[Change]:
    """Return the records that a clock of the form itself creates: there is no record to do more to."""
    planned: list[Change] = []
    for effect in breach.effects:
        if isinstance(effect, CreateRecord):
            form, actor, at = forms.current(effect.form), Actor.system(), now()
            sources = {"@now": at.isoformat(), "@today": at.astimezone(actor.timezone).date().isoformat()}
            mapped = {key: sources.get(source) for key, source in effect.mapped.items()}
            raw = {key: value for key, value in {**effect.values, **mapped}.items() if value is not None}
            planned += plan_creates(actor, form, [raw], source="system")
    return planned
