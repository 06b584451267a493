"""What people ask of a ledger all day, each thing by its name: pages of the real application, and questions.

It lives in a process of its own and is asked by name; see `backoffice.bench.ledger`.
"""

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from backoffice import logs, texts
from backoffice.bench.ground import Ground, company, got
from backoffice.bench.lists import cursor_at
from backoffice.bench.measuring import seconds
from models import database, queries
from models.disclosure import Disclosure
from models.ledger import holdings, timeline
from models.people import DEFAULT_TIMEZONE
from models.queries import ListQuery
from seed import generate_ledger
from seed.generate_company import CUSTOMER
from seed.generate_ledger import Filled

LIST: Final = "ledger list"
ITEM: Final = "item page"
LONG: Final = f"{ITEM}, {generate_ledger.LONG_LIFE:,} movements"
ASKED: Final = "of the rules alone: "
"""Before the names of what is asked without a page."""
_ZONE: Final = ZoneInfo(DEFAULT_TIMEZONE)
_LATE: Final[dict[str, Any]] = {"field": "due_on", "op": "eq", "value": {"period": "past"}}

Way = Callable[[], object]


class Desk:
    """A company with a ledger that was just filled."""

    def __init__(self, uri: str, name: str, folder: Path, things: int) -> None:
        person = company()
        self._filled: Filled = generate_ledger.generate(things)
        self._ground = Ground(folder, uri, name, self._filled.ledger, person, things)

    @cached_property
    def ways(self) -> Mapping[str, Way]:
        """What can be asked, by name."""
        opened = {name: partial(self._get, path) for name, path in self._pages().items()}
        return {**opened, **self._questions()}

    def _get(self, path: str) -> None:
        got(self._ground.ours, path)

    def _pages(self) -> dict[str, str]:
        item = f"{self._ground.address}{self._filled.ordinary}"
        long_lived = f"{self._ground.address}{self._filled.long_lived}"
        slip = self._filled.slip.records().find_one({"state": "lent"}, {"_id": 1}) or {}
        lists = {name: f"{self._ground.address}?{urlencode(asked)}" for name, asked in self._lists().items()}
        return {
            **lists,
            ITEM: item,
            LONG: long_lived,
            "its life": f"{long_lived}/history",
            "its life, older": f"{long_lived}/history?before={self._half_way()}",
            "slip page": f"/records/{self._filled.slip.key}/{slip['_id']}",
            "who holds what: a person": f"/property/holdings?person={self._filled.borrower}",
        }

    def _lists(self) -> dict[str, dict[str, str]]:
        late = {"flt0_due_on.period": "past"}
        kind = {"flt0_kind.eq": "gauge"}
        return {
            LIST: {},
            f"{LIST}, half-way": {"cursor": cursor_at(self._ground, self._ground.records // 2)},
            f"{LIST}, by number": {"sort": "number", "desc": "0"},
            f"{LIST}, by day due": {"sort": "due_on", "desc": "1"},
            f"{LIST}, of a customer": {"flt0_customer.eq": str(self._filled.customer)},
            f"{LIST}, of a kind": kind,
            f"{LIST}, of a kind by day due": {**kind, "sort": "due_on", "desc": "1"},
            f"{LIST}, of a holder": {"flt0_holders.contains": str(self._filled.borrower)},
            f"{LIST}, overdue": late,
            f"{LIST}, overdue by day due": {**late, "sort": "due_on", "desc": "0"},
            f"{LIST}, lent": {"flt0_status.in": "lent|partly_lent"},
            f"{LIST}, a word": {"search": self._batch()},
        }

    def _batch(self) -> str:
        """Return a word that one thing has, and few others."""
        return str(self._item(self._filled.ordinary)["data"]["batch"])

    def _half_way(self) -> str:
        """Return where the timeline of the thing with the long life goes on from its middle."""
        told = Disclosure(self._ground.person, self._filled.ledger)
        item = self._item(self._filled.long_lived)
        return timeline.page(told, item, size=generate_ledger.LONG_LIFE // 2).older

    def _item(self, item: object) -> dict[str, Any]:
        found = self._filled.ledger.records().find_one({"_id": item})
        if found is None:
            message = "The thing is gone."
            raise RuntimeError(message)
        return found

    def _questions(self) -> dict[str, Way]:
        """Return what the pages ask of the rules, without the pages."""
        person, form = self._ground.person, self._filled.ledger
        told, item = Disclosure(person, form), self._item(self._filled.long_lived)
        late = ListQuery(where=_LATE, sort="arrived_on")
        [customer] = holdings.references(form, CUSTOMER)
        return {
            f"{ASKED}rows of a list": partial(queries.page, person, form, ListQuery(sort="arrived_on")),
            f"{ASKED}rows overdue": partial(queries.page, person, form, late),
            f"{ASKED}page of a long life": partial(timeline.page, told, item),
            f"{ASKED}what a person holds": partial(
                holdings.of_person, person, form, self._filled.borrower, _ZONE
            ),
            f"{ASKED}what is here of a customer": partial(
                holdings.of_reference, person, form, customer, self._filled.customer, _ZONE
            ),
        }


_here: list[Desk] = []


def open_desk(uri: str, name: str, folder: Path, things: int) -> None:
    """Fill a database and be the desk of its company, for as long as the process lives."""
    logs.configure("console", "WARNING")
    texts.install()
    database.connect(uri, name)
    _here.append(Desk(uri, name, folder, things))


def names() -> list[str]:
    """Return what can be asked."""
    return list(_here[0].ways)


def time(name: str) -> float:
    """Return the seconds that one thing takes once."""
    return seconds(_here[0].ways[name])
