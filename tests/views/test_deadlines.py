"""The calendar of deadlines: what comes due on which day, for whom, over the days that are not worked."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from pymongo.database import Database

from models import calendars, times
from models.database import Document
from models.forms import LiveForm
from models.people import User
from tests import factories
from tests.models.approvals.cases import person, team
from tests.pages import Element, open_page
from tests.web import sign_in
from views.inbox import days

NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)  # Wednesday noon in Shanghai
STATES = [
    {"key": "new", "label": {"en": "New"}, "task": {"en": "Answer it"}, "who": {"people": ["amy"]}},
    {"key": "done", "label": {"en": "Done"}, "category": "done"},
]


@pytest.fixture(autouse=True)
def live(db: Database[Document]) -> Iterator[LiveForm]:
    with times.set_clock(NOW):
        team()
        person("amy")
        calendars.ensure_default()
        yield factories.form(
            factories.field("name"),
            workflow={
                "initial": "new",
                "states": STATES,
                "transitions": [{"key": "end", "label": {"en": "End"}, "sources": ["new"], "to": "done"}],
            },
            clocks=[clock("answer", 24), clock("report", 72)],
        )


def clock(key: str, hours: int) -> dict[str, Any]:
    return {
        "key": key,
        "label": {"en": f"{key} in time"},
        "start": {"states": ["new"]},
        "stop": {"states": ["done"]},
        "length": {"amount": str(hours), "unit": "hours"},
    }


def days_of(page: Element) -> dict[str, str]:
    """Return the deadlines of each day that has any."""
    found = {}
    for day in page.all("section", css="cal-day"):
        entries = [" ".join(one.text.split()) for one in day.all(css="cal-entry")]
        if entries:
            found[day["data-day"]] = "; ".join(entries)
    return found


def test_each_deadline_stands_on_its_day_once(client: FlaskClient, live: LiveForm) -> None:
    factories.record(live, person("asker"), name="bearing")
    sign_in(client, person("amy"))
    page = open_page(client, "/inbox/calendar")
    assert days_of(page) == {
        "2026-11-26": "12:00 bearing Answer it",
        "2026-11-28": "12:00 bearing report in time",
    }


def test_mine_my_department_and_all(client: FlaskClient, live: LiveForm) -> None:
    factories.record(live, person("asker"), name="bearing")
    other = person("faraway", department=factories.department("HR", "人事部", "HR"))
    factories.record(live, other, name="spring")

    def seen(who: User, scope: str) -> set[str]:
        sign_in(client, who)
        text = " ".join(days_of(open_page(client, f"/inbox/calendar?scope={scope}")).values())
        return {one for one in ("bearing", "spring") if one in text}

    bob = person("bob")
    assert seen(bob, "mine") == set()
    assert seen(bob, "department") == {"bearing"}
    assert seen(bob, "all") == {"bearing", "spring"}
    assert seen(person("amy"), "mine") == {"bearing", "spring"}
    assert seen(factories.stranger(), "all") == set()
    assert seen(bob, "nonsense") == set()


def test_days_without_work_are_shaded_and_today_is_marked(client: FlaskClient) -> None:
    sign_in(client, person("amy"))
    page = open_page(client, "/inbox/calendar?date=2026-10-10")
    kinds = {
        one["data-day"]: next(name for name in one["class"].split() if name.startswith("day-is-"))
        for one in page.all("section", css="cal-day")
    }
    assert kinds["2026-10-01"] == "day-is-holiday"
    assert kinds["2026-10-10"] == "day-is-make_up"
    assert kinds["2026-10-11"] == "day-is-rest"
    assert kinds["2026-10-12"] == "day-is-workday"
    assert next(iter(kinds)) == "2026-09-28"
    present = open_page(client, "/inbox/calendar").one("section", css="is-today")
    assert present["data-day"] == "2026-11-25"


def test_more_than_fit_are_folded(client: FlaskClient, live: LiveForm) -> None:
    for number in range(6):
        factories.record(live, person("asker"), name=f"n{number}")
    sign_in(client, person("amy"))
    day = open_page(client, "/inbox/calendar").one("section", data_day="2026-11-26")
    assert len(day.all("li", css="is-over")) == 3
    assert day.one("a", css="cal-more").text == "+3 more"
    week = open_page(client, "/inbox/calendar?span=week").one("section", data_day="2026-11-26")
    assert not week.all("li", css="is-over")


@pytest.mark.parametrize(
    "asked", ["", "2026-13-45", "nonsense", "0001-01-01", "9999-12-31", "2100-12-31", "2000-01-01"]
)
@pytest.mark.parametrize("span", ["month", "week"])
def test_any_address_shows_some_month(client: FlaskClient, asked: str, span: str) -> None:
    sign_in(client, person("amy"))
    assert open_page(client, f"/inbox/calendar?span={span}&date={asked}").all("section", css="cal-day")


def test_months_and_weeks_begin_on_monday_and_follow_each_other() -> None:
    for number in range(400):
        day = date(2026, 1, 1) + timedelta(days=number)
        month, week = days.month_of(day), days.week_of(day)
        assert month.first.weekday() == week.first.weekday() == 0
        assert month.last.weekday() == week.last.weekday() == 6
        assert week.first <= day <= week.last
        assert days.month_of(month.next).previous == day.replace(day=1)
        assert days.week_of(week.next).previous == day
