"""What may be stored under a form's rules, and what hostile input runs into."""

from typing import Any

import pytest
from bson import Decimal128, encode
from pymongo.database import Database

from models import records
from models.database import Document
from models.database import db as database
from models.errors import DomainError, InvalidError
from models.fields import type_of
from models.forms import LiveForm
from models.people import Actor
from models.validation import Checked, defaults, parse_context, validate
from tests import every_type, factories
from tests.factories import field

Store = Database[dict[str, Any]]
WHEN_A = {"field": "kind", "op": "eq", "value": "a"}
OPTIONS = [{"key": key, "label": {"zh": key}} for key in ("a", "b")]

pytestmark = pytest.mark.usefixtures("db")


def ruled(**properties: object) -> LiveForm:
    """Return a form whose `extra` has a property; its kind is a or b."""
    return factories.form(
        field("name"), field("kind", "choice", options=OPTIONS), field("extra", "integer", **properties)
    )


def check(live: LiveForm, before: Document | None = None, *, partial: bool = False, **raw: Any) -> Checked:
    return validate(factories.actor(), live.definition, raw, before=before, partial=partial)


def test_a_hidden_field_holds_no_value() -> None:
    live = ruled(visible_if=WHEN_A)
    assert check(live, kind="a", extra=1).data == {"kind": "a", "extra": 1}
    hidden = check(live, kind="b", extra=1)
    assert hidden.data == {"kind": "b"}
    assert hidden.hidden == frozenset({"extra"})
    assert hidden.errors == {}


def test_a_field_that_becomes_hidden_loses_its_value_for_good() -> None:
    live = ruled(visible_if=WHEN_A)
    record = factories.record(live, kind="a", extra=1)
    actor = factories.actor()
    changed = records.update(actor, live, record["_id"], {"kind": "b"}, revision=1, partial=True)
    assert changed["data"] == {"kind": "b"}
    back = records.update(actor, live, record["_id"], {"kind": "a"}, revision=2)
    assert back["data"] == {"kind": "a"}


def test_a_hidden_field_is_neither_required_nor_wrong() -> None:
    live = ruled(visible_if=WHEN_A, required=True)
    assert check(live, kind="b", extra="no number").errors == {}
    assert list(check(live, kind="a").errors) == ["extra"]
    assert list(check(live, kind="a", extra="no number").errors) == ["extra"]


def test_visibility_cascades_through_fields_that_become_hidden() -> None:
    live = factories.form(
        field("kind", "choice", options=OPTIONS),
        field("one", visible_if=WHEN_A),
        field("two", visible_if={"field": "one", "op": "eq", "value": "x"}),
        field("three", required=True, visible_if={"field": "two", "op": "not_empty"}),
    )
    everything: Document = {"one": "x", "two": "y", "three": "z"}
    assert check(live, kind="a", **everything).data == {"kind": "a", **everything}
    assert check(live, kind="b", **everything).data == {"kind": "b"}


def test_a_hidden_section_hides_its_fields_and_no_others() -> None:
    live = factories.form(
        field("kind", "choice", options=OPTIONS),
        field("part", "section", visible_if=WHEN_A),
        field("inside", required=True),
        field("rest", "section"),
        field("outside"),
    )
    assert check(live, kind="b", inside="x", outside="y").data == {"kind": "b", "outside": "y"}
    assert check(live, kind="b").errors == {}
    assert list(check(live, kind="a").errors) == ["inside"]


def test_a_field_is_required_when_its_rule_says_so() -> None:
    live = ruled(required_if=WHEN_A)
    assert list(check(live, kind="a").errors) == ["extra"]
    assert check(live, kind="b").errors == {}
    assert check(live, kind="a", extra=0).errors == {}  # zero is an answer


def test_no_is_an_answer_to_a_required_question() -> None:
    live = factories.form(field("sure", "boolean", required=True))
    assert check(live, sure="false").data == {"sure": False}
    assert list(check(live, sure="").errors) == ["sure"]


def test_a_read_only_field_keeps_what_was_stored() -> None:
    live = ruled(readonly=True, default=5)
    assert check(live, extra=9).data == {"extra": 5}
    assert check(live, {"extra": 7}, extra=9).data == {"extra": 7}
    assert check(live, {}, extra=9).data == {}
    assert check(live, {"extra": 7}, extra="nonsense").errors == {}


def test_whether_a_field_is_read_only_is_asked_of_what_was_stored() -> None:
    live = ruled(readonly_if=WHEN_A)
    locked = check(live, {"kind": "a", "extra": 1}, kind="b", extra=2)  # cannot unlock it by the same save
    assert locked.data == {"kind": "b", "extra": 1}
    assert locked.locked == frozenset({"extra"})
    assert check(live, {"kind": "b", "extra": 1}, kind="a", extra=2).data == {"kind": "a", "extra": 2}
    assert check(live, kind="a", extra=2).data == {"kind": "a"}  # a new record is asked what it will be


def test_a_read_only_field_that_is_empty_blocks_nobody() -> None:
    live = ruled(readonly=True, required=True)
    assert check(live, name="x").errors == {}


def test_computed_fields_follow_and_cannot_be_written() -> None:
    live = factories.form(
        field("n", "integer"),
        field("double", "computed", formula="n * 2", result="integer"),
        field("more", "computed", formula="double + 1", result="integer"),
        field("big", visible_if={"field": "more", "op": "gt", "value": 10}),
    )
    assert check(live, n=5, big="x").data == {"n": 5, "double": 10, "more": 11, "big": "x"}
    assert check(live, n=4, big="x", double=99).data == {"n": 4, "double": 8, "more": 9}
    assert check(live, {"n": 5, "double": 10, "more": 11}, n="").data == {}


def test_a_computed_field_ignores_values_that_are_hidden() -> None:
    live = factories.form(
        field("kind", "choice", options=OPTIONS),
        field("n", "integer", visible_if=WHEN_A),
        field("double", "computed", formula="coalesce(n, 1) * 2", result="integer"),
    )
    assert check(live, kind="a", n=5).data["double"] == 10
    assert check(live, kind="b", n=5).data["double"] == 2


def test_an_edit_of_one_cell_reports_only_that_cell() -> None:
    live = factories.form(field("name", required=True), field("n", "integer", max=5))
    assert check(live, {}, partial=True, n=4).errors == {}
    assert list(check(live, {}, partial=True, n=6).errors) == ["n"]
    assert list(check(live, {}, n=4).errors) == ["name"]


def test_absent_keys_leave_fields_alone_and_blanks_empty_them() -> None:
    live = factories.form()
    assert check(live, {"name": "a", "qty": 1}, name="b").data == {"name": "b", "qty": 1}
    assert check(live, {"name": "a", "qty": 1}, qty="").data == {"name": "a"}
    assert check(live, {"name": "a", "qty": 1}, qty=None).data == {"name": "a"}


def test_defaults_start_a_record_and_a_blank_overrides_them() -> None:
    live = factories.form(
        field("name", default="x"),
        field("who", "person", default_from="me"),
        field("on", "date", default_from="today"),
    )
    actor = factories.actor()
    started = defaults(actor, live.definition)
    assert (started["name"], started["who"], len(started["on"])) == ("x", actor.id, 10)
    assert check(live).data == started
    assert "name" not in check(live, name="").data
    assert "who" not in defaults(Actor.system(), live.definition)


def test_an_option_retired_meanwhile_may_stay_but_not_be_chosen() -> None:
    retired = [{**OPTIONS[0], "retired": True}, OPTIONS[1]]
    live = factories.form(field("name"), field("kind", "choice", options=retired))
    assert check(live, {"kind": "a"}, kind="a", name="x").errors == {}
    assert list(check(live, {"kind": "b"}, kind="a").errors) == ["kind"]


@pytest.mark.parametrize(
    "key",
    [
        "nope",
        "$where",
        "name.x",
        "_id",
        "number",
        "revision",
        "__proto__",
        "",
        "a" * 5000,
        "\0",
        "\ud800",
        "说明",
    ],
)
def test_an_unknown_key_is_refused_and_named_so_that_it_can_be_shown(key: str) -> None:
    live = factories.form(field("name"), field("head", "section"))
    [named] = validate(factories.actor(), live.definition, {key: 1}).errors
    assert named.isprintable()
    assert len(named) <= 60


def test_a_heading_takes_no_value() -> None:
    live = factories.form(field("name"), field("head", "section"))
    assert list(check(live, head="x").errors) == ["head"]


HOSTILE: list[object] = [
    {"$gt": ""}, {"$ne": None}, {"$where": "sleep(1000)"}, {"a.b": 1}, {"\0": 1}, [{"$gt": ""}], [[[[]]]],
    [None], {"file": {"$gt": ""}}, {"amount": {"$gt": 0}, "currency": {"$gt": ""}}, "\ud800", "a\0b",
    "\U0010ffff" * 40_000, "x" * 1_000_000, float("nan"), float("inf"), -float("inf"), 2**63, -(2**63) - 1,
    10**5000, "1e999999", "NaN", "-0", "2026-02-30", "9999-12-31", "0000-00-00", "٣٤٥", True, b"bytes",
    object(), "<script>alert(1)</script>", {"_row": {"$gt": ""}}, [{"_row": "../../etc"}], ["a"] * 100_000,
    [{}] * 100_000, "(a+)+$", "a" * 50 + "!", range(10), (1, 2), {1: 2}, {None: None}, "=cmd|' /C calc'!A0",
    "javascript:alert(1)", {"file": "x" * 24}, "0" * 24, [True], {"amount": "1e400", "currency": "XXX"},
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_values_are_refused_or_stored_as_plain_values_in_every_type(value: object) -> None:
    live = every_type.unpublished()
    for one in live.definition.value_fields:
        checked = check(live, {}, partial=True, **{one.key: value})
        if not checked.errors:
            kept = checked.data.get(one.key)
            encode({"value": kept})
            assert "$" not in "".join(keys_in(kept))
            assert not isinstance(kept, float)


def keys_in(value: object) -> list[str]:
    if isinstance(value, dict):
        return [key for one in value.items() for key in (str(one[0]), *keys_in(one[1]))]
    return [key for one in value for key in keys_in(one)] if isinstance(value, list) else []


def test_deeply_nested_values_are_refused_by_every_type() -> None:
    live = every_type.unpublished()
    deep: object = "x"
    for _level in range(5000):
        deep = [deep]
    nested: object = {}
    for _level in range(5000):
        nested = {"a": nested}
    for one in live.definition.value_fields:
        for value in (deep, nested, [nested]):
            raw: Document = {one.key: value}
            assert one.type in {"computed", "serial"} or check(live, {}, **raw).errors


def test_a_hundred_thousand_sub_rows_are_refused_before_they_are_read() -> None:
    live = every_type.unpublished()
    [message] = check(live, {}, items=[{"part": "x"}] * 100_000).errors["items"]
    assert "2000" in str(message) or "2,000" in str(message)


def test_problems_in_rows_are_said_beside_their_cells() -> None:
    live = every_type.unpublished()
    found = check(live, {}, items=[{"part": "x", "n": "1"}, {"n": "x", "$where": 1}]).errors
    assert "items.1.n" in found
    assert "items.0.n" not in found


def test_a_row_of_unknown_columns_is_refused() -> None:
    live = every_type.unpublished()
    assert check(live, {}, items=[{"nope": 1}]).errors


def test_values_of_every_type_are_stored_and_shown_again() -> None:
    live, person = every_type.form(), factories.editor()
    stored = every_type.record(live, person)["data"]
    assert stored["d"] == Decimal128("1.2500")
    assert stored["mc"] == ["air", "brake"]
    assert stored["total"] == -14
    assert stored["lot"] == "L001"
    again = {
        one.key: type_of(one).to_json(one, stored[one.key])
        for one in live.definition.value_fields
        if one.key in stored
    }
    checked = validate(factories.actor(person), live.definition, again, before=stored)
    assert (checked.errors, checked.data) == ({}, stored)


def test_a_reference_to_what_is_not_there_is_refused() -> None:
    live = every_type.form()
    other = factories.record(factories.republish(live), t="x")["_id"]  # a record, but of another form
    for key in ("customer", "others", "who", "dept"):
        raw: Document = {key: str(other)}
        assert list(check(live, {}, **raw).errors) == [key]


def test_a_reference_to_a_record_in_the_bin_may_stay_but_not_be_chosen() -> None:
    live, person = every_type.form(), factories.editor()
    record = every_type.record(live, person)
    customer = record["data"]["customer"]
    database().record_customer.update_one({"_id": customer}, {"$set": {"deleted_at": record["created_at"]}})
    assert check(live, record["data"], customer=str(customer)).errors == {}
    assert list(check(live, {}, customer=str(customer)).errors) == ["customer"]


def test_nothing_is_stored_when_one_value_is_wrong(db: Store) -> None:
    live = factories.form()
    with pytest.raises(InvalidError) as refused:
        factories.record(live, qty="x")
    assert set(refused.value.errors) == {"name", "qty"}
    assert "qty" in str(refused.value)
    assert live.records().count_documents({}) == db.history.count_documents({}) == 0


def test_hostile_values_never_reach_a_filter() -> None:
    live = every_type.unpublished()
    for one in live.definition.value_fields:
        for value in HOSTILE[:10]:
            try:
                kept = type_of(one).filter_value(one, value, parse_context(factories.actor()))
            except DomainError:
                continue
            assert not isinstance(kept, dict)
