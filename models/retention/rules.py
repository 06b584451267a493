"""The rule of a form: for how many months its records are kept, counted from what (P04.19: 5 years)."""

from collections.abc import Mapping
from typing import Any

from pymongo.client_session import ClientSession

from models import audit
from models.database import Document, db, in_transaction
from models.definition import Definition
from models.errors import InvalidError
from models.forms import LiveForm
from models.messages import Message, _
from models.people import Actor, Permission, User
from models.permissions import require_permission
from models.storable import storable
from models.times import now

MAX_MONTHS = 1200
MAX_NOTE = 500
AUDIT_LOG = "@audit"
"""The key of the rule of the audit log itself; no form can be called so."""
LEAST_AUDIT_MONTHS = 6
"""Logs must be kept for at least half a year (Cybersecurity Law of the PRC, article 21)."""
BASES: Mapping[str, Message] = {
    "created": _("creation"),
    "closed": _("the end of the procedure"),
    "clock": _("what the form's own retention clock says"),
}
_DATES = frozenset({"date", "datetime"})


def of_form(form: str) -> Document | None:
    """Return a form's rule, or that of the audit log; None: everything is kept for ever."""
    return db().retention_rules.find_one({"_id": form})


def by_form() -> dict[str, Document]:
    """Return every rule."""
    return {found["_id"]: found for found in db().retention_rules.find()}


def bases(definition: Definition) -> dict[str, Message]:
    """Return what the months may be counted from in a form."""
    known = {"created": BASES["created"]}
    if definition.workflow:
        known["closed"] = BASES["closed"]
    if any(clock.kind == "retention" for clock in definition.clocks):
        known["clock"] = BASES["clock"]
    dates = [field for field in definition.value_fields if field.type in _DATES]
    return known | {f"field:{field.key}": _("the field “%(field)s”", field=field.label) for field in dates}


def save(person: User, form: LiveForm, raw: Mapping[str, Any]) -> None:
    """Store the rule of a form, or take it away where no months are given.

    Args:
        person: who may manage retention.
        form: as in force.
        raw: `months` and `counts_from` as typed, `note`.

    Raises:
        ForbiddenError: the person may not.
        InvalidError: beside what is wrong.
    """
    require_permission(person, Permission.RETENTION_MANAGE)
    basis, note = str(raw.get("counts_from") or "created"), str(raw.get("note") or "").strip()
    errors: dict[str, list[Message]] = {}
    months = _months(raw.get("months"), 1, errors)
    if basis == "clock" and basis in bases(form.definition):
        months, errors = 0, {}  # the clock knows how long
    if basis not in bases(form.definition):
        errors["counts_from"] = [_("Choose one of the list.")]
    _check_note(note, errors)
    if errors:
        raise InvalidError(errors)
    rule = None if months is None else {"keep_months": months, "counts_from": basis, "note": note}
    _store(person, form.key, f"{form.definition.label} ({form.key})", rule)


def save_audit_log(person: User, raw: Mapping[str, Any]) -> None:
    """Store how long the audit log is kept; without months for ever. Raises ForbiddenError, InvalidError."""
    require_permission(person, Permission.RETENTION_MANAGE)
    errors: dict[str, list[Message]] = {}
    months, note = _months(raw.get("months"), LEAST_AUDIT_MONTHS, errors), str(raw.get("note") or "").strip()
    _check_note(note, errors)
    if errors:
        raise InvalidError(errors)
    rule = None if months is None else {"keep_months": months, "counts_from": "created", "note": note}
    _store(person, AUDIT_LOG, "", rule)


def _months(raw: object, least: int, errors: dict[str, list[Message]]) -> int | None:
    """Read months; None where nothing was typed."""
    text = str(raw if raw is not None else "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and least <= int(text[:9]) <= MAX_MONTHS):
        errors["months"] = [_("Enter a number from %(min)s to %(max)s.", min=least, max=MAX_MONTHS)]
        return None
    return int(text)


def _check_note(note: str, errors: dict[str, list[Message]]) -> None:
    if len(note) > MAX_NOTE:
        errors["note"] = [_("At most %(max)s characters.", max=MAX_NOTE)]
    elif not storable(note):
        errors["note"] = [_("The text contains characters that cannot be stored.")]


def _store(person: User, key: str, subject: str, rule: Document | None) -> None:
    actor = Actor.of(person)
    said = {"by": actor.id, "by_name": actor.name, "at": now()}

    def work(session: ClientSession) -> None:
        rules = db().retention_rules
        before = rules.find_one({"_id": key}, session=session)
        if rule is None:
            rules.delete_one({"_id": key}, session=session)
        else:
            rules.replace_one({"_id": key}, {"_id": key, **rule, **said}, upsert=True, session=session)
        details = audit.difference(_of_rule(before), _of_rule(rule))
        if details:
            audit.note("retention.changed", actor=actor, subject=subject, details=details, session=session)

    in_transaction(work)


def _of_rule(stored: Document | None) -> Document | None:
    return {name: stored[name] for name in ("keep_months", "counts_from", "note")} if stored else None
