"""Trying a draft on a sample record: it moves in memory, nothing is stored, nobody is told."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import datetime
from typing import Any

from models import form_checks, who
from models.changes import Change
from models.clocks.aiming import aim
from models.clocks.calendars_of import Choice
from models.clocks.clock import Clock
from models.clocks.conditions import Moment
from models.database import Document
from models.definition import Definition
from models.errors import DomainError, InvalidError
from models.fields import type_of
from models.forms import LiveForm
from models.ledger.rehearsing import words as booking_words
from models.lookups import Lookup
from models.messages import Message, Named, _
from models.people import Actor
from models.planning import blank_record
from models.procedure import ClockRule, State, Transition, Workflow
from models.times import now
from models.validation import validate
from models.workflow import positions
from models.workflow.engine import rehearse
from models.workflow.transitions import check_fields
from models.workflow.words import Condition, People

MAX_STEPS = 50


@dataclass(frozen=True)
class Step:
    """One step to try: a transition, whoever would take it, and the values that come with it."""

    transition: str
    values: Mapping[str, Any] = attribute(default_factory=dict)


@dataclass(frozen=True)
class Tried:
    """A transition that leads on from the sample: who may take it, and why it is not possible now."""

    transition: Transition
    people: Named | None
    why_not: Message | None


@dataclass(frozen=True)
class Started:
    """A clock that would start, and when it would be due; None where that cannot be told."""

    rule: ClockRule
    due_at: datetime | None


@dataclass(frozen=True)
class Stop:
    """Where the sample rests after a step.

    Attributes:
        step: what was taken; empty for its creation.
        state: where it is; None without a workflow.
        offers: what leads on.
        happened: what the step brought about, one line each.
        clocks: what would start now.
        owed_by: the names of those who would owe the task of this state.
        data: the values of the sample.
        refused: why the step was not possible; the sample stays where it was.
        errors: beside the fields of the step.
    """

    step: str
    state: State | None
    offers: tuple[Tried, ...] = ()
    happened: tuple[Message, ...] = ()
    clocks: tuple[Started, ...] = ()
    owed_by: tuple[str, ...] = ()
    data: Mapping[str, Any] = attribute(default_factory=dict)
    refused: Message | None = None
    errors: Mapping[str, Sequence[Message]] = attribute(default_factory=dict)


def try_out(
    actor: Actor,
    definition: Definition,
    sample: Mapping[str, Any],
    steps: Sequence[Step] = (),
    *,
    at: datetime | None = None,
) -> list[Stop]:
    """Let a sample record go through a draft; return where it rests after its creation and after each step.

    A step that is refused is the last one. Whether somebody may take a step is said, not asked.

    Args:
        actor: who tries.
        definition: the draft.
        sample: raw values of the record.
        steps: what to try in order.
        at: the moment at which everything happens, if not now.

    Raises InvalidError where the draft could not be published.
    """
    if problems := list(form_checks.problems(definition)):
        raise InvalidError(form_checks.by_path(problems))
    trial = _Trial(actor, LiveForm(definition, 0), at or now())
    with who.batch():
        stops = [trial.begin(sample)]
        for step in steps[:MAX_STEPS]:
            if stops[-1].refused:
                break
            stops.append(trial.take(step))
    return stops


class _Trial:
    def __init__(self, actor: Actor, form: LiveForm, at: datetime) -> None:
        self.actor, self.form, self.at = actor, form, at
        self.record: Document = {}

    @property
    def _workflow(self) -> Workflow | None:
        return self.form.definition.workflow

    def begin(self, sample: Mapping[str, Any]) -> Stop:
        checked = validate(self.actor, self.form.definition, sample, partial=True)
        record = blank_record(self.actor, checked.data, self.at)
        stop = self._follow("", self._change(None, record, "created"))
        return (
            stop
            if not checked.errors
            else _refused(stop, _("Please correct the marked fields."), checked.errors)
        )

    def take(self, step: Step) -> Stop:
        transition = self._leaving(step.transition)
        if transition is None:
            return self._stay(step, _("This step does not lead on from here."))
        if why_not := self._why_not(transition):
            return self._stay(step, why_not)
        checked, errors = check_fields(self.actor, self.form, self.record, transition, step.values)
        if errors:
            return _refused(self._stay(step, _("Please correct the marked fields.")), None, errors)
        record = {**self.record, "data": checked.data, "revision": self.record["revision"] + 1}
        change = self._change(self.record, record, "moved")
        positions.enter(change, transition)
        return self._follow(step.transition, change)

    def _leaving(self, key: str) -> Transition | None:
        workflow = self._workflow
        found = workflow.by_transition.get(key) if workflow else None
        return found if workflow and found and workflow.leaves(found, self.record["state"]) else None

    def _change(self, before: Document | None, record: Document, action: str) -> Change:
        return Change(self.actor, self.form, record, before, action, self.at, "screen", "")

    def _follow(self, step: str, change: Change) -> Stop:
        given = dict(change.record["data"])
        try:
            rehearse(change)
        except InvalidError as error:
            self.record = self.record or change.record
            return _refused(self._stay(Step(step), error.message), None, error.errors)
        except DomainError as error:
            self.record = self.record or change.record
            return self._stay(Step(step), error.message)
        self.record = change.record
        happened = (*_happened(change, given), *self._told(change))
        return self._rest(step, happened=happened, clocks=tuple(self._clocks(change)))

    def _rest(self, step: str, **more: Any) -> Stop:  # noqa: ANN401  (attributes of a stop)
        workflow = self._workflow
        state = workflow.state_of(self.record) if workflow else None
        return Stop(
            step,
            state,
            offers=tuple(self._offers(workflow, state)) if workflow and state else (),
            owed_by=tuple(self._owed_by(state)) if state else (),
            data=self.record["data"],
            **more,
        )

    def _stay(self, step: Step, why: Message) -> Stop:
        return self._rest(step.transition, refused=why)

    def _offers(self, workflow: Workflow, state: State) -> Iterator[Tried]:
        for transition in workflow.leaving(state.key):
            people = People(transition.who, self.form) if transition.who else None
            yield Tried(transition, people, self._why_not(transition))

    def _why_not(self, transition: Transition) -> Message | None:
        change = self._change(self.record, self.record, "moved")
        if transition.condition is None or positions.holds(change, transition.condition):
            return None
        return _("Possible only when: %(condition)s", condition=Condition(transition.condition, self.form))

    def _owed_by(self, state: State) -> list[str]:
        lookup = Lookup(self.actor.language)
        people = who.people(state.who, self.form, self.record, actor=self.actor)
        return [lookup.person(one) for one in people]

    def _told(self, change: Change) -> Iterator[Message]:
        lookup = Lookup(self.actor.language)
        for effect in change.effects:
            payload = effect["payload"]
            names = "、".join(lookup.person(one) for one in payload["people"])
            text = payload["text"]
            said = text.get(self.actor.language) if isinstance(text, Mapping) else text
            yield _("%(people)s are told: %(text)s", people=names, text=said)

    def _clocks(self, change: Change) -> Iterator[Started]:
        moment, choice = Moment.of(change), Choice()
        asked = {
            one["clock"] for one in change.facts.get("clocks", ()) if one["action"] in {"start", "restart"}
        }
        for rule in self.form.definition.record_clocks:
            if rule.key in asked or moment.begins(rule.start) is not None:
                yield Started(rule, self._due(rule, choice))

    def _due(self, rule: ClockRule, choice: Choice) -> datetime | None:
        calendar = choice.of(rule, self.record.get("department"))
        clock = Clock(
            {"rule": rule.key, "state": "running", "started_at": self.at, "snapshot": {"calendar": calendar}}
        )
        clock.__dict__["form"] = self.form  # a draft is no stored version
        try:
            aim(clock, self.record, self.at)
        except DomainError:
            return None
        due_at: datetime | None = clock.document.get("due_at")
        return due_at


def _refused(stop: Stop, why: Message | None, errors: Mapping[str, Sequence[Message]]) -> Stop:
    return Stop(**{**stop.__dict__, "refused": why or stop.refused, "errors": errors})


def _happened(change: Change, given: Document) -> Iterator[Message]:
    """Yield what a change brought about, in words."""
    definition, facts = change.form.definition, change.facts
    workflow = definition.workflow
    for move in facts.get("moves", ())[1 if change.action == "moved" else 0 :]:
        if workflow:
            yield _("It moves on by itself to “%(state)s”.", state=workflow.by_state[move["to"]].label)
    lookup = Lookup(change.actor.language)
    for field in definition.value_fields:
        value = change.record["data"].get(field.key)
        if value != given.get(field.key):
            text = "—" if value is None else type_of(field).display(field, value, lookup, lookup.language)
            yield _("“%(field)s” becomes %(value)s.", field=field.label, value=text)
    yield from booking_words(change, Lookup(change.actor.language, person=change.actor.person))
    for made in facts.get("created", ()):
        yield _("A record of “%(form)s” is created.", form=made["form"])
    for moved in facts.get("linked", ()):
        yield _(
            "What belongs to it of “%(form)s” takes the step “%(step)s”.",
            form=moved["form"],
            step=moved["transition"],
        )
    for department in facts.get("filed", ()):
        yield _("It is filed with %(department)s.", department=department)
    for routed in facts.get("routed", ()):
        goes = [routed.get(name) for name in ("department", "person", "role") if routed.get(name)]
        yield _("It is sent to %(where)s.", where=" / ".join(goes) or "—")
    for said in facts.get("clocks", ()):
        yield _("Clock “%(clock)s”: %(action)s.", clock=said["clock"], action=said["action"])
