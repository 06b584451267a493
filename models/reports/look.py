"""One look at a report: for a reader, a period and a language; what analyses work with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from models import rules
from models.definition import Field, RuleTree
from models.disclosure import Disclosure
from models.errors import DomainError
from models.fields import type_of
from models.fields.numbers import grouped
from models.lookups import Lookup
from models.messages import Message, _, translate
from models.people import User
from models.reports import said
from models.reports.figures import Figures, Value
from models.reports.parts import Grouping, Measure, Ratio, ReportDefinition, Source
from models.reports.periods import Fiscal, Period
from models.reports.results import Column, ColumnKind, Words
from models.rules.reader import MAX_VALUES
from models.times import today

NONE = _("Not stated")
OTHERS = _("Others")
SHARE = _("Share of all")


@dataclass
class Look:
    """A report as one person reads it. `period` is what it is about."""

    report: ReportDefinition
    person: User
    period: Period
    language: str
    fiscal: Fiscal = attribute(default_factory=Fiscal)
    narrowed: Sequence[RuleTree] = ()
    """Rules that leave other records out of every analysis whose source has their fields."""
    about: Sequence[str] = ()
    """The figures that are looked at: groups are called as in their records."""

    @cached_property
    def figures(self) -> Figures:
        """The numbers, worked out when they are asked for."""
        return Figures(self.report, self.person, self.fiscal, self.narrowed)

    @cached_property
    def lookup(self) -> Lookup:
        """Names behind ids, as the reader may know them."""
        return Lookup(self.language, self.figures.timezone, self.person)

    def at(self, keys: Sequence[str]) -> "Look":
        """Return this look at some figures: forms may use one name for fields, or states, of their own."""
        shared = {"figures": self.figures, "lookup": self.lookup, "today": self.today}
        found = replace(self, about=keys)
        found.__dict__.update(shared)
        return found

    @cached_property
    def sources(self) -> list[Source]:
        """The report's sources, first those of the figures that are looked at."""
        first = [one.source for one in self.figures.measures(self.about)]
        return sorted(
            self.report.sources, key=lambda one: first.index(one.key) if one.key in first else len(first)
        )

    @cached_property
    def today(self) -> date:
        """The day it is in the company."""
        return today(self.figures.timezone)

    @property
    def compared(self) -> list[tuple[str, Period, Words]]:
        """The periods it is compared with: key, period, what the column is called."""
        found: list[tuple[str, Period, Words]] = []
        if "before" in self.report.compare:
            found.append(("before", self.period.before(), _("Previous period")))
        if "year_before" in self.report.compare:
            found.append(("year_before", self.period.year_before(), _("Same period last year")))
        return found

    # -- words ---------------------------------------------------------------------------------------------

    def say(self, words: Words) -> str:
        """Return a text in the reader's language."""
        return translate(words, self.language)

    def named(self, key: str) -> str:
        """Return what a measure or ratio is called."""
        one = self.report.by_measure[key]
        return one.label.text(self.language) or one.key

    def formula(self, key: str) -> Message | str:
        """Say how a measure or ratio is worked out, as a person may check it (2.5: the formula is shown)."""
        one = self.report.by_measure[key]
        if isinstance(one, Ratio):
            return said.ratio(one, self.named(key), self.named(one.part), self.named(one.whole))
        source = self.report.by_source[one.source]
        definition = self.figures.form(source).definition
        label = source.label.text(self.language) or definition.label.text(self.language)
        fields = self._field(source, one.field), self._field(source, one.until)
        words = said.measure(one, self.named(key), label, *fields)
        if one.weights:
            words = said.weights(one, definition.by_key.get(one.field), self.language, words)
        return said.where(words, self._rule(source, one.where)) if one.where else words

    def counted(self, source: Source) -> Message:
        """Say which records of which form a source counts, and by which date they lie in a period."""
        definition = self.figures.form(source).definition
        form = definition.label.text(self.language) or definition.key
        label = source.label.text(self.language) or form
        words = said.source(label, form, self._field(source, source.date), with_void=source.with_void)
        return said.where(words, self._rule(source, source.where)) if source.where else words

    def _rule(self, source: Source, tree: RuleTree) -> str:
        known, zone = self.figures.told(source).askable, self.figures.timezone
        return rules.describe(tree, known, self.language, names=self.lookup, timezone=zone)

    def money_field(self, key: str) -> Field | None:
        """Return the money field that a measure adds up; None for any other measure."""
        one = self.report.by_measure[key]
        if not isinstance(one, Measure) or one.kind not in {"sum", "average"}:
            return None
        field = self.figures.form(self.report.by_source[one.source]).definition.by_key.get(one.field)
        return field if field is not None and field.type == "money" else None

    def _unit(self, key: str) -> str:
        """Return what a figure is counted in: what the report says, or the currency of money."""
        field = self.money_field(key)
        return self.report.by_measure[key].unit.text(self.language) or (field.currency if field else "")

    def _field(self, source: Source, key: str) -> str:
        if key in rules.SYSTEM:
            return self.say(rules.SYSTEM[key][0])
        field = self.figures.form(source).definition.by_key.get(key)
        return field.label.text(self.language) if field else key

    def column(self, key: str, *, named: Words | None = None, suffix: str = "") -> Column:
        """Return the column of a measure or ratio."""
        one = self.report.by_measure[key]
        unit = self._unit(key)
        label = self.say(named) if named is not None else self.named(key)
        return Column(
            f"{key}{suffix}",
            f"{label} ({unit})" if unit else label,
            "money" if self.money_field(key) else _kind(one),
            one.decimals,
            self.formula(key),
        )

    def share(self, key: str = "share", label: Words = SHARE) -> Column:
        """Return a column of shares from 0 to 1."""
        return Column(key, label, "percent", 1)

    # -- groups ------------------------------------------------------------------------------------------

    def grouping(self, key: str) -> Grouping:
        """Return a grouping by its key."""
        return self.report.by_grouping[key]

    def group_column(self, key: str) -> Column:
        """Return the column that names groups."""
        one = self.grouping(key)
        return Column("group", one.label.text(self.language) or one.key)

    def group_name(self, grouping: Grouping, group: Any) -> str:  # noqa: ANN401  (any stored value)
        """Return what a group is called now; whatever was renamed bears its present name."""
        if group is None:
            return self.say(NONE)
        if grouping.field in rules.SYSTEM:
            return self._system_name(grouping.field, group)
        field = self.group_field(grouping)
        if field is None:
            return str(group)
        if field.type == "money":  # amounts alone are compared, whatever their currency
            return grouped(group)
        value = [group] if field.many or field.type == "multi_choice" else group
        return type_of(field).display(field, value, self.lookup, self.language)

    def _system_name(self, name: str, group: Any) -> str:  # noqa: ANN401  (any stored value)
        _label, kind, target = rules.SYSTEM[name]
        if target:
            return self.lookup.department(group) if target == "department" else self.lookup.person(group)
        if kind == rules.Kind.DATETIME:
            return f"{group.astimezone(self.figures.timezone):%Y-%m-%d %H:%M}"
        return self._state(group) if name == "@state" else str(group)

    def _state(self, key: str) -> str:
        for source in self.sources:
            flow = self.figures.form(source).definition.workflow
            if flow and key in flow.by_state:
                return flow.by_state[key].label.text(self.language) or key
        return key

    def group_field(self, grouping: Grouping) -> Field | None:
        """Return the field that a grouping parts by, of the first source that has it."""
        for source in self.sources:
            field = self.figures.form(source).definition.by_key.get(grouping.field)
            if field is not None:
                return field
        return None

    def prime(self, grouping: Grouping, groups: Iterable[Any]) -> None:
        """Fetch the names of groups at once."""
        field = self.group_field(grouping)
        if field is not None:
            records = [
                {"data": {field.key: [one] if field.many else one}} for one in groups if one is not None
            ]
            for source in self.sources:
                definition = self.figures.form(source).definition
                if field.key in definition.by_key:
                    self.lookup.prime(definition, records, [field.key])
                    return

    def group_rule(self, grouping: Grouping, group: Any) -> RuleTree:  # noqa: ANN401  (any stored value)
        """Return the rule that a record lies in a group."""
        if group is None:
            return {"field": grouping.field, "op": "empty"}
        tree = self.figures.tree(grouping)
        if tree is not None:
            return _among(grouping, tree.within(group, grouping.level))
        field = self.group_field(grouping)
        several = field is not None and field.type == "multi_choice"
        return {"field": grouping.field, "op": "contains" if several else "eq", "value": plain(group)}

    def branch_rule(self, grouping: Grouping, group: Any) -> RuleTree:  # noqa: ANN401  (any stored value)
        """Return the rule that a record lies in a group, or in one below it in the groups' tree."""
        tree = self.figures.tree(grouping)
        return self.group_rule(grouping, group) if tree is None else _among(grouping, tree.below(group))

    def others_rule(self, grouping: Grouping, groups: Iterable[Any]) -> RuleTree:
        """Return the rule that a record lies in none of some groups, in as few conditions as can be."""
        known = list(groups)
        stated = [value for group in known if group is not None for value in self._values(grouping, group)]
        field = self.group_field(grouping)
        if field is not None and rules.kind_of(field) == rules.Kind.BOOLEAN:
            parts = [{"field": grouping.field, "op": "ne", "value": one} for one in stated]
        else:
            parts = [{"field": grouping.field, "op": "not_in", "value": part} for part in _lists(stated)]
        return {"all": [*parts, *([{"field": grouping.field, "op": "not_empty"}] if None in known else [])]}

    def _values(self, grouping: Grouping, group: Any) -> list[Any]:  # noqa: ANN401  (any stored value)
        """Return what a record of a group holds, as rules read it."""
        tree = self.figures.tree(grouping)
        return [plain(one) for one in (tree.within(group, grouping.level) if tree else [group])]

    def drill(self, key: str, period: Period | None, *more: RuleTree) -> tuple[str, RuleTree | None]:
        """Return the source behind a measure, and the rule of the very records that it counts.

        Nothing where further rules cannot be asked of the source: no list of records is it.
        """
        one = self.report.by_measure[key]
        measure = self.report.by_measure[one.part] if isinstance(one, Ratio) else one
        if not isinstance(measure, Measure):
            return "", None
        source = self.report.by_source[measure.source]
        if not all(self.figures.can_run(source, one) for one in more):
            return "", None
        return source.key, self.figures.rule(source, period, measure.where, *more)

    def source_of(self, key: str) -> Source:
        """Return the source that a measure counts in. Raises DomainError for a ratio, which has two."""
        one = self.report.by_measure[key]
        if not isinstance(one, Measure):
            raise DomainError(
                _("“%(figure)s” is a ratio; a plain figure is needed here.", figure=self.named(key))
            )
        return self.report.by_source[one.source]

    def field_name(self, key: str, field: str) -> str:
        """Return what a field of a measure's source is called."""
        return self._field(self.source_of(key), field)

    def disclosure(self, source: Source) -> Disclosure:
        """Return what the reader is shown of a source's form."""
        return self.figures.told(source)


def _kind(one: Measure | Ratio) -> ColumnKind:
    whole = isinstance(one, Measure) and one.kind != "average" and not one.decimals
    return "integer" if whole else "decimal"


def plain(group: Any) -> Any:  # noqa: ANN401  (as a rule's operand)
    """Return a stored value as rules and addresses write it: a moment to the millisecond."""
    if isinstance(group, datetime):
        return group.astimezone(UTC).isoformat(timespec="milliseconds")
    if isinstance(group, Decimal):
        return f"{group:f}"
    return group if isinstance(group, str | int | float | bool) else str(group)


def _lists(values: Sequence[Any]) -> list[list[Any]]:
    """Return values in lists that a condition takes."""
    return [list(values[start : start + MAX_VALUES]) for start in range(0, len(values), MAX_VALUES)]


def _among(grouping: Grouping, values: Iterable[Any]) -> RuleTree:
    """Return the rule that a record holds one of many values."""
    lists = _lists([plain(one) for one in values])
    parts: list[RuleTree] = [{"field": grouping.field, "op": "in", "value": one} for one in lists]
    return parts[0] if len(parts) == 1 else {"any": parts}


def change(value: Value, before: Value) -> Decimal | None:
    """Return by which share a value changed, None where that cannot be said."""
    return (value - before) / abs(before) if value is not None and before else None


def ordered(groups: Sequence[tuple[Any, Value]]) -> list[tuple[Any, Value]]:
    """Return groups by value, largest first; what is not stated stands last."""
    return sorted(groups, key=lambda pair: (pair[0] is None, -(pair[1] or Decimal(0))))
