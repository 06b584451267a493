"""Closing a period for everybody, opening it again, and the plans that its analyses ask for."""

from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import quote

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue

from models import forms
from models.access import require_permission
from models.errors import DomainError, ForbiddenError, InvalidError, NotFoundError
from models.people import Permission
from models.reports import plans, scheduling
from models.reports.closing import keeping, reopening, running
from models.reports.periods import NOT_A_PERIOD
from tasks.jobs import dispatch
from views.context import all_said, current_language, current_lookup, current_timezone, require_person, say
from views.reports import base, page
from views.reports.base import Asked


def _asked(key: str) -> Asked:
    """Read an address that has to name a period. Raises InvalidError where it does not."""
    asked = Asked.read(key)
    if asked.error:
        raise InvalidError({"period": [NOT_A_PERIOD]})
    return asked


@base.pages.post("/<key>/close")
def close(key: str) -> ResponseReturnValue:
    """Begin to close a period as a job."""
    asked = _asked(key)
    job = running.enqueue(require_person(), asked.report, asked.period, current_language())
    dispatch(job)
    return redirect(f"/jobs/{job.id}")


@base.pages.post("/<key>/reopen")
def reopen(key: str) -> ResponseReturnValue:
    """Open a closed period again, for a `reason`; what is refused is told beside it."""
    asked, reason = _asked(key), request.form.get("reason", "")
    if asked.closing is None:
        raise NotFoundError
    try:
        reopening.reopen(require_person(), asked.closing, reason)
    except (ForbiddenError, NotFoundError):
        raise
    except DomainError as error:
        told = all_said(error) if isinstance(error, InvalidError) else say(error.message)
        return page.shown_whole(asked, reopening={"reason": reason, "error": told}), error.status
    return redirect(asked.url())


@base.pages.post("/<key>/plan")
def begin_plan(key: str) -> ResponseReturnValue:
    """Begin the plan that `analysis` asks for, and go to its record."""
    asked = _asked(key)
    analysis, group = request.form.get("analysis", ""), request.form.get("group", "")
    try:
        begun = plans.begin(require_person(), asked.report, asked.period, analysis, group)
    except InvalidError as error:
        for told in _problems(asked, analysis, error):
            flash(told, "danger")
        return redirect(f"{asked.url()}#{quote(analysis)}", HTTPStatus.SEE_OTHER)
    return redirect(f"/records/{begun.form.key}/{begun.record}")


def _problems(asked: Asked, analysis: str, error: InvalidError) -> Iterator[str]:
    """Yield what the form of a plan is missing, by the labels of its fields."""
    plan = next(one for one in asked.look.report.plans if one.analysis == analysis)
    named = forms.current(plan.form).definition.by_key
    for path, messages in error.errors.items():
        field = named.get(path.partition(".")[0])
        label = field.label.text(current_language()) if field else path
        yield f"{label}: {' '.join(map(say, messages))}"


@base.pages.get("/<key>/closings")
def closings(key: str) -> str:
    """List what was ever closed of a report."""
    asked = Asked.read(key)
    return base.show(
        "closings",
        asked=asked,
        title=asked.definition.label.text(current_language()) or key,
        closings=keeping.of_report(asked.report.key),
        timezone=current_timezone(),
    )


@base.pages.get("/<key>/runs")
def runs(key: str) -> str:
    """List what a report's schedules made, and what failed."""
    asked = Asked.read(key)
    person = require_person()
    found = scheduling.runs(asked.report.key)
    owners = [job["owner"] for run in found for job in run["jobs"]]
    return base.show(
        "runs",
        asked=asked,
        title=asked.definition.label.text(current_language()) or key,
        runs=found,
        names=dict(zip(owners, map(current_lookup().person, owners), strict=True)),
        mine=person.id,
        may_try=person.may(Permission.CONFIGURE_REPORTS),
        timezone=current_timezone(),
    )


@base.pages.post("/<key>/runs")
def try_again(key: str) -> ResponseReturnValue:
    """Try the failed jobs of a `run` once more."""
    asked = Asked.read(key)
    require_permission(require_person(), Permission.CONFIGURE_REPORTS)
    run = scheduling.get(asked.report.key, request.form.get("run", ""))
    for job in scheduling.try_again(run):
        dispatch(job)
    return redirect(f"/reports/{asked.report.key}/runs")
