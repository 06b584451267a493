"""China's holidays and make-up workdays, 2004 to 2026, as the State Council announced them."""

from datetime import date

from chinese_calendar import Holiday  # type: ignore[import-untyped]
from chinese_calendar.constants import holidays, workdays  # type: ignore[import-untyped]

from models.calendars.definition import CalendarDefinition, DayException
from models.definition_parts import Label
from models.people import DEFAULT_TIMEZONE
from models.procedure import Weekday

OFFICE_HOURS = ("08:00-12:00", "13:00-17:00")
WORKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")

_CHINESE = {holiday.value: holiday.chinese for holiday in Holiday}


def years() -> tuple[int, ...]:
    """Return the years whose holidays are known."""
    return tuple(sorted({day.year for day in holidays}))


def exceptions() -> tuple[DayException, ...]:
    """Return every holiday and make-up day by date; make-up days work by Monday's hours."""
    found = [DayException(date=day, kind="holiday", name=_name(name)) for day, name in holidays.items()]
    found += [
        DayException(date=day, kind="make_up", name=_name(name), like="mon") for day, name in workdays.items()
    ]
    return tuple(sorted(found, key=_by_date))


def standard() -> CalendarDefinition:
    """Return the calendar that a new installation counts with."""
    return CalendarDefinition(
        label=Label(zh="标准工作日历", en="Standard working calendar"),
        timezone=DEFAULT_TIMEZONE,
        week=dict.fromkeys(WORKDAYS, OFFICE_HOURS),
        exceptions=exceptions(),
        loaded_years=years(),
    )


def _name(english: str) -> Label:
    return Label(zh=_CHINESE.get(english, english), en=english)


def _by_date(one: DayException) -> date:
    return one.date
