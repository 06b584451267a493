"""What the pages of second factors share."""

import ipaddress
from collections.abc import Mapping
from typing import Final

from flask import Blueprint, current_app, request

from models import factors
from models.errors import DomainError, ForbiddenError, InvalidError
from models.factors.keys import Site
from models.people import User
from views.context import real_person, say, site_origin

LONGEST_CODE: Final = 100

blueprint = Blueprint("factors", __name__)


def owner() -> User:
    """Return whose own factors these are: who signed in, whoever they look at the program as."""
    person = real_person()
    if person is None:
        raise ForbiddenError
    return person


def site() -> Site:
    """Return where people reach this program: as configured, else (never in production) as asked."""
    return Site(site_origin().lower(), current_app.config["SETTINGS"].company or "Backoffice")


def keys_work() -> bool:
    """Tell whether browsers answer for keys here: they need a name, and https or the machine itself."""
    host = site().host
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return site().origin.startswith("https://") or host == "localhost" or host.endswith(".localhost")
    return False


def typed(name: str) -> str:
    """Return one posted text, cut far above what is right."""
    return request.form.get(name, "").strip()[:LONGEST_CODE]


def prove_posted(person: User) -> str:
    """Check whichever factor was posted and return its name. Raises InvalidError, LockedError."""
    address = request.remote_addr
    if "answer" in request.form:
        answer = request.form["answer"]
        factors.prove_key(person, site(), typed("question"), answer, address)
        return "key"
    if "recovery" in request.form:
        factors.prove_recovery(person, typed("recovery"), address)
        return "recovery"
    factors.prove_code(person, typed("code"), address)
    return "app"


def refusals(error: DomainError) -> Mapping[str, str]:
    """Return what is wrong beside which input, for the page; "" is for the whole page."""
    if isinstance(error, InvalidError):
        return {path: say(messages[0]) for path, messages in error.errors.items()}
    return {"": say(error.message)}
