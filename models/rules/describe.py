"""A rule in a person's words, for the editor, filter chips and the impact check."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from bson import ObjectId

from models.definition import Definition, Field
from models.messages import Message, _, translate
from models.rules.operands import DEFAULT_TIMEZONE
from models.rules.operators import OPERATORS, Kind
from models.rules.periods import PERIODS
from models.rules.reader import is_readable
from models.rules.sources import Source, find_source

_SHOWN_VALUES = 8

_STEPS: Mapping[str, tuple[Message, Message]] = MappingProxyType(
    {
        "minutes": (_("%(count)s minutes ago"), _("in %(count)s minutes")),
        "hours": (_("%(count)s hours ago"), _("in %(count)s hours")),
        "days": (_("%(count)s days ago"), _("in %(count)s days")),
        "weeks": (_("%(count)s weeks ago"), _("in %(count)s weeks")),
        "months": (_("%(count)s months ago"), _("in %(count)s months")),
        "years": (_("%(count)s years ago"), _("in %(count)s years")),
    }
)


class Names(Protocol):
    """Gives the names of people, departments and records (`models.lookups`)."""

    def person(self, identity: ObjectId, /) -> str:
        """Return a person's name."""
        ...

    def department(self, identity: ObjectId, /) -> str:
        """Return a department's name."""
        ...

    def record(self, form: str, identity: ObjectId, /) -> str:
        """Return a record's title."""
        ...


def describe(
    tree: Any,  # noqa: ANN401  (it came as JSON)
    definition: Definition,
    language: str,
    *,
    names: Names | None = None,
    timezone: ZoneInfo = DEFAULT_TIMEZONE,
    table: str = "",
) -> str:
    """Return a rule as text, such as "数量 大于 5 且 类型 属于 投诉、索赔"; never fails.

    `names` turns ids into names; without it they show as they are.
    """
    if not is_readable(tree, definition, table=table):
        return translate(_("A condition that can no longer be read"), language)
    return _Writer(definition, table, _Words(language, names, timezone)).write(tree)


def describe_operand(
    source: Source,
    raw: Any,  # noqa: ANN401  (it came as JSON)
    language: str,
    *,
    names: Names | None = None,
    timezone: ZoneInfo = DEFAULT_TIMEZONE,
) -> str:
    """Return one readable operand as text: an option's label, a person's name, "last month"."""
    return _Words(language, names, timezone).operand(source, raw)


@dataclass(frozen=True)
class _Words:
    language: str
    names: Names | None
    timezone: ZoneInfo

    def say(self, message: Message) -> str:
        return translate(message, self.language)

    def operand(self, source: Source, raw: Any) -> str:  # noqa: ANN401
        if isinstance(raw, Mapping):
            return self._relative(raw)
        if source.kind == Kind.BOOLEAN:
            return self.say(_("Yes") if raw else _("No"))
        if source.kind == Kind.ID:
            return self._name(source, raw)
        if source.kind == Kind.DATETIME:
            return self._moment(raw)
        if source.field:
            return self._of_field(source.field, raw)
        label = (source.states or {}).get(raw)
        return label.text(self.language) or str(raw) if label else str(raw)

    def _of_field(self, field: Field, raw: Any) -> str:  # noqa: ANN401
        if field.type == "duration":
            minutes = int(Decimal(str(raw))) // 60
            return f"{minutes // 60}:{minutes % 60:02}"
        option = field.options_by_key.get(raw) if field.options else None
        if option:
            return option.label.text(self.language) or option.key
        return f"{raw}%" if field.type == "percent" else str(raw)

    def _relative(self, raw: Mapping[str, Any]) -> str:
        if "me" in raw:
            return self.say(_("me"))
        if "my_department" in raw:
            return self.say(_("my department"))
        if "today" in raw:
            return self.say(PERIODS["this_day"])
        if "period" in raw:
            return self.say(PERIODS[raw["period"]])
        ((unit, count),) = raw["relative"].items()
        past, future = _STEPS[unit]
        return self.say(Message((past if count < 0 else future).msgid, {"count": abs(count)}))

    def _name(self, source: Source, raw: Any) -> str:  # noqa: ANN401
        if self.names is None:
            return str(raw)
        identity = ObjectId(raw)
        if source.target == "record":
            return self.names.record(source.field.form if source.field else "", identity)
        return self.names.person(identity) if source.target == "person" else self.names.department(identity)

    def _moment(self, raw: Any) -> str:  # noqa: ANN401
        text = str(raw)
        if "T" not in text and not isinstance(raw, datetime):
            return text
        moment = raw if isinstance(raw, datetime) else datetime.fromisoformat(text)
        local = moment.astimezone(self.timezone) if moment.tzinfo else moment
        return f"{local:%Y-%m-%d %H:%M}"


@dataclass(frozen=True)
class _Writer:
    definition: Definition
    table: str
    words: _Words

    def write(self, tree: Mapping[str, Any], *, inner: bool = False) -> str:
        if "field" in tree:
            return self._leaf(tree)
        if "not" in tree:
            return self.words.say(_("not (%(rule)s)", rule=self.write(tree["not"])))
        ((key, parts),) = tree.items()
        if not parts:
            return self.words.say(_("always") if key == "all" else _("never"))
        if len(parts) == 1:
            return self.write(parts[0], inner=inner)
        text = self._join(parts, together=key == "all")
        return self.words.say(_("(%(rule)s)", rule=text)) if inner else text

    def _join(self, parts: list[Mapping[str, Any]], *, together: bool) -> str:
        text, *others = (self.write(part, inner=True) for part in parts)
        for other in others:
            joined = (
                _("%(first)s and %(second)s", first=text, second=other)
                if together
                else _("%(first)s or %(second)s", first=text, second=other)
            )
            text = self.words.say(joined)
        return text

    def _leaf(self, tree: Mapping[str, Any]) -> str:
        source = find_source(tree["field"], self.definition, self.table)
        if source is None:  # cannot be: the tree was found readable
            return ""
        operator = OPERATORS[tree["op"]]
        start = f"{source.label(self.words.language)} {self.words.say(operator.label_for(source.kind))}"
        if operator.arity == "none":
            return start
        value = tree["value"]
        values = [
            self.words.operand(source, part)
            for part in (value if isinstance(value, list | tuple) else [value])
        ]
        if operator.arity == "two":
            return f"{start} {self.words.say(_('%(low)s and %(high)s', low=values[0], high=values[1]))}"
        return f"{start} {self._list(values)}"

    def _list(self, values: list[str]) -> str:
        separator = ", " if self.words.language == "en" else "、"
        more = "…" if len(values) > _SHOWN_VALUES else ""
        return separator.join(values[:_SHOWN_VALUES]) + more
