"""Everything that is looked at before somebody leaves, in the order in which it is shown."""

from models import directory
from models.leaving import pieces, posts, work
from models.leaving.finding import Check, Finding
from models.people import Permission, User
from models.permissions import require_permission

CHECKS: tuple[Check, ...] = (
    pieces.held,
    pieces.asked,
    work.duties,
    work.approvals,
    posts.procedures,
    work.owned,
    work.assigned,
    posts.departments,
    work.named,
    posts.only_holder,
    posts.shared_views,
    posts.standing_in,
    posts.keys,
    posts.sessions,
    posts.jobs,
    posts.unclaimed_files,
)


def look(viewer: User, leaver: User) -> list[Finding]:
    """Return everything that somebody still holds. Raises ForbiddenError unless one administers people."""
    require_permission(viewer, Permission.CONFIGURE_PEOPLE)
    with directory.batch():
        return [finding for check in CHECKS for finding in check(leaver, viewer)]
