"""To whom a text about a record may say what: a value reaches only those to whom its field is open.

Robots and webhooks reach people whom nobody knows here: they are told what no role closes to anybody.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property

from bson import ObjectId

from models import access
from models.database import Document
from models.field_limits import FieldLimits, fields_of, withholds
from models.forms import LiveForm
from models.people import Action, FieldRule, Role, User

Closed = frozenset[str]


class Audience:
    """Whose rights limit what is said; rules and people are read once for everything told in one go."""

    def __init__(self) -> None:
        self._people: dict[ObjectId, User | None] = {}
        self._limits: dict[tuple[ObjectId, str, int], FieldLimits] = {}
        self._wide: dict[tuple[ObjectId, str], bool] = {}

    def closed_to_anybody(self, form: LiveForm) -> Closed:
        """Return the fields that some role masks or hides from somebody, in whatever state."""
        concerned = (rule for rule in self._rules if rule.concerns(form.key))
        return frozenset(key for rule in concerned for key in fields_of(rule, form.definition))

    @cached_property
    def _rules(self) -> list[FieldRule]:
        ruled = Role.objects(field_rules__0__exists=True).only("field_rules")
        return [rule for role in ruled for rule in role.field_rules if rule.withholds]

    def by_what_is_closed(
        self, people: Iterable[ObjectId], form: LiveForm, record: Document, asked: Collection[str]
    ) -> Mapping[Closed, list[ObjectId]]:
        """Return people by which of the fields that a text asks for are closed to them."""
        told = list(people)
        delicate = self._delicate(form, asked)
        if not delicate:
            return {frozenset(): told}
        self._know(told)
        found: defaultdict[Closed, list[ObjectId]] = defaultdict(list)
        for one in told:
            found[self._closed_to(self._people[one], form, record, delicate)].append(one)
        return found

    def _delicate(self, form: LiveForm, asked: Collection[str]) -> Closed:
        """Return the fields that may be closed to somebody: by a rule, or because they name other records."""
        fields = (form.definition.by_key.get(key) for key in asked)
        references = {field.key for field in fields if field and field.type == "reference"}
        return frozenset(references | (self.closed_to_anybody(form) & set(asked)))

    def _know(self, people: Collection[ObjectId]) -> None:
        unknown = [one for one in people if one not in self._people]
        if unknown:
            self._people.update(dict.fromkeys(unknown))
            self._people.update({one.id: one for one in User.objects(id__in=unknown).select_related()})

    def _closed_to(self, person: User | None, form: LiveForm, record: Document, asked: Closed) -> Closed:
        if person is None or not access.permitted(person, form.key, Action.SEE):
            return asked
        limits = self._limits_of(person, form).of(record)
        return frozenset(
            key for key in asked if withholds(limits, key) or self._names_unseen(person, form, record, key)
        )

    def _limits_of(self, person: User, form: LiveForm) -> FieldLimits:
        key = (person.id, form.key, form.version)
        if key not in self._limits:
            self._limits[key] = FieldLimits(person, form)
        return self._limits[key]

    def _names_unseen(self, person: User, form: LiveForm, record: Document, key: str) -> bool:
        """Tell whether a field names a record that a person may not see."""
        field = form.definition.by_key.get(key)
        if field is None or field.type != "reference" or self._reaches_all(person, field.form):
            return False
        value = record["data"].get(key) or []
        ids = value if isinstance(value, list) else [value]
        return access.visible(person, field.form, ids) != set(ids)

    def _reaches_all(self, person: User, form: str) -> bool:
        if (person.id, form) not in self._wide:
            self._wide[person.id, form] = access.sees_every_record(person, form)
        return self._wide[person.id, form]
