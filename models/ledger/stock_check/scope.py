"""What a stock check counts: the items and spots that the fields of its record narrow it to."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from bson import ObjectId

from models import access, directory
from models.access import Action
from models.database import Document
from models.forms import LiveForm
from models.ledger.moving import home
from models.ledger.stock import Position, Stock
from models.ledger.stock_check.lines import COUNTED_KINDS, LISTED_KINDS
from models.ledger_parts import Ledger, StockCheck
from models.people import User


@dataclass(frozen=True)
class Scope:
    """What is counted; what is empty narrows nothing."""

    departments: tuple[ObjectId, ...]
    place: str
    matches: tuple[tuple[str, tuple[Any, ...]], ...]

    @classmethod
    def of(cls, part: StockCheck, data: Mapping[str, Any]) -> Self:
        """Read it from the fields of a check's record."""
        department = data.get(part.department) if part.department else None
        below = directory.current().below(department) if department else ()
        wanted = ((key, _several(data.get(own))) for own, key in part.matches.items())
        place = str(data.get(part.place) or "").strip() if part.place else ""
        return cls(tuple(below), place, tuple((key, values) for key, values in wanted if values))

    def filter(self, ledger: LiveForm, person: User | None) -> Document:
        """Return the MongoDB filter of the items that may be in it; of those only that a person may see."""
        part = ledger.definition.ledger
        parts: list[Document] = [{f"data.{key}": {"$in": list(values)}} for key, values in self.matches]
        if part and (self.departments or self.place):
            away: Document = {
                "stock.positions.kind": {"$in": list(LISTED_KINDS)},
                "$and": self._at_home(part),
            }
            parts.append({"$or": [{"stock.positions": {"$elemMatch": self._kept_here()}}, away]})
        else:
            parts.append({"stock.positions.kind": {"$in": [*COUNTED_KINDS, *LISTED_KINDS]}})
        seen = {"deleted_at": None} if person is None else access.records_filter(person, ledger, Action.SEE)
        return {"$and": [seen, *parts]}

    def _kept_here(self) -> Document:
        found: Document = {"kind": {"$in": list(COUNTED_KINDS)}}
        if self.departments:
            found["department"] = {"$in": list(self.departments)}
        if self.place:
            found["place"] = self._begins()
        return found

    def _at_home(self, part: Ledger) -> list[Document]:
        found: list[Document] = [{}]
        if self.departments:
            paths = [f"data.{key}" for key in (part.keeper, part.kept_by) if key]
            found.append(
                {"$or": [{path: {"$in": list(self.departments)}} for path in [*paths, "department"]]}
            )
        if self.place and part.place:
            found.append({f"data.{part.place}": self._begins()})
        return found

    def _begins(self) -> Document:
        return {"$regex": f"^{re.escape(self.place)}", "$options": "i"}

    def positions(self, ledger: LiveForm, item: Document) -> Iterator[Position]:
        """Yield where pieces of an item are that belong to it."""
        for position in Stock.load(item.get("stock")).positions:
            spot = position.spot
            here = spot.kind in COUNTED_KINDS
            where = (spot.department, spot.place) if here else _home(ledger, item)
            if (here or spot.kind in LISTED_KINDS) and self._covers(*where):
                yield position

    def _covers(self, department: ObjectId | None, place: str) -> bool:
        if self.departments and department not in self.departments:
            return False
        return place.casefold().startswith(self.place.casefold())


def _home(ledger: LiveForm, item: Document) -> tuple[ObjectId | None, str]:
    """Return where pieces belong that are in somebody's hands now."""
    part = ledger.definition.ledger
    if part is None:
        return None, ""
    return home(part, item), str(item["data"].get(part.place) or "") if part.place else ""


def _several(value: Any) -> tuple[Any, ...]:  # noqa: ANN401  (any stored value)
    if value is None or value == []:
        return ()
    return tuple(value) if isinstance(value, list) else (value,)
