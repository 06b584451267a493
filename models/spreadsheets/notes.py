"""The sheet that tells what had to be changed: nothing in a workbook is cut or replaced silently."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from models.messages import Message, _
from models.spreadsheets.cells import Note

TITLES = {
    Note.CLEANED: _("Characters that Excel cannot hold were replaced by “�”"),
    Note.CUT: _("Texts longer than 32,767 characters were cut"),
    Note.AS_TEXT: _("Values were written as text, because Excel would not keep them exactly"),
}


class NotedCell(NamedTuple):
    """One changed cell."""

    sheet: str
    cell: str
    note: Note


def note_rows(
    counts: Mapping[Note, int], cells: Sequence[NotedCell], word: Callable[[Message], str]
) -> Iterator[tuple[str, ...]]:
    """Yield the lines of the notes sheet: how many cells of each sort, then the first of them."""
    yield (word(_("Note")), word(_("Cells")))
    for note, title in TITLES.items():
        if counts.get(note):
            yield (word(title), str(counts[note]))
    yield ()
    yield (word(_("Note")), word(_("Sheet")), word(_("Cell")))
    for cell in cells:
        yield (word(TITLES[cell.note]), cell.sheet, cell.cell)
    if sum(counts.values()) > len(cells):
        yield ("…",)
