"""Why a clock is due when it is: since when, what stood still, which days counted, by which versions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, Literal
from zoneinfo import ZoneInfo

from models import calendars
from models.calendars import DayCount
from models.clocks import wording
from models.clocks.clock import Clock
from models.clocks.pace import counts_work
from models.database import Document
from models.errors import DomainError
from models.messages import Message, _, translate

MAX_DAYS: Final = 400
Kind = Literal[
    "started", "length", "day", "pause", "due", "late", "ended", "moved", "version", "warning", "trouble"
]  # fmt: skip
_KINDS = {
    "workday": _("workday"), "rest": _("day off"), "holiday": _("holiday"), "make_up": _("make-up workday"),
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One sentence of an explanation, and what it is about."""

    kind: Kind
    text: str

    def __str__(self) -> str:
        return self.text


def explain(clock: Clock, language: str, timezone: ZoneInfo) -> list[Line]:
    """Return in a language how the due time of a clock came about; the same every time.

    Args:
        clock: of any state.
        language: `zh` or `en`.
        timezone: in which moments are written.
    """
    try:
        said = list(_sentences(clock, timezone))
    except DomainError as error:
        said = [("trouble", error.message)]
    return [Line(kind, translate(message, language)) for kind, message in said]


_Sentence = tuple[Kind, Message]


def _sentences(clock: Clock, zone: ZoneInfo) -> Iterator[_Sentence]:
    yield from _beginning(clock, zone)
    yield from _length(clock)
    for pause in clock.get("pauses"):
        yield "pause", _pause(clock, pause, zone)
    yield from _due(clock, zone)
    yield from _end(clock, zone)
    for one in clock.get("recalculations"):
        yield "moved", _recalculation(one, zone)
    yield from _versions(clock)


def _beginning(clock: Clock, zone: ZoneInfo) -> Iterator[_Sentence]:
    started, counted = clock.get("started_at"), clock.get("counted_from")
    by = (clock.get("because") or {}).get("by_name")
    why = wording.because(clock)
    if by and by != "system":
        text = _(
            "Started %(at)s because %(why)s, by %(name)s.", at=wording.at(started, zone), why=why, name=by
        )
        yield "started", text
    else:
        yield "started", _("Started %(at)s because %(why)s.", at=wording.at(started, zone), why=why)
    if counted != started:
        field = clock.form.definition.by_key.get(clock.rule.start_at)
        text = _(
            "Counted from %(at)s, as “%(field)s” says.",
            at=wording.at(counted, zone),
            field=field.label if field else clock.rule.start_at,
        )
        yield "started", text


def _length(clock: Clock) -> Iterator[_Sentence]:
    rule, definition = clock.rule, clock.form.definition
    if rule.recurrence:
        yield "length", _("Due again: %(how)s.", how=wording.recurrence(rule.recurrence, definition))
    elif length := wording.length(rule.length, definition):
        yield "length", _("Length: %(length)s.", length=length)
    if counts_work(rule) and clock.due_at and clock.pace.calendar:
        yield from _days(clock, clock.due_at)


def _days(clock: Clock, due_at: datetime) -> Iterator[_Sentence]:
    """Name each day that counted, and those that did not, where there were any in between."""
    since: datetime = clock.get("turn_from") or clock.get("counted_from")
    calendar = clock.pace.calendar
    if calendar is None or due_at - since > timedelta(days=MAX_DAYS):
        return
    found = calendar.days(since, due_at)
    for (kind, worked, _name), group in groupby(found, lambda one: (one.kind, one.seconds, one.name)):
        days = list(group)
        if worked or len(days) == 1:
            yield from (("day", _day(day, _time(timedelta(seconds=worked)))) for day in days)
        else:
            text = _(
                "%(first)s to %(last)s: %(kind)s", first=days[0].date, last=days[-1].date, kind=_KINDS[kind]
            )
            yield "day", _named(text, days[0])
    paused = _paused_work(clock)
    total = wording.span(timedelta(seconds=sum(day.seconds for day in found) - paused))
    if paused:
        yield "length", _("Together: %(time)s of work, without the time it stood still.", time=total)
    else:
        yield "length", _("Together: %(time)s of work.", time=total)


def _time(time: timedelta) -> Message | str:
    return _("%(time)s of work", time=wording.span(time)) if time else _("no work")


def _day(day: DayCount, time: Message | str) -> Message:
    return _named(_("%(day)s: %(kind)s, %(time)s", day=day.date, kind=_KINDS[day.kind], time=time), day)


def _named(text: Message, day: DayCount) -> Message:
    return _("%(text)s (%(name)s)", text=text, name=day.name) if day.name else text


def _paused_work(clock: Clock) -> int:
    """Return the seconds of work that passed while the clock stood still."""
    calendar = clock.pace.calendar
    ended = [one for one in clock.get("pauses") if one["to"]]
    return sum(calendar.working_seconds(one["from"], one["to"]) for one in ended) if calendar else 0


def _pause(clock: Clock, pause: Document, zone: ZoneInfo) -> Message:
    why, since = wording.reason(clock, pause["why"]), wording.at(pause["from"], zone)
    if pause["to"] is None:
        return _("Stands still since %(since)s (%(why)s).", since=since, why=why)
    until = wording.at(pause["to"], zone)
    return _("Stood still from %(since)s to %(until)s (%(why)s).", since=since, until=until, why=why)


def _due(clock: Clock, zone: ZoneInfo) -> Iterator[_Sentence]:
    if clock.due_at is None:
        yield "due", _("It is not known when it is due: nothing says it yet.")
    elif clock.state == "paused":
        left = timedelta(seconds=clock.get("remaining") or 0)
        yield "due", _("What is left when it goes on: %(time)s.", time=wording.span(left))
    elif clock.rule.kind == "retention":
        yield "due", _("May be disposed of from %(at)s on.", at=wording.at(clock.due_at, zone))
    else:
        yield "due", _("Due %(at)s; that moment is still in time.", at=wording.at(clock.due_at, zone))
    if clock.get("breached_at"):
        since = clock.late_since or clock.get("breached_at")
        yield "late", _("Late since %(at)s.", at=wording.at(since.replace(microsecond=0), zone))
    if clock.get("missed") and clock.rule.recurrence:
        yield "late", _("Missed so far: %(count)s.", count=clock.get("missed"))


def _end(clock: Clock, zone: ZoneInfo) -> Iterator[_Sentence]:
    at = wording.at(clock.get("stopped_at"), zone)
    if exemption := clock.get("exemption"):
        text = _(
            "Exempted %(at)s by %(name)s: %(reason)s",
            at=at,
            name=exemption["by_name"],
            reason=exemption["reason"],
        )
        yield "ended", text
    elif clock.state == "done":
        yield "ended", _("Done %(at)s (%(why)s).", at=at, why=wording.reason(clock, clock.get("stopped_why")))
    elif clock.state == "stopped":
        yield (
            "ended",
            _("Ended %(at)s (%(why)s).", at=at, why=wording.reason(clock, clock.get("stopped_why"))),
        )


def _recalculation(said: Document, zone: ZoneInfo) -> Message:
    if said["reason"] == "corrected":
        text = _("Moved %(at)s from %(before)s to %(after)s: a date was corrected, by %(name)s.")
    else:
        text = _("Moved %(at)s from %(before)s to %(after)s by %(name)s: %(reason)s")
    return Message(
        text.msgid,
        {
            "at": wording.at(said["at"], zone),
            "before": wording.at(said["before"], zone),
            "after": wording.at(said["after"], zone),
            "name": said["by_name"],
            "reason": said["reason"],
        },
    )


def _versions(clock: Clock) -> Iterator[_Sentence]:
    snapshot = clock.get("snapshot")
    form, chosen = clock.form.definition.label, snapshot.get("calendar")
    yield "version", _("Rule: “%(form)s”, version %(version)s.", form=form, version=snapshot["form_version"])
    if chosen and counts_work(clock.rule):
        calendar = calendars.at_version(chosen["key"], chosen["version"])
        yield (
            "version",
            _("Calendar: “%(name)s”, version %(version)s.", name=calendar.label, version=chosen["version"]),
        )
        if clock.due_at:
            for year in calendar.working.uncertain(clock.get("counted_from"), clock.due_at):
                yield "warning", _("This uses %(year)s, whose holidays are not loaded.", year=year)
    if trouble := clock.get("trouble"):
        yield "trouble", _("It cannot go on: %(text)s", text=trouble["text"])
