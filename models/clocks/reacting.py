"""What a change of a record makes of its clocks, in the transaction of the change."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
from bson import ObjectId
from pymongo.client_session import ClientSession

from models.changes import QUIET_SOURCES, Change
from models.clocks import aiming, life, store
from models.clocks.calendars_of import Choice
from models.clocks.clock import Clock
from models.clocks.conditions import Moment
from models.database import Document
from models.errors import DomainError
from models.procedure import ClockRule

log = structlog.get_logger()

DELETED = "deleted"
ENDED = "ended"
ACTION = "action"


def react(change: Change) -> None:
    """Let a change start, pause, resume, settle and end clocks of its record; they are stored with it.

    What is read and written is read and written once for all changes of a transaction, and nothing is read
    for new records.
    """
    concerned = change.before is not None or bool(change.form.definition.record_clocks)
    if concerned and _store not in change.together:
        change.together.append(_store)


def act(change: Change, clock_key: str, action: str) -> None:
    """Let a change start, pause, resume, stop or restart a clock whatever its conditions say."""
    change.facts.setdefault("clocks", []).append({"clock": clock_key, "action": action})


@dataclass
class _OfRecord:
    """The clocks of a record while changes act on them."""

    clocks: list[Clock] = field(default_factory=list)
    touched: dict[ObjectId, Clock] = field(default_factory=dict)
    new: list[Clock] = field(default_factory=list)
    owes_anew: bool = False

    def of_rule(self, key: str) -> list[Clock]:
        """Return the clocks of a rule, oldest first."""
        return [clock for clock in [*self.clocks, *self.new] if clock.get("rule") == key]


def _store(changes: Sequence[Change], session: ClientSession) -> None:
    known, choice = _known(changes, session), Choice()
    for change in changes:
        _apply(change, known[change.form.key, change.record["_id"]], choice)
    store.insert([clock for of in known.values() for clock in of.new], session)
    store.replace([clock for of in known.values() for clock in of.touched.values()], session)
    store.set_due(
        {key: [*of.clocks, *of.new] for key, of in known.items() if of.new or of.touched or of.owes_anew},
        session,
    )


def _known(changes: Sequence[Change], session: ClientSession) -> dict[tuple[str, ObjectId], _OfRecord]:
    """Read the clocks of records that are not new: one query for each form."""
    known: dict[tuple[str, ObjectId], _OfRecord] = defaultdict(_OfRecord)
    wanted: dict[str, list[ObjectId]] = defaultdict(list)
    for change in changes:
        if change.before is not None:
            wanted[change.form.key].append(change.record["_id"])
    for form, ids in wanted.items():
        for clock in store.of_records(form, ids, session):
            known[form, clock.document["record"]].clocks.append(clock)
    return known


def _apply(change: Change, of: _OfRecord, choice: Choice) -> None:
    moment = Moment.of(change)
    shown = life.shown(change.record)
    # a state entered opens duties, and they have the deadline of clocks that were running before
    of.owes_anew |= bool(of.clocks) and (
        bool(change.transitions) or moment.before.state != moment.after.state
    )
    for clock in of.clocks:
        if clock.is_open and any(clock.get(name) != value for name, value in shown.items()):
            clock.document.update(shown)
            of.touched[clock.id] = clock
    actions = defaultdict(list)
    for said in change.facts.get("clocks", ()):
        actions[said["clock"]].append(said["action"])
    rules = change.form.definition.record_clocks
    for rule in rules:
        with _forgiven(change, rule.key):
            _Turn(moment, rule, of, choice).take(actions[rule.key])
    for key in {str(clock.get("rule")) for clock in of.clocks} - {rule.key for rule in rules}:
        with _forgiven(change, key):
            _Turn(moment, of.of_rule(key)[-1].rule, of, choice).finish()


@contextmanager
def _forgiven(change: Change, clock: str) -> Iterator[None]:
    """Note what is wrong with a clock: one that cannot be counted must not keep anybody from saving."""
    try:
        yield
    except DomainError:
        log.exception("clock.failed", form=change.form.key, record=str(change.record["_id"]), clock=clock)


@dataclass
class _Turn:
    """One change, for the clocks of one rule."""

    moment: Moment
    rule: ClockRule
    of: _OfRecord
    choice: Choice

    @property
    def _change(self) -> Change:
        return self.moment.change

    def finish(self) -> None:
        """Let a clock whose rule the form gave up go on as it began, until it ends; none is started anew."""
        if self._follow_bin():
            self._follow_end()
            self._follow_pause()
            self._follow_values()

    def take(self, actions: Iterable[str]) -> None:
        """Let the clocks of a rule of the form follow the change."""
        if not self._follow_bin():
            return
        self._follow_end()
        for action in actions:
            self._act(action)
        self._follow_start()
        self._follow_pause()
        self._follow_values()

    def _open(self) -> Clock | None:
        return next((clock for clock in self.of.of_rule(self.rule.key) if clock.is_open), None)

    def _touch(self, clock: Clock) -> None:
        if clock not in self.of.new:
            self.of.touched[clock.id] = clock

    # -- ending ------------------------------------------------------------------------------------------

    def _end(self, state: str, why: str) -> None:
        clock = self._open()
        if clock:
            life.end(clock, self._change.at, state, why)
            self._touch(clock)

    def _follow_bin(self) -> bool:
        """Stop in the bin and go on after it; tell whether there is a record to follow."""
        if not self.moment.after.exists:
            self._end("stopped", DELETED)
        elif self.moment.before.record is not None and not self.moment.before.exists:
            self._restore()
        return self.moment.after.exists

    def _restore(self) -> None:
        last = next(reversed(self.of.of_rule(self.rule.key)), None)
        if last and last.get("stopped_why") == DELETED:
            life.reopen(last, self._change.at, DELETED)
            self._touch(last)

    def _follow_end(self) -> None:
        if self._open() is None:
            return
        stop = self.rule.stop
        taken = self.moment.takes(stop)
        if taken:
            self._end("done", f"transition:{taken}")
        elif self.moment.after.holds(stop):
            self._end("done", f"state:{self.moment.after.state}" if stop.states else "rule")
        elif self._is_over() and not self.moment.after.holds(self.rule.start):
            self._end("stopped", f"{ENDED}:{self.moment.after.state}")
        elif self._is_kept_no_longer():
            self._end("stopped", "rule")

    def _is_kept_no_longer(self) -> bool:
        """Tell whether a record left what its time of keeping counts from: it was opened again."""
        lasts = self.rule.start.states or self.rule.start.rule is not None
        if self.rule.kind != "retention" or self.rule.stop or not lasts:
            return False
        return not self.moment.after.holds(self.rule.start)

    def _is_over(self) -> bool:
        """Tell whether the record came to an end by this change, so that nothing more is to be waited for."""
        workflow = self._change.form.definition.workflow
        state = workflow.by_state.get(self.moment.after.state or "") if workflow else None
        return bool(state and state.is_end and self.moment.before.state != state.key)

    # -- starting ----------------------------------------------------------------------------------------

    def _follow_start(self) -> None:
        if self._open() is not None:
            return
        because = self.moment.begins(self.rule.start)
        if (
            because is None
            and not self.of.of_rule(self.rule.key)
            and self.moment.after.holds(self.rule.start)
        ):
            because = {"state": self.moment.after.state}  # the rule is younger than the record's state
        if because is not None and not self.moment.after.holds(self.rule.stop):
            self._start(because)

    def _start(self, because: Mapping[str, object]) -> None:
        change = self._change
        said = {**because, "by": change.actor.id, "by_name": change.actor.name}
        count = 1 + len(self.of.of_rule(self.rule.key))
        clock = life.start(
            change.form,
            self.rule,
            change.record,
            count=count,
            at=change.at,
            because=said,
            choice=self.choice,
            taken_over=change.source in QUIET_SOURCES,
        )
        self.of.new.append(clock)

    def _act(self, action: str) -> None:
        clock = self._open()
        if action == "restart" and clock:
            self._end("stopped", ACTION)
            clock = None
        if action in {"start", "restart"} and clock is None:
            self._start({ACTION: True})
        elif action == "stop":
            self._end("stopped", ACTION)
        elif action == "pause" and clock:
            life.pause(clock, self._change.at, by="action", why=ACTION)
            self._touch(clock)
        elif action == "resume" and clock:
            life.resume(clock, self._change.at)
            self._touch(clock)

    # -- standing still and going on ---------------------------------------------------------------------

    def _follow_pause(self) -> None:
        clock, rule = self._open(), self.rule
        if clock is None:
            return
        held = self.moment.after.holds(rule.pause)
        taken = self.moment.takes(rule.pause)
        if clock.state == "running" and (held or taken):
            why = f"transition:{taken}" if taken else f"state:{self.moment.after.state}"
            by = "condition" if held else "action"
            life.pause(clock, self._change.at, by=by, why=why if taken or rule.pause.states else "rule")
            self._touch(clock)
        elif clock.get("paused_by") == "condition" and not held:
            life.resume(clock, self._change.at)
            self._touch(clock)

    def _follow_values(self) -> None:
        """Settle what a recurring clock asks for, and follow corrected dates that it counts from or to."""
        clock = self._open()
        if clock is None or clock in self.of.new or self.moment.before.record is None:
            return
        before, after = self.moment.before.record["data"], self._change.record["data"]
        if any(before.get(key) != after.get(key) for key in self.rule.done_by):
            life.settle(clock, self._change.at)
            self._touch(clock)
        own = (clock.rule.start_at, clock.rule.length.field)
        if any(key and before.get(key) != after.get(key) for key in own):
            aiming.correct(clock, self._change.record, self._change.at, self._said())
            self._touch(clock)

    def _said(self) -> Document:
        change = self._change
        return {"at": change.at, "by": change.actor.id, "by_name": change.actor.name, "reason": "corrected"}
