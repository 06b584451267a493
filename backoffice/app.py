"""The web application, put together from its parts in the order in which a request meets them."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, abort, current_app, request
from flask.json.provider import DefaultJSONProvider
from typing_extensions import override

import views
from backoffice import auditing, logs, operations, outside
from backoffice.headers import init_assets, init_headers, init_proxies
from backoffice.i18n import init_i18n
from backoffice.second_step import init_oidc, init_second_step
from backoffice.security import init_csrf, init_guard, init_security, init_sessions
from backoffice.settings import Settings
from views import account, api, errors, keys, view_as

# A table of 2,000 rows with 40 columns must pass; text alone never needs more, and no document could hold it.
MAX_FORM_PARTS: Final = 100_000
MAX_FORM_BYTES: Final = 12 * 1024 * 1024
# More than the longest list with all its filters needs; web servers in front allow less or more.
MAX_QUERY_BYTES: Final = 64 * 1024


class BoundedJson(DefaultJSONProvider):
    """JSON as Flask reads it, where nesting without end is as unreadable as a missing bracket."""

    @override
    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Return what the text says. Raises ValueError."""
        try:
            return super().loads(s, **kwargs)
        except RecursionError:
            message = "nested too deeply"
            raise ValueError(message) from None


def create_app(settings: Settings) -> Flask:
    """Return the application. Needs no database yet; connect before the first request."""
    app = Flask("backoffice")
    app.json_provider_class = BoundedJson  # Flask-Security builds its own upon it
    app.json = BoundedJson(app)
    init_config(app, settings)
    outside.install(settings)
    init_proxies(app, settings)
    logs.init_app(app)
    operations.init_app(app)
    init_headers(app, settings)
    init_assets(app)
    init_sessions(app, settings)
    init_i18n(app)
    init_guard(app)
    init_csrf(app)
    init_security(app)
    init_second_step(app)
    init_oidc(app, settings)
    auditing.init_app(app)
    view_as.init_app(app)
    errors.init_app(app)
    views.init_app(app)
    account.init_app(app)
    keys.init_app(app)
    api.init_app(app)
    return app


def limit_text() -> None:
    """Keep the large limit for uploads: a form without files, or JSON, is held in memory as a whole."""
    if len(request.query_string) > MAX_QUERY_BYTES:
        abort(HTTPStatus.REQUEST_URI_TOO_LONG)
    if request.mimetype != "multipart/form-data":
        request.max_content_length = min(MAX_FORM_BYTES, current_app.config["MAX_CONTENT_LENGTH"])


def init_config(app: Flask, settings: Settings) -> None:
    """Translate our settings into those of Flask and its extensions."""
    app.config.from_mapping(
        SETTINGS=settings,
        DEFAULT_LANGUAGE=settings.language,
        DEFAULT_TIMEZONE=settings.timezone,
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=settings.max_upload_bytes,
        MAX_FORM_MEMORY_SIZE=MAX_FORM_BYTES,
        MAX_FORM_PARTS=MAX_FORM_PARTS,
        PERMANENT_SESSION_LIFETIME=timedelta(minutes=settings.session_idle_minutes),
        SESSION_COOKIE_NAME="__Host-session" if settings.secure else "session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
        PREFERRED_URL_SCHEME="https" if settings.secure else "http",
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session lives
        FLASK_ADMIN_RAISE_ON_VIEW_EXCEPTION=True,
        FLASK_ADMIN_RAISE_ON_INTEGRITY_ERROR=True,
    )
    app.before_request(limit_text)
