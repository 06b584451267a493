"""Who stands in for me while I am away, and for whom I stand in. Administrators arrange it for others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from bson import ObjectId
from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from models import delegations, forms
from models.access import Action, object_id, permitted, require_permission
from models.delegations import Delegation
from models.errors import ConflictError, InvalidError, NotFoundError
from models.forms import LiveForm
from models.lookups import Lookup
from models.messages import _ as message
from models.people import Permission, User
from models.times import now, today
from views.context import current_language, current_timezone, require_person, say

LABELS: Final = {
    "to": lazy_gettext("Who stands in"),
    "first": lazy_gettext("First day"),
    "last": lazy_gettext("Last day"),
    "forms": lazy_gettext("Only for these forms"),
    "reason": lazy_gettext("Reason"),
}
STATES: Final = {
    "now": (lazy_gettext("in force"), "green"),
    "coming": (lazy_gettext("coming"), "blue"),
    "over": (lazy_gettext("over"), "gray"),
    "revoked": (lazy_gettext("taken back"), "gray"),
}
MAX_RAW: Final = 2000

blueprint = Blueprint("delegations", __name__)


def init_app(app: Flask) -> None:
    """Add the pages to an app."""
    app.register_blueprint(blueprint)


@dataclass(frozen=True)
class Line:
    """One delegation in a list."""

    id: ObjectId
    person: str
    to: str
    first: date
    last: date
    forms: tuple[str, ...]
    reason: str
    state: str

    @property
    def open(self) -> bool:
        """Tell whether it can still be taken back."""
        return self.state in {"now", "coming"}


@blueprint.route("/account/delegations", methods=["GET", "POST"])
def index() -> ResponseReturnValue:
    """Show and make delegations: mine, or with `person` those of somebody else."""
    actor = require_person()
    person = _whose(actor)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            _create(actor, person)
        except InvalidError as error:
            errors = {path: say(texts[0]) for path, texts in error.errors.items()}
        else:
            flash(_("Saved."), "success")
            return redirect(_address(actor, person))
    return _page(actor, person, errors)


@blueprint.post("/account/delegations/<delegation_id>/revoke")
def revoke(delegation_id: str) -> ResponseReturnValue:
    """Take a delegation back."""
    actor = require_person()
    try:
        found = delegations.revoke(actor, object_id(delegation_id))
    except ConflictError as error:
        flash(say(error.message), "warning")
        return redirect(url_for(".index"))
    flash(_("Taken back. What was done meanwhile stays."), "success")
    return redirect(_address(actor, User.objects(id=found.person).first() or actor))


def _whose(actor: User) -> User:
    """Return whose delegations are meant. Raises ForbiddenError or NotFoundError for somebody else's."""
    wanted = request.values.get("person", "")
    if not wanted or wanted == str(actor.id):
        return actor
    require_permission(actor, Permission.CONFIGURE_PEOPLE)
    found = User.objects(id=object_id(wanted)).first()
    if found is None:
        raise NotFoundError
    return found


def _address(actor: User, person: User) -> str:
    return url_for(".index") if person.id == actor.id else url_for(".index", person=person.id)


def _create(actor: User, person: User) -> None:
    first, last = _day("first"), _day("last")
    wanted = request.form.get("to", "")
    to = User.objects(id=wanted).first() if ObjectId.is_valid(wanted) else None
    missing = {
        key: [message("This is needed.")] for key, day in (("first", first), ("last", last)) if not day
    }
    if first is None or last is None:
        raise InvalidError(missing)
    delegations.create(
        actor,
        person,
        to,
        first=first,
        last=last,
        forms=request.form.getlist("forms"),
        reason=request.form.get("reason", ""),
    )


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        return None


def _page(actor: User, person: User, errors: Mapping[str, str]) -> ResponseReturnValue:
    mine = person.id == actor.id
    may_arrange = actor.may(Permission.CONFIGURE_PEOPLE)
    others = delegations.in_force(now()) if may_arrange and mine else []
    present = today(current_timezone())
    page = render_template(
        "account/delegations.html",
        whose=person,
        mine=mine,
        given=_lines(delegations.given_by(person.id)),
        received=_lines(delegations.given_to(person.id)),
        others=_lines([one for one in others if actor.id not in {one.person, one.to}]),
        people=User.objects(active=True).order_by("name"),
        may_arrange=may_arrange,
        forms=_forms_of(person),
        values={"first": present.isoformat(), **{k: v[:MAX_RAW] for k, v in request.form.items()}},
        chosen=set(request.form.getlist("forms")),
        errors=errors,
        problems=[
            {"key": path, "label": str(LABELS.get(path, "")), "message": text}
            for path, text in errors.items()
        ],
        labels=LABELS,
        states=STATES,
    )
    return page, 422 if errors else 200


def _forms_of(person: User) -> list[LiveForm]:
    """Return the forms with a procedure that a person may see: only these give them something to do."""
    return [
        live
        for live in forms.live_forms()
        if (live.definition.workflow or live.definition.clocks) and permitted(person, live.key, Action.SEE)
    ]


def _lines(found: Sequence[Delegation]) -> list[Line]:
    lookup = Lookup(current_language(), current_timezone())
    lookup.prime_people(one for line in found for one in (line.person, line.to))
    names = {live.key: live.definition.label.text(current_language()) for live in forms.live_forms()}
    return [
        Line(
            one.id,
            lookup.person(one.person),
            lookup.person(one.to),
            one.first,
            one.last,
            tuple(names.get(key, key) for key in one.forms),
            one.reason,
            _state(one),
        )
        for one in found
    ]


def _state(one: Delegation) -> str:
    if one.revoked_at:
        return "revoked"
    moment = now()
    if one.holds(moment):
        return "now"
    return "coming" if one.starts_at > moment else "over"
