"""The life of an item: its movements and the history of its record, merged by time and read page by page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, Self

from bson import ObjectId

from models import history
from models.database import Document
from models.disclosure import Disclosure
from models.ledger import movements
from models.ledger.held import Facet, closed
from models.ledger.stock import Spot

PAGE: Final = 30
_MAX_DIGITS: Final = 9


@dataclass(frozen=True)
class Event:
    """A movement, or an entry of history."""

    kind: Literal["movement", "entry"]
    at: datetime
    document: Document

    @property
    def source(self) -> Spot | None:
        """Where a movement took pieces from."""
        return _spot(self.document.get("from"))

    @property
    def target(self) -> Spot | None:
        """Where a movement brought pieces."""
        return _spot(self.document.get("to"))


def _spot(document: Document | None) -> Spot | None:
    return Spot.load(document) if document else None


@dataclass(frozen=True)
class Position:
    """How far somebody has read: below which movement, and below which revision, the next page begins."""

    movement: ObjectId | None = None
    revision: int | None = None

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a position from an address; what makes no sense is the beginning."""
        movement, _dot, revision = text.partition(".")
        return cls(
            ObjectId(movement) if ObjectId.is_valid(movement) else None,
            int(revision) if _is_number(revision) else None,
        )

    def __str__(self) -> str:
        """Return it as it stands in an address."""
        return f"{self.movement or ''}.{'' if self.revision is None else self.revision}"

    def after(self, event: Event) -> Self:
        """Return where one goes on behind an event."""
        if event.kind == "movement":
            return replace(self, movement=event.document["_id"])
        return replace(self, revision=event.document["revision"])


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS


@dataclass(frozen=True)
class Page:
    """Some events, newest first; `older` is where the next ones begin, empty at the end."""

    events: tuple[Event, ...]
    older: str = ""


def page(told: Disclosure, item: Document, start: Position = Position(), size: int = PAGE) -> Page:
    """Return what happened to an item, as a reader is shown it."""
    form = told.form.key
    moved = movements.of_item(form, item["_id"], limit=size + 1, before=start.movement)
    entries = history.of_record(form, item["_id"], limit=size + 1, before=start.revision)
    merged = _merged(
        [Event("movement", one.get("redated_at") or one["at"], one) for one in shown(told, item, moved)],
        [Event("entry", one["at"], one) for one in told.entries(item, entries)],
    )
    found = merged[:size]
    for event in found:
        start = start.after(event)
    return Page(tuple(found), str(start) if len(merged) > size else "")


def _merged(moved: Sequence[Event], entries: Sequence[Event]) -> list[Event]:
    """Merge two rows of events, each in its own order; of the same moment, the movement came after."""
    left, right, found = list(moved), list(entries), []
    while left or right:
        row = left if left and (not right or left[0].at >= right[0].at) else right
        found.append(row.pop(0))
    return found


def shown(told: Disclosure, item: Document, moved: Sequence[Document]) -> list[Document]:
    """Return movements as a reader is shown them; none where amounts are closed."""
    hidden = closed(told, item)
    if "amounts" in hidden:
        return []
    gone = {_KEYS[facet] for facet in hidden if facet in _KEYS}
    return [{**one, **{end: _without(one[end], gone) for end in ("from", "to")}} for one in moved]


_KEYS: Final[dict[Facet, str]] = {"people": "person", "departments": "department", "places": "place"}


def _without(spot: Document | None, keys: set[str]) -> Document | None:
    return {key: value for key, value in spot.items() if key not in keys} if spot else None
