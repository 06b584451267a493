"""The people of a step and what they have said so far: pure rules, no database.

A signer `waits_for` others: in order, for whoever is before them; one added before somebody is waited for by
that one. Signers who were added are `required` whatever the step's mode.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from bson import ObjectId

from models.database import Document

LIVE: Final = frozenset({"waiting", "asked"})
WAITING, ASKED, APPROVED, REJECTED = "waiting", "asked", "approved", "rejected"
SKIPPED, HANDED_OVER, RETURNED, LEFT_OUT = "skipped", "handed_over", "returned", "left_out"


def signer(person: ObjectId, **values: Any) -> Document:  # noqa: ANN401  (what differs from a plain one)
    """Return somebody who will be asked."""
    return {
        "id": ObjectId(),
        "person": person,
        "status": WAITING,
        "required": False,
        "waits_for": [],
        "asked_at": None,
        "by": None,
        "for_person": None,
        "at": None,
        "reason": "",
        "signature": None,
        "hash": None,
        "holds": None,
        "added_by": None,
        "instead_of": None,
        **values,
    }


def line_up(people: Iterable[ObjectId], mode: str) -> list[Document]:
    """Return the signers of a step; in order each waits for the one before."""
    found = [signer(person) for person in people]
    if mode == "in_order":
        for first, second in pairwise(found):
            second["waits_for"] = [first["id"]]
    return found


def wake(step: Document, at: datetime) -> None:
    """Ask everybody who waits for nobody any more."""
    live = {one["id"] for one in step["signers"] if one["status"] in LIVE}
    for one in step["signers"]:
        if one["status"] == WAITING and not live.intersection(one["waits_for"]):
            one.update(status=ASKED, asked_at=at)


def settle(step: Document, at: datetime) -> bool:
    """Draw the conclusions of an approval: excuse whoever is not needed, ask who comes next.

    Returns whether the step is complete.
    """
    if _enough(step):
        for one in step["signers"]:
            if one["status"] in LIVE and not one["required"]:
                one["status"] = SKIPPED
    wake(step, at)
    return not any(one["status"] in LIVE for one in step["signers"])


def _enough(step: Document) -> bool:
    own = [one for one in step["signers"] if not one["required"] and one["status"] != HANDED_OVER]
    approved = sum(one["status"] == APPROVED for one in own)
    if step["mode"] in {"any", "count"}:
        needed = 1 if step["mode"] == "any" else step["count"]
        return approved >= min(needed, len(own))
    return approved == len(own)


def excuse(step: Document) -> None:
    """Ask nobody of a step any more."""
    for one in step["signers"]:
        if one["status"] in LIVE:
            one["status"] = SKIPPED


def add(
    step: Document, by: Document, person: ObjectId, added_by: ObjectId | None, *, before: bool
) -> Document:
    """Let one more person sign, before or after a signer who is asked now; return the new signer."""
    new = signer(person, required=True, added_by=added_by)
    at = step["signers"].index(by)
    if before:
        new["waits_for"] = list(by["waits_for"])
        by.update(status=WAITING, asked_at=None, waits_for=[new["id"]])
        step["signers"].insert(at, new)
        return new
    if step["mode"] == "in_order":
        replace_waiting(step["signers"], by["id"], [new["id"]])
    new["waits_for"] = [by["id"]]
    step["signers"].insert(at + 1, new)
    return new


def hand_over(step: Document, by: Document, people: Sequence[ObjectId]) -> list[Document]:
    """Put others in the place of a signer; whoever waited for that one waits for them."""
    kept = {"required": by["required"], "waits_for": list(by["waits_for"]), "instead_of": by["person"]}
    new = [signer(person, **kept) for person in people]
    replace_waiting(step["signers"], by["id"], [one["id"] for one in new])
    at = step["signers"].index(by) + 1
    step["signers"][at:at] = new
    by["status"] = HANDED_OVER
    return new


def replace_waiting(signers: Iterable[Document], old: ObjectId, new: Sequence[ObjectId]) -> None:
    """Let everybody who waits for one wait for others."""
    for one in signers:
        if old in one["waits_for"]:
            one["waits_for"] = [*(other for other in one["waits_for"] if other != old), *new]


def begin_again(step: Document) -> None:
    """Put away what was said in a step; it will be asked once more."""
    if step["signers"]:
        step["rounds"].append(step["signers"])
    step.update(signers=[], status=WAITING)


def current_step(approval: Document) -> Document:
    """Return the step that is being asked, or was the last."""
    found: Document = approval["steps"][approval["current"]]
    return found


def asked(approval: Document) -> dict[ObjectId, Document]:
    """Return everybody who is asked now, by the signer's id."""
    if approval["status"] != "open":
        return {}
    return {one["id"]: one for one in current_step(approval)["signers"] if one["status"] == ASKED}
