"""Which days are working days for the people of a department."""

from datetime import date
from functools import cache

from bson import ObjectId

from models import calendars
from models.deliveries.quiet import WorkingDay, monday_to_friday
from models.errors import NotFoundError


def of_department(department: ObjectId | None) -> WorkingDay:
    """Return the calendar of a department, as days; it is looked up once, when a day is asked for."""

    @cache
    def hours() -> WorkingDay:
        try:
            found = calendars.working(calendars.of_department(department))
        except NotFoundError:
            return monday_to_friday  # the calendar was deleted
        return lambda day: bool(found.hours(day))

    def is_working_day(day: date) -> bool:
        return hours()(day)

    return is_working_day
