"""Ready views of the lists of ledgers and slips: what is out, what is late, what I have."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from flask_babel import gettext as _

from models.definition import STATE, Definition
from models.ledger.steps import states_while
from views.records.filters import SEPARATOR, filterable_fields

OUT: Final = ("lent", "partly_lent")
UNFIT: Final = ("damaged", "repair", "lost")
Leaf = tuple[str, str, Sequence[str]]
"""Field, operator, values."""


@dataclass(frozen=True)
class Preset:
    """A list that is filtered in a way that everybody needs; `filters` as the address names them."""

    title: str
    filters: tuple[tuple[str, str], ...]

    @property
    def query(self) -> str:
        """Its filters as the query of an address."""
        return urlencode(self.filters)


def presets(definition: Definition) -> list[Preset]:
    """Return the ready views of a form, as far as a reader knows it and may filter by its fields."""
    asked = {field.key for field in filterable_fields(definition)}
    found = [*_of_items(definition), *_of_slips(definition)]
    return [_preset(title, leaves) for title, leaves in found if all(leaf[0] in asked for leaf in leaves)]


def _preset(title: str, leaves: Sequence[Leaf]) -> Preset:
    named = enumerate(leaves)
    filters = ((f"flt{at}_{key}.{op}", SEPARATOR.join(values)) for at, (key, op, values) in named)
    return Preset(title, tuple(filters))


def _of_items(definition: Definition) -> Iterator[tuple[str, list[Leaf]]]:
    part = definition.ledger
    if part:
        yield _("Lent now"), [(part.status, "in", OUT)]
        yield _("Overdue"), [(part.due_on, "period", ("past",))]
        yield _("Held by me"), [(part.holders, "eq", ("me",))]
        yield _("Damaged or lost"), [(part.status, "in", UNFIT)]


def _of_slips(definition: Definition) -> Iterator[tuple[str, list[Leaf]]]:
    part = definition.slip
    if part is None:
        return
    out = states_while(definition, "lend", "release")
    waiting = states_while(definition, "queue", "reserve", "release", "lend")
    yield _("Mine"), [(part.borrower, "eq", ("me",))]
    if out:
        yield _("Lent now"), [(STATE, "in", out)]
        yield _("Overdue"), [(STATE, "in", out), (part.ends, "period", ("past",))]
    if waiting:
        yield _("In line"), [(STATE, "in", waiting)]
