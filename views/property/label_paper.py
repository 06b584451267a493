"""On what labels are printed, and how much text fits on one; all lengths in millimetres, no database.

Text is measured without a browser and rather too wide than too narrow, so that nothing is cut off on paper.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

A4_WIDTH: Final = 210.0
A4_HEIGHT: Final = 297.0
SMALLEST: Final = (20.0, 15.0)
LARGEST: Final = (210.0, 297.0)
MOST_SHIFTED: Final = 10.0
"""How far a printer that does not hit its paper can be corrected."""
LINE: Final = 1.22
"""Height of a line, in letters."""
LETTERS: Final = tuple(size / 10 for size in range(42, 15, -1))
"""Heights of letters that are tried, the largest first; 1.6 mm are 4.5 points."""
_GAP: Final = 1.5
_QR_OF_WIDTH: Final = 0.36
_QR_OF_HEIGHT: Final = 0.52
_LARGEST_QR: Final = 34.0


@dataclass(frozen=True)
class Paper:
    """Labels of one size on a sheet, or one by one on a roll (a page for each).

    `left` and `top` are the margins of the sheet, `gap_x` and `gap_y` what lies between two labels.
    """

    width: float
    height: float
    columns: int = 1
    rows: int = 1
    left: float = 0
    top: float = 0
    gap_x: float = 0
    gap_y: float = 0
    page: tuple[float, float] = (0, 0)

    @property
    def is_sheet(self) -> bool:
        """Tell whether several labels are on a page."""
        return self.page != (0, 0)

    @property
    def page_size(self) -> tuple[float, float]:
        """Width and height of what the printer calls a page."""
        return self.page if self.is_sheet else (self.width, self.height)

    @property
    def on_page(self) -> int:
        """How many labels a page holds."""
        return self.columns * self.rows

    def place(self, at: int) -> tuple[float, float]:
        """Return where a label of a page begins: from the left, from the top."""
        row, column = divmod(at, self.columns)
        return (
            round(self.left + column * (self.width + self.gap_x), 2),
            round(self.top + row * (self.height + self.gap_y), 2),
        )


def _sheet(columns: int, rows: int, width: float, height: float, gap_x: float = 0) -> Paper:
    """Return a sheet of A4 whose labels lie in its middle."""
    left = (A4_WIDTH - columns * width - (columns - 1) * gap_x) / 2
    top = (A4_HEIGHT - rows * height) / 2
    return Paper(width, height, columns, rows, round(left, 2), round(top, 2), gap_x, 0, (A4_WIDTH, A4_HEIGHT))


SHEETS: Mapping[str, Paper] = MappingProxyType(
    {
        "3x8": _sheet(3, 8, 70, 37),
        "3x7": _sheet(3, 7, 63.5, 38.1, 2.54),
        "2x7": _sheet(2, 7, 99.1, 38.1, 2.54),
        "2x4": _sheet(2, 4, 105, 74),
        "2x5": _sheet(2, 5, 105, 57),
        "3x6": _sheet(3, 6, 63.5, 46.6, 2.54),
        "4x10": _sheet(4, 10, 48.5, 25.4),
        "5x13": _sheet(5, 13, 38.1, 21.2, 2.54),
    }
)
_ROLL_SIZES: Final = ((50, 30), (60, 40), (40, 60), (100, 50))
ROLLS: Mapping[str, Paper] = MappingProxyType(
    {f"{width}x{height}mm": Paper(width, height) for width, height in _ROLL_SIZES}
)
FREE: Final = "free"
"""A roll of any size."""


@dataclass(frozen=True)
class Box:
    """A part of a label, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float


def areas(width: float, height: float) -> tuple[Box, Box]:
    """Return where the QR code and where the text is on a label: side by side, or on tall ones one below."""
    edge = 1.5 if min(width, height) < 30 else 2.0  # noqa: PLR2004  (mm: a small label)
    inner_width, inner_height = width - 2 * edge, height - 2 * edge
    if width >= height:
        side = round(min(inner_height, width * _QR_OF_WIDTH, _LARGEST_QR), 2)
        text = Box(edge + side + _GAP, edge, round(inner_width - side - _GAP, 2), inner_height)
        return Box(edge, round((height - side) / 2, 2), side, side), text
    side = round(min(inner_width, height * _QR_OF_HEIGHT, _LARGEST_QR), 2)
    text = Box(edge, edge + side + _GAP, inner_width, round(inner_height - side - _GAP, 2))
    return Box(round((width - side) / 2, 2), edge, side, side), text


@dataclass(frozen=True)
class Fitted:
    """Lines of text as they fit; `left_out` tells that not all of it does."""

    lines: tuple[str, ...]
    letters: float
    left_out: bool = False


def fit(lines: Sequence[str], box: Box, kept: int = 1) -> Fitted:
    """Return lines in the largest letters in which they fit; the smallest where some must be left out.

    Args:
        lines: the most important first.
        box: where they go.
        kept: how many of the last lines are never left out.
    """
    for letters in LETTERS:
        if _rows(lines, box, letters) * letters * LINE <= box.height:
            return Fitted(tuple(lines), letters)
    letters = LETTERS[-1]
    first, last = list(lines[: len(lines) - kept]), list(lines[len(lines) - kept :])
    while len(first) > 1 and _rows([*first, *last], box, letters) * letters * LINE > box.height:
        first.pop()
    room = int(box.height / (letters * LINE)) - _rows(last, box, letters)
    return Fitted((*_shortened(first, box, letters, room), *last), letters, left_out=True)


def _shortened(lines: Sequence[str], box: Box, letters: float, room: int) -> list[str]:
    """Return what is left of lines when only so many rows are there."""
    if not lines or _rows(lines, box, letters) <= room:
        return list(lines)
    [line] = lines[:1]
    while line and _rows([line + "…"], box, letters) > room:
        line = line[:-1]
    return [line + "…"] if line else []


def _rows(lines: Sequence[str], box: Box, letters: float) -> int:
    return sum(1 + sum(1 for _break in _breaks(line, box.width / letters)) for line in lines)


def _breaks(line: str, width: float) -> Iterator[int]:
    """Yield where a line is broken; it may break after any letter."""
    used = 0.0
    for at, letter in enumerate(line):
        wide = _width(letter)
        if used + wide > width:
            yield at
            used = 0.0
        used += wide


def _width(letter: str) -> float:
    """Return how wide a letter is at most, in its own height."""
    if unicodedata.east_asian_width(letter) in "WFA":
        return 1.02
    if unicodedata.combining(letter):
        return 0
    if letter in "MWmw@%—…" or not letter.isascii():
        return 1.0
    return 0.76 if letter.isupper() or letter.isdigit() else 0.64
