"""What rights are called: actions, scopes, limits of fields and system permissions, and a grant in words."""

from collections.abc import Iterable, Mapping
from typing import Final

from models.definition import Definition
from models.messages import Message, _, translate
from models.people import EVERY_FIELD, Action, FieldRule, Grant, Limit, Permission, Role, Scope
from models.rules import describe
from models.rules.describe import Names

ACTIONS: Final[Mapping[Action, Message]] = {
    Action.SEE: _("See"),
    Action.CREATE: _("Create"),
    Action.EDIT: _("Edit"),
    Action.COMMENT: _("Comment"),
    Action.DELETE: _("Delete"),
    Action.RESTORE: _("Restore"),
    Action.EXPORT: _("Export"),
    Action.IMPORT: _("Import"),
    Action.PRINT: _("Print"),
    Action.TRANSITION: _("Take steps"),
    Action.APPROVE: _("Approve or reject"),
    Action.SHARE: _("Share"),
    Action.CONFIGURE: _("Configure"),
}
SCOPES: Final[Mapping[Scope, Message]] = {
    Scope.ALL: _("All records"),
    Scope.BELOW: _("My department and those below"),
    Scope.DEPARTMENT: _("My department"),
    Scope.OWN: _("My own"),
    Scope.ASSIGNED: _("Assigned to me"),
    Scope.RULE: _("By a rule"),
}
LIMITS: Final[Mapping[Limit, Message]] = {
    Limit.READ_ONLY: _("Read only"),
    Limit.MASKED: _("Masked"),
    Limit.HIDDEN: _("Hidden"),
}
PERMISSIONS: Final[Mapping[Permission, Message]] = {
    Permission.CONFIGURE_FORMS: _("Configure forms"),
    Permission.CONFIGURE_DEPARTMENTS: _("Configure departments"),
    Permission.CONFIGURE_CALENDARS: _("Configure calendars"),
    Permission.CONFIGURE_CHANNELS: _("Configure channels and messages"),
    Permission.CONFIGURE_PEOPLE: _("Administer users"),
    Permission.CONFIGURE_ROLES: _("Administer roles"),
    Permission.CONFIGURE_PACKS: _("Install packs"),
    Permission.CONFIGURE_REPORTS: _("Configure reports"),
    Permission.REPORTS_CLOSE: _("Close the periods of reports"),
    Permission.REPORTS_REOPEN: _("Reopen closed periods of reports"),
    Permission.JOBS_READ_ALL: _("See everyone's jobs"),
    Permission.AUDIT_READ: _("Read the audit log"),
    Permission.PEOPLE_PREVIEW: _("Look at the program as somebody else"),
    Permission.RETENTION_MANAGE: _("Manage retention, legal hold and disposal"),
    Permission.VIEWS_SHARE: _("Share views with everyone"),
}
NARROWLESS: Final = frozenset({Action.CONFIGURE, Action.CREATE, Action.IMPORT})
"""Actions that begin before there is a record: whatever the scope, they are open or not."""


Words = Message | str


def action(key: str) -> Words:
    """Return an action in words; one nobody knows by its key."""
    return ACTIONS[Action(key)] if key in set(Action) else key


def actions(keys: Iterable[str], language: str) -> str:
    """Return actions in words, in the order in which screens list them."""
    order = {one.value: at for at, one in enumerate(ACTIONS)}
    return listed(map(action, sorted(keys, key=lambda key: (order.get(key, len(order)), key))), language)


def scope(key: str) -> Words:
    """Return a scope in words."""
    return SCOPES[Scope(key)] if key in set(Scope) else key


def limit(key: str) -> Words:
    """Return a limit in words."""
    return LIMITS[Limit(key)] if key in set(Limit) else key


def permission(key: str) -> Words:
    """Return a system permission in words; one nobody knows by its key."""
    return PERMISSIONS[Permission(key)] if key in set(Permission) else key


def listed(parts: Iterable[Words], language: str) -> str:
    """Return several words in a row, as a language separates them."""
    return (", " if language == "en" else "、").join(translate(part, language) for part in parts)


def called(role: Role, language: str) -> str:
    """Return what a role is called."""
    return role.label.text(language) or str(role.name)


def reach(grant: Grant, definition: Definition, language: str, names: Names | None = None) -> str:
    """Return which records a grant reaches: its scope, or its rule in words."""
    if grant.scope == Scope.RULE:
        return describe(dict(grant.rule), definition, language, names=names)
    return translate(scope(grant.scope), language)


def field_names(rule: FieldRule, definition: Definition, language: str) -> str:
    """Return which fields a rule closes."""
    if EVERY_FIELD in rule.fields:
        return translate(_("Every field"), language)
    return listed((_field(key, definition, language) for key in rule.fields), language)


def _field(key: str, definition: Definition, language: str) -> str:
    field = definition.by_key.get(key)
    return field.label.text(language) or key if field else key


def state_names(keys: Iterable[str], definition: Definition, language: str) -> str:
    """Return states in words; without any a rule always holds."""
    known = definition.workflow.by_state if definition.workflow else {}
    words = [known[key].label.text(language) or key if key in known else key for key in keys]
    return listed(words, language) if words else translate(_("Always"), language)
