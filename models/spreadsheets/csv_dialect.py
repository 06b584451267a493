"""What kind of text file it is: its encoding, what separates its columns, whether quotes mean something."""

import codecs
import contextlib
import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from models.messages import _
from models.spreadsheets.table import UnreadableFileError

DELIMITERS = (",", "\t", ";", "|")
SAMPLE_CHARACTERS = 64 * 1024
SAMPLE_RECORDS = 100
_BLOCK = 64 * 1024
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ENCODINGS = ("utf-8", "gb18030")
_HINT = re.compile(r"sep=(.)\r?\n?\Z", re.IGNORECASE | re.DOTALL)
_MANY_ZEROS = 0.3


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text file is to be read."""

    encoding: str
    delimiter: str
    quoted: bool = True
    has_hint: bool = False
    """The first line is Excel's `sep=;`."""


def detect(path: Path, extension: str) -> Dialect:
    """Look at a file's encoding and its first lines. Raises UnreadableFileError for what is no text."""
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        sample = file.read(SAMPLE_CHARACTERS)
        complete = not file.read(1)
    lines = sample.splitlines(keepends=True)
    hint = _HINT.match(lines[0]) if lines else None
    if hint:
        return Dialect(encoding, hint[1], has_hint=True)
    preferred = ("\t", *DELIMITERS) if extension == ".tsv" else DELIMITERS
    best = max(dict.fromkeys(preferred), key=lambda one: _score(lines, one, complete=complete))
    return Dialect(encoding, best, quoted=best != "\t" or _means_quotes(lines, best, complete=complete))


def _means_quotes(lines: list[str], delimiter: str, *, complete: bool) -> bool:
    """Tell whether quotes hold cells together; programs that write tabs often write quotes as they are."""
    quoted = _score(lines, delimiter, complete=complete)
    plain = _score(lines, delimiter, complete=complete, quoted=False)
    swallows = any(
        delimiter in cell and "\n" in cell
        for record in _records(lines, delimiter, quoted=True)
        for cell in record
    )
    return quoted >= plain and not (swallows and plain[0] == 1)


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(_BLOCK)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            candidates: tuple[str, ...] = (encoding,)
            break
    else:
        candidates = _unmarked(head)
    for encoding in candidates:
        if _decodes(path, encoding):
            return encoding
    raise UnreadableFileError(
        _("The characters of the file cannot be read. Please save it as CSV UTF-8, or as .xlsx.")
    )


def _unmarked(head: bytes) -> tuple[str, ...]:
    """Tell UTF-16 without a mark by its zeros: every second byte of Latin text."""
    pairs = max(1, len(head) // 2)
    if head[1::2].count(0) / pairs > _MANY_ZEROS and not head[0::2].count(0):
        return ("utf-16-le",)
    if head[0::2].count(0) / pairs > _MANY_ZEROS and not head[1::2].count(0):
        return ("utf-16-be",)
    return _ENCODINGS


def _decodes(path: Path, encoding: str) -> bool:
    """Tell whether a whole file is text in an encoding; a NUL is never text."""
    try:
        with path.open(encoding=encoding, newline="") as file:
            return all("\0" not in block for block in iter(lambda: file.read(_BLOCK), ""))
    except UnicodeError:
        return False


def _score(lines: list[str], delimiter: str, *, complete: bool, quoted: bool = True) -> tuple[float, int]:
    """Return how even the columns are with a delimiter, and how many there are; one column is no table."""
    widths = [len(record) for record in _records(lines, delimiter, quoted=quoted) if record]
    if not complete and len(widths) > 1:
        widths.pop()
    if not widths:
        return 0, 0
    width, count = Counter(widths).most_common(1)[0]
    return (count / len(widths), width) if width > 1 else (0, 0)


def _records(lines: list[str], delimiter: str, *, quoted: bool) -> Iterator[list[str]]:
    reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE)
    with contextlib.suppress(csv.Error):
        yield from islice(reader, SAMPLE_RECORDS)
