"""Asking for things of a ledger with as few words as possible: one piece, from today, for the usual time.

What a slip needs besides is found by checking it as if it were stored; its own workflow decides what
happens with it then.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bson import ObjectId

from models.access import permitted
from models.changes import Write
from models.database import Document
from models.definition import Definition, Field
from models.disclosure import Disclosure
from models.errors import ForbiddenError, NotFoundError
from models.forms import LiveForm
from models.ledger.steps import does
from models.ledger_parts import Slip
from models.messages import _
from models.people import Action, Actor, User
from models.planning import blank_record, plan_creates
from models.procedure import Transition
from models.times import now, today
from models.validation import defaults, validate
from models.workflow import beginning, commit, transitions

SIMPLE = frozenset(
    {"text", "long_text", "integer", "decimal", "date", "choice", "boolean", "phone", "email"}
)  # fmt: skip
"""Types of fields that a small page can ask for."""
Remembering = Callable[[ObjectId], Write]


@dataclass(frozen=True)
class Wish:
    """So many pieces of an item, as somebody typed it."""

    item: ObjectId
    quantity: str = "1"


def slip_of(form: LiveForm) -> Slip:
    """Return how a form lends things. Raises NotFoundError for one that lends nothing."""
    if form.definition.slip is None:
        raise NotFoundError
    return form.definition.slip


def usual_end(form: LiveForm, begins: date) -> date:
    """Return the last day of a loan of the usual length."""
    return begins + timedelta(days=slip_of(form).usual_days)


def first_step(person: User, form: LiveForm, *, waiting: bool = False) -> Transition | None:
    """Return the step by which somebody asks for things at once, or (`waiting`) gets in line for them.

    None where they may not, or where it has to be signed or asks for what only comes later.
    """
    workflow = form.definition.workflow
    if workflow is None or not permitted(person, form.key, Action.CREATE):
        return None
    actor = Actor.of(person)
    actions = ("queue",) if waiting else ("reserve", "lend")
    newborn = blank_record(actor, _of_nobody_else(actor, form), now())
    for step in workflow.leaving(workflow.initial):
        if step.by != "person" or step.signature != "no" or not does(step, *actions):
            continue
        try:
            transitions.allow(person, form, {**newborn, "state": workflow.initial}, step)
        except (ForbiddenError, NotFoundError):
            continue
        return step
    return None


def _of_nobody_else(actor: Actor, form: LiveForm) -> Document:
    """Return the data of a slip on which somebody borrows for themselves."""
    return {**defaults(actor, form.definition), slip_of(form).borrower: actor.id}


def filled_in(
    person: User, form: LiveForm, wishes: Sequence[Wish], ends: str, more: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the raw values of a slip by which a person borrows from today; what they may not know is out.

    Args:
        person: who borrows.
        form: the slip.
        wishes: what; none twice.
        ends: the last day (ISO date).
        more: raw values of other fields.
    """
    part = slip_of(form)
    department = {part.department: str(person.department.id)} if part.department and person.department else {}
    raw = {
        **more,
        part.items: [{part.item: str(one.item), part.quantity: one.quantity} for one in wishes],
        part.borrower: str(person.id),
        **department,
        part.begins: today(Actor.of(person).timezone).isoformat(),
        part.ends: ends,
    }
    known = Disclosure(person, form).definition_of_new().by_key
    return {key: value for key, value in raw.items() if key in known}


def missing(person: User, form: LiveForm, raw: Mapping[str, Any], step: Transition | None) -> list[Field]:
    """Return the fields that a slip needs and does not have, in the order of the form."""
    checked = validate(Actor.of(person), form.definition, raw)
    needed = {path.split(".")[0] for path in checked.errors} - raw.keys()
    needed |= {key for key in (step.required if step else ()) if checked.data.get(key) is None}
    return [one for one in form.definition.value_fields if one.key in needed]


def typed_fields(definition: Definition) -> list[str]:
    """Return the fields of a slip that a small page may send besides what it borrows."""
    part = definition.slip
    own = {part.items, part.borrower, part.department, part.begins, part.ends} if part else set()
    return [one.key for one in definition.value_fields if one.type in SIMPLE and one.key not in own]


def ask(
    actor: Actor,
    person: User,
    form: LiveForm,
    raw: Mapping[str, Any],
    *,
    waiting: bool = False,
    also: Remembering | None = None,
) -> Document:
    """Create a slip and ask for what is on it, or (`waiting`) get in line for it: both or nothing.

    Args:
        actor: the person as the one who acts.
        person: who borrows.
        form: the slip, in force.
        raw: see `filled_in`.
        waiting: to get in line instead.
        also: says, knowing the new slip's id, what is written in the same transaction.

    Raises:
        ForbiddenError: they may not create such a slip, or not ask with it.
        InvalidError: beside its fields; a shortage says who has the pieces until when.
    """
    step = first_step(person, form, waiting=waiting)
    if step is None and (waiting or not _asks_by_itself(form)):
        raise ForbiddenError(_("You may not borrow by this slip."))
    if step is None:
        [change] = plan_creates(actor, form, [raw], source="screen")
        commit([change], also(change.record["_id"]) if also else None)
        return change.record
    change = beginning.begin(actor, person, form, raw, step.key)
    return beginning.finish(change, also(change.record["_id"]) if also else None)


def may_ask(person: User, form: LiveForm) -> bool:
    """Tell whether a person can ask for things by a slip without its whole page."""
    if not permitted(person, form.key, Action.CREATE):
        return False
    return first_step(person, form) is not None or _asks_by_itself(form)


def _asks_by_itself(form: LiveForm) -> bool:
    """Tell whether creating a slip is all it takes."""
    workflow = form.definition.workflow
    wanted = {"reserve", "lend"}
    return workflow is not None and any(getattr(one, "action", "") in wanted for one in workflow.on_create)
