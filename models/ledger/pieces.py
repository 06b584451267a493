"""Where pieces of an item can be, and what people ask of them; plain values, no database."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Self

from bson import ObjectId

from models.database import Document
from models.ledger.kinds import SpotKind

FAR: Final = "9999-12-31"


@dataclass(frozen=True)
class Spot:
    """Where pieces are: kept by a department at a place, or in the hands of a person by a slip."""

    kind: SpotKind
    department: ObjectId | None = None
    place: str = ""
    person: ObjectId | None = None
    slip: ObjectId | None = None

    def dump(self) -> Document:
        """Return it as a document without what is empty."""
        return {key: value for key, value in vars(self).items() if value}

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> Self:
        """Read what `dump` gave; other keys are left aside."""
        return cls(**{key: document[key] for key in cls.__dataclass_fields__ if key in document})


@dataclass(frozen=True)
class Position:
    """Pieces at a spot; lent ones since when and until which day (ISO date)."""

    spot: Spot
    quantity: Decimal
    since: datetime | None = None
    due: str = ""


@dataclass(frozen=True)
class Promise:
    """Pieces that a slip asked for, from one day to another (ISO dates); `queued` ones wait for others."""

    slip: ObjectId
    person: ObjectId
    quantity: Decimal
    begins: str
    ends: str
    asked_at: datetime
    department: ObjectId | None = None
    queued: bool = False

    @property
    def asked(self) -> tuple[datetime, ObjectId]:
        """When it was asked for; no two slips asked at the same time."""
        return self.asked_at, self.slip

    def instead_of(self, had: "Promise") -> "Promise":
        """Return it with the turn of an earlier promise to the slip, unless more is wanted than then."""
        more = self.quantity > had.quantity or self.begins < had.begins or self.ends > had.ends
        return self if more else replace(self, asked_at=had.asked_at)

    def occupation(self) -> "Occupation":
        """Return it as what it takes, or would take."""
        return Occupation(
            self.slip,
            self.person,
            self.quantity,
            self.begins,
            self.ends,
            lent=False,
            waiting=self.queued,
        )


@dataclass(frozen=True)
class Occupation:
    """Pieces that somebody has, will have, or waits for on some days; `late` ones should have been back."""

    slip: ObjectId | None
    person: ObjectId | None
    quantity: Decimal
    begins: str
    ends: str
    lent: bool
    late: bool = False
    waiting: bool = False

    def on(self, day: str) -> bool:
        """Tell whether the pieces are taken on a day."""
        return self.begins <= day <= (FAR if self.late else self.ends)


class ShortageError(Exception):
    """There are not so many pieces; `free` are, and `taken` says who has the others, or will have."""

    def __init__(self, wanted: Decimal, free: Decimal, taken: tuple[Occupation, ...] = ()) -> None:
        super().__init__(f"{wanted} wanted, {free} free")
        self.wanted = wanted
        self.free = free
        self.taken = taken
