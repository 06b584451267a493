"""Who has what when: the calendar of a ledger, by item or by person, for one week or five."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

from bson import ObjectId
from flask import request, url_for
from flask_babel import format_date, lazy_gettext

from models import calendars
from models.access import fetch
from models.database import Document
from models.definition import Field, RuleTree
from models.forms import LiveForm
from models.ledger.calendar import Scope, Window
from models.ledger.holdings import may_ask
from models.people import User
from models.queries import ListQuery
from models.times import today
from views.context import current_language, current_lookup, current_timezone, require_person
from views.inbox.days import Period, read_day, week_of
from views.property import base
from views.property.calendar_rows import Shown, by_item, by_person, of_item
from views.records.borrowing import slips_of
from views.records.filters import label_of

SCOPES: Final[dict[Scope, Any]] = {
    "busy": lazy_gettext("Lent or reserved"),
    "late": lazy_gettext("Overdue"),
    "all": lazy_gettext("Everything"),
}
WEEKS: Final = 5
"""That a month's view shows."""
MOST_FILTERS: Final = 2
"""Of references and of choices, each."""


@dataclass(frozen=True)
class Day:
    """A day as the head of a column: `kind` is that of the working calendar."""

    date: date
    weekday: str
    kind: str
    name: str
    today: bool


class Asked:
    """What the address asks a calendar for."""

    def __init__(self, ledger: LiveForm) -> None:
        self.ledger = ledger
        self.person: User = require_person()
        self.told = base.told(ledger)
        self.today = today(current_timezone())
        self.span = "week" if request.args.get("span") == "week" else "month"
        self.date = read_day(request.args.get("date", ""), self.today)
        self.by = "person" if request.args.get("by") == "person" and self.asks_people else "item"
        self.words = request.args.get("search", "").strip()[:200]
        after = request.args.get("after", "")
        self.after = ObjectId(after) if ObjectId.is_valid(after) else None
        self.page = max(1, min(request.args.get("page", 1, type=int), 1000))
        self.filters = {key: value for key, value in self._filters() if value}

    @property
    def asks_people(self) -> bool:
        """Whether the reader may ask who has what."""
        return may_ask(self.told, "people")

    @cached_property
    def scope(self) -> Scope:
        """Of which items the days are shown."""
        wanted = request.args.get("scope", "")
        return next((one for one in SCOPES if one == wanted), "busy")

    @cached_property
    def item(self) -> Document | None:
        """The one item, where only its days are asked for. Raises NotFoundError."""
        wanted = request.args.get("item", "")
        return fetch(self.person, self.ledger, wanted) if wanted else None

    @cached_property
    def slip(self) -> LiveForm | None:
        """The form of the slips that the reader can make out."""
        return next(iter(slips_of(self.ledger.key, creatable=True)), None)

    @cached_property
    def period(self) -> Period:
        """The week of the day, or five of them."""
        return week_of(self.date) if self.span == "week" else _month_of(self.date)

    @property
    def window(self) -> Window:
        """The days that are shown."""
        return Window(self.period.first, self.period.last, self.today, current_timezone())

    # -- filters ---------------------------------------------------------------------------------------

    def filter_fields(self) -> list[Field]:
        """Return the fields by which a calendar is narrowed: what belongs to whom, and of which kind."""
        part = self.ledger.definition.ledger
        own = {part.status, part.unit} if part else set()
        fields = [one for one in self.told.askable.value_fields if one.filterable and one.key not in own]
        references = [one for one in fields if one.type == "reference"]
        choices = [one for one in fields if one.type == "choice"]
        return [*references[:MOST_FILTERS], *choices[:MOST_FILTERS]]

    def _filters(self) -> list[tuple[str, str]]:
        found = []
        for field in self.filter_fields():
            value = request.args.get(f"f-{field.key}", "")
            known = field.options_by_key if field.type == "choice" else {}
            fits = ObjectId.is_valid(value) if field.type == "reference" else value in known
            found.append((field.key, value if fits else ""))
        return found

    def filter_inputs(self) -> list[dict[str, Any]]:
        """Return what the page shows to choose by."""
        lookup = current_lookup()
        return [
            {
                "field": field,
                "name": f"f-{field.key}",
                "label": label_of(self.ledger.definition, field.key, current_language()),
                "value": (value := self.filters.get(field.key, "")),
                "text": lookup.record(field.form, ObjectId(value))
                if value and field.type == "reference"
                else "",
                "picker": f"/records/{self.ledger.key}/options?field={field.key}",
            }
            for field in self.filter_fields()
        ]

    @property
    def no_filters(self) -> dict[str, None]:
        """What takes every filter out of an address."""
        return {f"f-{key}": None for key in self.filters}

    @property
    def query(self) -> ListQuery:
        """The filters and words as a list asks for them."""
        leaves: list[RuleTree] = [
            {"field": key, "op": "eq", "value": value} for key, value in self.filters.items()
        ]
        return ListQuery(where={"all": leaves} if leaves else None, search=self.words)

    # -- addresses -------------------------------------------------------------------------------------

    def arguments(self, **changes: Any) -> dict[str, str]:  # noqa: ANN401  (arguments of an address)
        """Return the arguments of this page with some changed (None: left out); paging begins anew."""
        here: dict[str, Any] = {
            "span": self.span if self.span == "week" else None,
            "date": self.date.isoformat() if self.date != self.today else None,
            "by": self.by if self.by == "person" else None,
            "scope": self.scope if self.scope != "busy" else None,
            "item": self.item["_id"] if self.item else None,
            "search": self.words or None,
            **{f"f-{key}": value for key, value in self.filters.items()},
            **changes,
        }
        return {key: str(value) for key, value in here.items() if value is not None}

    def url(self, **changes: Any) -> str:  # noqa: ANN401  (arguments of an address)
        """Return the address of this calendar with some arguments changed."""
        base_url = url_for("property.calendar", form=self.ledger.key)
        return f"{base_url}?{urlencode(self.arguments(**changes))}".rstrip("?")


@base.pages.get("/<form>/calendar", endpoint="calendar")
def show(form: str) -> str:
    """Show five weeks (with `span=week` one) from that of `date`, by item or (`by=person`) by person."""
    asked = Asked(base.ledger(form))
    shown = _rows(asked)
    return base.show(
        "calendar",
        ledger=asked.ledger,
        asked=asked,
        rows=shown.rows,
        next_url=asked.url(**shown.next) if shown.next else "",
        first_url=asked.url() if asked.after or asked.page > 1 else "",
        title=_title(asked),
        days=_days(asked),
        scopes=SCOPES,
        item_name=base.called(asked.told, asked.item) if asked.item else "",
    )


def _rows(asked: Asked) -> Shown:
    if asked.item:
        return of_item(asked.told, asked.item, asked.window, asked.slip)
    if asked.by == "person":
        return by_person(asked.person, asked.told, asked.window, asked.query, asked.page)
    return by_item(asked.person, asked.told, asked.window, asked.query, asked.scope, asked.after, asked.slip)


def _month_of(day: date) -> Period:
    """Return five weeks from the Monday before a day: what comes matters more than what was."""
    monday = day - timedelta(days=day.weekday())
    last = monday + timedelta(days=7 * WEEKS - 1)
    steps = (monday - timedelta(weeks=WEEKS - 1), monday + timedelta(weeks=WEEKS - 1))
    earlier, later = (read_day(one.isoformat(), day) for one in steps)
    return Period(monday, last, day, earlier, later)


def _days(asked: Asked) -> list[Day]:
    department = asked.person.department.id if asked.person.department else None
    working = calendars.working(calendars.of_department(department))
    return [
        Day(
            day,
            str(format_date(day, "EEEEE" if asked.span == "month" else "EEE")),
            working.kind(day),
            working.exceptions[day].name.text(current_language()) if day in working.exceptions else "",
            day == asked.today,
        )
        for day in asked.window.days
    ]


def _title(asked: Asked) -> str:
    pattern = "yyyy年M月d日" if current_language() == "zh" else "d MMM yyyy"
    ends = (asked.period.first, asked.period.last)
    return " – ".join(format_date(day, pattern) for day in ends)
