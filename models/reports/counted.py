"""What figures count: the records of a source for which rules hold, within what the reader may see."""

from collections.abc import Sequence
from dataclasses import replace

from models import calendars, forms, rules
from models.access import Action, records_filter
from models.database import Document
from models.definition import Definition, RuleTree
from models.disclosure import Disclosure
from models.errors import DomainError
from models.forms import LiveForm
from models.people import Actor, User
from models.reports.cutting import Cut, cut_of
from models.reports.parts import Grouping, ReportDefinition, Source
from models.reports.periods import Period
from models.reports.trees import Tree, tree_of
from models.rules import RuleContext
from models.rules.reader import is_readable


class Counted:
    """The records that one reader's figures of a report are of, and how they can be parted.

    Days are the company's, wherever the reader is: figures of a month are the same for everybody.
    """

    def __init__(self, report: ReportDefinition, person: User, narrowed: Sequence[RuleTree] = ()) -> None:
        """Begin; `narrowed` leaves other records out wherever a source has the fields that it names."""
        self.report = report
        self.person = person
        self.narrowed = narrowed
        self.timezone = calendars.company_zone()
        self.context = replace(RuleContext.of(Actor.of(person)), timezone=self.timezone)
        self._forms: dict[str, LiveForm] = {}
        self._told: dict[str, Disclosure] = {}
        self._trees: dict[str, Tree | None] = {}

    def form(self, source: Source) -> LiveForm:
        """Return the form of a source, in force. Raises NotFoundError."""
        if source.form not in self._forms:
            self._forms[source.form] = forms.current(source.form)
        return self._forms[source.form]

    def told(self, source: Source) -> Disclosure:
        """Return what the reader is shown of a source's form."""
        if source.form not in self._told:
            self._told[source.form] = Disclosure(self.person, self.form(source))
        return self._told[source.form]

    def rule(self, source: Source, period: Period | None, *more: RuleTree | None) -> RuleTree:
        """Return the rule of the records of a source in a period for which further rules hold."""
        narrowed = (one for one in self.narrowed if self.fits(source, one))
        parts = [source.where, self._without_void(source), *more, *narrowed]
        if period is not None:
            parts.append({"field": source.date, "op": "gte", "value": period.first.isoformat()})
            parts.append({"field": source.date, "op": "lte", "value": period.last.isoformat()})
        return {"all": [part for part in parts if part]}

    def _without_void(self, source: Source) -> RuleTree | None:
        """Return the rule that leaves voided records out; None where there are none or they count."""
        flow = self.form(source).definition.workflow
        void = [state.key for state in flow.states if state.category == "void"] if flow else []
        return {"field": "@state", "op": "not_in", "value": void} if void and not source.with_void else None

    def match(self, source: Source, rule: RuleTree) -> Document:
        """Return the MongoDB filter of a rule on a source, within what the reader may see.

        Raises DomainError where the rule asks for what is closed to them, or no longer fits the form.
        """
        told, form = self.told(source), self.form(source)
        _require_readable(rule, told.askable)
        asked = rules.to_filter(rule, form.definition, self.context)
        seen = records_filter(self.person, form, Action.SEE)
        return {"$and": [seen, asked]} if asked else seen

    def fits(self, source: Source, where: RuleTree) -> bool:
        """Tell whether a source has the fields that a further rule names, whatever else is wrong with it."""
        definition = self.form(source).definition
        return all(rules.find_source(name, definition) for name in rules.fields_used(where))

    def can_run(self, source: Source, where: RuleTree) -> bool:
        """Tell whether a list of records can be asked for by a further rule: not where it is too long."""
        return not list(rules.check(where, self.form(source).definition))

    def require_readable(self, source: Source, rule: RuleTree) -> None:
        """Raise DomainError for a rule that cannot run on a source, whoever asks."""
        _require_readable(rule, self.form(source).definition)

    # -- how it is parted ------------------------------------------------------------------------------------

    def cut(self, source: Source, grouping: str, *, lifted: bool = False, name: str = "cut") -> Cut | None:
        """Return how a source is parted by a grouping; None where it does not know the field.

        `lifted` is for aggregations that have to know the level of a tree, `name` where there are several.
        """
        one = self.report.by_grouping[grouping]
        return cut_of(self.told(source).askable, one, self.tree(one), lifted=lifted, name=name)

    def tree(self, grouping: Grouping) -> Tree | None:
        """Return the tree in which a grouping adds up; None where it does not."""
        if grouping.key not in self._trees:
            self._trees[grouping.key] = tree_of(map(self.form, self.report.sources), grouping)
        return self._trees[grouping.key]

    def is_many(self, grouping: str) -> bool:
        """Tell whether a record can stand in several groups of a grouping."""
        cuts = [self.cut(source, grouping) for source in self.report.sources]
        return any(cut is not None and cut.many for cut in cuts)


def _require_readable(rule: RuleTree, definition: Definition) -> None:
    """Raise DomainError for a rule that cannot run. An option that a form does not have equals nothing."""
    if not is_readable(rule, definition):
        raise DomainError(next(rules.check(rule, definition)).message)
