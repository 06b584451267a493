"""Numbers of a ledger at a glance, each leading to the list that it counts: only what the reader may see."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from flask import url_for
from flask_babel import gettext as _

from models.definition import STATE, RuleTree
from models.forms import LiveForm
from models.ledger.holdings import count_seen
from models.ledger.steps import states_while
from models.queries import Count, ListQuery, count
from views.context import require_person
from views.property import base
from views.records.borrowing import slips_of
from views.records.filters import SEPARATOR, filterable_fields

LENT: Final = ("lent", "partly_lent")


@dataclass(frozen=True)
class Tile:
    """A number with what it counts."""

    label: str
    count: Count
    url: str
    icon: str
    tone: str = ""

    @property
    def text(self) -> str:
        """The number as it is shown."""
        return f"{self.count.value:,}" + ("" if self.count.exact else "+")


def tiles(ledger: LiveForm) -> list[Tile]:
    """Return the numbers of a ledger and of the slips that lend its things."""
    return [*_of_items(ledger), *_of_slips(ledger)]


def mine(ledgers: Sequence[LiveForm]) -> int:
    """Return of how many items the reader has or asked for pieces."""
    person = require_person()
    return sum(count_seen(person, one, person.id) for one in ledgers)


def _of_items(ledger: LiveForm) -> Iterator[Tile]:
    part = ledger.definition.ledger
    if part is None:
        return
    asked = {field.key for field in filterable_fields(base.told(ledger).askable)}
    if part.status in asked:
        yield _tile(ledger, _("Lent now"), "box-arrow-up-right", part.status, "in", LENT)
    if part.due_on in asked:
        yield _tile(ledger, _("Overdue"), "exclamation-circle", part.due_on, "period", ("past",), tone="bad")
        yield _tile(ledger, _("Due this week"), "calendar-week", part.due_on, "period", ("this_week",))
    if part.status in asked:
        yield _tile(
            ledger, _("Damaged or lost"), "exclamation-triangle", part.status, "in", ("damaged", "lost")
        )


def _of_slips(ledger: LiveForm) -> Iterator[Tile]:
    for slip in slips_of(ledger.key):
        reserved = states_while(slip.definition, "reserve", "release", "lend")
        waiting = states_while(slip.definition, "queue", "reserve", "release", "lend")
        if reserved:
            yield _tile(slip, _("Reserved"), "calendar-check", STATE, "in", reserved)
        if waiting:
            yield _tile(slip, _("In line"), "hourglass-split", STATE, "in", waiting)


def _tile(
    form: LiveForm, label: str, icon: str, key: str, operator: str, values: Sequence[str], tone: str = ""
) -> Tile:
    argument = {f"flt0_{key}.{operator}": SEPARATOR.join(values)}
    found = count(require_person(), form, ListQuery(where=_rule(key, operator, values)))
    url = f"/records/{form.key}/?{urlencode(argument)}"
    return Tile(label, found, url, icon, tone if found.value else "")


def _rule(key: str, operator: str, values: Sequence[str]) -> RuleTree:
    field = f"@{key}" if key == STATE else key
    if operator == "period":
        return {"field": field, "op": "eq", "value": {"period": values[0]}}
    return {"field": field, "op": operator, "value": list(values)}


def glance() -> list[dict[str, object]]:
    """Return the ledgers of the reader with their numbers, for the first page."""
    return [
        {
            "form": one,
            "tiles": tiles(one),
            "calendar_url": url_for("property.calendar", form=one.key),
        }
        for one in base.ledgers()
    ]
