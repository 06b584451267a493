"""Stored files on their way to a browser: never as something it would execute."""

from typing import Final
from urllib.parse import quote

from bson import ObjectId
from flask import Response, request
from werkzeug.datastructures import Range
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import dump_options_header
from werkzeug.wsgi import FileWrapper

from models import files
from models.files.pictures import THUMBNAIL_TYPE

CHUNK: Final = 255 * 1024
THOUSAND: Final = 1000
KEPT: Final = "private, max-age=3600"
"""A stored file never changes, but the right to see it may end."""

INERT: Final = "sandbox; default-src 'none'"
"""What a document may do that is opened by itself: nothing."""


def send(file_id: ObjectId, *, attachment: bool = True) -> Response:
    """Send a stored file, or the one piece of it that is asked for. Pictures may be shown in place.

    Everything else is saved, PDF papers, too: their viewer runs the scripts of a paper, and does not open in
    the sandbox that would keep those from harm. The caller has checked that the person may see what the file
    belongs to.
    """
    stored = files.open_file(file_id)
    media_type = (stored.metadata or {}).get("type", files.UNKNOWN_TYPE)
    in_place = not attachment and media_type in files.IMAGE_TYPES
    response = Response(
        FileWrapper(stored, CHUNK),
        content_type=media_type if in_place else files.UNKNOWN_TYPE,
        direct_passthrough=True,
    )
    response.content_length = stored.length
    response.headers["Content-Disposition"] = disposition(stored.filename, attachment=not in_place)
    return _cut(_closed(response, str(file_id)), stored.length)


def send_thumbnail(file_id: ObjectId) -> Response | None:
    """Send a small picture instead of a large one; None where there is none."""
    data = files.thumbnail(file_id)
    if data is None:
        return None
    response = _closed(Response(data, content_type=THUMBNAIL_TYPE), f"{file_id}-small")
    response.make_conditional(request)
    return response


def _closed(response: Response, etag: str) -> Response:
    response.headers["Content-Security-Policy"] = INERT
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = KEPT
    response.set_etag(etag)
    return response


def _cut(response: Response, length: int) -> Response:
    """Answer with what the browser has already, with a piece, or with all where several are asked for."""
    response.headers["Accept-Ranges"] = "bytes"
    asked = request.range
    if request.method != "GET" or asked is None or not _is_one_piece(asked, length):
        response.make_conditional(request)
        return response
    try:
        response.make_conditional(request, accept_ranges=True, complete_length=length)
    except RequestedRangeNotSatisfiable:
        response.close()
        return Response(status=416, headers={"Content-Range": f"bytes */{length}"})
    return response


def _is_one_piece(asked: Range, length: int) -> bool:
    """Tell whether one piece is asked for; the last so many bytes may be more than there are, so all."""
    return asked.units == "bytes" and len(asked.ranges) == 1 and asked.ranges[0][0] >= -length


def starts(response: Response) -> bool:
    """Tell whether an answer begins to hand over a file, and is not a further piece or a mere repetition."""
    whole = response.status_code == 200  # noqa: PLR2004  (OK)
    return request.method == "GET" and (whole or response.content_range.start == 0)


def disposition(name: str, *, attachment: bool) -> str:
    """Return the header that keeps a Chinese file name."""
    kind = "attachment" if attachment else "inline"
    plain = "".join(c if c.isascii() and c not in '"\\;' else "_" for c in name)
    return dump_options_header(kind, {"filename": plain}) + f"; filename*=UTF-8''{quote(name)}"


def file_size(size: int) -> str:
    """Return a number of bytes as people read it, the same in every language: `12 B`, `680 kB`, `2.4 MB`."""
    amount = float(size)
    for unit in ("B", "kB", "MB"):
        if amount < THOUSAND:
            return f"{amount:.0f} {unit}" if unit != "MB" else f"{amount:.1f} MB"
        amount /= THOUSAND
    return f"{amount:.1f} GB"
