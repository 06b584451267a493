"""What a label carries: a short code that leads to one item of a ledger for as long as the label sticks.

Codes are drawn by lot, so that nobody finds other items by counting; who may see an item is asked anyway.
"""

import re
import secrets
import unicodedata
from collections.abc import Collection
from typing import Final

from bson import ObjectId
from pymongo import ASCENDING
from pymongo.errors import BulkWriteError

from models import access, forms
from models.database import Document, db
from models.errors import NotFoundError
from models.forms import LiveForm
from models.people import Action, User
from models.times import now

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without I, L, O and U, which are read for other signs."""
LENGTH: Final = 10
_CODE: Final = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")
_ADDRESS: Final = re.compile(r"https?://[^/\s]+/p/([^/?#\s]+)/?", re.IGNORECASE)
_DUPLICATE: Final = 11000


def read_code(text: str) -> str:
    """Return the code that stands in the address on a label, or was typed; empty where there is none."""
    plain = unicodedata.normalize("NFKC", text).strip()
    found = _ADDRESS.fullmatch(plain)
    typed = re.sub(r"[\s-]", "", found[1] if found else plain).upper()
    code = typed.translate(str.maketrans("OIL", "011"))
    return code if _CODE.fullmatch(code) else ""


def shown(code: str) -> str:
    """Return a code as it is printed for people to type: in two halves."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def codes(ledger: str, items: Collection[ObjectId]) -> dict[ObjectId, str]:
    """Return the codes of items of a ledger; who has none yet is given one, for good."""
    found = known(ledger, items)
    missing = [one for one in dict.fromkeys(items) if one not in found]
    if not missing:
        return found
    _give(ledger, missing)
    return known(ledger, items)


def known(ledger: str, items: Collection[ObjectId]) -> dict[ObjectId, str]:
    """Return the codes of those of some items that have one."""
    found = db().property_labels.find({"ledger": ledger, "item": {"$in": list(items)}})
    return {one["item"]: one["_id"] for one in found}


def _give(ledger: str, items: Collection[ObjectId]) -> None:
    at = now()
    new = [{"_id": _draw(), "ledger": ledger, "item": one, "at": at} for one in items]
    try:
        db().property_labels.insert_many(new, ordered=False)
    except BulkWriteError as error:  # somebody printed the same labels a moment ago
        if any(one["code"] != _DUPLICATE for one in error.details["writeErrors"]):
            raise


def _draw() -> str:
    return "".join(secrets.choice(ALPHABET) for _place in range(LENGTH))


def find(person: User, code: str) -> tuple[LiveForm, Document]:
    """Return the ledger and the item that a code leads to.

    Raises NotFoundError: it is none of ours, or leads to what this person may not see; which, is not told.
    """
    label = db().property_labels.find_one({"_id": code}) if code else None
    if label is None:
        raise NotFoundError
    form = forms.current(label["ledger"])
    if form.definition.ledger is None:
        raise NotFoundError
    return form, access.fetch(person, form, label["item"], Action.SEE)


def ensure_indexes() -> None:
    """Create the index by which an item has one code."""
    db().property_labels.create_index([("ledger", ASCENDING), ("item", ASCENDING)], unique=True)
