"""Number patterns such as `QF-{yyyy}{mm}-{seq:4}`: what they may hold and how they are filled."""

import re
from collections.abc import Iterator
from datetime import date

from models.messages import Message, _

MAX_DIGITS = 10
_TOKEN = re.compile(r"\{([^{}]*)\}")
_SEQUENCE = re.compile(r"seq(?::(\d{1,2}))?")
_PARTS = frozenset({"yyyy", "yy", "mm", "dd", "dept"})


def check(pattern: str) -> Iterator[Message]:
    """Yield what is wrong with a pattern."""
    tokens = _TOKEN.findall(pattern)
    if sum(bool(_SEQUENCE.fullmatch(token)) for token in tokens) != 1:
        yield _("A number needs exactly one {seq} part, such as {seq:4}.")
    for token in tokens:
        sequence = _SEQUENCE.fullmatch(token)
        if sequence and int(sequence[1] or 1) not in range(1, MAX_DIGITS + 1):
            yield _("A running number has 1 to %(max)s digits.", max=MAX_DIGITS)
        elif not sequence and token not in _PARTS:
            yield _("“{%(token)s}” is not known here. Use yyyy, yy, mm, dd, dept and seq.", token=token)
    if set("{}") & set(_TOKEN.sub("", pattern)):
        yield _("A brace is not closed.")


def split(pattern: str, day: date, department_code: str) -> tuple[str, str]:
    """Return a pattern with everything but the running number filled, and the number's own format.

    Two numbers count together exactly when the first part is the same: so a pattern with `{mm}` begins
    anew every month, and one with `{dept}` counts by department.
    """
    values = {
        "yyyy": f"{day:%Y}",
        "yy": f"{day:%y}",
        "mm": f"{day:%m}",
        "dd": f"{day:%d}",
        "dept": department_code,
    }
    digits = 1

    def fill(match: re.Match[str]) -> str:
        nonlocal digits
        sequence = _SEQUENCE.fullmatch(match[1])
        if sequence:
            digits = int(sequence[1] or 1)
            return "\0"
        return values[match[1]]

    return _TOKEN.sub(fill, pattern), f"0{digits}d"


def render(filled: str, number_format: str, sequence: int) -> str:
    """Put a running number into a filled pattern."""
    return filled.replace("\0", format(sequence, number_format))


def needs_department(pattern: str) -> bool:
    """Tell whether a pattern counts by department."""
    return "{dept}" in pattern
