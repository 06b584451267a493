"""XML read as a stream of events, in constant memory. A document type is refused: with it go all entities."""

from collections.abc import Callable, Iterator, Sequence
from typing import IO
from xml.parsers import expat

from models.spreadsheets.table import damaged
from models.spreadsheets.zip_guard import refusing_damage

BLOCK = 64 * 1024
NAMESPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
MAX_DIGITS = 9
_BETWEEN = "}"

Attributes = dict[str, str]
OnStart = Callable[[Attributes], None]
OnEnd = Callable[[], None]


def natural(text: str) -> int:
    """Read a small whole number of an attribute. Raises UnreadableFileError."""
    text = text.strip()
    if not (text.isascii() and text.isdigit()) or len(text) > MAX_DIGITS:
        raise damaged()
    return int(text)


class Events:
    """Calls back for chosen elements; `text` says whether characters between them are wanted."""

    def __init__(
        self,
        start: dict[str, OnStart],
        end: dict[str, OnEnd] | None = None,
        text: Callable[[str], None] | None = None,
        spaces: Sequence[str] = NAMESPACES,
    ) -> None:
        """Watch elements of some namespaces by their local names."""
        self._parser = expat.ParserCreate(None, _BETWEEN)
        self._parser.buffer_text = True
        starts = {f"{space}{_BETWEEN}{name}": call for name, call in start.items() for space in spaces}
        ends = {f"{space}{_BETWEEN}{name}": call for name, call in (end or {}).items() for space in spaces}

        def on_start(name: str, attributes: Attributes) -> None:
            if call := starts.get(name):
                call(attributes)

        def on_end(name: str) -> None:
            if call := ends.get(name):
                call()

        self._parser.StartElementHandler = on_start
        self._parser.EndElementHandler = on_end
        self._parser.StartDoctypeDeclHandler = _refuse_doctype
        if text:
            self._parser.CharacterDataHandler = text

    def feed(self, block: bytes, *, last: bool = False) -> None:
        """Read some more. Raises UnreadableFileError for what is no XML."""
        try:
            self._parser.Parse(block, last)
        except expat.ExpatError as error:
            raise damaged() from error


def _refuse_doctype(*_: object) -> None:
    raise damaged()


def no_tick() -> None:
    """Do nothing after a block."""


def blocks(stream: IO[bytes], tick: Callable[[], None] = no_tick) -> Iterator[bytes]:
    """Yield a stream's content piece by piece. Raises UnreadableFileError when it cannot be unpacked."""
    while True:
        tick()
        with refusing_damage():
            block = stream.read(BLOCK)
        if not block:
            return
        yield block
