"""One effect at work in the ledger: the change that asks for it, and the book it is written into."""

from dataclasses import dataclass, replace
from typing import Any

from bson import ObjectId

from models.changes import Change
from models.database import Document
from models.ledger.book import Book
from models.ledger.movements import Details
from models.ledger_parts import MovePieces


@dataclass(frozen=True)
class Act:
    """What a step asks of the ledger, and where it is planned."""

    change: Change
    effect: MovePieces
    book: Book

    @property
    def data(self) -> Document:
        """The values of the record whose step it is."""
        found: Document = self.change.record["data"]
        return found

    def said(self, key: str) -> Any:  # noqa: ANN401  (any stored value)
        """Return what the record says in a field that the effect names."""
        return self.data.get(key) if key else None

    def details(self, slip: ObjectId | None = None, **more: Any) -> Details:  # noqa: ANN401
        """Return what the movements of this act remember."""
        said = Details(
            slip=slip,
            form=self.change.form.key,
            record=self.change.record["_id"],
            note=str(self.said(self.effect.note) or self.change.reason or ""),
            source=self.change.source,
            at=self.change.past.at if self.change.past else None,
        )
        return replace(said, **more)
