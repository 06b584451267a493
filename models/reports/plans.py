"""What an analysis that stands out brings about: a plan to set it right, once for each period (P03.34)."""

from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from models import forms, records
from models.access import Action, require
from models.database import db
from models.errors import DomainError, NotFoundError
from models.forms import LiveForm
from models.messages import _
from models.people import Actor, User
from models.reports import making, reading, running
from models.reports.closing import reprint
from models.reports.closing.keeping import Closing
from models.reports.keeping import Report
from models.reports.look import Look
from models.reports.parts import Plan, ReportDefinition
from models.reports.periods import Period
from models.reports.results import Result
from models.times import now


@dataclass(frozen=True)
class Begun:
    """A plan that was begun: the record of which form."""

    form: LiveForm
    record: ObjectId


def asked(report: ReportDefinition, result: Result) -> Plan | None:
    """Return the plan that an analysis asks for by what it found."""
    for plan in report.plans:
        if plan.analysis == result.key and result.facts.get(plan.when):
            return plan
    return None


def begun(report: str, period: Period, analysis: str) -> Begun | None:
    """Return the plan that was begun for an analysis of a period, unless it was deleted since."""
    found = db().report_plans.find_one({"_id": _key(report, period, analysis)})
    if found is None:
        return None
    try:
        form = forms.current(found["form"])
    except NotFoundError:
        return None
    there = {"_id": found["record"], "deleted_at": None}
    return Begun(form, found["record"]) if form.records().count_documents(there, limit=1) else None


def begin(person: User, report: Report, period: Period, analysis: str) -> Begun:
    """Begin the plan of an analysis in a person's name; the one that is there already is given instead.

    Raises:
        NotFoundError: the report has no plan for it.
        ForbiddenError: the person may not make such records.
        DomainError: the analysis does not ask for it, or not in such a period.
        InvalidError: the form asks for more than the plan says.
    """
    look, closing = _look(person, report, period)
    plan = next((one for one in look.report.plans if one.analysis == analysis), None)
    if plan is None:
        raise NotFoundError
    require(person, plan.form, Action.CREATE)
    known = begun(report.key, period, analysis)
    if known is not None:
        return known
    _require_asked(look, closing, plan)
    return _made(person, look, plan)


def _look(person: User, report: Report, period: Period) -> tuple[Look, Closing | None]:
    """Return what a person reads of a period: as it was closed, where that is what they are shown."""
    language = str(person.language)
    look = reading.look_at(person, report.definition, period, language)
    closing = making.closed_for(person, report, period)
    return (reprint.as_closed(look, closing) if closing else look), closing


def fits(report: ReportDefinition, period: Period) -> bool:
    """Tell whether plans are begun for a period: one of the report's own, so that there is one plan."""
    return period.unit == report.unit


def _require_asked(look: Look, closing: Closing | None, plan: Plan) -> None:
    if not fits(look.report, look.period):
        raise DomainError(_("Plans are begun for whole periods of the report's own kind."))
    only = {plan.analysis}
    found = reprint.results(look, closing, only) if closing else running.results(look, only)
    if plan not in (asked(look.report, one) for one in found):
        raise DomainError(_("Nothing stands out here that asks for a plan."))


def _made(person: User, look: Look, plan: Plan) -> Begun:
    """Store the record of a plan, unless somebody else was faster."""
    form, language = forms.current(plan.form), str(person.language)
    values = _filled(plan, look.report, look.period, language)
    [change] = records.plan_creates(Actor.of(person), form, [values], source="system")
    key = _key(look.report.key, look.period, plan.analysis)
    made = {"form": form.key, "record": change.record["_id"], "by": person.id, "at": now()}
    before = db().report_plans.find_one({"_id": key})  # of a record that is deleted

    def remember(session: ClientSession) -> None:
        if before is not None:
            db().report_plans.delete_one(before, session=session)
        db().report_plans.insert_one({"_id": key, **made}, session=session)

    try:
        records.commit([change], remember)
    except (DomainError, DuplicateKeyError):
        known = begun(look.report.key, look.period, plan.analysis)
        if known is None:
            raise
        return known
    return Begun(form, change.record["_id"])


def _key(report: str, period: Period, analysis: str) -> str:
    return f"{report}:{period.name}:{analysis}"


def _filled(plan: Plan, report: ReportDefinition, period: Period, language: str) -> dict[str, Any]:
    analysis = next((one for one in report.analyses if one.key == plan.analysis), None)
    named = {
        "{report}": report.label.text(language),
        "{period}": period.name,
        "{analysis}": analysis.label.text(language) if analysis else plan.analysis,
    }

    def filled(value: Any) -> Any:  # noqa: ANN401  (any raw value)
        if not isinstance(value, str):
            return value
        for mark, name in named.items():
            value = value.replace(mark, name)
        return value

    return {key: filled(value) for key, value in plan.values.items()}
