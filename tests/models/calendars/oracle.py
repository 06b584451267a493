"""Working time counted minute by minute: slow, and obvious enough to be believed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from models.calendars.definition import WEEKDAYS, CalendarDefinition
from models.calendars.walls import shown

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
WALK = 25 * 24 * 60


class Oracle:
    """Asks of every single minute whether somebody works in it."""

    def __init__(self, definition: CalendarDefinition) -> None:
        self.zone = ZoneInfo(definition.timezone)
        self.week = {name: list(definition.week.get(name, ())) for name in WEEKDAYS}
        self.exceptions = {one.date: one for one in definition.exceptions}
        self.walls: dict[date, list[tuple[datetime, datetime]]] = {}

    def hours(self, day: date) -> list[str]:
        exception = self.exceptions.get(day)
        if exception is None:
            return self.week[WEEKDAYS[day.weekday()]]
        if exception.kind == "holiday":
            return []
        return list(exception.hours) or self.week[exception.like or "mon"]

    def shift(self, wall: datetime) -> date | None:
        """Return the day whose work goes on when the clock on the wall shows this."""
        for day in (wall.date() - timedelta(days=1), wall.date()):
            if day not in self.walls:
                self.walls[day] = [_walls(day, text) for text in self.hours(day)]
            if any(start <= wall < end for start, end in self.walls[day]):
                return day
        return None

    def minutes(self, start: datetime) -> Iterator[tuple[datetime, date | None]]:
        """Yield every minute from a whole one on, with the day whose work goes on in it.

        The clock is one that is never set back: it stands still until the hour that occurs twice is over.
        """
        moment = start - timedelta(hours=30)
        latest = shown(moment, self.zone)
        while True:
            latest = max(latest, shown(moment, self.zone))
            if moment >= start:
                yield moment.astimezone(UTC), self.shift(latest)
            moment += MINUTE

    def working_minutes(self, start: datetime, end: datetime) -> int:
        before = takewhile(lambda minute: minute[0] < end, self.minutes(start))
        return sum(shift is not None for _moment, shift in before)

    def add_minutes(self, start: datetime, minutes: int) -> datetime:
        """Return the end of the minute in which the last one is worked."""
        worked = (moment for moment, shift in self.minutes(start) if shift)
        return next(islice(worked, minutes - 1, None)) + MINUTE

    def next_working(self, start: datetime) -> datetime:
        return next(moment for moment, shift in self.minutes(start) if shift)

    def add_days(self, start: datetime, days: int) -> datetime:
        """Return the same time of day on the last of so many working days, or the end of work before it."""
        wall = shown(start, self.zone)
        first = self.shift(wall) if next(self.minutes(start))[1] else wall.date()
        assert first
        worked = [one for one in islice(self.minutes(start - 2 * DAY), WALK) if one[1]]
        today = [moment for moment, shift in worked if shift == first]
        whole = sorted({shift for _moment, shift in worked if shift and shift > first})
        if not today or start > today[-1] or start < today[0]:  # outside the work of its day
            last = [first, *whole][days - 1] if today and start < today[0] else whole[days - 1]
            return max(moment for moment, shift in worked if shift == last) + MINUTE
        same_time = self.first_showing(start, wall + (whole[days - 1] - first))
        past = [moment for moment, _shift in worked if moment <= same_time]
        return min(same_time, past[-1] + MINUTE)

    def minutes_of_day(self, moment: datetime) -> int:
        """Return how many minutes are worked on the day whose work goes on at a moment."""
        day = next(self.minutes(moment))[1]
        around = islice(self.minutes(moment - 2 * DAY), 4 * 24 * 60)
        return sum(shift == day for _moment, shift in around)

    def first_showing(self, start: datetime, wall: datetime) -> datetime:
        return next(moment for moment, _shift in self.minutes(start) if shown(moment, self.zone) >= wall)


def _walls(day: date, text: str) -> tuple[datetime, datetime]:
    start, end = (_on(day, clock) for clock in text.split("-"))
    return start, end if end > start else end + DAY


def _on(day: date, clock: str) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime.combine(day, time()) + timedelta(hours=hour, minutes=minute)
