"""Which words the database can hold, and what is said of others."""

import re
from typing import Final

from models.messages import Message, _

_UNSTORABLE: Final = re.compile(r"[\x00\ud800-\udfff]")


def storable(text: str) -> bool:
    """Tell whether MongoDB takes a text: NUL and halves of characters it does not."""
    return _UNSTORABLE.search(text) is None


def text_problem(text: str, most: int) -> Message | None:
    """Say why some words cannot be kept: they are too long, or hold what the database cannot store."""
    if len(text) > most:
        return _("At most %(max)s characters.", max=most)
    return None if storable(text) else _("This text contains characters that cannot be stored.")
