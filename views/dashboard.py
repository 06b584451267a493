"""The first page: what there is, what waits, where to go on."""

from datetime import timedelta
from typing import Any

from flask_admin import AdminIndexView, expose

from models import calendars, jobs, notices, notifications
from models.access import Action, permitted
from models.database import Document
from models.forms import LiveForm
from models.messages import say_stored
from models.people import Permission, User
from models.queries import Count, ListQuery, count, page
from models.times import now, today
from views.admin import Screen
from views.context import current_language, current_lookup, current_timezone, require_person
from views.inbox.summary import summary
from views.navigation import visible_forms
from views.property.tiles import glance
from views.records.facts import heading
from views.records.listing import system_text
from views.reports.tiles import placed

RECENT = 8
TILES = 8
DAYS = 30


class Dashboard(Screen, AdminIndexView):  # type: ignore[misc]
    """The start page of whoever is signed in."""

    def __init__(self) -> None:
        AdminIndexView.__init__(self, url="/", endpoint="admin")

    @expose("/")
    def index(self) -> str:
        """Show tiles of the forms, the newest records and one's own notices."""
        person = require_person()
        forms = visible_forms(person)
        return str(
            self.render(
                "dashboard.html",
                tiles=[self._tile(person, form) for form in forms[:TILES]],
                recent=self._recent(person, forms),
                notices=notices.readable(person, notifications.of_person(person, limit=5)),
                text_of=lambda words: say_stored(words, current_language()),
                jobs=jobs.of_owner(person, limit=5),
                creatable=[form for form in forms if permitted(person, form.key, Action.CREATE)],
                may_configure=person.may(Permission.CONFIGURE_FORMS),
                missing_years=_missing_years(person),
                work=summary(person),
                ledgers=glance(),
                report_tiles=placed(),
            )
        )

    @staticmethod
    def _tile(person: User, form: LiveForm) -> dict[str, Any]:
        since = {"field": "@created_at", "op": "gte", "value": {"relative": {"days": -DAYS}}}
        total: Count = count(person, form, ListQuery())
        return {"form": form, "total": total, "recent": count(person, form, ListQuery(where=since))}

    @staticmethod
    def _recent(person: User, forms: list[LiveForm]) -> list[dict[str, Any]]:
        """Return the records changed last, of all forms."""
        query = ListQuery(sort="updated_at", columns=("updated_at", "updated_by"), page_size=RECENT)
        found: list[tuple[LiveForm, Document]] = [
            (form, record) for form in forms for record in page(person, form, query).records
        ]
        found.sort(key=lambda pair: pair[1].get("updated_at") or now() - timedelta(days=9999), reverse=True)
        lookup = current_lookup()
        return [
            {
                "form": form,
                "url": f"/records/{form.key}/{record['_id']}",
                "title": heading(record),
                "when": system_text(record, "updated_at", lookup),
                "who": system_text(record, "updated_by", lookup),
            }
            for form, record in found[:RECENT]
        ]


def _missing_years(person: User) -> list[tuple[str, int, str]]:
    """Return (calendar, year, address) of holidays that are not known, for whoever may enter them."""
    if not person.may(Permission.CONFIGURE_CALENDARS):
        return []
    labels = {one.key: one.label.text(current_language()) for one in calendars.every()}
    return [
        (labels[key], year, f"/configure/calendars/{key}?year={year}")
        for key, year in calendars.missing_years(today(current_timezone()))
    ]
