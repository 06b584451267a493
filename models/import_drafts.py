"""What would come of the rows of a file: a new record, a changed one, none, or a refusal with its reasons."""

from dataclasses import dataclass
from dataclasses import field as attribute
from typing import NamedTuple

from models.database import Document
from models.ledger_import.reading import Taken
from models.messages import Message
from models.spreadsheets.table import CellValue, Row
from models.validation import Checked

WHOLE_ROW = -1


class Place(NamedTuple):
    """Where a mistake is: row, column (`WHOLE_ROW` for all of it), and the table whose own sheet it is in."""

    row: int
    column: int
    table: str = ""


@dataclass
class Group:
    """The rows of a file that make one record: the first, sub-rows below it, and rows of other sheets."""

    rows: list[Row]
    others: dict[str, list[Row]] = attribute(default_factory=dict)

    @property
    def first(self) -> Row:
        """The row with the record's own fields."""
        return self.rows[0]

    def row_count(self) -> int:
        """Return how many rows of the main sheet it is."""
        return len(self.rows)


@dataclass
class Draft:
    """What would come of a group; `taken` is what a thing of a ledger has behind it."""

    group: Group
    checked: Checked | None = None
    before: Document | None = None
    problems: dict[Place, list[Message]] = attribute(default_factory=dict)
    taken: Taken | None = None

    @property
    def kind(self) -> str:
        """`refused`, `create`, `update` or `same`."""
        if self.problems or self.checked is None:
            return "refused"
        if self.before is None:
            return "create"
        return "same" if self.checked.data == self.before["data"] else "update"

    def refuse(self, place: Place, *messages: Message) -> None:
        """Say what is wrong somewhere; the first reason for a place stays."""
        self.problems.setdefault(place, list(messages))


def cell_of(row: Row, index: int) -> CellValue:
    """Return a row's cell; rows end with their last cell that is not empty."""
    return row.cells[index] if 0 <= index < len(row.cells) else None


def is_blank_cell(cell: CellValue) -> bool:
    """Tell whether nothing was typed."""
    return cell is None or (isinstance(cell, str) and not cell.strip())
