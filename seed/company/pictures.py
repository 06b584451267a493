"""Small photos of the demo's things, drawn: a bench, something on it, a label with its number."""

import io
from dataclasses import dataclass
from random import Random
from typing import Final

from PIL import Image, ImageDraw

SIZE: Final = (640, 480)
SHOWN: Final = frozenset({"sample", "part", "mould", "gauge", "measuring_device", "packaging", "other"})
"""Kinds of things that somebody takes a photo of."""
_BENCHES: Final = ((196, 178, 150), (170, 176, 184), (142, 156, 148), (186, 170, 164))
_METALS: Final = ((92, 104, 118), (120, 96, 74), (70, 98, 128), (88, 112, 92), (128, 84, 80))


@dataclass(frozen=True)
class Picture:
    """A photo that is drawn and stored when what names it is written; `scratched` shows a mark."""

    name: str
    label: str
    scratched: bool = False


def drawn(picture: Picture) -> io.BytesIO:
    """Return a photo as JPEG; the same one for the same picture."""
    rng = Random(picture.label)  # noqa: S311  (a drawing, not a secret)
    image = Image.new("RGB", SIZE, (226, 228, 230))
    draw = ImageDraw.Draw(image)
    width, height = SIZE
    draw.rectangle((0, height * 0.55, width, height), fill=rng.choice(_BENCHES))
    _object(draw, rng)
    draw.rectangle((width * 0.62, height * 0.72, width * 0.94, height * 0.86), fill=(250, 250, 246))
    draw.text((width * 0.65, height * 0.755), picture.label, fill=(30, 30, 30), font_size=26)
    if picture.scratched:
        draw.line((250, 210, 330, 262), fill=(236, 236, 232), width=4)
    made = io.BytesIO()
    image.save(made, "JPEG", quality=80)
    made.seek(0)
    return made


def _object(draw: ImageDraw.ImageDraw, rng: Random) -> None:
    """Draw a body with a flange, a shaft or bores."""
    color = rng.choice(_METALS)
    dark = (color[0] * 2 // 3, color[1] * 2 // 3, color[2] * 2 // 3)
    left, top, wide, high = rng.randint(110, 170), rng.randint(120, 170), rng.randint(220, 320), 190
    draw.ellipse((left - 10, top + high - 24, left + wide + 30, top + high + 26), fill=(120, 110, 100))
    draw.rounded_rectangle((left, top, left + wide, top + high), radius=rng.randint(6, 60), fill=color)
    draw.rectangle((left - 26, top + 60, left + wide + 26, top + 100), fill=dark)
    for number in range(rng.randint(2, 4)):
        at = left + 40 + number * 70
        draw.ellipse((at, top + 118, at + 34, top + 152), fill=dark)
