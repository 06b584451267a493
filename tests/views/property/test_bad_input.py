"""What is wrong with customer property is told beside the field, in both languages; nothing changes."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from bson import ObjectId
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models import history
from models.access import Action
from models.database import Document
from models.forms import LiveForm
from models.ledger import desk, movements
from models.people import Grant, Role, User
from tests import factories
from tests.factories import field
from tests.hostile.cast import fresh_key
from tests.hostile.unchanged import unchanged
from tests.ledger_forms import step
from tests.models.ledger.desk_work import back, day, now_stored, slip, stock, take, taken, thing
from tests.pages import Element, read
from tests.web import csrf_token, sign_in

FAR = "9" * 400
TAPPED = ("/borrow", "/return", "/put")


@dataclass
class Desk:
    """Somebody at a desk: things, slips, and what was tried with them."""

    client: FlaskClient
    person: User
    things: LiveForm
    slips: LiveForm

    def __post_init__(self) -> None:
        """Have five of one thing, two of them lent, and two of another, both lost."""
        admin = factories.administrator()
        self.item = thing(self.things)
        self.lost = thing(self.things, name="Mould", quantity="2")
        self.move(self.lost, "lose", 2)
        self.gone = factories.user("gone", name="Gone", active=False)
        self.lent = taken(self.slips, slip(self.slips, self.item, 2), "ask", "lend")
        self.draft = slip(self.slips, self.item, 4)
        self.of_lost = slip(self.slips, self.lost)
        self.borrower = admin

    def move(self, item: Document, kind: str, quantity: int) -> Document:
        """Book a movement by hand; return it."""
        admin = factories.administrator()
        desk.move(
            factories.actor(admin), admin, self.things, item["_id"], kind,
            quantity=Decimal(quantity), note="because",
        )  # fmt: skip
        return movements.of_item("thing", item["_id"], limit=1)[0]

    def post(self, path: str, **sent: Any) -> TestResponse:
        """Send a form of a page, of those on a telephone as the outbox does."""
        token = csrf_token(self.client)
        headers = fresh_key() | ({"X-Requested-With": "XMLHttpRequest"} if path.endswith(TAPPED) else {})
        return self.client.post(path, data={"csrf_token": token, **sent}, headers=headers)

    def refused(self, path: str, sent: dict[str, Any], beside: str, told: tuple[str, str]) -> None:
        """Send something and expect to be told in either language why it changes nothing."""
        for language, text in zip(("en", "zh"), told, strict=True):
            self.person.update(language=language)
            with unchanged():
                answer = self.post(path, **sent)
            assert answer.status_code == 422, answer.text
            assert text in _said(answer, beside)


def _said(answer: TestResponse, beside: str) -> str:
    """Return what an answer says beside a field; beside `shortage`, what is missing of a slip's items."""
    if answer.mimetype == "application/json":
        errors = answer.get_json()["error"]["errors"]
        assert set(errors) == {beside}
        return " ".join(errors[beside])
    page = read(answer.text)
    if beside == "shortage":
        return page.one("section", id="shortage").text
    found = page.all(id=f"error-{beside}")
    return found[0].text if found else _cell(page, beside).one("p", "field-error").text


def _cell(page: Element, name: str) -> Element:
    [cell] = [
        td for td in page.all("td", "has-error") if any(one.attributes.get("name") == name for one in td)
    ]
    return cell


@pytest.fixture
def at(client: FlaskClient, editor: User, things: LiveForm, slips: LiveForm) -> Desk:
    return Desk(client, editor, things, slips)


def _step(record: Document, key: str) -> str:
    return f"/records/slip/{record['_id']}/move/{key}"


def _of(record: Document, **sent: Any) -> dict[str, Any]:
    return {"_revision": str(record["revision"]), **sent}


def _row(item: Document, quantity: str, table: str = "returns") -> dict[str, str]:
    typed = {"_row": "", "item": str(item["_id"]), "quantity": quantity}
    more = {"outcome": "return"} if table == "returns" else {}
    return {f"{table}-0-{key}": value for key, value in {**typed, **more}.items()}


# -- steps of a slip -----------------------------------------------------------------------------------------

ONE = ("At least one piece.", "至少一件。")
WHOLE = ("Only whole pieces.", "只能是整数件。")
MOST = ("Must be at most 1,000,000,000,000.", "不得大于 1,000,000,000,000。")
GONE = ("This no longer exists or cannot be chosen.", "该项已不存在或不可选。")
UNKNOWN = ("is unknown, or more than one is called so.", "或有重名。")
NO_DAY = ("There is no 2026-02-30", "日历上没有 2026-02-30")
TO_COME = ("Give a day that is still to come.", "请填写将来的日期。")


@pytest.mark.parametrize(
    ("quantity", "told"),
    [
        ("3", ("Only 2 are still out.", "在外的只有 2。")),
        ("-1", ONE), ("0", ONE), ("", ONE), ("0.5", WHOLE), ("1e13", MOST),
        ("NaN", ("“NaN” is not a number.", "“NaN”不是数字。")),
        ("-Infinity", ("is not a number.", "不是数字。")),
        ("two", ("“two” is not a number.", "“two”不是数字。")),
        (FAR, ("At most 200 characters.", "最多 200 个字符。")),
    ],
)  # fmt: skip
def test_no_other_number_comes_back_than_was_lent(at: Desk, quantity: str, told: tuple[str, str]) -> None:
    at.refused(
        _step(at.lent, "take_back"), _of(at.lent, **_row(at.item, quantity)), "returns-0-quantity", told
    )


def test_what_was_not_lent_does_not_come_back(at: Desk) -> None:
    told = ("This item was not lent by this slip.", "此物品不是本单借出的。")
    at.refused(_step(at.lent, "take_back"), _of(at.lent, **_row(at.lost, "1")), "returns-0-quantity", told)


def test_what_is_lost_or_lent_to_others_is_not_lent(at: Desk) -> None:
    missing = ("There are 0 of “Mould” here, not 1.", "“Mould”在库 0，不足 1。")
    at.refused(_step(at.of_lost, "ask"), _of(at.of_lost), "shortage", missing)
    told = (f"管理员 has 2 until {day(7)}", day(7))
    at.refused(_step(at.draft, "ask"), _of(at.draft), "shortage", told)


@pytest.mark.parametrize(
    ("key", "field", "value", "told"),
    [
        ("extend", "extend_to", lambda _at: day(-1), TO_COME),
        ("extend", "extend_to", lambda _at: "", TO_COME),
        ("extend", "extend_to", lambda _at: "soon", ("“soon” is not a date.", "“soon”不是日期")),
        ("extend", "extend_to", lambda _at: "2026-02-30", NO_DAY),
        ("extend", "extend_to", lambda _at: "99999-01-01", ("is not a date.", "不是日期")),
        ("pass_on", "receiver", lambda at: str(at.gone.id), GONE),
        ("pass_on", "receiver", lambda _at: str(ObjectId()), GONE),
        ("pass_on", "receiver", lambda _at: "everybody", UNKNOWN),
        ("pass_on", "receiver", lambda _at: "", ("This is needed.", "此项必填。")),
        ("pass_on", "receiver", lambda at: str(at.borrower.id),
         ("This person has them already.", "物品已在此人手中。")),
    ],
)  # fmt: skip
def test_a_loan_goes_on_only_to_days_and_people_there_are(
    at: Desk, key: str, field: str, value: Callable[[Desk], str], told: tuple[str, str]
) -> None:
    at.refused(_step(at.lent, key), _of(at.lent, **{field: value(at)}), field, told)


@pytest.mark.parametrize(
    ("sent", "beside", "told"),
    [
        ({"items-0-quantity": "NaN"}, "items-0-quantity", ("“NaN” is not a number.", "“NaN”不是数字。")),
        ({"items-0-quantity": "two"}, "items-0-quantity", ("“two” is not a number.", "“two”不是数字。")),
        ({"items-0-item": "0" * 24}, "items-0-item", GONE),
        ({"items-0-item": "everything"}, "items-0-item", UNKNOWN),
        ({"borrower": "0" * 24}, "borrower", GONE),
        ({"begins": "2026-02-30"}, "begins", NO_DAY),
    ],
)
def test_what_cannot_be_is_not_even_written_on_a_slip(
    at: Desk, sent: dict[str, str], beside: str, told: tuple[str, str]
) -> None:
    days = {"begins": day(0), "ends": day(3), "borrower": str(at.borrower.id)}
    at.refused("/records/slip/new", {**_row(at.item, "1", "items"), **days, **sent}, beside, told)


@pytest.mark.parametrize(
    ("typed", "beside", "told"),
    [
        ({"begins": 5, "ends": 4}, "ends", ("This is before the first day.", "早于首日。")),
        ({"begins": -9, "ends": -1}, "ends", ("This day has passed.", "这一天已过。")),
    ],
)
def test_days_that_run_backwards_are_refused_beside_the_last(
    at: Desk, typed: dict[str, int], beside: str, told: tuple[str, str]
) -> None:
    draft = slip(at.slips, at.item, begins=day(typed["begins"]), ends=day(typed["ends"]))
    for language, text in zip(("en", "zh"), told, strict=True):
        at.person.update(language=language)
        with unchanged():
            answer = at.post(_step(draft, "ask"), **_of(draft))
        assert answer.status_code == 422
        assert text in read(answer.text).one("main").text, beside


def test_an_item_that_stands_on_a_slip_twice_is_lent_not_even_once(at: Desk) -> None:
    row = {"item": str(at.item["_id"]), "quantity": "1"}
    draft = slip(at.slips, at.item, items=[row, row])
    for language, text in (("en", "This item stands in two rows."), ("zh", "此物品出现在两行中。")):
        at.person.update(language=language)
        with unchanged():
            answer = at.post(_step(draft, "ask"), **_of(draft))
        assert (answer.status_code, text in answer.text) == (422, True)


def test_a_borrower_who_left_since_gets_nothing(at: Desk) -> None:
    leaver = factories.reader()
    asked = taken(at.slips, slip(at.slips, at.item, borrower=str(leaver.id)), "ask")
    leaver.update(active=False)
    for language, text in (("en", "This person has left."), ("zh", "此人已离岗。")):
        at.person.update(language=language)
        with unchanged():
            answer = at.post(_step(asked, "lend"), **_of(asked))
        assert (answer.status_code, text in answer.text) == (422, True)


def test_of_two_windows_the_second_is_told_what_happened_in_the_first(at: Desk) -> None:
    sent = _of(at.lent, **_row(at.item, "1"))
    assert at.post(_step(at.lent, "take_back"), **sent).status_code == 302
    for language, text in (("en", "the record changed in the meantime"), ("zh", "记录在此期间已变更")):
        at.person.update(language=language)
        with unchanged():
            answer = at.post(_step(at.lent, "take_back"), **sent)
        assert (answer.status_code, text in answer.text) == (409, True)
    assert stock(at.things, at.item).total(["lent"]) == 1


@pytest.mark.parametrize("revision", ["", "0", "-1", "x", "1e3", FAR])
def test_a_page_that_does_not_say_what_it_showed_changes_nothing(at: Desk, revision: str) -> None:
    for path, more in (
        (_step(at.lent, "take_back"), _row(at.item, "1")),
        (f"/records/slip/{at.lent['_id']}/edit", {"purpose": "trial"}),
    ):
        with unchanged():
            assert at.post(path, _revision=revision, **more).status_code == 409, path


# -- what is over --------------------------------------------------------------------------------------------


def test_a_closed_slip_changes_by_a_correction_with_a_reason_and_no_other_way(at: Desk) -> None:
    stored = at.slips.definition.dump()["workflow"]
    for one in stored["states"]:
        one["readonly"] = one["key"] == "closed"
    correct = step("correct", "closed", "closed", fields=["correction"], reason="required")
    fields = [*at.slips.definition.dump()["fields"], field("correction")]
    at.slips = factories.republish(
        at.slips, fields=fields, workflow={**stored, "transitions": [*stored["transitions"], correct]}
    )
    closed = take(at.slips, at.lent, "take_back", returns=[back(at.item, 2)])
    assert closed["state"] == "closed"
    path = f"/records/slip/{closed['_id']}/edit"
    for sent in (
        {"purpose": "other"},
        {"borrower": str(at.person.id)},
        {"outstanding": "9"},
        {**_row(at.item, "5", "items"), "_reason": "because"},
        _row(at.item, "1"),
    ):
        with unchanged():
            answer = at.post(path, **_of(closed, **sent))
        assert answer.status_code in {302, 403, 422}, sent  # nothing of it can be typed there
    for language, text in (("en", "Say why."), ("zh", "请说明原因。")):
        at.person.update(language=language)
        with unchanged():
            answer = at.post(_step(closed, "correct"), **_of(closed, correction="two days late"))
        assert (answer.status_code, text in answer.text) == (422, True)
    sent = _of(closed, correction="two days late", _reason="written down wrong")
    assert at.post(_step(closed, "correct"), **sent).status_code == 302
    after = now_stored(at.slips, closed)
    assert after["data"] == {**closed["data"], "correction": "two days late"}
    [latest] = history.of_record("slip", closed["_id"], limit=1)
    assert (latest["reason"], latest["by_name"]) == ("written down wrong", "编辑")


@pytest.mark.parametrize("of_slip", [False, True])
def test_what_has_a_history_stays_one_by_one_and_many_at_once(at: Desk, of_slip: bool) -> None:  # noqa: FBT001
    record, form = (at.lent, "slip") if of_slip else (at.item, "thing")
    current = now_stored(at.slips if of_slip else at.things, record)
    texts = (
        ("Something was lent by this slip; it cannot be deleted.", "本单已借出过物品，不能删除。")
        if of_slip
        else ("This item has a history of movements; it cannot be deleted.", "此物品已有变动记录，不能删除。")
    )
    single = (f"/records/{form}/{record['_id']}/delete", _of(current, reason="tidy"))
    many = (f"/records/{form}/action", {"action": "delete", "ids": str(record["_id"]), "reason": "tidy"})
    for path, sent in (single, many):
        for language, text in zip(("en", "zh"), texts, strict=True):
            at.person.update(language=language)
            with unchanged():
                answer = at.post(path, **sent)
                assert text in at.client.get(answer.location).text, path


def test_a_movement_is_taken_back_once_and_only_where_it_was_booked(at: Desk) -> None:
    damage = at.move(at.item, "damage", 1)
    [borrow] = [one for one in movements.of_item("thing", at.item["_id"]) if one["kind"] == "borrow"]
    path = f"/property/thing/{at.item['_id']}/undo"
    at.refused(f"{path}/{damage['_id']}", {"reason": " "}, "reason", ("Say why.", "请说明原因。"))
    at.refused(f"{path}/{damage['_id']}", {"reason": "a\0b"}, "reason", ("cannot be stored", "无法保存"))
    entered = ("This movement is corrected where it was entered", "此变动请在登记处更正")
    at.refused(f"{path}/{borrow['_id']}", {"reason": "x"}, "reason", entered)
    assert at.post(f"{path}/{damage['_id']}", reason="booked twice").status_code == 302
    undone = ("This movement was undone already.", "此变动已撤销。")
    at.refused(f"{path}/{damage['_id']}", {"reason": "x"}, "reason", undone)
    elsewhere = f"/property/thing/{at.lost['_id']}/undo/{damage['_id']}"
    with unchanged():
        for other in (
            elsewhere,
            f"{path}/{ObjectId()}",
            f"{path}/x",
            f"/property/slip/{at.lent['_id']}/undo/x",
        ):
            assert at.post(other, reason="x").status_code == 404, other


# -- by hand -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "beside", "told"),
    [
        ({"quantity": "4"}, "quantity", ("There are 3 of “Gauge” here, not 4.", "“Gauge”在库 3，不足 4。")),
        ({"quantity": "0"}, "quantity", ONE), ({"quantity": "-1"}, "quantity", ONE),
        ({"quantity": ".5"}, "quantity", WHOLE), ({"quantity": "1e30"}, "quantity", MOST),
        ({"quantity": "1E999999999"}, "quantity", MOST),
        ({"quantity": ""}, "quantity", ("Say how many.", "请填写数量。")),
        *(({"quantity": said}, "quantity", ("Enter a number.", "请输入数字。"))
          for said in ("NaN", "sNaN", "Infinity", "two", "1;2", "0x10", FAR)),
        ({"kind": "borrow"}, "kind", ("Choose a movement.", "请选择变动。")),
        ({"kind": "arrival"}, "kind", ("Choose a movement.", "请选择变动。")),
        ({"kind": "lose"}, "note", ("Say why.", "请说明原因。")),
        ({"kind": "relocate"}, "place", ("Say where to.", "请说明去哪里。")),
        ({"kind": "transfer"}, "department", ("This is needed.", "此项必填。")),
        ({"kind": "transfer", "department": "0" * 24}, "department",
         ("There is no such department.", "没有这个部门。")),
        ({"source": "nowhere.."}, "source", ("Nothing can be taken from there", "此变动不能从那里取。")),
        ({"note": "a\0b"}, "note", ("cannot be stored", "无法保存")),
        ({"condition": "x" * 201}, "condition", ("At most 200 characters.", "最多 200 个字符。")),
    ],
)  # fmt: skip
def test_a_movement_by_hand_that_cannot_be_is_refused_beside_its_field(
    at: Desk, sent: dict[str, str], beside: str, told: tuple[str, str]
) -> None:
    typed = {"kind": "damage", "quantity": "1", **sent}
    at.refused(f"/property/thing/{at.item['_id']}/move", typed, beside, told)


# -- on a telephone ------------------------------------------------------------------------------------------


def _borrow(item: Document, **sent: Any) -> dict[str, Any]:
    return {"slip": "slip", "item": str(item["_id"]), f"quantity-{item['_id']}": "1", "ends": day(3), **sent}


@pytest.mark.parametrize(
    ("quantity", "told"),
    [
        ("4", (f"has 2 until {day(7)}", day(7))),
        ("-1", ONE), ("0", ONE), ("0.5", WHOLE), ("1e13", MOST),
        ("NaN", ("is not a number", "不是数字")), ("two", ("is not a number", "不是数字")),
        (FAR, ("At most 200 characters.", "最多 200 个字符。")),
    ],
)  # fmt: skip
def test_two_taps_borrow_no_other_number_than_there_is(
    at: Desk, quantity: str, told: tuple[str, str]
) -> None:
    name = f"quantity-{at.item['_id']}"
    at.refused("/property/thing/borrow", _borrow(at.item, **{name: quantity}), name, told)


def test_two_taps_borrow_nothing_lost_and_nothing_until_yesterday(at: Desk) -> None:
    missing = ("There are 0 of “Mould” here, not 1.", "“Mould”在库 0，不足 1。")
    at.refused("/property/thing/borrow", _borrow(at.lost), f"quantity-{at.lost['_id']}", missing)
    at.refused("/property/thing/borrow", _borrow(at.item, ends=day(-1)), "ends", ("first day", "首日"))
    at.refused("/property/thing/borrow", _borrow(at.item, ends="soon"), "ends", ("not a date", "不是日期"))


@pytest.mark.parametrize(
    ("sent", "beside", "told"),
    [
        ({"quantity": "3"}, "quantity", ("Only 2 are still out.", "在外的只有 2。")),
        ({"quantity": "-1"}, "quantity", ONE), ({"quantity": "0.5"}, "quantity", WHOLE),
        ({"quantity": "NaN"}, "quantity", ("Enter a number.", "请输入数字。")),
        ({"quantity": ""}, "quantity", ("Say how many.", "请填写数量。")),
        ({"outcome": "eaten"}, "outcome", ("Say how they came back.", "请选择归还情况。")),
        ({"condition": "x" * 201}, "condition", ("At most 200 characters.", "最多 200 个字符。")),
    ],
)  # fmt: skip
def test_two_taps_bring_back_what_is_out_and_no_more(
    at: Desk, sent: dict[str, str], beside: str, told: tuple[str, str]
) -> None:
    typed = {"slip": "slip", "slip_id": str(at.lent["_id"]), "quantity": "1", **sent}
    at.refused(f"/property/thing/{at.item['_id']}/return", typed, beside, told)


def test_a_page_that_was_left_open_does_nothing_with_what_changed_since(at: Desk) -> None:
    """The pieces were lent, everything came back, the item is gone; its pages are still there."""
    taken(at.slips, slip(at.slips, at.item, 3), "ask", "lend")
    name = f"quantity-{at.item['_id']}"
    at.refused("/property/thing/borrow", _borrow(at.item), name, ("has 2 until", day(7)))
    take(at.slips, at.lent, "take_back", returns=[back(at.item, 2)])
    back_again = {"slip": "slip", "slip_id": str(at.lent["_id"]), "quantity": "1"}
    with unchanged():
        answer = at.post(f"/property/thing/{at.item['_id']}/return", **back_again)
        assert answer.status_code == 400, answer.text
    empty = thing(at.things)
    at.things.records().update_one({"_id": empty["_id"]}, {"$set": {"deleted_at": empty["created_at"]}})
    with unchanged():
        assert at.post("/property/thing/borrow", **_borrow(empty)).status_code == 404
        assert at.post(f"/property/thing/{empty['_id']}/put", kind="damage", quantity="1").status_code == 404


def test_a_key_that_was_used_for_something_else_is_told_so(at: Desk) -> None:
    token = csrf_token(at.client)
    headers = {**fresh_key(), "X-CSRFToken": token, "X-Requested-With": "XMLHttpRequest"}
    path = f"/property/thing/{at.item['_id']}/put"
    put = {"kind": "relocate", "quantity": "1", "place": "A-1"}
    assert at.client.post(path, data=put, headers=headers).status_code == 200
    for language, text in (("en", "This key was used for something else."), ("zh", "此键已用于其他请求。")):
        at.person.update(language=language)
        with unchanged():
            assert at.client.post(path, data=put, headers=headers).status_code == 200  # the same again
            other = at.client.post(path, data={**put, "quantity": "2"}, headers=headers)
            elsewhere = at.client.post("/property/thing/borrow", data=_borrow(at.item), headers=headers)
        assert _said(other, "") == _said(elsewhere, "") == text


# -- what is somebody else's ---------------------------------------------------------------------------------


def _clerk(*grants: Grant) -> User:
    role = Role(name="clerk", grants=list(grants)).save()
    return factories.user("clerk", role, department=factories.department("HR", "人事部", "HR"))


def _may(form: str, scope: str = "all", *actions: Action) -> Grant:
    return Grant(form=form, actions=[one.value for one in actions or factories.EDITOR_ACTIONS], scope=scope)


def test_the_slip_of_somebody_else_is_neither_found_nor_served(at: Desk) -> None:
    sign_in(at.client, _clerk(_may("thing", "all", Action.SEE), _may("slip", "own")))
    path = f"/property/thing/{at.item['_id']}/return"
    with unchanged():
        assert at.post(_step(at.lent, "take_back"), **_of(at.lent, **_row(at.item, "1"))).status_code == 404
        answer = at.post(path, slip="slip", slip_id=str(at.lent["_id"]), quantity="1")
        assert answer.status_code == 404
        assert at.post(f"/records/slip/{at.lent['_id']}/edit", **_of(at.lent)).status_code == 404


def test_an_item_out_of_sight_is_neither_borrowed_nor_moved_nor_named(at: Desk) -> None:
    sign_in(at.client, _clerk(_may("thing", "department"), _may("slip", "own")))
    days = {"begins": day(0), "ends": day(3)}
    with unchanged():
        answer = at.post("/records/slip/new", **_row(at.item, "1", "items"), **days)
        assert "This no longer exists or cannot be chosen." in _said(answer, "items-0-item")
        assert "Gauge" not in answer.text
        assert at.post("/property/thing/borrow", **_borrow(at.item)).status_code == 404
        for page in ("put", "move"):
            answer = at.post(f"/property/thing/{at.item['_id']}/{page}", kind="damage", quantity="1")
            assert answer.status_code == 404, page


def test_an_item_of_another_ledger_is_not_on_offer(at: Desk) -> None:
    other = factories.record(factories.form(key="other"), name="Stranger")
    told = ("This no longer exists or cannot be chosen.", "该项已不存在或不可选。")
    sent = {**_row(other, "1", "items"), "begins": day(0), "ends": day(3), "borrower": str(at.borrower.id)}
    at.refused("/records/slip/new", sent, "items-0-item", told)
    with unchanged():
        assert at.post("/property/thing/borrow", **_borrow(other)).status_code == 404
        assert at.post("/property/other/borrow", **_borrow(other)).status_code == 404
        assert at.post(f"/property/other/{other['_id']}/move", kind="damage", quantity="1").status_code == 404


def test_nothing_arrives_on_a_day_to_come(at: Desk) -> None:
    sent = {"name": "Early", "quantity": "1", "arrived_on": day(5)}
    told = ("This day is still to come.", "这一天还没到。")
    at.refused("/records/thing/new", sent, "arrived_on", told)
