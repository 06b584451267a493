"""A rule made ready: every operand resolved, so that its three evaluations only compare.

The nodes know how to judge stored values in Python; `mongo` and `browser` translate the same nodes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from bson import Decimal128, ObjectId

from models.rules.operators import Kind
from models.rules.sources import Source

_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def fold(text: str) -> str:
    """Lower the 26 ASCII letters and nothing else: the one rule that all three evaluations can keep."""
    return text.translate(_ASCII_LOWER)


class Present(NamedTuple):
    """There is a value."""

    def holds(self, _value: Any) -> bool:  # noqa: ANN401
        """Every value that reaches a check is there."""
        return True


class Among(NamedTuple):
    """The value is one of these."""

    values: tuple[Any, ...]

    def holds(self, value: Any) -> bool:  # noqa: ANN401
        """Compare; the kinds never mix, so True is not 1."""
        return value in self.values


class Between(NamedTuple):
    """The value lies between two bounds; an open bound is not part of it, a None bound is none."""

    low: Any = None
    high: Any = None
    low_open: bool = False
    high_open: bool = False

    def holds(self, value: Any) -> bool:  # noqa: ANN401
        """Compare with both bounds."""
        above = self.low is None or (value > self.low if self.low_open else value >= self.low)
        below = self.high is None or (value < self.high if self.high_open else value <= self.high)
        return above and below


class Contains(NamedTuple):
    """The text has a part (or begins with it), whatever the case of ASCII letters. `text` is folded."""

    text: str
    at_start: bool = False

    def holds(self, value: Any) -> bool:  # noqa: ANN401
        """Search in the folded text."""
        return fold(value).startswith(self.text) if self.at_start else self.text in fold(value)


Check = Present | Among | Between | Contains


@dataclass(frozen=True)
class Condition:
    """True when any value of the source passes the check; without a value it is false."""

    source: Source
    check: Check

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Judge stored values."""
        kind = Kind.OPAQUE if isinstance(self.check, Present) else self.source.kind
        comparable = (_comparable(kind, value) for value in self.source.values(values))
        return any(value is not None and self.check.holds(value) for value in comparable)


@dataclass(frozen=True)
class Every:
    """All parts hold; no part at all holds too."""

    parts: tuple["Node", ...]

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Judge stored values."""
        return all(part.holds(values) for part in self.parts)


@dataclass(frozen=True)
class Either:
    """At least one part holds."""

    parts: tuple["Node", ...]

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Judge stored values."""
        return any(part.holds(values) for part in self.parts)


@dataclass(frozen=True)
class Inverse:
    """The part does not hold."""

    part: "Node"

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Judge stored values."""
        return not self.part.holds(values)


Node = Condition | Every | Either | Inverse


def _comparable(kind: Kind, value: Any) -> Any:  # noqa: ANN401
    """Return a stored value as the kind compares it, or None when it is not of that kind."""
    if kind == Kind.OPAQUE:
        return value
    if kind == Kind.NUMBER:
        return _number(value)
    if kind == Kind.ID:
        return value if isinstance(value, ObjectId) else None
    if kind == Kind.BOOLEAN:
        return value if isinstance(value, bool) else None
    if kind == Kind.DATETIME:
        return _moment(value) if isinstance(value, datetime) else None
    return value if isinstance(value, str) else None


def _number(value: Any) -> Decimal | int | None:  # noqa: ANN401
    if isinstance(value, Decimal128):
        value = value.to_decimal()
    return value if isinstance(value, Decimal | int) and not isinstance(value, bool) else None


def _moment(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)
