"""Why somebody can or cannot do something with a record, told from the grounds by which it is decided."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from models import delegations, rights_words
from models.database import Document
from models.definition import Definition
from models.field_limits import FieldLimits
from models.forms import LiveForm
from models.messages import Message, _
from models.people import EVERY_FORM, Action, FieldRule, Limit, Role, Scope, User
from models.rules import record_values, system_values
from models.rules.describe import Names
from models.scopes import Ground, Reach, Scopes, joined, scopes_of
from models.times import now


@dataclass(frozen=True)
class Judged:
    """A ground, and whether it concerns the record; without a record, whether it concerns every one."""

    ground: Ground
    holds: bool


@dataclass(frozen=True)
class Part:
    """Whether one action is open, with everything for and against it."""

    action: Action
    is_open: bool
    judged: tuple[Judged, ...]

    @property
    def for_it(self) -> tuple[Judged, ...]:
        """What opens it somewhere."""
        return tuple(one for one in self.judged if not one.ground.denies)

    @property
    def against_it(self) -> tuple[Judged, ...]:
        """What denies it somewhere."""
        return tuple(one for one in self.judged if one.ground.denies)


@dataclass(frozen=True)
class Explanation:
    """Whether a person can do something with a record (or with any at all), and why.

    Whoever cannot see a record can do nothing with it, so that seeing is always a part.
    """

    person: User
    form: LiveForm
    action: Action
    record: Document | None
    parts: tuple[Part, ...]

    @property
    def answer(self) -> bool:
        """The decision: what `access.allowed` says of the record, `access.permitted` without one.

        With a record in the bin nothing can be done but take it out, as `access.fetch` has it.
        """
        kept_away = self.is_in_bin and self.action is not Action.RESTORE
        return bool(self.person.active) and not kept_away and all(part.is_open for part in self.parts)

    @property
    def is_in_bin(self) -> bool:
        """Tell whether the record was deleted."""
        return self.record is not None and self.record.get("deleted_at") is not None

    @property
    def lacks_department(self) -> bool:
        """Tell whether the record has no department, so that only a right to all records reaches it."""
        return self.record is not None and self.record.get("department") is None


def explain(person: User, form: LiveForm, action: Action, record: Document | None = None) -> Explanation:
    """Return whether a person can do something with a record of a form, or with any, and why."""
    scopes = scopes_of(person, form)
    parts = (_part(scopes, one, form, record) for one in dict.fromkeys((Action.SEE, action)))
    return Explanation(person, form, action, record, tuple(parts))


def _part(scopes: Scopes, action: Action, form: LiveForm, record: Document | None) -> Part:
    grounds = scopes.grounds(action)
    if record is None:
        judged = tuple(Judged(ground, ground.is_wide or _is_total(ground)) for ground in grounds)
        given = any(ground.role is not None and not ground.denies for ground in grounds)
        return Part(action, given and not any(_is_total(ground) for ground in grounds), judged)
    values = record_values(record, form.definition)
    judged = tuple(Judged(ground, ground.node.holds(values)) for ground in grounds)
    return Part(action, Reach(form, joined(grounds)).holds(record), judged)


def _is_total(ground: Ground) -> bool:
    return ground.denies and ground.grant is not None and ground.grant.scope == Scope.ALL


# -- in words ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Teller:
    """Tells grounds in one language."""

    definition: Definition
    language: str
    names: Names | None = None

    def ground(self, ground: Ground) -> Message:
        """Return a ground as a sentence."""
        if ground.role is None:
            return _("The record was shared with this person, or they or somebody they act for were asked.")
        role = rights_words.called(ground.role, self.language)
        if ground.grant is None:
            return _("The role “%(role)s” may do everything.", role=role)
        values = {"role": role, "reach": self._reach(ground)}
        if ground.denies:
            return _("The role “%(role)s” denies it: %(reach)s.", **values)
        return _("The role “%(role)s” opens it: %(reach)s.", **values)

    def _reach(self, ground: Ground) -> Message | str:
        if ground.grant is None:
            return ""
        reach = rights_words.reach(ground.grant, self.definition, self.language, self.names)
        return _("on every form, %(reach)s", reach=reach) if ground.grant.form == EVERY_FORM else reach


# -- fields ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Closed:
    """A field that is closed to a person on a record, and by which rules of which roles."""

    field: str
    limit: Limit
    sources: tuple[tuple[Role, FieldRule], ...]


def closed_fields(person: User, form: LiveForm, record: Document) -> list[Closed]:
    """Return which fields of a record are closed to a person, in the order of the form."""
    limits: Mapping[str, Limit] = FieldLimits(person, form).of(record)
    state = system_values(record, form.definition)["@state"]
    return [
        Closed(field.key, limits[field.key], tuple(_sources(person.held_roles, form.key, field.key, state)))
        for field in form.definition.value_fields
        if field.key in limits
    ]


def _sources(
    roles: Iterable[Role],
    form: str,
    field: str,
    state: Any,  # noqa: ANN401  (stored)
) -> Iterable[tuple[Role, FieldRule]]:
    for role in roles:
        for rule in role.field_rules:
            if rule.concerns(form) and rule.closes(field) and rule.holds_in(state):
                yield role, rule


def acts_for(person: User, form: str) -> list[ObjectId]:
    """Return for whom a person acts now on a form."""
    return delegations.acting_for(person.id, now(), form)
