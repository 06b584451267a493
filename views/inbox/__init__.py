"""The inbox: what a person must do, what they were told, and for heads what their people owe."""

from views.inbox.screen import Inbox

__all__ = ["Inbox"]
