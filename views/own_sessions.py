"""Where a person is signed in, and signing out elsewhere."""

from flask import Blueprint, Flask, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from models import sessions
from views import context, devices

blueprint = Blueprint("sessions", __name__)


def init_app(app: Flask) -> None:
    """Add the page of a person's sessions to an app."""
    app.register_blueprint(blueprint)


@blueprint.get("/account/sessions")
def index() -> ResponseReturnValue:
    """Show where I am signed in, this browser first."""
    found = sorted(sessions.sessions_of(context.require_person()), key=lambda one: one.key != _this())
    return render_template("account/sessions.html", sessions=found, this=_this(), devices=devices)


@blueprint.post("/account/sessions/<key>/end")
def end(key: str) -> ResponseReturnValue:
    """Sign me out in one other place."""
    sessions.end(context.current_actor(), context.require_person(), key)
    flash(_("Signed out there."), "success")
    return redirect(url_for("sessions.index"))


@blueprint.post("/account/sessions/end")
def end_others() -> ResponseReturnValue:
    """Sign me out everywhere but here."""
    ended = sessions.end_others(context.current_actor(), context.require_person(), _this())
    flash(
        ngettext("Signed out in %(num)s other place.", "Signed out in %(num)s other places.", ended),
        "success",
    )
    return redirect(url_for("sessions.index"))


def _this() -> str:
    return sessions.key_of(session.sid)  # type: ignore[attr-defined]
