"""Which fields of a record are closed to a person, and how far: by role and state.

A field is as open as in the mildest of the roles through which the person sees the record; what a `deny`
closes stays closed whatever other roles open.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Final

from models.definition import Definition
from models.forms import LiveForm
from models.people import EVERY_FIELD, Action, FieldRule, Limit, Role, User
from models.rules import fields_used, find_source, system_values
from models.scopes import scopes_of

RANK: Final = {None: 0, Limit.READ_ONLY: 1, Limit.MASKED: 2, Limit.HIDDEN: 3}
_WITHHOLDING: Final = frozenset({Limit.MASKED, Limit.HIDDEN})
MASK: Final = "••••••"
"""What stands for the value of a masked field; it tells nothing, not even its length."""

Limits = Mapping[str, Limit]
_OPEN: Limits = {}


def limit_of(limits: Limits, key: str) -> Limit | None:
    """Return the limit of a field; one that only earlier versions of the form had is closed with `*`."""
    return limits.get(key, limits.get(EVERY_FIELD))


def withholds(limits: Limits, key: str) -> bool:
    """Tell whether the value of a field is kept from who reads: masked or hidden."""
    return limit_of(limits, key) in _WITHHOLDING


class FieldLimits:
    """What one person may see and write of the fields of one form."""

    def __init__(self, person: User | None, form: LiveForm) -> None:
        """Begin; `None` is the system, to which nothing is closed."""
        self.form = form
        self._scopes = scopes_of(person, form) if person else None
        roles = self._scopes.roles if self._scopes else []
        self._rules = {role.id: _rules_on(role, form.key) for role in roles}
        self._is_open = not any(self._rules.values())
        self._by_state: dict[tuple[object, ...], Limits] = {}

    @cached_property
    def unasked(self) -> frozenset[str]:
        """The fields by which the person may not filter, sort or search: masked or hidden somewhere."""
        found = self._in_every_state(self._ways)
        closed = {key for limits in found for key, limit in limits.items() if limit in _WITHHOLDING}
        return frozenset(closed - {EVERY_FIELD})

    @cached_property
    def absent(self) -> frozenset[str]:
        """The fields that are hidden on every record that the person sees, in whatever state."""
        found = self._in_every_state([[role] for role in self._seeing])
        each = [{key for key, limit in limits.items() if limit == Limit.HIDDEN} for limits in found]
        return frozenset(set.intersection(*each) - {EVERY_FIELD}) if each else frozenset()

    @cached_property
    def masked(self) -> frozenset[str]:
        """The fields that are masked on some record that the person sees."""
        found = self._in_every_state([[role] for role in self._seeing])
        closed = {key for limits in found for key, limit in limits.items() if limit == Limit.MASKED}
        return frozenset(closed - {EVERY_FIELD})

    def _in_every_state(self, ways: Iterable[list[Role]]) -> list[Limits]:
        """Return the limits in each state for people who see a record through some roles."""
        workflow = self.form.definition.workflow
        states = [state.key for state in workflow.states] if workflow else [None]
        return [] if self._is_open else [self._limits(roles, state) for roles in ways for state in states]

    def strictest_in(self, state: object) -> Limits:
        """Return the strictest limit of each field on any record in a state that the person sees."""
        if self._is_open:
            return _OPEN
        return _strictest(self._limits(roles, state) for roles in self._ways)

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """The paths of a record that `of` asks about, to be read along with what a list shows."""
        if self._is_open or self._scopes is None:
            return ()
        used = {
            name for role in self._scopes.roles for grant in role.grants for name in fields_used(grant.rule)
        }
        sources = [find_source(name, self.form.definition) for name in used]
        system = ("state", "owner", "department", "assignees", "invited")
        paths = {f"data.{one.table.key}" if one.table else one.path for one in sources if one}
        return tuple(sorted({*system, *paths}))

    def of(self, record: Mapping[str, Any]) -> Limits:
        """Return the limits of the fields of a record; what is missing is open."""
        if self._is_open or self._scopes is None:
            return _OPEN
        through = [role for role in self._seeing if self._reaches(role, record)]
        return self._limits(through or self._seeing, system_values(record, self.form.definition)["@state"])

    def of_new(self) -> Limits:
        """Return the limits of the fields of a record that the person is about to create."""
        if self._is_open or self._scopes is None:
            return _OPEN
        workflow = self.form.definition.workflow
        creating = [role for role in self._scopes.roles if role.allows(self.form.key, Action.CREATE)]
        return self._limits(creating, workflow.initial if workflow else None)

    @cached_property
    def _seeing(self) -> list[Role]:
        roles = self._scopes.roles if self._scopes else []
        return [role for role in roles if role.allows(self.form.key, Action.SEE)]

    @cached_property
    def _ways(self) -> list[list[Role]]:
        """The roles through which the person sees a record at the least: all wide ones, or else any one."""
        wide = [role for role in self._seeing if role.opens_every(self.form.key, Action.SEE)]
        return [wide] if wide else [[role] for role in self._seeing]

    def _reaches(self, role: Role, record: Mapping[str, Any]) -> bool:
        return self._scopes is not None and self._scopes.of_role(role, Action.SEE).holds(dict(record))

    def _limits(self, through: Iterable[Role], state: object) -> Limits:
        roles = list(through)
        key = (state, *(role.id for role in roles))
        if key not in self._by_state:
            self._by_state[key] = self._merged(roles, state)
        return self._by_state[key]

    def _merged(self, roles: list[Role], state: object) -> Limits:
        """Return the mildest limit of each field among roles, and what is denied over it."""
        definition = self.form.definition
        each = [_closed_by(self._rules[role.id], state, definition) for role in roles]
        shared = set(each[0]).intersection(*each[1:]) if each else set()
        found = {key: min((limits[key] for limits in each), key=RANK.__getitem__) for key in shared}
        denied = [rule for rules in self._rules.values() for rule in rules if rule.deny]
        return _strictest([found, _closed_by(denied, state, definition)])


def _rules_on(role: Role, form: str) -> list[FieldRule]:
    return [
        rule for rule in role.field_rules if rule.concerns(form) and (rule.deny or not role.administrator)
    ]


def fields_of(rule: FieldRule, definition: Definition) -> list[str]:
    """Return the fields a rule closes, also those that only earlier versions of the form had."""
    every = definition.value_fields if EVERY_FIELD in rule.fields else ()
    return [*(field.key for field in every), *rule.fields]


def _closed_by(rules: Iterable[FieldRule], state: object, definition: Definition) -> Limits:
    """Return what rules close in a state."""
    return _strictest(
        dict.fromkeys(fields_of(rule, definition), Limit(rule.limit))
        for rule in rules
        if rule.holds_in(state)
    )


def _strictest(every: Iterable[Limits]) -> Limits:
    """Return the strictest limit of each field."""
    found: dict[str, Limit] = {}
    for limits in every:
        for key, limit in limits.items():
            found[key] = max(limit, found.get(key, limit), key=RANK.__getitem__)
    return found
