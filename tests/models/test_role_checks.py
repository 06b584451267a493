"""What a role may say, and that nobody hands out more than they hold."""

from typing import Any

import pytest

from models import accounts, edits, role_checks
from models.errors import InvalidError
from models.forms import LiveForm
from models.people import FieldRule, Grant, Name, Permission, Role, User
from models.role_checks import field_rule_error, grant_error
from tests import factories

pytestmark = pytest.mark.usefixtures("db")

SMALL = {"field": "qty", "op": "lt", "value": 10}
LARGE = {"field": "qty", "op": "gt", "value": 10}


@pytest.fixture
def sheet() -> LiveForm:
    factories.administrator()
    return factories.form()


def grant(*actions: str, form: str = "sheet", **fields: Any) -> Grant:
    return Grant(form=form, actions=list(actions), **fields)


def keeper(*grants: Grant, **fields: Any) -> User:
    """Return somebody who keeps roles and people, with rights of their own."""
    permissions = [Permission.CONFIGURE_ROLES.value, Permission.CONFIGURE_PEOPLE.value]
    role = Role(name="keeper", label=Name(en="k"), permissions=permissions, grants=list(grants), **fields)
    return factories.user("keeper", role.save())


def make(person: User, *grants: Grant, **fields: Any) -> list[str]:
    """Let somebody make a role; return where it was refused."""
    try:
        accounts.save_role(
            person, Role(name="new", label=Name(en="n"), grants=list(grants), **fields), seen=""
        )
    except InvalidError as error:
        return sorted(error.errors)
    return []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (grant("see", form="gone"), "There is no form “gone”."),
        (grant("explode"), "There is no action “explode”."),
        (grant("see", scope="rule"), "Say by a rule which records are meant."),
        (
            grant("see", scope="rule", rule={"field": "gone", "op": "empty"}),
            "In the rule: There is no field “gone”.",
        ),
        (grant("see", form="*", scope="rule", rule=SMALL), "In the rule: There is no field “qty”."),
        (grant("see", scope="rule", rule=SMALL), None),
        (
            grant("see", form="*", scope="rule", rule={"field": "@owner", "op": "eq", "value": {"me": True}}),
            None,
        ),
        (grant("see", "create", scope="own"), None),
    ],
)
def test_a_grant_fits_its_form(sheet: LiveForm, given: Grant, said: str | None) -> None:
    wrong = grant_error(given)
    assert (str(wrong) if wrong else None) == said


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"fields": ["qty"], "limit": "hidden"}, ""),
        ({"fields": ["*"], "limit": "read_only"}, ""),
        ({"fields": ["name"], "limit": "read_only"}, ""),
        ({"fields": ["name"], "limit": "masked"}, "is part of the title"),
        ({"fields": ["*"], "limit": "hidden"}, "is part of the title"),
        ({"fields": ["*"], "limit": "hidden", "form": "*"}, "is part of the title"),
        ({"fields": ["qty"], "limit": "hidden", "form": "*"}, ""),
        ({"fields": ["gone"], "limit": "hidden"}, "There is no field “gone”."),
        ({"fields": [], "limit": "hidden"}, "Choose the fields"),
        ({"fields": ["qty"], "limit": "torn"}, "Choose the fields"),
        ({"fields": ["qty"], "limit": "hidden", "states": ["gone"]}, "There is no state “gone”."),
        ({"fields": ["qty"], "limit": "hidden", "form": "gone"}, "There is no form “gone”."),
    ],
)
def test_a_field_rule_fits_its_form(sheet: LiveForm, given: dict[str, Any], refused: str) -> None:
    wrong = field_rule_error(FieldRule(**{"form": "sheet", **given}))
    assert bool(wrong) is bool(refused)
    assert refused in str(wrong or "")


def test_what_was_stored_stays_although_its_form_is_gone(sheet: LiveForm) -> None:
    rule = FieldRule(form="gone", fields=["price"], limit="hidden")
    role = Role(name="old", label=Name(en="o"), grants=[grant("see", form="gone")], field_rules=[rule]).save()
    seen = edits.stamp(role, accounts.ROLE_ATTRIBUTES)
    role.label = Name(en="New name")
    accounts.save_role(factories.administrator(), role, seen=seen)
    stored = Role.objects.get(name="old")
    assert (len(stored.grants), len(stored.field_rules), stored.label.en) == (1, 1, "New name")


@pytest.mark.parametrize(
    ("own", "given", "refused"),
    [
        ([], grant("see"), True),
        ([grant("see")], grant("see"), False),
        ([grant("see")], grant("see", scope="own"), False),
        ([grant("see")], grant("see", "edit"), True),
        ([grant("see")], grant("see", form="*"), True),
        ([grant("see", form="*")], grant("see"), False),
        ([grant("see", form="*")], grant("see", form="*"), False),
        ([grant("see", scope="own")], grant("see", scope="own"), False),
        ([grant("see", scope="own")], grant("see"), True),
        ([grant("see", scope="below")], grant("see", scope="department"), True),
        ([grant("see", scope="rule", rule=SMALL)], grant("see", scope="rule", rule=SMALL), False),
        ([grant("see", scope="rule", rule=SMALL)], grant("see", scope="rule", rule=LARGE), True),
        ([grant("see"), grant("see", scope="own", deny=True)], grant("see"), True),
        ([grant("see"), grant("see", form="*", scope="own", deny=True)], grant("see"), True),
        ([], grant("see", deny=True), False),
    ],
)
def test_nobody_gives_more_than_they_have(
    sheet: LiveForm,
    own: list[Grant],
    given: Grant,
    refused: bool,  # noqa: FBT001
) -> None:
    assert make(keeper(*own), given) == (["grants.0"] if refused else [])


def test_administrators_give_what_they_like(sheet: LiveForm) -> None:
    assert make(factories.administrator(), grant("see", "edit", form="*")) == []


def test_nobody_widens_their_own_role(sheet: LiveForm) -> None:
    person = keeper(grant("see", scope="own"))
    role = Role.objects.get(name="keeper")
    seen = edits.stamp(role, accounts.ROLE_ATTRIBUTES)
    role.grants[0].scope = "all"
    with pytest.raises(InvalidError):
        accounts.save_role(person, role, seen=seen)
    assert Role.objects.get(name="keeper").grants[0].scope == "own"


def test_nobody_takes_back_what_is_denied_to_them(sheet: LiveForm) -> None:
    person = keeper(grant("see"), grant("see", scope="rule", rule=SMALL, deny=True))
    role = Role.objects.get(name="keeper")
    seen = edits.stamp(role, accounts.ROLE_ATTRIBUTES)
    role.grants = role.grants[:1]
    with pytest.raises(InvalidError) as error:
        accounts.save_role(person, role, seen=seen)
    assert list(error.value.errors) == ["grants"]


def masked(**fields: Any) -> FieldRule:
    return FieldRule(form="sheet", fields=["qty"], limit="masked", **fields)


def test_nobody_opens_fields_that_are_closed_to_them(sheet: LiveForm) -> None:
    person = keeper(grant("see"), field_rules=[masked()])
    assert make(person, grant("see")) == ["field_rules"]
    assert make(
        person, grant("see"), field_rules=[FieldRule(form="sheet", fields=["qty"], limit="read_only")]
    ) == ["field_rules"]
    assert make(person, grant("see"), field_rules=[masked()]) == []
    role = Role.objects.get(name="keeper")
    seen = edits.stamp(role, accounts.ROLE_ATTRIBUTES)
    role.field_rules = []
    with pytest.raises(InvalidError):
        accounts.save_role(person, role, seen=seen)


def test_a_role_is_given_only_by_who_holds_its_rights(sheet: LiveForm) -> None:
    wide, narrow = factories.role("wide", form="sheet", actions=["see", "edit"]), factories.role("narrow")
    person = keeper(grant("see"))
    assert not role_checks.may_give(person, wide)
    assert role_checks.may_give(person, narrow)
    assert role_checks.may_give(factories.administrator(), wide)
    user = factories.reader("other")
    seen = edits.stamp(user, accounts.USER_ATTRIBUTES)
    user.roles = [*user.roles, wide]
    with pytest.raises(InvalidError) as error:
        accounts.save_user(person, user, seen=seen)
    assert list(error.value.errors) == ["roles"]


def test_several_roles_are_stored_together_or_not_at_all(sheet: LiveForm) -> None:
    first, second = factories.role("first"), factories.role("second")
    stamps = [edits.stamp(one, accounts.ROLE_ATTRIBUTES) for one in (first, second)]
    first.grants, second.grants = [grant("see")], [grant("explode")]
    changed = list(zip((first, second), stamps, strict=True))
    with pytest.raises(InvalidError) as error:
        accounts.save_roles(factories.administrator(), changed)
    assert list(error.value.errors) == [f"{second.id}.grants.0"]
    assert [list(one.grants) for one in Role.objects(name__in=["first", "second"])] == [[], []]
    second.grants = [grant("edit")]
    accounts.save_roles(factories.administrator(), changed)
    assert [len(one.grants) for one in Role.objects(name__in=["first", "second"])] == [1, 1]
