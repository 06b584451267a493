"""Roles: what each may do on which records of which forms, which fields it closes, what it administers."""

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from models import accounts, edits, rights_words, role_checks
from models.access import object_id
from models.database import db
from models.definition import Definition
from models.errors import ConflictError, InvalidError, NotFoundError
from models.forms import Form, live_forms
from models.people import EVERY_FORM, Name, Permission, Role
from views.configure import rights_rows
from views.configure.base import ConfigureView, Errors, attempt, posted, said, summary, unsaved_notice
from views.configure.rights_page import rights_values
from views.configure.rights_rows import FieldRow, GrantRow
from views.context import current_language, require_person

LABELS = {
    "name": lazy_gettext("Key"),
    "label": lazy_gettext("Role name"),
    "administrator": lazy_gettext("Administrator"),
    "permissions": lazy_gettext("Administration rights"),
    "grants": lazy_gettext("Rights on forms"),
    "field_rules": lazy_gettext("Closed fields"),
}


@dataclass
class Rights:
    """The rows of a role as they stand on its screen."""

    grants: list[GrantRow]
    fields: list[FieldRow]

    @classmethod
    def stored(cls, role: Role) -> "Rights":
        """Return what a role says, with an empty row for each form of which it says nothing."""
        said_of = {str(grant.form) for grant in role.grants}
        rows = [GrantRow.show(str(grant.form), grant) for grant in role.grants]
        rows += [GrantRow(form) for form in titles() if form not in said_of]
        order = {form: at for at, form in enumerate(titles())}
        rows.sort(key=lambda row: (order.get(row.of, len(order)), row.of))
        return cls(rows, [FieldRow.show(str(rule.form), rule) for rule in role.field_rules])

    @classmethod
    def posted(cls) -> "Rights":
        """Return what was posted."""
        return cls(rights_rows.posted_grants(), rights_rows.posted_fields())

    def put(self, role: Role) -> None:
        """Put the rows into a role; those without any action say nothing."""
        role.grants = [row.grant(row.of) for row in self._saying]
        role.field_rules = [row.rule(row.of) for row in self.fields]

    @property
    def _saying(self) -> list[GrantRow]:
        return [row for row in self.grants if row.actions]

    def unread(self) -> Errors:
        """Return the rows whose rule cannot be read."""
        unread = [row.error for row in self._saying if row.error]
        return {"grants": unread[0]} if unread else {}

    def mark(self, errors: Errors) -> Errors:
        """Put errors beside their rows; return them under the names of the summary."""
        told: Errors = {}
        for path, text in errors.items():
            part, _dot, number = path.partition(".")
            if number:
                row: GrantRow | FieldRow = (self._saying if part == "grants" else self.fields)[int(number)]
                row.error = text
            told[part] = text
        return told


class RolesView(ConfigureView):
    """Roles and their rights."""

    permissions = (Permission.CONFIGURE_ROLES,)
    endpoint_name = "configure_roles"
    path = "/configure/roles"

    @expose("/")
    def index(self) -> str:
        """List the roles."""
        roles = list(Role.objects.order_by("-administrator", "name"))
        return self.page("roles.html", roles=roles, holders=holders(), labels=rights_words.PERMISSIONS)

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
            return self._show(role, Rights.stored(role), {}, edits.stamp(role, accounts.ROLE_ATTRIBUTES))
        seen = posted("stamp", 64)
        rights = Rights.posted()
        _read(role, rights)
        if rights_rows.only_rows_change():
            return self._show(role, rights, {}, seen)
        errors = rights.unread()
        try:
            if not errors:
                accounts.save_role(require_person(), role, seen=seen)
                flash(_("Saved."), "success")
                return redirect(url_for(".index"))
        except InvalidError as error:
            errors = rights.mark(said(error))
        except ConflictError:
            errors = {"": unsaved_notice()}
            seen = edits.stamp(role, accounts.ROLE_ATTRIBUTES)
        return self._show(role, rights, errors, seen)

    def _show(self, role: Role, rights: Rights, errors: Errors, seen: str) -> str:
        return self.page(
            "role.html",
            role=role,
            errors=errors,
            problems=summary(errors, {key: str(label) for key, label in LABELS.items()}),
            labels=LABELS,
            stamp=seen,
            permission_labels=rights_words.PERMISSIONS,
            **rights_values(rights.grants, rights.fields, titles(), definitions(rights)),
        )


def _found(role_id: str) -> Role:
    role: Role | None = Role.objects(id=object_id(role_id)).first()
    if role is None:
        raise NotFoundError
    return role


def titles() -> dict[str, str]:
    """Return what rights can be given on, as people call it: every form, and each form not retired."""
    language = current_language()
    named = {form.key: form.definition.label.text(language) or form.key for form in live_forms()}
    return {EVERY_FORM: _("Every form"), **named}


def definitions(rights: Rights) -> dict[str, Definition]:
    """Return the definitions that rows can name, retired forms among them."""
    wanted = {*titles(), *(row.of for row in rights.grants), *(row.of for row in rights.fields)}
    known = {str(key) for key in Form.objects(key__in=list(wanted)).scalar("key")} | {EVERY_FORM}
    found = {key: role_checks.definition_of(key) for key in wanted & known}
    return {key: definition for key, definition in found.items() if definition is not None}


def _read(role: Role, rights: Rights) -> None:
    """Put what was posted into a role."""
    role.name = posted("name", 60)
    role.label = Name(zh=posted("label_zh"), en=posted("label_en"))
    role.administrator = "administrator" in request.form
    role.demands_factor = "demands_factor" in request.form
    known = rights_words.PERMISSIONS
    role.permissions = [one.value for one in known if one.value in request.form.getlist("permissions")]
    rights.put(role)


def holders() -> dict[Any, int]:
    """Return how many active people have each role."""
    stages: list[dict[str, Any]] = [
        {"$match": {"active": True}},
        {"$unwind": "$roles"},
        {"$group": {"_id": "$roles", "count": {"$sum": 1}}},
    ]
    return {one["_id"]: one["count"] for one in db().users.aggregate(stages)}
