"""Duties: what somebody owes. One document per task, approval, filing or report, kept when it is done."""

from models.duties.loads import DepartmentLoad, Load, PersonLoad, load, may_supervise
from models.duties.queries import Page, Total, count_for, counts, for_department, for_person, open_for
from models.duties.reacting import entered, gather, react
from models.duties.store import (
    KINDS,
    close,
    close_of_record,
    due_of,
    duty,
    ensure_indexes,
    get,
    insert,
    of_record,
    set_due,
    tell,
)
from models.duties.visibility import (
    LedDepartment,
    approvals_of,
    departments_led,
    may_see_owed_by,
    visible_records,
)

__all__ = [
    "KINDS",
    "DepartmentLoad",
    "LedDepartment",
    "Load",
    "Page",
    "PersonLoad",
    "Total",
    "approvals_of",
    "close",
    "close_of_record",
    "count_for",
    "counts",
    "departments_led",
    "due_of",
    "duty",
    "ensure_indexes",
    "entered",
    "for_department",
    "for_person",
    "gather",
    "get",
    "insert",
    "load",
    "may_see_owed_by",
    "may_supervise",
    "of_record",
    "open_for",
    "react",
    "set_due",
    "tell",
    "visible_records",
]
