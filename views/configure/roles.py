"""Roles: what each may do, as a matrix of forms and actions."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from models import accounts, edits
from models.access import Action, object_id
from models.database import db
from models.errors import ConflictError, InvalidError, NotFoundError
from models.forms import live_forms
from models.people import EVERY_FORM, Grant, Name, Permission, Role
from views.configure.base import ConfigureView, Errors, attempt, posted, said, summary, unsaved_notice
from views.context import current_language, require_person

LABELS = {
    "name": lazy_gettext("Key"),
    "label": lazy_gettext("Role name"),
    "administrator": lazy_gettext("Administrator"),
    "permissions": lazy_gettext("Administration rights"),
    "grants": lazy_gettext("Rights on forms"),
}
ACTIONS = {
    Action.SEE: lazy_gettext("See"),
    Action.CREATE: lazy_gettext("Create"),
    Action.EDIT: lazy_gettext("Edit"),
    Action.COMMENT: lazy_gettext("Comment"),
    Action.DELETE: lazy_gettext("Delete"),
    Action.RESTORE: lazy_gettext("Restore"),
    Action.EXPORT: lazy_gettext("Export"),
    Action.IMPORT: lazy_gettext("Import"),
    Action.PRINT: lazy_gettext("Print"),
    Action.TRANSITION: lazy_gettext("Take steps"),
    Action.APPROVE: lazy_gettext("Approve"),
    Action.SHARE: lazy_gettext("Share"),
    Action.CONFIGURE: lazy_gettext("Configure"),
}
PERMISSIONS = {
    Permission.CONFIGURE_FORMS: lazy_gettext("Configure forms"),
    Permission.CONFIGURE_DEPARTMENTS: lazy_gettext("Configure departments"),
    Permission.CONFIGURE_CALENDARS: lazy_gettext("Configure calendars"),
    Permission.CONFIGURE_CHANNELS: lazy_gettext("Configure channels and messages"),
    Permission.CONFIGURE_PEOPLE: lazy_gettext("Administer users"),
    Permission.CONFIGURE_ROLES: lazy_gettext("Administer roles"),
    Permission.CONFIGURE_PACKS: lazy_gettext("Install packs"),
    Permission.JOBS_READ_ALL: lazy_gettext("See everyone's jobs"),
    Permission.AUDIT_READ: lazy_gettext("Read the audit log"),
    Permission.RETENTION_MANAGE: lazy_gettext("Manage retention, legal hold and disposal"),
    Permission.VIEWS_SHARE: lazy_gettext("Share views with everyone"),
}


class RolesView(ConfigureView):
    """Roles and their rights."""

    permissions = (Permission.CONFIGURE_ROLES,)
    endpoint_name = "configure_roles"
    path = "/configure/roles"

    @expose("/")
    def index(self) -> str:
        """List the roles."""
        roles = list(Role.objects.order_by("-administrator", "name"))
        return self.page("roles.html", roles=roles, holders=_holders(), labels=PERMISSIONS)

    @expose("/new", methods=["GET", "POST"])
    def create(self) -> ResponseReturnValue:
        """Add a role."""
        return self._edit(Role(name="", label=Name()))

    @expose("/<role_id>", methods=["GET", "POST"])
    def edit(self, role_id: str) -> ResponseReturnValue:
        """Change a role."""
        return self._edit(_found(role_id))

    @expose("/<role_id>/delete", methods=["POST"])
    def delete(self, role_id: str) -> ResponseReturnValue:
        """Delete a role that nobody has."""
        return attempt(
            url_for(".index"),
            _("The role is deleted."),
            accounts.delete_role,
            require_person(),
            _found(role_id),
        )

    def _edit(self, role: Role) -> ResponseReturnValue:
        if request.method == "GET":
            return self._show(role, {}, edits.stamp(role, accounts.ROLE_ATTRIBUTES))
        seen = posted("stamp", 64)
        _read(role)
        try:
            accounts.save_role(require_person(), role, seen=seen)
        except InvalidError as error:
            return self._show(role, said(error), seen)
        except ConflictError:
            return self._show(role, {"": unsaved_notice()}, edits.stamp(role, accounts.ROLE_ATTRIBUTES))
        flash(_("Saved."), "success")
        return redirect(url_for(".index"))

    def _show(self, role: Role, errors: Errors, seen: str) -> str:
        return self.page(
            "role.html",
            role=role,
            errors=errors,
            problems=summary(errors, {key: str(label) for key, label in LABELS.items()}),
            labels=LABELS,
            stamp=seen,
            rows=_rows(role),
            actions=ACTIONS,
            permission_labels=PERMISSIONS,
        )


def _found(role_id: str) -> Role:
    role: Role | None = Role.objects(id=object_id(role_id)).first()
    if role is None:
        raise NotFoundError
    return role


def _rows(role: Role) -> list[dict[str, Any]]:
    """Return one row per form, with what the role may do there; forms that went stay visible."""
    language = current_language()
    labels = {EVERY_FORM: _("Every form")}
    labels |= {form.key: form.definition.label.text(language) or form.key for form in live_forms()}
    given: dict[str, set[str]] = {}
    for grant in role.grants:
        given.setdefault(grant.form, set()).update(grant.actions)
    return [
        {"key": key, "label": labels.get(key, key), "known": key in labels, "actions": given.get(key, set())}
        for key in [*labels, *sorted(set(given) - set(labels))]
    ]


def _read(role: Role) -> None:
    """Put what was posted into a role; unknown forms and actions are left out."""
    role.name = posted("name", 60)
    role.label = Name(zh=posted("label_zh"), en=posted("label_en"))
    role.administrator = "administrator" in request.form
    role.permissions = [one.value for one in PERMISSIONS if one.value in request.form.getlist("permissions")]
    shown = [row["key"] for row in _rows(role)]
    known = set(ACTIONS)
    grants = []
    for key in shown:
        actions = [action for action in request.form.getlist(f"grants.{key}") if action in known]
        if actions:
            grants.append(Grant(form=key, actions=sorted(set(actions))))
    role.grants = grants


def _holders() -> dict[Any, int]:
    stages: list[dict[str, Any]] = [
        {"$match": {"active": True}},
        {"$unwind": "$roles"},
        {"$group": {"_id": "$roles", "count": {"$sum": 1}}},
    ]
    return {one["_id"]: one["count"] for one in db().users.aggregate(stages)}
