"""Import of a file in three steps: send it, say which column is what, look at the dry run and go."""

import tempfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bson import ObjectId
from flask import current_app, flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from models import files, import_mapping, jobs
from models.access import Action, require
from models.database import Document
from models.errors import DomainError, InvalidError, NotFoundError
from models.import_mapping import Plan
from models.jobs import Job
from models.spreadsheets.reading import open_table
from models.spreadsheets.table import Table
from tasks.jobs import dispatch
from views.context import current_language, say

if TYPE_CHECKING:
    from views.records.screen import RecordScreen as _Base
else:
    _Base = object

SAMPLES = 3
PURPOSE = files.IMPORT


class ImportScreens(_Base):
    """The pages below `/records/<form>/import`."""

    @expose("/import", methods=("GET", "POST"))
    def import_view(self) -> ResponseReturnValue:
        """Take a file."""
        require(self.person, self.form.key, Action.IMPORT)
        if request.method == "GET":
            return self.show("import")
        sent = request.files.get("file")
        if sent is None or not sent.filename:
            return self.show("import", error=_("Choose a file.")), InvalidError.status
        try:
            file_id = self._keep(sent)
        except DomainError as error:
            return self.show("import", error=say(error.message)), error.status
        return redirect(url_for(".mapping_view", file_id=file_id))

    def _keep(self, sent: FileStorage) -> ObjectId:
        """Look into a file and keep it. Raises DomainError for one that cannot be read."""
        name = files.clean_name(sent.filename or "")
        with tempfile.TemporaryDirectory(prefix="backoffice-import-") as folder:
            path = Path(folder) / "upload"
            sent.save(path)
            with open_table(path, name) as table:
                table.header()
            with path.open("rb") as stream:
                limit = current_app.config["MAX_CONTENT_LENGTH"]
                return files.store(stream, name, self.person.id, purpose=PURPOSE, max_bytes=limit)

    @expose("/import/template")
    def template_view(self) -> ResponseReturnValue:
        """Send an empty workbook with a column per field."""
        require(self.person, self.form.key, Action.IMPORT)
        with tempfile.TemporaryDirectory(prefix="backoffice-import-") as folder:
            path = Path(folder) / "template.xlsx"
            import_mapping.write_template(path, self.definition, current_language())
            return send_file(
                BytesIO(path.read_bytes()), as_attachment=True, download_name=f"{self.title}.xlsx"
            )

    @expose("/import/<file_id>", methods=("GET", "POST"))
    def mapping_view(self, file_id: str) -> ResponseReturnValue:
        """Say which column fills which field; then the dry run starts."""
        require(self.person, self.form.key, Action.IMPORT)
        info = self._own_file(file_id)
        sheet = request.values.get("sheet", "")
        seen = self._look(ObjectId(file_id), info["name"], sheet)
        if request.method == "GET":
            mapping, key, mode = import_mapping.recall(self.definition, seen["header"])
            return self._mapping_page(
                seen, Plan(ObjectId(file_id), info["name"], mapping, seen["sheet"], key, mode)
            )
        plan = Plan(
            ObjectId(file_id),
            info["name"],
            _posted_mapping(len(seen["header"])),
            seen["sheet"],
            request.form.get("key", ""),
            request.form.get("mode", ""),
        )
        try:
            import_mapping.check(self.definition, plan)
        except InvalidError as error:
            messages = [say(message) for found in error.errors.values() for message in found]
            return self._mapping_page(seen, plan, errors=messages), error.status
        import_mapping.remember(self.form.key, seen["header"], plan)
        return redirect(f"/jobs/{self._start('import_check', plan.dump()).id}")

    def _mapping_page(self, seen: Document, plan: Plan, errors: list[str] | None = None) -> str:
        language = current_language()
        targets = [
            (one.path, one.text(language), one.required) for one in import_mapping.targets(self.definition)
        ]
        labels = {path: text for path, text, _required in targets}
        keys = [(key, labels.get(key, key)) for key in import_mapping.keys(self.definition)]
        return self.show(
            "import_mapping", seen=seen, plan=plan, targets=targets, keys=keys, errors=errors or []
        )

    def _own_file(self, file_id: str) -> dict[str, Any]:
        if not ObjectId.is_valid(file_id):
            raise NotFoundError
        info = files.info(ObjectId(file_id))
        if info["owner"] != self.person.id or info["purpose"] != PURPOSE:
            raise NotFoundError
        return info

    def _look(self, file_id: ObjectId, name: str, sheet: str) -> Document:
        """Return the sheets, the header and some values of a file."""
        with tempfile.TemporaryDirectory(prefix="backoffice-import-") as folder:
            path = Path(folder) / "upload"
            files.copy_to(file_id, path)
            with open_table(path, name) as table:
                return _seen(table, sheet if sheet in table.sheets else table.sheets[0])

    def _start(self, kind: str, params: Document) -> Job:
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

    @expose("/import/run/<job_id>", methods=("POST",))
    def run_import_view(self, job_id: str) -> ResponseReturnValue:
        """Start the import that a dry run was about."""
        require(self.person, self.form.key, Action.IMPORT)
        checked = jobs.get_own(self.person, ObjectId(job_id) if ObjectId.is_valid(job_id) else ObjectId())
        if (
            checked.kind != "import_check"
            or checked.form != self.form.key
            or checked.state not in {"done", "expired"}
        ):
            raise NotFoundError
        self._own_file(str(checked.params["file"]))
        params = {**checked.params, "mode": request.form.get("mode", checked.params["mode"])}
        if params["mode"] not in import_mapping.MODES:
            flash(_("Choose what happens to rows with mistakes."), "danger")
            return redirect(f"/jobs/{job_id}")
        return redirect(f"/jobs/{self._start('import', params).id}")


def _posted_mapping(width: int) -> dict[int, str]:
    chosen = {index: request.form.get(f"column-{index}", "") for index in range(width)}
    return {index: path for index, path in chosen.items() if path}


def _seen(table: Table, sheet: str) -> Document:
    header = table.header(sheet)
    samples: list[list[str]] = [[] for _name in header.names]
    for row in table.body(sheet):
        for index, cell in enumerate(row.cells[: len(samples)]):
            if cell is not None and len(samples[index]) < SAMPLES:
                samples[index].append(str(cell)[:80])
        if row.number > header.row + 50 or all(len(found) == SAMPLES for found in samples):
            break
    return {"sheets": table.sheets, "sheet": sheet, "header": header.names, "samples": samples}
