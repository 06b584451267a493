"""Text that Excel can hold: cleaned, cut and escaped, and never silently."""

import re
from collections.abc import Sequence
from typing import NamedTuple

MAX_UNITS = 32_767
"""UTF-16 units in one cell; Excel's limit."""

_BYTES_PER_UNIT = 2
_REPLACEMENT = "�"
_ELLIPSIS = "…"
_SURROGATES = re.compile("[\ud800-\udfff]")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LINE_ENDS = re.compile("\r\n?")
_LITERAL_ESCAPE = re.compile("_x(?=[0-9A-Fa-f]{4}_)")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_SEPARATOR = "\x1f"
_CONTROLS = bytes([*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x0D])
_NEVER_TOO_LONG = MAX_UNITS // 2


class Cleaned(NamedTuple):
    """A text as Excel will hold it, and whether that differs from what was given."""

    text: str
    replaced: bool
    cut: bool


def clean(text: str) -> Cleaned:
    """Replace what XML cannot carry by U+FFFD, make every line end a line feed, cut at Excel's limit."""
    given = _LINE_ENDS.sub("\n", text)
    legal = without_illegal(given)
    short = _shorten(legal)
    return Cleaned(short, replaced=legal != given, cut=short != legal)


def without_illegal(text: str) -> str:
    """Replace control characters and halves of characters by U+FFFD."""
    if _SURROGATES.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _ILLEGAL.sub(_REPLACEMENT, text)


def _shorten(text: str) -> str:
    """Cut at the limit, never through a character, and show it by an ellipsis."""
    if len(text) <= _NEVER_TOO_LONG:
        return text
    encoded = text.encode("utf-16-le")
    if len(encoded) <= MAX_UNITS * _BYTES_PER_UNIT:
        return text
    kept = encoded[: (MAX_UNITS - len(_ELLIPSIS)) * _BYTES_PER_UNIT]
    return kept.decode("utf-16-le", "ignore") + _ELLIPSIS


def escape(text: str) -> str:
    """Escape a cleaned text for a cell: markup, and what Excel would read as `_xHHHH_`."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _LITERAL_ESCAPE.sub("_x005F_x", text)


def unescape(text: str) -> str:
    """Return a cell's text as Excel shows it."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def escape_all(texts: Sequence[str]) -> Sequence[str] | None:
    """Escape many texts in one go; None when any of them needs a closer look by `clean`.

    One pass over the joined text is an order of magnitude cheaper than a look at each cell.
    """
    try:
        joined = _SEPARATOR.join(texts)
        encoded = joined.encode()
    except (TypeError, UnicodeEncodeError):
        return None
    if not _is_plain(joined, encoded, len(texts)) or not _is_tight(texts):
        return None
    if "&" not in joined and "<" not in joined and ">" not in joined:
        return texts
    return joined.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").split(_SEPARATOR)


def _is_plain(joined: str, encoded: bytes, count: int) -> bool:
    """Tell whether there is nothing to clean; the separators are the only controls."""
    controls = len(encoded) - len(encoded.translate(None, _CONTROLS))
    return controls == count - 1 and "_x" not in joined and "\ufffe" not in joined and "\uffff" not in joined


def _is_tight(texts: Sequence[str]) -> bool:
    """Tell whether no text is near the limit, and none begins or ends with a space."""
    return max(map(len, texts)) <= _NEVER_TOO_LONG and list(map(str.strip, texts)) == list(texts)
