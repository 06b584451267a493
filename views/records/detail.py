"""One record: its values, history, comments, links, files and its print."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from flask import redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from models import audit, comments, forms, history, notifications, queries
from models.access import Action, fetch
from models.database import Document
from models.definition import STATE, Definition
from models.errors import InvalidError, NotFoundError
from models.forms import LiveForm
from models.lookups import Lookup
from models.scopes import scopes_of
from tasks.sweeps import carry_out_effects
from views.context import current_actor, current_lookup, say, seen_as
from views.navigation import visible_forms
from views.records.facts import fact, sections_of, shown, system_change
from views.records.listing import state_tag, system_text
from views.records.telling import action_words, by_whom, told
from views.sending import send_quietly

if TYPE_CHECKING:
    from views.records.base import FormScreen as _Base
else:
    _Base = object

HISTORY_ON_PAGE = 10
LINKS_ON_PAGE = 5


class DetailScreens(_Base):
    """The pages of one record."""

    @expose("/<record_id>")
    def details_view(self, record_id: str) -> ResponseReturnValue:
        """Show a record under the version it was written under, in the bin too for those who may restore."""
        return self.details_page(self.record(record_id))

    def details_page(
        self,
        record: Document,
        asked: str = "",
        errors: Mapping[str, str] = MappingProxyType({}),
        uncovered: frozenset[str] = frozenset(),
    ) -> str:
        """Return the page of a record; `errors` are of what was posted about the approval `asked`.

        The masks of `uncovered` fields are lifted.
        """
        form = forms.at_version(self.form.key, record["form_version"])
        procedure = self.procedure(record)  # which asks what is stored, not what is shown
        may, letters = self.actions_on(record), self.letters(record)
        belongings = self.belongings(record, procedure)
        definition = self.told.definition_of(record, form.definition)
        record = self.told.shown(record, uncovered)
        if seen_as() is None:
            notifications.mark_read_about(self.person, self.form.key, record["_id"])
        lookup = current_lookup()
        lookup.prime(definition, [record])
        recent = {} if "life" in belongings else self._recent(record, lookup)  # which tells it, too
        return self.show(
            "detail",
            record=record,
            definition=definition,
            state=state_tag(self.definition, record, lookup.language),
            sections=sections_of(definition, record, lookup),
            earlier=self._earlier_values(form, record, lookup),
            system=[
                (key, system_text(record, key, lookup))
                for key in ("created_at", "created_by", "updated_at", "updated_by", "owner", "department")
            ],
            comments=comments.of_record(self.form.key, record["_id"]),
            links=list(self._links(record)),
            asked=asked,
            errors=errors,
            may=may,
            invited=self.invited(record, lookup),
            **letters,
            **procedure,
            **belongings,
            **recent,
        )

    def _recent(self, record: Document, lookup: Lookup) -> dict[str, Any]:
        """Return the newest entries of a record's history."""
        entries = history.of_record(self.form.key, record["_id"], limit=HISTORY_ON_PAGE + 1)
        return {
            "entries": self.entries_of(record, entries[:HISTORY_ON_PAGE], lookup),
            "more_history": len(entries) > HISTORY_ON_PAGE,
        }

    def record(self, record_id: str) -> Document:
        """Return a record to look at; one in the bin only to whoever may take it out."""
        try:
            return fetch(self.person, self.form, record_id, Action.SEE)
        except NotFoundError:
            if not self.may(Action.RESTORE):
                raise
            return fetch(self.person, self.form, record_id, Action.RESTORE)

    def actions_on(self, record: Document) -> set[str]:
        """Return what the reader may do with a record that they may see."""
        scopes = scopes_of(self.person, self.form)
        return {action.value for action in Action if self.may(action) and scopes.reach(action).holds(record)}

    def invited(self, record: Document, lookup: Lookup) -> list[tuple[str, str]]:
        """Return who is invited to a record; `SharingScreens` knows."""
        raise NotImplementedError

    def letters(self, record: Document) -> dict[str, Any]:
        """Return what a record's page shows of letters; `LetterScreens` knows."""
        raise NotImplementedError

    def entries_of(self, record: Document, entries: list[Document], lookup: Lookup) -> list[dict[str, Any]]:
        """Return entries of a record's history as the reader is shown them."""
        return [self._entry(entry, lookup) for entry in self.told.entries(record, entries)]

    def _links(self, record: Document) -> Any:  # noqa: ANN401  (pairs of form and records)
        visible = sorted(visible_forms(self.person), key=lambda form: form.key)
        return queries.linked_to(self.person, visible, self.form, record, LINKS_ON_PAGE)

    def _earlier_values(self, form: LiveForm, record: Document, lookup: Lookup) -> list[dict[str, Any]]:
        """Return values of fields that this version no longer has: nothing that was stored is hidden."""
        missing = [key for key in record["data"] if key not in form.definition.by_key]
        found = []
        for version in range(form.version - 1, 0, -1):
            if not missing:
                break
            old = forms.at_version(form.key, version).definition
            for key in [key for key in missing if key in old.by_key]:
                found.append(fact(old.by_key[key], record, lookup))
                missing.remove(key)
        return found

    def _entry(self, entry: Document, lookup: Lookup) -> dict[str, Any]:
        definition = forms.at_version(self.form.key, entry["form_version"]).definition
        workflow = definition.workflow
        taken = workflow.by_transition.get(entry.get("transition", "")) if workflow else None
        return {
            **entry,
            "by_name": by_whom(entry),
            "told": told(entry, definition, lookup),
            "did": action_words(entry),
            "shown": [
                self._change(definition, change, lookup)
                for change in entry["changes"]
                if change["field"] != f"@{STATE}" or not entry.get("moves")
            ],
            "step": taken.label.text(lookup.language) if taken else "",
        }

    def _change(self, definition: Definition, change: Document, lookup: Lookup) -> dict[str, str]:
        field = definition.by_key.get(change["field"]) or self.definition.by_key.get(change["field"])
        if change["field"].startswith("@"):
            return system_change(definition, change, lookup)
        if field is None:
            return {"label": change["field"], "before": str(change["before"]), "after": str(change["after"])}
        return {
            "label": field.label.text(lookup.language) or field.key,
            "before": shown(field, change["before"], lookup),
            "after": shown(field, change["after"], lookup),
        }

    @expose("/<record_id>/history")
    def history_view(self, record_id: str) -> str:
        """Show everything that ever happened to a record, page by page."""
        record = self.record(record_id)
        before = request.args.get("before", record["revision"] + 1, type=int)
        before = max(0, min(before, record["revision"] + 1))
        entries = history.of_record(self.form.key, record["_id"], limit=51, before=before)
        return self.show(
            "history",
            record=record,
            entries=self.entries_of(record, entries[:50], current_lookup()),
            older=entries[49]["revision"] if len(entries) > 50 else None,  # noqa: PLR2004  (page and one more)
        )

    @expose("/<record_id>/print")
    def print_view(self, record_id: str) -> str:
        """Show a record as an A4 sheet with form number and revision."""
        record = fetch(self.person, self.form, record_id, Action.PRINT)
        printed = {"form": self.form.key, "record": record["_id"]}
        audit.note("record.printed", subject=record["number"] or self.title, details=printed)
        written = forms.at_version(self.form.key, record["form_version"]).definition
        procedure = self.procedure(record)
        record, definition = self.told.shown(record), self.told.definition_of(record, written)
        lookup = current_lookup()
        lookup.prime(definition, [record])
        return self.show(
            "print",
            record=record,
            definition=definition,
            sections=sections_of(definition, record, lookup),
            created=system_text(record, "created_at", lookup),
            created_by=system_text(record, "created_by", lookup),
            **procedure,
        )

    @expose("/<record_id>/comment", methods=("POST",))
    def comment_view(self, record_id: str) -> ResponseReturnValue:
        """Say something about a record; people mentioned with @ are told."""
        record = fetch(self.person, self.form, record_id, Action.COMMENT)
        try:
            comments.add(current_actor(), self.form, record, request.form.get("text", ""))
        except InvalidError as error:
            self.say(" ".join(say(message) for message in error.errors["text"]), "danger")
        send_quietly(carry_out_effects)
        return redirect(f"{self.address(record)}#comments")
