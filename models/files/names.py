"""What a file may be called: a name that no system reads as a path, a device or another kind of file."""

import re
import unicodedata
from pathlib import PurePath

MAX_NAME = 200
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
_MAX_EXTENSION = 20


def clean_name(name: str) -> str:
    """Return a file name without folders, control and direction characters; Chinese stays."""
    base = PurePath(unicodedata.normalize("NFC", name).replace("\\", "/")).name
    spaced = (" " if unicodedata.category(one) == "Zs" else one for one in base)
    kept = "".join(filter(str.isprintable, spaced)).strip(". ")
    if _RESERVED.fullmatch(kept.partition(".")[0].rstrip()):  # Windows takes `nul.txt` for a device, too
        kept = f"_{kept}"
    return _shortened(kept) or "file"


def _shortened(name: str) -> str:
    """Cut a long name in front of its extension, which says what it is."""
    if len(name) <= MAX_NAME:
        return name
    end = PurePath(name).suffix[:_MAX_EXTENSION]
    return name[: MAX_NAME - len(end)].rstrip(". ") + end


def extension(name: str) -> str:
    """Return what stands behind the last dot, in small letters; empty for none."""
    return PurePath(name).suffix.removeprefix(".").lower()


def with_extension(name: str, wanted: str) -> str:
    """Return a name with another extension."""
    return clean_name(f"{PurePath(name).stem}.{wanted}")
