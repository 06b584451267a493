"""What a supervisor sees: who is late, how much whom, and what one person owes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bson import ObjectId
from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from models import duties
from models.duties import PersonLoad
from models.errors import ForbiddenError, NotFoundError
from models.messages import say_stored
from models.people import User
from models.times import now
from views.context import current_language, current_timezone, require_person
from views.inbox import times
from views.inbox.duties import MAX_TEXT, id_of
from views.inbox.rows import rows
from views.inbox.times import Due

if TYPE_CHECKING:
    from views.inbox.duties import DutyLists as _Base
else:
    _Base = object


@dataclass(frozen=True)
class Line:
    """One row of a table of loads; `most` is the longest bar of the table."""

    url: str
    name: str
    note: str
    depth: int
    open: int
    overdue: int
    soon: int
    oldest: str
    next_due: Due | None


class TeamScreens(_Base):
    """The supervisor's pages."""

    @expose("/team")
    def team(self) -> ResponseReturnValue:
        """Show the load by person and by department, or with `person` what one of them owes."""
        person = require_person()
        if not duties.may_supervise(person):
            raise ForbiddenError
        if "person" in request.args:
            return self._owed_by(person, id_of("person"))
        found = duties.load(person)
        chosen = id_of("department")
        names = {one.department: say_stored(one.name, current_language()) for one in found.departments}
        inside = _inside(person, chosen)
        people = [one for one in found.people if chosen is None or one.department in inside]
        return self.show(
            "team",
            people=[_person_line(one, names) for one in people],
            departments=_department_lines(person, found.departments, names),
            chosen_name=names.get(chosen, "") if chosen else "",
            late=sum(one.overdue > 0 for one in people),
            most=max((one.open for one in people), default=0),
            most_of_department=max((one.open for one in found.departments), default=0),
        )

    def _owed_by(self, person: User, whose: ObjectId | None) -> ResponseReturnValue:
        other = User.objects(id=whose).first() if whose else None
        if other is None or not duties.may_see_owed_by(person, other.id):
            raise NotFoundError
        page = duties.for_person(other, own_only=True, after=request.args.get("after", "")[:MAX_TEXT])
        more = url_for(".team", person=other.id, after=page.after) if page.after else ""
        return self.show("person", rows=rows(person, page.duties, everybody=True), other=other, more=more)


def _inside(person: User, department: ObjectId | None) -> set[ObjectId]:
    """Return a department and what lies under it, among those somebody leads."""
    found: set[ObjectId] = set()
    depth = None
    for one in duties.departments_led(person):
        if one.id == department:
            depth = one.depth
        elif depth is not None and one.depth <= depth:
            break
        if depth is not None:
            found.add(one.id)
    return found


def _person_line(one: PersonLoad, names: dict[ObjectId, str]) -> Line:
    return Line(
        url_for(".team", person=one.person),
        one.name,
        names.get(one.department, "") if one.department else "",
        0,
        one.open,
        one.overdue,
        one.soon,
        _age(one.oldest),
        times.due(one.next_due, current_timezone()),
    )


def _department_lines(
    person: User, found: Sequence[duties.DepartmentLoad], names: dict[ObjectId, str]
) -> list[Line]:
    loads = {one.department: one for one in found}
    ordered = [(loads[one.id], one.depth) for one in duties.departments_led(person) if one.id in loads]
    return [
        Line(
            url_for(".team", department=one.department),
            names[one.department] or one.code,
            str(one.people),
            depth,
            one.open,
            one.overdue,
            one.soon,
            _age(one.oldest),
            None,
        )
        for one, depth in ordered
    ]


def _age(since: datetime | None) -> str:
    return times.length(now() - since) if since else ""
