"""Pictures and papers, honest and hostile."""

import io
import struct
import zlib
from typing import Any

from PIL import Image

SCRIPT = b"<script>alert(1)</script>"


def picture(
    kind: str = "PNG", size: tuple[int, int] = (40, 20), colour: str = "red", **options: Any
) -> bytes:
    """Return a picture of one colour."""
    made = io.BytesIO()
    Image.new("RGB", size, colour).save(made, kind, **options)
    return made.getvalue()


def turned() -> bytes:
    """Return a photo that lies on its side, taken at a place that is nobody's business."""
    photo = Image.new("RGB", (1200, 600), "white")
    photo.paste("red", (0, 0, 600, 600))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned to the right
    exif.get_ifd(0x8825).update({1: "N", 2: (31.0, 14.0, 0.0)})
    made = io.BytesIO()
    photo.save(made, "JPEG", exif=exif, comment=b"taken by Wang")
    return made.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """Return a PNG whose header promises more than it holds."""
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, data)
        for kind, data in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
            (b"IDAT", zlib.compress(bytes(1000))),
            (b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(side: int = 20_000) -> bytes:
    """Return a PNG of a few kilobytes that takes hundreds of megabytes when it is decoded."""
    rows = zlib.compressobj(9)
    line = bytes(side + 1)
    data = b"".join(rows.compress(line) for _row in range(side)) + rows.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in parts)


POLYGLOTS = {
    "gif that is a script.gif": b"GIF89a/*" + picture("GIF")[8:] + b"*/=1;alert(1);",
    "jpeg with a page.jpg": picture("JPEG", comment=SCRIPT) + SCRIPT,
    "png with a zip.png": picture() + b"PK\x03\x04" + bytes(30) + b"PK\x05\x06" + bytes(18),
    "png with a page.png": picture() + SCRIPT,
    "paper with a page.pdf": b"%PDF-1.7\n<html><body>" + SCRIPT + b"</body></html>",
    "page.html": b"<!doctype html><html>" + SCRIPT,
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + SCRIPT + b"</svg>",
    "page.xhtml": b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">' + SCRIPT + b"</html>",
    "text.txt": SCRIPT,
    "no extension": SCRIPT,
}
"""Files that are two things at once, or run where a browser is careless."""

SCRIPTED_PAPER = (
    b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)
