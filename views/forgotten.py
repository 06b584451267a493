"""Forgotten passwords: asking for a mail, and choosing a new password by its link."""

from typing import Final

from bson import ObjectId
from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from models import password_resets, sign_in
from models.errors import InvalidError, NotFoundError
from models.people import User
from tasks import sweeps
from views import context
from views.passwords import NewPasswordForm
from views.sending import send_quietly

OPENED: Final = "reset"

blueprint = Blueprint("forgotten", __name__)


class AskForm(FlaskForm):  # type: ignore[misc]
    """Whose password is forgotten."""

    identity = StringField(
        lazy_gettext("User name or e-mail"),
        validators=[InputRequired(), Length(max=sign_in.LONGEST_IDENTITY)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )


def init_app(app: Flask) -> None:
    """Add the pages for forgotten passwords to an app."""
    app.register_blueprint(blueprint)


@blueprint.route("/forgot", methods=["GET", "POST"])
def ask() -> ResponseReturnValue:
    """Ask for a mail; the answer is the same for every name."""
    possible = password_resets.is_possible(current_app.config["SETTINGS"].public_url)
    form = AskForm()
    asked = possible and form.validate_on_submit()
    if asked:
        password_resets.ask(form.identity.data, request.remote_addr)
        send_quietly(sweeps.carry_out_effects)
    minutes = password_resets.VALID_MINUTES
    return render_template("security/forgot.html", form=form, possible=possible, asked=asked, minutes=minutes)


@blueprint.get("/reset/<token>")
def open_link(token: str) -> ResponseReturnValue:
    """Take the token out of the address, so that it stays neither in the history nor in logs of others."""
    try:
        session[OPENED] = str(password_resets.opened(token))
    except NotFoundError as error:
        return _start_again(error)
    answer = redirect(url_for("forgotten.choose"))
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@blueprint.route("/reset", methods=["GET", "POST"])
def choose() -> ResponseReturnValue:
    """Choose the new password; nobody is signed in by it."""
    wanted = ObjectId(session[OPENED]) if OPENED in session else None
    form = NewPasswordForm()
    try:
        person = password_resets.person_of(wanted) if wanted else None
        if wanted and form.validate_on_submit() and _use(wanted, form):
            session.pop(OPENED)
            flash(_("Your password is changed. Please sign in with the new one."), "success")
            return redirect(url_for("security.login"))
    except NotFoundError as error:
        return _start_again(error)
    return _page(form, person) if person else redirect(url_for("forgotten.ask"))


def _page(form: NewPasswordForm, person: User) -> str:
    return render_template("security/reset.html", form=form, owner=person)


def _use(wanted: ObjectId, form: NewPasswordForm) -> bool:
    if not form.is_repeated():
        return False
    try:
        password_resets.use(wanted, form.password.data, request.remote_addr)
    except InvalidError as error:
        form.show(error)
        return False
    send_quietly(sweeps.carry_out_effects)
    return True


def _start_again(error: NotFoundError) -> ResponseReturnValue:
    session.pop(OPENED, None)
    flash(context.say(error.message), "danger")
    return redirect(url_for("forgotten.ask"))
