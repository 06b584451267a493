"""Looking up what addresses and forms of the people's screens name."""

from models.access import object_id
from models.errors import NotFoundError
from models.people import Department, User


def found_user(user_id: str) -> User:
    """Return an account by the id of an address. Raises NotFoundError."""
    user: User | None = User.objects(id=object_id(user_id)).first()
    if user is None:
        raise NotFoundError
    return user


def found_department(department_id: str) -> Department:
    """Return a department by the id of an address. Raises NotFoundError."""
    department: Department | None = Department.objects(id=object_id(department_id)).first()
    if department is None:
        raise NotFoundError
    return department
