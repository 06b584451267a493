"""Our users as Flask-Security sees them: models know nothing of Flask, so an account wraps a user."""

import math
from typing import Any

import mongoengine
from flask import Response, after_this_request, request
from flask_babel import lazy_gettext
from flask_security import LoginForm, MongoEngineUserDatastore, RoleMixin, UserMixin
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from models import sign_in
from models.errors import DomainError, LockedError
from models.messages import Message
from models.people import Role, User
from models.times import now
from views import context


class Account(UserMixin):
    """A user who signs in or is signed in; `person` is the document."""

    def __init__(self, person: User) -> None:
        """Wrap a document."""
        self.person = person

    @property
    def roles(self) -> list[RoleMixin]:  # type: ignore[override]
        """Give Flask-Principal nothing to load: rights are the business of `models.access` alone."""
        return []

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (whatever the document has)
        return getattr(self.person, name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Account) and other.person.id == self.person.id

    def __hash__(self) -> int:
        return hash(self.person.id)

    def get_security_payload(self) -> dict[str, Any]:
        """Return what a program that signs in is told about the account."""
        return {"username": self.person.username, "name": self.person.name}


class Accounts(MongoEngineUserDatastore):
    """Finds accounts for Flask-Security."""

    def __init__(self) -> None:
        """Use MongoEngine's default connection."""
        super().__init__(mongoengine.connection, User, Role)

    def find_user(self, case_insensitive: bool = False, **query: Any) -> Account | None:  # noqa: ANN401, FBT001, FBT002
        """Return the account that a query of one or more equalities names."""
        person = super().find_user(case_insensitive, **query)  # type: ignore[no-untyped-call]
        return Account(person) if person else None


class SignInForm(LoginForm):
    """User name or e-mail, and password. Every failure reads the same."""

    email = None
    remember = None
    identity = StringField(
        lazy_gettext("User name or e-mail"),
        validators=[InputRequired(), Length(max=sign_in.LONGEST_IDENTITY)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  (as WTForms has them)
        """Forget a `next` that could lead off this site, instead of refusing to sign in."""
        super().__init__(*args, **kwargs)
        self.next.data = context.safe_next(self.next.data, "")

    def validate(self, **kwargs: Any) -> bool:  # noqa: ANN401  (as WTForms has them)
        """Check the password; every failure reads the same, whatever was wrong."""
        del kwargs
        try:
            person = sign_in.prove(self.identity.data or "", self.password.data or "", request.remote_addr)
        except DomainError as error:
            self.form_errors.append(context.say(_said(error)))
            return False
        self.user = Account(person)
        return True


def _said(error: DomainError) -> Message:
    """Return what a refused sign-in reads; a lock also shows in the status of the answer."""
    if isinstance(error, LockedError):
        after_this_request(lambda response: _mark_locked(response, error))
        return error.message
    return sign_in.WRONG


def _mark_locked(response: Response, error: LockedError) -> Response:
    response.status_code = error.status
    response.headers["Retry-After"] = str(max(1, math.ceil((error.until - now()).total_seconds())))
    return response
