"""What a re-organisation would touch, counted before anything happens."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from models import calendars, departments, mentions
from models.database import Document, db
from models.duties.store import OPEN
from models.forms import LiveForm
from models.handover import every_form, open_records
from models.messages import Message, _
from models.people import Department, User

MAX_PEOPLE = 20
_RUNNING: Document = {"state": {"$in": ["running", "paused"]}, "kind": {"$ne": "retention"}}


@dataclass(frozen=True)
class FormCount:
    """Records of a form that belong to the department, and how many of them are not finished."""

    form: LiveForm
    open: int
    all: int


@dataclass(frozen=True)
class Named:
    """A place of the configuration that names the department."""

    kind: Message
    text: str
    url: str


@dataclass(frozen=True)
class Preview:
    """What belongs to some departments and what names them.

    Attributes:
        people: how many there are, those who left included.
        active: who of them can sign in, the first `MAX_PEOPLE`.
        records: form by form, only those with any.
        duties: what is owed and open.
        clocks: deadlines that are running.
        leading: heads and deputies.
        below: departments directly under the first of them.
        named: places of the configuration that name them.
        calendar: by which the first of them works.
    """

    people: int
    active: tuple[User, ...]
    records: tuple[FormCount, ...]
    duties: int
    clocks: int
    leading: tuple[User, ...]
    below: tuple[Department, ...]
    named: tuple[Named, ...]
    calendar: str

    @property
    def open_records(self) -> int:
        """How many records are not finished."""
        return sum(one.open for one in self.records)

    @property
    def all_records(self) -> int:
        """How many records there are."""
        return sum(one.all for one in self.records)


def preview(department: Department, *, with_below: bool, language: str = "zh") -> Preview:
    """Return what belongs to a department (with everything under it) and what names it."""
    ids = departments.below(department) if with_below else {department.id}
    found = list(Department.objects(id__in=list(ids)))
    leading = {one for each in found for one in (each.head, *each.deputies) if one}
    inside: Document = {"department": {"$in": list(ids)}}
    return Preview(
        people=db().users.count_documents(inside),
        active=tuple(User.objects(department__in=list(ids), active=True).order_by("name").limit(MAX_PEOPLE)),
        records=tuple(_records(inside)),
        duties=db().duties.count_documents({**inside, **OPEN}),
        clocks=db().clocks.count_documents({**inside, **_RUNNING}),
        leading=tuple(User.objects(id__in=list(leading)).order_by("name")),
        below=tuple(Department.objects(parent=department).order_by("order", "code")),
        named=tuple(_named(found, language)),
        calendar=calendars.of_department(department.id),
    )


def _records(inside: Document) -> Iterator[FormCount]:
    for form in every_form():
        count = form.records().count_documents({**inside, "deleted_at": None})
        if count:
            still_open = form.records().count_documents({"$and": [inside, open_records(form)]})
            yield FormCount(form, still_open, count)


def _named(found: Iterable[Department], language: str) -> Iterator[Named]:
    codes = {one.code for one in found}
    ids = {str(one.id) for one in found}
    yield from _in_procedures(codes, ids, language)
    for role in db().roles.find({}):
        if _holds(role.get("grants"), ids):
            label = role.get("label", {}).get(language) or role["name"]
            yield Named(_("Rights of a role"), str(label), f"/configure/roles/{role['_id']}")
    for channel in db().channels.find({"departments": {"$in": [ObjectId(one) for one in ids]}}):
        yield Named(_("Channel"), str(channel["name"]), f"/configure/channels/{channel['_id']}")
    for view in db().saved_views.find({}):
        if _holds([view.get("query"), view.get("filters")], ids):
            yield Named(_("Saved view"), str(view["name"]), f"/records/{view['form']}/")


def _in_procedures(codes: set[str], ids: set[str], language: str) -> Iterator[Named]:
    for form in every_form():
        definition = form.definition
        label, url = definition.label.text(language), f"/configure/forms/{form.key}/workflow"
        for one in mentions.of(definition):
            if one.kind == "department" and one.name in codes:
                yield Named(_("Procedure"), f"{label} · {one.place(language)}", url)
        if _holds(definition.dump(), ids):
            yield Named(_("Rules of a form"), label, f"/configure/forms/{form.key}")


def _holds(value: Any, ids: set[str]) -> bool:  # noqa: ANN401  (a piece of configuration)
    """Tell whether an id stands anywhere in a piece of configuration."""
    if isinstance(value, Mapping):
        return any(_holds(one, ids) for one in value.values())
    if isinstance(value, list | tuple):
        return any(_holds(one, ids) for one in value)
    return str(value) in ids
