"""What a change of configuration changed, in pieces that a reviewer can read: what, before, after."""

from collections.abc import Iterator, Mapping
from typing import Any

from bson import json_util

from models.database import Document
from models.history import changes_between
from models.people import Department, Role, User

HIDDEN = "•••"
_UNSAID = frozenset({"_id", "fs_uniquifier", "password"})


def difference(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, *, secret: frozenset[str] = frozenset()
) -> Document:
    """Return details for `note`: every value that differs, by its path.

    Args:
        before: as it was; None when it is new.
        after: as it is; None when it is gone.
        secret: names of values of which only is said that they changed.
    """
    old, new = dict(_flat(before or {})), dict(_flat(after or {}))
    changes = changes_between(old, new)
    for change in changes:
        if change["field"] in secret:
            change.update({side: HIDDEN for side in ("before", "after") if change[side]})
    return {"changes": changes} if changes else {}


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if key in _UNSAID and not above:
            continue
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        elif value not in (None, "", [], ()):
            yield f"{above}{key}", [_word(one) for one in value] if isinstance(value, list | tuple) else value


def _word(value: Any) -> Any:  # noqa: ANN401  (whatever a document holds)
    return json_util.dumps(value, ensure_ascii=False) if isinstance(value, Mapping) else value


def said_of_role(role: Role | None) -> Document | None:
    """Return what a role opens, form by form: `see@own` is to see one's own, `-edit@all` a denial."""
    if role is None:
        return None
    stored = role.to_mongo().to_dict()
    said = {name: stored.get(name) for name in ("name", "label", "administrator", "permissions")}
    others = {name: value for name, value in stored.items() if name not in {*said, "grants", "field_rules"}}
    return {**said, **others, "grants": _grants(stored), "field_rules": _field_rules(stored)}


def _grants(stored: Document) -> Document:
    found: Document = {}
    for grant in stored.get("grants") or ():
        scope, deny = grant.get("scope", "all"), "-" if grant.get("deny") else ""
        named = sorted(f"{deny}{action}@{scope}" for action in grant.get("actions") or ())
        found.setdefault(grant["form"], []).extend(named)
        if grant.get("rule"):
            found.setdefault(f"{grant['form']}.rule", []).append(grant["rule"])
    return found


def _field_rules(stored: Document) -> Document:
    found: Document = {}
    for rule in stored.get("field_rules") or ():
        states = f" ({', '.join(rule['states'])})" if rule.get("states") else ""
        deny = "-" if rule.get("deny") else ""
        limit = rule.get("limit", "")
        named = [f"{deny}{field}: {limit}{states}" for field in rule.get("fields") or ()]
        found.setdefault(rule["form"], []).extend(named)
    return found


def said_of_user(user: User | None) -> Document | None:
    """Return what an account says of a person, with roles and department by name."""
    if user is None:
        return None
    names = ("username", "name", "email", "phone", "language", "timezone", "active")
    said = {name: getattr(user, name) for name in names}
    roles = sorted(str(role) for role in user.held_roles)
    return {**said, "roles": roles, "department": str(user.department) if user.department else None}


def said_of_department(department: Department | None) -> Document | None:
    """Return what is known of a department, with the people who lead it by name."""
    if department is None:
        return None
    stored = department.to_mongo().to_dict()
    leading = [department.head, *department.deputies]
    names = {user.id: str(user) for user in User.objects(id__in=[one for one in leading if one])}
    stored["head"] = names.get(department.head)
    stored["deputies"] = [names.get(one, str(one)) for one in department.deputies]
    stored["parent"] = str(department.parent) if department.parent else None
    return stored
