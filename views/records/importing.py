"""Import of a file in three steps: send it, say which column is what, look at the dry run and go."""

import tempfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from bson import ObjectId
from flask import current_app, flash, jsonify, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from models import import_mapping, jobs
from models.access import Action, require
from models.database import Document
from models.definition import Definition
from models.errors import DomainError, InvalidError, NotFoundError
from models.import_names import MAX_NAME
from models.import_plan import Meant
from models.jobs import Job
from models.ledger_import.steps import offered
from models.messages import _
from models.spreadsheets.names import file_name
from models.spreadsheets.reading import EXTENSIONS
from tasks.jobs import dispatch
from views import tables
from views.context import current_language, say, wants_json
from views.records.import_page import MappingPage

if TYPE_CHECKING:
    from views.records.base import FormScreen as _Base
else:
    _Base = object

CHECKED = frozenset({"done", "expired"})
"""States of a dry run that may be followed by the run."""


class ImportScreens(_Base):
    """The pages below `/records/<form>/import`."""

    @expose("/import", methods=("GET", "POST"))
    def import_view(self) -> ResponseReturnValue:
        """Take a file; a script that sends it is told where to go on."""
        require(self.person, self.form.key, Action.IMPORT)
        if request.method == "GET":
            return self._file_page()
        try:
            file_id = tables.keep(self.person, request.files.get("file"))
        except DomainError as error:
            if wants_json():
                raise
            return self._file_page(say(error.message)), error.status
        address = url_for(".mapping_view", file_id=file_id)
        return jsonify(next=address) if wants_json() else redirect(address)

    def _file_page(self, error: str = "") -> str:
        limit = current_app.config["MAX_CONTENT_LENGTH"]
        return self.show("import", error=error, extensions=EXTENSIONS, max_bytes=limit)

    @property
    def _fillable(self) -> Definition:
        """The form with everything that a column of a file can fill."""
        return offered(self.person, self.told.askable)

    @expose("/import/template")
    def template_view(self) -> ResponseReturnValue:
        """Send an empty workbook with a column per field."""
        require(self.person, self.form.key, Action.IMPORT)
        with tempfile.TemporaryDirectory(prefix="backoffice-import-") as folder:
            path = Path(folder) / "template.xlsx"
            import_mapping.write_template(path, self._fillable, current_language())
            name = file_name(self.title, "xlsx")
            return send_file(BytesIO(path.read_bytes()), as_attachment=True, download_name=name)

    @expose("/import/<file_id>", methods=("GET", "POST"))
    def mapping_view(self, file_id: str) -> ResponseReturnValue:
        """Say which column fills which field; then the dry run starts."""
        require(self.person, self.form.key, Action.IMPORT)
        info = tables.own(self.person, file_id)
        with tables.opened(ObjectId(file_id), info["name"]) as table:
            page = MappingPage(self.form, self._fillable, ObjectId(file_id), info["name"], table)
            return self._choose_columns(page) if request.method == "GET" else self._check_columns(page)

    def _choose_columns(self, page: MappingPage) -> str:
        return self.show("import_mapping", page=page, plan=page.remembered(request.args))

    def _check_columns(self, page: MappingPage) -> ResponseReturnValue:
        plan = page.posted(request.form)
        try:
            import_mapping.check(self._fillable, plan)
        except InvalidError as error:
            said = {
                path: " ".join(say(message) for message in messages)
                for path, messages in error.errors.items()
            }
            return self.show("import_mapping", page=page, plan=plan, errors=said), error.status
        import_mapping.remember(self.form.key, page.main.header, plan)
        return self._to_job(self._enqueue_import("import_check", plan.dump()))

    def _enqueue_import(self, kind: str, params: Document) -> Job:
        job = jobs.enqueue(
            kind,
            self.person,
            params,
            title=f"{self.title} ← {params['file_name']}",
            form=self.form.key,
            language=current_language(),
        )
        dispatch(job)
        return job

    @staticmethod
    def _to_job(job: Job) -> ResponseReturnValue:
        return redirect(url_for("jobs.job_view", job_id=job.id))

    @expose("/import/run/<job_id>", methods=("POST",))
    def run_import_view(self, job_id: str) -> ResponseReturnValue:
        """Start the import that a dry run was about."""
        require(self.person, self.form.key, Action.IMPORT)
        checked = self._own_check(job_id)
        tables.own(self.person, str(checked.params["file"]))
        mode = request.form.get("mode", checked.params["mode"])
        if mode not in import_mapping.MODES:
            flash(say(_("Choose what happens to rows with mistakes.")), "danger")
            return self._to_job(checked)
        return self._to_job(self._enqueue_import("import", {**checked.params, "mode": mode}))

    @expose("/import/meant/<job_id>", methods=("POST",))
    def meant_view(self, job_id: str) -> ResponseReturnValue:
        """Check a file again, with whom and what its unknown names mean."""
        require(self.person, self.form.key, Action.IMPORT)
        checked = self._own_check(job_id)
        tables.own(self.person, str(checked.params["file"]))
        said = [
            Meant(one["kind"], one["name"][:MAX_NAME], ObjectId(chosen))
            for index, one in enumerate(checked.result.get("unknown", ()))
            if ObjectId.is_valid(chosen := request.form.get(f"meant-{index}", ""))
        ]
        if not said:
            flash(say(_("Choose whom or what at least one name means.")), "warning")
            return self._to_job(checked)
        meant = [*checked.params.get("meant", ()), *map(list, said)]
        return self._to_job(self._enqueue_import("import_check", {**checked.params, "meant": meant}))

    def _own_check(self, job_id: str) -> Job:
        """Return a dry run of this form that ended and is the person's own. Raises NotFoundError."""
        if not ObjectId.is_valid(job_id):
            raise NotFoundError
        job = jobs.get_own(self.person, ObjectId(job_id))
        if job.kind != "import_check" or job.form != self.form.key or job.state not in CHECKED:
            raise NotFoundError
        return job
