"""Reports as administrators make them: listed, edited as one JSON document, tried out, taken back."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from flask import Response, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from models import definition_files
from models.errors import ConflictError, DomainError, InvalidError, NotFoundError, TooLargeError
from models.messages import _ as message
from models.people import Permission
from models.problems import by_path
from models.reports import checks, documents, keeping, reading, running
from models.reports.keeping import Report
from models.reports.parts import ReportDefinition
from models.reports.results import Result, Row
from models.reports.streams import Stream
from views.configure import reports_data, reports_words
from views.configure.base import ConfigureView, Errors, attempt, file_refusal, posted, said, summary
from views.configure.publishing import number
from views.context import current_actor, current_language, current_timezone, require_person, say
from views.reports.shown import shown

LABELS: Final = {
    "key": lazy_gettext("Key"),
    "label": lazy_gettext("Label"),
    "definition": lazy_gettext("File"),
    "like": lazy_gettext("Begin with"),
}
MIME_TYPES: Final = {"json": "application/json", "yaml": "application/yaml"}
MAX_NOTE: Final = 200
TOO_LARGE: Final = message("This report is too large.")
TAKEN: Final = message("There is a report with this key already.")
NEEDED: Final = message("This is needed.")


class ReportsView(ConfigureView):
    """The list of report definitions, and the editor of one."""

    permissions = (Permission.CONFIGURE_REPORTS,)
    endpoint_name = "configure_reports"
    path = "/configure/reports"

    @expose("/")
    def index(self) -> str:
        """List every report."""
        return self.page("reports.html", rows=[_row(report) for report in keeping.every()])

    @expose("/new", methods=["GET", "POST"])
    def create(self) -> ResponseReturnValue:
        """Make a report: blank, like another one, or from a file."""
        values = {name: posted(name) for name in ("key", "label_zh", "label_en", "like")}
        values["like"] = values["like"] or request.args.get("like", "")
        errors: Errors = {}
        if request.method == "POST":
            try:
                report = _kept(documents.load(_new_document(values)), 0, "")
                return redirect(url_for(".edit", key=report.key))
            except InvalidError as error:
                errors = said(error)
            except ConflictError:
                errors = {"key": str(say(TAKEN))}
        return self.page(
            "report_new.html",
            values=values,
            errors=errors,
            problems=summary(errors, {key: str(label) for key, label in LABELS.items()}),
            reports=[(one.key, _title(one.definition)) for one in keeping.every()],
        )

    @expose("/<key>/")
    def edit(self, key: str) -> str:
        """Show the editor."""
        report = keeping.get(key)
        return self.page(
            "report.html",
            report=report,
            title=_title(report.definition),
            data=reports_data.as_json(report),
            readable=reading.may_read(require_person(), report.definition),
            period=reading.period_of(report.definition, "").name,
        )

    @expose("/<key>/save", methods=["PUT", "POST"])
    def save(self, key: str) -> ResponseReturnValue:
        """Keep the next version; what is wrong with it comes back, and so does who was faster."""
        body = _body()
        version, note = body.get("draft_revision"), body.get("note", "")
        if not isinstance(version, int) or isinstance(version, bool) or not isinstance(note, str):
            raise InvalidError({"definition": [NEEDED]})
        keeping.get(key)
        try:
            report = _kept(_definition(key, body), version, note)
        except ConflictError as error:
            return jsonify(conflict=_saved_by(error.current)), error.status
        readable = reading.may_read(require_person(), report.definition)
        told = reports_data.judgement(report.definition)
        return jsonify({"draft_revision": report.version, "readable": readable, **told})

    @expose("/<key>/check", methods=["POST"])
    def check(self, key: str) -> ResponseReturnValue:
        """Say what is wrong with a draft that is not saved, and what its figures are in words."""
        keeping.get(key)
        return jsonify(reports_data.judgement(_definition(key, _body())))

    @expose("/<key>/preview", methods=["POST"])
    def preview(self, key: str) -> ResponseReturnValue:
        """Work a draft out for a period, on the records that the person may see; nothing is stored."""
        keeping.get(key)
        body, person = _body(), require_person()
        definition = _definition(key, body)
        if problems := list(checks.problems(definition)):
            raise InvalidError(by_path(problems))
        name = body.get("period", "")
        period = reading.period_of(definition, name if isinstance(name, str) else "?")
        look = reading.look_at(person, definition, period, current_language())
        sections = shown(look, (_unlinked(one) for one in running.results(look)))
        html = self.page(
            "report_preview.html", sections=sections, scope=say(reading.scope_of(person, definition))
        )
        return jsonify(html=html, period=period.name, label=say(period.label()))

    @expose("/<key>/versions")
    def versions(self, key: str) -> str:
        """List the versions, and tell what one of them changed."""
        listed = keeping.versions(key)
        wanted = request.args.get("after", "")
        after = next((one for one in listed if str(one.version) == wanted), listed[0])
        before = next((one for one in listed if one.version < after.version), None)
        found = list(documents.changes(before.definition, after.definition)) if before else []
        return self.page(
            "report_versions.html",
            report=listed[0],
            title=_title(listed[0].definition),
            listed=listed,
            after=after,
            before=before,
            changes=[_change(one, before, after) for one in found] if before else [],
        )

    @expose("/<key>/go-back", methods=["POST"])
    def go_back(self, key: str) -> ResponseReturnValue:
        """Take an earlier version up again, as the next one."""
        newest = keeping.get(key)
        old = keeping.get(key, number("version"))
        note = _("Back to version %(version)s", version=old.version)
        done = _(
            "Version %(version)s is in force again, as version %(next)s.",
            version=old.version,
            next=newest.version + (old.definition != newest.definition),
        )
        return attempt(url_for(".versions", key=key), done, _kept, old.definition, newest.version, note)

    @expose("/<key>/export.<kind>")
    def export(self, key: str, kind: str) -> ResponseReturnValue:
        """Hand out the definition as a file."""
        if kind not in MIME_TYPES:
            raise NotFoundError
        definition = keeping.get(key).definition
        text = documents.to_json(definition) if kind == "json" else documents.to_yaml(definition)
        disposition = f'attachment; filename="{definition.key}.{kind}"'
        return Response(text, mimetype=MIME_TYPES[kind], headers={"Content-Disposition": disposition})

    @expose("/<key>/import", methods=["POST"])
    def import_file(self, key: str) -> ResponseReturnValue:
        """Take a definition from a file as the next version."""
        keeping.get(key)
        version, note = number("version"), _("From a file")
        try:
            _kept(documents.load({**_uploaded(), "key": key}), version, note)
            flash(_("The file is now in force."), "success")
        except (InvalidError, TooLargeError, ConflictError) as error:
            flash(file_refusal(error), "danger")
        return redirect(url_for(".edit", key=key))

    @expose("/<key>/delete", methods=["POST"])
    def delete(self, key: str) -> ResponseReturnValue:
        """Delete a report by which nothing was closed."""
        try:
            keeping.remove(current_actor(), key)
        except NotFoundError:
            raise
        except DomainError as error:
            flash(say(error.message), "danger")
            return redirect(url_for(".edit", key=key))
        flash(_("The report is deleted."), "success")
        return redirect(url_for(".index"))


def _kept(definition: ReportDefinition, version: int, note: str) -> Report:
    return keeping.put(current_actor(), definition, version=version, note=note.strip()[:MAX_NOTE])


def _title(definition: ReportDefinition) -> str:
    return definition.label.text(current_language()) or definition.key


def _row(report: Report) -> dict[str, Any]:
    return {
        "report": report,
        "title": _title(report.definition),
        "analyses": len(report.definition.analyses),
        "problems": sum(1 for _one in checks.problems(report.definition)),
    }


def _saved_by(current: Report) -> dict[str, Any]:
    """Return who was faster, as the page tells it."""
    at = current.at.astimezone(current_timezone())
    return {"by": current.by_name, "at": f"{at:%Y-%m-%d %H:%M}", "draft_revision": current.version}


def _new_document(values: dict[str, str]) -> dict[str, Any]:
    """Return the first version of a report. Raises InvalidError."""
    document: dict[str, Any] = _uploaded() if request.files.get("file") else {}
    if not document and values["like"]:
        try:
            document = keeping.get(values["like"]).definition.dump()
        except NotFoundError as error:
            raise InvalidError({"like": [error.message]}) from None
        document["key"] = ""
    label = {"zh": values["label_zh"], "en": values["label_en"]}
    if any(label.values()):
        document["label"] = label
    return {**document, "key": values["key"] or document.get("key", "")}


def _uploaded() -> dict[str, Any]:
    file = request.files.get("file")
    return definition_files.read_file(file.read(definition_files.MAX_BYTES + 1) if file else b"")


def _body() -> dict[str, Any]:
    if (request.content_length or 0) > definition_files.MAX_BYTES:
        raise TooLargeError(TOO_LARGE)
    return definition_files.read_json(request.get_data(cache=False))


def _definition(key: str, body: dict[str, Any]) -> ReportDefinition:
    document = body.get("definition")
    if not isinstance(document, dict):
        raise InvalidError({"definition": [NEEDED]})
    return documents.load({**document, "key": key})


def _unlinked(result: Result) -> Result:
    """Return a result without ways to its records: they lead through the report that is stored."""

    def unlinked(skip: int) -> Iterator[Row]:
        return (replace(row, source="", where=None, record="") for row in islice(result.rows, skip, None))

    return replace(result, rows=Stream(len(result.rows), unlinked))


def _change(change: documents.Change, before: Report, after: Report) -> dict[str, str]:
    """Return a change in words."""
    held = before if change.how == "removed" else after
    parts = {one.key: one for one in getattr(held.definition, change.section)} if change.key else {}
    name = parts[change.key].label.text(current_language()) or change.key if change.key else ""
    sections = {**reports_words.PROPERTIES, **reports_words.SECTIONS}
    properties = [str(reports_words.PROPERTIES.get(one, one)) for one in change.properties]
    return {
        "how": change.how,
        "said": str(reports_words.HOW[change.how]),
        "section": str(sections.get(change.section, change.section)),
        "name": name,
        "properties": ", ".join(properties),
    }
