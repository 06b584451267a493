"""Lists of records: filtered, searched, sorted and paged by position, so that depth costs nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bson import ObjectId
from pymongo.collection import Collection

from models import rules
from models.access import Action, reach, records_filter
from models.database import Document, db
from models.definition import Definition, RuleTree
from models.disclosure import Disclosure
from models.errors import DomainError
from models.fields import type_of
from models.form_indexes import IN_BIN
from models.forms import LiveForm
from models.list_positions import beyond, decode, neighbours
from models.people import Actor, User
from models.rules import RuleContext
from models.rules.mongo import EMPTY_VALUES
from models.scopes import Departments
from models.search import narrowed_to, query_filter

COUNT_CAP = 10_000
MAX_PAGE_SIZE = 200
SYSTEM_FIELDS = {
    "number": "number",
    "title": "title",
    "state": "state",
    "created_at": "created_at",
    "created_by": "created_by",
    "updated_at": "updated_at",
    "updated_by": "updated_by",
    "owner": "owner",
    "department": "department",
}
_ALWAYS = ("number", "title", "revision", "form_version", "state")


@dataclass(frozen=True)
class ListQuery:
    """What a list shows: rule tree, words, order (`""` is newest first) and columns."""

    where: RuleTree | None = None
    search: str = ""
    sort: str = ""
    descending: bool = True
    page_size: int = 50
    columns: tuple[str, ...] = ()
    deleted: bool = False
    cursor: str = ""

    def dump(self) -> Document:
        """Return it as a document, for saved views and jobs."""
        return {
            "where": self.where,
            "search": self.search,
            "sort": self.sort,
            "descending": self.descending,
            "columns": list(self.columns),
            "deleted": self.deleted,
        }

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> "ListQuery":
        """Read what `dump` gave."""
        return cls(
            where=document.get("where"),
            search=document.get("search", ""),
            sort=document.get("sort", ""),
            descending=document.get("descending", True),
            columns=tuple(document.get("columns", ())),
            deleted=document.get("deleted", False),
        )


@dataclass(frozen=True)
class Page:
    """One page of records and the cursors of its neighbours (`""` where there is none)."""

    records: list[Document]
    next: str = ""
    previous: str = ""


@dataclass(frozen=True)
class Count:
    """How many records a list has; `exact` is false beyond the cap."""

    value: int
    exact: bool = True


def list_filter(
    person: User,
    form: LiveForm,
    query: ListQuery,
    action: Action = Action.SEE,
    *,
    told: Disclosure | None = None,
) -> Document:
    """Return the MongoDB filter of a list for a person: what they may act on, and what is asked for.

    What is closed to them on some record they neither filter by nor find by its words. Raises DomainError
    when the rule tree does not fit the form (any more), or not what they know of it.
    """
    told = told or Disclosure(person, form)
    parts = [records_filter(person, form, action, deleted=query.deleted), *_asked_for(person, told, query)]
    return parts[0] if len(parts) == 1 else {"$and": parts}


def _asked_for(person: User, told: Disclosure, query: ListQuery) -> list[Document]:
    """Return what a list is narrowed to by its rule tree and its words."""
    parts = []
    if query.where:
        problem = next(iter(rules.check(query.where, told.askable)), None)
        if problem:
            raise DomainError(problem.message)
        parts.append(rules.to_filter(query.where, told.form.definition, RuleContext.of(Actor.of(person))))
    if query.search.strip():
        parts.append(query_filter(query.search, told.form.records()))
        parts.append(_seen_hits(told, query.search))
    return [part for part in parts if part]


def _seen_hits(told: Disclosure, words: str) -> Document:
    """Return what keeps hits out that words of closed fields made; nothing where none is searched."""
    searched = {field.key for field in told.form.definition.value_fields if field.searchable}
    if told.knows_titles and not searched & told.unsearched:
        return {}
    titles = ["title"] if told.knows_titles else []
    texts = [f"data.{key}" for key in searched - told.unsearched]
    return narrowed_to(words, ["number", *titles, *sorted(texts)])


def sort_path(definition: Definition, key: str) -> str:
    """Return the MongoDB path a column sorts by; `_id` for an unknown one."""
    if key in SYSTEM_FIELDS:
        return SYSTEM_FIELDS[key]
    field = definition.by_key.get(key)
    if field is None or not type_of(field).sortable:
        return "_id"
    return f"data.{type_of(field).comparable_path(field)}"


def path_for(told: Disclosure, key: str) -> str:
    """Return the path a list is sorted by for a person; `_id` for what they may not ask for."""
    return "_id" if key == "title" and not told.knows_titles else sort_path(told.askable, key)


def page(person: User, form: LiveForm, query: ListQuery) -> Page:
    """Return one page of a list for a person, as they are shown its records.

    An unreadable cursor gives the first page, and so does one that points to where there is nothing any more.
    """
    told = Disclosure(person, form)
    path = path_for(told, query.sort)
    position = decode(query.cursor, path)
    backwards = bool(position and position.backwards)
    size = max(1, min(query.page_size, MAX_PAGE_SIZE))
    found = list(
        form.records()
        .find(page_filter(person, form, query, told), _projection(told, query))
        .sort(order(path, descending=query.descending != backwards))
        .limit(size + 1)
    )
    if position and not found:
        return page(person, form, replace(query, cursor=""))
    more, records = len(found) > size, found[:size]
    if backwards:
        records.reverse()
    around = neighbours(records, path, position, more=more, backwards=backwards)
    return Page([told.shown(record) for record in records], *around)


def page_filter(person: User, form: LiveForm, query: ListQuery, told: Disclosure | None = None) -> Document:
    """Return the filter of a list from its cursor on."""
    told = told or Disclosure(person, form)
    found = list_filter(person, form, query, told=told)
    path = path_for(told, query.sort)
    position = decode(query.cursor, path)
    if position is None:
        return found
    return {"$and": [found, beyond(path, position, descending=query.descending != position.backwards)]}


def order(path: str, *, descending: bool) -> list[tuple[str, int]]:
    """Return a total order: `_id` breaks ties in the same direction."""
    direction = -1 if descending else 1
    return [("_id", direction)] if path == "_id" else [(path, direction), ("_id", direction)]


def projection(definition: Definition, columns: Sequence[str], needs: Iterable[str] = ()) -> Document:
    """Return what to read for some columns, what every row needs, and further paths that are asked about."""
    shown = {f"data.{key}": 1 for key in columns if key in definition.by_key}
    system = {SYSTEM_FIELDS[key]: 1 for key in columns if key in SYSTEM_FIELDS}
    found = {**dict.fromkeys(_ALWAYS, 1), **system, **shown}
    for path in needs:
        _also(found, path)
    return found


def _also(found: Document, path: str) -> None:
    """Read a path as well; MongoDB refuses a path together with one below it."""
    if not any(path == one or path.startswith(f"{one}.") for one in found):
        for below in [one for one in found if one.startswith(f"{path}.")]:
            del found[below]
        found[path] = 1


def _projection(told: Disclosure, query: ListQuery) -> Document:
    """Return what to read for a page: its columns, what it is sorted by, and what closes fields."""
    path = path_for(told, query.sort)
    sorted_by = [path] if path != "_id" else []
    return projection(told.definition, query.columns, [*sorted_by, *told.limits.needs])


def assignees(form: LiveForm, ids: Sequence[ObjectId]) -> dict[ObjectId, list[ObjectId]]:
    """Return the people to whom records are assigned that somebody was just shown."""
    found = form.records().find({"_id": {"$in": list(ids)}}, {"assignees": 1})
    return {record["_id"]: list(record.get("assignees") or ()) for record in found}


def count(person: User, form: LiveForm, query: ListQuery) -> Count:
    """Return how many records a list has, without counting far beyond what a person reads.

    Of a list of everything beyond the cap, MongoDB's own figure is given: it costs nothing, and is at most
    a little off after a crash of the database.
    """
    records, reached = form.records(), reach(person, form)
    if not query.deleted and reached.is_everything:
        return _count_of_everything(records, _asked_for(person, Disclosure(person, form), query))
    if not (query.where or query.search.strip() or query.deleted) and (narrow := reached.departments):
        return _count_of(records, narrow)
    found = records.count_documents(list_filter(person, form, query), limit=COUNT_CAP + 1)
    return Count(min(found, COUNT_CAP), exact=found <= COUNT_CAP)


def _count_of_everything(records: Collection[Document], asked: list[Document]) -> Count:
    """Count what is asked for, of which nothing is closed to whoever asks."""
    if not asked:
        total = records.estimated_document_count() - records.count_documents(IN_BIN)
        if total > COUNT_CAP:
            return Count(total)
    held, binned = _count_by_index(records, {"$and": asked} if asked else {})
    if binned >= COUNT_CAP:  # so many that nobody knows how many
        held = records.count_documents({"$and": [{"deleted_at": None}, *asked]}, limit=COUNT_CAP + 1)
    return Count(min(held, COUNT_CAP), exact=held <= COUNT_CAP)


def _count_by_index(records: Collection[Document], inside: Document) -> tuple[int, int]:
    """Return how many of some records there are, and how many more are in the bin; mostly by an index alone.

    No index of a field says what is in the bin, which is little, and so is counted by itself.
    """
    binned = records.count_documents({"$and": [IN_BIN, inside]}, limit=COUNT_CAP)
    return records.count_documents(inside, limit=COUNT_CAP + 1 + binned) - binned, binned


def _count_of(records: Collection[Document], reached: Departments) -> Count:
    """Count the records of departments and what else is open by invitation."""
    held, binned = _count_by_index(records, {"department": {"$in": list(reached.departments)}})
    if held <= COUNT_CAP:
        elsewhere = {"$nin": [*reached.departments, *EMPTY_VALUES]}
        invited = {"invited": {"$in": list(reached.invited)}, "department": elsewhere, "deleted_at": None}
        held += records.count_documents(invited, limit=COUNT_CAP + 1)
    return Count(min(held, COUNT_CAP), exact=held <= COUNT_CAP and binned < COUNT_CAP)


def exact_count(person: User, form: LiveForm, query: ListQuery) -> int:
    """Return exactly how many records a list has now."""
    return form.records().count_documents(list_filter(person, form, query))


def find_everywhere(
    person: User, forms: Sequence[LiveForm], words: str, limit: int
) -> Iterator[tuple[LiveForm, list[Document]]]:
    """Yield for each form the newest records in which the words are found."""
    for form in forms:
        found = page(person, form, ListQuery(search=words, page_size=limit)).records
        if found:
            yield form, found


def linked_to(
    person: User, forms: Sequence[LiveForm], target: LiveForm, record: Document, limit: int
) -> Iterator[tuple[LiveForm, list[Document]]]:
    """Yield for each form the newest records that refer to a record, were made by it, or made it."""
    record_id = record["_id"]
    for form in forms:
        told = Disclosure(person, form)
        tied = [link["record"] for link in record.get("links") or () if link["form"] == form.key]
        paths = [
            f"data.{field.key}"
            for field in form.definition.value_fields
            if field.type == "reference" and field.form == target.key and field.key not in told.unasked
        ]
        if not (paths or tied):
            continue
        refers: Document = {"$or": [*({path: record_id} for path in paths), {"_id": {"$in": tied}}]}
        query = {"$and": [records_filter(person, form), refers]}
        found = list(
            db()[form.collection].find(query, projection(form.definition, ())).sort("_id", -1).limit(limit)
        )
        if found:
            yield form, [told.titled(one) for one in found]


def options(person: User, form: LiveForm, words: str, limit: int, offset: int = 0) -> list[Document]:
    """Return records to choose from in a reference picker: `_id`, number, title."""
    told = Disclosure(person, form)
    query = list_filter(person, form, ListQuery(search=words), told=told)
    found = form.records().find(query, {"number": 1, "title": 1})
    return [told.titled(one) for one in found.sort("_id", -1).skip(max(0, offset)).limit(limit)]
