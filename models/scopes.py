"""Which records of a form a person's roles reach, as one plan that MongoDB and Python read alike.

Roles add up; what any of them denies is denied. Whatever does not reach everything never reaches a record
without a department. A scope whose rule no longer fits the form gives nothing, and denies everything.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from bson import ObjectId

from models import delegations, directory
from models.database import Document
from models.errors import InvalidError
from models.forms import LiveForm
from models.people import Action, Actor, Grant, Role, Scope, User
from models.rules import RuleContext, compile_rule, find_source, record_values
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

    def filter(self) -> Document:
        """Return it as a MongoDB filter."""
        return to_mongo(self.node)

    def holds(self, record: Document) -> bool:
        """Tell whether a record is among them; it must hold what the scopes ask about."""
        return self.is_everything or self.node.holds(record_values(record, self.form.definition))


class Scopes:
    """What the roles of one person reach on one form."""

    def __init__(self, person: User, form: LiveForm) -> None:
        """Begin; the roles are read once."""
        self.person, self.form, self.roles = person, form, person.held_roles
        self._department = person.department.id if person.department else None

    def reach(self, *actions: Action) -> Reach:
        """Return the records on which every one of some actions is open; being invited counts."""
        return Reach(self.form, _every(self._open(action) for action in dict.fromkeys(actions)))

    def of_role(self, role: Role, action: Action) -> Reach:
        """Return the records on which one role opens an action, before anything is denied."""
        return Reach(self.form, self._given([role], action))

    def _open(self, action: Action) -> Node:
        denied = (
            self._scope(grant, broken=EVERYTHING) for grant in self._grants(self.roles, action, deny=True)
        )
        return _every([self._given(self.roles, action), *map(Inverse, denied)])

    def _given(self, roles: Sequence[Role], action: Action) -> Node:
        if any(role.opens_every(self.form.key, action) for role in roles):
            return EVERYTHING
        parts = [self._scope(grant, broken=NOTHING) for grant in self._grants(roles, action, deny=False)]
        if not parts:
            return NOTHING
        if action in TO_INVITED and roles is self.roles:
            parts.append(self._among("@invited", [self.person.id, *self._represented]))
        return _every([self._condition("@department", Present()), Either(tuple(parts))])

    def _grants(self, roles: Sequence[Role], action: Action, *, deny: bool) -> Iterator[Grant]:
        for role in roles:
            for grant in role.grants:
                if grant.concerns(self.form.key, action) and bool(grant.deny) is deny:
                    yield grant

    @cached_property
    def _represented(self) -> list[ObjectId]:
        return delegations.acting_for(self.person.id, self._context.now, self.form.key)

    @cached_property
    def _context(self) -> RuleContext:
        return RuleContext.of(Actor.of(self.person))

    def _scope(self, grant: Grant, *, broken: Node) -> Node:
        if grant.scope == Scope.RULE:
            return self._rule(grant, broken)
        if grant.scope == Scope.OWN:
            return self._among("@owner", [self.person.id])
        if grant.scope == Scope.ASSIGNED:
            return self._among("@assignees", [self.person.id])
        if grant.scope == Scope.ALL:
            return EVERYTHING
        if self._department is None:
            return NOTHING
        known = directory.current()
        reached = known.below if grant.scope == Scope.BELOW else known.with_merged
        return self._among("@department", reached(self._department))

    def _rule(self, grant: Grant, broken: Node) -> Node:
        try:
            return compile_rule(grant.rule, self.form.definition, self._context).node
        except InvalidError:
            return broken

    def _among(self, name: str, ids: Iterable[ObjectId]) -> Node:
        return self._condition(name, Among(tuple(ids)))

    def _condition(self, name: str, check: Present | Among) -> Node:
        source = find_source(name, self.form.definition)
        if source is None:
            raise LookupError(name)
        return Condition(source, check)


def _every(nodes: Iterable[Node]) -> Node:
    parts = tuple(node for node in nodes if node != EVERYTHING)
    return parts[0] if len(parts) == 1 else Every(parts)
