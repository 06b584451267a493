"""Steps of records from one revision to the next, stored together in one transaction or not at all."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import datetime
from itertools import groupby
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, DocumentTooLarge, DuplicateKeyError

from models import files, numbering, outbox
from models.database import Document, db, in_transaction
from models.errors import ConflictError, DomainError, InvalidError, TooLargeError
from models.forms import LiveForm
from models.ledger.movements import Past
from models.lookups import Lookup
from models.messages import _
from models.people import Actor
from models.procedure import Effect
from models.record_files import referenced_files

MAX_REASON = 2000
HANDOVER = "handover"
"""The source of changes that hand on whole heaps of records: somebody left, departments were merged."""
QUIET_SOURCES = frozenset({"import", "pack", HANDOVER})
"""What comes in heaps opens tasks, but rings no bell for each."""
_DUPLICATE = 11000


Write = Callable[[ClientSession], None]


@dataclass
class Change:
    """One record's step from one revision to the next, ready to be stored.

    `transitions` are those of the form's workflow that it takes, `todo` what the engine carries out besides
    their effects, `facts` what history remembers besides the values, `effects` go to the outbox, and `writes`
    are run in its transaction. After them come those of `together`, each once with all changes that name it.
    `past` is what a record has behind it in a ledger that is taken over from elsewhere.
    """

    actor: Actor
    form: LiveForm
    record: Document
    before: Document | None
    action: str
    at: datetime
    source: str
    reason: str
    numbers: tuple[tuple[str, str], ...] = ()
    lookup: Lookup = attribute(default_factory=Lookup)
    entry: Document = attribute(default_factory=dict)
    transitions: list[str] = attribute(default_factory=list)
    todo: tuple[Effect, ...] = ()
    facts: Document = attribute(default_factory=dict)
    effects: list[Document] = attribute(default_factory=list)
    writes: list[Write] = attribute(default_factory=list)
    together: "list[SharedWrite]" = attribute(default_factory=list)
    past: Past | None = None

    @property
    def happened_at(self) -> datetime:
        """When what it books in a ledger happened."""
        return (self.past and self.past.at) or self.at

    @property
    def files_added(self) -> set[ObjectId]:
        """Files that belong to the record from this change on."""
        held = referenced_files(self.record["data"], self.form.definition)
        had = referenced_files(self.before["data"], self.form.definition) if self.before else set()
        return held - had


SharedWrite = Callable[[Sequence[Change], ClientSession], None]


def commit(changes: Sequence[Change], also: Write | None = None) -> None:
    """Store changes, all or none, with their history, files, numbers and effects.

    Args:
        changes: sealed; each must still be at the revision it was planned from.
        also: further writes of the same transaction, such as a job's position.

    Raises:
        ConflictError: a record changed since it was planned.
        InvalidError: a value that must be unique is taken.
    """
    if not changes:
        return
    try:
        in_transaction(lambda session: _write(changes, session, also))
    except (BulkWriteError, DocumentTooLarge, DomainError, DuplicateKeyError) as error:
        # Nothing was stored. Of any other error this is not known, so the sweep decides about the numbers.
        refusal = _refusal(changes, error)
        void(changes, str(refusal)[:MAX_REASON])
        raise refusal from error


def _refusal(changes: Sequence[Change], error: Exception) -> Exception:
    """Say what a failed transaction means to a person."""
    if isinstance(error, DuplicateKeyError):
        return _taken(changes, error.details or {})
    if isinstance(error, BulkWriteError):
        [first, *_others] = error.details["writeErrors"]
        return _taken(changes, first) if first["code"] == _DUPLICATE else error
    if isinstance(error, DocumentTooLarge):
        return TooLargeError(_("This record is too large to be stored."))
    if isinstance(error, ConflictError) and error.current:  # nobody looks at what only follows a change
        return error if error.current["_id"] == changes[0].record["_id"] else ConflictError()
    return error


def _write(changes: Sequence[Change], session: ClientSession, also: Write | None) -> None:
    for form, of_form in _by_form(changes):
        new = [change.record for change in of_form if change.before is None]
        if new:
            form.records().insert_many(new, session=session)
        for key, numbers in _by_field(_numbers(of_form)).items():
            numbering.confirm(form.key, key, numbers, session)
    for change in changes:
        if change.before is not None:
            _replace(change, session)
    db().history.insert_many([change.entry for change in changes], session=session)
    outbox.put([effect for change in changes for effect in change.effects], session)
    for change in changes:
        files.claim(change.files_added, change.form.key, change.record["_id"], change.actor.id, session)
    for write in [write for change in changes for write in change.writes]:
        write(session)
    for shared in dict.fromkeys(write for change in changes for write in change.together):
        shared([change for change in changes if shared in change.together], session)
    if also:
        also(session)


def _by_form(changes: Sequence[Change]) -> Iterable[tuple[LiveForm, list[Change]]]:
    ordered = sorted(changes, key=lambda change: change.form.key)  # keeps the order within a form
    for _key, group in groupby(ordered, key=lambda change: change.form.key):
        of_form = list(group)
        yield of_form[0].form, of_form


def _replace(change: Change, session: ClientSession) -> None:
    """Store a record's next revision; who is invited and its stock may have changed without one."""
    at_revision = {"_id": change.record["_id"], "revision": change.record["revision"] - 1, **_still(change)}
    kept = {"$mergeObjects": [{"$literal": change.record}, {"invited": "$invited"}, *_of_ledger(change)]}
    replaced = change.form.records().update_one(at_revision, [{"$replaceWith": kept}], session=session)
    if not replaced.matched_count:
        raise ConflictError(current=_now_stored(change))


def _still(change: Change) -> Document:
    """Return the stock with which an item is deleted: what has moved since makes it another case."""
    if change.action != "deleted" or change.form.definition.ledger is None:
        return {}
    stock = (change.before or {}).get("stock") or {}
    return {"stock.version": stock.get("version")}


def _of_ledger(change: Change) -> list[Document]:
    """Return what an item or a stock check keeps of the stored record: its own part, and fields with it."""
    ledger, check = change.form.definition.ledger, change.form.definition.stock_check
    kept = ({"stock": "$stock"} if ledger else {}) | ({"check": "$check"} if check else {})
    if not kept:
        return []
    keys = {*(ledger.written if ledger else ()), *(check.numbers.values() if check else ())}
    others = {key: value for key, value in change.record["data"].items() if key not in keys}
    written = {key: f"$data.{key}" for key in sorted(keys)}
    return [{**kept, "data": {"$mergeObjects": [{"$literal": others}, written]}}]


def _numbers(changes: Sequence[Change]) -> Iterable[tuple[str, str]]:
    return (pair for change in changes for pair in change.numbers)


def _by_field(numbers: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for key, number in numbers:
        grouped.setdefault(key, []).append(number)
    return grouped


def void(changes: Sequence[Change], reason: str) -> None:
    """Write down that the numbers of changes came to nothing, and why."""
    for form, of_form in _by_form(changes):
        void_numbers(form, _numbers(of_form), reason)


def void_numbers(form: LiveForm, numbers: Iterable[tuple[str, str]], reason: str) -> None:
    """Write down that reserved numbers came to nothing, and why."""
    for key, given in _by_field(numbers).items():
        numbering.void(form.key, key, given, reason)


def _taken(changes: Sequence[Change], details: Mapping[str, Any]) -> InvalidError | ConflictError:
    """Say beside which field a unique value is taken; an entry of history is when somebody was faster."""
    path = next(iter(details.get("keyPattern", {})), "")
    if not path.startswith("data."):
        return ConflictError(current=_now_stored(changes[0]) if len(changes) == 1 else None)
    key = path.split(".")[1]
    text = str(details.get("errmsg", ""))
    form = next((one.form for one in changes if f".{one.form.collection} " in text), changes[0].form)
    field = form.definition.by_key.get(key)
    if field is None:  # another version of the form made it unique a moment ago
        return InvalidError({key: [_("Another record already has this value.")]})
    return InvalidError(
        {key: [_("Another record already has this value in “%(field)s”.", field=field.label)]}
    )


def _now_stored(change: Change) -> Document | None:
    return change.form.records().find_one({"_id": change.record["_id"]})
