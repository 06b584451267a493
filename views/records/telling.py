"""What a step of a procedure says in a record's history, besides the values it changed."""

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _

from models import directory
from models.approvals.recording import ACTIONS
from models.audit.values import who
from models.database import Document
from models.definition import Definition
from models.lookups import Lookup
from models.procedure import Workflow
from views.context import current_language, say


def by_whom(entry: Document) -> str:
    """Return who did what an entry or a movement tells; what nobody did by hand, the program did."""
    name = str(entry.get("by_name") or "")
    return name if entry.get("by") else who(name, current_language())


def told(entry: Document, definition: Definition, lookup: Lookup) -> list[str]:
    """Return sentences about moves, signatures, approvals, routing, clocks and filings of an entry."""
    flow = definition.workflow
    lines = [*_moves(entry, flow, lookup.language)] if flow else []
    return [
        *lines,
        *_sharing(entry, lookup),
        *_letter(entry, lookup.language),
        *_people(entry, lookup),
        *_routing(entry, flow, lookup),
        *_clocks(entry, definition, lookup),
    ]


def _sharing(entry: Document, lookup: Lookup) -> Iterator[str]:
    for name, words in (
        ("shared_with", _("Shared with %(people)s")),
        ("unshared_with", _("No longer: %(people)s")),
    ):
        if people := entry.get(name):
            yield words % {"people": "、".join(map(lookup.person, people))}


def _letter(entry: Document, language: str) -> Iterator[str]:
    if letter := entry.get("letter"):
        label = letter["label"]
        name = label.get(language) or label.get("zh") or label.get("en") or letter["key"]
        yield _("Letter: %(name)s %(number)s", name=name, number=letter["number"] or "")


def action_words(entry: Document) -> str:
    """Return what was done with an approval; empty for what is not about one."""
    found = ACTIONS.get(entry["action"])
    return say(found) if found else ""


def _moves(entry: Document, flow: Workflow, language: str) -> Iterator[str]:
    for number, one in enumerate(entry.get("moves") or ()):
        taken = flow.by_transition.get(one["transition"])
        facts = {"before": _state(flow, one["from"], language), "after": _state(flow, one["to"], language)}
        if taken is not None and (taken.by == "rule" or number):
            name = taken.label.text(language) or taken.key
            yield _("From “%(before)s” to “%(after)s” by itself: %(step)s", step=name, **facts)
        else:
            yield _("From “%(before)s” to “%(after)s”", **facts)


def _state(flow: Workflow, key: str | None, language: str) -> str:
    state = flow.by_state.get(key or "")
    return (state.label.text(language) if state else "") or key or "—"


def _people(entry: Document, lookup: Lookup) -> Iterator[str]:
    if absent := entry.get("on_behalf_of"):
        yield _("On behalf of %(name)s", name=lookup.person(absent))
    approval = entry.get("approval") or {}
    if label := (approval.get("label") or {}).get(lookup.language):
        yield _("Approval step: %(step)s", step=label)
    if absent := approval.get("for_person"):
        yield _("On behalf of %(name)s", name=lookup.person(absent))
    if approval.get("whom_name"):
        yield _("To: %(name)s", name=approval["whom_name"])
    signature = entry.get("signature")
    if signature and signature["kind"] == "typed":
        yield _("Signed: %(name)s", name=signature["name"])


def _routing(entry: Document, flow: Workflow | None, lookup: Lookup) -> Iterator[str]:
    for one in entry.get("rerouted") or ():
        if one["rule"] == "keep":
            yield _("What decides where it goes changed; it stays where it is.")
        elif one["clocks"] == "restarted":
            yield _("Sent elsewhere because what decides about it changed; deadlines begin anew.")
        else:
            yield _("Sent elsewhere because what decides about it changed; deadlines go on.")
    for one in entry.get("routed") or ():
        table = flow.by_table.get(one["table"]) if flow else None
        label = (one.get("label") or {}).get(lookup.language)
        if label:
            name = table.label.text(lookup.language) if table else ""
            yield _("%(table)s: %(row)s", table=name or one["table"], row=label)
    for code in entry.get("filed") or ():
        name = lookup.department(directory.current().by_code.get(code)) or code
        yield _("Filed with %(department)s", department=name)
    for one in entry.get("created") or ():
        yield _("Created: %(record)s", record=lookup.record(one["form"], one["record"]))


def _clocks(entry: Document, definition: Definition, lookup: Lookup) -> Iterator[str]:
    by_clock = entry.get("by_clock")
    if by_clock:
        yield _("Because of the deadline “%(clock)s”", clock=_clock(definition, by_clock["clock"], lookup))
    exempted = entry.get("exempted")
    if exempted:
        yield _("Exempted from the deadline “%(clock)s”", clock=_clock(definition, exempted["clock"], lookup))
    words: dict[str, Any] = {
        "start": _("started"),
        "pause": _("stands still"),
        "resume": _("goes on"),
        "stop": _("stopped"),
        "restart": _("begins anew"),
    }
    for one in entry.get("clocks") or ():
        yield _(
            "Deadline “%(clock)s”: %(what)s",
            clock=_clock(definition, one["clock"], lookup),
            what=words.get(one["action"], one["action"]),
        )


def _clock(definition: Definition, key: str | None, lookup: Lookup) -> str:
    rule = definition.by_clock.get(key or "")
    return (rule.label.text(lookup.language) if rule else "") or key or ""
