"""Clocks: deadlines of records and forms that start, stand still, remind, end, and can explain themselves."""

from models.clocks.clock import Clock
from models.clocks.exemption import exempt, may_exempt
from models.clocks.explanation import Line, explain
from models.clocks.listing import due_between, due_within, of_record, open_of_record, overdue, soonest
from models.clocks.reacting import act, react
from models.clocks.recalculation import ClockMove, affected_by_calendar, recalculate
from models.clocks.schedules import ensure_schedules, of_form
from models.clocks.store import ensure_indexes
from models.clocks.sweeping import sweep
from models.procedure_checks.clocks import clock_problems as problems

__all__ = [
    "Clock",
    "ClockMove",
    "Line",
    "act",
    "affected_by_calendar",
    "due_between",
    "due_within",
    "ensure_indexes",
    "ensure_schedules",
    "exempt",
    "explain",
    "may_exempt",
    "of_form",
    "of_record",
    "open_of_record",
    "overdue",
    "problems",
    "react",
    "recalculate",
    "soonest",
    "sweep",
]
