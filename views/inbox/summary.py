"""What waits for a person, in short, for the first page."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from models import duties
from models.duties import Total
from models.people import User
from models.times import today
from views.context import current_timezone
from views.inbox.rows import Row, rows
from views.navigation import owed

SHOWN = 5
MOST_TODAY = 99


@dataclass(frozen=True)
class Work:
    """How much is owed, how much of it is due today and not late yet, and the most urgent of it."""

    total: Total
    today: int
    rows: list[Row]


def summary(person: User) -> Work:
    """Return what waits for a person."""
    zone = current_timezone()
    midnight = datetime.combine(today(zone) + timedelta(days=1), time(), zone)
    due = duties.for_person(person, overdue=False, before=midnight, limit=MOST_TODAY)
    return Work(owed(person), len(due.duties), rows(person, duties.open_for(person, limit=SHOWN)))
