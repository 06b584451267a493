"""Stored files on their way to a browser: never as something it would execute."""

from urllib.parse import quote

from bson import ObjectId
from flask import Response
from werkzeug.http import dump_options_header

from models import files

CHUNK = 255 * 1024
THOUSAND = 1000


def send(file_id: ObjectId, *, attachment: bool = True) -> Response:
    """Send a stored file. Pictures and PDFs may be shown in place; everything else is saved.

    The caller has checked that the person may see what the file belongs to.
    """
    stored = files.open_file(file_id)
    content_type = (stored.metadata or {}).get("type", files.UNKNOWN_TYPE)
    in_place = not attachment and content_type in files.INLINE_TYPES
    response = Response(
        iter(lambda: stored.read(CHUNK), b""),
        content_type=content_type if in_place else files.UNKNOWN_TYPE,
        direct_passthrough=True,
    )
    response.content_length = stored.length
    response.headers["Content-Disposition"] = disposition(stored.filename, attachment=not in_place)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


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
