"""What the sweep reads: of clocks what a step needs, of records what their rungs name, and no more."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from bson import ObjectId
from pymongo import ASCENDING
from pymongo.client_session import ClientSession

from models import forms
from models.clocks.clock import Clock
from models.database import Document, db
from models.errors import DomainError
from models.procedure import ClockRule, Who
from models.procedure_checks.placeholders import PLACEHOLDER
from models.times import now

_NOT_NEEDED: Final = dict.fromkeys(
    (
        "because", "count", "counted_from", "exemption", "key", "kind", "left_steps", "owed", "paused_at",
        "paused_by", "pauses", "period_from", "recalculations", "remaining", "settled_at", "stopped_at",
        "stopped_why", "turn_from",
    ),
    0,
)  # fmt: skip
_ALWAYS: Final = ("assignees", "deleted_at", "department", "number", "owner", "state", "title")
_WHEN_NAMED: Final = ("created_at", "created_by", "updated_by")


def due_ids(most: int) -> list[ObjectId]:
    """Return the clocks whose next step is due, the longest waiting first."""
    found = db().clocks.find(_due(), {"_id": 1}).sort("next_action_at", ASCENDING).limit(most)
    return [clock["_id"] for clock in found]


def _due() -> Document:
    return {"next_action_at": {"$lte": now()}}


def due(ids: Sequence[ObjectId], session: ClientSession) -> list[Clock]:
    """Read some clocks in a transaction, unless somebody else took their step meanwhile."""
    query = {"_id": {"$in": list(ids)}, **_due()}
    clocks = [Clock(found) for found in db().clocks.find(query, _NOT_NEEDED, session=session)]
    _share(clocks)
    return clocks


def _share(clocks: Iterable[Clock]) -> None:
    """Look up once what clocks of one rule have in common: their form, the rule and how they count."""
    known: dict[tuple[Any, ...], Clock] = {}
    for clock in clocks:
        snapshot = clock.document["snapshot"]
        calendar = snapshot.get("calendar") or {}
        same = known.setdefault(
            (
                clock.document["form"], snapshot["form_version"], clock.document["rule"],
                calendar.get("key"), calendar.get("version"),
            ),
            clock,
        )  # fmt: skip
        # what cannot be read is told of each clock by itself
        with suppress(DomainError):
            clock.form, clock.rule, clock.pace = same.form, same.rule, same.pace


def records(clocks: Iterable[Clock]) -> dict[ObjectId, Document]:
    """Read the records of clocks with what their rungs name: one query for each form."""
    ids: dict[str, list[ObjectId]] = defaultdict(list)
    rules: dict[str, set[tuple[int, str]]] = defaultdict(set)
    for clock in clocks:
        form = clock.get("form")
        if clock.get("record") is not None:
            ids[form].append(clock.get("record"))
            rules[form].add((clock.get("snapshot")["form_version"], clock.get("rule")))
    found: dict[ObjectId, Document] = {}
    for form, wanted in ids.items():
        paths = {path for version, rule in rules[form] for path in _paths(form, version, rule)}
        fields = dict.fromkeys((*_ALWAYS, *paths), 1)
        for record in db()[forms.collection_name(form)].find({"_id": {"$in": wanted}}, fields):
            found[record["_id"]] = {"data": {}, **record}
    return found


def _paths(form: str, version: int, rule: str) -> Iterator[str]:
    """Yield the paths of the fields that a clock needs to aim and to tell; of one that is gone, none."""
    try:
        definition = forms.at_version(form, version).definition
    except DomainError:
        return
    clock = definition.by_clock.get(rule)
    named = _named(clock) if clock else set()
    if {"title", "@title"} & named:
        named |= set(definition.title_fields)
    keys = {name.partition(".")[0] for name in named}
    yield from (f"data.{key}" for key in keys if key in definition.by_key)
    yield from {name.removeprefix("@") for name in named} & set(_WHEN_NAMED)


def _named(clock: ClockRule) -> set[str]:
    named = {clock.start_at, clock.length.field}
    for who in (clock.who, *(rung.who for rung in clock.ladder)):
        named |= _sources(who)
    for rung in clock.ladder:
        named |= {name for text in (rung.text.zh, rung.text.en) for name in PLACEHOLDER.findall(text)}
    return named


def _sources(who: Who) -> set[str]:
    return {who.within, *who.fields, *who.heads_of, *who.members_of}
