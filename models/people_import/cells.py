"""One row of a table of people becomes an account as it would be stored."""

import re
from collections.abc import Callable, Mapping
from functools import cached_property

from mongoengine import Q

from models.errors import ValueProblem
from models.fields.reading import cell_text
from models.import_drafts import cell_of
from models.messages import LANGUAGES, _
from models.people import USERNAME_PATTERN, Department, Role, User
from models.spreadsheets.table import CellError, Row

_SEPARATORS = re.compile(r"[,;、，；|\n]+")
_YES = frozenset({"yes", "y", "true", "1", "on", "x", "是", "启用", "可以", "√"})
_NO = frozenset({"no", "n", "false", "0", "off", "否", "停用", "不可以"})
_WORDS = {
    "zh": "zh", "中文": "zh", "chinese": "zh", "简体中文": "zh", "汉语": "zh", "zh-cn": "zh",
    "en": "en", "english": "en", "英文": "en", "英语": "en", "en-us": "en",
}  # fmt: skip


class Surroundings:
    """The departments and roles that a table may name; looked up once."""

    @cached_property
    def departments(self) -> Mapping[str, list[Department]]:
        """Departments by code and name, small letters."""
        found: dict[str, list[Department]] = {}
        for one in Department.objects:
            for name in {
                one.code.casefold(),
                *(one.name.text(language).casefold() for language in LANGUAGES),
            }:
                found.setdefault(name, []).append(one)
        return found

    @cached_property
    def roles(self) -> Mapping[str, list[Role]]:
        """Roles by key and label, small letters."""
        found: dict[str, list[Role]] = {}
        for one in Role.objects:
            for name in {
                one.name.casefold(),
                *(one.label.text(language).casefold() for language in LANGUAGES),
            }:
                found.setdefault(name, []).append(one)
        return found

    def department(self, text: str) -> Department:
        """Return the department that a cell means. Raises ValueProblem."""
        found = self.departments.get(text.casefold(), [])
        exact = [one for one in found if one.code.casefold() == text.casefold()] or found
        if not exact:
            raise ValueProblem(_("There is no department “%(name)s”.", name=text))
        if len(exact) > 1:
            raise ValueProblem(_("Several departments are called “%(name)s”. Write the code.", name=text))
        if exact[0].retired:
            raise ValueProblem(_("This department is no longer in use."))
        return exact[0]

    def role(self, text: str) -> Role:
        """Return the role that a part of a cell means. Raises ValueProblem."""
        found = self.roles.get(text.casefold(), [])
        exact = [one for one in found if one.name == text.casefold()] or found
        if not exact:
            raise ValueProblem(_("There is no role “%(name)s”.", name=text))
        if len(exact) > 1:
            raise ValueProblem(_("Several roles are called “%(name)s”. Write the key.", name=text))
        return exact[0]


def text_of(row: Row, index: int) -> str:
    """Return a cell as one line of text. Raises ValueProblem."""
    cell = cell_of(row, index)
    if isinstance(cell, CellError):
        raise ValueProblem(_("This cell shows an error instead of a value."))
    text = " ".join(str(cell_text(cell) or "").split()) if cell is not None else ""
    if not text.isprintable():
        raise ValueProblem(_("The text contains characters that cannot be stored."))
    return text


def fill(user: User, key: str, text: str, around: Surroundings) -> None:
    """Put what a cell says into an account; an empty cell leaves it as it is. Raises ValueProblem."""
    if not text and key == "username":
        raise ValueProblem(_("This is needed."))
    if text:
        _FILLERS[key](user, text, around)


def _line(key: str, longest: int) -> Callable[[User, str, Surroundings], None]:
    def put(user: User, text: str, _around: Surroundings) -> None:
        if len(text) > longest:
            raise ValueProblem(_("At most %(max)s characters.", max=longest))
        setattr(user, key, text)

    return put


def _username(user: User, text: str, _around: Surroundings) -> None:
    if not re.fullmatch(USERNAME_PATTERN, text.lower()):
        raise ValueProblem(_("Use 2 to 40 small letters, digits, dots, dashes and underscores."))
    user.username = text.lower()


def _department(user: User, text: str, around: Surroundings) -> None:
    user.department = around.department(text)


def _roles(user: User, text: str, around: Surroundings) -> None:
    parts = [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
    found = {role.id: role for role in map(around.role, parts)}
    user.roles = list(found.values())


def _language(user: User, text: str, _around: Surroundings) -> None:
    if text.casefold() not in _WORDS:
        raise ValueProblem(_("Write zh or en."))
    user.language = _WORDS[text.casefold()]


def _active(user: User, text: str, _around: Surroundings) -> None:
    if text.casefold() not in _YES | _NO:
        raise ValueProblem(_("Write yes or no."))
    user.active = text.casefold() in _YES


_FILLERS: Mapping[str, Callable[[User, str, Surroundings], None]] = {
    "username": _username,
    "name": _line("name", 80),
    "email": _line("email", 254),
    "phone": _line("phone", 40),
    "department": _department,
    "roles": _roles,
    "language": _language,
    "timezone": _line("timezone", 60),
    "active": _active,
}


def known(usernames: set[str], emails: set[str]) -> list[User]:
    """Return the stored accounts with one of some user names or addresses."""
    return list(User.objects(Q(username__in=list(usernames)) | Q(email__in=list(emails))).select_related())
