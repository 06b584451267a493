"""Counting working time agrees with an oracle that walks minute by minute."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.calendars.arithmetic import WorkingCalendar
from models.calendars.definition import WEEKDAYS, CalendarDefinition
from tests.models.calendars.oracle import Oracle

ZONES = ("Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe")
AROUND = (date(2026, 2, 16), date(2026, 3, 29), date(2026, 4, 5), date(2026, 10, 4), date(2026, 10, 25))
MINUTE = timedelta(minutes=1)
slow = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def clock(half_hours: int) -> str:
    return f"{half_hours // 2:02d}:{half_hours % 2 * 30:02d}"


@st.composite
def hours(draw: st.DrawFn, *, nights: bool, some: bool = False) -> list[str]:
    """Draw the hours of a day: mornings and afternoons, and where there are nights one past midnight."""
    first, last = (12, 44) if nights else (0, 48)
    cuts = sorted(draw(st.sets(st.integers(first, last), min_size=2 if some else 0, max_size=6)))
    found = [f"{clock(a)}-{clock(b)}" for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    if nights and draw(st.booleans()):
        found.append(f"{clock(draw(st.integers(44, 47)))}-{clock(draw(st.integers(1, 12)))}")
    return found


@st.composite
def definitions(draw: st.DrawFn) -> tuple[CalendarDefinition, datetime]:
    """Draw a calendar with exceptions, and a minute near them."""
    nights = draw(st.booleans())
    around = draw(st.sampled_from(AROUND))
    week = {name: draw(hours(nights=nights)) for name in WEEKDAYS}
    for name in draw(st.sets(st.sampled_from(WEEKDAYS), min_size=1, max_size=6)):
        week[name] = draw(hours(nights=nights, some=True))
    worked = [name for name in WEEKDAYS if week[name]]
    exceptions = []
    for distance in sorted(draw(st.sets(st.integers(-3, 8), max_size=6))):
        day = around + timedelta(days=distance)
        if draw(st.booleans()):
            exceptions.append({"date": day, "kind": "holiday"})
        elif draw(st.booleans()):
            exceptions.append({"date": day, "kind": "make_up", "like": draw(st.sampled_from(worked))})
        else:
            own = draw(hours(nights=nights, some=True))
            exceptions.append({"date": day, "kind": "make_up", "hours": own})
    plain = {"timezone": draw(st.sampled_from(ZONES)), "label": {}, "week": week, "exceptions": exceptions}
    start = datetime(around.year, around.month, around.day, tzinfo=UTC)
    return CalendarDefinition.model_validate(plain), start + MINUTE * draw(st.integers(-2880, 2880))


@slow
@given(definitions(), st.integers(0, 9000))
def test_working_time_between_two_moments_is_what_the_oracle_counts(
    drawn: tuple[CalendarDefinition, datetime], minutes: int
) -> None:
    definition, start = drawn
    calendar, end = WorkingCalendar.of(definition), start + minutes * MINUTE
    expected = Oracle(definition).working_minutes(start, end)
    assert calendar.working_seconds(start, end) == expected * 60
    assert calendar.working_seconds(end, start) == -expected * 60
    assert sum(day.seconds for day in calendar.days(start, end)) == expected * 60


@slow
@given(definitions(), st.integers(1, 3000))
def test_adding_working_time_ends_where_the_oracle_ends(
    drawn: tuple[CalendarDefinition, datetime], minutes: int
) -> None:
    definition, start = drawn
    calendar, oracle = WorkingCalendar.of(definition), Oracle(definition)
    due = calendar.add_working(start, minutes * 60)
    assert due == oracle.add_minutes(start, minutes)
    assert calendar.working_seconds(start, due) == minutes * 60
    back = calendar.add_working(due, -minutes * 60)
    assert back >= start
    assert calendar.working_seconds(start, back) == 0
    assert calendar.add_working(back, minutes * 60) == due


@slow
@given(definitions())
def test_work_begins_again_when_the_oracle_says(drawn: tuple[CalendarDefinition, datetime]) -> None:
    definition, start = drawn
    calendar, oracle = WorkingCalendar.of(definition), Oracle(definition)
    opening = oracle.next_working(start)
    assert calendar.next_working(start) == opening
    assert calendar.is_working(start) == (opening == start)


@slow
@given(definitions(), st.integers(1, 3))
def test_adding_working_days_ends_where_the_oracle_ends(
    drawn: tuple[CalendarDefinition, datetime], days: int
) -> None:
    definition, start = drawn
    calendar, oracle = WorkingCalendar.of(definition), Oracle(definition)
    assert calendar.add_working_days(start, Decimal(days)) == oracle.add_days(start, days)


@slow
@given(definitions())
def test_half_a_working_day_is_half_of_the_day_it_begins_on(
    drawn: tuple[CalendarDefinition, datetime],
) -> None:
    definition, start = drawn
    calendar, oracle = WorkingCalendar.of(definition), Oracle(definition)
    worked = oracle.minutes_of_day(oracle.next_working(start))
    assert calendar.add_working_days(start, Decimal("0.5")) == oracle.add_minutes(start, worked // 2)


@settings(max_examples=150, deadline=None)
@given(definitions(), st.integers(0, 5000), st.integers(0, 4))
def test_what_begins_later_is_not_due_earlier(
    drawn: tuple[CalendarDefinition, datetime], minutes: int, days: int
) -> None:
    definition, start = drawn
    calendar, later = WorkingCalendar.of(definition), start + minutes * MINUTE
    assert calendar.add_working(start, 5000) <= calendar.add_working(later, 5000)
    first, second = (calendar.add_working_days(one, Decimal(days)) for one in (start, later))
    assert first <= second
    assert start <= first
