"""Our users as Flask-Security sees them: models know nothing of Flask, so an account wraps a user."""

from typing import Any, Final

import mongoengine
from flask_babel import gettext, lazy_gettext
from flask_security import LoginForm, MongoEngineUserDatastore, RoleMixin, UserMixin
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from models import passwords
from models.people import Role, User
from views.context import safe_next

LONGEST_IDENTITY: Final = 254


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

    def verify_and_update_password(self, password: str) -> bool:
        """Tell whether the password is right; a hash of yesterday's cost is renewed in passing."""
        stored = str(self.person.password)
        if not passwords.verify_password(password, stored):
            return False
        if passwords.needs_new_hash(stored):
            renewed = passwords.hash_password(password)
            User.objects(id=self.person.id, password=stored).update_one(set__password=renewed)
        return True

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


def find_by_identity(identity: str) -> Account | None:
    """Return the account of a user name in any case, or of an e-mail address."""
    typed = identity.strip().encode("utf-8", "replace").decode()
    found = (
        User.objects(email__in=[typed, typed.lower()])
        if "@" in typed
        else User.objects(username=typed.lower())
    )
    person = found.first()
    return Account(person) if person else None


class SignInForm(LoginForm):
    """User name or e-mail, and password. Every failure reads the same."""

    email = None
    remember = None
    identity = StringField(
        lazy_gettext("User name or e-mail"),
        validators=[InputRequired(), Length(max=LONGEST_IDENTITY)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  (as WTForms has them)
        """Forget a `next` that could lead off this site, instead of refusing to sign in."""
        super().__init__(*args, **kwargs)
        self.next.data = safe_next(self.next.data, "")

    def validate(self, **kwargs: Any) -> bool:  # noqa: ANN401  (as WTForms has them)
        """Look the account up, check the password, and tell a stranger nothing about which was wrong."""
        identity, password = self.identity.data or "", self.password.data or ""
        self.ifield, self.user = self.identity, find_by_identity(identity[:LONGEST_IDENTITY])
        if self.user is None or not self.user.password:
            passwords.verify_password(password, None)
        elif super().validate(**kwargs) or self.user_authenticated:
            return not self.identity.errors
        self.identity.errors, self.password.errors = [], []
        self.form_errors.append(gettext("The user name or the password is wrong."))
        return False
