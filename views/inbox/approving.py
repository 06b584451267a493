"""Approving several at once: first a look at what is approved, then a report for each."""

from typing import TYPE_CHECKING, Any

from bson import ObjectId
from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import ngettext

from models import duties
from models.approvals import bulk, queries
from models.approvals.bulk import Report
from models.people import User
from tasks.sweeps import carry_out_effects
from views.context import current_actor, require_person, say
from views.inbox.rows import Row, rows
from views.sending import send_quietly

if TYPE_CHECKING:
    from views.inbox.duties import DutyLists as _Base
else:
    _Base = object

MAX_SIGNATURE = 200


class Approving(_Base):
    """The page between ticking and approving."""

    @expose("/approve", methods=("POST",))
    def approve(self) -> ResponseReturnValue:
        """Show the ticked approvals (`ids`) and, with `sure`, approve them."""
        person = require_person()
        owed = duties.approvals_of(person, _ids())
        found = rows(person, owed)
        seen = {duty: queries.as_told(content) for duty, content in queries.contents(owed).items()}
        tickable = [one for one in found if one.tickable]
        if not tickable:
            flash(_("Nothing of this can be approved together."), "warning")
            return redirect(url_for(".index"))
        if "sure" not in request.form:
            left_out = len(found) - len(tickable)
            return self.show("approve", rows=tickable, seen=seen, left_out=left_out, **_said())
        return self._approve(person, tickable, seen)

    def _approve(self, person: User, tickable: list[Row], held: dict[ObjectId, str]) -> ResponseReturnValue:
        said = _said()
        reports = bulk.approve_many(
            current_actor(),
            person,
            [one.id for one in tickable],
            reason=said["reason"],
            signature=said["signature"] or None,
            seen=_seen(tickable),
        )
        send_quietly(carry_out_effects)
        failed = {report.duty: _why(report) for report in reports if report.error or report.errors}
        done = len(reports) - len(failed)
        if done:
            flash(ngettext("%(num)s approved.", "%(num)s approved.", done), "success")
        if not failed:
            return redirect(url_for(".index"))
        left = [one for one in tickable if one.id in failed]
        return self.show("approve", rows=left, seen=held, failed=failed, left_out=0, **said), 422


def _ids() -> list[ObjectId]:
    sent = request.form.getlist("ids")[: bulk.MAX_BULK]
    return [ObjectId(one) for one in sent if ObjectId.is_valid(one)]


def _seen(tickable: list[Row]) -> dict[ObjectId, str]:
    """Return what the page showed of each, as it was sent along with the page."""
    sent = ((one.id, queries.as_held(request.form.get(f"seen-{one.id}", ""))) for one in tickable)
    return {duty: seen for duty, seen in sent if seen is not None}


def _said() -> dict[str, Any]:
    return {
        "reason": request.form.get("reason", "").strip(),
        "signature": request.form.get("signature", "").strip()[:MAX_SIGNATURE],
    }


def _why(report: Report) -> str:
    """Return why one was not approved."""
    if report.errors:
        return " ".join(say(text) for texts in report.errors.values() for text in texts)
    return say(report.error) if report.error else ""
