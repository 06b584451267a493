"""Lists of what is owed: by me, by those I stand in for, by my department."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bson import ObjectId
from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from models import delegations, duties, notifications
from models.duties import LedDepartment, Page
from models.errors import NotFoundError
from models.lookups import Lookup
from models.people import User
from models.times import now
from views.context import current_language, current_timezone, require_person
from views.inbox.rows import rows
from views.inbox.times import GROUPS
from views.navigation import owed, visible_forms

if TYPE_CHECKING:
    from views.admin import Screen as _Base
else:
    _Base = object

VIEWS = ("todo", "overdue", "behalf", "department")
MAX_TEXT = 100


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to, as its address says."""

    view: str
    kind: str
    form: str
    text: str
    after: str
    whose: ObjectId | None
    department: ObjectId | None

    @property
    def narrowed(self) -> bool:
        """Tell whether something is looked for."""
        return bool(self.kind or self.form or self.text)

    def address(self) -> dict[str, Any]:
        """Return the address without the place in the list; what is empty is left out."""
        ids = {"whose": self.whose, "department": self.department}
        values = {"view": self.view, "kind": self.kind, "form": self.form, "q": self.text}
        return {key: str(value) for key, value in {**values, **ids}.items() if value}


def wanted() -> Wanted:
    """Return what the address asks for; what nobody offers is left out."""
    asked = {key: request.args.get(key, "") for key in ("view", "kind", "form", "after", "q")}
    return Wanted(
        view=asked["view"] if asked["view"] in VIEWS else VIEWS[0],
        kind=asked["kind"] if asked["kind"] in duties.KINDS else "",
        form=asked["form"][:MAX_TEXT],
        text=asked["q"].strip()[:MAX_TEXT],
        after=asked["after"][:MAX_TEXT],
        whose=id_of("whose"),
        department=id_of("department"),
    )


def id_of(name: str) -> ObjectId | None:
    """Return an id from the address, None where it holds none."""
    text = request.args.get(name, "")
    return ObjectId(text) if ObjectId.is_valid(text) else None


class DutyLists(_Base):
    """The lists of duties."""

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Show what is to be done, the most urgent first."""
        person, asked = require_person(), wanted()
        represented = list(delegations.forms_by_person(person.id, now()))
        led = duties.departments_led(person) if asked.view == "department" else []
        page = _page(person, asked, represented, led)
        return self.show(
            "index",
            asked=asked,
            rows=rows(person, page.duties, everybody=asked.view == "department"),
            more=url_for(".index", **asked.address(), after=page.after) if page.after else "",
            represented=_named(represented),
            chosen=_chosen(asked, represented, led),
            led=led,
        )

    def show(self, template: str, **values: Any) -> str:  # noqa: ANN401  (what a template needs)
        """Show a page of the inbox under its tabs."""
        person = require_person()
        shared = {
            "groups": GROUPS,
            "kinds": duties.KINDS,
            "total": owed(person),
            "unread": notifications.unread_count(person),
            "supervises": duties.may_supervise(person),
            "stands_in": bool(delegations.acting_for(person.id, now())),
            "forms": [form for form in visible_forms(person) if form.definition.workflow],
        }
        return str(self.render(f"inbox/{template}.html", **shared, **values))


def _page(person: User, asked: Wanted, represented: list[ObjectId], led: list[LedDepartment]) -> Page:
    narrowed: dict[str, Any] = {
        "kind": asked.kind, "form": asked.form, "text": asked.text, "after": asked.after,
    }  # fmt: skip
    whose = _chosen(asked, represented, led)
    if asked.view == "department":
        if whose is None:
            raise NotFoundError
        return duties.for_department(person, whose, **narrowed)
    if asked.view == "behalf":
        return duties.for_person(person, on_behalf_of=whose, **narrowed) if whose else Page([], "")
    overdue = True if asked.view == "overdue" else None
    return duties.for_person(person, overdue=overdue, **narrowed)


def _chosen(asked: Wanted, represented: list[ObjectId], led: list[LedDepartment]) -> ObjectId | None:
    """Return whose duties are shown: the person or department that was asked for, else the first."""
    if asked.view == "department":
        return asked.department or (led[0].id if led else None)
    if asked.view == "behalf":
        return asked.whose or (represented[0] if represented else None)
    return None


def _named(people: list[ObjectId]) -> list[tuple[ObjectId, str]]:
    lookup = Lookup(current_language(), current_timezone())
    lookup.prime_people(people)
    return [(one, lookup.person(one)) for one in people]
