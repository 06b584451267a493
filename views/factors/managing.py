"""A person's own factors: add an app or a key, remove one, get recovery codes."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import wraps
from typing import Final

import segno
from flask import abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from models import factors, passwords
from models.access import object_id
from models.errors import InUseError, InvalidError, LockedError
from models.factors import Wanted, apps, keys, recovery
from models.people import User
from models.times import now
from views import context
from views.factors import holder
from views.factors.base import blueprint, keys_work, owner, prove_posted, refusals, site, typed
from views.factors.step import show_proof

NEW_APP: Final = "new_app"
NEW_APP_FOR: Final = timedelta(minutes=15)
SHOWN_IN_GROUPS_OF: Final = 4

View = Callable[..., ResponseReturnValue]


def surely(view: View) -> View:
    """Let in who proved lately that it is them; others do so first."""

    @wraps(view)
    def guarded(**values: str) -> ResponseReturnValue:
        if holder.is_sure():
            return view(**values)
        back = request.path if request.method == "GET" else url_for("factors.index")
        return redirect(url_for("factors.sure", next=back))

    return guarded


def enrolling(view: View) -> View:
    """Let in whoever may add a factor: signed in and lately sure, or led here by a role that demands one.

    Somebody whose password was right but who has a factor already is not let in: they must prove that one.
    """

    @wraps(view)
    def guarded() -> ResponseReturnValue:
        waiting, person = holder.pending(), context.real_person()
        if waiting is not None and factors.wanted(waiting.person) is Wanted.ENROLMENT:
            return view(waiting.person)
        if person is not None:
            return surely(lambda: view(person))()
        return redirect(url_for("security.login")) if request.method == "GET" else abort(401)

    return guarded


@blueprint.get("/account/factors")
def index() -> ResponseReturnValue:
    """Show my factors."""
    person = owner()
    return render_template(
        "factors/index.html",
        factors=factors.of_person(person),
        codes_left=factors.codes_left(person),
        demanded=factors.demanded(person),
        keys_work=keys_work(),
    )


@blueprint.route("/account/factors/app", methods=["GET", "POST"])
@enrolling
def add_app(person: User) -> ResponseReturnValue:
    """Show what an app needs to know, and add it once it shows the right code."""
    secret = _new_secret(person)
    refused: Mapping[str, str] = {}
    if request.method == "POST":
        try:
            apps.enrol(person, secret, typed("code"), typed("name") or _("Authenticator app"))
        except InvalidError as error:
            refused = refusals(error)
        else:
            session.pop(NEW_APP, None)
            return _after(person, "app")
    company = site().name
    square = segno.make(apps.address(secret, person, company), error="m")
    groups = [secret[at : at + SHOWN_IN_GROUPS_OF] for at in range(0, len(secret), SHOWN_IN_GROUPS_OF)]
    page = render_template(
        "factors/app.html",
        square=square.svg_data_uri(scale=5, light="#fff", dark="#000"),
        secret=" ".join(groups),
        refused=refused,
        name=typed("name"),
    )
    return page, 422 if refused else 200


def _new_secret(person: User) -> str:
    """Return the secret of the open page: loading it again must not spoil what was scanned."""
    kept = session.get(NEW_APP) or {}
    if kept.get("until", 0) > now().timestamp():
        known = apps.open_sealed(kept["sealed"], person)
        if known:
            return known
    secret = apps.new_secret()
    until = (now() + NEW_APP_FOR).timestamp()
    session[NEW_APP] = {"sealed": apps.seal(secret, person), "until": until}
    return secret


@blueprint.route("/account/factors/key", methods=["GET", "POST"])
@enrolling
def add_key(person: User) -> ResponseReturnValue:
    """Let the browser make a key known."""
    refused: Mapping[str, str] = {}
    if request.method == "POST":
        try:
            answer = request.form.get("answer", "")
            keys.enrol(person, site(), typed("question"), answer, typed("name") or _("Security key"))
        except InvalidError as error:
            refused = refusals(error)
        else:
            return _after(person, "key")
    question = keys.ask_for_new(person, site()) if keys_work() else None
    page = render_template("factors/key.html", question=question, refused=refused, name=typed("name"))
    return page, 422 if refused else 200


def _after(person: User, by: str) -> ResponseReturnValue:
    """Go on after a factor was added; with the first one come recovery codes."""
    waiting = holder.pending()
    target = holder.finish(waiting, by) if waiting else url_for("factors.index")
    holder.pass_on(person, by)
    if not factors.codes_left(person):
        return _show_codes(person, target)
    flash(_("The second factor is added."), "success")
    return redirect(target)


@blueprint.post("/account/factors/codes")
@surely
def codes() -> ResponseReturnValue:
    """Make new recovery codes; they are seen on this answer only."""
    person = owner()
    if not factors.of_person(person):
        return redirect(url_for("factors.index"))
    return _show_codes(person, url_for("factors.index"))


def _show_codes(person: User, target: str) -> str:
    return render_template("factors/codes.html", codes=recovery.renew(person), target=target)


@blueprint.post("/account/factors/<factor_id>/remove")
@surely
def remove(factor_id: str) -> ResponseReturnValue:
    """Remove one of my factors."""
    try:
        factors.remove(owner(), object_id(factor_id))
    except InUseError as error:
        flash(context.say(error.message), "danger")
    else:
        flash(_("The second factor is removed."), "success")
    return redirect(url_for("factors.index"))


@blueprint.route("/account/factors/sure", methods=["GET", "POST"])
def sure() -> ResponseReturnValue:
    """Ask somebody who is signed in for the password or a factor before something delicate."""
    person = owner()
    if request.method == "GET":
        return show_proof("factors/sure.html", person)
    try:
        _prove_again(person)
    except (InvalidError, LockedError) as error:
        return show_proof("factors/sure.html", person, error)
    holder.be_sure()
    return redirect(context.safe_next(request.args.get("next"), url_for("factors.index")))


def _prove_again(person: User) -> None:
    if "password" in request.form:
        password = request.form["password"][: passwords.MAX_LENGTH]
        factors.prove_password(person, password, request.remote_addr)
    else:
        prove_posted(person)
