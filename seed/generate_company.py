"""People and customers for measuring: as many as a company of some size has."""

from collections.abc import Iterator
from typing import Final

from bson import ObjectId

from models import forms, records
from models.people import Actor, User

CUSTOMER: Final = "customer"
BATCH: Final = 2_000


def borrowers(count: int) -> Iterator[User]:
    """Create people who borrow, and yield them."""
    for number in range(count):
        yield User(username=f"borrower{number:04}", name=f"借用人{number:04}").save()


def customers(count: int) -> Iterator[ObjectId]:
    """Create customers, as an import does, and yield their ids."""
    actor, form = Actor.system(), forms.current(CUSTOMER)
    for start in range(0, count, BATCH):
        raws = [{"code": f"G{number:05}", "name": f"顾客{number:05}有限公司", "kind": "oem"}
                for number in range(start, min(start + BATCH, count))]  # fmt: skip
        changes = records.plan_creates(actor, form, raws, source="pack")
        records.commit(changes)
        yield from (change.record["_id"] for change in changes)
