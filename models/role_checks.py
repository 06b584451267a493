"""What a role may say and who may say it: it fits its forms, and nobody hands out more than they hold.

A right is one action on one form within one scope. Whoever is no administrator gives only rights they have
with the same scope or with all records, on every form only what they have on every form, and opens no field
that is closed to themselves.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from bson import json_util

from models import forms, rules
from models.definition import Definition, Label
from models.errors import NotFoundError
from models.field_limits import RANK, FieldLimits
from models.forms import LiveForm
from models.messages import Message, _
from models.people import (
    EVERY_FIELD,
    EVERY_FORM,
    Action,
    FieldRule,
    Grant,
    Limit,
    Permission,
    Role,
    Scope,
    User,
)

Errors = dict[str, list[Message]]
NO_FIELDS: Final = Definition(key="every", label=Label(en="*"))
"""What rules of every form can name: the system's columns alone."""

TOO_MUCH: Final = _("You can only give rights that you have yourself.")
_SHOWN: Final = 60


@dataclass(frozen=True)
class Right:
    """One action on one form (`*`: on every form) within one scope; with `deny` it is taken away there."""

    form: str
    action: str
    scope: str
    rule: str = ""
    deny: bool = False


def rights(role: Role | None) -> frozenset[Right]:
    """Return everything the grants of a role say, in single rights."""
    return frozenset(right for grant in (role.grants if role else ()) for right in of_grant(grant))


def of_grant(grant: Grant) -> Iterator[Right]:
    """Yield the single rights of a grant."""
    rule = json_util.dumps(grant.rule, sort_keys=True) if grant.scope == Scope.RULE else ""
    for action in grant.actions:
        yield Right(str(grant.form), str(action), str(grant.scope), rule, bool(grant.deny))


def definition_of(form: str) -> Definition | None:
    """Return what rights on a form can name, also a retired or unpublished one; None where there is none."""
    if form == EVERY_FORM:
        return NO_FIELDS
    try:
        stored = forms.get(form)
    except NotFoundError:
        return None
    return forms.at_version(form, stored.version).definition if stored.version else forms.draft_of(stored)


# -- what fits the form ------------------------------------------------------------------------------------


def shape_errors(role: Role, before: Role | None) -> Errors:
    """Return what is wrong with a role's grants and field rules, beside `grants.<n>` and `field_rules.<n>`.

    What was stored before stays as it was, also where its form is gone meanwhile.
    """
    old_grants = [one.to_mongo() for one in before.grants] if before else []
    old_rules = [one.to_mongo() for one in before.field_rules] if before else []
    errors: Errors = {}
    for at, grant in enumerate(role.grants):
        if grant.to_mongo() not in old_grants and (wrong := grant_error(grant)):
            errors[f"grants.{at}"] = [wrong]
    for at, rule in enumerate(role.field_rules):
        if rule.to_mongo() not in old_rules and (wrong := field_rule_error(rule)):
            errors[f"field_rules.{at}"] = [wrong]
    return errors


def grant_error(grant: Grant) -> Message | None:
    """Return the first thing that is wrong with a grant."""
    definition = definition_of(str(grant.form))
    if definition is None:
        return _("There is no form “%(name)s”.", name=_short(grant.form))
    if unknown := _first(grant.actions, set(Action)):
        return _("There is no action “%(name)s”.", name=_short(unknown))
    if grant.scope not in set(Scope):
        return _("There is no scope “%(name)s”.", name=_short(grant.scope))
    return _rule_error(grant, definition) if grant.scope == Scope.RULE else None


def _rule_error(grant: Grant, definition: Definition) -> Message | None:
    if not grant.rule:
        return _("Say by a rule which records are meant.")
    problem = next(iter(rules.check(dict(grant.rule), definition)), None)
    return _("In the rule: %(problem)s", problem=problem.message) if problem else None


def field_rule_error(rule: FieldRule) -> Message | None:
    """Return the first thing that is wrong with a field rule."""
    definition = definition_of(str(rule.form))
    if definition is None:
        return _("There is no form “%(name)s”.", name=_short(rule.form))
    if not rule.fields or rule.limit not in set(Limit):
        return _("Choose the fields, and how they are closed.")
    if rule.form == EVERY_FORM:
        found = (_title_error(rule, live.definition) for live in forms.live_forms())
        return next((error for error in found if error), None)
    return _unknown_part(rule, definition) or _title_error(rule, definition)


def _unknown_part(rule: FieldRule, definition: Definition) -> Message | None:
    known = {field.key for field in definition.value_fields} | {EVERY_FIELD}
    if unknown := _first(rule.fields, known):
        return _("There is no field “%(name)s”.", name=_short(unknown))
    states = set(definition.workflow.by_state) if definition.workflow else set()
    if unknown := _first(rule.states, states):
        return _("There is no state “%(name)s”.", name=_short(unknown))
    return None


def _title_error(rule: FieldRule, definition: Definition) -> Message | None:
    """Refuse to close what the title tells everybody: lists, links and notices name records by it."""
    told = [key for key in definition.title_fields if rule.closes(key)]
    if not told or not rule.withholds:
        return None
    field = definition.by_key.get(told[0])
    return _(
        "“%(field)s” is part of the title of “%(form)s”, which lists, links and notices show. "
        "Take it out of the title first, or make it read only.",
        field=field.label if field and field.label else told[0],
        form=definition.label,
    )


def _first(given: Iterable[str], known: set[str] | set[Action]) -> str | None:
    return next((str(one) for one in given if one not in known), None)


def _short(text: object) -> str:
    return str(text)[:_SHOWN]


# -- who may say it ----------------------------------------------------------------------------------------


def giving_errors(person: User, role: Role, before: Role | None) -> Errors:
    """Return which rights a person may not put into a role, beside the grants and field rules."""
    if person.is_administrator:
        return {}
    errors: Errors = {}
    own, old, new = _own(person), rights(before), rights(role)
    for at, grant in enumerate(role.grants):
        if not all(_covers(own, right) for right in of_grant(grant) if right not in old):
            errors[f"grants.{at}"] = [TOO_MUCH]
    opened = [Right(one.form, one.action, one.scope, one.rule) for one in old - new if one.deny]
    if not all(_covers(own, right) for right in opened):
        errors["grants"] = [_("You can only take back a denial of rights that you have yourself.")]
    touched = {right.form for right in new - old} | _changed_field_rules(role, before)
    if any(_uncovers(person, role, form) for form in touched):
        errors["field_rules"] = [_("This would open fields that are closed to you.")]
    return errors


def may_give(person: User, role: Role) -> bool:
    """Tell whether a person may hand a role to somebody: they hold all of its rights themselves."""
    if person.is_administrator:
        return True
    own = _own(person)
    held = (person.may(Permission(one)) for one in role.permissions if one in set(Permission))
    return (
        not role.administrator
        and all(held)
        and all(_covers(own, right) for right in rights(role))
        and not any(_uncovers(person, role, form) for form in {str(grant.form) for grant in role.grants})
    )


def _own(person: User) -> frozenset[Right]:
    """Return everything the grants of a person's roles say."""
    return frozenset(right for role in person.held_roles for right in rights(role))


def _covers(own: Iterable[Right], right: Right) -> bool:
    """Tell whether a right is among one's own, with the same scope or all records, and nothing denies it."""
    if right.deny:
        return True
    alike = [one for one in own if one.action == right.action]
    if any(one.deny and _meet(one.form, right.form) for one in alike):
        return False
    return any(
        not one.deny
        and one.form in {right.form, EVERY_FORM}
        and (one.scope == Scope.ALL or (one.scope, one.rule) == (right.scope, right.rule))
        for one in alike
    )


def _meet(first: str, second: str) -> bool:
    return first == second or EVERY_FORM in {first, second}


def _changed_field_rules(role: Role, before: Role | None) -> set[str]:
    old = [rule.to_mongo() for rule in before.field_rules] if before else []
    new = [rule.to_mongo() for rule in role.field_rules]
    return {rule["form"] for rule in [*old, *new] if (rule in old) is not (rule in new)}


def _uncovers(person: User, role: Role, form: str) -> bool:
    """Tell whether a role would show or open a field of a form that is closed to the person."""
    concerned = [live for live in forms.live_forms() if form in {live.key, EVERY_FORM}]
    return any(_opens_more(person, role, live) for live in concerned if role.allows(live.key, Action.SEE))


def _opens_more(person: User, role: Role, live: LiveForm) -> bool:
    own = FieldLimits(person, live)
    given = FieldLimits(User(username="anybody", roles=[role]), live)
    workflow = live.definition.workflow
    for state in [one.key for one in workflow.states] if workflow else [None]:
        after = given.strictest_in(state)
        for field, limit in own.strictest_in(state).items():
            if RANK[limit] > RANK[after.get(field)]:
                return True
    return False
