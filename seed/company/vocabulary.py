"""The words and weights from which the demo company's history is told, read from `seed/company/`."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from seed.reading import load_yaml

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Person:
    """Someone of the demo company; `head` and `deputy` are codes of departments."""

    username: str
    name: str
    department: str
    roles: tuple[str, ...]
    head: str = ""
    deputy: str = ""


@dataclass(frozen=True)
class Product:
    """One product; `main_parts` are words with spaces between."""

    code: str
    name: str
    model: str
    line: str
    price: int
    warranty_months: int
    supplier: str
    main_parts: str

    @property
    def burns_diesel(self) -> bool:
        """Tell whether it has no ignition."""
        return self.model.startswith(("DE", "GD", "WD"))


@dataclass(frozen=True)
class Cause:
    """Why a fault happens, who answers for it, in words."""

    category: str
    department: str
    responsibility: str
    text: str
    mechanism: str


@dataclass(frozen=True)
class Fault:
    """A kind of trouble: how often, in which months, with which products, and everything said about it."""

    key: str
    kind: str
    weight: float
    months: tuple[float, ...]
    lines: tuple[str, ...]
    safety: bool
    petrol: bool
    causes: tuple[Cause, ...]
    words: dict[str, list[str]]
    problem_type: str


@cache
def _file(name: str) -> dict[str, Any]:
    path = FOLDER / f"{name}.yaml"
    return load_yaml(path.read_bytes(), path.name)


def people() -> list[Person]:
    """Return the thirty people."""
    return [Person(**{**entry, "roles": tuple(entry["roles"])}) for entry in _file("people")["people"]]


@cache
def products() -> tuple[Product, ...]:
    """Return the forty products, those most complained about first within a line."""
    return tuple(Product(*row) for row in _file("products")["products"])


def partners() -> dict[str, Any]:
    """Return the parts that names of customers are put together from, and the suppliers."""
    return _file("partners")


def phrases() -> dict[str, Any]:
    """Return sentences that fit any fault, enquiries and suggestions."""
    return _file("faults")


def property_words() -> dict[str, Any]:
    """Return what customers leave with the company, where it is kept, and what is said of it."""
    return _file("property")


def trees() -> dict[str, Any]:
    """Return mechanisms of failure and types of problems, and which fault is of which."""
    return _file("trees")


def faults() -> list[Fault]:
    """Return every kind of trouble."""
    document = _file("faults")
    return [_fault(entry, document["seasons"][entry["season"]]) for entry in document["faults"]]


def _causes(entry: dict[str, Any]) -> tuple[Cause, ...]:
    mechanisms: list[str] = trees()["mechanisms_of"][entry["key"]]
    rows: list[list[str]] = entry["causes"]
    return tuple(Cause(*(*row, mechanism)) for row, mechanism in zip(rows, mechanisms, strict=True))


def _fault(entry: dict[str, Any], months: list[int]) -> Fault:
    mean = sum(months) / len(months)
    lists = {
        key: value
        for key, value in entry.items()
        if isinstance(value, list) and key not in {"lines", "causes"}
    }
    return Fault(
        key=entry["key"],
        kind=entry["kind"],
        weight=float(entry["weight"]),
        months=tuple(month / mean for month in months),
        lines=tuple(entry["lines"]),
        safety=bool(entry.get("safety")),
        petrol=bool(entry.get("petrol")),
        causes=_causes(entry),
        words=lists,
        problem_type=trees()["problem_type_of"][entry["key"]],
    )
