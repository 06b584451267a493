"""Chromium with a camera that sees labels, one after the other, again and again."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import segno
from PIL import Image
from playwright.sync_api import Browser

from tests.windows import CHROMIUM, OPTIONS

SIZE = (640, 480)
FRAMES_EACH = 12
"""Of a label, and of the empty table after it, at about 20 in a second."""
ALLOWED = ("--use-fake-ui-for-media-stream",)
"""Nobody is asked whether the page may use the camera."""


def film(folder: Path, texts: Sequence[str]) -> Path:
    """Write what the camera sees: each text as a QR code for a while, then nothing, from the start again."""
    empty = _jpeg(Image.new("L", SIZE, 190))
    frames = [_jpeg(_label(text)) for text in texts]
    path = folder / "camera.mjpeg"
    path.write_bytes(b"".join(frame * FRAMES_EACH + empty * FRAMES_EACH for frame in frames))
    return path


def _label(text: str) -> Image.Image:
    """Return a label that lies a little askew on a table."""
    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(drawn, kind="png", scale=7, border=4)
    code = Image.open(drawn).convert("L")
    table = Image.new("L", SIZE, 190)
    table.paste(code, ((SIZE[0] - code.width) // 2, (SIZE[1] - code.height) // 2))
    return table.rotate(7, fillcolor=190)


def _jpeg(picture: Image.Image) -> bytes:
    made = io.BytesIO()
    picture.convert("RGB").save(made, "JPEG", quality=88)
    return made.getvalue()


@contextmanager
def with_camera(browser: Browser, seen: Path | None, *more: str) -> Iterator[Browser]:
    """Open another Chromium whose camera shows a film; None is a machine with a camera that shows nothing."""
    fake = ["--use-fake-device-for-media-stream"]
    if seen:
        fake.append(f"--use-file-for-fake-video-capture={seen}")
    chromium = browser.browser_type.launch(executable_path=CHROMIUM, args=[*OPTIONS, *fake, *more])
    yield chromium
    chromium.close()
