"""What the workflow designer calls things: parts of a procedure, their properties, and their values."""

from typing import Any, Final

from flask_babel import lazy_gettext as _

PARTS: Final = {
    "workflow": _("Workflow"),
    "state": _("State"),
    "transition": _("Step"),
    "table": _("Routing table"),
    "clock": _("Clock"),
    "ledger": _("Ledger"),
    "slip": _("Slip"),
    "stock_check": _("Stock check"),
    "letter": _("Letter"),
}
CATEGORIES: Final = {
    "open": _("Open"),
    "paused": _("Paused"),
    "done": _("Done"),
    "void": _("Void"),
}
BY: Final = {
    "person": _("a person"),
    "approval": _("an approval"),
    "clock": _("a clock"),
    "rule": _("its condition"),
    "other": _("another record, or the reopening of a period"),
}
SIGNATURES: Final = {"no": _("None"), "typed": _("Typed name"), "drawn": _("Drawn")}
REASONS: Final = {"no": _("None"), "optional": _("Optional"), "required": _("Required")}
BUTTONS: Final = {"primary": _("Main button"), "neutral": _("Plain button"), "danger": _("Warning button")}
MODES: Final = {
    "any": _("One of them"),
    "all": _("All of them"),
    "count": _("So many of them"),
    "in_order": _("All, one after the other"),
}
KINDS: Final = {
    "deadline": _("Deadline"),
    "recurring": _("Again and again"),
    "retention": _("Retention period"),
}
SCOPES: Final = {"record": _("Each record"), "form": _("The form itself")}
UNITS: Final = {
    "minutes": _("minutes"),
    "hours": _("hours"),
    "working_hours": _("working hours"),
    "days": _("days"),
    "working_days": _("working days"),
    "weeks": _("weeks"),
    "months": _("months"),
    "years": _("years"),
}
SIDES: Final = {"before": _("Before"), "at": _("When due"), "after": _("After")}
LEVELS: Final = {"info": _("Information"), "warning": _("Warning"), "urgent": _("Urgent")}
WEEKDAYS: Final = {
    "mon": _("Monday"),
    "tue": _("Tuesday"),
    "wed": _("Wednesday"),
    "thu": _("Thursday"),
    "fri": _("Friday"),
    "sat": _("Saturday"),
    "sun": _("Sunday"),
}
ON_CHANGE: Final = {
    "keep": _("Stay where it is"),
    "reroute": _("Ask again, clocks go on"),
    "restart": _("Ask again, clocks begin anew"),
}
EFFECTS: Final = {
    "set": _("Set a field"),
    "create": _("Create a record"),
    "notify": _("Tell people"),
    "file": _("File with a department"),
    "assign": _("Assign"),
    "route": _("Route"),
    "clock": _("Clock"),
    "transition": _("Take a step"),
    "linked": _("Take a step of what belongs to it"),
    "ledger": _("Book in the ledger"),
    "stock_check": _("Stock check"),
}
CLOCK_ACTIONS: Final = {
    "start": _("Start"),
    "pause": _("Pause"),
    "resume": _("Go on"),
    "stop": _("Stop"),
    "restart": _("Begin anew"),
}
RECURRENCES: Final = {
    "every": _("Every so long"),
    "times": _("At times of day"),
    "weekly": _("Every week"),
    "monthly": _("Every month"),
    "yearly": _("Every year"),
}
SOURCES: Final = {
    "@owner": _("The owner"),
    "@created_by": _("Who created it"),
    "@assignees": _("Who it is assigned to"),
    "@department": _("The record's department"),
    "@now": _("Now"),
    "@today": _("Today"),
    "@me": _("Me"),
    "@my_department": _("My department"),
    "@id": _("This record"),
    "@number": _("Its number"),
    "@title": _("Its title"),
}

VALUES: Final[dict[str, dict[str, Any]]] = {
    "category": CATEGORIES,
    "by": BY,
    "signature": SIGNATURES,
    "reason": REASONS,
    "mode": MODES,
    "scope": SCOPES,
    "unit": UNITS,
    "side": SIDES,
    "level": LEVELS,
    "on_change": ON_CHANGE,
    "kind": {**BUTTONS, **KINDS},
    "source": SOURCES,
    "weekly": WEEKDAYS,
}

# property → what it is called, in all parts alike
PROPERTIES: Final = {
    "key": _("Key"),
    "label": _("Label"),
    "category": _("Category"),
    "color": _("Colour"),
    "help": _("Help"),
    "task": _("Task"),
    "who": _("People"),
    "readonly": _("All fields closed"),
    "readonly_fields": _("Closed fields"),
    "editable_fields": _("Fields open all the same"),
    "approval": _("Approval"),
    "steps": _("Steps of the approval"),
    "approved": _("When approved"),
    "rejected": _("When rejected"),
    "withdrawn": _("When withdrawn"),
    "own_work": _("May approve own work"),
    "mode": _("How many sign"),
    "count": _("How many"),
    "condition": _("Condition"),
    "signature": _("Signature"),
    "add_signers": _("May add signers"),
    "hand_over": _("May hand over"),
    "initial": _("Beginning"),
    "on_create": _("When a record is created"),
    "sources": _("From"),
    "to": _("To"),
    "by": _("Taken by"),
    "fields": _("Fields shown"),
    "required": _("Fields needed"),
    "waits_for": _("Waits for records of"),
    "reason": _("Reason"),
    "kind": _("Kind"),
    "effects": _("What happens"),
    "department_field": _("Department goes into"),
    "person_field": _("Person goes into"),
    "routes": _("Rows of the table"),
    "when": _("When"),
    "department": _("Department"),
    "person": _("Person"),
    "role": _("Role"),
    "copy_to": _("Copy to"),
    "on_change": _("When it changes later"),
    "clocks": _("Clocks"),
    "back_to": _("Back to"),
    "scope": _("Belongs to"),
    "start": _("Starts"),
    "start_at": _("Counted from"),
    "pause": _("Stands still while"),
    "stop": _("Stops"),
    "length": _("How long"),
    "recurrence": _("How it comes again"),
    "done_by": _("Settled by"),
    "calendar": _("Calendar"),
    "exempt": _("May end it with a reason"),
    "ladder": _("Reminders"),
    "side": _("Side"),
    "offset": _("Distance"),
    "text": _("Text"),
    "level": _("Level"),
    "repeat": _("Again every"),
    "times": _("At most, times"),
    "states": _("States"),
    "transitions": _("Steps"),
    "rule": _("Condition"),
    "routing": _("Routing"),
}


def label(name: str) -> str:
    """Return what a property is called."""
    return str(PROPERTIES.get(name, name))


def worded() -> dict[str, dict[str, str]]:
    """Return every choice with its name in the reader's language."""
    named = {
        "categories": CATEGORIES, "by": BY, "signatures": SIGNATURES, "reasons": REASONS,
        "buttons": BUTTONS, "modes": MODES, "kinds": KINDS, "scopes": SCOPES, "units": UNITS,
        "sides": SIDES, "levels": LEVELS, "weekdays": WEEKDAYS, "onChange": ON_CHANGE, "effects": EFFECTS,
        "clockActions": CLOCK_ACTIONS, "recurrences": RECURRENCES, "sources": SOURCES,
    }  # fmt: skip
    return {name: {key: str(text) for key, text in choices.items()} for name, choices in named.items()}
