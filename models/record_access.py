"""Who reaches one record, and through what: everybody at once, with few questions to the database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bson import ObjectId

from models import delegations, directory
from models.database import Document
from models.forms import LiveForm
from models.people import Action, Role, User
from models.rules import record_values
from models.scopes import Ground, Scopes, joined
from models.times import now

MAX_PEOPLE = 5000


@dataclass(frozen=True)
class Access:
    """What one person can do with the record, and the grounds on which they see it."""

    person: User
    actions: tuple[Action, ...]
    grounds: tuple[Ground, ...]


def of_record(form: LiveForm, record: Document, actions: Sequence[Action] = tuple(Action)) -> list[Access]:
    """Return everybody active who sees a record, by name, with what they can do of some actions."""
    asked = list(dict.fromkeys((Action.SEE, *actions)))
    values = record_values(record, form.definition)
    with directory.batch():
        represented = _represented(form.key)
        found = (
            _access(Scopes(person, form, represented=represented.get(person.id, ())), asked, values)
            for person in _who_may_see(form)
        )
        return [one for one in found if one is not None]


def _who_may_see(form: LiveForm) -> Iterable[User]:
    """Return the active people whom a role opens the form, with roles and departments looked up once."""
    roles: list[Role] = [role for role in Role.objects if role.allows(form.key, Action.SEE)]
    people = User.objects(active=True, roles__in=roles).order_by("name", "username")
    found: list[User] = people.limit(MAX_PEOPLE).select_related()
    return found


def _represented(form: str) -> dict[ObjectId, list[ObjectId]]:
    found: dict[ObjectId, list[ObjectId]] = {}
    for one in delegations.in_force(now()):
        if not one.forms or form in one.forms:
            found.setdefault(one.to, []).append(one.person)
    return found


def _access(scopes: Scopes, asked: Iterable[Action], values: Document) -> Access | None:
    open_here: list[Action] = []
    seen_by: tuple[Ground, ...] = ()
    for action in asked:
        grounds = scopes.grounds(action)
        if joined(grounds).holds(values):
            open_here.append(action)
        elif action is Action.SEE:
            return None
        if action is Action.SEE:
            seen_by = tuple(one for one in grounds if not one.denies and one.node.holds(values))
    return Access(scopes.person, tuple(open_here), seen_by)
