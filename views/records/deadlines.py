"""The deadlines of a record on its page: how much is left, who is told next, and why that moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bson import ObjectId
from flask import redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from models import clocks
from models.access import fetch
from models.clocks import Clock, Line
from models.clocks.clock import BREACH
from models.database import Document
from models.errors import InvalidError, NotFoundError
from models.messages import _ as message
from models.procedure import Who
from models.times import now
from models.workflow.words import People
from tasks.sweeps import carry_out_effects
from views.context import current_actor, current_language, current_timezone, say
from views.sending import send_quietly

if TYPE_CHECKING:
    from views.records.base import FormScreen as _Base
else:
    _Base = object

ENDED_SHOWN = 5
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_ASSIGNED, _OWNER = Who(fields=("@assignees",)), Who(fields=("@owner",))
STATES = {
    "paused": message("stands still"),
    "done": message("done"),
    "stopped": message("ended"),
    "exempt": message("exempted"),
}


@dataclass(frozen=True)
class ClockRow:
    """A deadline as the page shows it; `tone` is `late`, `soon`, `today`, `calm` or `over`."""

    id: str
    label: str
    help: str
    state: str
    state_text: str
    due: str
    due_iso: str
    left: str
    tone: str
    next_told: str
    lines: list[Line]
    may_exempt: bool
    is_open: bool
    was_late: bool


class DeadlinePanel(_Base):
    """What the page says about deadlines, and letting somebody off one."""

    def clock_rows(self, record: Document) -> list[ClockRow]:
        """Return the deadlines of a record: those that run, the soonest first, then the latest that ended."""
        found = clocks.of_record(self.form.key, record["_id"])
        running = sorted((one for one in found if one.is_open), key=_urgency)
        ended = [one for one in reversed(found) if not one.is_open][:ENDED_SHOWN]
        return list(self._rows([*running, *ended], record))

    def _rows(self, found: list[Clock], record: Document) -> Iterator[ClockRow]:
        for clock in found:
            try:
                yield self._row(clock, record)
            except NotFoundError:
                continue  # its rule is gone with a version of the form

    def _row(self, clock: Clock, record: Document) -> ClockRow:
        language, zone = current_language(), current_timezone()
        due = clock.late_since or clock.due_at
        counts = clock.state == "running" and due is not None
        return ClockRow(
            str(clock.id),
            clock.rule.label.text(language) or clock.rule.key,
            clock.rule.help.text(language),
            clock.state,
            say(STATES[clock.state]) if clock.state in STATES else "",
            due.astimezone(zone).strftime("%Y-%m-%d %H:%M") if due else "",
            due.isoformat() if due and counts else "",
            _left(due - now()) if due and counts else "",
            _tone(clock),
            self._next_told(clock, record) if counts else "",
            clocks.explain(clock, language, zone),
            clocks.may_exempt(self.person, clock),
            clock.is_open,
            bool(clock.get("breached_at")),
        )

    @staticmethod
    def _next_told(clock: Clock, record: Document) -> str:
        """Say when the next rung of the ladder is reached, and whom it tells."""
        rungs = {one.key: one for one in clock.rule.ladder}
        coming = (one for one in clock.get("steps") or () if one["rung"] != BREACH and one["at"] >= now())
        step = next(coming, None)
        if step is None or step["rung"] not in rungs:
            return ""
        owner = _ASSIGNED if record.get("assignees") else _OWNER
        who = rungs[step["rung"]].who or clock.rule.who or owner
        people = People(who, clock.form).text(current_language())
        at = step["at"].astimezone(current_timezone()).strftime("%m-%d %H:%M")
        return _("%(time)s: %(people)s", time=at, people=people)

    @staticmethod
    def length_words() -> dict[str, str]:
        """Return the words of lengths of time for the page's script; `#` stands for the number."""
        return _length_words()

    @expose("/<record_id>/clocks/<clock_id>/exempt", methods=("POST",))
    def exempt_view(self, record_id: str, clock_id: str) -> ResponseReturnValue:
        """Let somebody off a deadline, with a reason."""
        record = fetch(self.person, self.form, record_id)
        found = {str(one.id) for one in clocks.of_record(self.form.key, record["_id"])}
        if clock_id not in found:
            raise NotFoundError
        try:
            reason = request.form.get("reason", "")
            clocks.exempt(current_actor(), self.person, ObjectId(clock_id), reason)
        except InvalidError as error:
            self.say(" ".join(say(one) for one in error.errors["reason"]), "danger")
            return redirect(f"{self.address(record)}#deadlines")
        send_quietly(carry_out_effects)
        self.say(_("The deadline no longer applies."))
        return redirect(f"{self.address(record)}#deadlines")


def _urgency(clock: Clock) -> Any:  # noqa: ANN401  (a key to sort by)
    due = clock.late_since or clock.due_at
    return clock.rule.kind == "retention", clock.state == "paused", due is None, due or now()


def _tone(clock: Clock) -> str:
    if not clock.is_open:
        return "over"
    if clock.is_late(now()):
        return "late"
    if clock.state == "paused" or clock.due_at is None or clock.rule.kind == "retention":
        return "still"
    left = clock.due_at - now()
    return "soon" if left < _HOUR else "today" if left < _DAY else "calm"


def _length_words() -> dict[str, str]:
    return {
        "minutes": _("# min"),
        "hours": _("# h"),
        "days": _("# d"),
        "left": _("# left"),
        "late": _("# late"),
    }


def _left(span: timedelta) -> str:
    """Return a time that is left or was missed in words, as the page's script counts it down."""
    words, absolute = _length_words(), abs(span)
    days, rest = divmod(int(absolute.total_seconds()), 86_400)
    hours, minutes = rest // 3_600, rest % 3_600 // 60
    if absolute < _HOUR:
        parts = [("minutes", max(1, minutes))]
    elif absolute < _DAY:
        parts = [("hours", hours), ("minutes", minutes)]
    else:
        parts = [("days", days), ("hours", hours if days < 3 else 0)]  # noqa: PLR2004  (then days will do)
    said = " ".join(words[unit].replace("#", str(count)) for unit, count in parts if count)
    return words["late" if span < timedelta() else "left"].replace("#", said)
