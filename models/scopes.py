"""Which records of a form a person's roles reach, as one plan that MongoDB and Python read alike.

Roles add up; what any of them denies is denied. Whatever does not reach everything never reaches a record
without a department. A scope whose rule no longer fits the form gives nothing, and denies everything.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

from bson import ObjectId

from models import delegations, directory
from models.database import Document
from models.errors import InvalidError
from models.forms import LiveForm
from models.people import Action, Actor, Grant, Role, Scope, User
from models.rules import SYSTEM, RuleContext, Source, compile_rule, record_values
from models.rules.mongo import to_mongo
from models.rules.plan import Among, Condition, Either, Every, Inverse, Node, Present

EVERYTHING: Node = Every(())
NOTHING: Node = Either(())
TO_INVITED = frozenset({Action.APPROVE, Action.COMMENT, Action.SEE, Action.TRANSITION})
"""What a person may do with a record they were invited to, where a role opens it on any record at all."""


@dataclass(frozen=True)
class Reach:
    """The records of a form that something is open for."""

    form: LiveForm
    node: Node

    @property
    def is_everything(self) -> bool:
        """Tell whether no record is left out."""
        return self.node == EVERYTHING

    @property
    def departments(self) -> "Departments | None":
        """The departments whose records they are, where besides these only invitations count."""
        if not isinstance(self.node, Every) or len(self.node.parts) != 2:  # noqa: PLR2004  (present, reached)
            return None
        reached = self.node.parts[1]
        found: dict[str, list[ObjectId]] = {"@department": [], "@invited": []}
        for one in reached.parts if isinstance(reached, Either) else (reached,):
            if not (isinstance(one, Condition) and isinstance(one.check, Among) and one.source.name in found):
                return None
            found[one.source.name] += one.check.values
        return Departments(*(tuple(dict.fromkeys(ids)) for ids in found.values()))

    def filter(self) -> Document:
        """Return it as a MongoDB filter."""
        return to_mongo(self.node)

    def holds(self, record: Document) -> bool:
        """Tell whether a record is among them; it must hold what the scopes ask about."""
        return self.is_everything or self.node.holds(record_values(record, self.form.definition))


@dataclass(frozen=True)
class Ground:
    """One reason why something is open or denied, and the records for which it is one.

    `role` is None where the person was invited; `grant` is None there, and where the role administers.
    """

    plan: Callable[[], Node]
    role: Role | None = None
    grant: Grant | None = None

    @cached_property
    def node(self) -> Node:
        """The records for which it is one; worked out only where it decides."""
        return self.plan()

    @property
    def denies(self) -> bool:
        """Tell whether it takes away instead of giving."""
        return self.grant is not None and bool(self.grant.deny)

    @property
    def is_wide(self) -> bool:
        """Tell whether it gives every record, also one without a department."""
        return self.role is not None and (self.grant is None or self.grant.scope == Scope.ALL)


class Departments(NamedTuple):
    """The departments whose records somebody reaches, and in whose name they are invited to others."""

    departments: tuple[ObjectId, ...]
    invited: tuple[ObjectId, ...]


class Scopes:
    """What the roles of one person reach on one form."""

    def __init__(
        self, person: User, form: LiveForm, *, represented: Sequence[ObjectId] | None = None
    ) -> None:
        """Begin; the roles are read once.

        Args:
            person: whose roles.
            form: of the records.
            represented: for whom the person acts now; looked up when it is needed and not given.
        """
        self.person, self.form, self.roles = person, form, person.held_roles
        self._department = person.department.id if person.department else None
        self._acting_for = represented

    def reach(self, *actions: Action) -> Reach:
        """Return the records on which every one of some actions is open; being invited counts."""
        parts = (joined(self.grounds(action)) for action in dict.fromkeys(actions))
        return Reach(self.form, _every(parts))

    def of_role(self, role: Role, action: Action) -> Reach:
        """Return the records on which one role opens an action, before anything is denied."""
        return Reach(self.form, _opened(self._opening([role], action)))

    def grounds(self, action: Action) -> list[Ground]:
        """Return everything for and against an action; `reach` is put together from the same."""
        opening = self._opening(self.roles, action)
        if opening and action in TO_INVITED:
            wide = any(ground.is_wide for ground in opening)
            opening.append(Ground(partial(self._invited, wide=wide)))
        return [*opening, *self._denying(action)]

    def _opening(self, roles: Sequence[Role], action: Action) -> list[Ground]:
        found = [Ground(lambda: EVERYTHING, role) for role in roles if role.administrator]
        for role, grant in self._grants(roles, action, deny=False):
            found.append(Ground(partial(self._scope, grant, broken=NOTHING), role, grant))
        return found

    def _denying(self, action: Action) -> Iterator[Ground]:
        for role, grant in self._grants(self.roles, action, deny=True):
            yield Ground(partial(self._scope, grant, broken=EVERYTHING), role, grant)

    def _grants(self, roles: Sequence[Role], action: Action, *, deny: bool) -> Iterator[tuple[Role, Grant]]:
        for role in roles:
            for grant in role.grants:
                if grant.concerns(self.form.key, action) and bool(grant.deny) is deny:
                    yield role, grant

    def _invited(self, *, wide: bool) -> Node:
        """Return the records to which the person was invited, or somebody for whom they act.

        Whoever reaches every record anyway needs nobody else's invitation.
        """
        return _among("@invited", [self.person.id, *(() if wide else self._represented)])

    @cached_property
    def _represented(self) -> Sequence[ObjectId]:
        if self._acting_for is not None:
            return self._acting_for
        return delegations.acting_for(self.person.id, self._context.now, self.form.key)

    @cached_property
    def _context(self) -> RuleContext:
        return RuleContext.of(Actor.of(self.person))

    def _scope(self, grant: Grant, *, broken: Node) -> Node:
        if grant.scope == Scope.RULE:
            return self._rule(grant, broken)
        if grant.scope == Scope.OWN:
            return _among("@owner", [self.person.id])
        if grant.scope == Scope.ASSIGNED:
            return _among("@assignees", [self.person.id])
        if grant.scope == Scope.ALL:
            return EVERYTHING
        if self._department is None:
            return NOTHING
        known = directory.current()
        reached = known.below if grant.scope == Scope.BELOW else known.with_merged
        return _among("@department", reached(self._department))

    def _rule(self, grant: Grant, broken: Node) -> Node:
        try:
            return compile_rule(grant.rule, self.form.definition, self._context).node
        except InvalidError:
            return broken


_read: ContextVar[dict[tuple[int, int], Scopes] | None] = ContextVar("scopes", default=None)


@contextmanager
def looking() -> Iterator[None]:
    """Read once what roles reach for everything that is asked inside: one page, for one person."""
    token = _read.set({})
    try:
        with directory.batch():
            yield
    finally:
        _read.reset(token)


def scopes_of(person: User, form: LiveForm) -> Scopes:
    """Return what a person's roles reach on a form; the same again while `looking`."""
    known = _read.get()
    if known is None:
        return Scopes(person, form)
    which = (id(person), id(form.definition))  # what is known holds both, so that they mean nothing else
    if which not in known:
        known[which] = Scopes(person, form)
    return known[which]


def _condition(name: str, check: Present | Among) -> Condition:
    _label, kind, target = SYSTEM[name]
    return Condition(Source(name, kind, target), check)


def _among(name: str, ids: Iterable[ObjectId]) -> Node:
    return _condition(name, Among(tuple(ids)))


HAS_DEPARTMENT = _condition("@department", Present())


def joined(grounds: Iterable[Ground]) -> Node:
    """Return the records on which an action is open: given by any ground, denied by none."""
    every = list(grounds)
    given = _opened([ground for ground in every if not ground.denies])
    return _every([given, *(Inverse(ground.node) for ground in every if ground.denies)])


def _opened(opening: Sequence[Ground]) -> Node:
    if any(ground.is_wide for ground in opening):
        return EVERYTHING
    if not opening:
        return NOTHING
    return _every([HAS_DEPARTMENT, Either(tuple(ground.node for ground in opening))])


def _every(nodes: Iterable[Node]) -> Node:
    parts = tuple(node for node in nodes if node != EVERYTHING)
    return parts[0] if len(parts) == 1 else Every(parts)
