"""The inbox on screen: what is owed, in which order, for whom, and approving several at once."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from flask.testing import FlaskClient
from pymongo.collection import Collection
from pymongo.database import Database
from werkzeug.test import TestResponse

from models import database, delegations, duties, forms, notifications, outbox, times
from models.database import Document
from models.people import User
from tests import factories
from tests.models.approvals.cases import ask, asked, form, person, record_of, step, team
from tests.pages import Element, open_page, read
from tests.web import csrf_token, sign_in

NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)  # Wednesday noon in Shanghai
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def present(db: Database[Document]) -> Iterator[None]:
    with times.set_clock(NOW):
        team()
        factories.form()
        yield


@pytest.fixture
def amy(client: FlaskClient) -> User:
    return sign_in(client, person("amy"))


def owe(what: str, *who: User, live: str = "sheet", kind: Any = "task", **more: Any) -> Document:
    """Let somebody (by default amy) owe something about a record of its own."""
    record = factories.record(forms.current(live), name=f"about {what}")
    asked_for = [one.id for one in who or (person("amy"),)]
    new = duties.duty(
        kind,
        f"{kind}:{record['_id']}",
        form=live,
        record=record,
        what={"en": what, "zh": what},
        people=asked_for,
        at=NOW,
        **more,
    )
    duties.insert([new])
    return new


def listed(page: Element) -> list[str]:
    """Return groups (in brackets) and what is owed, in the order of the page."""
    found = []
    for row in page.one("table", id="duties").all("tr"):
        if "data-group" in row:
            found.append(f"[{row.text}]")
        elif "data-duty" in row:
            found.append(row.one("b", css="duty-what").text)
    return found


def row_of(page: Element, what: str) -> Element:
    return next(one for one in page.all("tr") if "data-duty" in one and what in one.text)


def test_the_most_urgent_comes_first_in_groups_with_words_for_the_time(
    client: FlaskClient, amy: User
) -> None:
    owe("some day")
    owe("late", due_at=NOW - 3 * HOUR)
    owe("next month", due_at=NOW + 30 * DAY)
    owe("soon", due_at=NOW + HOUR / 2)
    owe("tonight", due_at=NOW + 6 * HOUR)
    owe("Sunday", due_at=NOW + 4 * DAY)
    owe("Monday", due_at=NOW + 5 * DAY)
    page = open_page(client, "/inbox/")
    assert listed(page) == [
        "[Overdue]", "late", "[Due today]", "soon", "tonight", "[This week]", "Sunday",
        "[Later]", "Monday", "next month", "[No deadline]", "some day",
    ]  # fmt: skip
    words = [one.text for one in page.all("time", css="due")]
    assert words == ["3 h late", "in 30 min", "today 18:00", "Sun 12:00", "Mon 12:00", "12-25"]


def test_overdue_has_a_page_of_its_own(client: FlaskClient, amy: User) -> None:
    owe("late", due_at=NOW - DAY)
    owe("early", due_at=NOW + DAY)
    assert listed(open_page(client, "/inbox/?view=overdue")) == ["[Overdue]", "late"]


def test_a_row_leads_to_its_record_and_names_who_is_asked_as_well(client: FlaskClient, amy: User) -> None:
    duty = owe("check", person("amy"), person("bob", name="Bob"))
    row = row_of(open_page(client, "/inbox/"), "check")
    assert row["data-href"] == f"/records/sheet/{duty['record']}"
    assert "Bob" in row.text
    assert "about check" in row.text
    assert "amy" not in row.text


def test_an_approval_leads_to_the_place_where_it_is_decided(client: FlaskClient, amy: User) -> None:
    person("bob")
    record = record_of(ask(form(step(people=("amy", "bob")))))
    row = row_of(open_page(client, "/inbox/"), "check")
    assert row["data-href"] == f"/records/request/{record['_id']}#approval"
    assert "bob" in row.text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=report", {"weekly"}),
        ("kind=nonsense", {"weekly", "bearing", "other"}),
        ("form=second", {"other"}),
        ("q=ABOUT BEA", {"bearing"}),
        ("kind=%24ne&form=%7B&after=x", set()),
    ],
)
def test_the_list_is_narrowed_by_kind_form_and_words(
    client: FlaskClient, amy: User, query: str, expected: set[str]
) -> None:
    factories.form(key="second")
    owe("weekly", kind="report")
    owe("bearing")
    owe("other", live="second")
    answer = client.get(f"/inbox/?{query}")
    assert answer.status_code == 200
    assert {one for one in ("weekly", "bearing", "other") if f">{one}</a>" in answer.text} == expected


def test_show_more_goes_on_where_the_page_ended(client: FlaskClient, amy: User) -> None:
    for number in range(60):
        owe(f"n{number:02}", due_at=NOW + (60 - number) * HOUR)
    first = open_page(client, "/inbox/?kind=task")
    more = next(one for one in first.all("a") if "data-more" in one)
    second = open_page(client, more["href"])
    seen = [one for one in listed(first) + listed(second) if not one.startswith("[")]
    assert seen == [f"n{number:02}" for number in reversed(range(60))]
    assert not [one for one in second.all("a") if "data-more" in one]


def test_an_empty_inbox_says_so_kindly(client: FlaskClient, amy: User) -> None:
    assert "All done" in open_page(client, "/inbox/").text
    assert "Nothing is late" in open_page(client, "/inbox/?view=overdue").text
    assert "Nothing matches" in open_page(client, "/inbox/?q=zebra").text


def test_others_duties_are_not_in_my_inbox(client: FlaskClient, amy: User) -> None:
    owe("of bob", person("bob"))
    assert "of bob" not in client.get("/inbox/").text
    assert client.get("/inbox/badge").get_json()["open"] == 0


def test_a_record_one_may_not_see_is_neither_named_nor_linked(client: FlaskClient) -> None:
    reader = factories.stranger()
    sign_in(client, reader)
    owe("secret work", reader)
    page = open_page(client, "/inbox/")
    row = row_of(page, "secret work")
    assert "about secret work" not in page.text
    assert "data-href" not in row
    assert "You may not open this record." in row.text


def test_what_people_wrote_is_shown_as_text(client: FlaskClient, amy: User) -> None:
    owe(SCRIPT)
    for path in ("/inbox/", "/", "/inbox/calendar"):
        assert SCRIPT not in client.get(path).text


# -- standing in, departments -----------------------------------------------------------------------


def stand_in(absent: User, to: User) -> None:
    delegations.create(absent, absent, to, first=date(2026, 11, 25), last=date(2026, 11, 26))


def test_whoever_stands_in_sees_what_the_other_owes_and_for_whom(client: FlaskClient, amy: User) -> None:
    bob = person("bob", name="Bob")
    owe("of bob", bob)
    owe("of amy")
    stand_in(bob, amy)
    page = open_page(client, "/inbox/")
    assert "for Bob" in row_of(page, "of bob").text
    assert "for Bob" not in row_of(page, "of amy").text
    assert [one for one in listed(open_page(client, "/inbox/?view=behalf")) if "[" not in one] == ["of bob"]
    assert client.get("/inbox/badge").get_json()["on_behalf"] == 1


def test_nobody_sees_the_duties_of_those_they_do_not_stand_in_for(client: FlaskClient, amy: User) -> None:
    bob, eve = person("bob"), person("eve")
    owe("of eve", eve)
    stand_in(bob, amy)
    assert client.get(f"/inbox/?view=behalf&whose={eve.id}").status_code == 403


def test_a_head_and_a_deputy_see_their_department_and_others_do_not(client: FlaskClient) -> None:
    owe("of amy")
    owe("of the top", person("top"))
    for name in ("head", "deputy"):
        sign_in(client, person(name))
        page = open_page(client, "/inbox/?view=department")
        assert [one for one in listed(page) if "[" not in one] == ["of amy"]
        assert not page.all("input", type="checkbox")
    top = factories.department("TOP")
    assert client.get(f"/inbox/?view=department&department={top.id}").status_code == 403
    sign_in(client, person("amy"))
    quality = factories.department()
    assert client.get(f"/inbox/?view=department&department={quality.id}").status_code == 403
    assert client.get("/inbox/?view=department").status_code == 404


# -- numbers ------------------------------------------------------------------------------------------


def test_the_badge_counts_what_is_open_late_and_unread(client: FlaskClient, amy: User) -> None:
    owe("late", due_at=NOW - HOUR)
    owe("early", due_at=NOW + HOUR)
    outbox.put(notifications.tell([amy.id], key="one", kind="system", title="Hello"))
    outbox.carry_out_due()
    answer = client.get("/inbox/badge")
    assert answer.get_json() == {"open": 2, "overdue": 1, "on_behalf": 0, "unread": 1}
    assert answer.headers["Cache-Control"] == "no-store"
    page = open_page(client, "/inbox/")
    numbers = {one["data-badge"]: one.text for one in page.all("span", css="count") if "data-badge" in one}
    assert (numbers["open"], numbers["overdue"], numbers["unread"]) == ("2", "1", "1")


def test_the_first_page_shows_my_work(client: FlaskClient, amy: User) -> None:
    for number in range(7):
        owe(f"n{number}", due_at=NOW + (number - 2) * HOUR)
    owe("tomorrow", due_at=NOW + DAY)
    page = open_page(client, "/")
    numbers = [one.one("b").text for one in page.all("a", css="work-number")]
    assert numbers == ["8", "2", "5"]
    shown = [one.one("b", css="duty-what").text for one in page.all("div", css="work-row")]
    assert shown == ["n0", "n1", "n2", "n3", "n4"]


def test_more_rows_ask_the_database_no_more_often(
    client: FlaskClient, amy: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for: list[str] = []
    find = Collection.find

    def counted(self: Any, *arguments: Any, **named: Any) -> Any:
        asked_for.append(self.name)
        return find(self, *arguments, **named)

    monkeypatch.setattr(Collection, "find", counted)
    owe("first", person("amy"), person("bob"))
    client.get("/inbox/")
    asked_for.clear()
    client.get("/inbox/")
    few = len(asked_for)
    for number in range(30):
        owe(f"n{number}", person("amy"), person(f"colleague{number}"))
    asked_for.clear()
    client.get("/inbox/")
    assert len(asked_for) <= few, asked_for


# -- approving together -------------------------------------------------------------------------------


def approve(client: FlaskClient, ids: list[Any], **values: str) -> Any:
    data = {"csrf_token": csrf_token(client), "ids": [str(one) for one in ids], **values}
    return client.post("/inbox/approve", data=data)


def duty_ids(user: User) -> list[ObjectId]:
    return [one["_id"] for one in duties.open_for(user)]


def test_several_are_approved_after_a_look_at_them(client: FlaskClient, amy: User) -> None:
    live = form(step())
    waiting = [ask(live, name=f"claim {number}") for number in range(3)]
    chosen = duty_ids(amy)[:2]
    look = approve(client, chosen)
    assert look.status_code == 200
    assert "claim 0" in look.text
    assert "claim 2" not in look.text
    assert [asked(one) for one in waiting] == [["amy"]] * 3
    assert approve(client, chosen, sure="1", reason="fine").status_code == 302
    assert [record_of(one)["state"] for one in waiting] == ["agreed", "agreed", "asked"]


def seen(answer: TestResponse) -> dict[str, str]:
    """Return what a page remembers that it showed."""
    return {
        one["name"]: one["value"] for one in read(answer.text).all("input") if one["name"].startswith("seen-")
    }


def test_what_changed_after_the_look_is_not_approved(client: FlaskClient, amy: User) -> None:
    live = form(step())
    waiting = ask(live, name="claim")
    look = approve(client, duty_ids(amy))
    live.records().update_one({"_id": record_of(waiting)["_id"]}, {"$set": {"data.name": "another claim"}})
    refused = approve(client, duty_ids(amy), sure="1", **seen(look))
    assert refused.status_code == 422
    assert record_of(waiting)["state"] == "asked"
    assert approve(client, duty_ids(amy), sure="1", **seen(refused)).status_code == 302
    assert record_of(waiting)["state"] == "agreed"


def test_a_typed_signature_is_asked_for_and_checked(client: FlaskClient, amy: User) -> None:
    waiting = ask(form(step(signature="typed")))
    assert 'name="signature"' in approve(client, duty_ids(amy)).text
    wrong = approve(client, duty_ids(amy), sure="1", signature="bob")
    assert wrong.status_code == 422
    assert "This is not your own name." in wrong.text
    assert record_of(waiting)["state"] == "asked"
    assert approve(client, duty_ids(amy), sure="1", signature="amy").status_code == 302
    assert record_of(waiting)["state"] == "agreed"


def test_what_failed_is_reported_beside_it_and_the_rest_is_done(client: FlaskClient, amy: User) -> None:
    live = form(step())
    other, own = ask(live, name="of another"), ask(live, name="my own")
    database.db().approvals.update_one({"_id": own}, {"$set": {"started_by": amy.id}})
    answer = approve(client, duty_ids(amy), sure="1")
    assert answer.status_code == 422
    page = read(answer.text)
    assert [one["value"] for one in page.all("input", name="ids")] == [str(one) for one in duty_ids(amy)]
    assert "Nobody decides about what they asked for themselves." in page.text
    assert [record_of(one)["state"] for one in (other, own)] == ["agreed", "asked"]


@pytest.mark.parametrize("sent", [["nonsense"], [], ["0" * 24]])
def test_what_cannot_be_approved_together_is_left_alone(
    client: FlaskClient, amy: User, sent: list[str]
) -> None:
    task = owe("a task")
    answer = approve(client, [*sent, task["_id"]], sure="1")
    assert answer.status_code == 302
    assert len(duty_ids(amy)) == 1


def test_nobody_approves_what_others_are_asked(client: FlaskClient, amy: User) -> None:
    bob = person("bob")
    waiting = ask(form(step(people=("bob",))))
    assert len(duty_ids(bob)) == 1
    assert approve(client, duty_ids(bob)).status_code == 302
    assert approve(client, duty_ids(bob), sure="1").status_code == 302
    assert record_of(waiting)["state"] == "asked"


def test_a_drawn_signature_is_left_to_its_own_page(client: FlaskClient, amy: User) -> None:
    ask(form(step(signature="drawn")))
    row = row_of(open_page(client, "/inbox/"), "check")
    assert not row.all("input")
    assert "sign on the page" in row.text


# -- notices --------------------------------------------------------------------------------------------


def test_mentions_can_be_shown_alone_and_all_be_marked_as_read(client: FlaskClient, amy: User) -> None:
    for key, kind in (("one", "mention"), ("two", "system")):
        outbox.put(notifications.tell([amy.id], key=key, kind=kind, title=f"title {key}", by_name="Bob"))
    outbox.carry_out_due()
    assert len(open_page(client, "/inbox/notices").all("li", css="is-unread")) == 2
    assert len(open_page(client, "/inbox/notices?kind=mention").all("li", css="notice")) == 1
    client.post("/inbox/read", data={"csrf_token": csrf_token(client)})
    assert not open_page(client, "/inbox/notices").all("li", css="is-unread")
