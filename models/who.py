"""Who is meant: from a description (`procedure.Who`) to the people of this moment.

Whoever left is never asked: their deputy or head is, and the administrators are told.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import directory, notifications
from models.database import Document, db
from models.directory import Directory, batch
from models.forms import LiveForm
from models.messages import Message, _
from models.people import Actor, User
from models.procedure import Who

__all__ = [
    "Resolved",
    "Substitution",
    "batch",
    "called",
    "includes",
    "people",
    "put_once",
    "resolve",
    "resolve_all",
    "tell_substitutions",
]

_OWN = {
    "@owner": "owner",
    "@created_by": "created_by",
    "@updated_by": "updated_by",
    "@assignees": "assignees",
}


@dataclass(frozen=True)
class Substitution:
    """Somebody who left, and who is asked instead; `left` is None where nobody leads a department."""

    left: ObjectId | None
    by: tuple[ObjectId, ...]
    department: ObjectId | None = None


@dataclass
class Resolved:
    """The people a description means now, and who of them stands in for whom."""

    people: list[ObjectId] = attribute(default_factory=list)
    substitutions: list[Substitution] = attribute(default_factory=list)


def people(who: Who, form: LiveForm, record: Document, *, actor: Actor | None = None) -> list[ObjectId]:
    """Return the active people a description means for a record, without doubles, in a stable order."""
    return resolve(who, form, record, actor=actor).people


def includes(person: User, who: Who, form: LiveForm, record: Document) -> bool:
    """Tell whether a description means this person directly, not through a delegation."""
    return bool(person.active) and person.id in people(who, form, record)


def resolve(
    who: Who,
    form: LiveForm,  # noqa: ARG001  (whoever asks has it, and a description may come to need its fields)
    record: Document,
    *,
    actor: Actor | None = None,
) -> Resolved:
    """Return the people a description means, and for whom of those who left somebody steps in.

    Named people, fields and heads come first, then members, then roles.

    Args:
        who: the description.
        form: of the record; its fields are named.
        record: as it is or will be stored.
        actor: whoever acts, for `@me`.
    """
    known = directory.current()
    found = Resolved()
    _add_named(found, known, _named(who, known, record, actor))
    for department in _departments(who.heads, who.heads_of, known, record):
        _add_head(found, known, department)
    for department in _departments(who.members, who.members_of, known, record):
        found.people.extend(known.members(department))
    found.people.extend(_holders(who, known, record))
    found.people = list(dict.fromkeys(found.people))
    return found


def resolve_all(asked: Sequence[tuple[Who, LiveForm, Document]]) -> list[Resolved]:
    """Return what `resolve` returns for each, in their order; for many records at once.

    People are looked up together, and what was asked before is not worked out again: nobody may change it.
    """
    questions = [(who, _decisive(who, record)) for who, _form, record in asked]
    answers: dict[tuple[Who, tuple[ObjectId | None, ...]], Resolved] = {}
    with batch() as known:
        known.know({one for _who, ids in questions for one in ids if one})
        found = []
        for question, (who, form, record) in zip(questions, asked, strict=True):
            answer = answers.get(question)
            if answer is None:
                answer = answers[question] = resolve(who, form, record)
            found.append(answer)
    return found


def _decisive(who: Who, record: Document) -> tuple[ObjectId | None, ...]:
    """Return everything of a record that decides whom a description means."""
    found: list[ObjectId | None] = []
    for source in (*who.fields, *who.heads_of, *who.members_of, who.within):
        found += [*_ids(record, source), None]
    return tuple(found)


def _named(who: Who, known: Directory, record: Document, actor: Actor | None) -> list[ObjectId]:
    """Return everybody named, by user name or in a field, whether they left or not."""
    found = [person for name in who.people if (person := known.called(name))]
    for source in who.fields:
        found += [actor.id] if source == "@me" and actor and actor.id else _ids(record, source)
    known.know(found)
    return found


def _add_named(found: Resolved, known: Directory, named: Iterable[ObjectId]) -> None:
    for person in dict.fromkeys(named):
        if known.is_active(person):
            found.people.append(person)
            continue
        stand_in = known.substitute(person)
        by = (stand_in,) if stand_in else tuple(known.administrators)
        found.people.extend(by)
        found.substitutions.append(Substitution(person, by, known.department_of(person)))


def _add_head(found: Resolved, known: Directory, department: ObjectId) -> None:
    """Add who leads a department, and say so where that is not its head."""
    head = known.departments[department].get("head")
    leads = known.head(department)
    by = (leads,) if leads else tuple(known.administrators)
    found.people.extend(by)
    if by != (head,) and (head or not leads):  # a department that never had a head is led from above
        found.substitutions.append(Substitution(head, by, department))


def _holders(who: Who, known: Directory, record: Document) -> list[ObjectId]:
    holders = [person for role in who.roles for person in known.holders(role)]
    if not who.within:
        return holders
    found: list[ObjectId] = []
    for department in _departments((), (who.within,), known, record) or _departments(
        (who.within,), (), known, record
    ):
        members = set(known.members(department))
        inside = [person for person in holders if person in members]
        # the department's own people first; those of its parts where it has none itself
        found += [one for one in inside if known.department_of(one) == department] or inside
    return found


def _departments(
    codes: Iterable[str], sources: Iterable[str], known: Directory, record: Document
) -> list[ObjectId]:
    named = [known.by_code[code] for code in codes if code in known.by_code]
    named += [one for source in sources for one in _ids(record, source)]
    return [one for one in dict.fromkeys(map(known.standing, named)) if one in known.departments]


def _ids(record: Document, source: str) -> list[ObjectId]:
    """Return the ids that a field, a column (`items.owner`) or a system name holds."""
    if source.startswith("@"):
        return list(_flat(record.get(_OWN.get(source, source[1:]))))
    first, _dot, column = source.partition(".")
    value = record["data"].get(first)
    if column:
        value = [row.get(column) for row in value or () if isinstance(row, Mapping)]
    return list(_flat(value))


def _flat(value: Any) -> Iterator[ObjectId]:  # noqa: ANN401  (whatever a record holds)
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, ObjectId):
            yield one
        elif isinstance(one, Mapping) and isinstance(one.get("by"), ObjectId):  # a signature
            yield one["by"]


def tell_substitutions(
    form: str, record: Document, found: Iterable[Substitution], session: ClientSession | None = None
) -> None:
    """Tell the administrators who stands in for whom; once for each person and record, whoever asks again."""
    known = directory.current()
    effects: list[Document] = []
    for one in found:
        effects += notifications.tell(
            known.administrators,
            key=f"left:{one.left or one.department}:{record['_id']}",
            kind="task",
            form=form,
            record=record["_id"],
            title=called(form, record),
            text=_left_text(one, known),
            level="warning",
        )
    put_once(effects, session)


def called(form: str, record: Document) -> str:
    """Return number and title of a record, as notices begin."""
    return f"{record.get('number') or ''} {record.get('title') or ''}".strip() or form


def _left_text(one: Substitution, known: Directory) -> Message:
    names = "、".join(known.name(person) for person in one.by)
    if one.left is None:
        department = known.departments.get(one.department) if one.department else None
        code = department["code"] if department else "—"
        return _(
            "Department %(department)s has nobody to lead it. Asked instead: %(names)s.",
            department=code,
            names=names,
        )
    return _("%(person)s has left. Asked instead: %(names)s.", person=known.name(one.left), names=names)


def put_once(effects: Iterable[Document], session: ClientSession | None = None) -> None:
    """Store effects unless one with the key was stored before."""
    for effect in effects:
        db().outbox.update_one({"key": effect["key"]}, {"$setOnInsert": effect}, upsert=True, session=session)
