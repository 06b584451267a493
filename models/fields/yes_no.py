"""Questions answered by yes or no."""

from typing_extensions import override

from models.definition import Field
from models.errors import ValueProblem
from models.fields.base import HELD, Cell, FieldType, ParseContext
from models.fields.needs import Lookup
from models.fields.reading import narrow_text
from models.messages import _, translate

_TRUE = frozenset({"true", "yes", "y", "on", "1", "t", "是", "有", "对", "√", "✓", "✔", "☑", "✅", "真"})
_FALSE = frozenset(
    {"false", "no", "n", "off", "0", "f", "否", "无", "不", "没有", "×", "✗", "✘", "☐", "❌", "假"}
)


class Boolean(FieldType[bool]):
    """Yes or no; not answered is neither."""

    key = "boolean"
    name = _("Yes or no")
    description = _("A question answered by yes or no.")
    icon = "toggle-on"
    widget = "yesno"
    kind = "boolean"
    sortable = True
    groupable = True
    properties = HELD

    @override
    def read(
        self, field: Field, raw: object, context: ParseContext, before: bool | None = None
    ) -> bool | None:
        if isinstance(raw, bool):
            return raw
        word = narrow_text(raw).casefold()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        raise ValueProblem(_("Please answer yes or no."))

    @override
    def display(self, field: Field, value: bool, lookup: Lookup, language: str) -> str:
        return translate(_("Yes") if value else _("No"), language)

    @override
    def cell(self, field: Field, value: bool, lookup: Lookup, language: str) -> Cell:
        return value
