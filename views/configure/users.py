"""People who can sign in: found, made, changed, disabled, given a new password."""

import re
from typing import Any

from bson import ObjectId
from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from mongoengine import Q

from models import account_access, accounts, departments, edits, factors, identities
from models.errors import ConflictError, InvalidError
from models.people import DEFAULT_TIMEZONE, Department, Permission, Role, User
from views import devices
from views.account import COMMON_TIMEZONES, LANGUAGE_NAMES
from views.configure.base import ConfigureView, Errors, attempt, posted, said, summary, unsaved_notice
from views.configure.leaving import LeavingPages
from views.configure.people import found_user
from views.configure.people_import import PeopleImportPages
from views.context import require_person

PAGE_SIZE = 50
MAX_PAGE = 10_000
MAX_ROLES = 50
LABELS = {
    "username": lazy_gettext("User name"),
    "name": lazy_gettext("Name"),
    "email": lazy_gettext("E-mail"),
    "phone": lazy_gettext("Phone"),
    "department": lazy_gettext("Department"),
    "roles": lazy_gettext("Roles"),
    "language": lazy_gettext("Language"),
    "timezone": lazy_gettext("Time zone"),
    "active": lazy_gettext("Can sign in"),
}


class UsersView(LeavingPages, PeopleImportPages, ConfigureView):
    """Users and their rights."""

    permissions = (Permission.CONFIGURE_PEOPLE,)
    endpoint_name = "configure_users"
    path = "/configure/users"

    @expose("/")
    def index(self) -> str:
        """List users, found by name, department, role or state."""
        page, found = _page_number(), _found_by(request.args)
        users = list(found.skip((page - 1) * PAGE_SIZE).limit(PAGE_SIZE + 1).select_related())
        return self.page(
            "users.html",
            users=users[:PAGE_SIZE],
            total=found.count(),
            page_number=page,
            more=len(users) > PAGE_SIZE,
            tree=departments.tree(),
            roles=list(Role.objects.order_by("name")),
            address=_address,
            protected=factors.protected([user.id for user in users]),
        )

    @expose("/new", methods=["GET", "POST"])
    def create(self) -> ResponseReturnValue:
        """Add a user; the generated password is shown once."""
        user = User(username="", name="", timezone=DEFAULT_TIMEZONE)
        if request.method == "GET":
            return self._show(user, {}, "")
        errors = _read(user)
        try:
            if not errors:
                return self._show_password(accounts.create_user(require_person(), user))
        except InvalidError as error:
            errors = said(error)
        return self._show(user, errors, "")

    @expose("/<user_id>", methods=["GET", "POST"])
    def edit(self, user_id: str) -> ResponseReturnValue:
        """Change a user."""
        user = found_user(user_id)
        if request.method == "GET":
            return self._show(user, {}, edits.stamp(user, accounts.USER_ATTRIBUTES))
        seen = posted("stamp", 64)
        errors = _read(user)
        try:
            if not errors:
                accounts.save_user(require_person(), user, seen=seen)
                flash(_("Saved."), "success")
                return redirect(url_for(".index"))
        except InvalidError as error:
            errors = said(error)
        except ConflictError:
            errors = {"": unsaved_notice()}
            seen = edits.stamp(user, accounts.USER_ATTRIBUTES)
        return self._show(user, errors, seen)

    @expose("/<user_id>/password", methods=["POST"])
    def password(self, user_id: str) -> ResponseReturnValue:
        """Generate a new password and show it once."""
        return self._show_password(accounts.reset_password(require_person(), found_user(user_id)))

    def _show(self, user: User, errors: Errors, seen: str) -> str:
        return self.page(
            "user.html",
            user=user,
            errors=errors,
            problems=summary(errors, {key: str(label) for key, label in LABELS.items()}),
            labels=LABELS,
            stamp=seen,
            tree=departments.tree(),
            roles=list(Role.objects.order_by("name")),
            held={role.id for role in user.roles},
            languages=LANGUAGE_NAMES,
            timezones=list(dict.fromkeys([*COMMON_TIMEZONES, str(user.timezone)])),
            is_self=user.id == require_person().id,
            access=_access(require_person(), user) if user.id else None,
            devices=devices,
        )

    @staticmethod
    def back(user: User, done: str, action: Any, *arguments: Any, **options: Any) -> ResponseReturnValue:  # noqa: ANN401
        """Carry out a one-button change of an account and show it again."""
        return attempt(url_for(".edit", user_id=user.id), done, action, *arguments, **options)

    def _show_password(self, made: accounts.NewPassword) -> str:
        return self.page("password.html", user=made.user, text=made.text)


def _access(person: User, user: User) -> dict[str, Any]:
    """Return how somebody gets in: sessions, second factors, a lock, links with sign-in services."""
    return {
        "sessions": account_access.open_sessions(person, user),
        "locked_until": account_access.locked_until(person, user),
        "factors": factors.of_person(user),
        "demanded": factors.demanded(user),
        "links": identities.links_of(user),
    }


def _found_by(arguments: Any) -> Any:  # noqa: ANN401  (a query set)
    wanted = Q()
    words = arguments.get("q", "").strip()[:100]
    if words:
        part = re.compile(re.escape(words), re.IGNORECASE)
        wanted &= Q(name=part) | Q(username=part) | Q(email=part)
    for name in ("department", "roles"):
        chosen = arguments.get(name, "")
        if ObjectId.is_valid(chosen):
            wanted &= Q(**{name: ObjectId(chosen)})
    state = arguments.get("state", "active")
    if state in {"active", "disabled"}:
        wanted &= Q(active=state == "active")
    return User.objects(wanted).order_by("username")


def _page_number() -> int:
    text = request.args.get("page", "1")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < len(str(MAX_PAGE)) else 1
    return max(1, min(number, MAX_PAGE))


def _address(**changes: Any) -> str:  # noqa: ANN401  (query values)
    known = {
        name: request.args[name] for name in ("q", "department", "roles", "state") if request.args.get(name)
    }
    return url_for("configure_users.index", **{**known, **changes})


def _read(user: User) -> Errors:
    errors: Errors = {}
    user.username = posted("username", 40).lower()
    user.name = posted("name", 80)
    user.email = posted("email", 254) or None
    user.phone = posted("phone", 40)
    user.language = "en" if posted("language") == "en" else "zh"
    user.timezone = posted("timezone", 60) or DEFAULT_TIMEZONE
    user.roles = _chosen_roles(errors)
    department = posted("department")
    user.department = (
        Department.objects(id=ObjectId(department)).first() if ObjectId.is_valid(department) else None
    )
    if department and user.department is None:
        errors["department"] = _("This does not exist any more.")
    return errors


def _chosen_roles(errors: Errors) -> list[Role]:
    ids = [ObjectId(text) for text in request.form.getlist("roles")[:MAX_ROLES] if ObjectId.is_valid(text)]
    found = list(Role.objects(id__in=ids).order_by("name"))
    if len(found) < len(set(request.form.getlist("roles"))):
        errors["roles"] = _("This does not exist any more.")
    return found
