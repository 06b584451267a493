"""Actions on the records that are ticked in the list, and the export of the list itself."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from bson import ObjectId
from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.actions import action
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from models import jobs, records, workflow
from models.access import Action, fetch, require
from models.database import Document
from models.errors import DomainError, InvalidError
from models.fields import type_of
from models.procedure import Transition
from models.queries import ListQuery
from tasks.jobs import dispatch
from tasks.sweeps import carry_out_effects
from views.context import all_said, current_actor, current_language, say
from views.sending import send_quietly

if TYPE_CHECKING:
    from views.records.helpers import TemplateHelpers
    from views.records.lists import ListScreens

    class _Base(ListScreens, TemplateHelpers):
        """Where what it calls comes from."""

else:
    _Base = object

MAX_TICKED = 500
MAX_REASONS_SHOWN = 5
_NEEDED = {
    "delete": Action.DELETE,
    "restore": Action.RESTORE,
    "set": Action.EDIT,
    "export": Action.EXPORT,
    "move": Action.SEE,
    "labels": Action.PRINT,
}


class BulkActions(_Base):
    """Flask-Admin's actions; each record goes through the same rules as on its own page."""

    def is_action_allowed(self, name: str) -> bool:
        """Show and allow an action to whoever may do it; restoring only in the bin."""
        in_bin = request.args.get("bin") == "1"
        if name == "move" and not self.bulk_steps():
            return False
        if name == "labels" and not self.form.definition.ledger:
            return False
        return name in _NEEDED and self.may(_NEEDED[name]) and (name == "restore") == in_bin

    def bulk_steps(self) -> list[Transition]:
        """Return the steps that people take and that ask for nothing but a reason."""
        flow = self.definition.workflow
        if flow is None:
            return []
        return [
            step
            for step in flow.transitions
            if step.by == "person" and not (step.fields or step.required or step.signature != "no")
        ]

    @expose("/action", methods=("POST",))
    def action_view(self) -> ResponseReturnValue:
        """Carry out an action on the ticked records."""
        name = request.form.get("action", "")
        handler = self._actions_data.get(name)
        if handler is None or not self.is_action_allowed(name):
            require(self.person, self.form.key, _NEEDED.get(name, Action.EDIT))
            return redirect(self.address())
        ids = self.wanted_ids()[:MAX_TICKED]
        if not ids:
            flash(_("Tick at least one record."), "warning")
            return redirect(self._back())
        answer: ResponseReturnValue = handler[0](ids)
        return answer or redirect(self._back())

    def _back(self) -> str:
        return self.list_state().url()

    @action("delete", lazy_gettext("Move to the bin"))  # type: ignore[misc]
    def action_delete(self, ids: Sequence[str]) -> None:
        """Put records into the bin."""
        reason = request.form.get("reason", "")
        if not reason.strip():
            flash(_("Say why."), "danger")
            return
        self._each(ids, Action.DELETE, lambda record: self._delete(record, reason))

    def _delete(self, record: Document, reason: str) -> None:
        records.delete(current_actor(), self.form, record["_id"], revision=record["revision"], reason=reason)

    @action("restore", lazy_gettext("Restore"))  # type: ignore[misc]
    def action_restore(self, ids: Sequence[str]) -> None:
        """Take records out of the bin."""
        self._each(
            ids, Action.RESTORE, lambda record: records.restore(current_actor(), self.form, record["_id"])
        )

    @action("move", lazy_gettext("Take a step"))  # type: ignore[misc]
    def action_move(self, ids: Sequence[str]) -> None:
        """Take a step of the workflow with each record that stands where it begins."""
        key, reason = request.form.get("transition", ""), request.form.get("reason", "")
        if key not in {step.key for step in self.bulk_steps()}:
            flash(_("Choose a step."), "danger")
            return
        self._each(ids, Action.SEE, lambda record: self._take(record, key, reason))
        send_quietly(carry_out_effects)

    def _take(self, record: Document, key: str, reason: str) -> None:
        workflow.take(
            current_actor(),
            self.person,
            self.form,
            record["_id"],
            key,
            {},
            revision=record["revision"],
            reason=reason,
        )

    @action("labels", lazy_gettext("Labels"))  # type: ignore[misc]
    def action_labels(self, _ids: Sequence[str]) -> ResponseReturnValue:
        """Print labels for the ticked items of a ledger: the same ids are posted there."""
        return redirect(url_for("property.labels", form=self.form.key), HTTPStatus.TEMPORARY_REDIRECT)

    @action("set", lazy_gettext("Set a field"))  # type: ignore[misc]
    def action_set(self, ids: Sequence[str]) -> None:
        """Give one field the same value in every ticked record."""
        field = self.definition.by_key.get(request.form.get("field", ""))
        if field not in self.settable_fields() or request.form.get("_set") != field.key:
            flash(_("Choose a field."), "danger")
            return
        value = type_of(field).from_form(field, request.form, f"set-{field.key}")
        key = field.key
        self._each(ids, Action.EDIT, lambda record: self._set(record, key, value))

    def _set(self, record: Document, key: str, value: object) -> None:
        records.update(
            current_actor(), self.form, record["_id"], {key: value}, revision=record["revision"], partial=True
        )

    def _each(self, ids: Sequence[str], needed: Action, do: Callable[[Document], Any]) -> None:
        """Do something with each record; say how many were done and why others were not."""
        done, refused = 0, []
        for record_id in ids:
            try:
                do(fetch(self.person, self.form, record_id, needed))
                done += 1
            except DomainError as error:
                refused.append(_reason(error))
        if done:
            self.say(ngettext("%(num)s record was changed.", "%(num)s records were changed.", done))
        if refused:
            reasons = "; ".join(dict.fromkeys(refused[:MAX_REASONS_SHOWN]))
            flash(
                ngettext(
                    "%(num)s record was not changed: ", "%(num)s records were not changed: ", len(refused)
                )
                + reasons,
                "warning",
            )

    @action("export", lazy_gettext("Export to Excel"))  # type: ignore[misc]
    def action_export(self, ids: Sequence[str]) -> ResponseReturnValue:
        """Export the ticked records."""
        return self._export({"ids": [ObjectId(one) for one in ids if ObjectId.is_valid(one)]})

    @expose("/export", methods=("POST",))
    def export_view(self) -> ResponseReturnValue:
        """Export the whole list as it is shown: filter, columns, order."""
        require(self.person, self.form.key, Action.EXPORT)
        return self._export({})

    def _export(self, which: Document) -> ResponseReturnValue:
        state = self.list_state()
        file_type = "csv" if request.form.get("format") == "csv" else "xlsx"
        columns = list(state.query.columns)
        if "all_columns" in request.form:
            columns = [
                "number",
                *(field.key for field in self.definition.value_fields),
                "created_at",
                "created_by",
                "updated_at",
            ]
        query: ListQuery = state.query
        job = jobs.enqueue(
            "export",
            self.person,
            {"query": {**query.dump(), "columns": columns}, "format": file_type, **which},
            title=self.title,
            form=self.form.key,
            language=current_language(),
        )
        dispatch(job)
        return redirect(f"/jobs/{job.id}")


def _reason(error: DomainError) -> str:
    if isinstance(error, InvalidError):
        return all_said(error)
    return say(error.message)
