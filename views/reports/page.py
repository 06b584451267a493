"""A report for a period: figures, charts, tables, and its workbook."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from flask import redirect, request
from flask.typing import ResponseReturnValue

from models.errors import ForbiddenError, InvalidError, NotFoundError
from models.messages import _
from models.people import Permission
from models.reports import making, narrowing, reading, running
from models.reports.closing import reprint
from models.reports.parts import Grouping
from models.reports.periods import NOT_A_PERIOD
from tasks.jobs import dispatch
from views.context import current_language, require_person, say
from views.reports import base, standing
from views.reports.base import Asked
from views.reports.shown import shown

FEW: Final = 12
"""So many analyses are shown at once; of more than that only the first, the others when one gets there."""
FIRST: Final = 4


@base.pages.get("/<key>")
def report(key: str) -> ResponseReturnValue:
    """Show a report for `period`, narrowed down to `only-<grouping>`."""
    asked = Asked.read(key)
    return shown_whole(asked), InvalidError.status if asked.error else 200


def shown_whole(asked: Asked, reopening: Mapping[str, str] | None = None) -> str:
    """Render the page of a report; `reopening` has the `reason` that was refused, and the `error`."""
    closed, look, person = asked.closed, asked.look, require_person()
    keys = [one.key for one in look.report.analyses]
    at_once = keys if "all" in request.args or len(keys) <= FEW else keys[:FIRST]
    return base.show(
        "report",
        asked=asked,
        look=look,
        title=look.report.label.text(current_language()) or asked.report.key,
        about=look.report.description.text(current_language()),
        scope=say(_("All records") if closed else reading.scope_of(person, asked.definition)),
        **_sections(asked, at_once),
        later=[one for one in look.report.analyses if one.key not in at_once],
        closed=closed,
        standing=standing.standing(asked),
        inputs=[_input(asked, one) for one in narrowing.groupings(asked.whole)],
        may_configure=person.may(Permission.CONFIGURE_REPORTS),
        may_export=_may_export(asked),
        reopening=reopening or {},
    )


def _sections(asked: Asked, keys: Collection[str]) -> dict[str, Any]:
    """Return some analyses as templates show them, each with the plan that it asks for."""
    look, closed = asked.look, asked.closed
    found = list(reprint.results(look, closed, keys) if closed else running.results(look, keys))
    plans = {one.key: standing.plans_of(asked, one) for one in found}
    return {"sections": shown(look, found), "plans": plans}


@base.pages.get("/<key>/section")
def section(key: str) -> str:
    """Return one `analysis` of a report: a page with many shows the first ones at once."""
    asked = Asked.read(key)
    wanted = request.args.get("analysis", "")
    if wanted not in {one.key for one in asked.look.report.analyses}:
        raise NotFoundError
    return base.show("section", asked=asked, **_sections(asked, {wanted}))


def _input(asked: Asked, grouping: Grouping) -> dict[str, object]:
    """Return the input by which a reader narrows down to a group of one kind."""
    field = asked.whole.group_field(grouping)
    chosen = next((one for one in asked.narrowed if one.grouping.key == grouping.key), None)
    source = next(
        one
        for one in asked.definition.sources
        if grouping.field in asked.whole.figures.form(one).definition.by_key
    )
    return {
        "name": base.ONLY + grouping.key,
        "label": grouping.label.text(current_language()) or grouping.key,
        "options": [] if field is None else field.options,
        "picker": f"/records/{source.form}/options?field={grouping.field}",
        "value": chosen.value if chosen else "",
        "text": chosen.text if chosen else "",
    }


def _may_export(asked: Asked) -> bool:
    """Tell whether the reader may take away what the page shows, with every form that was counted then."""
    definitions = asked.definition, asked.look.report
    return all(making.may_export(require_person(), one) for one in definitions)


@base.pages.post("/<key>/workbook")
def make_workbook(key: str) -> ResponseReturnValue:
    """Begin the workbook of a report as a job, asked for like its page."""
    asked, person = Asked.read(key), require_person()
    if asked.error:
        raise InvalidError({"period": [NOT_A_PERIOD]})
    if not _may_export(asked):
        raise ForbiddenError(_("Your roles let you read this report, and not take it away."))
    job = making.enqueue(
        person,
        asked.report,
        asked.period,
        current_language(),
        narrowed=asked.narrowed,
        live=asked.is_live,
    )
    dispatch(job)
    return redirect(f"/jobs/{job.id}")
