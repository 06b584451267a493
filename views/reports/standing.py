"""What a report's page says of the closing of its period, and of the plans that its analyses ask for."""

from typing import Any

from models.access import permitted
from models.people import Action, Permission
from models.reports import plans
from models.reports.closing import reopening, running
from models.reports.results import Result
from views.context import current_language, current_timezone, require_person, say
from views.reports.base import Asked


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
