"""How far a browser's session has come: password shown, factor shown, lately sure that it is the person.

Between password and factor a session holds nothing but whom it waits for and how long. Whoever has a factor
or needs one counts as signed in only once `is_confirmed` says so; `backoffice.second_step` asks it wherever
an account is loaded, so sessions from before a demand wait in the same way.
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import flask_security
from flask import current_app, g, session

from models import factors
from models.factors import Wanted
from models.people import User
from models.times import now
from views import context

PENDING: Final = "pending"
PASSED: Final = "factor"
# Flask-Security notes here when somebody signed in; so do we when they prove again who they are.
SURE: Final = "fs_paa"
BY_PROVIDER: Final = "provider"
PENDING_FOR: Final = timedelta(minutes=5)
SURE_FOR: Final = timedelta(minutes=10)
_CSRF: Final = "csrf_token"


@dataclass(frozen=True)
class Pending:
    """Somebody whose password was right."""

    person: User
    target: str


def is_confirmed(person: User) -> bool:
    """Tell whether this session has shown everything that its person owes."""
    passed: dict[str, str] = session.get(PASSED) or {}
    if passed.get("person") != str(person.id):
        return factors.wanted(person) is Wanted.NOTHING
    if passed["by"] == BY_PROVIDER or not factors.demanded(person):
        return True
    return factors.wanted(person) is Wanted.PROOF


def begin(person: User, target: str) -> None:
    """Wait for the factor of somebody whose password was right, under a new session id."""
    until = (now() + PENDING_FOR).timestamp()
    session.clear()
    session[PENDING] = {"account": person.fs_uniquifier, "until": until, "next": context.safe_next(target)}
    g.pop(_CSRF, None)
    sessions: Any = current_app.session_interface
    sessions.regenerate(session)


def pending() -> Pending | None:
    """Return for whose factor this session waits; None for nobody, or no longer."""
    waiting = session.get(PENDING) or {}
    if waiting.get("until", 0) < now().timestamp():
        return None
    person = User.objects(fs_uniquifier=waiting["account"], active=True).first()
    return Pending(person, context.safe_next(waiting["next"])) if person else None


def unconfirmed() -> User | None:
    """Return who signed in here before a factor was demanded or added, and has not shown it yet."""
    if "_user_id" not in session:
        return None  # the page of the sign-in is there without a database, too
    person: User | None = User.objects(fs_uniquifier=str(session["_user_id"]), active=True).first()
    return person if person and not is_confirmed(person) else None


def finish(waiting: Pending, by: str) -> str:
    """Sign somebody in whose factor was right; return where they wanted to go."""
    session.pop(PENDING, None)
    account = current_app.extensions["security"].datastore.find_user(
        fs_uniquifier=waiting.person.fs_uniquifier
    )
    flask_security.login_user(account, authn_via=["password", by])
    pass_on(waiting.person, by)
    return waiting.target


def pass_on(person: User, by: str) -> None:
    """Note that this session has shown a factor of its person."""
    session[PASSED] = {"person": str(person.id), "by": by}


def is_sure() -> bool:
    """Tell whether the person proved lately that it is them."""
    return bool(time.time() - float(session.get(SURE) or 0) < SURE_FOR.total_seconds())


def be_sure() -> None:
    """Note that the person has just proved that it is them."""
    session[SURE] = time.time()
