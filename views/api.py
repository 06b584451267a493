"""The JSON API: the same records, rights and rules as on the screens, for programs with a person's key.

Cookies count for nothing here, so no page of another site can use it in a person's name.
"""

import json
from collections.abc import Mapping
from typing import Any

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from models import forms, history, queries, records, workflow
from models.access import Action, fetch, permitted, require
from models.database import Document
from models.definition import Definition
from models.disclosure import MASKED, Disclosure
from models.errors import ConflictError, DomainError, InvalidError
from models.field_limits import MASK
from models.fields import type_of
from models.forms import LiveForm
from models.messages import _
from models.queries import ListQuery
from views import api_ledger
from views.api_base import SOURCE, blueprint, form_of, read_body, text_of
from views.context import current_actor, current_language, require_person, say

DEFAULT_LIMIT = 50
MAX_HISTORY = 200
_BODY = frozenset({"data", "reason", "revision"})
_STEP_BODY = _BODY | {"signature"}


def init_app(app: Flask) -> None:
    """Serve the API of an app."""
    app.register_blueprint(blueprint)
    app.extensions["csrf"].exempt(blueprint)  # a key in a header is sent by no page of another site


@blueprint.get("/forms")
def list_forms() -> ResponseReturnValue:
    """Return the forms that the person may see."""
    visible = [form for form in forms.live_forms() if permitted(require_person(), form.key, Action.SEE)]
    return {"forms": [_form(form) for form in visible]}


@blueprint.get("/forms/<key>")
def show_form(key: str) -> ResponseReturnValue:
    """Return what a form is made of."""
    form = form_of(key)
    require(require_person(), form.key, Action.SEE)
    return {**_form(form), "definition": Disclosure(require_person(), form).described()}


@blueprint.get("/records/<key>")
def list_records(key: str) -> ResponseReturnValue:
    """Return a page of records: `where` (a rule tree), `search`, `sort`, `order`, `limit`, `cursor`."""
    form, person = form_of(key), require_person()
    told = Disclosure(person, form)
    query = ListQuery(
        where=_where(),
        search=request.args.get("search", ""),
        sort=request.args.get("sort", ""),
        descending=request.args.get("order", "desc") != "asc",
        page_size=request.args.get("limit", DEFAULT_LIMIT, type=int),
        columns=(*queries.SYSTEM_FIELDS, *(field.key for field in told.definition.value_fields)),
        cursor=request.args.get("cursor", ""),
    )
    page = queries.page(person, form, query)
    return {"records": [_json(told, one) for one in page.records], "next": page.next}


@blueprint.post("/records/<key>")
def create_record(key: str) -> ResponseReturnValue:
    """Store a new record."""
    form = form_of(key)
    require(require_person(), form.key, Action.CREATE)
    body = read_body(_BODY)
    made = records.create(current_actor(), form, _data(body), source=SOURCE, reason=text_of(body, "reason"))
    return _shown(form, made), 201


@blueprint.get("/records/<key>/<record_id>")
def show_record(key: str, record_id: str) -> ResponseReturnValue:
    """Return one record with the transitions that are offered."""
    form, person = form_of(key), require_person()
    record = fetch(person, form, record_id)
    transitions = {"transitions": _offers(form, record)}
    return {**_shown(form, record), **transitions, **api_ledger.stock_of(form, record)}


@blueprint.patch("/records/<key>/<record_id>")
def change_record(key: str, record_id: str) -> ResponseReturnValue:
    """Change the given fields of a record that still is at `revision`."""
    form = form_of(key)
    record = fetch(require_person(), form, record_id, Action.EDIT)
    body = read_body(_BODY)
    stored = records.update(
        current_actor(),
        form,
        record["_id"],
        _data(body),
        revision=_revision(body),
        source=SOURCE,
        reason=text_of(body, "reason"),
    )
    return _shown(form, stored)


@blueprint.delete("/records/<key>/<record_id>")
def delete_record(key: str, record_id: str) -> ResponseReturnValue:
    """Put a record into the bin, with a reason."""
    form = form_of(key)
    record = fetch(require_person(), form, record_id, Action.DELETE)
    body = read_body(_BODY)
    revision, reason = _revision(body), text_of(body, "reason")
    records.delete(current_actor(), form, record["_id"], revision=revision, reason=reason, source=SOURCE)
    return "", 204


@blueprint.get("/records/<key>/<record_id>/history")
def show_history(key: str, record_id: str) -> ResponseReturnValue:
    """Return what happened to a record, newest first."""
    form = form_of(key)
    record = fetch(require_person(), form, record_id)
    entries = history.of_record(form.key, record["_id"], limit=MAX_HISTORY)
    entries = Disclosure(require_person(), form).entries(record, entries)
    return {"history": [_entry(form, entry) for entry in entries]}


@blueprint.post("/records/<key>/<record_id>/transitions/<transition>")
def take_transition(key: str, record_id: str, transition: str) -> ResponseReturnValue:
    """Take a step of the form's workflow from the record's `revision`, with a `signature` where it asks."""
    form, body = form_of(key), read_body(_STEP_BODY)
    stored = workflow.take(
        current_actor(),
        require_person(),
        form,
        record_id,
        transition,
        _data(body),
        revision=_revision(body),
        reason=text_of(body, "reason"),
        signature=body.get("signature"),
        source=SOURCE,
    )
    return _shown(form, stored)


def _shown(form: LiveForm, record: Document) -> Document:
    """Return a record, as it is stored, in the way that the person is shown it."""
    told = Disclosure(require_person(), form)
    return _json(told, told.shown(record))


def _json(told: Disclosure, record: Document) -> Document:
    """Return a record that was made fit to be shown, as programs read it: ids and times as text."""
    times = {name: record[name].isoformat() for name in ("created_at", "updated_at") if record.get(name)}
    ids = {name: str(record[name]) for name in ("owner", "department") if record.get(name)}
    return {
        "id": str(record["_id"]),
        **{name: record.get(name) for name in ("number", "title", "state", "revision", "form_version")},
        **ids,
        **times,
        "data": _values(told.definition, record.get("data", {})),
    }


def _values(definition: Definition, data: Mapping[str, Any]) -> Document:
    return {
        field.key: MASK if data[field.key] is MASKED else type_of(field).to_json(field, data[field.key])
        for field in definition.value_fields
        if data.get(field.key) is not None
    }


def _form(form: LiveForm) -> Document:
    return {
        "key": form.key,
        "label": form.definition.label.text(current_language()),
        "version": form.version,
        "records": f"/api/v1/records/{form.key}",
    }


def _offers(form: LiveForm, record: Document) -> list[Document]:
    return [
        {
            "key": offer.transition.key,
            "label": offer.transition.label.text(current_language()),
            "allowed": offer.allowed,
            "why_not": say(offer.why_not) if offer.why_not else "",
        }
        for offer in workflow.available(require_person(), form, record)
    ]


def _entry(form: LiveForm, entry: Document) -> Document:
    definition = forms.at_version(form.key, entry["form_version"]).definition
    return {
        "revision": entry["revision"],
        "action": entry["action"],
        "at": entry["at"].isoformat(),
        "by": entry["by_name"],
        "reason": entry["reason"],
        "source": entry["source"],
        "changes": [_difference(definition, change) for change in entry["changes"]],
    }


def _difference(definition: Definition, change: Mapping[str, Any]) -> Document:
    before, after = (_plain(definition, change["field"], change[side]) for side in ("before", "after"))
    return {"field": change["field"], "before": before, "after": after}


def _plain(definition: Definition, key: str, value: Any) -> Any:  # noqa: ANN401  (any stored value)
    field = definition.by_key.get(key)
    if value is None or isinstance(value, str | bool):
        return value
    return type_of(field).to_json(field, value) if field else str(value)


def _where() -> Document | None:
    text = request.args.get("where", "")
    if not text:
        return None
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        tree = None
    if not isinstance(tree, dict):
        raise DomainError(_("`where` is not a rule."))
    return tree


def _data(body: Document) -> Document:
    data = body.get("data", {})
    if not isinstance(data, dict):
        raise InvalidError({"data": [_("This value does not fit here.")]})
    return data


def _revision(body: Document) -> int:
    revision = body.get("revision")
    if not isinstance(revision, int) or isinstance(revision, bool):
        raise InvalidError({"revision": [_("Say which revision you saw.")]})
    return revision


@blueprint.errorhandler(ConflictError)
def _show_conflict(error: ConflictError) -> ResponseReturnValue:
    """Say that somebody was faster, with what is stored now."""
    current = error.current if isinstance(error.current, dict) and "data" in error.current else None
    shown = {}
    if current is not None and request.view_args:
        shown = {"current": _shown(forms.current(request.view_args["key"]), current)}
    said = {"status": error.status, "message": say(error.message)}
    return jsonify(error=said | shown), error.status
