"""What changed in records of closed periods since it was last told: found record by record, in batches.

A closed period counts as it was closed: by its own sources, days and time zone, not by those of its reader.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from bson import ObjectId

from models import rules
from models.access import Action, permitted, reach
from models.batches import in_batches
from models.database import Document
from models.errors import NotFoundError
from models.forms import LiveForm
from models.reports.closing import dataset
from models.reports.closing.keeping import Closing
from models.reports.closing.known import Known, counted
from models.reports.figures import Figures
from models.reports.look import Look
from models.reports.parts import Source
from models.reports.periods import Period

CHANGED, ADDED, REMOVED = "changed", "added", "removed"
UNSHOWN: Final[Document] = {"search": 0, "links": 0}
_SLACK: Final = timedelta(hours=1)
"""A record bears the moment at which its change began: it may be stored after others of a later moment."""


class Pair(NamedTuple):
    """A source as a closed period counted it."""

    closing: Closing
    source: Source


class Line(NamedTuple):
    """A correction: what became of a record of a closed period."""

    pair: Pair
    record: ObjectId
    what: str

    @property
    def order(self) -> tuple[Any, ...]:
        """The place among others: the oldest period first."""
        closing = self.pair.closing
        return closing.document["last"], closing.id, self.pair.source.key, self.record


def pairs(closings: Sequence[Closing]) -> list[Pair]:
    """Return what some closed periods counted."""
    return [Pair(one, source) for one in closings for source in one.sources]


class Seen:
    """The records of a form that a reader may know of, in the bin too: whoever saw one may know it went."""

    def __init__(self, look: Look, source: Source) -> None:
        """Begin; what the look is narrowed down to is asked of records as they are now."""
        self._look, self.source = look, source
        self.form: LiveForm = look.figures.form(source)

    def filter(self) -> Document:
        """Return the MongoDB filter of them."""
        seen = [reach(self._look.person, self.form, Action.SEE).filter()]
        if narrowed := rules.to_filter(self._narrowed(), self.form.definition, self._look.figures.context):
            seen.append(narrowed)
        return {"$and": seen}

    def _narrowed(self) -> Document:
        known = self._look.figures.told(self.source).askable
        return {"all": [one for one in self._look.narrowed if not list(rules.check(one, known))]}

    def read(self, ids: Sequence[ObjectId], until: datetime | None = None) -> list[Document]:
        """Return some of them, unless they were stored after a moment."""
        wanted: Document = {"_id": {"$in": list(ids)}, **({"updated_at": {"$lte": until}} if until else {})}
        return list(self.form.records().find({"$and": [self.filter(), wanted]}, UNSHOWN)) if ids else []


def seen(look: Look, source: Source) -> Seen | None:
    """Return what a reader may know of a source; None where that is nothing, or its form is gone."""
    if not permitted(look.person, source.form, Action.SEE):
        return None
    with suppress(NotFoundError):
        return Seen(look, source)
    return None


class Changed:
    """The corrections of some closed periods."""

    def __init__(self, look: Look, closings: Sequence[Closing], known: Known, until: datetime | None) -> None:
        """Begin; what is stored after `until` is left to the next closing."""
        self._look, self._known, self._until = look, known, until
        self._counting = Counting(look)
        self._by_form: dict[str, list[Pair]] = {}
        for one in pairs(closings):
            self._by_form.setdefault(one.source.form, []).append(one)

    def found(self, tick: Callable[[], None] = lambda: None) -> Iterator[tuple[Line, Document]]:
        """Yield each correction with the record as it is now; `tick` is called now and then."""
        for together in self._by_form.values():
            form = seen(self._look, together[0].source)
            if form is not None:
                for batch in in_batches(self._touched(form, together), dataset.BATCH):
                    yield from self._of(form, together, batch)
                    tick()

    def _touched(self, form: Seen, together: Sequence[Pair]) -> Iterator[ObjectId]:
        """Yield the records that were stored since somebody last looked; few of them were ever closed."""
        moved: Document = {"$gt": min(self._known.since(one.closing) for one in together) - _SLACK}
        if self._until:
            moved["$lte"] = self._until
        query = {"$and": [form.filter(), {"updated_at": moved}]}
        for one in form.form.records().find(query, {"_id": 1}).batch_size(dataset.BATCH):
            yield one["_id"]

    def _of(
        self, form: Seen, together: Sequence[Pair], batch: Sequence[ObjectId]
    ) -> Iterator[tuple[Line, Document]]:
        counts = self._counting.of(together, batch)
        known = self._known.states([one.closing.id for one in together], batch, briefly=True)
        closed = {record for _closing, _source, record in known}.union(*filter(None, counts.values()))
        for record in form.read([one for one in batch if one in closed], self._until):
            for pair in together:
                before = known.get((pair.closing.id, pair.source.key, record["_id"]))
                what = _what(before, record, counts[pair.closing.id, pair.source.key])
                if what:
                    yield Line(pair, record["_id"], what), record


def _what(before: Document | None, record: Document, inside: set[ObjectId] | None) -> str:
    """Return what became of a record; of a period that cannot be counted any more, only what was in it."""
    counts = record["_id"] in inside if inside is not None else counted(before) and not record["deleted_at"]
    if not counted(before):
        return ADDED if counts else ""
    if not counts:
        return REMOVED
    return CHANGED if before and before["digest"] != dataset.digest(record) else ""


Counted = dict[tuple[ObjectId, str], set[ObjectId] | None]
"""Which records count, by closing and source; None where nobody can tell any more."""


class Counting:
    """Which records closed periods count by now, as far as the reader may see them."""

    def __init__(self, look: Look) -> None:
        """Begin."""
        self._look = look
        self._figures: dict[str, Figures] = {}

    def of(self, together: Sequence[Pair], ids: Sequence[ObjectId]) -> Counted:
        """Return which of some records count.

        Raises DomainError where that asks for what is closed to the reader.
        """
        found: Counted = {}
        for alike in _alike(together):
            # most of what was stored is new, and of no closed period
            among = self._inside(alike[0], _span([one.closing.days() for one in alike]), ids)
            for one in alike:
                inside = self._inside(one, one.closing.days(), among) if among else among
                found[one.closing.id, one.source.key] = None if inside is None else set(inside)
        return found

    def _inside(self, pair: Pair, period: Period, ids: Sequence[ObjectId]) -> list[ObjectId] | None:
        """Return which records lie in a period; None where their form has lost a field that says so."""
        figures = self._in_zone(pair.closing)
        form, rule = figures.form(pair.source), figures.rule(pair.source, period)
        if list(rules.check(rule, form.definition)):
            return None
        match = figures.match(pair.source, rule)
        among = {"$and": [{"_id": {"$in": list(ids)}}, match]}
        return [one["_id"] for one in form.records().find(among, {"_id": 1})] if ids else []

    def _in_zone(self, closing: Closing) -> Figures:
        """Return figures whose days are those of a closing, whatever the reader narrowed down to."""
        name = str(closing.zone)
        if name not in self._figures:
            figures = Figures(self._look.report, self._look.person, self._look.fiscal)
            figures.timezone = closing.zone
            figures.context = replace(figures.context, timezone=closing.zone)
            self._figures[name] = figures
        return self._figures[name]


def _alike(together: Sequence[Pair]) -> list[list[Pair]]:
    """Return sources in groups that were counted in the same way."""
    groups: defaultdict[tuple[str, str], list[Pair]] = defaultdict(list)
    for one in together:
        groups[str(one.closing.zone), repr(one.source)].append(one)
    return list(groups.values())


def _span(periods: Sequence[Period]) -> Period:
    first, last = min(one.first for one in periods), max(one.last for one in periods)
    return Period("custom", first, last, f"{first}..{last}")
