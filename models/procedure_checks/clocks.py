"""What keeps the clocks of a form from being published: a length that is none, a clock that never ends."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Final

from models.database import db
from models.definition import Definition
from models.messages import _
from models.problems import Problem
from models.procedure import ClockAction, ClockRule, Length, Recurrence, Rung, When
from models.procedure_checks.effects import rule_problems, unknown, who_problems

_WHOLE: Final = frozenset({"months", "years"})
_STARTS: Final = frozenset({"date", "datetime"})
_LENGTHS: Final = frozenset({"date", "datetime", "duration", "integer", "decimal", "computed"})
_LEAP_YEAR: Final = 2024
DEFAULT_KEY: Final = "default"  # the calendar that is always there


def clock_problems(definition: Definition) -> Iterator[Problem]:
    """Yield everything that keeps the clocks of a definition from being published."""
    for key, count in Counter(clock.key for clock in definition.clocks).items():
        if count > 1:
            yield Problem(f"clocks.{key}.key", _("Two clocks have this key."))
    for clock in definition.clocks:
        path = f"clocks.{clock.key}"
        if not clock.label:
            yield Problem(f"{path}.label", _("Give the clock a name."))
        yield from _duration(clock, definition, path)
        yield from _course(clock, definition, path)
        yield from _people(clock, definition, path)
        yield from _fields(clock, definition, path)
        yield from _ladder(clock, definition, path)


# -- how long ---------------------------------------------------------------------------------------------


def _duration(clock: ClockRule, definition: Definition, path: str) -> Iterator[Problem]:
    if clock.kind == "recurring":
        if clock.recurrence is None:
            yield Problem(f"{path}.recurrence", _("Say how it comes again."))
        else:
            yield from _recurrence(clock.recurrence, f"{path}.recurrence")
        return
    if clock.recurrence is not None:
        yield Problem(f"{path}.recurrence", _("Only a recurring clock comes again."))
    yield from _length(clock.length, f"{path}.length", needed=not clock.length.field)
    if clock.length.field and _type(clock.length.field, definition) not in _LENGTHS:
        yield Problem(f"{path}.length.field", _("This is neither a date nor a length of time."))


def _length(length: Length, path: str, *, needed: bool = True) -> Iterator[Problem]:
    if needed and not length.amount:
        yield Problem(f"{path}.amount", _("Say how long."))
    elif length.amount and length.unit in _WHOLE and length.amount != int(length.amount):
        yield Problem(f"{path}.amount", _("Months and years are counted whole."))


def _recurrence(recurrence: Recurrence, path: str) -> Iterator[Problem]:
    ways = (recurrence.every, recurrence.times, recurrence.weekly, recurrence.monthly, recurrence.yearly)
    if sum(map(bool, ways)) != 1:
        yield Problem(path, _("Say exactly one way in which it comes again."))
    if recurrence.every:
        yield from _length(recurrence.every, f"{path}.every")
        if recurrence.every.field:
            yield Problem(f"{path}.every.field", _("This is the same for all records; no field can say it."))
    if recurrence.months and not recurrence.monthly:
        yield Problem(f"{path}.months", _("Months go with a day of the month."))
    if recurrence.yearly and not _is_day(recurrence.yearly):
        yield Problem(f"{path}.yearly", _("There is no such day in a year."))


def _is_day(month_and_day: str) -> bool:
    try:
        date.fromisoformat(f"{_LEAP_YEAR}-{month_and_day}")
    except ValueError:
        return False
    return True


# -- when -------------------------------------------------------------------------------------------------


def _course(clock: ClockRule, definition: Definition, path: str) -> Iterator[Problem]:
    for name in ("start", "pause", "stop"):
        yield from _when(getattr(clock, name), definition, f"{path}.{name}")
    if clock.scope == "form":
        yield from _of_form(clock, path)
        return
    if not clock.start and not _acted_on(clock, definition, {"start", "restart"}):
        yield Problem(f"{path}.start", _("This clock never starts."))
    if clock.kind != "retention" and not clock.stop and not _ends_otherwise(clock, definition):
        yield Problem(f"{path}.stop", _("This clock can never stop."))
    if clock.start and clock.start == clock.stop:
        yield Problem(f"{path}.stop", _("It stops at the moment it starts."))


def _of_form(clock: ClockRule, path: str) -> Iterator[Problem]:
    if clock.kind != "recurring":
        yield Problem(f"{path}.kind", _("A clock of the form itself comes again and again."))
    if clock.start or clock.pause or clock.stop:
        yield Problem(f"{path}.start", _("A clock of the form itself runs as long as the form is in use."))
    if not clock.who:
        yield Problem(f"{path}.who", _("Say who owes it."))


def _when(when: When, definition: Definition, path: str) -> Iterator[Problem]:
    workflow = definition.workflow
    states = workflow.by_state if workflow else {}
    transitions = workflow.by_transition if workflow else {}
    for key in when.states:
        if key not in states:
            yield Problem(f"{path}.states", _("There is no state “%(key)s”.", key=key))
    for key in when.transitions:
        if key not in transitions:
            yield Problem(f"{path}.transitions", _("There is no step “%(key)s”.", key=key))
    yield from rule_problems(when.rule, definition, f"{path}.rule")


def _acted_on(clock: ClockRule, definition: Definition, actions: set[str]) -> bool:
    """Tell whether something in the workflow does one of these with the clock."""
    workflow = definition.workflow
    if workflow is None:
        return False
    effects = [
        *workflow.on_create,
        *(effect for transition in workflow.transitions for effect in transition.effects),
        *(effect for other in definition.clocks for rung in other.ladder for effect in rung.effects),
    ]
    return any(
        isinstance(effect, ClockAction) and effect.clock == clock.key and effect.action in actions
        for effect in effects
    )


def _ends_otherwise(clock: ClockRule, definition: Definition) -> bool:
    """Tell whether an action stops it, or the record comes to an end some time after it started."""
    workflow = definition.workflow
    if _acted_on(clock, definition, {"stop"}):
        return True
    ends = {state.key for state in workflow.states if state.is_end} if workflow else set()
    return bool(ends) and not (clock.start.states and set(clock.start.states) <= ends)


# -- who and what -----------------------------------------------------------------------------------------


def _people(clock: ClockRule, definition: Definition, path: str) -> Iterator[Problem]:
    yield from who_problems(clock.who, definition, f"{path}.who")
    yield from who_problems(clock.exempt, definition, f"{path}.exempt")


def _fields(clock: ClockRule, definition: Definition, path: str) -> Iterator[Problem]:
    if clock.start_at and _type(clock.start_at, definition) not in _STARTS:
        yield Problem(f"{path}.start_at", _("This is not a field with a date or a time."))
    for key in clock.done_by:
        if key not in definition.by_key:
            yield Problem(f"{path}.done_by", unknown(key))
    if clock.done_by and clock.kind != "recurring":
        yield Problem(f"{path}.done_by", _("Only a recurring clock is settled by a field."))
    if clock.calendar not in {"", DEFAULT_KEY} and not db().calendars.find_one(
        {"_id": clock.calendar}, {"_id": 1}
    ):
        yield Problem(f"{path}.calendar", _("There is no calendar “%(key)s”.", key=clock.calendar))


def _type(key: str, definition: Definition) -> str:
    field = definition.by_key.get(key)
    return field.type if field else ""


def _ladder(clock: ClockRule, definition: Definition, path: str) -> Iterator[Problem]:
    if clock.ladder and clock.kind == "retention":
        yield Problem(f"{path}.ladder", _("Keeping a record long enough is nothing to be reminded of."))
    for key, count in Counter(rung.key for rung in clock.ladder).items():
        if count > 1:
            yield Problem(f"{path}.ladder.{key}.key", _("Two rungs have this key."))
    for rung in clock.ladder:
        yield from _rung(rung, definition, f"{path}.ladder.{rung.key}")


def _rung(rung: Rung, definition: Definition, path: str) -> Iterator[Problem]:
    if rung.side != "at":
        yield from _length(rung.offset, f"{path}.offset")
    elif rung.offset.amount:
        yield Problem(f"{path}.offset", _("At the due time there is no distance to it."))
    if rung.repeat is not None:
        yield from _length(rung.repeat, f"{path}.repeat")
    if rung.offset.field or (rung.repeat and rung.repeat.field):
        yield Problem(f"{path}.offset.field", _("This is the same for all records; no field can say it."))
    yield from who_problems(rung.who, definition, f"{path}.who")
