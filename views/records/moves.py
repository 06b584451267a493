"""Taking a step of the workflow with one record: at one click, or on a page where it asks for something."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from flask import redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from models import history, rules, workflow
from models.access import fetch
from models.database import Document
from models.definition import Definition, Field
from models.errors import ConflictError, InvalidError, NotFoundError
from models.messages import Message
from models.procedure import Transition
from models.workflow import Offer
from tasks.sweeps import carry_out_effects
from views.context import current_actor, current_language, current_lookup, say
from views.records.belongings import EVERYTHING
from views.records.change import browser_value, form_sections
from views.records.inputs import RecordForm
from views.records.kanban import asks
from views.records.listing import state_tag
from views.sending import send_quietly

if TYPE_CHECKING:
    from views.records.approvals import ApprovalPanel
    from views.records.belongings import PropertyPanel
    from views.records.change import ChangeScreens
    from views.records.deadlines import DeadlinePanel
    from views.records.helpers import TemplateHelpers

    class _Base(ApprovalPanel, PropertyPanel, DeadlinePanel, ChangeScreens, TemplateHelpers):
        """Where what it calls comes from."""

else:
    _Base = object

_NOT_TYPED = frozenset({"csrf_token", "_revision", "_resume", EVERYTHING})


class MoveScreens(_Base):
    """The steps that a record's page offers, and the page of a step."""

    def procedure(self, record: Document) -> dict[str, Any]:
        """Return what a record's page shows of its workflow; nothing for a form without one."""
        flow = self.definition.workflow
        if flow is None:
            return super().procedure(record)
        place = flow.state_of(record)
        taken = history.path_taken(self.form.key, record["_id"])
        return {
            "place": place,
            "offers": self.offers(record),
            "clocks": self.clock_rows(record),
            "panels": self.approval_panels(record),
            "filings": self.filings(record),
            "picture": workflow.diagram(self.definition, place.key, taken),
        }

    def offers(self, record: Document) -> list[Offer]:
        """Return the steps that lead on from where a record is."""
        return workflow.available(self.person, self.form, record)

    @staticmethod
    def words(message: Message | str | None) -> str:
        """Return a rule's message in the reader's language."""
        return say(message) if message else ""

    def names_of(self, keys: Collection[str]) -> list[str]:
        """Return what fields are called, in the order of the form."""
        language = current_language()
        return [
            one.label.text(language) or one.key for one in self.definition.value_fields if one.key in keys
        ]

    @staticmethod
    def step_asks(step: Transition) -> bool:
        """Tell whether a step has a page of its own, because it wants something or a reason can be given."""
        return asks(step) or step.reason == "optional"

    @expose("/<record_id>/move/<transition>", methods=("GET", "POST"))
    def move_view(self, record_id: str, transition: str) -> ResponseReturnValue:
        """Ask for what a step wants, and take it; `_revision` is what the person saw of the record."""
        record = fetch(self.person, self.form, record_id)
        step = self._step(transition)
        if request.method == "POST" and not {"_resume", EVERYTHING} & request.form.keys():
            return self._take_step(record, step)
        offer = next((one for one in self.offers(record) if one.transition == step), None)
        if offer is None:
            return self._moved_on(record, step)
        if offer.why_not:
            self.say(say(offer.why_not), "warning")
            return redirect(self.address(record))
        return self._step_page(record, step)

    def _step(self, key: str) -> Transition:
        flow = self.definition.workflow
        step = flow.by_transition.get(key) if flow else None
        if step is None or step.by != "person":
            raise NotFoundError
        return step

    def _take_step(self, record: Document, step: Transition) -> ResponseReturnValue:
        form = self._step_form(record, step)
        try:
            stored = workflow.take(
                current_actor(),
                self.person,
                self.form,
                record["_id"],
                step.key,
                form.raw_values(),
                revision=request.form.get("_revision", -1, type=int),
                reason=request.form.get("_reason", ""),
                signature=request.form.get("_signature"),
            )
        except InvalidError as error:
            return self._step_page(record, step, form, error), error.status
        except ConflictError as conflict:
            return self._moved_on(conflict.current or record, step)
        send_quietly(carry_out_effects)
        self._say_moved(stored)
        return redirect(self.address(stored))

    def _say_moved(self, stored: Document) -> None:
        now_in = state_tag(self.definition, stored, current_language())
        called = stored.get("number") or stored.get("title") or self.title
        self.say(_("%(name)s is now in “%(state)s”.", name=called, state=now_in[0] if now_in else ""))

    def _step_form(self, record: Document, step: Transition) -> RecordForm:
        posted = request.form if request.method == "POST" else None
        asked = {one for one in (*step.fields, *step.required) if not self.told.is_withheld(record, one)}
        return RecordForm(self.definition, posted, self.told.plain(record)["data"], only=asked)

    def _step_page(
        self,
        record: Document,
        step: Transition,
        form: RecordForm | None = None,
        error: InvalidError | None = None,
    ) -> str:
        form = form or self._step_form(record, step)
        errors = dict(error.errors) if error else {}
        own = {key: [say(one) for one in errors.pop(key, ())] for key in ("signature", *self._reason(step))}
        more_to_return = self.with_everything_back(form, record, step)
        shortage = self.shortage(record, errors, set(form.raw_values()))
        homeless = form.show_errors(errors)
        revision = record["revision"]
        if error:
            revision = request.form.get("_revision", revision, type=int)
        return self.show(
            "move",
            record=record,
            step=step,
            form=form,
            sections=_sections(self.definition, step, set(form.raw_values())),
            own={key: " ".join(found) for key, found in own.items()},
            homeless=[say(one) for one in homeless],
            revision=revision,
            more_to_return=more_to_return,
            shortage=shortage,
            came_from=state_tag(self.definition, record, current_language()),
            goes_to=state_tag(self.definition, {"state": step.to}, current_language()),
            **self._told_browser(record, form, step),
        )

    @staticmethod
    def _reason(step: Transition) -> tuple[str, ...]:
        """Return `reason` where a message of that name is about the step, not about a field of that key."""
        own = step.reason == "required" and not request.form.get("_reason", "").strip()
        return ("reason",) if own else ()

    def _told_browser(self, record: Document, form: RecordForm, step: Transition) -> dict[str, Any]:
        """Return what the rules in the browser need: for fields that are not on it, what is stored."""
        asked = set(form.raw_values())
        data = self.told.plain(record)["data"]
        known = {key: browser_value(value) for key, value in data.items() if key not in asked}
        fields = {key: one for key, one in self.browser_fields().items() if key in asked}
        for key, one in fields.items():
            one["readonly"], one["required"] = False, one["required"] or key in step.required
        system = rules.browser_values(rules.system_values(record, self.definition))
        found = {key: one for key, one in self._rules(record).items() if key in asked}
        return {"rules": found, "fields": fields, "system": {**known, **system}}

    def _moved_on(self, current: Document, step: Transition) -> ResponseReturnValue:
        """Say that a step was not taken because the record changed, what it is now, and how to go on."""
        latest = history.of_record(self.form.key, current["_id"], limit=1)
        offers = self.offers(current)
        typed = [
            (name, value)
            for name, value in request.form.items(multi=True)
            if name not in _NOT_TYPED and request.method == "POST"
        ]
        return (
            self.show(
                "moved_on",
                record=current,
                step=step,
                state=state_tag(self.definition, current, current_language()),
                latest=next(iter(self.entries_of(current, latest, current_lookup())), None),
                again=next((one for one in offers if one.transition == step and one.allowed), None),
                typed=typed,
            ),
            ConflictError.status,
        )


def _sections(definition: Definition, step: Transition, asked: Collection[str]) -> list[dict[str, Any]]:
    """Return the fields a step asks for, under their headings, in the order of the form."""
    found = []
    for part in form_sections(definition):
        fields = [_opened(one, step) for one in part["fields"] if one.key in asked]
        if fields:
            found.append({"field": part["field"], "fields": fields})
    return found


def _opened(field: Field, step: Transition) -> Field:
    """Return a field as a step asks for it: open, and needed where the step says so."""
    needed = field.required or field.key in step.required
    return field.model_copy(update={"required": needed, "readonly": False})
