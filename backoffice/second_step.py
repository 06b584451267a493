"""Puts the second factor between the password and everything else."""

from typing import Any

from flask import Flask, g, redirect, request, url_for
from werkzeug.wrappers import Response

from backoffice.accounts import Account
from backoffice.settings import Settings
from models import factors
from models.factors import Wanted, sealing
from views import context
from views import factors as pages
from views.factors import holder


class SecondStep:
    """Takes the place of Flask-Security's own factors, which accept a code twice and lock nobody out."""

    def tf_enter(
        self,
        user: Account,
        remember_me: bool | None,  # noqa: FBT001  (as Flask-Security has it)
        primary_authn_via: str,
        next_loc: str | None,
    ) -> Response | None:
        """Return where somebody goes whose password was right, or None where that is enough."""
        del remember_me, primary_authn_via, next_loc
        if factors.wanted(user.person) is Wanted.NOTHING:
            return None
        g.signed_in = True  # no failure of the password
        holder.begin(user.person, request.form.get("next") or request.args.get("next") or "/")
        return redirect(url_for("factors.step"))


def init_second_step(app: Flask, settings: Settings) -> None:
    """Ask for factors after the password; call after the sign-in is registered."""
    sealing.set_secret(settings.secret_key)
    security: Any = app.extensions["security"]
    security.two_factor_plugins = SecondStep()
    load = security.login_manager._user_callback  # noqa: SLF001  (Flask-Login's only place for it)

    def load_confirmed(session_name: str) -> Account | None:
        account: Account | None = load(session_name)
        return account if account and holder.is_confirmed(account.person) else None

    security.login_manager.user_loader(load_confirmed)
    app.before_request(_lead_on)
    pages.init_app(app)


def _lead_on() -> Response | None:
    """Lead whoever owes a factor, and so counts as nobody, from the password's page to that of the factor."""
    if request.endpoint != "security.login" or request.method != "GET":
        return None
    person = holder.unconfirmed()
    if person is not None:
        holder.begin(person, context.safe_next(request.args.get("next")))
    return redirect(url_for("factors.step")) if person or holder.pending() else None
