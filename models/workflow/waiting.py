"""What a step waits for: records that came out of this one and are not done yet."""

from collections.abc import Iterator

from models import forms
from models.database import Document, db
from models.errors import NotFoundError
from models.forms import collection_name
from models.messages import Message, _
from models.procedure import Transition

_SHOWN = 5


def unfinished(record: Document, transition: Transition) -> Message | None:
    """Say which records a step still waits for; None when all are done, void or deleted."""
    numbers = [str(number) for key in transition.waits_for for number in _open(record, key)]
    if not numbers:
        return None
    more = " …" if len(numbers) > _SHOWN else ""
    return _("These have to be finished first: %(numbers)s", numbers=", ".join(numbers[:_SHOWN]) + more)


def _open(record: Document, form_key: str) -> Iterator[str]:
    made = [
        link["record"]
        for link in record.get("links") or ()
        if link.get("kind") == "made" and link["form"] == form_key
    ]
    if not made:
        return
    try:
        workflow = forms.current(form_key).definition.workflow
    except NotFoundError:
        return
    wanted = {"_id": {"$in": made}, "deleted_at": None}
    for one in db()[collection_name(form_key)].find(wanted, {"number": 1, "state": 1}).sort("_id", 1):
        if workflow and not workflow.state_of(one).is_end:
            yield one.get("number") or str(one["_id"])
