"""What transitions bring about: each kind of effect in one function."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from pymongo import ASCENDING

from models import forms, who
from models.changes import Change
from models.database import Document
from models.errors import DomainError, InvalidError, NotFoundError
from models.forms import LiveForm
from models.ledger import acting
from models.ledger.stock_check import steps as stock_check_steps
from models.messages import Named, _
from models.people import Actor
from models.planning import plan_creates
from models.procedure import (
    Assign,
    ClockAction,
    CreateRecord,
    Effect,
    FileWith,
    MoveLinked,
    Notify,
    RouteBy,
    SetField,
    Transition,
)
from models.workflow import filing, moving, notices, positions, routing, texts, values, waiting
from models.workflow.run import Run


def carry_out(run: Run, change: Change, effects: Iterable[Effect]) -> None:
    """Let effects happen in order; everything is part of the change.

    Raises InvalidError where one is refused.
    """
    for effect in effects:
        _KINDS[effect.do](run, change, effect)


def _set(run: Run, change: Change, effect: SetField) -> None:
    if effect.only_if_empty and change.record["data"].get(effect.field) is not None:
        return
    value = values.raw(change, effect.source) if effect.source else effect.value
    if value is None and effect.source in {"@me", "@my_department"}:
        return  # the program acts: nobody's name is better than none
    values.put(run, change, {effect.field: value})


def _create(run: Run, change: Change, effect: CreateRecord) -> None:
    rows = (change.record["data"].get(effect.each) or []) if effect.each else [{}]
    for row in rows:
        _create_one(run, change, effect, row)


def _create_one(run: Run, change: Change, effect: CreateRecord, row: Mapping[str, Any]) -> None:
    form = run.form(effect.form)
    run.references.expect(change.form.key, change.record["_id"])
    mapped = {key: values.raw(change, source, row) for key, source in effect.mapped.items()}
    given = {key: value for key, value in {**effect.values, **mapped}.items() if value is not None}
    if run.dry:
        change.facts.setdefault("created", []).append({"form": form.key, "values": given})
        return
    source = "pack" if change.source == "pack" else "system"  # what is taken over rings no bell
    [created] = _planned(run, change, form, given, source)
    record = created.record
    record["links"].append({"form": change.form.key, "record": change.record["_id"], "kind": "from"})
    link = {"form": form.key, "record": record["_id"], "kind": "made"}
    change.record["links"] = [*change.record.get("links", ()), link]
    change.facts.setdefault("created", []).append({"form": form.key, "record": record["_id"]})
    run.references.expect(form.key, record["_id"])
    run.follow(change, created)
    if effect.back:
        _point_back(run, change, effect.back, created)


def _planned(run: Run, change: Change, form: LiveForm, given: Document, source: str) -> list[Change]:
    """Plan a linked record. Raises InvalidError that names its form: the person sees the first record."""
    try:
        return plan_creates(
            _creator(change), form, [given], source=source, at=change.at, references=run.references
        )
    except InvalidError as refused:
        raise InvalidError(
            {
                "": [
                    _(
                        "No record of “%(form)s” can be created, “%(field)s”: %(why)s",
                        form=form.definition.label,
                        field=_called(form, path),
                        why=message,
                    )
                    for path, found in refused.errors.items()
                    for message in found
                ]
            }
        ) from None


def _called(form: LiveForm, path: str) -> Named | str:
    field = form.definition.by_key.get(path.partition(".")[0])
    return field.label if field and field.label else path or "—"


def _creator(change: Change) -> Actor:
    """Return who creates linked records; for the program they belong where the first record does."""
    return replace(change.actor, department=change.actor.department or change.record.get("department"))


def _point_back(run: Run, change: Change, key: str, created: Change) -> None:
    field = change.form.definition.by_key[key]
    held = change.record["data"].get(key) or []
    new = created.record["_id"]
    values.put(run, change, {key: [*held, new] if field.many else new})


def _notify(run: Run, change: Change, effect: Notify) -> None:
    people = who.people(effect.who, change.form, change.record, actor=change.actor)
    form, record, audience = change.form, change.record, run.audience
    text = texts.for_everybody(effect.text, form, record, run.lookup, audience)
    instead = texts.for_people(effect.text, form, record, people, run.lookup, audience)
    notices.tell(run, change, people, text, effect.level, instead)


def _file(run: Run, change: Change, effect: FileWith) -> None:
    filing.file(run, change, effect)


def _assign(_run: Run, change: Change, effect: Assign) -> None:
    change.record["assignees"] = who.people(effect.who, change.form, change.record, actor=change.actor)


def _route(run: Run, change: Change, effect: RouteBy) -> None:
    workflow = change.form.definition.workflow
    if workflow:
        routing.route(run, change, workflow.by_table[effect.table])


def _clock(_run: Run, change: Change, effect: ClockAction) -> None:
    positions.act_on_clock(change, effect.clock, effect.action)


def _move(_run: Run, _change: Change, _effect: Effect) -> None:
    raise DomainError(_("Only a clock takes a transition as one of its effects."))


def _move_linked(run: Run, change: Change, effect: MoveLinked) -> None:
    try:
        other = forms.current(effect.form)
    except NotFoundError:
        return  # the other procedure is not in use here
    found = moving.workflow_of(other)
    transition = found.by_transition.get(effect.transition)
    if transition is None:
        raise DomainError(
            _("“%(form)s” has no step “%(key)s”.", form=other.definition.label, key=effect.transition)
        )
    if run.dry:
        change.facts.setdefault("linked", []).append({"form": other.key, "transition": transition.key})
        return
    belonging = waiting.belonging(change.form, change.record, other)
    for record in other.records().find(belonging).sort("_id", ASCENDING):
        if record["_id"] not in run.changed and found.leaves(transition, found.state_of(record).key):
            run.move(change, _step_of(change, other, record, transition))


def _step_of(cause: Change, form: LiveForm, record: Document, transition: Transition) -> Change:
    said = {"source": "system", "reason": cause.reason}
    return moving.plan(cause.actor, form, record, transition, record["data"], at=cause.at, **said)


_KINDS: Mapping[str, Callable[[Run, Change, Any], None]] = MappingProxyType(
    {
        "set": _set,
        "create": _create,
        "notify": _notify,
        "file": _file,
        "assign": _assign,
        "route": _route,
        "clock": _clock,
        "transition": _move,
        "linked": _move_linked,
        "ledger": acting.carry_out,
        "stock_check": stock_check_steps.carry_out,
    }
)
