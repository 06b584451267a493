"""What field types need from the rest of the program, as shapes: names, existence, posted inputs."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from bson import ObjectId


class References(Protocol):
    """Whether what a value points to exists, and what a person means by a name or number.

    The `find_…` ones return None where nothing, or more than one thing, answers to the text.
    """

    def person_exists(self, person_id: ObjectId, /) -> bool:
        """Tell whether there is such a person who can be chosen."""
        ...

    def department_exists(self, department_id: ObjectId, /) -> bool:
        """Tell whether there is such a department in use."""
        ...

    def record_exists(self, form: str, record_id: ObjectId, /) -> bool:
        """Tell whether a form has such a record outside the bin."""
        ...

    def file_info(self, file_id: ObjectId, /) -> Mapping[str, Any] | None:
        """Return name, size in bytes, type, owner and claimed_by of an uploaded file."""
        ...

    def find_person(self, text: str, /) -> ObjectId | None:
        """Return the one person with a user name or name."""
        ...

    def find_department(self, text: str, /) -> ObjectId | None:
        """Return the one department with a code or name."""
        ...

    def find_record(self, form: str, text: str, /) -> ObjectId | None:
        """Return the one record of a form with a number or title."""
        ...


class NoReferences:
    """Nothing exists: for checking definitions, where no database is at hand."""

    def person_exists(self, _person_id: ObjectId, /) -> bool:
        """Return False."""
        return False

    def department_exists(self, _department_id: ObjectId, /) -> bool:
        """Return False."""
        return False

    def record_exists(self, _form: str, _record_id: ObjectId, /) -> bool:
        """Return False."""
        return False

    def file_info(self, _file_id: ObjectId, /) -> Mapping[str, Any] | None:
        """Return None."""
        return None

    def find_person(self, _text: str, /) -> ObjectId | None:
        """Return None."""
        return None

    def find_department(self, _text: str, /) -> ObjectId | None:
        """Return None."""
        return None

    def find_record(self, _form: str, _text: str, /) -> ObjectId | None:
        """Return None."""
        return None


class Lookup(Protocol):
    """Names behind ids, in one language. An id nobody knows gives a dash, never an error."""

    language: str
    timezone: ZoneInfo

    def person(self, person_id: ObjectId | None, /) -> str:
        """Return a person's name."""
        ...

    def department(self, department_id: ObjectId | None, /) -> str:
        """Return a department's name."""
        ...

    def record(self, form: str, record_id: ObjectId | None, /) -> str:
        """Return what a record of a form is called."""
        ...


class FormData(Protocol):
    """A posted form, such as Werkzeug's MultiDict."""

    def getlist(self, key: str, /) -> list[str]:
        """Return every value posted under a name."""
        ...

    def __iter__(self) -> Iterator[str]:
        """Run through the names."""
        ...
