"""Records that are older than their form's workflow are put where they stand by what they held before."""

from collections.abc import Iterable

from models import forms
from models.changes import Change
from models.database import Document
from models.errors import ConflictError
from models.forms import LiveForm
from models.people import Actor
from models.planning import step
from models.records import commit
from seed.contents import Takeover

BATCH = 200
SOURCE = "pack"


def run(actor: Actor, plans: Iterable[Takeover]) -> int:
    """Give every record without a state the one that its old field says; return how many.

    It is a change like any other, with history; safe to run twice, because it finds no record again.
    """
    return sum(_take_over(actor, plan) for plan in plans)


def _take_over(actor: Actor, plan: Takeover) -> int:
    form, done = forms.current(plan.form), 0
    without = {"state": None, f"data.{plan.field}": plan.value}
    while found := list(form.records().find(without).limit(BATCH)):
        try:
            commit([_change(actor, form, record, plan.state) for record in found])
        except ConflictError:
            continue  # somebody saved one of them meanwhile: read them again
        done += len(found)
    return done


def _change(actor: Actor, form: LiveForm, before: Document, state: str) -> Change:
    """Return the step of a record into a state; it keeps who changed it last, and when."""
    record = {**before, "state": state, "revision": before["revision"] + 1, "form_version": form.version}
    record.setdefault("assignees", [])
    return step(actor, form, before, record, "moved", source=SOURCE, reason="")
