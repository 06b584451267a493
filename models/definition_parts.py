"""The small pieces that every definition is made of: keys, labels, rule trees."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from models.messages import DEFAULT_LANGUAGE

KEY_PATTERN = r"^[a-z][a-z0-9_]*$"
KEY_LENGTH = 60

Key = Annotated[str, StringConstraints(pattern=KEY_PATTERN, max_length=KEY_LENGTH)]
OptionKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=KEY_LENGTH)]
Text = Annotated[str, StringConstraints(max_length=2000)]
RuleTree = dict[str, Any]


class Part(BaseModel):
    """A piece of a definition: never changed, never with a property nobody knows."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Label(Part):
    """A text in both languages; a missing one falls back to the other."""

    zh: Text = ""
    en: Text = ""

    def text(self, language: str) -> str:
        """Return the text in a language, or in the other where that is empty."""
        first, second = (self.en, self.zh) if language == "en" else (self.zh, self.en)
        return first or second

    def __str__(self) -> str:
        return self.text(DEFAULT_LANGUAGE)

    def __bool__(self) -> bool:
        """Tell whether there is any text."""
        return bool(self.zh or self.en)
