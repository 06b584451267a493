"""What a step waits for: records that came out of this one, or refer to it, and are not done yet."""

from collections.abc import Iterator
from typing import Any

from models import access, forms
from models.database import Document
from models.errors import NotFoundError
from models.forms import LiveForm
from models.messages import Message, _
from models.people import User
from models.procedure import Transition

_SHOWN = 5


def unfinished(
    form: LiveForm, record: Document, transition: Transition, person: User | None = None
) -> Message | None:
    """Say which records a step still waits for; None when all of them are done, void or deleted.

    To a `person` those that they may not see are not named.
    """
    waited = {key: list(_open(form, record, key)) for key in transition.waits_for}
    numbers = [number for key, found in waited.items() for number in _named(person, key, found)]
    if not any(waited.values()):
        return None
    if not numbers:
        return _("Records that you may not see have to be finished first.")
    more = " …" if len(numbers) > _SHOWN else ""
    return _("These have to be finished first: %(numbers)s", numbers=", ".join(numbers[:_SHOWN]) + more)


def _named(person: User | None, form: str, found: list[Document]) -> list[str]:
    seen = access.visible(person, form, [one["_id"] for one in found]) if person else None
    return [
        one.get("number") or one.get("title") or str(one["_id"])
        for one in found
        if seen is None or one["_id"] in seen
    ]


def _open(form: LiveForm, record: Document, other_key: str) -> Iterator[Document]:
    try:
        other = forms.current(other_key)
    except NotFoundError:
        return  # the other procedure is not in use here
    workflow = other.definition.workflow
    if workflow is None:
        return
    shown = {"number": 1, "title": 1, "state": 1}
    for one in other.records().find(belonging(form, record, other), shown).sort("_id", 1):
        if not workflow.state_of(one).is_end:
            yield one


def belonging(form: LiveForm, record: Document, other: LiveForm) -> Document:
    """Return the filter of another form's records that came out of a record, or refer to it."""
    return {"$or": _belongs(form, record, other), "deleted_at": None}


def _belongs(form: LiveForm, record: Document, other: LiveForm) -> list[dict[str, Any]]:
    made = [
        link["record"]
        for link in record.get("links") or ()
        if link.get("kind") == "made" and link["form"] == other.key
    ]
    return [
        {"_id": {"$in": made}},
        *(
            {f"data.{field.key}": record["_id"]}
            for field in other.definition.fields
            if field.type == "reference" and field.form == form.key
        ),
    ]
