"""A form whose procedure has every property there is, none of them as it would be anyway."""

from typing import Any

from tests.factories import field

WHO: dict[str, Any] = {
    "roles": ["quality"], "within": "dept", "people": ["admin"], "heads": ["QA"], "members": ["QA"],
    "fields": ["@owner", "who"], "heads_of": ["@department"], "members_of": ["dept"],
}  # fmt: skip
RULE = {
    "any": [
        {"field": "qty", "op": "gt", "value": 3},
        {"not": {"field": "@state", "op": "eq", "value": "new"}},
    ]
}
TEXT = {"zh": "请看 {name}", "en": "Look at {name}"}
EFFECTS: list[dict[str, Any]] = [
    {"do": "set", "field": "qty", "value": 7, "only_if_empty": True},
    {"do": "set", "field": "ok", "value": False},
    {"do": "set", "field": "day", "source": "@today"},
    {"do": "create", "form": "whole", "each": "items", "back": "other",
     "values": {"qty": 1, "ok": True}, "mapped": {"name": "items.part", "day": "@today"}},
    {"do": "notify", "who": WHO, "text": TEXT, "level": "urgent"},
    {"do": "file", "department": "QA", "text": TEXT},
    {"do": "assign", "who": {"fields": ["who"]}},
    {"do": "route", "table": "where"},
    {"do": "clock", "clock": "answer", "action": "restart"},
]  # fmt: skip
STATES: list[dict[str, Any]] = [
    {"key": "new", "label": {"zh": "新", "en": "New"}, "color": "teal", "help": TEXT, "task": TEXT,
     "who": WHO, "readonly_fields": ["qty"]},
    {"key": "asked", "label": {"zh": "待批", "en": "Asked"}, "category": "paused", "readonly": True,
     "editable_fields": ["name"],
     "approval": {"approved": "yes", "rejected": "no", "withdrawn": "back", "own_work": True, "steps": [
         {"key": "head", "label": {"en": "Head"}, "who": WHO, "mode": "count", "count": 2, "condition": RULE,
          "signature": "drawn", "add_signers": False, "hand_over": False}]}},
    {"key": "done", "label": {"zh": "完成", "en": "Done"}, "category": "done"},
    {"key": "void", "label": {"zh": "作废", "en": "Void"}, "category": "void"},
]  # fmt: skip
STEPS: list[dict[str, Any]] = [
    {"key": "ask", "label": {"en": "Ask"}, "sources": ["new", "*"], "to": "asked", "who": WHO,
     "condition": RULE, "fields": ["name"], "required": ["qty"], "waits_for": ["whole"], "reason": "required",
     "signature": "typed", "kind": "primary", "help": TEXT, "effects": EFFECTS},
    {"key": "yes", "label": {"en": "Yes"}, "sources": ["asked"], "to": "done", "by": "approval"},
    {"key": "no", "label": {"en": "No"}, "sources": ["asked"], "to": "new", "by": "approval"},
    {"key": "back", "label": {"en": "Back"}, "sources": ["asked"], "to": "new", "by": "approval"},
    {"key": "late", "label": {"en": "Late"}, "sources": ["new"], "to": "void", "by": "clock",
     "kind": "danger"},
    {"key": "auto", "label": {"en": "Auto"}, "sources": ["new"], "to": "done", "by": "rule",
     "condition": RULE},
]  # fmt: skip
ROUTING: list[dict[str, Any]] = [
    {"key": "where", "label": {"en": "Where"}, "department_field": "dept", "person_field": "who",
     "on_change": "restart", "clocks": ["answer"], "back_to": "new", "routes": [
         {"when": RULE, "label": {"en": "Many"}, "department": "QA", "person": "admin", "role": "quality",
          "copy_to": WHO},
         {"department": "dept"}]},
]  # fmt: skip
CLOCKS: list[dict[str, Any]] = [
    {"key": "answer", "label": {"en": "Answer"}, "help": TEXT, "start": {"states": ["new"], "rule": RULE},
     "start_at": "day", "pause": {"states": ["asked"]}, "stop": {"transitions": ["yes"], "states": ["void"]},
     "length": {"amount": "1.5", "unit": "working_days"}, "calendar": "default", "who": WHO, "exempt": WHO,
     "ladder": [
         {"key": "soon", "side": "before", "offset": {"amount": "4", "unit": "working_hours"}, "who": WHO,
          "text": TEXT, "level": "info"},
         {"key": "late", "side": "after", "offset": {"amount": "1", "unit": "days"}, "who": {"heads": ["QA"]},
          "repeat": {"amount": "2"}, "times": 3, "effects": [{"do": "transition", "transition": "late"}]}]},
    {"key": "field", "label": {"en": "By a field"}, "start": {"states": ["new"]}, "length": {"field": "day"}},
    {"key": "again", "label": {"en": "Again"}, "kind": "recurring", "start": {"states": ["new"]},
     "recurrence": {"every": {"amount": "2"}}, "done_by": ["qty"]},
    {"key": "daily", "label": {"en": "Daily"}, "kind": "recurring", "start": {"states": ["new"]},
     "recurrence": {"times": ["08:30", "15:00"], "working_days_only": True}},
    {"key": "weekly", "label": {"en": "Weekly"}, "kind": "recurring", "scope": "form", "who": WHO,
     "recurrence": {"weekly": ["mon", "fri"], "at": "10:00"}},
    {"key": "monthly", "label": {"en": "Monthly"}, "kind": "recurring", "scope": "form", "who": WHO,
     "recurrence": {"monthly": 31, "months": [3, 12]}},
    {"key": "yearly", "label": {"en": "Yearly"}, "kind": "recurring", "scope": "form", "who": WHO,
     "recurrence": {"yearly": "01-15"}},
    {"key": "kept", "label": {"en": "Kept"}, "kind": "retention", "start": {"states": ["done"]},
     "length": {"amount": "3", "unit": "years"}},
]  # fmt: skip
WHOLE: dict[str, Any] = {
    "key": "whole",
    "label": {"zh": "全部", "en": "Whole"},
    "fields": [
        field("name"), field("qty", "integer"), field("ok", "boolean"), field("day", "datetime"),
        field("who", "person"), field("dept", "department"), field("other", "reference", form="whole"),
        field("items", "table", fields=[field("part")]),
    ],
    "workflow": {
        "initial": "new", "states": STATES, "transitions": STEPS, "routing": ROUTING,
        "on_create": [{"do": "clock", "clock": "answer", "action": "start"}],
    },
    "clocks": CLOCKS,
}  # fmt: skip
