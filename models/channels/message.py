"""What is to be sent, independent of how: rendered in the reader's language."""

import hashlib
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Outgoing:
    """One message.

    Attributes:
        key: the same at every attempt; receivers recognise a repetition by it.
        to: e-mail address; empty for a group.
        subject: one line.
        body: plain text of several lines.
        link: address of the page it is about, or nothing.
        facts: what a program may want to know, as JSON.
        at: the moment of this attempt, in UTC.
    """

    key: str
    subject: str
    body: str
    link: str
    at: datetime
    to: str = ""
    language: str = "zh"
    facts: dict[str, object] | None = None

    @property
    def key_hash(self) -> str:
        """The key as characters that fit everywhere."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:40]

    @property
    def header_key(self) -> str:
        """The key as it may stand in a header."""
        return self.key if self.key.isascii() and self.key.isprintable() else f"sha256:{self.key_hash}"
