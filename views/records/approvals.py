"""The approvals of a record on its page: who signed, who is asked, and what the reader can do."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bson import ObjectId
from flask import redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from models import directory
from models.access import fetch
from models.approvals import decisions, queries
from models.database import Document
from models.errors import ConflictError, InvalidError, NotFoundError
from models.lookups import Lookup
from models.messages import _ as message
from models.people import User
from models.workflow import filing, signing
from tasks.sweeps import carry_out_effects
from views.context import current_actor, current_language, current_lookup, say
from views.sending import send_quietly

if TYPE_CHECKING:
    from views.records.detail import DetailScreens
    from views.records.helpers import TemplateHelpers

    class _Base(DetailScreens, TemplateHelpers):
        """Where what it calls comes from."""

else:
    _Base = object

STATUS = {
    "waiting": (message("not asked yet"), "gray", "circle"),
    "asked": (message("asked now"), "blue", "hourglass-split"),
    "approved": (message("approved"), "green", "check-circle"),
    "rejected": (message("rejected"), "red", "x-circle"),
    "returned": (message("returned to an earlier step"), "orange", "arrow-return-left"),
    "skipped": (message("no longer needed"), "gray", "dash"),
    "handed_over": (message("handed over"), "gray", "arrow-left-right"),
    "left_out": (message("left out"), "gray", "dash"),
    "open": (message("under way"), "blue", "hourglass-split"),
    "withdrawn": (message("withdrawn"), "gray", "dash"),
    "closed": (message("closed"), "gray", "dash"),
}
MODES = {
    "any": message("one of them signs"),
    "all": message("all of them sign"),
    "in_order": message("all sign, one after the other"),
    "count": message("%(count)s of them sign"),
}


@dataclass(frozen=True)
class Panel:
    """One approval as the page shows it; `mine` is what the reader can do, None when it is over."""

    id: str
    label: str
    status: tuple[Any, str, str]
    started: str
    started_by: str
    steps: list[dict[str, Any]]
    is_open: bool
    changed: bool
    seen: str
    mine: queries.Options | None
    places: list[tuple[str, str]]


class ApprovalPanel(_Base):
    """What the page says about approvals, and every way to decide."""

    def approval_panels(self, record: Document) -> list[Panel]:
        """Return the approvals of a record, newest first."""
        lookup, found = current_lookup(), queries.of_record(self.form.key, record["_id"])
        lookup.prime_people({one for approval in found for one in _people(approval)})
        return [self._panel(approval, record, lookup) for approval in found]

    def _panel(self, approval: Document, record: Document, lookup: Lookup) -> Panel:
        mine = queries.options(approval, self.person) if approval["status"] == "open" else None
        return Panel(
            str(approval["_id"]),
            approval["label"].get(current_language()) or "",
            STATUS.get(approval["status"], STATUS["closed"]),
            self.moment(approval["started_at"]),
            lookup.person(approval["started_by"]),
            [self._step_row(approval, one, record, lookup) for one in approval["steps"]],
            approval["status"] == "open",
            approval["status"] == "open" and queries.changed_since(approval, record),
            _seen(approval, record),
            mine,
            [(str(one.signer["id"]), _place(one, lookup)) for one in mine.slots] if mine else [],
        )

    def _step_row(
        self, approval: Document, step: Document, record: Document, lookup: Lookup
    ) -> dict[str, Any]:
        is_current = approval["status"] == "open" and step is approval["steps"][approval["current"]]
        mode = MODES[step["mode"]]
        mode = type(mode)(mode.msgid, {"count": step["count"]}) if step["mode"] == "count" else mode
        rounds = [one for turn in step["rounds"] for one in turn]
        return {
            "key": step["key"],
            "label": step["label"].get(current_language()) or step["key"],
            "status": STATUS["asked" if is_current else step["status"]],
            "kind": "asked" if is_current else step["status"],
            "mode": mode if len(step["signers"]) > 1 else "",
            "signers": [self._signer(one, record, lookup) for one in step["signers"]],
            "earlier": [self._signer(one, record, lookup) for one in rounds],
        }

    def _signer(self, one: Document, record: Document, lookup: Lookup) -> dict[str, Any]:
        by = one["by"] if one["by"] not in {None, one["person"]} else None
        return {
            "name": lookup.person(one["person"]),
            "status": STATUS[one["status"]],
            "kind": one["status"],
            "by": lookup.person(by) if by else "",
            "at": self.moment(one["at"]) if one["at"] else "",
            "reason": one["reason"],
            "signature": one["signature"],
            "added_by": lookup.person(one["added_by"]) if one["added_by"] else "",
            "instead_of": lookup.person(one["instead_of"]) if one["instead_of"] else "",
            "outdated": queries.signed_earlier(one, self.form.key, record),
        }

    # -- deciding ---------------------------------------------------------------------------------------

    @expose("/<record_id>/approvals/<approval_id>", methods=("POST",))
    def decide_view(self, record_id: str, approval_id: str) -> ResponseReturnValue:
        """Approve, reject, return, withdraw, add a signer or hand over, as the pressed button says."""
        record = fetch(self.person, self.form, record_id)
        approval = self._approval(record, approval_id)
        act = self._acts(approval["_id"]).get(request.form.get("decision", ""))
        if act is None:
            raise InvalidError({"decision": [message("Say what you decide.")]})
        try:
            act()
        except InvalidError as error:
            said = {path: " ".join(say(one) for one in found) for path, found in error.errors.items()}
            return self.details_page(record, asked=approval_id, errors=said), error.status
        except ConflictError as conflict:
            current = fetch(self.person, self.form, record_id)
            said = {"": say(conflict.message)}
            return self.details_page(current, asked=approval_id, errors=said), conflict.status
        send_quietly(carry_out_effects)
        self.say(_("Your decision is recorded."))
        return redirect(f"{self.address(record)}#approval")

    def _approval(self, record: Document, approval_id: str) -> Document:
        for one in queries.of_record(self.form.key, record["_id"]):
            if str(one["_id"]) == approval_id:
                return one
        raise NotFoundError

    def _acts(self, approval: ObjectId) -> Mapping[str, Callable[[], Document]]:
        actor, person, sent = current_actor(), self.person, request.form
        reason, slot = sent.get("reason", ""), _id(sent.get("slot", ""))

        def decide(decision: decisions.Decision) -> Callable[[], Document]:
            return lambda: decisions.decide(
                actor,
                person,
                approval,
                decision,
                reason=reason,
                signature=sent.get("signature"),
                to_step=sent.get("to_step", ""),
                slot=slot,
                seen=queries.as_held(sent.get("seen", "")),
            )

        def add(*, before: bool) -> Document:
            whom = _person(sent.get("whom", ""))
            return decisions.add_signer(
                actor, person, approval, whom, before=before, reason=reason, slot=slot
            )

        return {
            "approve": decide("approve"),
            "reject": decide("reject"),
            "return": decide("return"),
            "withdraw": lambda: decisions.withdraw(actor, person, approval, reason=reason),
            "add_before": lambda: add(before=True),
            "add_after": lambda: add(before=False),
            "hand_over": lambda: decisions.hand_over(
                actor, person, approval, _person(sent.get("whom", "")), reason=reason, slot=slot
            ),
        }

    # -- filings ----------------------------------------------------------------------------------------

    def filings(self, record: Document) -> list[dict[str, Any]]:
        """Return what was filed with departments, oldest first."""
        language, lookup, codes = current_language(), current_lookup(), directory.current().by_code
        return [
            {
                **one,
                "where": lookup.department(codes.get(one["department"])) or one["department"],
                "said": one["text"].get(language) or "",
                "mine": self.person.id in one["people"],
            }
            for one in filing.of_record(self.form.key, record["_id"])
        ]

    @expose("/<record_id>/filings/<filing_id>/acknowledge", methods=("POST",))
    def acknowledge_view(self, record_id: str, filing_id: str) -> ResponseReturnValue:
        """Acknowledge a filing for the department."""
        record = fetch(self.person, self.form, record_id)
        found = {str(one["_id"]) for one in filing.of_record(self.form.key, record["_id"])}
        if filing_id not in found:
            raise NotFoundError
        try:
            filing.acknowledge(current_actor(), self.person, ObjectId(filing_id))
        except ConflictError as conflict:
            self.say(say(conflict.message), "warning")
        else:
            self.say(_("Acknowledged."))
        return redirect(f"{self.address(record)}#filings")


def _people(approval: Document) -> Iterator[ObjectId]:
    yield from (one for one in [approval["started_by"]] if one)
    for step in approval["steps"]:
        for one in [*step["signers"], *(one for turn in step["rounds"] for one in turn)]:
            yield from (one[key] for key in ("person", "by", "added_by", "instead_of") if one[key])


def _seen(approval: Document, record: Document) -> str:
    return queries.as_told(signing.content_hash(approval["form"], record))


def _place(slot: queries.Slot, lookup: Lookup) -> str:
    return _("for %(name)s", name=lookup.person(slot.for_person)) if slot.for_person else _("for yourself")


def _person(wanted: str) -> User | None:
    found = _id(wanted)
    return User.objects(id=found).first() if found else None


def _id(wanted: str) -> ObjectId | None:
    return ObjectId(wanted) if ObjectId.is_valid(wanted) else None
