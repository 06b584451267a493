"""Retention: how long the records of each form are kept, what is held, and the lists of what goes."""

from typing import Any

from bson import ObjectId
from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from models import forms
from models.access import object_id
from models.errors import DomainError, ForbiddenError, InvalidError, NotFoundError
from models.forms import LiveForm
from models.people import Permission
from models.retention import due, holds, lists, rules, sheet
from models.retention.carrying_out import OUTCOMES
from tasks.jobs import dispatch
from views.configure.base import ConfigureView, Errors, attempt, posted, said, summary
from views.context import current_language, current_timezone, require_person, say

COUNTED = 1000
PAGE_SIZE = 200
LABELS = {
    "months": lazy_gettext("Months kept"),
    "counts_from": lazy_gettext("Counted from"),
    "note": lazy_gettext("Note"),
}
STATES: dict[str, tuple[Any, str]] = {
    "drawn": (lazy_gettext("waits for approval"), "orange"),
    "approved": (lazy_gettext("approved"), "blue"),
    "done": (lazy_gettext("carried out"), "green"),
    "rejected": (lazy_gettext("put aside"), "gray"),
}
OUTCOME_COLORS = {"removed": "gray", "held": "purple"}


class RetentionView(ConfigureView):
    """Rules, holds and disposal lists."""

    permissions = (Permission.RETENTION_MANAGE,)
    endpoint_name = "configure_retention"
    path = "/configure/retention"

    @expose("/")
    def index(self) -> str:
        """List the forms with their rules and holds, and the lists under way."""
        return self._show_index({})

    @expose("/audit-log", methods=["POST"])
    def audit_log(self) -> ResponseReturnValue:
        """Say how long the audit log is kept."""
        try:
            rules.save_audit_log(
                require_person(), {"months": posted("months", 20), "note": posted("note", 500)}
            )
        except InvalidError as error:
            return self._show_index(said(error))
        flash(_("Saved."), "success")
        return redirect(url_for(".index"))

    @expose("/forms/<key>", methods=["GET", "POST"])
    def form(self, key: str) -> ResponseReturnValue:
        """Show and change the rule of a form."""
        live = forms.current(key)
        rule = rules.of_form(key)
        if request.method == "GET":
            return self._show_form(live, dict(rule or {}), {})
        try:
            given = {
                "months": posted("months", 20),
                "counts_from": posted("counts_from"),
                "note": posted("note", 500),
            }
            rules.save(require_person(), live, given)
        except InvalidError as error:
            return self._show_form(live, dict(request.form), said(error))
        flash(_("Saved."), "success")
        return redirect(url_for(".form", key=key))

    @expose("/forms/<key>/hold", methods=["POST"])
    def hold(self, key: str) -> ResponseReturnValue:
        """Put a hold on a form, or on the record whose number is given."""
        live, number = forms.current(key), posted("number", 100)
        record = _numbered(live, number) if number else None
        if number and record is None:
            flash(_("There is no record with the number %(number)s.", number=number), "danger")
            return redirect(url_for(".form", key=key))
        return attempt(
            url_for(".form", key=key),
            _("The legal hold stands."),
            holds.set_on,
            require_person(),
            live,
            posted("reason", holds.MAX_REASON),
            record=record,
        )

    @expose("/forms/<key>/holds/<hold_id>/lift", methods=["POST"])
    def lift(self, key: str, hold_id: str) -> ResponseReturnValue:
        """Lift a hold."""
        return attempt(
            url_for(".form", key=key),
            _("The legal hold is lifted."),
            holds.lift,
            require_person(),
            object_id(hold_id),
            posted("reason", holds.MAX_REASON),
            forms.current(key),
        )

    @expose("/forms/<key>/draw", methods=["POST"])
    def draw(self, key: str) -> ResponseReturnValue:
        """Draw up the list of what is due."""
        try:
            list_id = lists.draw(require_person(), forms.current(key))
        except (ForbiddenError, NotFoundError):
            raise
        except DomainError as error:
            flash(say(error.message), "danger")
            return redirect(url_for(".form", key=key))
        return redirect(url_for(".disposal", list_id=list_id))

    @expose("/lists/<list_id>")
    def disposal(self, list_id: str) -> str:
        """Show what stands on a list, and what became of it."""
        found = lists.get(object_id(list_id))
        after = request.args.get("after", "")
        start = ObjectId(after) if ObjectId.is_valid(after) else None
        items = lists.items(found["_id"], after=start, limit=PAGE_SIZE + 1)
        shown = items[:PAGE_SIZE]
        more = url_for(".disposal", list_id=list_id, after=shown[-1]["_id"]) if len(items) > PAGE_SIZE else ""
        return self.page(
            "disposal.html",
            disposal=found,
            items=shown,
            more=more,
            first=url_for(".disposal", list_id=list_id) if start else "",
            outcomes=lists.outcomes(found["_id"]),
            outcome_names=OUTCOMES,
            may_decide=found["state"] == lists.WAITING or lists.broke_off(found),
            **_words(),
        )

    @expose("/lists/<list_id>/approve", methods=["POST"])
    def approve(self, list_id: str) -> ResponseReturnValue:
        """Let a job carry the list out."""
        try:
            job = lists.approve(require_person(), object_id(list_id), current_language())
        except (ForbiddenError, NotFoundError):
            raise
        except DomainError as error:
            flash(say(error.message), "danger")
            return redirect(url_for(".disposal", list_id=list_id))
        dispatch(job)
        flash(_("The disposal is approved. It goes on without you."), "success")
        return redirect(url_for(".disposal", list_id=list_id))

    @expose("/lists/<list_id>/reject", methods=["POST"])
    def reject(self, list_id: str) -> ResponseReturnValue:
        """Put the list aside."""
        target = url_for(".disposal", list_id=list_id)
        reason = posted("reason", lists.MAX_REASON)
        return attempt(
            target, _("The list is put aside."), lists.reject, require_person(), object_id(list_id), reason
        )

    @expose("/lists/<list_id>/export", methods=["POST"])
    def export(self, list_id: str) -> ResponseReturnValue:
        """Take the list along as a workbook."""
        job = sheet.ask(require_person(), object_id(list_id), current_language())
        dispatch(job)
        return redirect(url_for("jobs.job_view", job_id=job.id))

    def _show_index(self, errors: Errors) -> str:
        standing, known = holds.standing_by_form(), rules.by_form()
        return self.page(
            "retention.html",
            forms=forms.live_forms(),
            rules=known,
            audit_rule=known.get(rules.AUDIT_LOG),
            holds=standing,
            lists=lists.every(limit=20),
            errors=errors,
            posted=request.form,
            **_words(),
        )

    def _show_form(self, live: LiveForm, values: dict[str, Any], errors: Errors) -> str:
        rule = rules.of_form(live.key)
        return self.page(
            "retention_form.html",
            form=live,
            title=live.definition.label.text(current_language()) or live.key,
            rule=rule,
            months=values.get("months", values.get("keep_months") or ""),
            values=values,
            errors=errors,
            problems=summary(errors, {key: str(label) for key, label in LABELS.items()}),
            labels=LABELS,
            bases=rules.bases(live.definition),
            holds=holds.of_form(live.key),
            due=due.count(live, rule, COUNTED) if rule else 0,
            counted=COUNTED,
            lists=lists.every(form=live.key, limit=20),
            **_words(),
        )


def _numbered(live: LiveForm, number: str) -> dict[str, Any] | None:
    return live.records().find_one({"number": number}, {"number": 1})


def _words() -> dict[str, Any]:
    language = current_language()
    names = {one.key: one.definition.label.text(language) or one.key for one in forms.live_forms()}

    def basis(rule: dict[str, Any], live: LiveForm) -> str:
        found = rules.bases(live.definition).get(rule["counts_from"])
        return say(found) if found else rule["counts_from"]

    return {
        "states": STATES,
        "basis": basis,
        "form_name": lambda key: names.get(key, key),
        "timezone": current_timezone(),
        "outcome_colors": OUTCOME_COLORS,
    }
