"""Puts the second factor between the password and everything else."""

from typing import Any

from flask import Flask, redirect, request, url_for
from werkzeug.wrappers import Response

from backoffice.accounts import Account
from backoffice.settings import Settings, SettingsError, variable
from models import factors
from models.factors import Wanted
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
        return enter(user, request.form.get("next") or request.args.get("next") or "/")


def enter(account: Account, target: str) -> Response | None:
    """Let somebody wait for their factor, and return where they show it; None where they owe none."""
    if factors.wanted(account.person) is Wanted.NOTHING:
        return None
    holder.begin(account.person, target)
    return redirect(url_for("factors.step"))


def init_second_step(app: Flask) -> None:
    """Ask for factors after the password; call after the sign-in is registered."""
    security: Any = app.extensions["security"]
    security.two_factor_plugins = SecondStep()
    load = security.login_manager._user_callback  # noqa: SLF001  (Flask-Login's only place for it)

    def load_confirmed(session_name: str) -> Account | None:
        account: Account | None = load(session_name)
        return account if account and holder.is_confirmed(account.person) else None

    security.login_manager.user_loader(load_confirmed)
    app.before_request(_lead_on)
    pages.init_app(app)


def init_oidc(app: Flask, settings: Settings) -> None:
    """Offer the company's own sign-in service where one is configured.

    Raises:
        SettingsError: it is, but what it needs is not installed.
    """
    if not settings.oidc_issuer:
        return
    try:
        from backoffice import oidc  # noqa: PLC0415  (needs Authlib, which is an extra)
    except ModuleNotFoundError as error:
        message = f"{variable('oidc_issuer')}: needs `pip install backoffice[oidc]` ({error.name} is missing)"
        raise SettingsError(message) from None
    oidc.init_app(app, settings)


def _lead_on() -> Response | None:
    """Lead whoever owes a factor, and so counts as nobody, from the password's page to that of the factor."""
    if request.endpoint != "security.login" or request.method != "GET":
        return None
    person = holder.unconfirmed()
    if person is not None:
        holder.begin(person, context.safe_next(request.args.get("next")))
    return redirect(url_for("factors.step")) if person or holder.pending() else None
