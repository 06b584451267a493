"""Fields that are hidden, masked or read-only for a person, along every way their values could take."""

from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import exports, import_plan, queries, records
from models.access import Action
from models.database import Document
from models.disclosure import MASKED, Disclosure
from models.errors import DomainError, InvalidError
from models.export_columns import record_columns
from models.field_limits import MASK
from models.forms import LiveForm
from models.import_plan import Plan
from models.lookups import UNSEEN, Lookup, References
from models.people import FieldRule, Grant, Limit, Role, Scope, User
from models.queries import ListQuery
from tests import factories

Store = Database[dict[str, Any]]
FIELDS = ("name", "grade", "price", "note")


def rule(limit: Limit, *fields: str, deny: bool = False, states: tuple[str, ...] = ()) -> FieldRule:
    return FieldRule(form="sheet", fields=list(fields), limit=limit.value, deny=deny, states=list(states))


def person(name: str, *rules: FieldRule, scope: Scope = Scope.ALL, more: tuple[Role, ...] = ()) -> User:
    grant = Grant(form="*", actions=[action.value for action in Action], scope=scope.value)
    role = Role(name=f"role_{name}", grants=[grant], field_rules=list(rules)).save()
    return factories.user(name, role, *more, department=factories.department())


@pytest.fixture
def live(db: Store) -> LiveForm:
    return factories.form(
        factories.field("name", required=True, searchable=True),
        factories.field("grade", required=True, searchable=True),
        factories.field("price", "integer"),
        factories.field("note", searchable=True, default="standard"),
    )


@pytest.fixture
def record(live: LiveForm) -> Document:
    return factories.record(live, name="lamp", grade="zebra", price=7, note="open")


@pytest.fixture
def clerk(live: LiveForm) -> User:
    return person(
        "clerk", rule(Limit.HIDDEN, "grade"), rule(Limit.MASKED, "price"), rule(Limit.READ_ONLY, "note")
    )


def shown(who: User, live: LiveForm) -> Document:
    page = queries.page(who, live, ListQuery(columns=FIELDS))
    return dict(page.records[0]["data"])


def test_a_list_lacks_what_is_hidden_and_masks_what_is_masked(
    live: LiveForm, record: Document, clerk: User
) -> None:
    assert record["data"]["price"] == 7
    assert shown(clerk, live) == {"name": "lamp", "price": MASKED, "note": "open"}
    assert shown(factories.administrator(), live) == record["data"]


def test_the_milder_of_two_roles_counts_and_a_denial_counts_more(live: LiveForm, record: Document) -> None:
    assert record
    mild = person("mild").roles[0]
    both = person("both", rule(Limit.HIDDEN, "grade"), more=(mild,))
    assert shown(both, live)["grade"] == "zebra"
    denied = person("denied", rule(Limit.HIDDEN, "grade", deny=True), more=(mild,))
    assert "grade" not in shown(denied, live)


def test_a_role_opens_a_field_only_where_its_scope_reaches(live: LiveForm, record: Document) -> None:
    own = person("own", scope=Scope.OWN).roles[0]
    clerk = person("clerk", rule(Limit.HIDDEN, "grade"), more=(own,))
    mine = factories.record(live, clerk, name="mine", grade="lion")
    told = Disclosure(clerk, live)
    found = {one["_id"]: one["data"] for one in queries.page(clerk, live, ListQuery(columns=FIELDS)).records}
    assert "grade" not in found[record["_id"]]
    assert found[mine["_id"]]["grade"] == "lion"
    assert "grade" in told.unasked
    assert "grade" not in told.absent


def test_nobody_filters_sorts_or_searches_by_what_is_closed(
    live: LiveForm, record: Document, clerk: User
) -> None:
    for key in ("grade", "price", "no_such_field"):
        asked = ListQuery(where={"field": key, "op": "not_empty"})
        with pytest.raises(DomainError) as refused:
            queries.page(clerk, live, asked)
        assert "no_such_field" in str(refused.value.message) or key in str(refused.value.message)
    other = factories.record(live, name="lamp two", grade="ant", price=9)
    ordered = queries.page(clerk, live, ListQuery(sort="price", descending=False)).records
    assert [one["_id"] for one in ordered] == [record["_id"], other["_id"]]
    by_price = queries.page(clerk, live, ListQuery(sort="price", descending=True)).records
    assert [one["_id"] for one in by_price] == [other["_id"], record["_id"]]  # as without any order: by age
    assert queries.count(clerk, live, ListQuery(search="zebra")).value == 0
    assert queries.count(clerk, live, ListQuery(search="lamp zebra")).value == 0
    assert queries.count(clerk, live, ListQuery(search="open")).value == 1
    assert queries.count(factories.administrator(), live, ListQuery(search="zebra")).value == 1


def test_what_is_closed_keeps_its_value_whatever_is_sent(
    live: LiveForm, record: Document, clerk: User
) -> None:
    actor = factories.actor(clerk)
    changed = records.update(
        actor, live, record["_id"], {"name": "new", "price": 1, "note": "other"}, revision=1
    )
    assert changed["data"] == {**record["data"], "name": "new"}
    with pytest.raises(InvalidError) as unknown:
        records.update(actor, live, record["_id"], {"grade": "x"}, revision=2)
    assert "no such field" in str(unknown.value.errors["grade"][0])
    for key in ("price", "note"):
        with pytest.raises(InvalidError) as refused:
            records.update(actor, live, record["_id"], {key: "5"}, revision=2, source="api")
        assert "may not change" in str(refused.value.errors[key][0])


def test_a_needed_field_that_is_hidden_blocks_nobody_and_defaults_apply(live: LiveForm, clerk: User) -> None:
    made = records.create(factories.actor(clerk), live, {"name": "a", "note": "typed"})
    assert made["data"] == {"name": "a", "note": "standard"}


def test_history_tells_nothing_of_what_is_closed(live: LiveForm, record: Document, clerk: User) -> None:
    entry = {"changes": [{"field": key, "before": None, "after": "x"} for key in (*FIELDS, "@owner", "gone")]}
    [told] = Disclosure(clerk, live).entries(record, [entry])
    assert [(one["field"], one["after"]) for one in told["changes"]] == [
        ("name", "x"), ("price", MASKED), ("note", "x"), ("@owner", "x"), ("gone", "x"),
    ]  # fmt: skip


def test_every_field_means_those_of_earlier_versions_too(live: LiveForm, record: Document) -> None:
    blind = person("blind", rule(Limit.HIDDEN, "*"))
    told = Disclosure(blind, live)
    assert told.shown({**record, "data": {**record["data"], "gone": "x"}})["data"] == {}
    assert told.definition.value_fields == ()


def test_an_import_knows_no_column_for_what_is_closed(live: LiveForm, clerk: User) -> None:
    stored = factories.stored(b"name", clerk)
    for key in ("grade", "price"):
        plan = Plan(stored, "a.csv", {0: "name", 1: key})
        with pytest.raises(InvalidError) as refused:
            import_plan.check(Disclosure(clerk, live).askable, plan)
        assert "mapping.1" in refused.value.errors


def test_rights_that_changed_close_what_was_exported(live: LiveForm, clerk: User) -> None:
    before = exports.rights_of(clerk, live.key)
    assert exports.rights_of(User.objects.get(id=clerk.id), live.key) == before
    role = clerk.roles[0]
    role.field_rules.append(rule(Limit.HIDDEN, "name"))
    role.save()
    assert exports.rights_of(User.objects.get(id=clerk.id), live.key) != before


def test_an_export_masks_and_leaves_columns_out(live: LiveForm, record: Document, clerk: User) -> None:
    told = Disclosure(clerk, live)
    sources = record_columns(told.definition, FIELDS, "en", told.limits.masked)
    assert [column.key for column in sources.columns] == ["name", "price", "note"]
    [row] = sources.rows([told.shown(record)], Lookup("en", person=clerk))
    assert row == ("lamp", MASK, "open")


def test_a_reference_out_of_reach_has_no_name_and_is_no_choice(live: LiveForm, record: Document) -> None:
    stranger = factories.stranger()
    lookup = Lookup("en", person=stranger)
    assert lookup.record("sheet", record["_id"]) == str(UNSEEN)
    assert not lookup.sees("sheet", record["_id"])
    assert lookup.record("sheet", ObjectId()) == "—"
    assert Lookup("en").record("sheet", record["_id"]) == "lamp"
    assert not References(stranger).record_exists("sheet", record["_id"])
    assert References(stranger).find_record("sheet", "lamp") is None
    assert References(factories.administrator()).find_record("sheet", "lamp") == record["_id"]


def test_a_form_whose_title_a_role_hides_is_not_published(live: LiveForm, clerk: User) -> None:
    assert clerk.roles
    with pytest.raises(InvalidError) as refused:
        factories.republish(live, title_fields=["grade"])
    assert "cannot be part of the title" in str(refused.value.errors["title_fields"][0])


def test_a_form_with_a_title_is_not_published_where_a_role_hides_everything(live: LiveForm) -> None:
    person("blind", rule(Limit.HIDDEN, "*"))
    with pytest.raises(InvalidError) as refused:
        factories.republish(live, label={"en": "Anew"})
    assert "cannot be part of the title" in str(refused.value.errors["title_fields"][0])
