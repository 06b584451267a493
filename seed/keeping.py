"""How each kind of thing in a pack is read from, written to and compared with what is configured."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from models.access import Action
from models.definition import Label
from models.people import EVERY_FORM, Actor, Department, FieldRule, Grant, Name, Role, Scope
from seed.contents import DepartmentPlan, FieldRulePlan, GrantPlan, MoreGrants, Pack, RolePlan
from seed.start_pages import DashboardItem
from seed.versioned import FormItem, ReportItem

Plain = dict[str, Any]


def digest(plain: Mapping[str, Any]) -> str:
    """Return a short fingerprint of plain values, whatever the order of their keys."""
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Item(Protocol):
    """One thing of a pack, beside what is configured under the same key."""

    @property
    def kind(self) -> str:
        """`department`, `role`, `grants`, `form`, `report` or `dashboard`."""

    @property
    def key(self) -> str:
        """The key under which it is configured."""

    def wanted(self) -> Plain:
        """Return what the pack says."""

    def found(self) -> Plain | None:
        """Return what is configured, in the same shape; None where there is nothing."""

    def busy(self) -> bool:
        """Tell whether someone is changing it just now."""

    def write(self, actor: Actor) -> None:
        """Make what is configured equal to what the pack says."""


def _name(label: Label) -> Name:
    return Name(zh=label.zh, en=label.en)


def _label(name: Name | None) -> Label:
    return Label(zh=name.zh or "", en=name.en or "") if name else Label()


@dataclass(frozen=True)
class DepartmentItem:
    """A department; who heads it is never touched."""

    plan: DepartmentPlan
    order: int
    kind: str = "department"

    @property
    def key(self) -> str:
        """Its code."""
        return self.plan.code

    def wanted(self) -> Plain:
        """Return its label and what it belongs to."""
        return self.plan.model_dump(mode="json")

    def found(self) -> Plain | None:
        """Return the same of the department with this code."""
        stored = Department.objects(code=self.key).first()
        return plan_of_department(stored).model_dump(mode="json") if stored else None

    def busy(self) -> bool:
        """Departments have no drafts."""
        return False

    def write(self, actor: Actor) -> None:
        """Create the department or change its name and place."""
        _unused = actor
        stored = Department.objects(code=self.key).first() or Department(code=self.key, order=self.order)
        stored.name = _name(self.plan.label)
        stored.parent = Department.objects(code=self.plan.parent).first() if self.plan.parent else None
        stored.save()


def plan_of_department(stored: Department) -> DepartmentPlan:
    """Return a stored department as a pack writes it."""
    parent = stored.parent.code if stored.parent else ""
    return DepartmentPlan(code=stored.code, label=_label(stored.name), parent=parent)


@dataclass(frozen=True)
class RoleItem:
    """A role with its rights on the pack's forms; who has it, and rights on other forms, stay."""

    plan: RolePlan
    forms: frozenset[str] = frozenset()
    kind: str = "role"

    @property
    def key(self) -> str:
        """Its name."""
        return self.plan.name

    def wanted(self) -> Plain:
        """Return its label and rights."""
        return _plain_role(self.plan)

    def found(self) -> Plain | None:
        """Return the same of the role with this name."""
        stored = Role.objects(name=self.key).first()
        return _plain_role(self._own(plan_of_role(stored))) if stored else None

    def _own(self, plan: RolePlan) -> RolePlan:
        grants = tuple(one for one in plan.grants if self._is_own(one.form))
        closed = tuple(one for one in plan.field_rules if self._is_own(one.form))
        return plan.model_copy(update={"grants": grants, "field_rules": closed})

    def _is_own(self, form: str) -> bool:
        return form == EVERY_FORM or form in self.forms

    def busy(self) -> bool:
        """Roles have no drafts."""
        return False

    def write(self, actor: Actor) -> None:
        """Create the role or change its rights."""
        _unused = actor
        stored = Role.objects(name=self.key).first() or Role(name=self.key)
        stored.label = _name(self.plan.label)
        stored.permissions = [permission.value for permission in self.plan.permissions]
        others = [grant for grant in stored.grants if not self._is_own(grant.form)]
        stored.grants = [*map(_stored_grant, self.plan.grants), *others]
        kept = [rule for rule in stored.field_rules if not self._is_own(rule.form)]
        stored.field_rules = [*(FieldRule(**rule.model_dump()) for rule in self.plan.field_rules), *kept]
        stored.save()


def _stored_grant(plan: GrantPlan) -> Grant:
    return Grant(**plan.model_dump(mode="json"))


@dataclass(frozen=True)
class MoreGrantsItem:
    """Rights on the pack's forms for a role that another pack brought."""

    plan: MoreGrants
    forms: frozenset[str]
    kind: str = "grants"

    @property
    def key(self) -> str:
        """The role's name."""
        return self.plan.role

    def wanted(self) -> Plain:
        """Return the rights on the pack's forms."""
        return _plain_grants(self.plan.grants)

    def found(self) -> Plain | None:
        """Return the same of the role; None where it has none of them."""
        stored = Role.objects(name=self.key).first()
        return (stored and _plain_grants(self._own(plan_of_role(stored)))) or None

    def _own(self, plan: RolePlan) -> list[GrantPlan]:
        return [grant for grant in plan.grants if grant.form in self.forms]

    def busy(self) -> bool:
        """Tell whether the role was deleted here; then nobody wants its rights."""
        return Role.objects(name=self.key).first() is None

    def write(self, actor: Actor) -> None:
        """Replace the role's rights on the pack's forms."""
        _unused = actor
        stored = Role.objects.get(name=self.key)
        others = [grant for grant in stored.grants if grant.form not in self.forms]
        stored.grants = [*others, *map(_stored_grant, self.plan.grants)]
        stored.save()


def plan_of_role(stored: Role) -> RolePlan:
    """Return a stored role as a pack writes it; actions this version does not know are left out."""
    known = set(Action)
    grants = [
        GrantPlan(
            form=grant.form,
            actions=tuple(Action(action) for action in grant.actions if action in known),
            scope=grant.scope,
            rule=dict(grant.rule),
            deny=bool(grant.deny),
        )
        for grant in stored.grants
    ]
    closed = [FieldRulePlan.model_validate(rule.to_mongo().to_dict()) for rule in stored.field_rules]
    return RolePlan(
        name=stored.name,
        label=_label(stored.label),
        permissions=tuple(stored.permissions),
        grants=tuple(grants),
        field_rules=tuple(closed),
    )


def _plain_role(plan: RolePlan) -> Plain:
    """Return a role so that the order of rights, or their division into grants, makes no difference."""
    closed = sorted((_sorted(rule.model_dump(mode="json")) for rule in plan.field_rules), key=str)
    return {
        "name": plan.name,
        "label": plan.label.model_dump(),
        "permissions": sorted(plan.permissions),
        "grants": _plain_grants(plan.grants),
        **({"field_rules": closed} if closed else {}),
    }


def _plain_grants(grants: Iterable[GrantPlan]) -> Plain:
    """Return actions by form, and beside them by scope where a grant is narrower or takes away."""
    actions: dict[str, set[str]] = {}
    for grant in grants:
        narrow = "" if grant.scope == Scope.ALL and not grant.deny else _narrowness(grant)
        actions.setdefault(grant.form + narrow, set()).update(grant.actions)
    return {form: sorted(allowed) for form, allowed in sorted(actions.items())}


def _narrowness(grant: GrantPlan) -> str:
    return json.dumps(grant.model_dump(mode="json", include={"scope", "rule", "deny"}), sort_keys=True)


def _sorted(plain: Plain) -> Plain:
    return {key: sorted(value) if isinstance(value, list) else value for key, value in plain.items()}


def items_of(pack: Pack) -> list[Item]:
    """Return everything in a pack, in the order in which it can be installed."""
    departments = _parents_first(pack.departments)
    forms_of_pack = frozenset(form.key for form in pack.forms)
    note = f"{pack.name} {pack.version}"
    return [
        *(DepartmentItem(plan, order) for order, plan in enumerate(departments)),
        *(RoleItem(plan, forms_of_pack) for plan in pack.roles),
        *(MoreGrantsItem(plan, forms_of_pack) for plan in pack.more_grants),
        *(FormItem(definition, pack.name, note) for definition in pack.forms),
        *(ReportItem(definition, note) for definition in pack.reports),
        *(DashboardItem(plan) for plan in pack.dashboards),
    ]


def _parents_first(plans: tuple[DepartmentPlan, ...]) -> list[DepartmentPlan]:
    by_code = {plan.code: plan for plan in plans}

    def depth(plan: DepartmentPlan) -> int:
        return 1 + depth(by_code[plan.parent]) if plan.parent in by_code else 0

    return sorted(plans, key=depth)
