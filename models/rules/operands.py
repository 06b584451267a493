"""The right side of a condition: what a rule wrote becomes something to compare with, or is refused."""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

from bson import Decimal128, ObjectId

from models.errors import ValueProblem
from models.messages import _
from models.people import Actor
from models.rules import periods
from models.rules.operators import DATED, Kind
from models.rules.sources import Source
from models.storable import storable
from models.times import now

DEFAULT_TIMEZONE = ZoneInfo("Asia/Shanghai")
MAX_TEXT = 2000
MAX_DIGITS = 34  # what a Decimal128 holds
YEARS = range(1900, 3000)

_NUMBER = re.compile(r"[+-]?[0-9]{1,34}(\.[0-9]{1,34})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"(?P<local>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?P<second>:[0-9]{2}(?P<fraction>\.[0-9]{1,6})?)?)"
    r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?"
)
_ID = re.compile(r"[0-9a-fA-F]{24}")
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class RuleContext:
    """Who asks and when: what "me", "my department", "today" and "last month" mean. `now` is aware."""

    now: datetime
    timezone: ZoneInfo = DEFAULT_TIMEZONE
    person: ObjectId | None = None
    department: ObjectId | None = None

    @classmethod
    def of(cls, actor: Actor) -> Self:
        """Return the context in which rules are evaluated for an actor now."""
        return cls(now(), actor.timezone, actor.id, actor.department)

    @property
    def today(self) -> date:
        """The calendar day where the person is."""
        return self.now.astimezone(self.timezone).date()


class Span(NamedTuple):
    """From `low` until just before `high`: ISO dates for a date field, aware UTC times for a date-time."""

    low: Any
    high: Any


Operand = str | Decimal | bool | ObjectId | Span | None


def read_operand(source: Source, raw: Any, context: RuleContext) -> Operand:  # noqa: ANN401  (it came as JSON)
    """Return the comparable form of an operand.

    Numbers become Decimal, ids ObjectId, anything dated a Span. None stands for "me" where nobody is
    signed in: it equals nothing. Raises ValueProblem with what is wrong.
    """
    return _READERS[source.kind](source, raw, context)


def _refuse(source: Source) -> ValueProblem:
    return ValueProblem(_EXPECTED[source.kind])


def _text(source: Source, raw: Any, _context: RuleContext) -> str:  # noqa: ANN401
    if not isinstance(raw, str):
        raise _refuse(source)
    if not raw:
        raise ValueProblem(_("Enter a value to compare with."))
    if len(raw) > MAX_TEXT:
        raise ValueProblem(_("At most %(max)s characters.", max=MAX_TEXT))
    if not storable(raw):
        raise ValueProblem(_("The text contains characters that cannot be stored."))
    return unicodedata.normalize("NFC", raw)


def _number(source: Source, raw: Any, _context: RuleContext) -> Decimal:  # noqa: ANN401
    number: Decimal | None = None
    if isinstance(raw, str) and _NUMBER.fullmatch(raw):
        number = Decimal(raw)
    elif isinstance(raw, int) and not isinstance(raw, bool):
        number = Decimal(raw) if abs(raw) < 10**MAX_DIGITS else None
    elif isinstance(raw, float) and math.isfinite(raw):
        number = Decimal(repr(raw))
    elif isinstance(raw, Decimal | Decimal128):
        number = raw if isinstance(raw, Decimal) else raw.to_decimal()
    if number is None or not _fits(number):
        raise _refuse(source)
    return number


def _fits(number: Decimal) -> bool:
    """Tell whether a number can be compared exactly everywhere: finite and of a human size."""
    exponent = number.as_tuple().exponent
    return (
        isinstance(exponent, int)
        and len(number.as_tuple().digits) <= MAX_DIGITS
        and -MAX_DIGITS <= exponent <= MAX_DIGITS
    )


def _boolean(source: Source, raw: Any, _context: RuleContext) -> bool:  # noqa: ANN401
    if not isinstance(raw, bool):
        raise _refuse(source)
    return raw


def _identity(source: Source, raw: Any, context: RuleContext) -> ObjectId | None:  # noqa: ANN401
    if raw == {"me": True} and source.target == "person":
        return context.person
    if raw == {"my_department": True} and source.target == "department":
        return context.department
    if isinstance(raw, ObjectId):
        return raw
    if isinstance(raw, str) and _ID.fullmatch(raw):
        return ObjectId(raw)
    raise _refuse(source)


def _date(source: Source, raw: Any, context: RuleContext) -> Span:  # noqa: ANN401
    days = _days(source, raw, context)
    return Span(days.first.isoformat(), (days.last + timedelta(days=1)).isoformat())


def _datetime(source: Source, raw: Any, context: RuleContext) -> Span:  # noqa: ANN401
    moment = _moment(raw, context)
    if moment:
        return moment
    days = _days(source, raw, context)
    return Span(_midnight(days.first, context), _midnight(days.last + timedelta(days=1), context))


def _midnight(day: date, context: RuleContext) -> datetime:
    return datetime.combine(day, time.min, tzinfo=context.timezone).astimezone(UTC)


def _moment(raw: Any, context: RuleContext) -> Span | None:  # noqa: ANN401
    """Read a point in time; one written to the minute means that whole minute, as a day means a whole day."""
    if isinstance(raw, datetime):
        return _span_at(raw, _MILLISECOND, context)
    if isinstance(raw, Mapping):
        return _relative_moment(raw, context)
    match = _MOMENT.fullmatch(raw) if isinstance(raw, str) else None
    if not match:
        return None
    width = timedelta(minutes=1)
    if match["second"]:
        width = _MILLISECOND if match["fraction"] else timedelta(seconds=1)
    try:
        return _span_at(datetime.fromisoformat(raw), width, context)
    except ValueError:
        return None


def _span_at(moment: datetime, width: timedelta, context: RuleContext) -> Span | None:
    if moment.year not in YEARS:
        return None
    local = moment if moment.tzinfo else moment.replace(tzinfo=context.timezone)
    low = local.astimezone(UTC)
    low = low.replace(microsecond=low.microsecond // 1000 * 1000)
    return Span(low, low + width)


def _relative_moment(raw: Mapping[str, Any], context: RuleContext) -> Span | None:
    unit, count = _step(raw)
    if unit not in {"hours", "minutes"}:
        return None
    return _span_at(context.now + timedelta(**{unit: count}), _MILLISECOND, context)


def _days(source: Source, raw: Any, context: RuleContext) -> periods.Days:  # noqa: ANN401
    if isinstance(raw, Mapping):
        return _relative_days(source, raw, context)
    if isinstance(raw, str) and _DAY.fullmatch(raw):
        try:
            raw = date.fromisoformat(raw)
        except ValueError:
            raise _refuse(source) from None
    if not isinstance(raw, date) or isinstance(raw, datetime) or raw.year not in YEARS:
        raise _refuse(source)
    return periods.Days(raw, raw)


def _relative_days(source: Source, raw: Mapping[str, Any], context: RuleContext) -> periods.Days:
    if raw == {"today": True}:
        return periods.Days(context.today, context.today)
    name = raw.get("period")
    if len(raw) == 1 and isinstance(name, str) and name in periods.PERIODS:
        return periods.period(name, context.today)
    unit, count = _step(raw)
    if not unit or unit in {"hours", "minutes"}:
        raise _refuse(source)
    day = periods.step(context.today, unit, count)
    return periods.Days(day, day)


def _step(raw: Mapping[str, Any]) -> tuple[str, int]:
    """Return unit and count of `{"relative": {unit: count}}`, or an empty unit for anything else."""
    inner = raw.get("relative") if len(raw) == 1 else None
    if not isinstance(inner, Mapping) or len(inner) != 1:
        return "", 0
    (unit, count), *_rest = inner.items()
    largest = periods.LARGEST_STEP.get(unit, -1) if isinstance(unit, str) else -1
    if not isinstance(count, int) or isinstance(count, bool) or abs(count) > largest:
        return "", 0
    return unit, count


_EXPECTED = MappingProxyType(
    {
        Kind.TEXT: _("Enter a text to compare with."),
        Kind.KEY: _("Choose one of the options."),
        Kind.ID: _("Choose an entry to compare with."),
        Kind.NUMBER: _("Enter a number of at most 34 digits."),
        Kind.DATE: _("Enter a date such as 2026-11-21, or a period."),
        Kind.DATETIME: _("Enter a date or time such as 2026-11-21T08:30, or a period."),
        Kind.BOOLEAN: _("Choose yes or no."),
        Kind.OPAQUE: _("This field can only be tested for being empty."),
    }
)

_Reader = Callable[[Source, Any, RuleContext], Operand]

_READERS: Mapping[Kind, _Reader] = MappingProxyType(
    {
        Kind.TEXT: _text,
        Kind.KEY: _text,
        Kind.ID: _identity,
        Kind.NUMBER: _number,
        Kind.DATE: _date,
        Kind.DATETIME: _datetime,
        Kind.BOOLEAN: _boolean,
    }
)


def may_be_ordered(source: Source, low: Any, high: Any) -> bool:  # noqa: ANN401  (raw operands)
    """Tell whether two operands are fixed, so that their order can be judged before the rule runs."""
    return source.kind == Kind.NUMBER or (
        source.kind in DATED and not isinstance(low, Mapping) and not isinstance(high, Mapping)
    )
