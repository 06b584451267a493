"""Lengths, recurrences and reasons of clocks in a person's words."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from models import rules
from models.clocks.clock import Clock
from models.definition import Definition
from models.lookups import Lookup
from models.messages import Message, Named, _, translate
from models.procedure import Length, Recurrence, When

_UNITS = {
    "minutes": "%(count)s min",
    "hours": "%(count)s h",
    "working_hours": "%(count)s working hours",
    "days": "%(count)s d",
    "working_days": "%(count)s working days",
    "weeks": "%(count)s weeks",
    "months": "%(count)s months",
    "years": "%(count)s years",
}
_WORDED = (  # for the catalog of texts
    _("%(count)s min", count=0), _("%(count)s h", count=0), _("%(count)s working hours", count=0),
    _("%(count)s d", count=0), _("%(count)s working days", count=0), _("%(count)s weeks", count=0),
    _("%(count)s months", count=0), _("%(count)s years", count=0),
)  # fmt: skip
_WEEKDAYS = {
    "mon": _("Monday"), "tue": _("Tuesday"), "wed": _("Wednesday"), "thu": _("Thursday"), "fri": _("Friday"),
    "sat": _("Saturday"), "sun": _("Sunday"),
}  # fmt: skip


class Listed:
    """Several names or messages, one after the other."""

    def __init__(self, *parts: Message | Named | str) -> None:
        self._parts = parts

    def text(self, language: str) -> str:
        """Return them in a language."""
        between = ", " if language == "en" else "、"
        return between.join(_shown(part, language) for part in self._parts)


def _shown(part: Message | Named | str, language: str) -> str:
    return part.text(language) if isinstance(part, Named) else translate(part, language)


def at(moment: datetime | None, zone: ZoneInfo) -> str:
    """Return a moment to the minute, to the second where there are any."""
    if moment is None:
        return "—"
    local = moment.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S}" if local.second else f"{local:%Y-%m-%d %H:%M}"


def length(wanted: Length, definition: Definition) -> Message | None:
    """Return how long, or which field says it; None where nothing is said."""
    if wanted.field:
        field = definition.by_key.get(wanted.field)
        return _("what “%(field)s” says", field=field.label if field else wanted.field)
    if wanted.amount is None:
        return None
    return Message(_UNITS[wanted.unit], {"count": plain(wanted.amount)})


def plain(amount: Decimal) -> str:
    """Return an amount without needless zeros."""
    return f"{amount.normalize():f}"


def span(time: timedelta) -> str:
    """Return a length of time as h:mm, with seconds where there are any."""
    seconds = int(time.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    hours, rest = divmod(seconds, 3_600)
    minutes, left = divmod(rest, 60)
    return f"{sign}{hours}:{minutes:02}:{left:02}" if left else f"{sign}{hours}:{minutes:02}"


def recurrence(wanted: Recurrence, definition: Definition) -> Message:
    """Return how something comes again."""
    if wanted.every:
        return _("every %(length)s", length=length(wanted.every, definition) or "")
    if wanted.times:
        return _("every day at %(times)s", times=Listed(*wanted.times))
    if wanted.weekly:
        days = Listed(*(_WEEKDAYS[day] for day in wanted.weekly))
        return _("every %(days)s at %(time)s", days=days, time=wanted.at)
    if wanted.monthly and wanted.months:
        months = Listed(*map(str, wanted.months))
        return _(
            "on day %(day)s of the months %(months)s at %(time)s",
            day=wanted.monthly,
            months=months,
            time=wanted.at,
        )
    if wanted.monthly:
        return _("on day %(day)s of every month at %(time)s", day=wanted.monthly, time=wanted.at)
    return _("every year on %(day)s at %(time)s", day=wanted.yearly, time=wanted.at)


def reason(clock: Clock, why: str | None) -> Message:
    """Return why a clock stood still or ended, from how it is kept."""
    kind, _colon, key = (why or "").partition(":")
    definition = clock.form.definition
    if kind in {"state", "ended"}:
        return _("state “%(state)s”", state=state_name(definition, key))
    if kind == "transition":
        return _("step “%(step)s”", step=_step_name(definition, key))
    return {
        "rule": _("its condition"),
        "deleted": _("the record was in the bin"),
        "action": _("an effect of the workflow"),
        "exempt": _("an exemption"),
        "published": _("the form changed"),
    }.get(kind, _("another reason"))


def because(clock: Clock) -> Message:
    """Return what started a clock."""
    said, definition = clock.get("because") or {}, clock.form.definition
    if key := said.get("transition"):
        return _("step “%(step)s” was taken", step=_step_name(definition, key))
    if said.get("rule"):
        return _("“%(condition)s” became true", condition=Condition(clock.rule.start, definition))
    if said.get("action"):
        return _("the workflow said so")
    if said.get("published"):
        return _("the form was put in force")
    return _("the record came into state “%(state)s”", state=state_name(definition, said.get("state") or ""))


class Condition:
    """The rule of a condition as text."""

    def __init__(self, when: When, definition: Definition) -> None:
        self._when, self._definition = when, definition

    def text(self, language: str) -> str:
        """Return it in a language."""
        return rules.describe(self._when.rule, self._definition, language, names=Lookup(language))


def state_name(definition: Definition, key: str) -> Named | str:
    """Return what a state is called."""
    state = definition.workflow.by_state.get(key) if definition.workflow else None
    return state.label if state and state.label else key


def _step_name(definition: Definition, key: str) -> Named | str:
    step = definition.workflow.by_transition.get(key) if definition.workflow else None
    return step.label if step and step.label else key
