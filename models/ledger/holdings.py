"""Who holds what: the items of a ledger with which a person, a department or a customer has to do.

Everything is read by an index: `stock.positions.person`, `stock.positions.department`,
`stock.promises.person`, and those of the ledger's reference fields.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final
from zoneinfo import ZoneInfo

from bson import ObjectId

from models import access, directory
from models.database import Document
from models.definition import Field
from models.disclosure import Disclosure
from models.forms import LiveForm
from models.ledger.held import Facet, Held, Wanted, held_of, keys_of
from models.ledger.stock import FAR
from models.people import User

MOST: Final = 500
PAGE: Final = 50
GONE: Final = ("used", "disposed", "returned")
"""The statuses of items of which nothing is left."""
_UNREAD: Final = {"search": 0, "links": 0}


@dataclass(frozen=True)
class Holding:
    """An item as it is stored, and those of its pieces that were asked about."""

    item: Document
    held: tuple[Held, ...]


@dataclass(frozen=True)
class Found:
    """Some holdings; `after` is where the next ones begin, `more` tells that there are any."""

    rows: tuple[Holding, ...] = ()
    more: bool = False
    after: str = ""


def of_person(viewer: User, form: LiveForm, person: ObjectId, zone: ZoneInfo, *, most: int = MOST) -> Found:
    """Return what somebody has of a ledger and asked for, as a reader may see it; what is due first, first.

    Nothing where the reader may not ask who holds what, unless they ask about themselves.
    """
    told = Disclosure(viewer, form)
    if not may_ask(told, "people") and viewer.id != person:
        return Found()
    query = {"$and": [access.records_filter(viewer, form), _of_person(person)]}
    items = list(form.records().find(query, _UNREAD).limit(most + 1))
    found = _rows(told, items[:most], zone, lambda one, _department: one == person)
    return Found(tuple(sorted(found, key=_due)), more=len(items) > most)


def _due(row: Holding) -> tuple[str, ObjectId]:
    return min((one.ends or FAR for one in row.held), default=FAR), row.item["_id"]


def count_of_person(form: LiveForm, person: ObjectId) -> int:
    """Return how many items of a ledger somebody has or asked for, whoever may see them."""
    return form.records().count_documents({"deleted_at": None, **_of_person(person)})


def count_seen(viewer: User, form: LiveForm, person: ObjectId) -> int:
    """Return of how many items that a reader may see somebody has or asked for pieces."""
    query = {"$and": [access.records_filter(viewer, form), _of_person(person)]}
    return form.records().count_documents(query, limit=MOST)


def _of_person(person: ObjectId) -> Document:
    return {"$or": [{"stock.positions.person": person}, {"stock.promises.person": person}]}


def of_department(
    viewer: User, form: LiveForm, department: ObjectId, zone: ZoneInfo, *, after: ObjectId | None = None
) -> Found:
    """Return a page of what a department keeps of a ledger and what its people have borrowed."""
    told = Disclosure(viewer, form)
    if not may_ask(told, "departments"):
        return Found()
    known = directory.current().with_merged(department)
    query = {"stock.positions.department": {"$in": known}}
    found = _page(viewer, told, query, after, zone, lambda _person, one: one in known)
    return replace(found, rows=tuple(_without_promises(row) for row in found.rows))


def _without_promises(row: Holding) -> Holding:
    return replace(row, held=tuple(one for one in row.held if not one.asked))


def of_reference(
    viewer: User,
    form: LiveForm,
    field: Field,
    record: ObjectId,
    zone: ZoneInfo,
    *,
    after: ObjectId | None = None,
) -> Found:
    """Return a page of what is here of a customer, or of whatever a reference field of a ledger names."""
    told = Disclosure(viewer, form)
    query = _of_reference(told, field, record)
    return _page(viewer, told, query, after, zone) if query else Found()


def count_of_reference(viewer: User, form: LiveForm, field: Field, record: ObjectId) -> int:
    """Return of how many items something is still here, as far as anybody reads on; see `of_reference`."""
    query = _of_reference(Disclosure(viewer, form), field, record)
    wanted = {"$and": [access.records_filter(viewer, form), query]}
    return form.records().count_documents(wanted, limit=MOST) if query else 0


def _of_reference(told: Disclosure, field: Field, record: ObjectId) -> Document:
    """Return the filter of what is here of a record; nothing where the reader may not ask for it."""
    part = told.form.definition.ledger
    if part is None or field.key in told.unasked:
        return {}
    query: Document = {f"data.{field.key}": record}
    if part.status and part.status not in told.unasked:
        query[f"data.{part.status}"] = {"$nin": GONE}
    return query


def references(form: LiveForm, target: str) -> list[Field]:
    """Return the fields of a ledger by which the items of a record of another form are found quickly."""
    return [
        field
        for field in form.definition.value_fields
        if field.type == "reference" and field.form == target and field.indexed
    ]


def may_ask(told: Disclosure, facet: Facet) -> bool:
    """Tell whether a reader may look for items by one side of their stock."""
    return not told.unasked.intersection(keys_of(told, facet))


def _page(
    viewer: User,
    told: Disclosure,
    query: Document,
    after: ObjectId | None,
    zone: ZoneInfo,
    wanted: Wanted = lambda _person, _department: True,
) -> Found:
    """Return a page of what a reader may see, newest first."""
    parts = [access.records_filter(viewer, told.form), query]
    beyond = [{"_id": {"$lt": after}}] if after else []
    found = told.form.records().find({"$and": [*parts, *beyond]}, _UNREAD).sort("_id", -1).limit(PAGE + 1)
    items = list(found)
    more = len(items) > PAGE
    rows = tuple(_rows(told, items[:PAGE], zone, wanted))
    return Found(rows, more, str(items[PAGE - 1]["_id"]) if more else "")


def _rows(told: Disclosure, items: Iterable[Document], zone: ZoneInfo, wanted: Wanted) -> list[Holding]:
    return [Holding(one, tuple(held_of(told, one, zone, wanted))) for one in items]
