"""Working calendars: the week, holidays and make-up days, what a change would move, and files of holidays."""

import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from models import calendars, clocks, files
from models.calendars import Calendar, CalendarDefinition, checks, china, exchange
from models.calendars.difference import between
from models.database import Document
from models.errors import ConflictError, DomainError, InvalidError
from models.messages import _ as message
from models.people import DEFAULT_TIMEZONE, Permission
from models.spreadsheets.names import file_name
from models.spreadsheets.reading import EXTENSIONS, open_table
from models.spreadsheets.table import UnreadableFileError
from models.spreadsheets.workbook import About
from models.times import now, today
from views.account import timezone_choices
from views.configure import calendar_moves, calendar_page
from views.configure.base import ConfigureView, Errors, attempt, posted, said, unsaved_notice
from views.configure.calendar_page import LABELS, paths_said
from views.context import current_actor, current_language, current_timezone, require_person, say

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_REASON = 2_000
MAX_PROBLEMS = 200


class CalendarsView(ConfigureView):
    """Calendars: listed, edited, and put in force only after a look at what would move."""

    permissions = (Permission.CONFIGURE_CALENDARS,)
    endpoint_name = "configure_calendars"
    path = "/configure/calendars"

    @expose("/")
    def index(self) -> str:
        """List the calendars."""
        missing: dict[str, list[int]] = {}
        for key, year in calendars.missing_years(today(current_timezone())):
            missing.setdefault(key, []).append(year)
        used = calendars.chosen_by_departments()
        return self.page(
            "calendars.html", calendars=calendars.every(), missing=missing, used=used, page=calendar_page
        )

    @expose("/new", methods=["GET", "POST"])
    def create(self) -> ResponseReturnValue:
        """Make a calendar from China's holidays, from another calendar, or from nothing but a week."""
        errors: Errors = {}
        if request.method == "POST":
            try:
                made = calendars.create(current_actor(), posted("key", 60), _first_definition())
            except InvalidError as error:
                errors = said(error)
            else:
                return redirect(url_for(".edit", calendar_key=made.key))
        problems = paths_said(errors)
        values = {name: request.form.get(name, "") for name in ("key", "label_zh", "label_en", "begin")}
        return self.page(
            "calendar_new.html",
            errors=errors, problems=problems, labels=LABELS, values=values, calendars=calendars.every(),
        )  # fmt: skip

    @expose("/<calendar_key>", methods=["GET", "POST"])
    def edit(self, calendar_key: str) -> ResponseReturnValue:
        """Show the editor; what it sends is checked and shown for confirmation."""
        calendar = calendars.current(calendar_key)
        if request.method == "GET":
            plain = calendar.definition.model_dump(mode="json")
            return self._editor(calendar, plain, {}, calendar.version)
        plain = {}
        try:
            plain = calendar_page.posted_definition()
            return self._confirm(calendar, checks.load(plain), calendar_page.posted_version())
        except InvalidError as error:
            plain = plain or calendar.definition.model_dump(mode="json")
            return self._editor(calendar, plain, said(error), calendar_page.posted_version())

    @expose("/<calendar_key>/save", methods=["POST"])
    def save(self, calendar_key: str) -> ResponseReturnValue:
        """Put a confirmed change in force; running clocks move only when that was asked for."""
        calendar, reason = calendars.current(calendar_key), posted("reason", MAX_REASON)
        plain, seen = calendar_page.posted_plain(), calendar_page.posted_version()
        moves = request.form.get("move") == "1"
        if moves and not reason:
            missing = {"reason": _("Say why running clocks are moved.")}
            return self._confirm(calendar, checks.load(plain), seen, missing)
        errors: Errors = {}
        try:
            saved = calendars.save(current_actor(), calendar_key, plain, seen=seen, note=reason)
        except InvalidError as error:
            errors = said(error)
        except ConflictError:
            errors, seen = {"": unsaved_notice()}, calendar.version
        if errors:
            return self._confirm(calendar, checks.load(plain), seen, errors)
        _say_saved(saved, reason if moves and saved.version > seen else "")
        return redirect(url_for(".edit", calendar_key=calendar_key))

    @expose("/<calendar_key>/fill", methods=["POST"])
    def fill(self, calendar_key: str) -> ResponseReturnValue:
        """Offer China's holidays for the years that are known."""
        calendar = calendars.current(calendar_key)
        reading = exchange.Reading(china.exceptions(), ())
        merged = exchange.merge(calendar.definition, reading, replace=True)
        return self._confirm_checked(calendar, merged)

    @expose("/<calendar_key>/import", methods=["GET", "POST"])
    def load(self, calendar_key: str) -> ResponseReturnValue:
        """Read a file of holidays; what it would change is shown first."""
        calendar = calendars.current(calendar_key)
        if request.method == "GET":
            return self._file_page(calendar)
        try:
            reading = _read_upload(calendar)
        except DomainError as error:
            return self._file_page(calendar, say(error.message))
        if reading.problems or not reading.exceptions:
            return self._file_page(calendar, "" if reading.problems else _("The file has no dates."), reading)
        replace = request.form.get("others") != "keep"
        return self._confirm_checked(calendar, exchange.merge(calendar.definition, reading, replace=replace))

    @expose("/<calendar_key>/export/<kind>")
    def export(self, calendar_key: str, kind: str) -> ResponseReturnValue:
        """Send the holidays and make-up days as a file that can be corrected and imported again."""
        calendar = calendars.current(calendar_key)
        years = {one.date.year for one in calendar.definition.exceptions}
        chosen = request.args.get("year", type=int)
        extension = "csv" if kind == "csv" else "xlsx"
        title = calendar.label.text(current_language())
        about = About(title, require_person().name, now(), current_language(), current_timezone())
        with tempfile.TemporaryDirectory(prefix="backoffice-calendar-") as folder:
            path = Path(folder) / f"calendar.{extension}"
            exchange.write(path, calendar.definition, [chosen] if chosen else years, about)
            content = BytesIO(path.read_bytes())
        name = file_name(f"{title} {chosen or ''}", extension)
        mimetype = "text/csv" if extension == "csv" else WORKBOOK
        return send_file(content, mimetype, as_attachment=True, download_name=name, max_age=0)

    @expose("/<calendar_key>/delete", methods=["POST"])
    def delete(self, calendar_key: str) -> ResponseReturnValue:
        """Delete a calendar that nothing counts by."""
        calendars.current(calendar_key)
        return attempt(url_for(".index"), _("The calendar is deleted."), calendars.delete, calendar_key)

    # -- pages ---------------------------------------------------------------------------------------

    def _editor(self, calendar: Calendar, plain: Document, errors: Errors, seen: int) -> str:
        return self.page(
            "calendar.html",
            calendar=calendar,
            plain=plain,
            errors=errors,
            problems=paths_said(errors),
            labels=LABELS,
            seen=seen,
            timezones=timezone_choices(str(plain.get("timezone", ""))),
            data=calendar_page.editor_data(plain, errors),
            versions=calendars.versions(calendar.key),
            page=calendar_page,
        )

    def _confirm_checked(self, calendar: Calendar, definition: CalendarDefinition) -> ResponseReturnValue:
        """Show a change that came from a file or the library, if the calendar can take it."""
        try:
            checked = checks.load(definition.model_dump(mode="json"))
        except InvalidError as error:
            return self._file_page(calendar, "", problems=paths_said(said(error)))
        return self._confirm(calendar, checked, calendar.version)

    def _confirm(
        self, calendar: Calendar, definition: CalendarDefinition, seen: int, errors: Errors | None = None
    ) -> ResponseReturnValue:
        difference = between(calendar.definition, definition)
        if not difference:
            flash(_("Nothing has changed."), "info")
            return redirect(url_for(".edit", calendar_key=calendar.key))
        new = calendars.WorkingCalendar.of(definition, calendar.key, calendar.version + 1)
        moves = calendar_moves.of(require_person(), calendar.key, new) if difference.counts else None
        return self.page(
            "calendar_confirm.html",
            calendar=calendar,
            definition=calendar_page.as_json(definition),
            difference=difference,
            moves=moves,
            seen=seen,
            errors=errors or {},
            problems=paths_said(errors or {}),
            page=calendar_page,
        )

    def _file_page(
        self,
        calendar: Calendar,
        error: str = "",
        reading: exchange.Reading | None = None,
        problems: list[dict[str, str]] | None = None,
    ) -> str:
        rows = list(reading.problems[:MAX_PROBLEMS]) if reading else []
        return self.page(
            "calendar_import.html",
            calendar=calendar,
            error=error,
            rows=rows,
            count=len(reading.problems) if reading else 0,
            columns=exchange.COLUMNS,
            kinds=exchange.KINDS,
            page=calendar_page,
            problems=problems or [],
            extensions=EXTENSIONS,
        )


def _first_definition() -> dict[str, Any]:
    """Return what a new calendar begins with."""
    begin = posted("begin", 70)
    label = {"zh": posted("label_zh"), "en": posted("label_en")}
    if begin.startswith("copy:"):
        plain = calendars.current(begin.removeprefix("copy:")).definition.model_dump(mode="json")
    else:
        plain = china.standard().model_dump(mode="json")
        if begin == "empty":
            plain |= {"exceptions": [], "loaded_years": [], "timezone": DEFAULT_TIMEZONE}
    return {**plain, "label": label}


def _read_upload(calendar: Calendar) -> exchange.Reading:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise UnreadableFileError(message("Choose a file."))
    with tempfile.TemporaryDirectory(prefix="backoffice-calendar-") as folder:
        path = Path(folder) / "upload"
        sent.save(path)
        with open_table(path, files.clean_name(sent.filename)) as table:
            return exchange.read(table, calendar.definition.week)


def _say_saved(saved: Calendar, reason: str) -> None:
    if not reason:
        flash(_("The calendar is saved. New clocks count by it."), "success")
        return
    count = clocks.recalculate(current_actor(), saved.key, saved.version, reason)
    calendars.note_moved(saved.key, saved.version, count)
    flash(_("The calendar is saved. Moved clocks: %(count)s", count=count), "success")
