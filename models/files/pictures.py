"""Pictures: how large they are, by their header alone, and small ones to show instead of them."""

import shutil
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final, NamedTuple

import structlog
from bson import ObjectId

from models.database import db
from models.errors import ValueProblem
from models.files import storage
from models.files.kinds import IMAGE_TYPES
from models.files.limits import MEGAPIXEL, limits
from models.messages import _
from models.times import now

log = structlog.get_logger()

THUMBNAIL_SIZE: Final = 480
"""Pixels of a thumbnail's longer side: twice what pages show, for fine screens."""

THUMBNAIL_TYPE: Final = "image/webp"
SECONDS: Final = 20
_FORMATS: Final = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}
_SCRIPT: Final = Path(__file__).with_name("thumbnailer.py")
_turns = threading.BoundedSemaphore(2)  # a page with thirty new pictures must not take the whole machine
_MAX_MARKERS: Final = 1000


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int


class DamagedPictureError(ValueProblem):
    """A picture that says it is one and cannot be opened."""

    def __init__(self) -> None:
        super().__init__(_("This picture cannot be opened; it may be damaged."))


class HugePictureError(ValueProblem):
    """A picture that would fill the memory of whoever looks at it."""

    def __init__(self, size: Size) -> None:
        found = -(-size.width * size.height // MEGAPIXEL)
        allowed = limits().max_pixels // MEGAPIXEL
        super().__init__(
            _(
                "This picture has %(found)s megapixels; at most %(max)s can be shown.",
                found=found,
                max=allowed,
            )
        )


def measure(picture: IO[bytes], media_type: str) -> Size:
    """Return how large a picture says it is; nothing is decoded. Raises DamagedPictureError."""
    try:
        size = _MEASURES[media_type](picture)
    except (struct.error, IndexError, OverflowError):
        raise DamagedPictureError from None
    if not (size.width and size.height):
        raise DamagedPictureError
    return size


def _png(picture: IO[bytes]) -> Size:
    head = picture.read(24)
    if head[12:16] != b"IHDR":
        raise DamagedPictureError
    return Size(*struct.unpack(">II", head[16:24]))


def _gif(picture: IO[bytes]) -> Size:
    return Size(*struct.unpack("<HH", picture.read(10)[6:10]))


def _webp(picture: IO[bytes]) -> Size:
    head = picture.read(30)
    kind = head[12:16]
    if kind == b"VP8X":
        wide, high = head[24:27] + b"\0", head[27:30] + b"\0"
        return Size(struct.unpack("<I", wide)[0] + 1, struct.unpack("<I", high)[0] + 1)
    if kind == b"VP8L":
        bits = struct.unpack("<I", head[21:25])[0]
        return Size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 ":
        wide, high = struct.unpack("<HH", head[26:30])
        return Size(wide & 0x3FFF, high & 0x3FFF)
    raise DamagedPictureError


def _jpeg(picture: IO[bytes]) -> Size:
    """Walk from marker to marker up to the frame's header."""
    picture.seek(2)
    for _marker in range(_MAX_MARKERS):
        mark, code = struct.unpack(">BB", picture.read(2))
        while code == 0xFF:  # noqa: PLR2004  (filling)
            code = picture.read(1)[0]
        if mark != 0xFF:  # noqa: PLR2004  (every marker begins so)
            break
        if code == 0x01 or 0xD0 <= code <= 0xD7:  # noqa: PLR2004  (markers without a body)
            continue
        [length] = struct.unpack(">H", picture.read(2))
        if 0xC0 <= code <= 0xCF and code not in {0xC4, 0xC8, 0xCC}:  # noqa: PLR2004  (frame headers)
            high, wide = struct.unpack(">xHH", picture.read(5))
            return Size(wide, high)
        picture.seek(max(length - 2, 0), 1)
    raise DamagedPictureError


_MEASURES: Final[dict[str, Callable[[IO[bytes]], Size]]] = {
    "image/png": _png,
    "image/jpeg": _jpeg,
    "image/gif": _gif,
    "image/webp": _webp,
}


def require_fit(picture: IO[bytes], media_type: str) -> None:
    """Look at a picture's header. Raises DamagedPictureError, HugePictureError."""
    size = measure(picture, media_type)
    if size.width * size.height > limits().max_pixels:
        raise HugePictureError(size)


def examine(file_id: ObjectId, media_type: str) -> None:
    """Open a picture that was just sent, and keep its thumbnail.

    Raises DamagedPictureError, HugePictureError.
    """
    require_fit(storage.open_file(file_id), media_type)
    _keep(file_id, _made(file_id, media_type))


def thumbnail(file_id: ObjectId) -> bytes | None:
    """Return the thumbnail of a stored picture (WebP), made when it is first asked for; None without one."""
    found = db().thumbnails.find_one({"_id": file_id})
    if found is not None:
        return found["data"] or None
    media_type = storage.info(file_id)["type"]
    if media_type not in IMAGE_TYPES:
        return None
    try:
        examine(file_id, media_type)
    except (DamagedPictureError, HugePictureError) as problem:
        log.info("files.no_thumbnail", file=str(file_id), reason=str(problem))
        _keep(file_id, b"")  # nobody tries again
    kept = db().thumbnails.find_one({"_id": file_id})
    return kept["data"] or None if kept else None


def _keep(file_id: ObjectId, data: bytes) -> None:
    db().thumbnails.replace_one({"_id": file_id}, {"data": data, "at": now()}, upsert=True)


def _made(file_id: ObjectId, media_type: str) -> bytes:
    """Have a thumbnail made by a process of its own. Raises DamagedPictureError."""
    command = [sys.executable, "-I", str(_SCRIPT), _FORMATS[media_type], str(THUMBNAIL_SIZE)]
    with _turns, tempfile.TemporaryFile(prefix="backoffice-picture-") as picture:
        shutil.copyfileobj(storage.open_file(file_id), picture)
        picture.seek(0)
        try:
            done = subprocess.run(  # noqa: S603  (our own words)
                command, stdin=picture, capture_output=True, timeout=SECONDS, check=True, cwd="/", env={}
            )
        except subprocess.SubprocessError as error:
            log.info("files.picture_refused", file=str(file_id), error=type(error).__name__)
            raise DamagedPictureError from None
    return done.stdout
