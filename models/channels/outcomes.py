"""What came of an attempt to send something."""

from dataclasses import dataclass, field
from typing import Any, Literal

from models.messages import Message

MAX_DETAIL = 500


@dataclass(frozen=True)
class Outcome:
    """The end of one attempt.

    Attributes:
        state: `sent`; `again` (it may work later); `busy` (the receiver asks for a pause); `never` (it will
            not work later either, such as a recipient who does not exist).
        reason: why not, for a person.
        detail: what the other side answered, as it came, cut.
        well: the other side is in order although this message has to wait.
    """

    state: Literal["sent", "again", "busy", "never"]
    reason: Message | None = None
    detail: str = field(default="")
    well: bool = False

    def __post_init__(self) -> None:
        """Keep what others answer short and printable."""
        shown = "".join(one if one.isprintable() else " " for one in self.detail)[:MAX_DETAIL]
        object.__setattr__(self, "detail", shown.strip())

    @property
    def answered(self) -> bool:
        """Tell whether the other side is well: it took the message, or refused just this one."""
        return self.well or self.state in {"sent", "never"}


def stored(message: Message) -> dict[str, Any]:
    """Return a reason as it is stored, to be translated when somebody reads it."""
    return {"msgid": message.msgid, "params": {name: str(value) for name, value in message.params.items()}}
