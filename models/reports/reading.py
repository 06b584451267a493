"""Who may read which report, and opening one for a period.

A report says nothing that its reader could not count on lists: every figure is within their own rights.
"""

from collections.abc import Sequence
from dataclasses import replace

from models.access import sees_every_record
from models.calendars import company_zone
from models.definition import RuleTree
from models.disclosure import Disclosure
from models.errors import NotFoundError
from models.forms import LiveForm, current, keys_in_force
from models.messages import Message, _
from models.people import Action, Permission, User
from models.permissions import permitted_among
from models.reports import keeping
from models.reports.keeping import Report
from models.reports.look import Look
from models.reports.parts import ReportDefinition
from models.reports.periods import Fiscal, Period
from models.times import today


def fiscal(report: ReportDefinition) -> Fiscal:
    """Return how a report counts its months and years."""
    return Fiscal(report.first_month, report.first_day)


def forms_of(report: ReportDefinition) -> list[LiveForm]:
    """Return the forms that a report counts in, each once; one that is gone is left out."""
    found = []
    for key in dict.fromkeys(source.form for source in report.sources):
        try:
            found.append(current(key))
        except NotFoundError:
            continue
    return found


def may_read(person: User, report: ReportDefinition) -> bool:
    """Tell whether a person is among a report's readers, and may see records of any of its forms.

    Whoever configures reports reads all of them. A report without readers is for everybody who sees
    something of it.
    """
    return _may_read(person, report, _seen(person, report))


def _seen(person: User, *reports: ReportDefinition) -> set[str]:
    """Return those forms of some reports that are in force, and of which a person may see records."""
    forms = keys_in_force({source.form for report in reports for source in report.sources})
    return permitted_among(person, forms, Action.SEE)


def _may_read(person: User, report: ReportDefinition, seen: set[str]) -> bool:
    if seen.isdisjoint(source.form for source in report.sources):
        return False
    if person.may(Permission.CONFIGURE_REPORTS) or not report.readers:
        return True
    return bool({role.name for role in person.held_roles} & set(report.readers))


def readable(person: User) -> list[Report]:
    """Return the reports that a person may read, in their newest versions."""
    reports = keeping.every()
    seen = _seen(person, *(one.definition for one in reports))
    return [one for one in reports if _may_read(person, one.definition, seen)]


def reads_any(person: User, seen: set[str]) -> bool:
    """Tell whether there is a report for a person, who sees records of some forms in use."""
    reports = [one.definition for one in keeping.every()]
    if any(_may_read(person, one, seen) for one in reports):
        return True
    retired_too = _seen(person, *reports)
    return any(_may_read(person, one, retired_too) for one in reports)


def get(person: User, key: str) -> Report:
    """Return a report for a reader. Raises NotFoundError for anybody else."""
    report = keeping.get(key)
    if not may_read(person, report.definition):
        raise NotFoundError
    return report


def period_of(report: ReportDefinition, name: str) -> Period:
    """Return the period of a name; without one the last that is over. Raises InvalidError."""
    counted = fiscal(report)
    if name:
        return Period.read(name, counted)
    return Period.last_full(report.unit, today(company_zone()), counted)


def look_at(
    person: User, report: ReportDefinition, period: Period, language: str, narrowed: Sequence[RuleTree] = ()
) -> Look:
    """Open a report for a person."""
    return Look(report, person, period, language, fiscal(report), tuple(narrowed))


def anew(look: Look) -> Look:
    """Return the same look with nothing worked out yet."""
    return replace(look)


def sees_everything(person: User, report: ReportDefinition) -> bool:
    """Tell whether a person's figures are everybody's: every record, every field of each of its forms."""
    return all(
        sees_every_record(person, form.key) and not Disclosure(person, form).unasked
        for form in forms_of(report)
    )


def reads_closed(person: User, report: ReportDefinition) -> bool:
    """Tell whether a person reads what was closed for everybody.

    That is whoever sees everything anyway, and whoever the report itself names among its readers, if each of
    its forms is open to them: of those they read what was counted in other departments, too.
    """
    named = {role.name for role in person.held_roles} & set(report.readers)
    keys = {form.key for form in forms_of(report)}
    seen = permitted_among(person, keys, Action.SEE) if named else set()
    return (bool(named) and seen == keys) or sees_everything(person, report)


def scope_of(person: User, report: ReportDefinition) -> Message:
    """Say of which records a person's figures are: a report must not look whole that is not."""
    if sees_everything(person, report):
        return _("All records")
    return _("The records that %(name)s may see", name=str(person))
