"""People from a table: send it, look at what would come of every row, let it happen."""

import tempfile
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bson import ObjectId
from flask import Response, current_app, flash, jsonify, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from models import people_import
from models.errors import DomainError
from models.people import Actor
from models.people_import import COLUMNS, MAX_PEOPLE, MODES, Found
from models.spreadsheets.names import file_name
from models.spreadsheets.reading import EXTENSIONS
from tasks.jobs import dispatch
from views import tables
from views.configure.base import posted
from views.context import require_person, say, wants_json

if TYPE_CHECKING:
    from views.configure.base import ConfigureView as _Base
else:
    _Base = object

SHOWN: Final = 100


class PeopleImportPages(_Base):
    """The pages below `/configure/users/import`."""

    @expose("/import", methods=["GET", "POST"])
    def import_file(self) -> ResponseReturnValue:
        """Take a file; a script that sends it is told where to go on."""
        if request.method == "GET":
            return self._file_page()
        try:
            file_id = tables.keep(require_person(), request.files.get("file"))
        except DomainError as error:
            if wants_json():
                raise
            return self._file_page(say(error.message)), error.status
        address = url_for(".import_preview", file_id=file_id)
        return jsonify(next=address) if wants_json() else redirect(address)

    def _file_page(self, error: str = "") -> str:
        limit = current_app.config["MAX_CONTENT_LENGTH"]
        return self.page(
            "people_import.html",
            error=error,
            extensions=EXTENSIONS,
            max_bytes=limit,
            max_people=MAX_PEOPLE,
            columns=COLUMNS,
        )

    @expose("/import/template")
    def import_template(self) -> ResponseReturnValue:
        """Send an empty table of people."""
        with tempfile.TemporaryDirectory(prefix="backoffice-people-") as folder:
            path = Path(folder) / "people.xlsx"
            people_import.write_template(path, Actor.of(require_person()))
            return _workbook(path.read_bytes(), file_name(_("People"), "xlsx"))

    @expose("/import/<file_id>", methods=["GET", "POST"])
    def import_preview(self, file_id: str) -> ResponseReturnValue:
        """Show what would come of every row; posted, it happens."""
        person = require_person()
        info = tables.own(person, file_id)
        update = bool(request.values.get("update"))
        mode = posted("mode") if request.method == "POST" else ""
        try:
            found = self._checked(file_id, info["name"], update=update)
        except DomainError as error:
            return self._file_page(say(error.message)), error.status
        if request.method == "GET" or mode not in MODES or not found.storable:
            return self._preview(file_id, info["name"], found, update=update)
        job = people_import.begin(person, ObjectId(file_id), info["name"], update=update, mode=mode)
        dispatch(job)
        return redirect(url_for(".progress", job_id=job.id))

    @staticmethod
    def _checked(file_id: str, name: str, *, update: bool) -> Found:
        with tables.opened(ObjectId(file_id), name) as table:
            return people_import.check(require_person(), table, update=update)

    def _preview(self, file_id: str, name: str, found: Found, *, update: bool) -> str:
        fine = [draft for draft in found.drafts if draft.kind in {"new", "changed"}]
        return self.page(
            "people_preview.html",
            file_id=file_id,
            file_name=name,
            found=found,
            counts=found.counts,
            refused=list(islice(found.refused, SHOWN)),
            fine=fine[:SHOWN],
            many=len(fine) > SHOWN,
            update=update,
            columns={column.key: column.label for column in COLUMNS},
            modes=MODES,
        )

    @expose("/import/<file_id>/refused")
    def import_refused(self, file_id: str) -> ResponseReturnValue:
        """Send the refused rows as a workbook with every mistake beside its cell."""
        info = tables.own(require_person(), file_id)
        found = self._checked(file_id, info["name"], update=bool(request.args.get("update")))
        with tempfile.TemporaryDirectory(prefix="backoffice-people-") as folder:
            path = Path(folder) / "refused.xlsx"
            people_import.write_refused(path, found, Actor.of(require_person()))
            name = file_name(f"{Path(info['name']).stem}-{_('refused rows')}", "xlsx")
            return _workbook(path.read_bytes(), name)

    @expose("/import/passwords/<job_id>", methods=["POST"])
    def import_passwords(self, job_id: str) -> ResponseReturnValue:
        """Hand over the initial passwords, once."""
        try:
            name, content = people_import.take_passwords(require_person(), _job_id(job_id))
        except DomainError as error:
            flash(say(error.message), "danger")
            return redirect(url_for(".index"))
        return _workbook(content, name)


def _job_id(text: str) -> ObjectId:
    return ObjectId(text) if ObjectId.is_valid(text) else ObjectId()


def _workbook(content: bytes, name: str) -> Response:
    answer = send_file(BytesIO(content), as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer
