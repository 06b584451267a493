"""The rights of everybody as an Excel workbook, for those who look through them once in a while."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId

from models import access_review, rights_words
from models.access_review import Asked, Line
from models.definition import Definition
from models.messages import Message, _, translate
from models.people import EVERY_FORM, Grant, Role, User
from models.role_checks import NO_FIELDS, definition_of
from models.spreadsheets.columns import Column, Kind
from models.spreadsheets.workbook import About, Book
from models.times import now

Heads = tuple[tuple[Message, Kind], ...]
Row = tuple[Any, ...]
_PERSON: Heads = (
    (_("Name"), "text"),
    (_("User name"), "text"),
    (_("Department"), "text"),
    (_("Can sign in"), "boolean"),
    (_("Second factor"), "boolean"),
    (_("Last sign-in"), "datetime"),
)
_RIGHT: Heads = (
    (_("Form"), "text"),
    (_("Effect"), "text"),
    (_("Which records"), "text"),
    (_("Actions"), "text"),
)


class Words:
    """What a review is told in: one language, with the names of forms looked up once."""

    def __init__(self, language: str) -> None:
        """Begin in a language."""
        self.language = language
        self._definitions: dict[str, Definition | None] = {}

    def say(self, message: Message | str) -> str:
        """Return a text in the language."""
        return translate(message, self.language)

    def definition(self, form: str) -> Definition:
        """Return what rules of a form name; nothing for one that is gone."""
        if form not in self._definitions:
            self._definitions[form] = definition_of(form)
        return self._definitions[form] or NO_FIELDS

    def form(self, form: str) -> str:
        """Return what a form is called."""
        if form == EVERY_FORM:
            return self.say(_("Every form"))
        found = self.definition(form)
        return form if found is NO_FIELDS else found.label.text(self.language) or form

    def right(self, role: Role | None, grant: Grant | None) -> Row:
        """Return form, effect, scope and actions of a grant; of a role without one what it means."""
        if grant is None:
            everything = (_("Every form"), _("Allow"), _("All records"), _("Everything"))
            return tuple(map(self.say, everything if role and role.administrator else ("", "", "", "")))
        reach = rights_words.reach(grant, self.definition(str(grant.form)), self.language)
        effect = self.say(_("Deny") if grant.deny else _("Allow"))
        return self.form(str(grant.form)), effect, reach, rights_words.actions(grant.actions, self.language)

    def role(self, role: Role | None) -> str:
        """Return what a role is called."""
        return rights_words.called(role, self.language) if role else ""


def write(path: Path, person: User, asked: Asked, language: str, timezone: ZoneInfo) -> None:
    """Write the workbook: people, roles, rights, field rules and system permissions, a sheet each."""
    words = Words(language)
    title = words.say(_("Access review"))
    created = now().astimezone(timezone).replace(tzinfo=None)
    with Book(path, About(title, str(person), created, language, timezone)) as book:
        for name, heads, rows in _SHEETS:
            columns = [Column(str(at), words.say(head), kind) for at, (head, kind) in enumerate(heads)]
            book.sheet(words.say(name), columns).write(rows(asked, words))


def _people(asked: Asked, words: Words) -> Iterator[Row]:
    found = access_review.people(asked)
    proven = access_review.with_factors(found)
    for person in found:
        yield (*_about(person, proven, words), ", ".join(words.role(role) for role in person.held_roles))


def _about(person: User, proven: set[ObjectId], words: Words) -> Row:
    department = person.department.name.text(words.language) if person.department else None
    state = (bool(person.active), person.id in proven)
    return str(person.name), str(person.username), department, *state, person.current_login_at


def _rights(asked: Asked, words: Words) -> Iterator[Row]:
    lines = list(access_review.lines(asked))
    proven = access_review.with_factors(line.person for line in lines)
    told: Callable[[Line], Row] = lambda line: words.right(line.role, line.grant)  # noqa: E731
    for line in lines:
        yield (*_about(line.person, proven, words), words.role(line.role), *told(line))


def _roles(asked: Asked, words: Words) -> Iterator[Row]:
    for role in access_review.roles(asked):
        base = (words.role(role), str(role.name), bool(role.demands_factor))
        grants = [one for one in role.grants if not asked.form or one.form in {asked.form, EVERY_FORM}]
        for grant in grants or [None]:
            yield (*base, *words.right(role, grant))


def _field_rules(asked: Asked, words: Words) -> Iterator[Row]:
    for role in access_review.roles(asked):
        for rule in role.field_rules:
            if not asked.form or rule.concerns(asked.form):
                definition = words.definition(str(rule.form))
                yield (
                    words.role(role),
                    words.form(str(rule.form)),
                    rights_words.field_names(rule, definition, words.language),
                    words.say(rights_words.limit(str(rule.limit))),
                    rights_words.state_names(rule.states, definition, words.language),
                    bool(rule.deny),
                )


def _permissions(asked: Asked, words: Words) -> Iterator[Row]:
    holders: Mapping[ObjectId, list[str]] = _holders(asked)
    for role in access_review.roles(Asked(role=asked.role)):
        named = [rights_words.permission(one) for one in role.permissions]
        if role.administrator:
            named.insert(0, _("Administrator: everything"))
        for one in named:
            yield words.role(role), words.say(one), ", ".join(holders.get(role.id, ()))


def _holders(asked: Asked) -> dict[ObjectId, list[str]]:
    found: dict[ObjectId, list[str]] = {}
    for person in access_review.people(asked):
        for role in person.held_roles if person.active else ():
            found.setdefault(role.id, []).append(str(person))
    return found


_SHEETS: tuple[tuple[Message, Heads, Callable[[Asked, Words], Iterator[Row]]], ...] = (
    (_("People"), (*_PERSON, (_("Roles"), "text")), _people),
    (
        _("Roles"),
        ((_("Role"), "text"), (_("Key"), "text"), (_("Second factor needed"), "boolean"), *_RIGHT),
        _roles,
    ),
    (_("Rights"), (*_PERSON, (_("Role"), "text"), *_RIGHT), _rights),
    (
        _("Field rules"),
        (
            (_("Role"), "text"),
            (_("Form"), "text"),
            (_("Fields"), "long_text"),
            (_("How they are closed"), "text"),
            (_("States"), "text"),
            (_("Whatever other roles open"), "boolean"),
        ),
        _field_rules,
    ),
    (
        _("System permissions"),
        ((_("Role"), "text"), (_("System permission"), "text"), (_("People"), "long_text")),
        _permissions,
    ),
)
