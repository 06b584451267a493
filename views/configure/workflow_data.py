"""What the workflow designer in the browser needs to know, and what it is told about a draft."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any, Final

from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from models import calendars, workflow
from models.definition import Definition, Field
from models.forms import Form, at_version, draft_of, live_forms
from models.people import Department, Role, User
from models.procedure import MAX_CLOCKS, MAX_STATES, MAX_TRANSITIONS, ClockRule, Transition
from views.configure import editor, ledger_data, procedure_catalog, workflow_trial
from views.configure.procedure_words import ProcedureWords
from views.configure.workflow_texts import workflow_texts
from views.context import current_language, say

MAX_CHOICES: Final = 500
MAX_DESCRIBED: Final = 400


def as_json(form: Form) -> Markup:
    """Return everything the designer starts with, as text for a script element."""
    start = editor.document(form)
    definition = draft_of(form)
    texts = {**start["texts"], **workflow_texts()}
    document = {
        **start,
        "texts": texts,
        "judgement": judgement(form, definition),
        "procedure": _procedure(form),
    }
    return htmlsafe_json_dumps(document, dumps=json.dumps)


def judgement(form: Form, definition: Definition) -> dict[str, Any]:
    """Return what the form editor is told, and also warnings, the picture, and the clocks in words."""
    words = ProcedureWords(definition, current_language())
    told = editor.judgement(form, definition)
    warned: dict[str, list[str]] = {}
    for problem in workflow.warnings(definition):
        warned.setdefault(problem.path, []).append(str(say(problem.message)))
    return {
        **told,
        "warnings": warned,
        "rules": {**told["rules"], **_rules(definition, words)},
        "diagram": _diagram(definition),
        "clocks": {clock.key: _clock(words, clock) for clock in definition.clocks},
    }


def _clock(words: ProcedureWords, clock: ClockRule) -> dict[str, str]:
    try:
        return {"text": words.clock(clock), "example": words.example(clock)}
    except (ValueError, ArithmeticError):  # half a clock is no sentence yet
        return {"text": "", "example": ""}


def _diagram(definition: Definition) -> dict[str, Any]:
    language = current_language()
    drawn = workflow.diagram(definition)
    picture = asdict(drawn)
    for node, stored in zip(picture["nodes"], drawn.nodes, strict=True):
        node["label"] = stored.label.text(language) or stored.key
    for edge, line in zip(picture["edges"], drawn.edges, strict=True):
        edge["labels"] = [label.text(language) for label in line.labels]
    return picture


def _rules(definition: Definition, words: ProcedureWords) -> dict[str, str]:
    trees = ((path, tree) for path, tree in _trees(definition) if tree)
    return {path: words.rule(tree) for path, tree in islice(trees, MAX_DESCRIBED)}


def _trees(definition: Definition) -> Iterator[tuple[str, Any]]:
    """Yield every rule of the procedure with its path."""
    flow = definition.workflow
    for state in flow.states if flow else ():
        path = f"workflow.states.{state.key}.approval.steps"
        for step in state.approval.steps if state.approval else ():
            yield f"{path}.{step.key}.condition", step.condition
    for transition in flow.transitions if flow else ():
        yield f"workflow.transitions.{transition.key}.condition", transition.condition
    for table in flow.routing if flow else ():
        path = f"workflow.routing.{table.key}.routes"
        yield from ((f"{path}.{at}.when", row.when) for at, row in enumerate(table.routes))
    for clock in definition.clocks:
        whens = (("start", clock.start), ("pause", clock.pause), ("stop", clock.stop))
        yield from ((f"clocks.{clock.key}.{name}.rule", when.rule) for name, when in whens)


# -- what can be chosen -----------------------------------------------------------------------------------


def _procedure(form: Form) -> dict[str, Any]:
    """Return what states, steps and clocks can name."""
    language, live = current_language(), live_forms()
    departments = Department.objects(retired=False).order_by("order", "code").limit(MAX_CHOICES)
    people = User.objects(active=True).only("name", "username").order_by("name").limit(MAX_CHOICES)
    named = [(one.key, one.definition.label) for one in calendars.every()]
    return {
        **procedure_catalog.worded(),
        "booking": ledger_data.effect_words(),
        "properties": {name: str(text) for name, text in procedure_catalog.PROPERTIES.items()},
        "roles": [[one.name, one.label.text(language) or one.name] for one in Role.objects.order_by("name")],
        "users": [[one.username, one.name or one.username] for one in people],
        "departments": [[one.code, one.name.text(language) or one.code] for one in departments],
        "calendars": [[key, label.text(language) or key] for key, label in named],
        "fieldsOf": {one.key: _choices(one.definition.value_fields, language) for one in live},
        "stepsOf": {
            one.key: _choices(flow.transitions, language) for one in live if (flow := one.definition.workflow)
        },
        "published": _published(form),
        "samples": workflow_trial.samples(form.key) if form.version else [],
        "limits": {"states": MAX_STATES, "transitions": MAX_TRANSITIONS, "clocks": MAX_CLOCKS},
    }


def _choices(parts: Iterable[Field | Transition], language: str) -> list[list[str]]:
    """Return fields or steps of another form as keys with their captions, for effects that reach it."""
    return [[one.key, one.label.text(language) or one.key] for one in parts]


def _published(form: Form) -> dict[str, list[str]]:
    """Return the keys under which records and clocks are stored, so that they stay."""
    definition = at_version(form.key, form.version).definition if form.version else None
    flow = definition.workflow if definition else None
    return {
        "states": list(flow.by_state) if flow else [],
        "transitions": list(flow.by_transition) if flow else [],
        "routing": list(flow.by_table) if flow else [],
        "clocks": list(definition.by_clock) if definition else [],
    }
