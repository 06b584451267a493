"""What letters a form writes, as data: to a customer, a supplier, an authority.

This module only knows the shape. `models.letters` fills them in and keeps what was sent.
"""

from typing import Annotated

from pydantic import Field as Attribute
from pydantic import StringConstraints

from models.definition_parts import Key, Label, Part

MAX_LETTERS = 20
MAX_BODY = 10_000

Body = Annotated[str, StringConstraints(max_length=MAX_BODY)]
Source = Annotated[str, Attribute(max_length=130, pattern=r"^([a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?)?$")]
"""A field's key, or `reference.field` for a field of the record it points to; or nothing."""


class LetterText(Part):
    """The template of a letter in both languages; a letter is written in those that have a text."""

    zh: Body = ""
    en: Body = ""

    def text(self, language: str) -> str:
        """Return the text in a language, or in the other where that is empty."""
        first, second = (self.en, self.zh) if language == "en" else (self.zh, self.en)
        return first or second

    def __bool__(self) -> bool:
        """Tell whether there is any text."""
        return bool(self.zh or self.en)


class Letter(Part):
    """One kind of letter that is written on a record and kept with it, word by word.

    `subject` and `body` are templates: `{{ field }}`, `{{ reference.field }}`, `{{ number }}` and its like,
    conditions, and `{% for row in table %}{{ row.column }}{% endfor %}`; a table alone becomes a table.
    `recipient` and `address` say to whom and where to. `numbering` is the pattern of the letter's own number;
    `written_on` a date field in which the program writes the day on which the letter was fixed, so that rules
    and clocks know of it. It is offered in `states`, without any in all.
    """

    key: Key
    label: Label = Label()
    subject: Label = Label()
    body: LetterText = LetterText()
    recipient: Source = ""
    address: Source = ""
    numbering: str = Attribute("", max_length=100)
    written_on: str = Attribute("", max_length=60)
    states: tuple[Key, ...] = Attribute((), max_length=60)
