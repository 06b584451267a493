"""Trying a draft on a sample: what the designer asks for, and how the answer is told."""

from typing import Any

from models import forms
from models.access import Action, fetch, permitted, records_filter
from models.definition import Definition
from models.disclosure import Disclosure
from models.errors import DomainError, InvalidError, NotFoundError
from models.fields import type_of
from models.messages import _
from models.people import Actor
from models.procedure import State
from models.times import now
from models.workflow.tryout import Step, Stop, Tried, try_out
from views.configure.procedure_words import ProcedureWords
from views.context import current_language, current_lookup, require_person, say

MAX_SAMPLES = 30
_UNKNOWN_RECORD = _("There is no such record.")
_LEFT_OUT = frozenset({"computed", "serial", "attachment", "image", "signature"})


def samples(key: str) -> list[dict[str, str]]:
    """Return the newest records on which a draft can be tried, for whoever may see them."""
    if not permitted(require_person(), key, Action.SEE):
        return []
    live = forms.current(key)
    found = live.records().find(records_filter(require_person(), live), {"number": 1, "title": 1})
    return [
        {"id": str(one["_id"]), "label": one.get("number") or one.get("title") or str(one["_id"])}
        for one in found.sort("_id", -1).limit(MAX_SAMPLES)
    ]


def run(actor: Actor, definition: Definition, body: dict[str, Any]) -> dict[str, Any]:
    """Return where a sample rests after each step. Raises InvalidError for a draft with problems."""
    values = body.get("values")
    raw = values if isinstance(values, dict) else {}
    if record := body.get("record"):
        raw = {**_values_of(definition, str(record)), **raw}
    at = now().replace(second=0, microsecond=0)
    stops = try_out(actor, definition, raw, list(_steps(body.get("steps"))), at=at)
    return {"stops": [_told(definition, stop) for stop in stops]}


def _steps(raw: object) -> list[Step]:
    listed = raw if isinstance(raw, list) else []
    return [
        Step(str(one.get("transition", "")), one["values"] if isinstance(one.get("values"), dict) else {})
        for one in listed
        if isinstance(one, dict)
    ]


def _values_of(definition: Definition, record_id: str) -> dict[str, Any]:
    person = require_person()
    try:
        live = forms.current(definition.key)
        record = Disclosure(person, live).plain(fetch(person, live, record_id))
    except NotFoundError:
        raise InvalidError({"record": [_UNKNOWN_RECORD]}) from None
    return {
        field.key: type_of(field).to_json(field, record["data"][field.key])
        for field in definition.value_fields
        if record["data"].get(field.key) is not None and field.type not in _LEFT_OUT
    }


def _told(definition: Definition, stop: Stop) -> dict[str, Any]:
    words = ProcedureWords(definition, current_language())
    return {
        "step": words.step(stop.step) if stop.step else "",
        "state": _state(words, stop.state) if stop.state else None,
        "owedBy": list(stop.owed_by),
        "happened": [str(say(one)) for one in stop.happened],
        "clocks": [
            {"label": one.rule.label.text(words.language) or one.rule.key, "due": words.moment(one.due_at)}
            for one in stop.clocks
        ],
        "offers": [_offer(words, one) for one in stop.offers],
        "values": _shown(definition, stop),
        "refused": str(say(stop.refused)) if stop.refused else "",
        "errors": {path: [str(say(one)) for one in found] for path, found in stop.errors.items()},
    }


def _state(words: ProcedureWords, state: State) -> dict[str, str]:
    return {"key": state.key, "label": words.state(state.key), "color": state.shown_color}


def _offer(words: ProcedureWords, tried: Tried) -> dict[str, Any]:
    transition = tried.transition
    return {
        "key": transition.key,
        "label": words.step(transition.key),
        "to": words.state(transition.to),
        "by": transition.by,
        "kind": transition.kind,
        "people": words.who(transition.who) if transition.who else "",
        "roles": list(transition.who.roles),
        "onlyRoles": bool(transition.who) and set(transition.who.model_fields_set) <= {"roles", "within"},
        "whyNot": str(say(tried.why_not)) if tried.why_not else "",
        "fields": list(dict.fromkeys((*transition.fields, *transition.required))),
        "required": list(transition.required),
    }


def _shown(definition: Definition, stop: Stop) -> list[dict[str, str]]:
    lookup = current_lookup()
    shown = []
    for field in definition.value_fields:
        value = stop.data.get(field.key)
        if value is None:
            continue
        try:
            text = type_of(field).display(field, value, lookup, lookup.language)
        except DomainError:
            continue
        shown.append({"label": field.label.text(lookup.language) or field.key, "value": str(text)})
    return shown
