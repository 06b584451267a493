"""Files of records: sent before a record is saved, shown small, and handed out."""

from contextlib import closing
from typing import TYPE_CHECKING

from flask import Response, current_app, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from models import audit, files, record_files
from models.access import Action, object_id
from models.database import Document
from models.errors import ForbiddenError, InvalidError, NotFoundError, ValueProblem
from models.fields.files import FILE_FIELDS, accept
from models.files.limits import MEGABYTE
from models.messages import _
from models.record_files import HeldFile
from views import downloads
from views.records.lookups import find_field

if TYPE_CHECKING:
    from views.records.detail import DetailScreens as _Base
else:
    _Base = object


class FileScreens(_Base):
    """The addresses of files below `/records/<form>/`."""

    @expose("/upload", methods=("POST",))
    def upload_view(self) -> ResponseReturnValue:
        """Keep one file for a field until the record is saved; `{file, name, size, type, thumbnail}`."""
        if not (self.may(Action.CREATE) or self.may(Action.EDIT)):
            raise ForbiddenError
        field = find_field(self.definition, request.form.get("field", ""))
        sent = request.files.get("file")
        if sent is None or field.type not in FILE_FIELDS:
            raise InvalidError({"file": [_("Choose a file.")]})
        limit = min(field.max_megabytes * MEGABYTE, current_app.config["MAX_CONTENT_LENGTH"])
        to_show = field.type != "attachment"
        with closing(sent):
            stored = files.receive(
                sent.stream, sent.filename or "file", self.person, max_bytes=limit, to_show=to_show
            )
        info = files.info(stored)
        try:
            accept(field, info["name"], info["type"])
        except ValueProblem as problem:
            files.delete(stored)
            raise InvalidError({"file": [problem.message]}) from None
        shown = url_for(".upload_file_view", file_id=stored) if info["type"] in files.IMAGE_TYPES else ""
        return jsonify(
            file=str(stored), name=info["name"], size=info["size"], type=info["type"], thumbnail=shown
        )

    @expose("/uploads/<file_id>")
    def upload_file_view(self, file_id: str) -> Response:
        """Show a picture that waits for a record to whoever sent it."""
        wanted = object_id(file_id)
        info = files.info(wanted)
        waits = info["purpose"] == files.UPLOAD and info["claimed_by"] is None
        if not waits or info["owner"] != self.person.id:
            raise NotFoundError
        return downloads.send_thumbnail(wanted) or downloads.send(wanted, attachment=False)

    @expose("/<record_id>/files/<file_id>")
    def file_view(self, record_id: str, file_id: str) -> Response:
        """Send a file of a record to whoever may see it and the field that holds it; `?thumbnail`: small."""
        record = self.record(record_id)
        held = record_files.find(self.person, self.form, record, file_id)
        if "thumbnail" in request.args and (small := downloads.send_thumbnail(held.id)):
            return small
        response = downloads.send(held.id, attachment="download" in request.args)
        if downloads.starts(response) and not held.is_signature:
            self._note_download(record, held)
        return response

    def _note_download(self, record: Document, held: HeldFile) -> None:
        name = files.info(held.id)["name"]
        audit.note(
            "file.downloaded",
            subject=f"{record.get('number') or self.title} {name}",
            details={"form": self.form.key, "record": record["_id"], "file": held.id, "name": name},
        )
