"""What is opened by hand: a record to other people, and a masked value to the reader."""

from typing import TYPE_CHECKING, Any

from flask import jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from models import audit, forms, sharing
from models.access import Action, fetch
from models.database import Document
from models.errors import ConflictError, InvalidError, NotFoundError
from models.lookups import Lookup
from views.context import all_said, current_actor, current_lookup, say, wants_json
from views.records.facts import shown

if TYPE_CHECKING:
    from views.records.detail import DetailScreens as _Base
else:
    _Base = object


class SharingScreens(_Base):
    """The card of the invited on a record's page, and the button beside a masked value."""

    def invited(self, record: Document, lookup: Lookup) -> list[tuple[str, str]]:
        """Return who is invited to a record: id and name."""
        people = record.get("invited") or []
        lookup.prime_people(people)
        return sorted(((str(one), lookup.person(one)) for one in people), key=lambda pair: pair[1])

    @expose("/<record_id>/share", methods=("POST",))
    def share_view(self, record_id: str) -> ResponseReturnValue:
        """Open a record to the chosen people."""
        try:
            record = sharing.share(
                self.person,
                self.form,
                record_id,
                request.form.getlist("people"),
                request.form.get("word", "")[: sharing.MAX_WORD],
            )
        except InvalidError as error:
            self.say(all_said(error), "danger")
            return redirect(f"{self.address(record_id)}#shared")
        self.say(_("The record is shared."))
        return redirect(f"{self.address(record)}#shared")

    @expose("/<record_id>/share/<person_id>/withdraw", methods=("POST",))
    def withdraw_view(self, record_id: str, person_id: str) -> ResponseReturnValue:
        """Close a record to somebody who was invited to it."""
        try:
            sharing.withdraw(self.person, self.form, record_id, person_id)
        except ConflictError as error:
            self.say(say(error.message), "warning")
        else:
            self.say(_("The record is no longer shared with them."))
        return redirect(f"{self.address(record_id)}#shared")

    @expose("/<record_id>/uncover/<field>", methods=("POST",))
    def uncover_view(self, record_id: str, field: str) -> ResponseReturnValue:
        """Show the value of a masked field once; the audit log tells who looked."""
        record = fetch(self.person, self.form, record_id, Action.SEE)
        if not self.told.is_masked(record, field):
            raise NotFoundError
        called: Any = record["number"] or record["title"] or record["_id"]
        audit.note(
            "field.uncovered",
            actor=current_actor(),
            subject=f"{called} · {self.definition.by_key[field].label.text('zh') or field}",
            details={
                "form": self.form.key,
                "record": record["_id"],
                "number": record["number"],
                "field": field,
            },
        )
        if not wants_json():
            return self.details_page(record, uncovered=frozenset({field}))
        written = forms.at_version(self.form.key, record["form_version"]).definition.by_key
        known = written.get(field) or self.definition.by_key[field]
        return jsonify(text=shown(known, record["data"].get(field), current_lookup()))
