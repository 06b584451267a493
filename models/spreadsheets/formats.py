"""How Excel shows a column's numbers."""

import re

from models.spreadsheets.columns import Column

GENERAL = ""
DATE = "yyyy-mm-dd"
DATETIME = "yyyy-mm-dd hh:mm"
DURATION = "[h]:mm:ss"
INTEGER = "0"
TEXT = "@"

_MONEY_PLACES = 2
_PERCENT_PLACES = 2
_WITHOUT_PLACES = frozenset({"JPY", "KRW", "VND", "CLP", "ISK", "XAF", "XOF"})
_CURRENCY = re.compile(r"[A-Z]{3}")


def _places(count: int) -> str:
    return "." + "0" * count if count else ""


def money_format(currency: str | None, decimals: int | None = None) -> str:
    """Return the format of an amount: ¥ for yuan, the ISO code for every other currency."""
    if decimals is None:
        decimals = 0 if currency in _WITHOUT_PLACES else _MONEY_PLACES
    amount = "#,##0" + _places(decimals)
    if currency is None or not _CURRENCY.fullmatch(currency):
        return amount
    return f"[$¥-804]{amount}" if currency == "CNY" else f"[${currency}] {amount}"


_BY_KIND = {
    "integer": INTEGER,
    "rating": INTEGER,
    "date": DATE,
    "datetime": DATETIME,
    "duration": DURATION,
    "text": TEXT,
}


def number_format(column: Column) -> str:
    """Return the number format of a column's cells, empty for Excel's General."""
    if column.kind == "money":
        return money_format(column.currency, column.decimals)
    if column.kind == "percent":
        return f"0{_places(_PERCENT_PLACES if column.decimals is None else column.decimals)}%"
    if column.kind == "decimal" and column.decimals is not None:
        return "#,##0" + _places(column.decimals)
    return _BY_KIND.get(column.kind, GENERAL)
