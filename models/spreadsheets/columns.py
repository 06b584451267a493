"""What a column of a spreadsheet holds, apart from where its values come from."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "text", "long_text", "integer", "decimal", "money", "percent", "date", "datetime", "duration",
    "boolean", "choice", "link", "rating", "record",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet.

    An empty cell is None; otherwise cells are, by kind:
    text, long_text, choice, link: str. integer, rating: int. boolean: bool (written as a word).
    decimal: Decimal, Decimal128 or int. percent: the same, as typed (0.5 is shown as 0.50 %).
    money: the same (in the column's currency), or a mapping with `amount` and its own `currency`.
    record: a pair of what is shown and the address it leads to, which may be empty.
    date: ISO text. datetime: aware datetime (written in the workbook's time zone). duration: seconds.

    `width` is in characters (measured when None), `decimals` are shown places, `unit` goes into the header,
    `choices` are the labels a choice may have (offered by Excel as a list when given), `wrap` breaks lines.
    """

    key: str
    label: str
    kind: Kind
    width: float | None = None
    decimals: int | None = None
    currency: str | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()
    wrap: bool = False
