"""An attribute of a channel that is stored sealed and read in plain."""

from typing import Any

from mongoengine import StringField

from models import sealing


class SealedField(StringField):  # type: ignore[misc]
    """A text that a reader of the database, or of a backup, cannot use."""

    def to_mongo(self, value: Any) -> Any:  # noqa: ANN401  (as MongoEngine has it)
        """Return what is stored."""
        return sealing.seal(value, self.purpose) if isinstance(value, str) else value

    def to_python(self, value: Any) -> Any:  # noqa: ANN401  (as MongoEngine has it)
        """Return the text, also of what was stored before texts were sealed."""
        if isinstance(value, str) and sealing.is_sealed(value):
            return sealing.open_sealed(value, self.purpose)
        return value

    @property
    def purpose(self) -> str:
        """What ties the seal to this attribute."""
        return f"channel {self.name}"
