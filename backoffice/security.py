"""Signing in, staying signed in, and the doors that are closed unless opened here."""

from datetime import timedelta
from typing import Any, Final

from flask import Flask, Request, abort, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, user_logged_in, user_logged_out
from flask_security import Security
from flask_wtf import CSRFProtect

from backoffice.accounts import Account, Accounts, SignInForm
from backoffice.sessions import MongoSessions
from backoffice.settings import Settings
from models import api_tokens, audit
from models.messages import _
from models.people import Actor, User
from models.times import now
from views import account, context, errors

# Every other endpoint needs somebody who is signed in. Adding a name here opens it to the world.
PUBLIC_ENDPOINTS: Final = frozenset(
    {
        "account.preferences",
        "admin.static",
        "factors.add_app",  # whoever is led here by a role; closed to others by itself
        "factors.add_key",
        "factors.cancel",
        "factors.step",
        "forgotten.ask",
        "forgotten.choose",
        "forgotten.open_link",
        "health.healthz",
        "health.metrics",
        "health.readyz",
        "health.security_txt",
        "oidc.back",
        "oidc.start",
        "security.login",
        "static",
    }
)
# What is open before the password of an administrator's making was changed.
OWN_PASSWORD_ENDPOINTS: Final = frozenset({"account.password", "security.logout"})
CHOOSE_FIRST: Final = _("Choose a password of your own first.")
# These answer even when the session store does not; cookies count for nothing there.
QUIET_PATHS: Final = ("/static/", "/healthz", "/readyz", "/metrics", "/.well-known/", "/api/")
# Pages ask these again and again while nobody may be sitting there.
POLLED_PATHS: Final = ("/inbox/badge",)

# An address within another one is longer; beyond 8,190 characters the server would refuse it.
LONGEST_WAY: Final = 8_000

CSRF_FIELD: Final = "csrf_token"


def init_sessions(app: Flask, settings: Settings) -> None:
    """Keep sessions in the database; a new id at sign-in, nothing left after sign-out."""
    longest = timedelta(hours=settings.session_absolute_hours)
    app.session_interface = MongoSessions(app, longest, QUIET_PATHS, POLLED_PATHS)
    user_logged_in.connect(_on_sign_in, app)
    user_logged_out.connect(_on_sign_out, app)


def init_guard(app: Flask) -> None:
    """Close every endpoint that is not listed above to whoever is not signed in."""
    app.before_request(_require_sign_in)


def init_csrf(app: Flask) -> None:
    """Refuse every change without the token of the session (form field or `X-CSRFToken` header)."""
    CSRFProtect(app)


def init_security(app: Flask) -> None:
    """Let people sign in by user name or e-mail at `/login` and out at `/logout`; nothing else is opened."""
    app.config.from_mapping(
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106  (a scheme)
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_PASSWORD_SINGLE_HASH=["argon2"],  # the hash of `models.passwords`, without a second secret
        SECURITY_PASSWORD_SALT=app.config["SECRET_KEY"],
        SECURITY_USER_IDENTITY_ATTRIBUTES=[
            {name: {"mapper": str.lower, "case_insensitive": False}} for name in ("username", "email")
        ],
        SECURITY_API_ENABLED_METHODS=["session"],
        SECURITY_FRESHNESS=timedelta(seconds=-1),
        SECURITY_LOGIN_USER_TEMPLATE="security/sign_in.html",
        SECURITY_LOGOUT_CSRF=True,
        SECURITY_LOGOUT_USER_TEMPLATE="security/sign_out.html",
        SECURITY_POST_LOGOUT_VIEW="/login",
        SECURITY_STATIC_FOLDER=None,
        SECURITY_FLASH_MESSAGES=False,
        SECURITY_CLI_USERS_NAME=None,
        SECURITY_CLI_ROLES_NAME=None,
    )
    security = Security(app, Accounts(), login_form=SignInForm)
    security.want_json(lambda _request: False)
    security.login_manager.request_loader(_account_of_key)
    app.before_request(_refuse_programs_at_sign_in)


def _account_of_key(asked: Request) -> Account | None:
    """Return whom a program acts for by its key; only the API takes keys, and only in the header."""
    scheme, _space, secret = asked.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not asked.path.startswith("/api/"):
        return None
    person = api_tokens.person_of(secret.strip())
    return Account(person) if person else None


def _require_sign_in() -> ResponseReturnValue | None:
    if getattr(session, "unavailable", False):
        return errors.show_unavailable()
    if request.endpoint is None or request.endpoint in PUBLIC_ENDPOINTS:
        return None
    if current_user.is_authenticated:
        return _lead_to_own_password()
    if context.wants_json() or request.method not in {"GET", "HEAD"}:
        return errors.show(401)
    way = url_for("security.login", next=context.safe_next(request.full_path.rstrip("?")))
    return redirect(way if len(way) <= LONGEST_WAY else url_for("security.login"))


def _lead_to_own_password() -> ResponseReturnValue | None:
    """Let somebody whose password an administrator knows do nothing but choose another one."""
    if not current_user.person.password_must_change or request.endpoint in OWN_PASSWORD_ENDPOINTS:
        return None
    if context.wants_json() or request.method not in {"GET", "HEAD"}:
        return errors.show(403, CHOOSE_FIRST)
    return redirect(url_for("account.password"))


def _refuse_programs_at_sign_in() -> None:
    """Refuse JSON at pages of WTForms, which would take a body of any shape for a form."""
    if request.blueprint in {"account", "forgotten", "keys", "security"} and request.is_json:
        abort(415)


def _on_sign_in(app: Flask, user: Account) -> None:
    session.pop(CSRF_FIELD, None)
    g.pop(CSRF_FIELD, None)
    sessions: Any = app.session_interface
    sessions.regenerate(session)
    person = user.person
    account.settle_language(person)
    User.objects(id=person.id).update_one(
        set__last_login_at=person.current_login_at or now(),
        set__last_login_ip=person.current_login_ip,
        set__current_login_at=now(),
        set__current_login_ip=request.remote_addr,
        inc__login_count=1,
    )
    _note("session.started", person)


def _note(event: str, person: User) -> None:
    actor, address = Actor.of(person), request.remote_addr or ""
    audit.note(event, actor=actor, subject=str(person.username), address=address)


def _on_sign_out(_app: Flask, user: object) -> None:
    person = getattr(user, "person", None)
    session.clear()
    if person is not None:
        _note("session.ended", person)
