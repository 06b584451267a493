"""What a leaver's check says of one kind of thing that somebody holds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from models.messages import Message
from models.people import User

EXAMPLES = 5


class Fate(StrEnum):
    """What becomes of it: it goes to a successor (of one of four kinds), ends by itself, or stays."""

    TASKS = "tasks"
    RECORDS = "records"
    DEPARTMENTS = "departments"
    PIECES = "pieces"
    ENDS = "ends"
    STAYS = "stays"


@dataclass(frozen=True)
class Example:
    """One of the things, as people recognise it; `url` is empty where the reader may not open it."""

    text: str
    url: str = ""


@dataclass(frozen=True)
class Finding:
    """Something that somebody still holds.

    `count` is None where there was no time to count. `url` leads to all of them.
    """

    kind: str
    title: Message
    fate: Fate
    count: int | None
    examples: tuple[Example, ...] = ()
    url: str = ""
    note: Message | None = None


Check = Callable[[User, User], Iterable[Finding]]
"""Takes whoever leaves and whoever looks; yields what is still there."""
