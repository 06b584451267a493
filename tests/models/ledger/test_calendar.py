"""Who has what when: bars over the days of a window, by item and by person."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.database import Document
from models.forms import LiveForm
from models.ledger.calendar import ROWS, Row, Scope, Window, by_item, by_person, people
from models.people import Action, FieldRule, Limit, User
from models.queries import ListQuery
from models.times import now, set_clock
from tests import factories
from tests.models.ledger.desk_work import back, day, rows_as_sent, slip, take, taken, thing

TODAY = date(2026, 11, 23)
ALL = ListQuery()


@pytest.fixture(autouse=True)
def noon(db: object) -> Iterator[None]:
    with set_clock(datetime(2026, 11, 23, 4, 0, tzinfo=UTC)):
        yield


def window(first: date = TODAY, days: int = 7) -> Window:
    return Window(first, first + timedelta(days=days - 1), TODAY, ZoneInfo("Asia/Shanghai"))


def rows(things: LiveForm, shown: Window, scope: Scope = "busy") -> tuple[Row, ...]:
    return by_item(factories.administrator(), things, shown, ALL, scope=scope).rows


def bars(row: Row) -> list[tuple[str, int, int, bool, bool]]:
    return [
        (one.held.kind if not one.held.late else "late", one.start, one.length, one.before, one.beyond)
        for lane in row.lanes
        for one in lane
    ]


def free(row: Row) -> list[int | None]:
    return [None if one is None else int(one) for one in row.free]


def test_lent_reserved_and_late_pieces_are_bars_between_their_days(things: LiveForm, slips: LiveForm) -> None:
    with set_clock(now() - timedelta(days=9)):
        item = thing(things, quantity="9")
        taken(slips, slip(slips, item, 1, ends=day(3)), "ask", "lend")
    taken(slips, slip(slips, item, 2, ends=day(2)), "ask", "lend")
    taken(slips, slip(slips, item, 3, begins=day(4), ends=day(30)), "ask")
    take(slips, slip(slips, item, 9, begins=day(6), ends=day(6)), "queue")
    [row] = rows(things, window())
    assert sorted(bars(row)) == [
        ("late", 0, 1, True, False),
        ("lent", 0, 3, False, False),
        ("reserved", 4, 3, False, True),
    ]
    assert row.waiting == 1
    assert free(row) == [6, 6, 6, 8, 5, 5, 0]


def test_bars_that_meet_lie_in_lanes_of_their_own(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things)
    for begins, ends in ((0, 2), (1, 3), (3, 4), (5, 6)):
        taken(slips, slip(slips, item, 1, begins=day(begins), ends=day(ends)), "ask")
    [row] = rows(things, window())
    assert [[(one.start, one.length) for one in lane] for lane in row.lanes] == [
        [(0, 3), (3, 2), (5, 2)],
        [(1, 3)],
    ]


def test_days_that_are_over_say_nothing_of_what_is_free(things: LiveForm, slips: LiveForm) -> None:
    taken(slips, slip(slips, thing(things)), "ask", "lend")
    [row] = rows(things, window(TODAY - timedelta(days=2), 3))
    assert free(row) == [None, None, 4]


def test_only_items_with_something_in_the_window_are_shown(things: LiveForm, slips: LiveForm) -> None:
    thing(things, name="Idle")
    soon, later = thing(things, name="Soon"), thing(things, name="Later")
    taken(slips, slip(slips, soon, ends=day(2)), "ask", "lend")
    taken(slips, slip(slips, later, begins=day(20), ends=day(21)), "ask")

    def titles(shown: Window, scope: Scope = "busy") -> list[str]:
        return [row.item["title"] for row in rows(things, shown, scope) if row.item]

    assert titles(window()) == ["Soon"]
    assert titles(window(TODAY + timedelta(days=14))) == ["Later"]
    assert titles(window(TODAY + timedelta(days=40))) == []
    assert titles(window(), "all") == ["Later", "Soon", "Idle"]
    assert titles(window(), "late") == []


def test_what_is_late_is_shown_by_itself(things: LiveForm, slips: LiveForm) -> None:
    with set_clock(now() - timedelta(days=9)):
        taken(slips, slip(slips, thing(things, name="Late"), ends=day(2)), "ask", "lend")
    taken(slips, slip(slips, thing(things)), "ask", "lend")
    assert [row.item and row.item["title"] for row in rows(things, window(), "late")] == ["Late"]


def test_items_are_read_page_by_page(things: LiveForm, admin: User) -> None:
    made = [thing(things, name=str(number))["_id"] for number in range(ROWS + 3)]
    first = by_item(admin, things, window(), ALL, scope="all")
    assert first.rows[-1].item
    rest = by_item(admin, things, window(), ALL, scope="all", after=first.rows[-1].item["_id"])
    assert [row.item and row.item["_id"] for row in (*first.rows, *rest.rows)] == sorted(made, reverse=True)
    assert (first.more, rest.more) == (True, False)


def test_people_are_shown_with_what_they_have(things: LiveForm, slips: LiveForm, admin: User) -> None:
    li = factories.editor()
    one, two = thing(things, name="One"), thing(things, name="Two")
    taken(slips, slip(slips, one, ends=day(1)), "ask", "lend")
    taken(slips, slip(slips, two, ends=day(2)), "ask")
    taken(slips, slip(slips, two, begins=day(3), ends=day(3), borrower=str(li.id)), "ask")
    assert set(people(admin, things, window(), ALL)) == {admin.id, li.id}
    mine, theirs = by_person(admin, things, window(), ALL, [admin.id, li.id])
    assert (mine.person, sorted(bars(mine))) == (
        admin.id,
        [("lent", 0, 2, False, False), ("reserved", 0, 3, False, False)],
    )
    assert bars(theirs) == [("reserved", 3, 1, False, False)]


def hand_back(slips: LiveForm, made: Document, item: Document) -> Document:
    return take(slips, made, "take_back", returns=[*rows_as_sent(made, "returns"), back(item)])


def test_what_came_back_is_still_told_of_the_days_it_was_lent(
    things: LiveForm, slips: LiveForm, admin: User
) -> None:
    item, week_ago = thing(things, quantity="3"), TODAY - timedelta(days=7)
    with set_clock(now() - timedelta(days=9)):
        made = taken(slips, slip(slips, item, 2, ends=day(12)), "ask", "lend")
    with set_clock(now() - timedelta(days=5)):
        made = hand_back(slips, made, item)
    with set_clock(now() + timedelta(days=1)):
        hand_back(slips, made, item)
        later = Window(TODAY, TODAY + timedelta(days=6), TODAY + timedelta(days=1), ZoneInfo("Asia/Shanghai"))
        [row] = by_item(admin, things, later, ALL).rows
        assert bars(row) == [("back", 0, 2, True, False)]
        [row] = by_item(admin, things, window(week_ago), ALL).rows
        assert sorted(bars(row)) == [("back", 0, 3, True, False), ("back", 0, 7, True, True)]
        assert people(admin, things, window(week_ago), ALL) == [admin.id]
        [mine] = by_person(admin, things, window(week_ago), ALL, [admin.id])
        assert [one.held.quantity for lane in mine.lanes for one in lane] == [1, 1]
        assert rows(things, window(TODAY - timedelta(days=30))) == ()


def test_who_had_something_once_is_told_only_to_whoever_may_know(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things)
    hand_back(slips, taken(slips, slip(slips, item), "ask", "lend"), item)
    shown: dict[str, list[object]] = {}
    for key in ("due_on", "holders"):
        hidden = FieldRule(form="thing", fields=[key], limit=Limit.HIDDEN.value)
        role = factories.role(f"no_{key}", actions=[Action.SEE], field_rules=[hidden])
        clerk = factories.user(f"no_{key}", role)
        found = by_item(clerk, things, window(), ALL).rows
        shown[key] = [one.held.person for row in found for lane in row.lanes for one in lane]
        assert people(clerk, things, window(), ALL) == ([] if key == "holders" else [item["created_by"]])
    assert shown == {"due_on": [], "holders": [None]}


def test_nobody_is_named_to_whoever_may_not_know_the_holders(things: LiveForm, slips: LiveForm) -> None:
    taken(slips, slip(slips, thing(things)), "ask", "lend")
    hidden = FieldRule(form="thing", fields=["holders"], limit=Limit.HIDDEN.value)
    clerk = factories.user("clerk", factories.role("clerk", actions=[Action.SEE], field_rules=[hidden]))
    assert people(clerk, things, window(), ALL) == []
    [row] = by_item(clerk, things, window(), ALL).rows
    assert [one.held.person for lane in row.lanes for one in lane] == [None]


def test_busy_is_what_is_lent_or_asked_for(things: LiveForm, slips: LiveForm) -> None:
    item = thing(things, quantity="1")
    found = things.records()

    def busy() -> bool:
        return found.count_documents({"stock.busy": True}) == 1

    assert not busy()
    asked = taken(slips, slip(slips, item, ends=day(1)), "ask")
    assert busy()
    take(slips, asked, "cancel")
    assert not busy()
