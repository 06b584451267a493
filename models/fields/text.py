"""Text of one line and of many, with length limits and a pattern."""

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import re2  # type: ignore[import-untyped]
from typing_extensions import override

from models.definition import Field
from models.errors import ValueProblem
from models.fields.base import HELD, Cell, ParseContext, TextStored
from models.fields.needs import Lookup
from models.fields.reading import clean_text
from models.messages import Message, _
from models.spreadsheets.columns import Column

if TYPE_CHECKING:
    from re import Pattern

LONGEST = 100_000
TEXT_LENGTH = 2_000
LONG_TEXT_LENGTH = 20_000
LIMITED = ("min_length", "max_length", "pattern", "pattern_message")
_CELL_WIDTH = 60


@lru_cache(maxsize=1000)
def compile_pattern(pattern: str) -> "Pattern[str]":
    """Compile a pattern for RE2, which takes linear time on any text.

    Raises ValueProblem for a mistake, and for what RE2 cannot do (looking around, back-references).
    """
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 4 << 20
    try:
        compiled: Pattern[str] = re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError):
        message = _("The pattern is wrong or uses what is not supported (look-around, back-references).")
        raise ValueProblem(message) from None
    return compiled


class Text(TextStored):
    """One line of text."""

    key = "text"
    name = _("Text")
    description = _("One line, such as a name or a part number.")
    icon = "input-cursor-text"
    widget = "text"
    properties = (*HELD, "placeholder", "unique", "searchable", *LIMITED)
    groupable = True
    lines = False
    usual_length = TEXT_LENGTH

    @override
    def read(self, field: Field, raw: object, context: ParseContext, before: str | None = None) -> str | None:
        return clean_text(raw, longest=field.max_length or self.usual_length, lines=self.lines) or None

    @override
    def limit(self, field: Field, value: str, context: ParseContext) -> None:
        if field.min_length and len(value) < field.min_length:
            raise ValueProblem(_("At least %(min)s characters.", min=field.min_length))
        if field.pattern and not compile_pattern(field.pattern).fullmatch(value):
            raise ValueProblem(_pattern_message(field, context.language))

    @override
    def check(self, field: Field) -> Iterator[tuple[str, Message]]:
        if field.pattern:
            try:
                compile_pattern(field.pattern)
            except ValueProblem as problem:
                yield "pattern", problem.message
                return
        if (field.max_length or 0) > LONGEST:
            yield "max_length", _("At most %(max)s characters.", max=LONGEST)
        if (field.min_length or 0) > (field.max_length or self.usual_length):
            yield "min_length", _("The least is more than the most.")
        yield from super().check(field)


class LongText(Text):
    """Text of many lines."""

    key = "long_text"
    name = _("Long text")
    description = _("Several lines, such as a description of what happened.")
    icon = "text-paragraph"
    widget = "textarea"
    kind = "long_text"
    sortable = False
    groupable = False
    lines = True
    usual_length = LONG_TEXT_LENGTH

    @override
    def column(self, field: Field, language: str) -> Column:
        label = field.label.text(language) or field.key
        return Column(key=field.key, label=label, kind=self.kind, width=_CELL_WIDTH, wrap=True)

    @override
    def cell(self, field: Field, value: str, lookup: Lookup, language: str) -> Cell:
        return value


def _pattern_message(field: Field, language: str) -> Message:
    """Return the administrator's own words, which are no msgid, or a general message."""
    own = field.pattern_message.text(language)
    return Message("%(text)s", {"text": own}) if own else _("This does not have the expected form.")
