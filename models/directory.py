"""People and departments, looked up once for a batch of records, and who steps in for somebody who left."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property

from bson import ObjectId

from models.database import Document, db
from models.people import Action, Role

_PERSON = {"username": 1, "name": 1, "active": 1, "department": 1, "roles": 1, "successor": 1}
_DEPARTMENT = {"code": 1, "name": 1, "parent": 1, "head": 1, "deputies": 1, "merged_into": 1}


class Directory:
    """What is known of people and departments; every question is asked the database once."""

    def __init__(self) -> None:
        self._people: dict[ObjectId, Document | None] = {}
        self._usernames: dict[str, ObjectId | None] = {}
        self._holders: dict[str, list[ObjectId]] = {}
        self._wide: dict[str, frozenset[ObjectId]] = {}
        self._members: dict[ObjectId, list[ObjectId]] = {}

    # -- departments ----------------------------------------------------------------------------------

    @cached_property
    def departments(self) -> Mapping[ObjectId, Document]:
        """Every department by its id, retired ones too: records may still name them."""
        return {found["_id"]: found for found in db().departments.find({}, _DEPARTMENT)}

    @cached_property
    def by_code(self) -> Mapping[str, ObjectId]:
        """Every department's id by its code; the code of one that was merged means the one it is part of."""
        return {found["code"]: self.standing(key) for key, found in self.departments.items()}

    def standing(self, department: ObjectId) -> ObjectId:
        """Return a department, or the one into which it was merged; a circle ends where it began."""
        seen: set[ObjectId] = set()
        while department not in seen and (into := self.departments.get(department, {}).get("merged_into")):
            seen.add(department)
            department = into
        return department

    def with_merged(self, department: ObjectId) -> list[ObjectId]:
        """Return a department and those merged into it: records may still bear their names."""
        now = self.standing(department)
        merged = (key for key, found in self.departments.items() if found.get("merged_into"))
        return [now, *(key for key in merged if self.standing(key) == now)]

    @cached_property
    def _children(self) -> Mapping[ObjectId, list[ObjectId]]:
        found: dict[ObjectId, list[ObjectId]] = {}
        for key, department in self.departments.items():
            if department.get("parent"):
                found.setdefault(department["parent"], []).append(key)
        return found

    def upwards(self, department: ObjectId | None) -> Iterator[Document]:
        """Yield a department and what it is part of, from below; a circle ends where it began.

        In the place of one that was merged stands the one into which it was.
        """
        seen: set[ObjectId] = set()
        department = self.standing(department) if department else None
        while department and department not in seen and department in self.departments:
            seen.add(department)
            yield self.departments[department]
            department = self.departments[department].get("parent")

    def below(self, department: ObjectId) -> list[ObjectId]:
        """Return a department and everything under it, from above, with what was merged into them.

        One that was merged lies under the department into which it was (see `models.reorganising`).
        """
        department = self.standing(department)
        found = {department: None}
        newest = [department]
        while newest:
            newest = [child for one in newest for child in self._children.get(one, ()) if child not in found]
            found.update(dict.fromkeys(newest))
        return list(found)

    def led_by(self, person: ObjectId) -> list[ObjectId]:
        """Return the departments of which a person is head or deputy, with everything under them."""
        led = [
            key
            for key, department in self.departments.items()
            if person == department.get("head") or person in (department.get("deputies") or ())
        ]
        return list(dict.fromkeys(one for key in led for one in self.below(key)))

    # -- people ---------------------------------------------------------------------------------------

    def know(self, ids: Iterable[ObjectId]) -> None:
        """Fetch people who will be asked for, in one go."""
        unknown = [one for one in set(ids) if one not in self._people]
        if unknown:
            self._people.update(dict.fromkeys(unknown))
            self._remember(db().users.find({"_id": {"$in": unknown}}, _PERSON))

    def _remember(self, found: Iterable[Document]) -> list[ObjectId]:
        kept = {person["_id"]: person for person in found}
        self._people.update(kept)
        return list(kept)

    def person(self, person: ObjectId) -> Document | None:
        """Return what is known of a person: `username`, `name`, `active`, `department`, `roles`."""
        self.know([person])
        return self._people[person]

    def name(self, person: ObjectId | None) -> str:
        """Return what a person is called."""
        found = self.person(person) if person else None
        return str(found.get("name") or found["username"]) if found else "—"

    def is_active(self, person: ObjectId) -> bool:
        """Tell whether somebody still works here."""
        found = self.person(person)
        return bool(found and found.get("active", True))

    def department_of(self, person: ObjectId) -> ObjectId | None:
        """Return the department somebody belongs or belonged to."""
        found = self.person(person)
        return found.get("department") if found else None

    def called(self, username: str) -> ObjectId | None:
        """Return the person with a user name, active or not."""
        wanted = username.lower()
        if wanted not in self._usernames:
            self._usernames[wanted] = next(
                iter(self._remember(db().users.find({"username": wanted}, _PERSON))), None
            )
        return self._usernames[wanted]

    def holders(self, role: str) -> list[ObjectId]:
        """Return the active holders of a role, by user name."""
        if role not in self._holders:
            found = db().roles.find_one({"name": role}, {"_id": 1})
            self._holders[role] = self._active({"roles": found["_id"]}) if found else []
        return self._holders[role]

    def wide_roles(self, form: str) -> frozenset[ObjectId]:
        """Return the roles whose holders see every record of a form."""
        if form not in self._wide:
            self._wide[form] = frozenset(one.id for one in self._roles if one.opens_every(form, Action.SEE))
        return self._wide[form]

    @cached_property
    def _roles(self) -> list[Role]:
        return list(Role.objects.only("administrator", "grants"))

    def members(self, department: ObjectId) -> list[ObjectId]:
        """Return the active people of a department and of everything under it, by user name."""
        if department not in self._members:
            self._members[department] = self._active({"department": {"$in": self.below(department)}})
        return self._members[department]

    @cached_property
    def administrators(self) -> list[ObjectId]:
        """Everybody active who may do everything, by user name."""
        roles = [role["_id"] for role in db().roles.find({"administrator": True}, {"_id": 1})]
        return self._active({"roles": {"$in": roles}})

    @cached_property
    def everybody(self) -> list[ObjectId]:
        """Everybody active, by user name."""
        return self._active({})

    def _active(self, query: Document) -> list[ObjectId]:
        return self._remember(db().users.find({**query, "active": True}, _PERSON).sort("username", 1))

    # -- who steps in ---------------------------------------------------------------------------------

    def head(self, department: ObjectId) -> ObjectId | None:
        """Return who leads a department: its head, else its first active deputy, else who leads above it."""
        return self._first(department, deputies_first=False, but=None)

    def substitute(self, person: ObjectId) -> ObjectId | None:
        """Return who acts for somebody who left: their successor, a deputy, the head, or who leads above."""
        named = self._successor(person)
        return named or self._first(self.department_of(person), deputies_first=True, but=person)

    def _successor(self, person: ObjectId) -> ObjectId | None:
        """Return the successor of somebody who left, or the successor's where that one left too."""
        seen = {person}
        found = (self.person(person) or {}).get("successor")
        while found and found not in seen and not self.is_active(found):
            seen.add(found)
            found = (self.person(found) or {}).get("successor")
        return ObjectId(found) if found and found not in seen else None

    def superior(self, person: ObjectId) -> ObjectId | None:
        """Return who decides about somebody's own work: who leads their department, or one above it.

        Deputies do so for members, but not for the head whom they serve, nor for each other.
        """
        for found in self.upwards(self.department_of(person)):
            deputies = list(found.get("deputies") or ())
            leads = person == found.get("head") or person in deputies
            for one in [found.get("head"), *(() if leads else deputies)]:
                if one and one != person and self.is_active(one):
                    return ObjectId(one)
        return None

    def _first(
        self, department: ObjectId | None, *, deputies_first: bool, but: ObjectId | None
    ) -> ObjectId | None:
        for turn, found in enumerate(self.upwards(department)):
            head = [found["head"]] if found.get("head") else []
            deputies = list(found.get("deputies") or ())
            asked = [*deputies, *head] if deputies_first and turn == 0 else [*head, *deputies]
            for one in asked:
                if one != but and self.is_active(one):
                    return one
        return None


_current: ContextVar[Directory | None] = ContextVar("directory", default=None)


@contextmanager
def batch() -> Iterator[Directory]:
    """Share one directory among everything that is asked inside; an inner batch belongs to the outer one."""
    shared = _current.get()
    if shared is not None:
        yield shared
        return
    token = _current.set(Directory())
    try:
        yield current()
    finally:
        _current.reset(token)


def current() -> Directory:
    """Return the batch's directory, or a fresh one."""
    return _current.get() or Directory()
