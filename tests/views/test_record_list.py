"""The list of a form: filters, views, order, paging, columns, the bin, cells and many records at once."""

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models import jobs, records
from models.database import Document
from models.forms import LiveForm
from models.people import Permission, User
from tests import everything, factories
from tests.pages import Element, assert_safe, open_page, read, submit
from tests.web import csrf_token, sign_in
from views.records.filters import filterable_fields, operators_of

LIST = "/records/sheet/"
ITEMS = [{"part": "bulb", "n": 5}]


@pytest.fixture
def editor(client: FlaskClient) -> User:
    return sign_in(client, factories.editor())


@pytest.fixture
def filled(editor: User) -> tuple[LiveForm, Document, dict[str, str]]:
    """Give the form with every type of field, a full record beside an empty one, and an operand per field."""
    _customers, first, second = everything.customers()
    live = everything.form()
    raw: dict[str, Any] = {name: value for name, value in everything.TYPED.items() if "." not in name}
    raw |= {"story": "It broke.", "mail": "wang.fang@example.com"}
    people = {"who": str(editor.id), "where": str(editor.department.id)}
    linked = {"customer": str(first["_id"]), "customers": [str(first["_id"]), str(second["_id"])]}
    price = {"price": {"amount": "1234.5", "currency": "USD"}}
    record = factories.record(live, editor, **raw, **people, **linked, **price, items=ITEMS)
    factories.record(live, name="another")
    operands = {
        key: value[0] if isinstance(value, list) else value for key, value in {**raw, **linked}.items()
    }
    operands |= {**people, "price": "1234.5", "moment": "2026-02-03", "total": "5", "ticket": "B-0001"}
    system = {"owner": str(editor.id), "department": str(editor.department.id), "number": "T-0001"}
    return live, record, operands | system | {"created_at": "2020-01-01", "updated_at": "2020-01-01"}


def rows(page: Element) -> list[Element]:
    return [row for row in page.all("tr") if "data-id" in row]


def names(page: Element) -> list[str]:
    return [row.one("td", css="cell-key").text for row in rows(page)]


def find(client: FlaskClient, **arguments: object) -> Element:
    """Open the list with arguments (`qty__gte` is the filter `flt0_qty.gte`)."""
    given = {
        (f"flt0_{name.replace('__', '.')}" if "__" in name else name): value
        for name, value in arguments.items()
    }
    path = f"{LIST}?{'&'.join(f'{name}={quote(str(value))}' for name, value in given.items())}"
    return open_page(client, path)


def post(client: FlaskClient, path: str, **values: Any) -> TestResponse:
    return client.post(f"{LIST}{path}", data={"csrf_token": csrf_token(client), **values})


def notes(page: Element) -> list[str]:
    return [one.one(css="toast-text").text for one in page.all(css="toast-note")]


# -- filters --------------------------------------------------------------------------------------------


def operand(operator: str, text: str, kind: str) -> str:
    if operator == "period":
        return "this_month"
    if operator == "between":
        return f"{text}|{text}"
    if operator in {"contains", "starts_with"} and kind in {"text", "long_text"}:
        return text[:3]
    return "1" if operator in {"empty", "not_empty"} else text


def test_every_operator_of_every_field_filters_through_the_address(
    client: FlaskClient, filled: tuple[LiveForm, Document, dict[str, str]]
) -> None:
    live, _record, operands = filled
    fields = filterable_fields(live.definition)
    assert {field.key for field in fields} > set(everything.TYPED) - {"price.amount", "price.currency"}
    for field in fields:
        for operator in operators_of(field):
            value = operand(operator, operands[field.key], field.type)
            page = find(client, **{f"{field.key}__{operator}": value})
            assert not notes(page), (field.key, operator, notes(page))
            assert len(page.all("span", css="chip")) == 1, (field.key, operator)
            shown = [name for name in names(page) if name != "another"]
            if operator in {"eq", "in", "not_empty", "gte", "lte", "between"}:
                hit = not (operator == "eq" and field.key.endswith("_at"))
                late = operator in {"lte", "between", "in"} and field.key.endswith("_at")
                assert bool(shown) == (hit and not late), (field.key, operator)


def test_every_field_can_be_filtered_through_the_panel(
    client: FlaskClient, filled: tuple[LiveForm, Document, dict[str, str]]
) -> None:
    live, _record, operands = filled
    panel = open_page(client, f"{LIST}filters")
    assert_safe(panel)
    form = panel.one("form")
    for field in filterable_fields(live.definition):
        operator = (
            "gte"
            if field.key.endswith("_at")
            else next(one for one in operators_of(field) if one in {"eq", "contains", "in"})
        )
        kinds = [one["value"] for one in form.one("select", id=f"f-{field.key}-op").all("option")]
        assert tuple(kinds) == operators_of(field)
        inputs = {f"f-{field.key}-op": operator, f"f-{field.key}-value": operands[field.key]}
        page = open_page(client, submit(client, form, "", **inputs).headers["Location"])
        assert len(page.all("span", css="chip")) == 1, field.key
        both = field.key in {"created_at", "updated_at", "department"}
        assert len(names(page)) == (2 if both else 1), field.key


def test_the_panel_shows_the_filters_that_are_on(client: FlaskClient, editor: User) -> None:
    everything.form()
    panel = open_page(
        client, f"{LIST}filters?flt0_whole.between=3%7C9&flt1_kind.in=a%7Cb&flt2_day.period=last_month"
    )
    sent = panel.one("form").sent()
    assert (sent["f-whole-op"], sent["f-whole-value"], sent["f-whole-to"]) == ("between", "3", "9")
    assert sent.getlist("f-kind-value") == ["a", "b"]
    assert (sent["f-day-op"], sent["f-day-period"]) == ("period", "last_month")


def test_an_unreadable_filter_is_named_and_left_out(client: FlaskClient, editor: User) -> None:
    live = everything.form()
    factories.record(live, name="one")
    for argument, value in {
        "whole.gte": "many", "day.eq": "2026-02-30", "moment.lt": "9999-12-31", "share.eq": "NaN",
        "price.gt": "1e999", "whole.eq": "9" * 30, "who.eq": "nobody", "day.period": "next_life",
        "whole.between": "3", "stars.eq": "x", "fine.eq": "perhaps", "customer.eq": "$ne",
    }.items():  # fmt: skip
        page = open_page(client, f"{LIST}?flt0_{argument}={quote(value)}")
        assert len(notes(page)) == 1, (argument, notes(page))
        assert names(page) == ["one"], argument
        assert not page.all("span", css="chip")


def test_chinese_labels_that_are_alike_do_not_collide(client: FlaskClient, editor: User) -> None:
    """Flask-Admin names filters by their labels without what is not ASCII: 数量 and 价格 become one."""
    same = {"zh": "数量", "en": "数量"}
    live = factories.form(
        factories.field("name", required=True),
        factories.field("qty", "integer", label=same, filterable=True),
        factories.field("size", "integer", label=same, filterable=True),
        factories.field("cost", "integer", label={"zh": "价格", "en": "价格"}, filterable=True),
    )
    factories.record(live, name="first", qty=1, size=2, cost=3)
    factories.record(live, name="second", qty=2, size=1, cost=3)
    assert names(find(client, qty__eq=1)) == ["first"]
    assert names(find(client, size__eq=1)) == ["second"]
    assert len(names(find(client, cost__eq=3))) == 2


def test_a_chip_takes_its_filter_off_and_keeps_the_others(client: FlaskClient, editor: User) -> None:
    live = everything.form()
    factories.record(live, name="one", whole=5, stars=3)
    factories.record(live, name="two", whole=5, stars=4)
    page = open_page(client, f"{LIST}?flt0_whole.eq=5&flt1_stars.eq=4&search=two")
    search, whole, stars = page.all("a", css="chip-remove")
    assert names(page) == ["two"]
    assert len(names(open_page(client, stars["href"]))) == 1
    assert "stars.eq" in whole["href"]
    assert "search" not in parse_qs(urlsplit(search["href"]).query)


# -- saved views ----------------------------------------------------------------------------------------


@pytest.fixture
def saved(client: FlaskClient, editor: User) -> str:
    """Give the address of a view that was saved on the screen: filter, words, order, columns."""
    live = everything.form()
    for name, whole in (("red lamp", 1), ("red door", 2), ("blue lamp", 3)):
        factories.record(live, name=name, whole=whole)
    query = "?flt0_whole.gte=1&search=red&sort=whole&desc=0&columns=name,whole"
    page = open_page(client, f"{LIST}{query}")
    [form] = [
        form for form in page.all("form") if form.attributes.get("action", "").startswith(f"{LIST}views")
    ]
    return str(submit(client, form, LIST, name="My lamps").headers["Location"])


def test_a_saved_view_opens_as_it_was(client: FlaskClient, saved: str) -> None:
    page = open_page(client, saved)
    assert names(page) == ["red lamp", "red door"]
    assert [head.text for head in page.all("th", scope="col")] == ["name", "whole"]
    [tab] = [tab for tab in page.all("a", css="tab") if tab.attributes.get("aria-current")]
    assert tab.text == "My lamps"


def test_filters_and_words_of_a_view_can_be_taken_off(client: FlaskClient, saved: str) -> None:
    search, whole = open_page(client, saved).all("a", css="chip-remove")
    assert names(open_page(client, search["href"])) == ["red lamp", "red door", "blue lamp"]
    without = open_page(client, whole["href"])
    assert [chip.text for chip in without.all("span", css="chip")] == ["Search red"]
    assert [head.text for head in without.all("th", scope="col")] == ["name", "whole"]


def test_a_view_can_be_sorted_otherwise(client: FlaskClient, saved: str) -> None:
    [head] = [head for head in open_page(client, saved).all("th", scope="col") if head.text == "whole"]
    assert head["aria-sort"] == "ascending"
    assert names(open_page(client, head.one("a")["href"])) == ["red door", "red lamp"]


def test_a_private_view_is_seen_by_nobody_else(client: FlaskClient, saved: str) -> None:
    sign_in(client, factories.administrator())
    assert client.get(saved).status_code == 404
    assert not open_page(client, LIST).all(css="tab")
    view = parse_qs(urlsplit(saved).query)["view"][0]
    assert post(client, f"views/{view}/delete").status_code == 404


def test_sharing_a_view_needs_the_right_to(client: FlaskClient, saved: str) -> None:
    assert post(client, "views", name="for all", shared="1").status_code == 403
    sharer = factories.user(
        "sharer",
        factories.role("sharer", form="*", actions=["see"], permissions=[Permission.VIEWS_SHARE.value]),
    )
    sign_in(client, sharer)
    assert post(client, "views?flt0_whole.eq=2", name="for all", shared="1").status_code == 302
    sign_in(client, factories.reader())
    page = open_page(client, LIST)
    [tab] = [tab for tab in page.all("a", css="tab") if tab.text.endswith("for all")]
    assert names(open_page(client, tab["href"])) == ["red door"]
    view = parse_qs(urlsplit(tab["href"]).query)["view"][0]
    assert post(client, f"views/{view}/delete").status_code == 403
    assert saved


def test_a_view_needs_a_name(client: FlaskClient, saved: str) -> None:
    assert notes(open_page(client, saved)) == ["The view “My lamps” was saved."]
    for name in ("", "  ", "x" * 61, "a\x07b"):
        page = open_page(client, post(client, "views", name=name).headers["Location"])
        assert notes(page) == ["Give it a name of at most 60 characters."], name


def test_a_view_whose_field_is_gone_still_opens(client: FlaskClient, saved: str) -> None:
    view = parse_qs(urlsplit(saved).query)["view"][0]
    assert open_page(client, f"{LIST}?view={view}&columns=name,gone,whole")
    assert client.get(f"{LIST}?view={'f' * 24}").status_code == 404
    assert client.get(f"{LIST}?view=nonsense").status_code == 200


# -- order, pages, columns ------------------------------------------------------------------------------


def test_pages_follow_one_another_without_loss_in_any_order(client: FlaskClient, editor: User) -> None:
    live = everything.form()
    wanted: list[dict[str, Any]] = [
        {"name": f"n{index:03}", **({"whole": index % 7} if index % 5 else {})} for index in range(47)
    ]
    records.commit(records.plan_creates(factories.actor(editor), live, wanted, source="system"))
    for arguments in ("", "&sort=whole&desc=0", "&sort=whole", "&sort=name", "&sort=updated_at&desc=0"):
        found, path = list[str](), f"{LIST}?page_size=20{arguments}"
        while path:
            page = open_page(client, path)
            found += names(page)
            following = page.all("a", rel="next")
            path = following[0]["href"] if following else ""
        assert sorted(found) == sorted(one["name"] for one in wanted), arguments
        back = open_page(client, page.all("a", rel="prev")[0]["href"])
        assert names(back) == found[20:40], arguments


def test_a_page_says_how_many_there_are(client: FlaskClient, editor: User) -> None:
    """Flask-Admin leaves "20 items" and the like in English."""
    live = everything.form()
    wanted = [{"name": f"n{index}"} for index in range(21)]
    records.commit(records.plan_creates(factories.actor(editor), live, wanted, source="system"))
    page = find(client, page_size=20)
    assert page.one("span", css="pager-text").text == "20 of 21"
    menu = [one.text for one in page.all("a", css="menu-item")]
    assert {"20", "50", "100", "200"} <= set(menu)
    sign_in(client, editor, language="zh")
    english = {"20 of 21", "20 items", "Columns", "Filter", "More", "New", "Previous", "Next"}
    assert english & {one.text for one in find(client, page_size=20)} == set()


@pytest.mark.parametrize(
    "query",
    [
        "page=-1", "page=100000000000000000000", "page_size=-1", "page_size=100000000000000000000",
        "page_size=0", "sort=unknown", "sort=-1", "sort=%24where", "sort=_id", "sort=data.name", "desc=maybe",
        "cursor=xx", "cursor=" + "A" * 9_999, "cursor=W251bGwsIDEsIHRydWVd", "columns=,,,", "columns=unknown",
        "columns=" + "name," * 500, "view=%24ne", "search=%2B", "search=(a%2B)%2B%24", "search=" + "x" * 5000,
        "search=%22%5C%27%3C%24%7B%7D", "search=%F0%9F%98%80", "search=%ED%A0%80", "flt0_name.eq=%ED%A0%80",
        "flt0_=1", "flt_name.eq=1", "flt0_name.unknown=1", "flt99999999999999999999_name.eq=1",
        "flt0_name.contains=" + "(a%2B)%2B%24", "bin=7", "flt0_@created_at.gte=2020-01-01",
        "&".join(f"flt{index}_name.contains=x" for index in range(500)),
    ],
)  # fmt: skip
def test_a_senseless_address_gives_a_list(client: FlaskClient, editor: User, query: str) -> None:
    """Flask-Admin answers page=-1, a huge page and some searches with 500."""
    live = everything.form()
    factories.record(live, name="aaaaaaaaaaaaaaaaaaaaaaaaaaaa!")
    assert client.get(f"{LIST}?{query}").status_code == 200


@pytest.mark.parametrize("query", ["search=%00", "flt0_name.eq=%00", "cursor=%00", "sort=a%00b", "view=%00"])
def test_a_nul_in_the_address_finds_nothing(client: FlaskClient, editor: User, query: str) -> None:
    """Flask-Admin answers %00 in a search with 500."""
    everything.form()
    assert client.get(f"{LIST}?{query}").status_code == 404


def test_columns_are_chosen_and_keep_their_order(client: FlaskClient, editor: User) -> None:
    live = everything.form()
    factories.record(live, name="one", whole=7)
    page = find(client, columns="whole,name,updated_by")
    assert [head.text for head in page.all("th", scope="col")] == ["whole", "name", "Changed by"]
    assert [cell.text for cell in rows(page)[0].all("td")][1:3] == ["7", "one"]
    [chooser] = [form for form in page.all("form") if "data-columns" in form]
    ticked = [box["value"] for box in chooser.all("input", type="checkbox") if "checked" in box]
    assert ticked == ["whole", "name", "updated_by"]


def test_search_finds_chinese(client: FlaskClient, editor: User) -> None:
    live = everything.form()
    factories.record(live, name="左前大灯总成")
    factories.record(live, name="右后门")
    assert names(find(client, search="大灯")) == ["左前大灯总成"]
    assert "Nothing matches" in find(client, search="雨刮").text


# -- the bin --------------------------------------------------------------------------------------------


def test_the_bin_is_open_to_those_who_may_restore(client: FlaskClient, editor: User) -> None:
    live = everything.form()
    record = factories.record(live, name="gone")
    records.delete(factories.actor(editor), live, record["_id"], revision=1, reason="twice")
    assert names(find(client)) == []
    page = find(client, bin=1)
    assert names(page) == ["gone"]
    assert [button.text for button in page.one(css="bulk").all("button", name="action")] == ["Restore"]
    answer = post(client, "action?bin=1", action="restore", ids=str(record["_id"]))
    assert names(open_page(client, answer.headers["Location"])) == []
    assert names(find(client)) == ["gone"]
    sign_in(client, factories.reader())
    assert client.get(f"{LIST}?bin=1").status_code == 403


# -- one cell -------------------------------------------------------------------------------------------


def cell(client: FlaskClient, record: Document, **sent: object) -> TestResponse:
    headers = {"X-CSRFToken": csrf_token(client)}
    return client.post(f"{LIST}{record['_id']}/cell", json=sent, headers=headers)


def test_a_cell_is_edited_in_place(client: FlaskClient, editor: User) -> None:
    live = everything.form(inline_columns=["name", "kind", "day", "price"])
    record = factories.record(live, editor, name="one", kind="a")
    assert [one["data-inline"] for one in find(client).all("td") if "data-inline" in one] == [
        "name", "price", "day", "kind",
    ]  # fmt: skip
    answer = cell(client, record, field="kind", value="b", revision=1)
    assert answer.get_json() == {"text": "", "tags": [["Kind B", "blue"]], "revision": 2}
    assert (
        cell(client, record, field="day", value="2150-01-31", revision=2).get_json()["text"] == "2150-01-31"
    )
    money = {"amount": "3", "currency": "CNY"}
    assert cell(client, record, field="price", value=money, revision=3).get_json()["text"] == "CNY 3.00"
    assert cell(client, record, field="kind", value="", revision=4).get_json()["tags"] == []


def test_a_cell_is_edited_by_nobody_who_may_not_edit(client: FlaskClient, editor: User) -> None:
    """Flask-Admin's `ajax_update` writes for a user without `can_edit`."""
    live = everything.form(inline_columns=["name"])
    record = factories.record(live, editor, name="one")
    sign_in(client, factories.reader())
    assert not [one for one in find(client).all("td") if "data-inline" in one]
    assert cell(client, record, field="name", value="changed", revision=1).status_code == 403
    headers = {"X-CSRFToken": csrf_token(client)}
    values = {"list_form_pk": str(record["_id"]), "name": "changed"}
    assert client.post(f"{LIST}ajax/update/", data=values, headers=headers).status_code == 400
    assert everything.stored(live) == [record]


def test_a_cell_keeps_the_rules(client: FlaskClient, editor: User) -> None:
    live = everything.form(inline_columns=["name", "whole"])
    record = factories.record(live, editor, name="one")
    assert cell(client, record, field="whole", value="-1", revision=1).status_code == 422
    assert cell(client, record, field="name", value="", revision=1).status_code == 422
    assert cell(client, record, field="story", value="x", revision=1).status_code == 400
    assert cell(client, record, field="name", value={"$ne": 1}, revision=1).status_code == 422
    for odd in (["name"], {"name": 1}, None, 5):
        assert cell(client, record, field=odd, value="x", revision=1).status_code == 400
    assert cell(client, record, field="name", value="x").status_code == 400
    assert everything.stored(live) == [record]


def test_a_cell_is_not_overwritten_unseen(client: FlaskClient, editor: User) -> None:
    """Flask-Admin has no optimistic locking."""
    live = everything.form(inline_columns=["name"])
    record = factories.record(live, editor, name="one")
    assert cell(client, record, field="name", value="mine", revision=1).status_code == 200
    assert cell(client, record, field="name", value="theirs", revision=1).status_code == 409
    assert everything.stored(live)[0]["data"]["name"] == "mine"


# -- many at once ---------------------------------------------------------------------------------------


def test_many_are_deleted_with_a_reason_and_each_refusal_is_told(client: FlaskClient, editor: User) -> None:
    live = everything.form()
    kept = factories.record(live, editor, name="kept")
    first, second = (factories.record(live, editor, name=name) for name in ("one", "two"))
    ids = [str(one["_id"]) for one in (first, second)]
    page = open_page(client, post(client, "action", action="delete", ids=ids).headers["Location"])
    assert notes(page) == ["Say why."]
    ids += ["f" * 24, "nonsense"]
    answer = post(client, "action", action="delete", ids=ids, reason="entered twice")
    page = open_page(client, answer.headers["Location"])
    assert notes(page) == [
        "2 records were changed.",
        "2 records were not changed: This does not exist, or you may not see it.",
    ]
    assert names(page) == ["kept"]
    assert kept


def test_one_field_of_many_is_set_through_its_own_input(client: FlaskClient, editor: User) -> None:
    live = everything.form()
    given = [factories.record(live, editor, name=name, whole=1) for name in ("one", "two")]
    part = open_page(client, f"{LIST}set-field?field=whole")
    name = part.one("input", id="field-set-whole")["name"]
    inputs = {one["name"]: one.attributes.get("value", "") for one in part.all("input")} | {name: "9"}
    ids = [str(one["_id"]) for one in given]
    answer = post(client, "action", action="set", field="whole", ids=ids, **inputs)
    assert notes(open_page(client, answer.headers["Location"])) == ["2 records were changed."]
    assert [one["data"]["whole"] for one in everything.stored(live)] == [9, 9]
    answer = post(client, "action", action="set", field="whole", ids=ids, **{**inputs, name: "-3"})
    assert notes(open_page(client, answer.headers["Location"]))[0].startswith("2 records were not changed: ")
    assert [one["data"]["whole"] for one in everything.stored(live)] == [9, 9]


def test_a_field_whose_input_was_not_sent_is_not_emptied(client: FlaskClient, editor: User) -> None:
    live = everything.form()
    record = factories.record(live, editor, name="one", whole=1)
    for values in (
        {"field": "whole"},
        {"field": "ticket", "_set": "ticket"},
        {"field": "gone", "_set": "gone"},
    ):
        answer = post(client, "action", action="set", ids=str(record["_id"]), **values)
        assert notes(open_page(client, answer.headers["Location"])) == ["Choose a field."]
    assert everything.stored(live) == [record]


def test_an_action_is_carried_out_for_nobody_who_may_not(client: FlaskClient, editor: User) -> None:
    live = everything.form()
    record = factories.record(live, editor, name="one")
    sign_in(client, factories.reader())
    assert not find(client).all(css="bulk")
    for action in ("delete", "set", "restore", "export", "unknown"):
        values = {"action": action, "ids": str(record["_id"]), "reason": "x", "field": "name", "_set": "name"}
        assert post(client, "action", **values).status_code == 403, action
    assert everything.stored(live) == [record]


# -- export ---------------------------------------------------------------------------------------------


def test_export_keeps_filter_order_and_columns_and_is_a_job(client: FlaskClient, editor: User) -> None:
    """Flask-Admin exports inside the request, and without a limit."""
    everything.form()
    answer = post(
        client, "export?flt0_whole.gte=3&sort=whole&desc=0&columns=name,whole&search=lamp", format="csv"
    )
    [job] = jobs.of_owner(editor)
    assert answer.headers["Location"] == f"/jobs/{job.id}"
    query = job.params["query"]
    assert (query["sort"], query["descending"], query["columns"]) == ("whole", False, ["name", "whole"])
    assert query["where"] == {"all": [{"field": "whole", "op": "gte", "value": 3}]}
    assert (query["search"], job.params["format"], job.state) == ("lamp", "csv", "queued")
    assert client.get(f"{LIST}export/csv/").headers["Location"] == LIST


def test_ticked_records_are_exported_alone(client: FlaskClient, editor: User) -> None:
    live = everything.form()
    record = factories.record(live, editor, name="one")
    post(client, "action", action="export", ids=[str(record["_id"]), "nonsense"])
    assert jobs.of_owner(editor)[0].params["ids"] == [record["_id"]]


def test_hostile_names_stay_text_in_the_list(client: FlaskClient, editor: User) -> None:
    live = everything.form(inline_columns=["name"])
    evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    factories.record(live, editor, name=evil)
    page = find(client, search="script")
    assert_safe(page)
    assert names(page) == [evil]
    assert not page.all("img")
    assert read("<p>&lt;</p>").text == "<"
