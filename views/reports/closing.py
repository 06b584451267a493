"""Closing a period for everybody, opening it again, and the plans that its analyses ask for."""

from typing import Any

from flask import redirect, request
from flask.typing import ResponseReturnValue

from models.access import permitted, require_permission
from models.errors import InvalidError, NotFoundError
from models.people import Action, Permission
from models.reports import plans, scheduling
from models.reports.closing import keeping, reopening, running
from models.reports.periods import NOT_A_PERIOD
from models.reports.results import Result
from tasks.jobs import dispatch
from views.context import current_language, current_lookup, current_timezone, require_person, say
from views.reports import base
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
    """Open a closed period again, for a `reason`."""
    asked = _asked(key)
    if asked.closing is None:
        raise NotFoundError
    reopening.reopen(require_person(), asked.closing, request.form.get("reason", ""))
    return redirect(asked.url())


@base.pages.post("/<key>/plan")
def begin_plan(key: str) -> ResponseReturnValue:
    """Begin the plan that `analysis` asks for, and go to its record."""
    asked = _asked(key)
    wanted = request.form.get("analysis", ""), request.form.get("group", "")
    begun = plans.begin(require_person(), asked.report, asked.period, *wanted)
    return redirect(f"/records/{begun.form.key}/{begun.record}")


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


def plans_of(asked: Asked, result: Result) -> list[dict[str, Any]]:
    """Return what a page says of the plans that an analysis asks for: their records, or how to begin them."""
    return [_plan(asked, one) for one in plans.asked(asked.look.report, result)]


def _plan(asked: Asked, found: plans.Asked) -> dict[str, Any]:
    plan = found.plan
    begun = plans.begun(asked.report.key, asked.period, plan.analysis, found.group)
    may = begun is None and _is_begun_here(asked) and permitted(require_person(), plan.form, Action.CREATE)
    return {
        "label": plan.label.text(current_language()),
        "url": f"/records/{begun.form.key}/{begun.record}" if begun else "",
        "analysis": plan.analysis if may else "",
        "group": found.group,
        "about": found.about,
    }


def _is_begun_here(asked: Asked) -> bool:
    """Tell whether plans are begun from what a page shows: the whole of one of the report's own periods."""
    return plans.fits(asked.look.report, asked.period) and not asked.is_live


def standing(asked: Asked) -> dict[str, object]:
    """Return what a page says of the closing of its period, and what its reader may do about it."""
    person, closing = require_person(), asked.closing
    may_close = person.may(Permission.REPORTS_CLOSE)
    refused = running.problem(person, asked.report, asked.period) if may_close and closing is None else None
    return {
        "closing": closing,
        "at": closing.at.astimezone(current_timezone()).strftime("%Y-%m-%d %H:%M") if closing else "",
        "may_close": may_close and closing is None and refused is None,
        "why_not": say(refused) if refused else "",
        "takes_back": closing is not None
        and reopening.step_back(asked.report.definition, closing) is not None,
        "may_reopen": closing is not None and person.may(Permission.REPORTS_REOPEN),
    }
