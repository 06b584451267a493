"""Names behind ids, fetched once per page and not once per row; and the reverse, for what people type."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId

from models import access, forms
from models.database import Document, db
from models.definition import Definition, Field
from models.errors import NotFoundError
from models.forms import collection_name
from models.messages import _, translate
from models.people import DEFAULT_TIMEZONE, User

UNKNOWN = "—"
UNSEEN = _("a record you may not see")
RECORDS = collection_name("")
_NAMES = {"name": 1, "username": 1}
_SYSTEM = {"owner": "users", "created_by": "users", "updated_by": "users", "department": "departments"}


class Lookup:
    """Names of people, departments and records, in one language; `prime` fetches a page's worth at once.

    For a `person` a record they may not see has no name; without one (the program itself) everything has.
    """

    def __init__(
        self, language: str = "zh", timezone: ZoneInfo | None = None, person: User | None = None
    ) -> None:
        self.language = language
        self.timezone = timezone or ZoneInfo(DEFAULT_TIMEZONE)
        self._names: dict[tuple[str, ObjectId], str] = {}
        self._unseen: set[ObjectId] = set()
        self._seen_by = Reached(person) if person else None

    def person(self, person_id: ObjectId | None) -> str:
        """Return a person's name."""
        return self._name("users", person_id)

    def department(self, department_id: ObjectId | None) -> str:
        """Return a department's name."""
        return self._name("departments", department_id)

    def record(self, form: str, record_id: ObjectId | None) -> str:
        """Return what a record of a form is called."""
        return self._name(collection_name(form), record_id)

    def sees(self, form: str, record_id: ObjectId) -> bool:
        """Tell whether the person may see a record, and so follow where it is named."""
        self.record(form, record_id)
        return record_id not in self._unseen

    def prime_people(self, people: Iterable[ObjectId]) -> None:
        """Fetch the names of people with one query."""
        self._fetch("users", {one for one in people if ("users", one) not in self._names})

    def prime(
        self, definition: Definition, records: Iterable[Document], keys: Iterable[str] | None = None
    ) -> None:
        """Fetch every name that some records need, with one query per kind."""
        wanted: defaultdict[str, set[ObjectId]] = defaultdict(set)
        found = list(records)
        for key, collection in _SYSTEM.items():
            wanted[collection] |= _ids(record.get(key) for record in found)
        data = [record.get("data", {}) for record in found]
        for key in keys or definition.by_key:
            if key in definition.by_key:
                _want(wanted, definition.by_key[key], data)
        for collection, ids in wanted.items():
            self._fetch(collection, {one for one in ids if (collection, one) not in self._names})

    def _name(self, collection: str, wanted: ObjectId | None) -> str:
        if wanted is None:
            return ""
        if (collection, wanted) not in self._names:
            self._fetch(collection, {wanted})
        return self._names[collection, wanted]

    def _fetch(self, collection: str, ids: set[ObjectId]) -> None:
        if not ids:
            return
        wanted: Document = {"_id": {"$in": list(ids)}}
        for one in ids:
            self._names[collection, one] = UNKNOWN
        if self._seen_by and collection.startswith(RECORDS):
            wanted = {"$and": [wanted, self._seen_by.filter(collection.removeprefix(RECORDS))]}
        found = list(db()[collection].find(wanted, {**_NAMES, **self._titles(collection)}))
        for document in found:
            self._names[collection, document["_id"]] = self._called(document)
        if self._seen_by and collection.startswith(RECORDS):
            self._withhold(collection, ids - {one["_id"] for one in found})

    def _titles(self, collection: str) -> Document:
        """Return what records are called by: their numbers, where titles may name what is not seen."""
        if self._seen_by is None or not collection.startswith(RECORDS):
            return {"title": 1}
        known = self._seen_by.knows_titles(collection.removeprefix(RECORDS))
        return {"title": 1} if known else {"number": 1}

    def _withhold(self, collection: str, ids: set[ObjectId]) -> None:
        """Withhold the names of records that are there, and that the person may not see."""
        there = db()[collection].find({"_id": {"$in": list(ids)}}, {"_id": 1}) if ids else ()
        unseen = {one["_id"] for one in there}
        self._unseen |= unseen
        self._names.update({(collection, one): translate(UNSEEN, self.language) for one in unseen})

    def _called(self, found: Document) -> str:
        name = found.get("name")
        if isinstance(name, Mapping):
            first, second = ("en", "zh") if self.language == "en" else ("zh", "en")
            return str(name.get(first) or name.get(second) or UNKNOWN)
        return str(name or found.get("title") or found.get("number") or found.get("username") or UNKNOWN)


class Reached:
    """The records of any form that a person may see, in the bin or not; each form is asked about once."""

    def __init__(self, person: User) -> None:
        self._person = person
        self._filters: dict[str, Document] = {}
        self._titles: dict[str, bool] = {}

    def filter(self, form: str) -> Document:
        """Return the MongoDB filter of the records of a form that they may see."""
        if form not in self._filters:
            self._filters[form] = self._filter(form)
        return self._filters[form]

    def knows_titles(self, form: str) -> bool:
        """Tell whether they may know what the records of a form are called."""
        if form not in self._titles:
            try:
                self._titles[form] = access.knows_titles(self._person, forms.current(form))
            except NotFoundError:
                self._titles[form] = False
        return self._titles[form]

    def _filter(self, form: str) -> Document:
        try:
            return access.reach(self._person, forms.current(form)).filter()
        except NotFoundError:
            return {"_id": {"$in": []}}


def _want(wanted: defaultdict[str, set[ObjectId]], field: Field, rows: list[Document]) -> None:
    """Add the ids that a field has in some rows; column by column, as exports do this a million times.

    A text stands for what is masked.
    """
    if field.type == "table":
        inner = [row for one in rows if isinstance(one.get(field.key), list) for row in one[field.key]]
        for column in field.fields:
            _want(wanted, column, inner)
    elif collection := _collection_of(field):
        values = (row.get(field.key) for row in rows)
        wanted[collection] |= _ids(
            value["by"] if field.type == "signature" and isinstance(value, Mapping) else value
            for value in values
        )


def _collection_of(field: Field) -> str:
    if field.type in {"person", "signature"}:
        return "users"
    if field.type == "department":
        return "departments"
    return collection_name(field.form) if field.type == "reference" else ""


def _ids(values: Iterable[Any]) -> set[ObjectId]:
    lists = (value if isinstance(value, list) else (value,) for value in values if value is not None)
    return {one for ids in lists for one in ids if isinstance(one, ObjectId)}


def _alive(record_id: ObjectId) -> Document:
    return {"_id": record_id, "deleted_at": None}


def _askable(text: str) -> str:
    """Return a text as it can be asked for; one that MongoDB cannot even hold is nobody's name."""
    return text.strip().encode(errors="replace").decode()


class References:
    """Whether what a value points to exists, and what a person means by a name or number.

    Records exist for a `person` who may see them only; without one (the program itself) all of them do.
    """

    def __init__(self, person: User | None = None) -> None:
        self._known: dict[tuple[str, Any], Any] = {}
        self._seen_by = Reached(person) if person else None

    def person_exists(self, person_id: ObjectId) -> bool:
        """Tell whether there is such a person who is still active."""
        return bool(self._first("users", {"_id": person_id, "active": True}))

    def department_exists(self, department_id: ObjectId) -> bool:
        """Tell whether there is such a department in use."""
        return bool(self._first("departments", {"_id": department_id, "retired": {"$ne": True}}))

    def record_exists(self, form: str, record_id: ObjectId) -> bool:
        """Tell whether a form has such a record outside the bin."""
        known = self._known.get((collection_name(form), repr(_alive(record_id))))
        return bool(known or self._first(collection_name(form), self._seen(form, _alive(record_id))))

    def expect(self, form: str, record_id: ObjectId) -> None:
        """Take a record for granted that is stored in the same transaction."""
        self._known[collection_name(form), repr(_alive(record_id))] = record_id

    def file_info(self, file_id: ObjectId) -> Document | None:
        """Return what is known of an uploaded file: name, size, type, owner, claimed_by."""
        found = db()["files.files"].find_one({"_id": file_id})
        if found is None:
            return None
        return {"name": found["filename"], "size": found["length"], **found.get("metadata", {})}

    def find_person(self, text: str) -> ObjectId | None:
        """Return the person with a user name, e-mail or (where it is unique) name."""
        wanted = _askable(text)
        return self._first("users", {"username": wanted.lower()}) or self._only("users", {"name": wanted})

    def find_department(self, text: str) -> ObjectId | None:
        """Return the department with a code or name."""
        wanted = _askable(text)
        return self._first("departments", {"code": wanted}) or self._only(
            "departments", {"$or": [{"name.zh": wanted}, {"name.en": wanted}]}
        )

    def find_record(self, form: str, text: str) -> ObjectId | None:
        """Return the record of a form with a number or (where it is unique) title."""
        wanted = _askable(text)
        alive = {"deleted_at": None}
        collection = collection_name(form)
        if not wanted:  # what has no title is not called so
            return None
        numbered = self._only(collection, self._seen(form, {"number": wanted, **alive}))
        if numbered or (self._seen_by and not self._seen_by.knows_titles(form)):
            return numbered
        return self._only(collection, self._seen(form, {"title": wanted, **alive}))

    def _seen(self, form: str, query: Document) -> Document:
        """Return a query for records narrowed to what the person may see."""
        reached = self._seen_by.filter(form) if self._seen_by else {}
        return {"$and": [query, reached]} if reached else query

    def _first(self, collection: str, query: Document) -> ObjectId | None:
        key = (collection, repr(query))
        if key not in self._known:
            found = db()[collection].find_one(query, {"_id": 1})
            self._known[key] = found["_id"] if found else None
        known: ObjectId | None = self._known[key]
        return known

    def _only(self, collection: str, query: Document) -> ObjectId | None:
        key = (collection, f"only {query!r}")
        if key not in self._known:
            found = list(db()[collection].find(query, {"_id": 1}).limit(2))
            self._known[key] = found[0]["_id"] if len(found) == 1 else None
        known: ObjectId | None = self._known[key]
        return known
