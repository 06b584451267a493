"""The changes by which things of an existing ledger, and the slips of what is out, come into ours."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from models.changes import MAX_REASON, Change
from models.database import Document
from models.errors import DomainError
from models.fields.rows import ROW, new_row_id
from models.forms import LiveForm
from models.ledger.movements import Details, Movement, Past
from models.ledger.moving import goal_of
from models.ledger.quantities import as_stored
from models.ledger.stock import Spot
from models.ledger_import.reading import Gone, Loan, Taken
from models.ledger_import.slips import TAKEN_OVER
from models.ledger_import.steps import effects_of, step_that
from models.messages import _, translate
from models.people import Actor
from models.planning import plan_checked_creates
from models.procedure import Transition
from models.times import noon
from models.validation import Checked
from models.workflow import positions, routing
from models.workflow.run import Run

SOURCE: Final = "import"


def take_over(change: Change, taken: Taken) -> None:
    """Give a thing that is being created the past it has, and bring it to where its procedure keeps things.

    Its step is that of a hand-over; of what else the step brings about nothing happens now, as it was done
    elsewhere, by others.
    """
    definition, record = change.form.definition, change.record
    _name_keeper(change)
    step = step_that(definition, "hand_over")
    if step:
        _enter(change, step)
    part, data = definition.ledger, record["data"]
    if part is None:
        raise DomainError(_("This form keeps no things: it is not a ledger."))
    came = Spot("kept", record.get("department"), str(data.get(part.place) or ""))
    kept = goal_of("hand_over", definition, record)
    details = Details(form=change.form.key, record=record["_id"], source=SOURCE, at=taken.arrived_at)
    moved = [Movement("hand_over", taken.quantity, came, kept, details)] if kept != came else []
    moved += [_left(change, one, kept, details) for one in taken.gone]
    change.past = Past(taken.arrived_at, tuple(moved))


def _name_keeper(change: Change) -> None:
    """Let the form's own table say who keeps a thing of which the file does not say it."""
    workflow, part = change.form.definition.workflow, change.form.definition.ledger
    if workflow is None or part is None or change.record["data"].get(part.keeper):
        return
    for table in workflow.routing:
        if table.department_field == part.keeper:
            routing.route(Run(), change, table)


def _enter(change: Change, step: Transition) -> None:
    """Bring a record to where a step leads, without what else the step does."""
    positions.note(change, step.key, step.to)


def _left(change: Change, gone: Gone, kept: Spot, details: Details) -> Movement:
    goal = goal_of(gone.kind, change.form.definition, change.record)
    at = noon(gone.day, change.actor.timezone) if gone.day else None
    return Movement(gone.kind, gone.quantity, kept, goal, replace(details, note=gone.note, at=at))


def plan_slips(actor: Actor, form: LiveForm, taken: Sequence[tuple[Change, Taken]]) -> list[Change]:
    """Return the slips of what is out, a slip for each loan, lent by the step of their form that lends."""
    loans = [(item.record, loan) for item, one in taken for loan in one.loans]
    step = step_that(form.definition, "lend")
    if not loans or step is None:
        return []
    checked = [Checked(_slip_data(form, item, loan)) for item, loan in loans]
    changes = plan_checked_creates(actor, form, checked, source=SOURCE)
    for change, (_item, loan) in zip(changes, loans, strict=True):
        change.past = Past(noon(loan.since, actor.timezone))
        change.reason = (loan.note or translate(TAKEN_OVER, actor.language))[:MAX_REASON]
        change.todo = tuple(effects_of(step, "lend"))
        _enter(change, step)
    return changes


def _slip_data(form: LiveForm, item: Document, loan: Loan) -> Document:
    part = form.definition.slip
    if part is None:
        raise DomainError(_("This form lends nothing: it is not a slip."))
    column = form.definition.by_key[part.items].columns.get(part.quantity)
    row = {ROW: new_row_id(), part.item: item["_id"], part.quantity: as_stored(column, loan.quantity)}
    return {**loan.slip, part.items: [row]}
