"""Signing in through the company's own OpenID Connect service. Needs Authlib, so it is an extra.

The code comes back to us alone (PKCE, state and nonce live in the session), and the ID token counts only if
the service's published key signed it for us, now. What a token says never makes an account or gives a right.
"""

import logging
from typing import Any, Final, cast

import requests
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
from authlib.integrations.flask_client import FlaskOAuth2App, OAuth  # type: ignore[import-untyped]
from flask import Blueprint, Flask, current_app, redirect, request, session, url_for
from flask_security import login_user
from joserfc.errors import JoseError
from werkzeug.wrappers import Response

from backoffice.accounts import Account
from backoffice.second_step import enter
from backoffice.settings import Settings
from models import identities
from models.messages import _
from models.people import User
from views import context
from views.factors import holder
from views.factors.base import site

log = logging.getLogger(__name__)

NAME: Final = "company"
NEXT: Final = "oidc_next"
SECONDS: Final = 10
LEEWAY_SECONDS: Final = 60
SIGNATURES: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}
)
PUBLISHED: Final = "/.well-known/openid-configuration"
FAILED: Final = _("The sign-in service's answer could not be checked. Please try again.")
AWAY: Final = _(
    "The sign-in service cannot be reached. Please sign in with your password, or try again later."
)
# What libraries raise for an answer that is wrong, forged or no answer at all.
WRONG: Final = (AuthlibBaseError, JoseError, ValueError, TypeError, LookupError, RuntimeError)

blueprint = Blueprint("oidc", __name__)


class Service(FlaskOAuth2App):  # type: ignore[misc]
    """The sign-in service; it decides neither who it is nor how weakly its tokens may be signed."""

    def load_server_metadata(self) -> dict[str, Any]:
        """Return what the service publishes, if it is the one that was configured."""
        found = cast("dict[str, Any]", super().load_server_metadata())
        if found.get("issuer") != _settings().oidc_issuer:
            message = "the service names itself otherwise"
            raise ValueError(message)
        offered = found.get("id_token_signing_alg_values_supported") or ["RS256"]
        found["id_token_signing_alg_values_supported"] = sorted(SIGNATURES.intersection(offered))
        return found


class Services(OAuth):  # type: ignore[misc]
    """Authlib's registry, with our stricter service."""

    oauth2_client_cls = Service


def init_app(app: Flask, settings: Settings) -> None:
    """Open the sign-in through the configured service."""
    services = Services(app)
    services.register(
        NAME,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        server_metadata_url=settings.oidc_issuer.rstrip("/") + PUBLISHED,
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "default_timeout": SECONDS,
        },
    )
    app.extensions["oidc"] = services
    app.register_blueprint(blueprint)
    label = settings.oidc_label or "OpenID Connect"
    app.context_processor(lambda: {"sign_in_service": label})


# A link, no form: our policy lets no form lead to another site.
@blueprint.get("/login/oidc")
def start() -> Response:
    """Send somebody to the sign-in service."""
    session[NEXT] = context.safe_next(request.args.get("next"))
    try:
        away = _service().authorize_redirect(site().origin + url_for("oidc.back"))
    except requests.RequestException as error:
        log.warning("sign-in service: %s", error)
        raise identities.refused(AWAY, "", "") from None
    except WRONG as error:
        log.warning("sign-in service: %s", error)
        raise identities.refused(FAILED, "", "") from None
    return cast("Response", away)


@blueprint.get("/login/oidc/back")
def back() -> Response:
    """Let in whom the sign-in service vouches for, after our own second factor if it asked for none."""
    claims = _claims()
    issuer, subject = _settings().oidc_issuer, str(claims["sub"])
    verified = claims.get("email_verified") is True
    person = identities.person_of(issuer, subject, str(claims.get("email") or ""), verified=verified)
    return _let_in(person, session.pop(NEXT, "/"), strongly="mfa" in (claims.get("amr") or []))


def _claims() -> dict[str, Any]:
    """Return what a verified ID token says. Raises ForbiddenError."""
    settings = _settings()
    wanted = {
        "iss": {"essential": True, "value": settings.oidc_issuer},
        "aud": {"essential": True, "value": settings.oidc_client_id},
    }
    try:
        token = _service().authorize_access_token(claims_options=wanted, leeway=LEEWAY_SECONDS)
        return dict(token["userinfo"])
    except requests.RequestException as error:
        log.warning("sign-in service: %s", error)
        raise identities.refused(AWAY, "", "") from None
    except WRONG as error:
        log.warning("sign-in service: %s: %s", type(error).__name__, error)
        raise identities.refused(FAILED, "", "") from None


def _let_in(person: User, target: str, *, strongly: bool) -> Response:
    account = Account(person)
    waiting = None if strongly else enter(account, target)
    if waiting is not None:
        return waiting
    login_user(account, authn_via=["oidc"])
    if strongly:
        holder.pass_on(person, holder.BY_PROVIDER)
    return redirect(context.safe_next(target))


def _service() -> Any:  # noqa: ANN401  (Authlib is untyped)
    return current_app.extensions["oidc"].create_client(NAME)


def _settings() -> Settings:
    return cast("Settings", current_app.config["SETTINGS"])
