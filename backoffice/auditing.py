"""Tells the audit log of every request whence it comes and who asks: rules know of no requests."""

import getpass

from flask import Flask, request

from models import audit
from models.audit import Origin
from models.people import Actor
from views.context import real_person

COMMAND_LINE = "command line"


def init_app(app: Flask) -> None:
    """Note the origin before each request, and forget it after."""
    app.before_request(_begin)
    app.teardown_request(_end)


def _begin() -> None:
    audit.begin(Origin(request.remote_addr or "", _asking))


def _end(_error: BaseException | None) -> None:
    audit.begin(Origin())


def _asking() -> Actor | None:
    person = real_person()
    return Actor.of(person) if person else None


def operator() -> Origin:
    """Return the origin of what the operator of the machine asks for by a command."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number without a name
        name = ""
    actor = Actor(None, f"{COMMAND_LINE} ({name})" if name else COMMAND_LINE)
    return Origin(COMMAND_LINE, lambda: actor)
