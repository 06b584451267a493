"""The system permissions: what a role may do besides working on forms."""

from models.errors import ForbiddenError
from models.people import Permission, User


def require_permission(person: User, permission: Permission) -> None:
    """Raise ForbiddenError unless a role gives the system permission."""
    if not (person.active and person.may(permission)):
        raise ForbiddenError
