"""The texts that an Excel workbook keeps apart from its sheets, on disk, because they can be most of it."""

import tempfile
from array import array
from collections.abc import Generator

from models.spreadsheets.table import MAX_CELL, damaged, too_long
from models.spreadsheets.text import unescape
from models.spreadsheets.xml_events import Attributes, Events

MAX_STRINGS = 10_000_000
_REMEMBERED = 50_000
_REMEMBERED_LENGTH = 64


class SharedStrings:
    """The shared strings, read only as far as somebody asks for them; short ones also stay in memory.

    Runs of a text are joined, without the phonetic hints that some languages add.
    """

    def __init__(self, content: Generator[bytes]) -> None:
        """Read from the content of the part `sharedStrings.xml`."""
        self._content = content
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (closed by close)
        self._ends = array("Q", [0])
        self._short: dict[int, str] = {}
        self._parts: list[str] = []
        self._run: list[str] = []
        self._inside = self._complete = False
        self._hints = self._length = 0
        self._events = Events(
            {"si": self._begin, "t": self._begin_run, "rPh": self._begin_hint},
            {"si": self._end, "t": self._end_run, "rPh": self._end_hint},
            self._characters,
        )

    def __getitem__(self, index: int) -> str:
        """Return a text. Raises UnreadableFileError when there is none, or the part is broken."""
        if (text := self._short.get(index)) is not None:
            return text
        while index >= self._count and not self._complete:
            self._read_on()
        if index >= self._count:
            raise damaged()
        self._file.seek(self._ends[index])
        data = self._file.read(self._ends[index + 1] - self._ends[index])
        return data.decode("utf-8", "surrogatepass")

    def close(self) -> None:
        """Stop reading, and remove the file."""
        self._content.close()
        self._file.close()

    @property
    def _count(self) -> int:
        return len(self._ends) - 1

    def _read_on(self) -> None:
        self._file.seek(0, 2)
        block = next(self._content, b"")
        self._complete = not block
        self._events.feed(block, last=not block)

    def _begin(self, _: Attributes) -> None:
        self._parts, self._length = [], 0

    def _begin_run(self, _: Attributes) -> None:
        self._inside, self._run = not self._hints, []

    def _begin_hint(self, _: Attributes) -> None:
        self._hints += 1

    def _end_hint(self) -> None:
        self._hints -= 1

    def _characters(self, text: str) -> None:
        if self._inside:
            self._length += len(text)
            if self._length > MAX_CELL:
                raise too_long()
            self._run.append(text)

    def _end_run(self) -> None:
        if self._inside:
            self._parts.append(unescape("".join(self._run)))
        self._inside = False

    def _end(self) -> None:
        text, index = "".join(self._parts), self._count
        if index >= MAX_STRINGS:
            raise damaged()
        if index < _REMEMBERED and len(text) <= _REMEMBERED_LENGTH:
            self._short[index] = text
        data = text.encode("utf-8", "surrogatepass")
        self._file.write(data)
        self._ends.append(self._ends[-1] + len(data))
