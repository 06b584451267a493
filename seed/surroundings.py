"""What a pack may refer to: itself, the packs that it builds on, and what is installed already."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self

from mongoengine.connection import ConnectionFailure

from models.database import db
from models.definition import Definition
from models.mentions import Mention
from models.messages import Message, _
from models.problems import Problem
from models.reports.checks import in_force


@dataclass(frozen=True)
class Surroundings:
    """Names that are known, each kind apart; `fields` by form. `connected`: whether a database was asked.

    `brought` are the forms of packs, which take the place of what is configured under their keys.
    """

    roles: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    calendars: frozenset[str] = frozenset()
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    connected: bool = False
    brought: Mapping[str, Definition] = field(default_factory=dict)

    def definition(self, form: str) -> Definition | None:
        """Return a form as it will be; None where nobody knows it."""
        return self.brought.get(form) or (in_force(form) if self.connected else None)

    def with_pack(
        self, roles: Iterable[str], departments: Iterable[str], forms: Iterable[Definition]
    ) -> "Surroundings":
        """Return the same with what a pack brings; its forms take the place of installed ones."""
        brought = {form.key: form for form in forms}
        fields = {key: frozenset(form.by_key) for key, form in brought.items()}
        return Surroundings(
            self.roles | frozenset(roles),
            self.departments | frozenset(departments),
            self.people,
            self.calendars,
            {**self.fields, **fields},
            self.connected,
            {**self.brought, **brought},
        )

    @classmethod
    def installed(cls) -> Self:
        """Return what the database holds; nothing where there is no database, as for `pack check` alone."""
        try:
            database = db()
        except ConnectionFailure:
            return cls()
        forms = {
            form["_id"]: frozenset(path for path in form["field_types"] if "/" not in path)
            for form in database.forms.find({"version": {"$gt": 0}}, {"field_types": 1})
        }
        return cls(
            roles=frozenset(database.roles.distinct("name")),
            departments=frozenset(database.departments.distinct("code")),
            people=frozenset(database.users.distinct("username")),
            calendars=frozenset(database.calendars.distinct("_id")),
            fields=forms,
            connected=True,
        )

    def problem(self, mention: Mention) -> Problem | None:
        """Return what is wrong with a name that a procedure uses; None where it is known."""
        known = self._names(mention)
        if known is None or mention.name in known:
            return None
        return Problem(mention.path, _UNKNOWN[mention.kind](mention))

    def _names(self, mention: Mention) -> frozenset[str] | None:
        """Return what is known of a kind; None where nobody can say, because people come with no pack."""
        if mention.kind == "field":
            return self.fields.get(mention.form)  # a form that is missing is a problem of its own
        named = {"role": self.roles, "department": self.departments, "form": frozenset(self.fields)}
        if self.connected:
            named |= {"person": self.people, "calendar": self.calendars}
        return named.get(mention.kind)


_UNKNOWN: Mapping[str, Callable[[Mention], Message]] = MappingProxyType(
    {
        "role": lambda one: _("There is no role “%(role)s”.", role=one.name),
        "department": lambda one: _("There is no department “%(code)s”.", code=one.name),
        "form": lambda one: _("There is no form “%(form)s”.", form=one.name),
        "field": lambda one: _(
            "The form “%(form)s” has no field “%(field)s”.", form=one.form, field=one.name
        ),
        "person": lambda one: _("There is nobody called “%(name)s”.", name=one.name),
        "calendar": lambda one: _("There is no calendar “%(key)s”.", key=one.name),
    }
)
