"""Every way in which a rule says no. Each class knows its HTTP status."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from models.messages import Message, _
from models.times import now


class DomainError(Exception):
    """A refusal that a person may read."""

    status = 400

    def __init__(self, message: Message) -> None:
        """Keep the message untranslated."""
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        """Return the English text, for logs."""
        return str(self.message)


class NotFoundError(DomainError):
    """There is no such thing, or not for this person."""

    status = 404

    def __init__(self, message: Message | None = None) -> None:
        """Default to a text that gives nothing away."""
        super().__init__(message or _("This does not exist, or you may not see it."))


class ForbiddenError(DomainError):
    """The person may see it but not do this."""

    status = 403

    def __init__(self, message: Message | None = None) -> None:
        """Default to the general refusal."""
        super().__init__(message or _("You are not allowed to do this."))


class ValueProblem(DomainError):  # noqa: N818  (it is reported beside a field, never raised to a user as is)
    """One value that a field cannot hold."""

    status = 422


class InvalidError(DomainError):
    """Values that were refused; `errors` maps a field path (`qty`, `items.2.qty`) to its messages."""

    status = 422

    def __init__(self, errors: Mapping[str, Sequence[Message]]) -> None:
        """Keep every message beside its field."""
        super().__init__(_("Please correct the marked fields."))
        self.errors = {path: list(messages) for path, messages in errors.items()}

    def __str__(self) -> str:
        """Return the English text with what is wrong where, for logs."""
        found = "; ".join(f"{path}: {' '.join(map(str, messages))}" for path, messages in self.errors.items())
        return f"{self.message} {found}"


class ConflictError(DomainError):
    """Someone else changed it first; `current` is what is stored now."""

    status = 409

    def __init__(self, message: Message | None = None, current: Any = None) -> None:  # noqa: ANN401  (a document)
        """Carry the stored document so that the difference can be shown."""
        super().__init__(message or _("Someone else saved this first."))
        self.current = current


class InUseError(DomainError):
    """It cannot be deleted because others refer to it."""

    status = 409


class TooLargeError(DomainError):
    """More than the product accepts in one go."""

    status = 413


class LockedError(DomainError):
    """There were too many wrong guesses; until `until` not even the right one is looked at."""

    status = 429

    def __init__(self, until: datetime) -> None:
        """Say how many minutes it takes."""
        minutes = max(1, math.ceil((until - now()).total_seconds() / 60))
        super().__init__(_("Too many wrong attempts. Try again in %(minutes)s minutes.", minutes=minutes))
        self.until = until
