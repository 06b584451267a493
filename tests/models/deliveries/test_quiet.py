"""Nobody is woken up who does not want to be."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from models.deliveries import preferences
from models.deliveries.preferences import Preferences
from models.deliveries.quiet import first_moment, monday_to_friday
from models.errors import InvalidError

SHANGHAI = ZoneInfo("Asia/Shanghai")
NIGHT = Preferences(quiet_from="22:00", quiet_to="07:00")
LUNCH = Preferences(quiet_from="12:00", quiet_to="13:00")
WORKDAYS = Preferences(quiet_from="22:00", quiet_to="07:00", working_days_only=True)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Return a moment of November 2026 in Shanghai; the 20th is a Friday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("chosen", "moment", "expected"),
    [
        (NIGHT, at(20, 12), at(20, 12)),
        (NIGHT, at(20, 21, 59), at(20, 21, 59)),
        (NIGHT, at(20, 22), at(21, 7)),
        (NIGHT, at(20, 23, 30), at(21, 7)),
        (NIGHT, at(21, 6, 59), at(21, 7)),
        (NIGHT, at(21, 7), at(21, 7)),
        (LUNCH, at(20, 12, 30), at(20, 13)),
        (LUNCH, at(20, 23), at(20, 23)),
        (WORKDAYS, at(20, 22), at(23, 7)),
        (WORKDAYS, at(21, 12), at(23, 7)),
        (WORKDAYS, at(23, 12), at(23, 12)),
        (Preferences(quiet_from="00:00", quiet_to="00:00"), at(20, 3), at(20, 3)),
    ],
)
def test_a_mail_waits_until_the_quiet_hours_are_over(
    chosen: Preferences, moment: datetime, expected: datetime
) -> None:
    assert first_moment(chosen, SHANGHAI, moment.astimezone(UTC)) == expected


def test_an_urgent_one_waits_only_for_those_who_want_that() -> None:
    deep = at(21, 3).astimezone(UTC)
    assert first_moment(WORKDAYS, SHANGHAI, deep, urgent=True) == deep
    strict = Preferences(quiet_from="22:00", quiet_to="07:00", urgent_always=False)
    assert first_moment(strict, SHANGHAI, deep, urgent=True) == at(21, 7)


def test_a_calendar_may_make_a_saturday_a_working_day() -> None:
    def make_up(day: date) -> bool:
        return day == date(2026, 11, 21) or monday_to_friday(day)

    assert first_moment(WORKDAYS, SHANGHAI, at(20, 22).astimezone(UTC), working_day=make_up) == at(21, 7)


def test_a_calendar_without_working_days_does_not_hang() -> None:
    found = first_moment(WORKDAYS, SHANGHAI, at(20, 12).astimezone(UTC), working_day=lambda _day: False)
    assert found > at(20, 12)


times = st.times().map(lambda one: f"{one:%H:%M}")


@given(times, times, st.booleans(), st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001
def test_the_moment_found_is_neither_quiet_nor_earlier(
    begin: str,
    end: str,
    days: bool,  # noqa: FBT001  (drawn by Hypothesis)
    moment: datetime,
) -> None:
    chosen = Preferences(quiet_from=begin, quiet_to=end, working_days_only=days)
    zone = ZoneInfo("Europe/Berlin")
    utc = moment.replace(tzinfo=UTC)
    found = first_moment(chosen, zone, utc)
    assert utc <= found <= utc + timedelta(days=5)
    local = found.astimezone(zone)
    assert not days or monday_to_friday(local.date())
    changes = local.utcoffset() != utc.astimezone(zone).utcoffset()
    if begin != end and not changes and found != utc:
        inside = begin <= f"{local:%H:%M}" < end if begin < end else not end <= f"{local:%H:%M}" < begin
        assert not inside


GOOD = {"quiet_from": "22:00", "quiet_to": "07:00", "digest_at": "08:30", "mode_task": "never", "digest": "1"}


@pytest.mark.parametrize(
    ("changes", "marked"),
    [
        ({"quiet_from": "25:00"}, "quiet_from"),
        ({"quiet_to": ""}, "quiet_to"),
        ({"digest_at": "8"}, "digest_at"),
        ({"digest_at": "08:00:00"}, "digest_at"),
        ({"mode_task": "always"}, "mode_task"),
    ],
)
@pytest.mark.usefixtures("db")
def test_wrong_preferences_are_refused_beside_the_field(changes: dict[str, Any], marked: str) -> None:
    with pytest.raises(InvalidError) as refused:
        preferences.save(ObjectId(), {**GOOD, **changes})
    assert set(refused.value.errors) == {marked}


@pytest.mark.usefixtures("db")
def test_preferences_are_kept_and_what_was_not_chosen_has_a_default() -> None:
    person = ObjectId()
    assert preferences.of_person(person) == preferences.DEFAULT
    preferences.save(person, GOOD)
    kept = preferences.of_person(person)
    assert (kept.mode("task"), kept.mode("deadline.breach"), kept.digest_at) == ("never", "now", "08:30")
    assert (kept.digest, kept.working_days_only) == (True, False)


def test_a_kind_nobody_knows_is_treated_as_news_of_a_record() -> None:
    assert preferences.kind_of("workflow") == "record"
    assert preferences.kind_of("approval:asked") == "approval"
