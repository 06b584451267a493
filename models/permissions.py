"""What a person may do at all: by the actions of a form, and by the system permissions besides forms."""

from collections.abc import Iterable

from models.errors import ForbiddenError
from models.people import Action, Permission, User


def require_permission(person: User, permission: Permission) -> None:
    """Raise ForbiddenError unless a role gives the system permission."""
    if not (person.active and person.may(permission)):
        raise ForbiddenError


def permitted(person: User, form: str, action: Action) -> bool:
    """Tell whether a person may do something with any record of a form; who may not see may do nothing."""
    return form in permitted_among(person, [form], action)


def permitted_among(person: User, forms: Iterable[str], action: Action) -> set[str]:
    """Return those of some forms with any record of which a person may do something."""
    roles = person.held_roles if person.active else []
    return {
        form
        for form in forms
        if all(
            any(role.allows(form, needed) for role in roles)
            and not any(role.denies(form, needed) for role in roles)
            for needed in {Action.SEE, action}
        )
    }


def may_configure(person: User, form: str) -> bool:
    """Tell whether a person may change what a form is: as keeper of all forms, or of this one."""
    every = person.active and person.may(Permission.CONFIGURE_FORMS)
    return every or permitted(person, form, Action.CONFIGURE)


def configures_any(person: User) -> bool:
    """Tell whether there may be a form that a person may change; `may_configure` says which."""
    every = person.may(Permission.CONFIGURE_FORMS)
    grants = (grant for role in person.held_roles for grant in role.grants)
    return bool(person.active) and (
        every or any(Action.CONFIGURE in grant.actions and not grant.deny for grant in grants)
    )


def may_ask_about(person: User, form: str) -> bool:
    """Tell whether a person may be told who reaches the records of a form."""
    keeps = person.may(Permission.CONFIGURE_PEOPLE) or person.may(Permission.CONFIGURE_ROLES)
    return (person.active and keeps) or permitted(person, form, Action.CONFIGURE)


def require_configure(person: User | None, form: str) -> None:
    """Raise ForbiddenError unless a person may change a form; the program itself (None) always may."""
    if person is not None and not may_configure(person, form):
        raise ForbiddenError
