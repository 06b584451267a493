"""Ledgers by the JSON API: where pieces are, their movements, and booking one by hand, as on the screens."""

from typing import Any

import pytest
from flask import Flask

from models import workflow
from models.access import Action
from models.database import Document, db
from models.forms import LiveForm
from models.people import Actor, FieldRule, Grant, Limit, Role, User
from tests import factories
from tests.ledger_forms import ledger_form, slip_form
from tests.views.test_api import Program
from tests.web import app

__all__ = ["app"]
KEY = "a-key-of-the-program"


@pytest.fixture
def admin(db: object) -> User:
    return factories.administrator()


@pytest.fixture
def things(admin: User) -> LiveForm:
    return ledger_form()


@pytest.fixture
def item(things: LiveForm, admin: User) -> Document:
    return factories.record(things, admin, name="Gauge", quantity="5", place="A 1")


@pytest.fixture
def slip(item: Document, admin: User) -> Document:
    live = slip_form()
    record: Document = {}
    for quantity, begins, steps in (
        ("1", "2998-01-01", ("ask",)),
        ("2", "2026-01-01", ("ask", "lend")),
    ):
        rows = [{"item": str(item["_id"]), "quantity": quantity}]
        record = factories.record(
            live, admin, items=rows, borrower=str(admin.id), begins=begins, ends="2999-01-01"
        )
        for step in steps:
            record = workflow.take(
                Actor.of(admin), admin, live, record["_id"], step, {}, revision=record["revision"]
            )
    return record


def path(item: Document, page: str = "") -> str:
    return f"/api/v1/records/thing/{item['_id']}{page}"


def book(program: Program, item: Document, key: str = "", **body: Any) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {program.secret}", **({"Idempotency-Key": key} if key else {})}
    answer = program.client.post(path(item, "/movements"), json=body, headers=headers)
    return answer.status_code, answer.get_json()


def test_an_item_says_where_its_pieces_are_and_who_asked(
    app: Flask, admin: User, item: Document, slip: Document
) -> None:
    program = Program(app, admin)
    shown = program.ask("GET", path(item)).get_json()
    stock = program.ask("GET", path(item, "/stock")).get_json()
    assert shown["stock"] == stock
    kept, lent = stock["positions"]
    assert (kept["kind"], kept["quantity"], kept["place"]) == ("kept", "3", "A 1")
    assert kept["department_name"] == "Quality"
    assert (lent["kind"], lent["quantity"], lent["person_name"]) == ("lent", "2", admin.name)
    assert lent["slip"] == f"/api/v1/records/slip/{slip['_id']}"
    [promise] = stock["promises"]
    assert (promise["kind"], promise["begins"]) == ("reserved", "2998-01-01")
    assert (stock["free"], stock["of"]) == ("3", "5")
    assert "stock" not in program.ask("GET", f"/api/v1/records/slip/{slip['_id']}").get_json()


def test_movements_are_read_page_by_page(app: Flask, admin: User, item: Document, slip: Document) -> None:
    program = Program(app, admin)
    page = program.ask("GET", path(item, "/movements"), query={"limit": "1"}).get_json()
    [borrowed] = page["movements"]
    assert (borrowed["kind"], borrowed["label"], borrowed["by"]) == ("borrow", "Borrowed", admin.name)
    assert borrowed["from"]["kind"] == "kept"
    page = program.ask("GET", path(item, "/movements"), query={"before": page["next"]}).get_json()
    assert ([one["kind"] for one in page["movements"]], page["next"]) == (["arrival"], "")
    assert page["movements"][0]["from"] is None
    assert program.ask("GET", path(item, "/movements"), query={"before": "x"}).status_code == 404


def test_a_movement_is_booked_once_however_often_it_is_sent(
    app: Flask, admin: User, things: LiveForm, item: Document
) -> None:
    program = Program(app, factories.editor())
    for _time in range(3):
        status, stock = book(program, item, KEY, kind="damage", quantity="2", note="fell", condition="bent")
        assert status == 201
        assert {one["kind"]: one["quantity"] for one in stock["positions"]} == {"kept": "3", "damaged": "2"}
    [moved] = db().property_movements.find({"kind": "damage"})
    assert (moved["note"], moved["condition"], moved["source"]) == ("fell", "bent", "api")
    other = factories.record(things, admin, name="Mould", quantity="1")
    status, answer = book(program, other, KEY, kind="damage", quantity="1")
    assert (status, set(answer["error"]["errors"])) == (422, {""})
    assert book(program, item, "short", kind="damage", quantity="1")[0] == 422


def undo(program: Program, item: Document, movement: Any, key: str = "", **body: Any) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {program.secret}", **({"Idempotency-Key": key} if key else {})}
    page = path(item, f"/movements/{movement}/undo")
    answer = program.client.post(page, json=body, headers=headers)
    return answer.status_code, answer.get_json()


def test_a_movement_is_taken_back_once_however_often_it_is_sent(app: Flask, item: Document) -> None:
    program = Program(app, factories.editor())
    book(program, item, kind="damage", quantity="2", note="fell")
    [moved] = db().property_movements.find({"kind": "damage"})
    status, answer = undo(program, item, moved["_id"])
    assert (status, set(answer["error"]["errors"])) == (422, {"reason"})
    for _time in range(3):
        status, stock = undo(program, item, moved["_id"], KEY, reason="wrong item")
        assert (status, [one["kind"] for one in stock["positions"]]) == (201, ["kept"])
    [back] = db().property_movements.find({"reverses": moved["_id"]})
    assert (back["note"], back["source"]) == ("wrong item", "api")
    status, answer = undo(program, item, moved["_id"], reason="again")
    assert (400 <= status < 500, "undone already" in str(answer)) == (True, True)
    assert undo(program, item, moved["_id"], KEY, reason="something else")[0] == 422


def test_only_who_may_edit_an_item_takes_its_movements_back(
    app: Flask, admin: User, things: LiveForm, item: Document
) -> None:
    book(Program(app, admin), item, kind="damage", quantity="2", note="fell")
    [moved] = db().property_movements.find({"kind": "damage"})
    other = factories.record(things, admin, name="Mould", quantity="1")
    for person, expected in ((factories.reader(), 403), (factories.stranger(), 404)):
        assert undo(Program(app, person), item, moved["_id"], reason="x")[0] == expected
    for thing, movement in ((other, moved["_id"]), (item, other["_id"]), (item, "x")):
        assert undo(Program(app, admin), thing, movement, reason="x")[0] == 404


def test_what_is_wrong_is_told_as_on_the_screen(app: Flask, item: Document, slip: Document) -> None:
    program = Program(app, factories.editor())
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"kind": "damage", "quantity": 4}, "quantity"),
        ({"kind": "damage", "quantity": "0.5"}, "quantity"),
        ({"kind": "damage", "quantity": -1}, "quantity"),
        ({"kind": "damage", "quantity": True}, "quantity"),
        ({"kind": "damage", "quantity": "NaN"}, "quantity"),
        ({"kind": "damage"}, "quantity"),
        ({"kind": "borrow", "quantity": 1}, "kind"),
        ({"kind": 1, "quantity": 1}, "kind"),
        ({"kind": "lose", "quantity": 1}, "note"),
        ({"kind": "relocate", "quantity": 1}, "place"),
        ({"kind": "transfer", "quantity": 1, "department": "gone"}, "department"),
        ({"kind": "damage", "quantity": 1, "from": "lent.."}, "from"),
        ({"kind": "damage", "quantity": 1, "photos": ["x"]}, "photos"),
        ({"kind": "damage", "quantity": 1, "photos": ["6" * 24]}, "photos"),
        ({"kind": "damage", "quantity": 1, "note": {"$gt": ""}}, "note"),
        ({"kind": "damage", "quantity": 1, "status": "lost"}, "status"),
    ]
    for body, beside in wrong:
        status, answer = book(program, item, **body)
        assert (status, set(answer["error"]["errors"])) == (422, {beside}), body
    assert db().property_movements.count_documents({}) == 2


def test_pieces_are_taken_from_the_spot_that_is_named(app: Flask, admin: User, item: Document) -> None:
    program = Program(app, admin)
    store = factories.department("ST", "仓库", "Store")
    status, stock = book(program, item, kind="transfer", quantity=2, department="ST", place="B 2")
    assert status == 201
    keys = {one["department_name"]: one["key"] for one in stock["positions"]}
    assert set(keys) == {"Quality", "Store"}
    status, stock = book(program, item, kind="relocate", quantity="1", place="C 3", **{"from": keys["Store"]})
    assert status == 201
    found = {(one["department"], one["place"]): one["quantity"] for one in stock["positions"]}
    assert found == {
        (str(admin.department.id), "A 1"): "3",
        (str(store.id), "B 2"): "1",
        (str(store.id), "C 3"): "1",
    }


def test_readers_read_strangers_see_nothing_and_other_forms_have_no_stock(
    app: Flask, item: Document, slip: Document
) -> None:
    reader = Program(app, factories.reader())
    assert reader.ask("GET", path(item, "/stock")).status_code == 200
    assert book(reader, item, kind="damage", quantity=1)[0] == 403
    stranger = Program(app, factories.stranger())
    for page in ("/stock", "/movements"):
        assert stranger.ask("GET", path(item, page)).status_code == 404
        assert reader.ask("GET", f"/api/v1/records/slip/{slip['_id']}{page}").status_code == 404
    assert book(stranger, item, kind="damage", quantity=1)[0] == 404


def test_what_is_closed_of_an_item_is_closed_here_too(app: Flask, item: Document, slip: Document) -> None:
    def person(name: str, *fields: str, form: str = "*") -> Program:
        rules = [FieldRule(form="thing", fields=list(fields), limit=Limit.MASKED.value)] if fields else []
        grant = Grant(form=form, actions=[action.value for action in Action])
        role = Role(name=name, grants=[grant], field_rules=rules).save()
        return Program(app, factories.user(name, role, department=factories.department()))

    blind = person("blind", "available")
    assert blind.ask("GET", path(item)).get_json()["stock"] is None
    assert blind.ask("GET", path(item, "/movements")).get_json()["movements"] == []
    without_people = person("without_people", "holders")
    for page in ("", "/stock", "/movements"):
        assert "person" not in without_people.ask("GET", path(item, page)).get_data(as_text=True)
    no_slips = person("no_slips", form="thing")
    assert "slip" not in no_slips.ask("GET", path(item, "/stock")).get_data(as_text=True)
