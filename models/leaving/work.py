"""What somebody has to do, and which records are theirs or name them."""

from collections.abc import Iterable, Iterator

from pymongo.errors import ExecutionTimeout

from models import access
from models.database import Document, db
from models.definition import Definition
from models.duties.store import OPEN
from models.duties.visibility import visible_records
from models.forms import LiveForm
from models.handover import every_form, open_records
from models.leaving.finding import EXAMPLES, Example, Fate, Finding
from models.messages import Message, _
from models.people import User

MAX_MILLISECONDS = 1_500
"""For each form whose fields that name people have no index."""


def duties(leaver: User, viewer: User) -> Iterator[Finding]:
    """Tasks, filings and reports that are owed."""
    yield from _duties(leaver, viewer, "duties", _("Open tasks"), {"kind": {"$ne": "approval"}})


def approvals(leaver: User, viewer: User) -> Iterator[Finding]:
    """Approvals that wait for the person."""
    yield from _duties(leaver, viewer, "approvals", _("Approvals that wait for them"), {"kind": "approval"})


def _duties(leaver: User, viewer: User, kind: str, title: Message, which: Document) -> Iterator[Finding]:
    query = {"people": leaver.id, **which, **OPEN}
    count = db().duties.count_documents(query)
    if count:
        found = list(db().duties.find(query).sort([("due_sort", 1), ("_id", 1)]).limit(EXAMPLES))
        seen = visible_records(viewer, found)
        examples = tuple(_example(one["form"], one["record"], one, seen) for one in found)
        yield Finding(kind, title, Fate.TASKS, count, examples)


def owned(leaver: User, viewer: User) -> Iterator[Finding]:
    """Open records that are the person's own."""
    for form in every_form():
        query = {"$and": [open_records(form), {"owner": leaver.id}]}
        title = _("Open records they own: %(form)s", form=form.definition.label)
        yield from _records("owned", title, Fate.RECORDS, form, query, viewer)


def assigned(leaver: User, viewer: User) -> Iterator[Finding]:
    """Open records that were given to the person to work on."""
    for form in every_form():
        query = {"$and": [open_records(form), {"assignees": leaver.id}]}
        title = _("Open records assigned to them: %(form)s", form=form.definition.label)
        yield from _records("assigned", title, Fate.RECORDS, form, query, viewer)


def named(leaver: User, viewer: User) -> Iterator[Finding]:
    """Open records that name the person in a field: whoever holds property, signs, answers for it."""
    for form in every_form():
        paths = list(_person_paths(form.definition))
        if paths:
            named_there = {"$or": [{path: leaver.id} for path in paths]}
            query = {"$and": [open_records(form), named_there]}
            title = _("Open records that name them: %(form)s", form=form.definition.label)
            yield from _records("named", title, Fate.STAYS, form, query, viewer)


def _person_paths(definition: Definition) -> Iterator[str]:
    for field in definition.value_fields:
        if field.type == "person":
            yield f"data.{field.key}"
        for column in field.fields:
            if column.type == "person":
                yield f"data.{field.key}.{column.key}"


def _records(
    kind: str, title: Message, fate: Fate, form: LiveForm, query: Document, viewer: User
) -> Iterator[Finding]:
    try:
        count = form.records().count_documents(query, maxTimeMS=MAX_MILLISECONDS)
    except ExecutionTimeout:
        note = _("There was no time to count them. Look for them in the list of the form.")
        yield Finding(kind, title, fate, None, note=note, url=f"/records/{form.key}/")
        return
    if count:
        yield Finding(kind, title, fate, count, examples_of(form, query, viewer))


def examples_of(form: LiveForm, query: Document, viewer: User) -> tuple[Example, ...]:
    """Return some records that a query finds, as whoever looks may know them."""
    shown = {"number": 1, "title": 1}
    found = list(form.records().find(query, shown).limit(EXAMPLES))
    seen = access.visible(viewer, form.key, {one["_id"] for one in found})
    return tuple(_example(form.key, one["_id"], one, seen) for one in found)


def _example(form: str, record: object, about: Document, seen: Iterable[object]) -> Example:
    """Return a record by number and title; whoever may not open it is told its number alone."""
    number, title = str(about.get("number") or ""), str(about.get("title") or "")
    if record not in set(seen):
        return Example(number or "—")
    text = number if title in {"", number} else f"{number} {title}".strip()
    return Example(text or str(record), f"/records/{form}/{record}")
