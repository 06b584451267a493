"""Every refusal and failure, shown once: a page for people, JSON for programs, in the reader's language."""

import logging
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from pymongo.errors import DocumentTooLarge, OperationFailure, PyMongoError
from werkzeug.exceptions import HTTPException, InternalServerError

from models.database import is_passing
from models.errors import DomainError, InvalidError, TooLargeError
from models.messages import Message, _
from views import context

log = logging.getLogger(__name__)

OBJECT_TOO_LARGE: Final = 10334

TITLES: Final = {
    400: _("This request could not be understood"),
    401: _("Please sign in"),
    403: _("You are not allowed to do this"),
    404: _("Not found"),
    405: _("This address does not work that way"),
    409: _("Someone else was faster"),
    413: _("Too large"),
    422: _("Please check what you entered"),
    429: _("Too many attempts"),
    500: _("Something went wrong on our side"),
    503: _("The service is not available right now"),
}

TEXTS: Final = {
    400: _("The address or the data sent with it is not valid."),
    401: _("This page is only for people who are signed in."),
    403: _("Your roles do not open this. If you need it for your work, ask an administrator."),
    404: _("This does not exist, or you may not see it."),
    405: _("Please go back and use the buttons of the page."),
    409: _("Someone else saved this first."),
    413: _("You sent more than we can accept at once. Please send less, or a smaller file."),
    422: _("Please correct the marked fields."),
    429: _("Please wait a few minutes and try again."),
    500: _(
        "It has been recorded. Please try again; if it happens again, tell an administrator the number below."
    ),
    503: _("The database cannot be reached. Nothing you saved is lost. Please try again in a minute."),
}

STALE: Final = "X-Stale-Page"
"""Tells a script that the page it runs in is of another session; what it sent was not looked at."""
STALE_PAGE: Final = _(
    "This page was open for too long or in another session. Please load it again and repeat."
)


def init_app(app: Flask) -> None:
    """Answer for every exception that leaves a view of an app."""
    app.register_error_handler(DomainError, show_domain_error)
    app.register_error_handler(CSRFError, show_stale)
    app.register_error_handler(HTTPException, show_http_error)
    app.register_error_handler(DocumentTooLarge, lambda _error: show(TooLargeError.status))
    app.register_error_handler(PyMongoError, show_database_error)
    app.register_error_handler(InternalServerError, show_failure)


def show_stale(_error: CSRFError) -> ResponseReturnValue:
    """Refuse what comes from a page of another session."""
    return show(HTTPStatus.BAD_REQUEST, STALE_PAGE, headers={STALE: "1"})


def show_domain_error(error: DomainError) -> ResponseReturnValue:
    """Show a rule's refusal with its own words."""
    errors = error.errors if isinstance(error, InvalidError) else {}
    said = {path: [context.say(text) for text in texts] for path, texts in errors.items()}
    return show(error.status, error.message, errors=said)


def show_http_error(error: HTTPException) -> ResponseReturnValue:
    """Show what the web framework refused; redirects and ready answers pass."""
    if error.response is not None:
        return error
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error
    allowed = getattr(error, "valid_methods", None)
    headers = {"Allow": ", ".join(sorted(allowed))} if allowed else {}
    return show(error.code, headers=headers)


def show_database_error(error: PyMongoError) -> ResponseReturnValue:
    """Tell a database that is away (503) from a too large document (413) and a fault of ours (500)."""
    if is_passing(error):
        log.error("database unavailable: %s", error)
        return show_unavailable()
    if isinstance(error, OperationFailure) and error.code == OBJECT_TOO_LARGE:
        return show(TooLargeError.status)
    log.error("database failure in %s %s", request.method, request.path, exc_info=error)
    return show(HTTPStatus.INTERNAL_SERVER_ERROR)


def show_unavailable() -> ResponseReturnValue:
    """Answer without the database: nobody is looked up any more during this request."""
    g.database_down = True
    g._login_user = AnonymousUserMixin()  # noqa: SLF001  (where Flask-Login would ask the database again)
    return show(HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "10"})


def show_failure(error: InternalServerError) -> ResponseReturnValue:
    """Show the number under which Flask has just recorded an unexpected failure, never its trace."""
    original = error.original_exception
    return (
        show_unavailable()
        if isinstance(original, PyMongoError) and is_passing(original)
        else show(HTTPStatus.INTERNAL_SERVER_ERROR)
    )


def show(
    status: int,
    message: Message | None = None,
    *,
    errors: dict[str, list[str]] | None = None,
    headers: dict[str, str] | None = None,
) -> ResponseReturnValue:
    """Return a refusal as the one who asked wants it: a page or JSON."""
    body = _as_json if context.wants_json() else _as_page
    return body(status, message or TEXTS.get(status, TEXTS[400]), errors or {}), status, headers or {}


def _as_json(status: int, message: Message, errors: dict[str, list[str]]) -> Any:  # noqa: ANN401  (a response)
    error = {"status": status, "message": context.say(message), "request_id": context.request_id()}
    return jsonify(error=error | ({"errors": errors} if errors else {}))


def _as_page(status: int, message: Message, errors: dict[str, list[str]]) -> str:
    # The usual layout asks the database for its menu, so it must not carry the news that this failed.
    plain = status >= HTTPStatus.INTERNAL_SERVER_ERROR or context.current_person() is None
    heading, text = context.say(TITLES.get(status, TITLES[400])), context.say(message)
    if text.rstrip(".。") == heading:  # What the heading says already, helps nobody on.
        text = context.say(TEXTS.get(status, message))
    return render_template(
        "errors/error.html",
        layout="layout_plain.html" if plain else "layout.html",
        status=status,
        heading=heading,
        message=text,
        errors=errors,
        request_id=context.request_id(),
    )
