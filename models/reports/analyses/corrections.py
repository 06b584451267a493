"""Corrections: what changed in records of closed periods after they were closed, told in the next (月结).

A closed period keeps its figures. What was changed, added or removed in it since that was last told is listed
here, so that nothing moves unseen, and nothing is told twice.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Final

from bson import ObjectId
from pymongo import ASCENDING

from models import rules
from models.batches import in_batches
from models.database import Document, db
from models.definition import Field
from models.fields import type_of
from models.messages import _
from models.reports.closing import changed, dataset, keeping
from models.reports.closing.changed import Changed, Line, Pair
from models.reports.closing.keeping import Closing
from models.reports.closing.known import Key, Known
from models.reports.closing.looks import closing_of
from models.reports.look import Look
from models.reports.parts import Analysis
from models.reports.results import Column, Result, Row

MOST: Final = 500
FIELDS: Final = 6
_SAID: Final = {changed.CHANGED: _("Changed"), changed.ADDED: _("Added"), changed.REMOVED: _("Removed")}
_MOVED: Final = ("department", "owner", "assignees")


def compute(look: Look, analysis: Analysis) -> Result:
    """Return one row for each record of an earlier closed period that is not as was last said of it."""
    found = _Corrections(look)
    # one that is stored while it is looked for may be found twice
    told = {line.order: line for line in found.lines()}
    lines = [told[order] for order in sorted(told)]
    return Result(
        analysis.key,
        analysis.label.text(look.language),
        (
            Column("period", _("Closed period")),
            Column("number", _("Number")),
            Column("title", _("Record")),
            Column("what", _("What happened")),
            Column("fields", _("What was changed")),
            Column("by", _("By")),
            Column("at", _("When"), "datetime"),
        ),
        list(found.rows(lines[:MOST])),
        formula=_("Records of closed periods that were changed, added or removed after the last closing."),
        notes=list(_notes(found.closings, len(lines))),
        facts={"corrections": len(lines)},
    )


def _notes(closings: Sequence[Closing], count: int) -> Iterator[Any]:
    if not closings:
        yield _("No earlier period is closed yet.")
    elif not count:
        yield _("Nothing was changed in the periods that are closed.")
    elif count > MOST:
        yield _("The first %(shown)s of %(count)s corrections are shown.", shown=MOST, count=count)


class _Corrections:
    """What a period tells: by its closing where it has one, by the records of now otherwise."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._own = closing_of(look) or keeping.get(look.report.key, look.period.name)
        self.closings = keeping.before(look.report.key, look.period.first)
        self._known = Known(look.report.key, self._own)

    def lines(self) -> Iterator[Line]:
        """Yield what is told."""
        if self._own is None:
            for line, _record in Changed(self._look, self.closings, self._known, None).found():
                yield line
        else:
            for source in {pair.source.form: pair for pair in self._pairs.values()}.values():
                yield from self._told(source)

    @cached_property
    def _pairs(self) -> dict[tuple[ObjectId, str], Pair]:
        return {(one.closing.id, one.source.key): one for one in changed.pairs(self.closings)}

    def _told(self, of_form: Pair) -> Iterator[Line]:
        """Yield what the period's own closing told of records of a form, as far as the reader sees them."""
        form = changed.seen(self._look, of_form.source)
        if form is None:
            return
        alike = [pair for pair in self._pairs.values() if pair.source.form == of_form.source.form]
        changed.Counting(self._look).of(alike, ())  # refuses whoever may not ask for what was counted
        told = (one for one in self._own_told() if one[0] in alike)
        for batch in in_batches(told, dataset.BATCH):
            seen = {one["_id"] for one in form.read([told["record"] for _pair, told in batch])}
            yield from (
                Line(pair, one["record"], one["what"]) for pair, one in batch if one["record"] in seen
            )

    def _own_told(self) -> Iterator[tuple[Pair, Document]]:
        brief = {"of": 1, "source": 1, "record": 1, "what": 1}
        for one in db().report_told.find({"closing": self._own.id if self._own else None}, brief):
            if (one["of"], one["source"]) in self._pairs:
                yield self._pairs[one["of"], one["source"]], one

    # -- words ---------------------------------------------------------------------------------------------

    def rows(self, lines: Sequence[Line]) -> Iterator[Row]:
        """Yield the rows of some corrections: what was said before, and what is so since."""
        ids = [line.record for line in lines]
        before = self._known.states({line.pair.closing.id for line in lines}, ids)
        after = self._after(lines)
        self._prime(lines, before, after)
        for line in lines:
            key = (line.pair.closing.id, line.pair.source.key, line.record)
            if key in after:  # it may be gone in this very moment
                yield self._row(line, before.get(key), after[key])

    def _after(self, lines: Sequence[Line]) -> dict[Key, Document]:
        """Return the records: as they were told, or as they are."""
        ids = [line.record for line in lines]
        if self._own is not None:
            told = db().report_told.find({"closing": self._own.id, "record": {"$in": ids}})
            return {(one["of"], one["source"], one["record"]): one for one in told.sort("_id", ASCENDING)}
        forms = {line.pair.source.form: line.pair.source for line in lines}
        parts = (changed.seen(self._look, source) for source in forms.values())
        now = {one["_id"]: one for part in parts if part for one in part.read(ids)}
        return {
            (line.pair.closing.id, line.pair.source.key, line.record): now[line.record]
            for line in lines
            if line.record in now
        }

    def _prime(self, lines: Sequence[Line], *states: dict[Key, Document]) -> None:
        for source in {line.pair.source.form: line.pair.source for line in lines}.values():
            definition = self._look.figures.form(source).definition
            of_form = {line.record for line in lines if line.pair.source.form == source.form}
            found = [one for each in states for key, one in each.items() if key[2] in of_form]
            self._look.lookup.prime(definition, found, list(definition.by_key))
            self._look.lookup.prime_people(person for one in found for person in one.get("assignees") or ())

    def _row(self, line: Line, before: Document | None, after: Document) -> Row:
        source, look = line.pair.source, self._look
        differs = line.what == changed.CHANGED and before is not None
        by: ObjectId | None = after.get("updated_by")
        values = {
            "period": line.pair.closing.period,
            "number": after.get("number") or "",
            "title": look.disclosure(source).titled(after).get("title") or "",
            "what": look.say(_SAID[line.what]),
            "fields": "; ".join(self._differences(line, before, after)) if differs and before else "",
            "by": look.lookup.person(by) if by else "",
            "at": after["updated_at"].astimezone(look.figures.timezone).replace(tzinfo=None),
        }
        return self._linked(line, after, values)

    def _linked(self, line: Line, after: Document, values: dict[str, Any]) -> Row:
        """Return a row that leads to its record: not from the bin, nor from a source of another name."""
        source = self._look.report.by_source.get(line.pair.source.key)
        is_there = after.get("deleted_at") is None
        if source is None or source.form != line.pair.source.form:
            return Row(values)
        return Row(values, source.key, record=str(line.record) if is_there else "")

    def _differences(self, line: Line, before: Document, after: Document) -> Iterator[str]:
        """Yield what was changed in words: each field with what it said and what it says."""
        if before.get("state") != after.get("state"):
            yield self._look.say(_("Status"))
        for name in _MOVED:
            was, now = before.get(name) or None, after.get(name) or None
            if was != now:
                label = self._look.say(rules.SYSTEM[f"@{name}"][0])
                yield f"{label}: {self._named(name, was)} → {self._named(name, now)}"
        fields = self._fields(line, before, after)
        yield from fields[:FIELDS]
        if len(fields) > FIELDS:
            yield "…"

    def _fields(self, line: Line, before: Document, after: Document) -> list[str]:
        found = []
        for key, field in self._look.disclosure(line.pair.source).askable.by_key.items():
            was, now = before["data"].get(key), after["data"].get(key)
            if was != now and field.holds_value:
                named = field.label.text(self._look.language)
                found.append(f"{named}: {self._text(field, was)} → {self._text(field, now)}")
        return found

    def _named(self, name: str, value: Any) -> str:  # noqa: ANN401  (a department, a person, or several)
        if not value:
            return "—"
        lookup = self._look.lookup
        if name == "department":
            return lookup.department(value)
        return ", ".join(map(lookup.person, value if isinstance(value, list) else [value]))

    def _text(self, field: Field, value: Any) -> str:  # noqa: ANN401  (any stored value)
        if value is None:
            return "—"
        return type_of(field).display(field, value, self._look.lookup, self._look.language)
