"""Working calendars: when work goes on, by which calendar, in which version."""

from models.calendars.arithmetic import DayCount, NoWorkingTimeError, WorkingCalendar
from models.calendars.choice import chosen_by_departments, of_department
from models.calendars.definition import DEFAULT_KEY, WEEKDAYS, CalendarDefinition, DayException
from models.calendars.keeping import (
    Calendar,
    at_version,
    company_zone,
    create,
    current,
    delete,
    ensure_default,
    ensure_indexes,
    every,
    forget_versions,
    missing_years,
    note_moved,
    save,
    versions,
    working,
)

__all__ = [
    "DEFAULT_KEY",
    "WEEKDAYS",
    "Calendar",
    "CalendarDefinition",
    "DayCount",
    "DayException",
    "NoWorkingTimeError",
    "WorkingCalendar",
    "at_version",
    "chosen_by_departments",
    "company_zone",
    "create",
    "current",
    "delete",
    "ensure_default",
    "ensure_indexes",
    "every",
    "forget_versions",
    "missing_years",
    "note_moved",
    "of_department",
    "save",
    "versions",
    "working",
]
