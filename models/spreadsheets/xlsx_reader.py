"""Excel workbooks as tables, read in constant memory.

openpyxl's read-only mode keeps all shared strings in memory, reads a sheet without dimensions twice, and
builds a tree for each row, so that a hostile row of a few kilobytes packed takes gigabytes. Here every part
is a stream with limits. Formulas give the value that Excel last computed.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path

from models.spreadsheets.shared_strings import SharedStrings
from models.spreadsheets.sheet_parser import SheetParser
from models.spreadsheets.table import Row, UnreadableFileError, damaged
from models.spreadsheets.workbook_parts import read_structure
from models.spreadsheets.xml_events import blocks, no_tick
from models.spreadsheets.zip_guard import open_part, open_zip


class XlsxSource:
    """An open workbook."""

    def __init__(self, path: Path, tick: Callable[[], None] = no_tick) -> None:
        """Open a workbook; `tick` is called once per block that is read. Raises UnreadableFileError."""
        self._archive, self._tick = open_zip(path), tick
        try:
            self._structure = read_structure(self._archive)
        except UnreadableFileError:
            self._archive.close()
            raise
        self.sheets = tuple(self._structure.sheets)

    def rows(self, sheet: str) -> Iterator[Row]:
        """Yield the rows of a sheet that have cells. Raises UnreadableFileError."""
        part = self._structure.sheets.get(sheet)
        if part is None or part not in self._archive.NameToInfo:
            raise damaged()
        with closing(self._texts()) as texts, open_part(self._archive, part) as stream:
            parser = SheetParser(texts, self._structure.kinds, from_1904=self._structure.from_1904)
            yield from parser.rows(blocks(stream, self._tick))

    def close(self) -> None:
        """Close the file."""
        self._archive.close()

    def _texts(self) -> SharedStrings:
        return SharedStrings(self._shared_blocks())

    def _shared_blocks(self) -> Generator[bytes]:
        if self._structure.texts in self._archive.NameToInfo:
            with open_part(self._archive, self._structure.texts) as stream:
                yield from blocks(stream, self._tick)
