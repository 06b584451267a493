"""Opens the way out that a channel describes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from models.channels import Channel
from models.channels.mail import MailSender
from models.channels.message import Outgoing
from models.channels.outcomes import Outcome
from models.channels.robots import GroupSender


class Sender(Protocol):
    """What sends messages of one channel."""

    def send(self, message: Outgoing) -> Outcome:
        """Send one message; never raises for what the other side does."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


@contextmanager
def opened(channel: Channel) -> Iterator[Sender]:
    """Give a sender for as long as the block runs."""
    sender: Sender = MailSender(channel) if channel.is_mail else GroupSender(channel)
    try:
        yield sender
    finally:
        sender.close()
