"""From what people type or paste to clean text and numbers, shared by the field types."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Context, Decimal, InvalidOperation

import re2  # type: ignore[import-untyped]
from bson import Decimal128

from models.errors import ValueProblem
from models.messages import _

MAX_RAW = 1_000_000
MAX_SCALAR = 200
MAX_BITS = 1000
MAX_DIGITS = 34
"""What a Decimal128 keeps."""

_INVISIBLE_ENDS = "\u200b\u200c\u200d\u2060\ufeff\xad"
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
    + "]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_MANY_MARKS = re2.compile(r"\p{M}{31}")
_EXACT = Context(prec=300)
_GROUPED = re.compile(r"([+-]?)(\d{1,3}([, '\u2019])\d{3}(?:\3\d{3})*)(\D.*|)\Z", re.ASCII)
_NUMBER = re.compile(r"([+-]?)(\d{1,60}(?:\.\d{0,60})?|\.\d{1,60})(?:[eE]([+-]?\d{1,4}))?\Z", re.ASCII)
_SCALES = {"万": 4, "萬": 4, "亿": 8, "億": 8, "千": 3, "百万": 6, "千万": 7}
_SCALED = re.compile(r"(.*\d\.?)\s*(百万|千万|[万萬亿億千])\Z", re.DOTALL)
_DASHES = str.maketrans({"−": "-", "–": "-", "—": "-", "﹣": "-", "。": "."})


def is_blank(raw: object) -> bool:
    """Tell whether nothing was handed in: None, white space, an empty list."""
    if isinstance(raw, str):
        return not raw.strip(_INVISIBLE_ENDS).strip()
    return raw is None or (isinstance(raw, list | tuple) and not raw)


def clean_text(raw: object, *, longest: int, lines: bool = True) -> str:
    """Return text in NFC, lines ended by LF, without blanks around it.

    Without `lines` a break or a tab becomes a space. `longest` is in characters.
    Raises ValueProblem for control characters, halves of characters, and what is no text.
    """
    text = _as_text(raw)
    if len(text) > min(MAX_RAW, 4 * longest + 100):
        raise ValueProblem(_("At most %(max)s characters.", max=longest))
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0b", "\n").replace("\x0c", "\n")
    _refuse_unreadable(text)
    text = unicodedata.normalize("NFC", text)
    if not lines:
        text = re.sub(r"[\n\t\x85\u2028\u2029]+", " ", text)
    text = text.strip().strip(_INVISIBLE_ENDS).strip()
    if len(text) > longest:
        raise ValueProblem(_("At most %(max)s characters.", max=longest))
    return text


def scalar_text(raw: object, *, longest: int = 2000) -> str:
    """Return one line of text."""
    return clean_text(raw, longest=longest, lines=False)


def narrow_text(raw: object, *, longest: int = MAX_SCALAR) -> str:
    """Return one short line with full-width digits, letters and punctuation made plain: ２，５ → 2,5.

    Runs of blanks become one, which also keeps the patterns below from going through them twice.
    """
    text = scalar_text(raw, longest=longest)
    return " ".join((text if text.isascii() else unicodedata.normalize("NFKC", text)).split())


def _as_text(raw: object) -> str:
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal | Decimal128):
        raise ValueProblem(_("A single text is needed here."))
    return plain_number(raw)


def _refuse_unreadable(text: str) -> None:
    if _SURROGATES.search(text):
        raise ValueProblem(_("The text contains half a character. Please type it again."))
    found = _FORBIDDEN.search(text)
    if found:
        code = f"U+{ord(found.group()):04X}"
        raise ValueProblem(_("The text contains a control character (%(code)s).", code=code))
    # Sorting endless combining marks takes quadratic time, and no writing needs them.
    if not text.isascii() and _MANY_MARKS.search(text):
        raise ValueProblem(_("The text piles up too many accents on one letter."))


def read_number(raw: object) -> Decimal:
    """Read a number as people write it: 1,234.50 · １２３．５ · (12) · 3.5万 · 1.2e3.

    Raises ValueProblem for what is none, is not finite, or needs more than 34 digits.
    """
    if isinstance(raw, bool) or not isinstance(raw, str | int | float | Decimal | Decimal128):
        raise ValueProblem(_("Please enter a number."))
    return number_from_text(narrow_text(raw) if isinstance(raw, str) else plain_number(raw))


def number_from_text(text: str) -> Decimal:
    """Read a number from text that `narrow_text` returned."""
    plain, shift = _unscaled(text.translate(_DASHES))
    grouped = _GROUPED.match(plain)
    if grouped:
        sign, whole, separator, rest = grouped.groups()
        plain = f"{sign}{whole.replace(separator, '')}{rest}"
    found = _NUMBER.match(plain)
    if not found:
        raise ValueProblem(_("“%(text)s” is not a number.", text=text[:60]))
    sign, digits, exponent = found.groups()
    if exponent and abs(int(exponent)) > 2 * MAX_DIGITS:
        raise ValueProblem(_("The number has too many digits."))
    return _plain(Decimal(f"{sign}{digits}e{int(exponent or 0) + shift}"))


def _unscaled(text: str) -> tuple[str, int]:
    """Take off the brackets of a negative amount and a Chinese scale: (3万) → -3 and 4 zeros."""
    if text.startswith("(") and text.endswith(")"):
        text = f"-{text[1:-1].strip()}"
    scaled = _SCALED.match(text)
    return (scaled.group(1).strip(), _SCALES[scaled.group(2)]) if scaled else (text, 0)


def _plain(number: Decimal) -> Decimal:
    """Return the number without an exponent and without needless zeros; refuse more than 34 digits."""
    short = number.normalize(_EXACT)
    if not short:
        return Decimal(0)
    exponent = int(short.as_tuple().exponent)
    if max(len(short.as_tuple().digits) + max(exponent, 0), -exponent) > MAX_DIGITS:
        raise ValueProblem(_("The number has too many digits."))
    return Decimal(f"{short:f}")


def with_places(number: Decimal, places: int | None) -> Decimal:
    """Return the number with a fixed count of decimals. Raises ValueProblem where it would lose some."""
    if places is None:
        return number
    if -int(number.as_tuple().exponent) > places:
        if not places:
            raise ValueProblem(_("Please enter a whole number."))
        raise ValueProblem(_("At most %(max)s decimals.", max=places))
    padded = Decimal(f"{number:.{places}f}")
    if len(padded.as_tuple().digits) > MAX_DIGITS:
        raise ValueProblem(_("The number has too many digits."))
    return padded


def plain_number(number: float | Decimal | Decimal128) -> str:
    """Return a number as text without an exponent; a float with the 15 digits Excel shows."""
    if isinstance(number, int):
        if number.bit_length() > MAX_BITS:  # str() refuses what has more than 4,300 digits
            raise ValueProblem(_("The number has too many digits."))
        return str(number)
    try:
        exact = Decimal(f"{number:.15g}") if isinstance(number, float) else _decimal(number)
    except InvalidOperation:
        raise ValueProblem(_("Please enter a number.")) from None
    if not exact.is_finite():
        raise ValueProblem(_("Please enter a number."))
    if abs(exact.adjusted()) > 2 * MAX_DIGITS:
        raise ValueProblem(_("The number has too many digits."))
    text = f"{exact:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _decimal(number: Decimal | Decimal128) -> Decimal:
    return number.to_decimal() if isinstance(number, Decimal128) else number


def cell_text(cell: object) -> object:
    """Return a spreadsheet cell as text, the way Excel would show it to a reader; None stays None."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float | Decimal | Decimal128):
        return plain_number(cell)
    if isinstance(cell, datetime):
        midnight = cell.time() == time() and cell.tzinfo is None
        return cell.date().isoformat() if midnight else cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return cell
