"""Names of sheets and of files, as Excel and file systems allow them."""

import re

MAX_LENGTH = 31
"""UTF-16 units in the name of a sheet; Excel's limit."""

MAX_FILE_NAME = 80
_NOT_IN_FILES = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069]+')
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f\ud800-\udfff\ufffe\uffff]")
_RESERVED = frozenset({"history"})


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _fit(text: str, limit: int) -> str:
    while _units(text) > limit:
        text = text[:-1]
    return text


class SheetNames:
    """Gives each sheet a name that no other sheet of the workbook has."""

    def __init__(self) -> None:
        """Begin with no names taken."""
        self._taken: set[str] = set(_RESERVED)

    def take(self, wanted: str) -> str:
        """Return the wanted name, cleaned, cut to 31 characters, numbered when it is taken."""
        stem = _FORBIDDEN.sub(" ", wanted).strip().strip("'").strip() or "Sheet"
        name, count = _fit(stem, MAX_LENGTH), 1
        while name.casefold() in self._taken:
            count += 1
            suffix = f" ({count})"
            name = _fit(stem, MAX_LENGTH - len(suffix)) + suffix
        self._taken.add(name.casefold())
        return name


def file_name(title: str, extension: str) -> str:
    """Return a name for a downloaded file: Chinese stays, what file systems refuse becomes a space."""
    stem = " ".join(_NOT_IN_FILES.sub(" ", title).split()).strip(". ")[:MAX_FILE_NAME].rstrip(". ")
    return f"{stem or 'export'}.{extension}"
