"""The audit log: looked through by person, kind, days and words, and taken along as a workbook."""

from datetime import date
from typing import Any

from bson import ObjectId
from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from models.audit import exporting, reading, values, wording
from models.audit.events import GROUPS, label
from models.audit.reading import Search
from models.database import Document
from models.errors import NotFoundError
from models.people import Permission, User
from tasks.jobs import dispatch
from views.configure.base import ConfigureView
from views.context import current_language, current_timezone, require_person

PAGE_SIZE = 50
MAX_WORDS = 100
SHOWN_LINES = 3
LONGEST_NUMBER = 15
_NAMES = ("person", "group", "first", "last", "q")


class AuditView(ConfigureView):
    """Who did what that matters beyond one record."""

    permissions = (Permission.AUDIT_READ,)
    endpoint_name = "configure_audit"
    path = "/configure/audit"

    @expose("/")
    def index(self) -> str:
        """List entries, newest first."""
        search, before = _search(request.args), request.args.get("before", "")
        start = (
            int(before) if before.isascii() and before.isdecimal() and len(before) <= LONGEST_NUMBER else None
        )
        found = reading.page(search.filter(current_timezone()), before=start, limit=PAGE_SIZE + 1)
        shown = found[:PAGE_SIZE]
        return self.page(
            "audit.html",
            entries=shown,
            search=search,
            older=_address(before=shown[-1]["_id"]) if len(found) > PAGE_SIZE else "",
            newest=_address() if start else "",
            narrowed=search != Search(),
            groups=GROUPS,
            people=User.objects.order_by("name").only("name", "username"),
            shown_lines=SHOWN_LINES,
            **_words(),
        )

    @expose("/<int:number>")
    def details(self, number: int) -> str:
        """Show one entry with everything it says."""
        entry = reading.get(number)
        if entry is None:
            raise NotFoundError
        return self.page("audit_entry.html", entry=entry, **_words())

    @expose("/export", methods=["POST"])
    def export(self) -> ResponseReturnValue:
        """Take along what the list shows, as a workbook."""
        job = exporting.ask(require_person(), _search(request.form), current_language())
        dispatch(job)
        return redirect(url_for("jobs.job_view", job_id=job.id))


def _search(given: Any) -> Search:  # noqa: ANN401  (arguments of a request)
    """Return what the address asks for; what makes no sense is left out."""
    person, group = given.get("person", ""), given.get("group", "")
    return Search(
        person=ObjectId(person) if ObjectId.is_valid(person) else None,
        group=group if group in GROUPS else "",
        first=_day(given.get("first", "")),
        last=_day(given.get("last", "")),
        words=given.get("q", "").replace("\0", "")[:MAX_WORDS].strip(),
    )


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date.min.year < day.year < date.max.year else None


def _address(**changes: Any) -> str:  # noqa: ANN401  (query values)
    kept = {name: request.args[name] for name in _NAMES if request.args.get(name)}
    return url_for("configure_audit.index", **{**kept, **changes})


def _words() -> dict[str, Any]:
    language, timezone = current_language(), current_timezone()

    def lines(entry: Document) -> list[wording.Line]:
        return wording.lines(entry, language, timezone)

    def who(entry: Document) -> str:
        return values.who(entry["by_name"], language)

    return {"label": label, "lines": lines, "who": who, "timezone": timezone, "group_names": GROUPS}
