"""What a person, a department or a customer holds, and the slip that clears somebody who leaves."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from bson import ObjectId
from flask import request, url_for
from flask_babel import gettext as _

from models import forms
from models.access import Action, fetch, object_id
from models.database import Document
from models.errors import NotFoundError
from models.forms import LiveForm
from models.ledger.holdings import (
    Found,
    count_of_person,
    may_ask,
    of_department,
    of_person,
    of_reference,
    references,
)
from models.ledger.stock_check.confirming import asked_of, open_of
from models.people import Department, Permission, User
from models.times import now
from views.context import current_language, current_timezone, require_person
from views.property import base
from views.records.borrowing import slips_of
from views.records.pieces import HeldRow, Words

MOST_PRINTED: Final = 2000


@dataclass(frozen=True)
class Row:
    """Pieces of an item as a list shows them."""

    item: str
    number: str
    url: str
    held: HeldRow


@dataclass(frozen=True)
class Section:
    """What is held of one ledger; `more_url` leads to what follows."""

    ledger: LiveForm
    rows: list[Row]
    more_url: str = ""

    @property
    def late(self) -> int:
        """How many rows are overdue."""
        return sum(row.held.late for row in self.rows)


Asked = Callable[[LiveForm, ObjectId | None], Found]


@base.pages.get("/holdings")
def holdings() -> str:
    """Show what is held by `person`, `department`, or what is here of `record` of `form`; by default mine."""
    if "department" in request.args:
        return _of_department(request.args["department"])
    if "record" in request.args:
        return _of_record(request.args.get("form", ""), request.args["record"])
    return _of_person(request.args.get("person") or str(require_person().id))


def _of_person(person_id: str) -> str:
    viewer, person = require_person(), _person(person_id)
    zone = current_timezone()

    def asked(ledger: LiveForm, _after: ObjectId | None) -> Found:
        return of_person(viewer, ledger, person.id, zone)

    mine = person.id == viewer.id
    return _page(
        "person",
        _("What I hold") if mine else _("What %(name)s holds", name=str(person)),
        _sections(base.ledgers(), asked),
        holder=person,
        mine=mine,
        to_confirm=open_of(asked_of(viewer)) if mine else 0,
        clearance_url=url_for("property.clearance", person_id=person.id),
    )


def _of_department(department_id: str) -> str:
    viewer, zone = require_person(), current_timezone()
    department = Department.objects(id=object_id(department_id)).first()
    if department is None:
        raise NotFoundError

    def asked(ledger: LiveForm, after: ObjectId | None) -> Found:
        return of_department(viewer, ledger, department.id, zone, after=after)

    name = department.name.text(current_language()) or department.code
    title = _("What %(name)s holds", name=name)
    return _page("department", title, _sections(base.ledgers(), asked), department=department)


def _of_record(form_key: str, record_id: str) -> str:
    """Show what is here of a customer, or of what else a ledger refers to."""
    viewer, zone, target = require_person(), current_timezone(), forms.current(form_key)
    record = fetch(viewer, target, record_id, Action.SEE)
    concerned = [one for one in base.ledgers() if references(one, form_key)]

    def asked(ledger: LiveForm, after: ObjectId | None) -> Found:
        field = references(ledger, form_key)[0]
        return of_reference(viewer, ledger, field, record["_id"], zone, after=after)

    name = base.called(base.told(target), record)
    title = _("What we hold of %(name)s", name=name)
    url = f"/records/{form_key}/{record['_id']}"
    return _page("record", title, _sections(concerned, asked), record_url=url, record_name=name)


def _person(person_id: str) -> User:
    person: User | None = User.objects(id=object_id(person_id)).first()
    if person is None:
        raise NotFoundError
    return person


def _page(kind: str, title: str, sections: list[Section], **values: Any) -> str:  # noqa: ANN401
    ledgers = base.ledgers()
    return base.show(
        "holdings",
        kind=kind,
        title=title,
        sections=[one for one in sections if one.rows],
        count=sum(len(one.rows) for one in sections),
        late=sum(one.late for one in sections),
        partial=any(one.more_url for one in sections) or "after" in request.args,
        picker=f"/records/{ledgers[0].key}/options" if ledgers else "",
        may_ask_people=any(may_ask(base.told(one), "people") for one in ledgers),
        **values,
    )


def _sections(ledgers: Iterable[LiveForm], asked: Asked) -> list[Section]:
    """Return what is held of each ledger, or (`ledger`, `after`) of one from where a page ended."""
    only, after = request.args.get("ledger", ""), request.args.get("after", "")
    start = ObjectId(after) if ObjectId.is_valid(after) else None
    return [_section(one, asked(one, start)) for one in ledgers if not only or one.key == only]


def _section(ledger: LiveForm, found: Found) -> Section:
    told, words = base.told(ledger), Words(ledger, slips_of(ledger.key))
    words.learn(held for row in found.rows for held in row.held)
    rows = [
        Row(
            _title(told.titled(row.item)),
            str(row.item.get("number") or ""),
            f"/records/{ledger.key}/{row.item['_id']}",
            words.row(held, row.item),
        )
        for row in found.rows
        for held in row.held
    ]
    more = urlencode({**request.args, "ledger": ledger.key, "after": found.after})
    return Section(ledger, rows, f"{request.path}?{more}" if found.after else "")


def _title(item: Document) -> str:
    title, number = item.get("title") or "", item.get("number") or ""
    return "" if title == number else title


# -- the slip of a leaver ----------------------------------------------------------------------------------


@base.pages.get("/clearance/<person_id>")
def clearance(person_id: str) -> str:
    """Show everything somebody holds or asked for as an A4 sheet with boxes for signatures."""
    viewer, person, zone = require_person(), _person(person_id), current_timezone()
    ledgers = base.ledgers()
    administers = viewer.may(Permission.CONFIGURE_PEOPLE)
    if not (ledgers or administers or viewer.id == person.id):
        raise NotFoundError
    found = [of_person(viewer, one, person.id, zone, most=MOST_PRINTED) for one in ledgers]
    sections = [_section(ledger, one) for ledger, one in zip(ledgers, found, strict=True)]
    shown = sum(len(one.rows) for one in found)
    tells_all = administers or viewer.id == person.id
    return base.show(
        "clearance",
        who=person,
        department=person.department.name.text(current_language()) if person.department else "",
        sections=[one for one in sections if one.rows],
        unseen=_held_anywhere(person) - shown if tells_all else 0,
        only_seen=not tells_all,
        printed_at=now().astimezone(zone).strftime("%Y-%m-%d %H:%M"),
        printed_by=str(viewer),
    )


def _held_anywhere(person: User) -> int:
    return sum(count_of_person(form, person.id) for form in forms.live_forms() if form.definition.ledger)
