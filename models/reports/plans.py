"""What an analysis that stands out brings about: a plan to set it right, once for each period (P03.34).

Where groups exceed a limit, each of them has a plan of its own (P09.12, P09.14).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

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

_NAMED: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Begun:
    """A plan that was begun: the record of which form."""

    form: LiveForm
    record: ObjectId


@dataclass(frozen=True)
class Asked:
    """A plan that is asked for: for the whole analysis, or for one group and what is known of it."""

    plan: Plan
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """The group as addresses write it; "" for the whole analysis."""
        return self.about.get("group", "")


def asked(report: ReportDefinition, result: Result) -> list[Asked]:
    """Return the plans that an analysis asks for by what it found."""
    plan = next((one for one in report.plans if one.analysis == result.key), None)
    if plan is None or not result.facts.get(plan.when):
        return []
    return [Asked(plan, one) for one in result.facts.get("groups", ())] or [Asked(plan)]


def begun(report: str, period: Period, analysis: str, group: str = "") -> Begun | None:
    """Return the plan that was begun for an analysis of a period, or a group, unless it was deleted since."""
    found = db().report_plans.find_one({"_id": _key(report, period, analysis, group)})
    if found is None:
        return None
    try:
        form = forms.current(found["form"])
    except NotFoundError:
        return None
    there = {"_id": found["record"], "deleted_at": None}
    return Begun(form, found["record"]) if form.records().count_documents(there, limit=1) else None


def begin(person: User, report: Report, period: Period, analysis: str, group: str = "") -> Begun:
    """Begin the plan of an analysis in a person's name; the one that is there already is given instead.

    Where groups ask for plans, it is that of one of them.

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
    known = begun(report.key, period, analysis, group)
    return known or _made(person, look, _found(look, closing, plan, group))


def _look(person: User, report: Report, period: Period) -> tuple[Look, Closing | None]:
    """Return what a person reads of a period: as it was closed, where that is what they are shown."""
    language = str(person.language)
    look = reading.look_at(person, report.definition, period, language)
    closing = making.closed_for(person, report, period)
    return (reprint.as_closed(look, closing) if closing else look), closing


def fits(report: ReportDefinition, period: Period) -> bool:
    """Tell whether plans are begun for a period: one of the report's own, so that there is one plan."""
    return period.unit == report.unit


def _found(look: Look, closing: Closing | None, plan: Plan, group: str) -> Asked:
    """Return what an analysis asks for. Raises DomainError where it does not."""
    if not fits(look.report, look.period):
        raise DomainError(_("Plans are begun for whole periods of the report's own kind."))
    only = {plan.analysis}
    found = reprint.results(look, closing, only) if closing else running.results(look, only)
    for result in found:
        for one in asked(look.report, result):
            if one.group == group:
                return one
    raise DomainError(_("Nothing stands out here that asks for a plan."))


def _made(person: User, look: Look, found: Asked) -> Begun:
    """Store the record of a plan, unless somebody else was faster."""
    form, language = forms.current(found.plan.form), str(person.language)
    values = _filled(found, look.report, look.period, language)
    [change] = records.plan_creates(Actor.of(person), form, [values], source="system")
    place = look.report.key, look.period, found.plan.analysis, found.group
    key = _key(*place)
    made = {"form": form.key, "record": change.record["_id"], "by": person.id, "at": now()}
    before = db().report_plans.find_one({"_id": key})  # of a record that is deleted

    def remember(session: ClientSession) -> None:
        if before is not None:
            db().report_plans.delete_one(before, session=session)
        db().report_plans.insert_one({"_id": key, **made}, session=session)

    try:
        records.commit([change], remember)
    except (DomainError, DuplicateKeyError):
        known = begun(*place)
        if known is None:
            raise
        return known
    return Begun(form, change.record["_id"])


def _key(report: str, period: Period, analysis: str, group: str) -> str:
    return ":".join([report, period.name, analysis, *filter(None, [group])])


def _filled(found: Asked, report: ReportDefinition, period: Period, language: str) -> dict[str, Any]:
    plan = found.plan
    analysis = next((one for one in report.analyses if one.key == plan.analysis), None)
    named = {
        "report": report.label.text(language),
        "period": period.name,
        "analysis": analysis.label.text(language) if analysis else plan.analysis,
        **found.about,
    }

    def filled(value: Any) -> Any:  # noqa: ANN401  (any raw value)
        return (
            _NAMED.sub(lambda mark: named.get(mark[1], mark[0]), value) if isinstance(value, str) else value
        )

    return {key: filled(value) for key, value in plan.values.items()}
