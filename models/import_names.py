"""Whom and what a file means by the names in it: as they are called here, or as a person said."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from bson import ObjectId
from typing_extensions import override

from models.import_plan import Meant
from models.lookups import References
from models.people import User

PERSON: Final = "person"
DEPARTMENT: Final = "department"
MAX_NAME: Final = 200

Missed = Counter[tuple[str, str]]
"""How often a name, of a kind as `Meant` has it, stood for nothing, or for more than one thing."""


class Names(References):
    """Names of a file; those that nobody answers to are counted in `missed`.

    What a person says they mean must be there for them like anything that they choose.
    """

    def __init__(self, person: User | None, meant: Iterable[Meant], missed: Missed) -> None:
        super().__init__(person)
        self._meant = {(one.kind, one.name): one.id for one in meant}
        self._missed = missed

    @override
    def find_person(self, text: str) -> ObjectId | None:
        told = self._told(PERSON, text)
        if told and self.person_exists(told):
            return told
        return self._count(PERSON, text, super().find_person(text))

    @override
    def find_department(self, text: str) -> ObjectId | None:
        told = self._told(DEPARTMENT, text)
        if told and self.department_exists(told):
            return told
        return self._count(DEPARTMENT, text, super().find_department(text))

    @override
    def find_record(self, form: str, text: str) -> ObjectId | None:
        told = self._told(form, text)
        if told and self.record_exists(form, told):
            return told
        return self._count(form, text, super().find_record(form, text))

    def _told(self, kind: str, text: str) -> ObjectId | None:
        return self._meant.get((kind, text.strip()[:MAX_NAME]))

    def _count(self, kind: str, text: str, found: ObjectId | None) -> ObjectId | None:
        if found is None and text.strip():
            self._missed[kind, text.strip()[:MAX_NAME]] += 1
        return found
