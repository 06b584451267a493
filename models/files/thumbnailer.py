"""Makes one thumbnail, alone in a process of its own: `thumbnailer.py FORMAT SIZE < picture > thumbnail`.

Decoders of pictures are where hostile files do their harm. This process may use little time and memory, is
stopped when it takes too long, and when it dies nobody else does. It imports nothing of ours.
"""

import contextlib
import sys
from io import BytesIO
from typing import IO

from PIL import Image, ImageOps

MAX_MEMORY = 1536 * 1024 * 1024
MAX_CPU_SECONDS = 15


def restrict() -> None:
    """Take away from this process what it does not need."""
    with contextlib.suppress(ImportError):  # elsewhere the time limit of the caller must do
        import resource  # noqa: PLC0415  (there is none on Windows)

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def thumbnail(picture: IO[bytes], kind: str, size: int) -> bytes:
    """Return a WebP picture that fits a square of `size` pixels, upright and without anything but pixels."""
    Image.MAX_IMAGE_PIXELS = None  # the caller has read how large it is
    with Image.open(picture, formats=(kind,)) as opened:
        opened.draft("RGB", (size, size))
        # colours of a palette cannot be mixed
        mixed = opened.convert("RGBA") if opened.mode in {"P", "1"} else opened
        mixed.thumbnail((size, size))
        shown = ImageOps.exif_transpose(mixed)
        see_through = "A" in shown.getbands() or "transparency" in shown.info
        plain = shown.convert("RGBA" if see_through else "RGB")
    plain.info.clear()
    made = BytesIO()
    plain.save(made, "WEBP", quality=80, method=3)
    return made.getvalue()


if __name__ == "__main__":
    restrict()
    sys.stdout.buffer.write(thumbnail(sys.stdin.buffer, sys.argv[1], int(sys.argv[2])))
