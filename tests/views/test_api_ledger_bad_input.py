"""What programs send of ledgers and slips that cannot be: told beside the field, and nothing changes."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from bson import ObjectId
from flask import Flask

from models.access import Action
from models.database import Document
from models.forms import LiveForm
from models.ledger import desk
from models.people import Grant, Role, User
from tests import factories
from tests.hostile.test_operators import VALUES
from tests.hostile.unchanged import unchanged
from tests.ledger_forms import ledger_form, slip_form
from tests.models.ledger.desk_work import back, day, now_stored, slip, take, taken, thing
from tests.views.test_api import Program
from tests.web import app

__all__ = ["app"]
KEY = "a-key-of-the-program"


@dataclass
class Sender:
    """A program, and what there is to send about: five of one thing, two of them lent; two others, lost."""

    app: Flask
    person: User
    things: LiveForm
    slips: LiveForm

    def __post_init__(self) -> None:
        """Make what there is."""
        self.admin = factories.administrator()
        self.item = thing(self.things)
        self.lost = thing(self.things, name="Mould", quantity="2")
        actor = factories.actor(self.admin)
        desk.move(
            actor, self.admin, self.things, self.lost["_id"], "lose", quantity=Decimal(2), note="because"
        )
        self.lent = taken(self.slips, slip(self.slips, self.item, 2), "ask", "lend")
        self.program = Program(self.app, self.person)
        assert self.program.ask("GET", "/api/v1/forms").status_code == 200  # the key was used before

    def ask(self, method: str, path: str, body: Any, key: str = "") -> tuple[int, dict[str, list[str]]]:
        """Send a body below `/api/v1/records`; return the status, and what is said beside which field."""
        headers = {
            "Authorization": f"Bearer {self.program.secret}",
            **({"Idempotency-Key": key} if key else {}),
        }
        answer = self.program.client.open(
            f"/api/v1/records/{path}", method=method, json=body, headers=headers
        )
        return answer.status_code, (answer.get_json(silent=True) or {}).get("error", {}).get("errors", {})

    def refused(self, method: str, path: str, body: Any, beside: str, *told: str) -> None:
        """Expect a refusal beside one field, in English and in Chinese where both texts are given."""
        for language, text in zip(("en", "zh"), told or ("",), strict=False):
            self.person.update(language=language)
            with unchanged():
                status, errors = self.ask(method, path, body)
            assert (status, set(errors)) == (422, {beside}), (body, errors)
            assert text in " ".join(errors[beside])

    def move(self, item: Document, **body: Any) -> tuple[str, str, dict[str, Any]]:
        """Return what books a movement by hand."""
        return "POST", f"thing/{item['_id']}/movements", {"kind": "damage", "quantity": 1, **body}

    def step(self, record: Document, key: str, **data: Any) -> tuple[str, str, dict[str, Any]]:
        """Return what takes a step of a slip."""
        body = {"revision": record["revision"], "data": data}
        return "POST", f"slip/{record['_id']}/transitions/{key}", body


@pytest.fixture
def at(app: Flask, db: object) -> Sender:
    factories.form(factories.field("name", required=True), key="client")
    things = ledger_form()
    return Sender(app, factories.editor(), things, slip_form())


@pytest.mark.parametrize(
    "quantity",
    [
        4, 0, -1, 0.5, 1e400, 10**30, float("nan"), float("-inf"), "NaN", "sNaN", "Infinity", "two", "", " ",
        "9" * 400, "1e999999999", True, None, [], [1], {}, {"$gt": 0}, {"$numberDecimal": "1"},
    ],
    ids=lambda one: repr(one)[:20],
)  # fmt: skip
def test_what_is_no_number_of_pieces_moves_none(at: Sender, quantity: Any) -> None:
    at.refused(*at.move(at.item, quantity=quantity), "quantity")


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("kind", {}), ("from", {}), ("department", {"kind": "transfer"}), ("place", {"kind": "relocate"}),
        ("note", {"kind": "lose"}), ("condition", {}), ("photos", {}),
    ],
)  # fmt: skip
def test_no_part_of_a_movement_is_an_operator_or_of_another_shape(
    at: Sender, name: str, more: dict[str, str]
) -> None:
    for value in (*VALUES, True, 1):
        at.refused(*at.move(at.item, **{**more, name: value}), name)
    with unchanged():
        for body in ([], [1], "x", 1, None, {"$where": "1"}, {"kind": "damage", "quantity": 1, "to": "lost"}):
            status, _errors = at.ask("POST", f"thing/{at.item['_id']}/movements", body)
            assert 400 <= status < 500, body


def test_a_movement_that_cannot_be_is_refused_in_the_readers_language(at: Sender) -> None:
    short = ("There are 3 of “Gauge” here, not 4.", "“Gauge”在库 3，不足 4。")
    at.refused(*at.move(at.item, quantity=4), "quantity", *short)
    at.refused(*at.move(at.item, quantity="0.5"), "quantity", "Only whole pieces.", "只能是整数件。")
    at.refused(*at.move(at.item, kind="borrow"), "kind", "Choose a movement.", "请选择变动。")
    at.refused(*at.move(at.item, kind="lose"), "note", "Say why.", "请说明原因。")
    at.refused(*at.move(at.lost), "quantity", "There are 0 of “Mould” here", "“Mould”在库 0")
    at.refused(*at.move(at.item, note="x" * 2001), "note", "At most 2000", "最多 2000")
    for unstorable in ("a\0b", "\ud800"):
        at.refused(*at.move(at.item, note=unstorable), "note", "cannot be stored", "无法保存")
        at.refused(*at.move(at.item, kind="relocate", place=unstorable), "place", "cannot be stored", "无法")


def test_a_key_stands_for_the_body_it_was_first_sent_with(at: Sender) -> None:
    method, path, body = at.move(at.item)
    assert at.ask(method, path, body, KEY)[0] == 201
    elsewhere = at.move(at.lost)[1]
    for other_path, other in (
        (path, {**body, "quantity": 2}),
        (path, {**body, "note": "x"}),
        (elsewhere, body),
    ):
        for language, text in (
            ("en", "This key was used for something else."),
            ("zh", "此键已用于其他请求。"),
        ):
            at.person.update(language=language)
            with unchanged():
                assert at.ask(method, other_path, other, KEY) == (422, {"": [text]})
    with unchanged():
        assert at.ask(method, path, dict(reversed(body.items())), KEY)[0] == 201  # the same in another order
    for key in ("short", "x" * 81, "with a blank in the middle", '{"$gt": ""}--------'):
        with unchanged():
            assert at.ask(method, path, body, key)[0] == 422


@pytest.mark.parametrize(
    ("rows", "beside", "told"),
    [
        ([{"quantity": 3}], "returns.0.quantity", ("Only 2 are still out.", "在外的只有 2。")),
        ([{}, {"quantity": 2}], "returns.1.quantity", ("Only 1 are still out.", "在外的只有 1。")),
        ([{"quantity": -1}], "returns.0.quantity", ("At least one piece.", "至少一件。")),
        ([{"quantity": 0.5}], "returns.0.quantity", ("Only whole pieces.", "只能是整数件。")),
        ([{"quantity": "NaN"}], "returns.0.quantity", ("not a number", "不是数字")),
        ([{"quantity": {"$gt": 0}}], "returns.0.quantity", ()),
        ([{"item": "0" * 24}], "returns.0.item", ()),
        ([{"outcome": "eaten"}], "returns.0.outcome", ()),
        ([], "returns", ("Say what came back.", "请说明归还了什么。")),
    ],
)
def test_no_other_return_is_booked_than_there_can_be(
    at: Sender, rows: list[dict[str, Any]], beside: str, told: tuple[str, ...]
) -> None:
    returns = [{**back(at.item), **row} for row in rows]
    at.refused(*at.step(at.lent, "take_back", returns=returns), beside, *told)


Wrong = Callable[[Sender], dict[str, Any]]


@pytest.mark.parametrize(
    ("step", "data", "beside"),
    [
        ("extend", lambda _at: {"extend_to": day(-1)}, "extend_to"),
        ("extend", lambda _at: {"extend_to": "2026-02-30"}, "extend_to"),
        ("extend", lambda _at: {"extend_to": {"$gt": ""}}, "extend_to"),
        ("extend", lambda _at: {}, "extend_to"),
        ("pass_on", lambda at: {"receiver": str(at.admin.id)}, "receiver"),
        ("pass_on", lambda _at: {"receiver": str(ObjectId())}, "receiver"),
        ("pass_on", lambda at: {"receiver": str(_left(at).id)}, "receiver"),
        ("pass_on", lambda _at: {}, "receiver"),
    ],
)
def test_a_loan_goes_on_only_to_days_and_people_there_are(
    at: Sender, step: str, data: Wrong, beside: str
) -> None:
    at.refused(*at.step(at.lent, step, **data(at)), beside)


def _left(_at: Sender) -> User:
    return factories.user("gone", name="Gone", active=False)


@pytest.mark.parametrize(
    ("data", "beside"),
    [
        (lambda at: {"items": [{"item": str(at.lost["_id"]), "quantity": 1}]}, "items.0.quantity"),
        (lambda at: {"items": [{"item": str(at.item["_id"]), "quantity": 4}]}, "items.0.quantity"),
        (lambda at: {"items": [{"item": str(at.item["_id"]), "quantity": 0}]}, "items.0.quantity"),
        (lambda _at: {"begins": day(5), "ends": day(4)}, "ends"),
        (lambda _at: {"begins": day(-5), "ends": day(-4)}, "ends"),
    ],
)
def test_what_cannot_be_lent_is_asked_for_in_vain(at: Sender, data: Wrong, beside: str) -> None:
    draft = slip(at.slips, at.item, **data(at))
    at.refused(*at.step(draft, "ask"), beside)


def test_what_the_ledger_has_booked_is_neither_edited_nor_deleted(at: Sender) -> None:
    item, lent = now_stored(at.things, at.item), at.lent
    row = {"_row": lent["data"]["items"][0]["_row"], "item": str(at.item["_id"]), "quantity": 1}
    for form, record, data, beside in (
        ("thing", item, {"quantity": 1}, "quantity"),
        ("thing", item, {"available": 99}, "available"),
        ("thing", item, {"holders": []}, "holders"),
        ("slip", lent, {"items": [row]}, "items"),
        ("slip", lent, {"returns": [back(at.item)]}, "returns"),
        ("slip", lent, {"borrower": str(at.person.id)}, "borrower"),
        ("slip", lent, {"ends": day(30)}, "ends"),
        ("slip", lent, {"outstanding": 0}, "outstanding"),
    ):
        body = {"revision": record["revision"], "data": data, "reason": "because"}
        at.refused("PATCH", f"{form}/{record['_id']}", body, beside)
    for form, record in (("thing", item), ("slip", lent)):
        body = {"revision": record["revision"], "reason": "tidy"}
        told = ("cannot be deleted", "不能删除")
        at.refused("DELETE", f"{form}/{record['_id']}", body, "", *told)
    for key in ("stock", "_stock", "stock.positions", "$set", "state", "asked"):
        at.refused("PATCH", f"thing/{item['_id']}", {"revision": item["revision"], "data": {key: 1}}, key)


def test_what_was_sent_before_is_stale(at: Sender) -> None:
    method, path, body = at.step(at.lent, "take_back", returns=[back(at.item)])
    assert at.ask(method, path, body)[0] == 200
    with unchanged():
        assert at.ask(method, path, body)[0] == 409
        for revision in (0, -1, 10**30, "1", None, {"$gt": 0}, True, 1.5):
            status, _errors = at.ask(method, path, {**body, "revision": revision})
            assert status in {400, 409, 422}, revision
    closed = take(at.slips, now_stored(at.slips, at.lent), "take_back", returns=[
        *_as_sent(at), back(at.item)
    ])  # fmt: skip
    assert closed["state"] == "closed"
    with unchanged():
        assert at.ask(*at.step(closed, "take_back", returns=[back(at.item)]))[0] == 409


def _as_sent(at: Sender) -> list[dict[str, Any]]:
    [row] = now_stored(at.slips, at.lent)["data"]["returns"]
    return [{"_row": row["_row"], **back(at.item)}]


def test_what_is_out_of_reach_is_not_there(at: Sender) -> None:
    grants = [
        Grant(form="thing", actions=[*factories.EDITOR_ACTIONS], scope="department"),
        Grant(form="slip", actions=[*factories.EDITOR_ACTIONS], scope="own"),
        Grant(form="other", actions=[Action.SEE.value, Action.EDIT.value], scope="all"),
    ]
    other = factories.record(factories.form(key="other"), name="Other")
    role = Role(name="clerk", grants=grants).save()
    at.person = factories.user("clerk", role, department=factories.department("HR", "人事部", "HR"))
    at.program = Program(at.app, at.person)
    assert at.program.ask("GET", "/api/v1/forms").status_code == 200
    at.refused(
        "POST",
        "slip",
        {"data": {"items": [{"item": str(at.item["_id"]), "quantity": 1}]}},
        "items.0.item",
        "no longer exists",
    )
    with unchanged():
        assert at.ask(*at.move(at.item))[0] == 404
        assert at.ask(*at.step(at.lent, "take_back", returns=[back(at.item)]))[0] == 404
        for page in ("movements", "stock"):
            assert at.ask("GET", f"other/{other['_id']}/{page}", None)[0] == 404
            assert at.ask("GET", f"thing/{at.item['_id']}/{page}", None)[0] == 404
        for query in ("limit=-1", "limit=x", "limit=1e9", "before=x", "before[$gt]=", f"before={ObjectId()}"):
            assert at.ask("GET", f"thing/{at.item['_id']}/movements?{query}", None)[0] == 404
        assert at.ask("POST", f"other/{other['_id']}/movements", {"kind": "damage", "quantity": 1})[0] == 404


def test_more_than_anybody_means_to_send_is_refused(at: Sender) -> None:
    deep: Any = 1
    for _level in range(900):
        deep = [deep]
    with unchanged():
        for body in (
            {"note": "x" * 10**7}, {"photos": ["0" * 24] * 10**5}, {"photos": deep}, {"quantity": deep},
            {"from": "kept." * 10**5}, {"department": "x" * 10**6}, {"place": "x" * 10**6},
            {f"field_{at_}": 1 for at_ in range(10**4)},
        ):  # fmt: skip
            status, _errors = at.ask(*at.move(at.item, **body))
            assert status in {400, 413, 422}, list(body)
