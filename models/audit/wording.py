"""What an entry of the audit log says besides who, when and what: a line for each detail, in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from models import rights_words
from models.audit import values
from models.database import Document
from models.messages import Message, _, translate

LABELS: dict[str, Message] = {
    "active": _("May sign in"),
    "added": _("Added"),
    "address": _("Address"),
    "administrator": _("Administrator"),
    "basis": _("Counted from"),
    "by": _("Tried with"),
    "calendar": _("Calendar"),
    "changed": _("Changed"),
    "code": _("Code"),
    "columns": _("Columns"),
    "count": _("Count"),
    "counts_from": _("Counted from"),
    "created": _("Created"),
    "credential": _("Second factor"),
    "days": _("Valid for days"),
    "demands_factor": _("Demands a second factor"),
    "department": _("Department"),
    "deputies": _("Deputies"),
    "device": _("Device"),
    "documents": _("Documents"),
    "email": _("E-mail"),
    "everything": _("Finished records, too"),
    "field": _("Field"),
    "field_rules": _("Field rules"),
    "file": _("File"),
    "file_name": _("File"),
    "filter": _("Filter"),
    "first": _("First day"),
    "form": _("Form"),
    "format": _("Format"),
    "from": _("From"),
    "forms": _("Forms"),
    "grants": _("Rights on forms"),
    "head": _("Head"),
    "into": _("Into"),
    "job": _("Job"),
    "keep_months": _("Months kept"),
    "kind": _("Kind"),
    "label": _("Name"),
    "language": _("Language"),
    "last": _("Last day"),
    "left": _("Still left"),
    "list": _("List"),
    "members": _("Members"),
    "method": _("Method"),
    "mode": _("Way"),
    "name": _("Name"),
    "note": _("Note"),
    "number": _("Number"),
    "order": _("Order"),
    "pack": _("Pack"),
    "parent": _("Part of"),
    "people": _("People"),
    "permissions": _("Administration rights"),
    "person": _("Person"),
    "phone": _("Phone"),
    "query": _("List and filter"),
    "reason": _("Reason"),
    "record": _("Record"),
    "refused": _("Refused"),
    "removed": _("Removed"),
    "retired": _("Retired"),
    "roles": _("Roles"),
    "rows": _("Rows"),
    "scope": _("Scope"),
    "seal": _("Seal"),
    "search": _("Search"),
    "secret": _("Secret"),
    "sessions": _("Sessions"),
    "settings": _("Settings"),
    "size": _("Size"),
    "skipped": _("Left out"),
    "taken_at": _("Taken at"),
    "timezone": _("Time zone"),
    "title": _("Title"),
    "to": _("To"),
    "until": _("Until"),
    "up_to": _("Up to number"),
    "updated": _("Updated"),
    "username": _("User name"),
    "version": _("Version"),
}
_CHANGES = "changes"
_GRANTS = "grants."


@dataclass(frozen=True)
class Line:
    """One detail: a plain value (`after`), or one that changed."""

    what: str
    after: str
    before: str = ""
    is_change: bool = False


def lines(entry: Document, language: str, timezone: tzinfo) -> list[Line]:
    """Return the details of an entry in a language."""
    return list(_lines(entry.get("details") or {}, language, timezone))


def _lines(details: Document, language: str, timezone: tzinfo) -> Iterator[Line]:
    for key, value in details.items():
        if key == _CHANGES and isinstance(value, list):
            for change in value:
                path, sides = change.get("field", ""), [change.get("after"), change.get("before")]
                if path.startswith(_GRANTS):
                    sides = [_granted(side, language) for side in sides]
                worded = (values.said(path.partition(".")[0], side, language) for side in sides)
                after, before = (_said(side, language, timezone) for side in worded)
                yield Line(_label(path, language), after, before, is_change=True)
        elif said := _said(values.said(key, value, language), language, timezone):
            yield Line(_label(key, language), said)


def _label(path: str, language: str) -> str:
    """Return a path in words as far as they are known: `Rights on forms · complaint`."""
    known, *rest = path.split(".")
    first = translate(LABELS[known], language) if known in LABELS else known
    return " · ".join([first, *rest])


def _granted(tokens: Any, language: str) -> Any:  # noqa: ANN401  (whatever was noted)
    """Say what `see@own` and `-edit@all` mean: See (My own), never Edit."""
    return [_grant(str(one), language) for one in tokens] if isinstance(tokens, list) else tokens


def _grant(token: str, language: str) -> str:
    action, _at, scope = token.removeprefix("-").partition("@")
    said = translate(rights_words.action(action), language)
    if scope not in {"", "all"}:
        said = f"{said} ({translate(rights_words.scope(scope), language)})"
    return translate(_("never %(action)s", action=said), language) if token.startswith("-") else said


def _said(value: Any, language: str, timezone: tzinfo) -> str:  # noqa: ANN401  (whatever was noted)
    if value is None:
        return ""
    if isinstance(value, bool):
        return translate(_("Yes") if value else _("No"), language)
    if isinstance(value, datetime):
        return f"{value.astimezone(timezone):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, list):
        return ", ".join(_said(one, language, timezone) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_said(one, language, timezone)}" for key, one in value.items())
    return str(value)
