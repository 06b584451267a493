"""Whether a report's definition makes sense. Paths read `sources.<key>.<property>` and so on."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from models import forms, rules
from models.definition import Definition
from models.errors import NotFoundError
from models.messages import Message, _
from models.problems import Problem
from models.reports import grouping_checks
from models.reports.analyses import KINDS, Kind
from models.reports.parts import Analysis, Measure, Plan, Ratio, Release, ReportDefinition, Source

DATES = frozenset({"date", "datetime"})
NUMBERS = frozenset({"integer", "decimal", "money", "percent", "computed", "rating", "duration"})
UNCOUNTED = frozenset({"table", "attachment", "image", "signature"})
SYSTEM_DATES = frozenset({"@created_at", "@updated_at"})
RELEASED = ("report", "period", "fingerprint", "workbook")
"""What a release says in which field of its form."""
TAKEN = frozenset({"tile"})
"""Addresses below /reports/ that are no reports."""


def in_force(form: str) -> Definition | None:
    """Return the definition of a form that is configured; None where there is none."""
    try:
        return forms.current(form).definition
    except NotFoundError:
        return None


def problems(
    report: ReportDefinition, form_of: Callable[[str], Definition | None] = in_force
) -> Iterator[Problem]:
    """Yield what is wrong; a form that is not there (yet) is a problem of its source alone.

    Args:
        report: the whole of it.
        form_of: where a form's definition is found; a pack's forms are not configured yet.
    """
    if not report.label:
        yield Problem("label", _("This is needed."))
    if report.key in TAKEN:
        yield Problem(
            "key", _("“%(key)s” is an address of this program: choose another key.", key=report.key)
        )
    yield from _twice("sources", (one.key for one in report.sources))
    yield from _twice(
        "measures", [*(one.key for one in report.measures), *(one.key for one in report.ratios)]
    )
    yield from _twice("groupings", (one.key for one in report.groupings))
    yield from _twice("analyses", (one.key for one in report.analyses))
    known = {one.key: form_of(one.form) for one in report.sources}
    for source in report.sources:
        yield from _source(source, known[source.key])
    for measure in report.measures:
        yield from _measure(measure, report, known)
    for ratio in report.ratios:
        yield from _ratio(ratio, report)
    for target in report.targets:
        if target.measure not in report.by_measure:
            yield _unknown(f"targets.{target.measure}", target.measure)
    for grouping in report.groupings:
        yield from grouping_checks.problems(grouping, [one for one in known.values() if one], form_of)
    for analysis in report.analyses:
        yield from _analysis(analysis, report)
        yield from _unparted(analysis, report, known)
    yield from _begun(report, form_of)
    yield from _scheduled(report, [one for one in known.values() if one])


def _twice(path: str, keys: Iterable[str]) -> Iterator[Problem]:
    for key, count in Counter(keys).items():
        if count > 1:
            yield Problem(f"{path}.{key}", _("“%(key)s” is given twice.", key=key))


def _source(source: Source, definition: Definition | None) -> Iterator[Problem]:
    path = f"sources.{source.key}"
    if definition is None:
        yield Problem(f"{path}.form", _("There is no form “%(key)s”.", key=source.form))
        return
    if not _is_date(source.date, definition):
        yield Problem(f"{path}.date", _("“%(key)s” is not a field with a date.", key=source.date))
    yield from (Problem(f"{path}.where", one.message) for one in _rule(source.where, definition))


def _rule(tree: object, definition: Definition) -> Iterator[rules.Problem]:
    return iter(rules.check(tree, definition) if tree is not None else ())


def _measure(
    measure: Measure, report: ReportDefinition, known: dict[str, Definition | None]
) -> Iterator[Problem]:
    path = f"measures.{measure.key}"
    if measure.source not in report.by_source:
        yield Problem(f"{path}.source", _("There is no source “%(key)s”.", key=measure.source))
        return
    definition = known[measure.source]
    if definition is None:
        return
    if measure.kind != "count":
        yield from _counted(measure, definition)
    yield from (Problem(f"{path}.where", one.message) for one in _rule(measure.where, definition))


def _counted(measure: Measure, definition: Definition) -> Iterator[Problem]:
    """Yield what is wrong with the field of a sum, an average or a count of different values."""
    path, field = f"measures.{measure.key}", definition.by_key.get(measure.field)
    if measure.until:
        yield from _days(measure, definition)
    elif field is None:
        yield _unknown(f"{path}.field", measure.field)
    elif measure.weights and measure.kind == "distinct":
        yield Problem(f"{path}.weights", _("Different values are counted: weights mean nothing here."))
    elif measure.weights:
        for key in measure.weights.keys() - field.options_by_key.keys():
            yield _unknown(f"{path}.weights", key)
    elif measure.kind == "distinct":
        if not field.holds_value or field.type in UNCOUNTED:
            yield Problem(
                f"{path}.field", _("The values of “%(field)s” cannot be told apart.", field=field.label)
            )
    elif field.type not in NUMBERS:
        yield Problem(f"{path}.field", _("“%(field)s” is not a number.", field=field.label))


def _days(measure: Measure, definition: Definition) -> Iterator[Problem]:
    path = f"measures.{measure.key}"
    for name, key in (("field", measure.field), ("until", measure.until)):
        if not _is_date(key, definition):
            yield Problem(f"{path}.{name}", _("“%(key)s” is not a field with a date.", key=key))
    if measure.kind != "average":
        yield Problem(f"{path}.until", _("Only an average of days has a second date."))


def _is_date(key: str, definition: Definition) -> bool:
    field = definition.by_key.get(key)
    return key in SYSTEM_DATES or (field is not None and field.type in DATES)


def _ratio(ratio: Ratio, report: ReportDefinition) -> Iterator[Problem]:
    for name in ("part", "whole"):
        if not isinstance(report.by_measure.get(getattr(ratio, name)), Measure):
            yield _unknown(f"ratios.{ratio.key}.{name}", getattr(ratio, name))


def _analysis(analysis: Analysis, report: ReportDefinition) -> Iterator[Problem]:
    path, kind = f"analyses.{analysis.key}", KINDS.get(analysis.kind)
    if kind is None:
        yield Problem(f"{path}.kind", _("There is no kind of analysis “%(key)s”.", key=analysis.kind))
        return
    if len(analysis.measures) < kind.measures:
        yield Problem(f"{path}.measures", _("It needs %(count)s figures.", count=kind.measures))
    if len(analysis.by) < kind.groupings:
        yield Problem(f"{path}.by", _("It needs %(count)s groupings.", count=kind.groupings))
    yield from (
        _unknown(f"{path}.measures", one) for one in analysis.measures if one not in report.by_measure
    )
    yield from (_unknown(f"{path}.by", one) for one in analysis.by if one not in report.by_grouping)
    yield from (Problem(f"{path}.measures", one) for one in _unsuitable(analysis, kind, report))
    for name, value in analysis.options.items():
        option = kind.options.get(name)
        if option is None:
            yield Problem(f"{path}.options", _("“%(key)s” means nothing here.", key=name))
        elif not option.suits(value):
            yield Problem(f"{path}.options.{name}", option.message)


def _unsuitable(analysis: Analysis, kind: Kind, report: ReportDefinition) -> Iterator[Message]:
    """Yield why figures do not go with an analysis."""
    for key in analysis.measures:
        one = report.by_measure.get(key)
        if kind.plain and isinstance(one, Ratio):
            yield _("“%(key)s” is a ratio; a plain figure is needed here.", key=key)
        if kind.adds_up and isinstance(one, Measure) and one.kind not in {"count", "sum"}:
            yield _("“%(key)s” of groups cannot be added up; a count or a sum is needed here.", key=key)
    for key in sorted(_shown(analysis, report) & kind.columns(analysis.measures)):
        yield _("“%(key)s” is a column of this analysis itself; the figure needs another key.", key=key)


def _unparted(
    analysis: Analysis, report: ReportDefinition, known: dict[str, Definition | None]
) -> Iterator[Problem]:
    """Yield groupings by which none of an analysis's figures can be parted: it would always be empty."""
    shown = (report.by_measure.get(key) for key in _shown(analysis, report))
    theirs = {one.source for one in shown if isinstance(one, Measure)}
    for grouping in filter(None, map(report.by_grouping.get, analysis.by)):
        telling = {key for key, one in known.items() if one is None or grouping.field in one.by_key}
        if theirs and telling and not theirs & telling and grouping.field not in rules.SYSTEM:
            yield Problem(
                f"analyses.{analysis.key}.by",
                _("None of the figures is about records that have the field “%(key)s”.", key=grouping.field),
            )


def _shown(analysis: Analysis, report: ReportDefinition) -> set[str]:
    """Return the figures that an analysis shows, those that ratios are made of too."""
    ratios = [one for key in analysis.measures if isinstance(one := report.by_measure.get(key), Ratio)]
    return {*analysis.measures, *(name for one in ratios for name in (one.part, one.whole))}


def _begun(report: ReportDefinition, form_of: Callable[[str], Definition | None]) -> Iterator[Problem]:
    """Yield what is wrong with the records that closing and analyses begin: their forms and fields."""
    known = {one.key for one in report.analyses}
    for plan in report.plans:
        path = f"plans.{plan.analysis}"
        if plan.analysis not in known:
            yield _unknown(path, plan.analysis)
        yield from _fields(path, plan.form, _values(plan), form_of)
    if part := report.release:
        fields = {name: getattr(part, name) for name in RELEASED if getattr(part, name)}
        yield from _fields("release", part.form, {**fields, **_values(part)}, form_of)
        yield from _taken_back(part, form_of(part.form))


def _values(part: Plan | Release) -> dict[str, str]:
    return {f"values.{key}": key for key in part.values}


def _fields(
    path: str, form: str, fields: Mapping[str, str], form_of: Callable[[str], Definition | None]
) -> Iterator[Problem]:
    definition = form_of(form)
    if definition is None:
        yield Problem(f"{path}.form", _("There is no form “%(key)s”.", key=form))
        return
    for name, key in fields.items():
        if key not in definition.by_key:
            yield _unknown(f"{path}.{name}", key)


def _taken_back(part: Release, definition: Definition | None) -> Iterator[Problem]:
    """Yield why a record that hands a period on could not be taken back when that is opened again."""
    if part.reopened is None or definition is None:
        return
    path, workflow = "release.reopened", definition.workflow
    step = workflow.by_transition.get(part.reopened) if workflow else None
    if workflow is None or step is None:
        yield _unknown(path, part.reopened)
        return
    for state in workflow.states:
        if state.category != "void" and not workflow.leaves(step, state.key):
            yield Problem(path, _("This step does not lead on from “%(state)s”.", state=state.label))


def _scheduled(report: ReportDefinition, definitions: Iterable[Definition]) -> Iterator[Problem]:
    """Yield recipients that only a record could name: a report that makes itself is about none."""
    fields = {key for one in definitions for key in one.by_key}
    for at, schedule in enumerate(report.schedules):
        meant = schedule.recipients
        named = [*meant.fields, *meant.heads_of, *meant.members_of]
        if meant.within.startswith("@") or meant.within in fields:  # what is no field is a department's code
            named.append(meant.within)
        for one in named:
            yield Problem(
                f"schedules.{at}.recipients",
                _(
                    "“%(key)s” is of a record; name roles, people or departments, who get every report.",
                    key=one,
                ),
            )


def _unknown(path: str, key: str) -> Problem:
    return Problem(path, _("There is nothing called “%(key)s”.", key=key))
