"""What a working calendar is, as data: the pattern of a week, exceptions by date, and the years known."""

from datetime import date
from typing import Annotated, Literal, get_args

from pydantic import Field as Attribute

from models.definition_parts import Label, Part
from models.procedure import Weekday

WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
DEFAULT_KEY = "default"
FIRST_YEAR = 1990
LAST_YEAR = 2100
MAX_EXCEPTIONS = 3_000
MAX_NAME = 80

ExceptionKind = Literal["holiday", "make_up"]
Hours = Annotated[tuple[Annotated[str, Attribute(max_length=40)], ...], Attribute(max_length=12)]


class DayException(Part):
    """A date that does not follow its weekday: a holiday without work, or a workday made up for.

    A make-up day works by the hours of the weekday `like`, or by `hours` of its own.
    """

    date: date
    kind: ExceptionKind
    name: Label = Label()
    like: Weekday | None = None
    hours: Hours = ()


class CalendarDefinition(Part):
    """One version of a calendar. Hours are written `08:00-12:00`; a weekday that is not named is free."""

    label: Label
    timezone: Annotated[str, Attribute(max_length=60)]
    week: dict[Weekday, Hours]
    exceptions: Annotated[tuple[DayException, ...], Attribute(max_length=MAX_EXCEPTIONS)] = ()
    loaded_years: tuple[int, ...] = ()
