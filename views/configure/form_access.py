"""Who may do what on one form: a matrix of roles and actions, saved for all roles at once."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from models import accounts, edits, forms, rights_words
from models.definition import Definition
from models.errors import ConflictError, InvalidError
from models.people import EVERY_FORM, Permission, Role
from views.configure import rights_rows
from views.configure.base import ConfigureView, Errors, posted, said, summary, unsaved_notice
from views.configure.rights_page import rights_values
from views.configure.rights_rows import FieldRow, GrantRow
from views.configure.roles import holders
from views.context import current_language, require_person

Stamps = dict[str, str]


class FormRights:
    """The rows of a form, with the roles they belong to."""

    def __init__(self, form: str, roles: list[Role]) -> None:
        """Take a form's key and every role."""
        self.form, self.roles = form, {str(role.id): role for role in roles}
        self.grants: list[GrantRow] = []
        self.fields: list[FieldRow] = []

    def stored(self) -> "FormRights":
        """Fill in what the roles say, with an empty row for each that says nothing."""
        for key, role in self.roles.items():
            own = [grant for grant in role.grants if grant.form == self.form]
            self.grants += [GrantRow.show(key, grant) for grant in own] or [GrantRow(key)]
            own_rules = [rule for rule in role.field_rules if rule.form == self.form]
            self.fields += [FieldRow.show(key, rule) for rule in own_rules]
        return self._about_form()

    def posted(self) -> "FormRights":
        """Fill in what was posted; roles that came or went since the page was shown are left alone."""
        self.roles = {key: role for key, role in self.roles.items() if f"stamp-{key}" in request.form}
        self.grants = [row for row in rights_rows.posted_grants() if row.of in self.roles]
        self.fields = [row for row in rights_rows.posted_fields() if row.of in self.roles]
        return self._about_form()

    def _about_form(self) -> "FormRights":
        rows: list[GrantRow | FieldRow] = [*self.grants, *self.fields]
        for row in rows:
            row.form = self.form
        return self

    def put(self) -> list[Role]:
        """Put the rows into the roles; return those that are different then."""
        return [role for key, role in self.roles.items() if self._put(key, role)]

    def _put(self, key: str, role: Role) -> bool:
        before = role.to_mongo()
        grants = [row.grant(self.form) for row in self._saying(key)]
        closed = [row.rule(self.form) for row in self.fields if row.of == key]
        role.grants = [*(one for one in role.grants if one.form != self.form), *grants]
        role.field_rules = [*(one for one in role.field_rules if one.form != self.form), *closed]
        return bool(role.to_mongo() != before)

    def _saying(self, key: str) -> list[GrantRow]:
        return [row for row in self.grants if row.of == key and row.actions]

    def unread(self) -> Errors:
        """Return that a rule cannot be read."""
        unread = [row.error for row in self.grants if row.actions and row.error]
        return {"": unread[0]} if unread else {}

    def mark(self, errors: Errors) -> Errors:
        """Put errors beside their rows; return what is said above them."""
        told: Errors = {}
        for path, text in errors.items():
            key, _dot, place = path.partition(".")
            part, _dot, number = place.partition(".")
            role = self.roles.get(key)
            told[path] = f"{rights_words.called(role, current_language())}: {text}" if role else text
            if role is not None and number:
                self._row(key, role, part, int(number)).error = text
        return told

    def _row(self, key: str, role: Role, part: str, number: int) -> GrantRow | FieldRow:
        """Return the row of a grant or field rule; a role keeps those of other forms before it."""
        kept = role.grants if part == "grants" else role.field_rules
        others = sum(1 for one in kept if one.form != self.form)
        if part == "grants":
            return self._saying(key)[number - others]
        return [row for row in self.fields if row.of == key][number - others]


class FormAccess(ConfigureView):
    """The part of the forms' screen that deals with rights on a form."""

    @property
    def gives_rights(self) -> bool:
        """Tell whether the person may change what roles may do."""
        return require_person().may(Permission.CONFIGURE_ROLES)

    @property
    def keeps_every_form(self) -> bool:
        """Tell whether the person may make, retire and delete forms."""
        return require_person().may(Permission.CONFIGURE_FORMS)

    @expose("/<key>/access", methods=["GET", "POST"])
    def access(self, key: str) -> ResponseReturnValue:
        """Show and save what every role may do on a form."""
        form, roles = forms.get(key), list(Role.objects.order_by("name"))
        if request.method == "GET":
            stamps = {str(role.id): edits.stamp(role, accounts.ROLE_ATTRIBUTES) for role in roles}
            return self._rights(forms.draft_of(form), FormRights(key, roles).stored(), {}, stamps)
        rights = FormRights(key, roles).posted()
        stamps = {name: posted(f"stamp-{name}", 64) for name in rights.roles}
        changed = rights.put()
        if rights_rows.only_rows_change():
            return self._rights(forms.draft_of(form), rights, {}, stamps)
        errors = rights.unread()
        try:
            if not errors:
                accounts.save_roles(require_person(), [(one, stamps[str(one.id)]) for one in changed])
                flash(_("Saved."), "success")
                return redirect(url_for(".access", key=key))
        except InvalidError as error:
            errors = rights.mark(said(error))
        except ConflictError:
            errors = {"": unsaved_notice()}
            stamps = {str(role.id): edits.stamp(role, accounts.ROLE_ATTRIBUTES) for role in roles}
        return self._rights(forms.draft_of(form), rights, errors, stamps)

    def _rights(self, definition: Definition, rights: FormRights, errors: Errors, stamps: Stamps) -> str:
        language, key = current_language(), rights.form
        titles = {name: rights_words.called(role, language) for name, role in rights.roles.items()}
        return self.page(
            "form_access.html",
            form=forms.get(key),
            definition=definition,
            roles=rights.roles,
            elsewhere={name: _elsewhere(role, language) for name, role in rights.roles.items()},
            holders={str(one): count for one, count in holders().items()},
            stamps=stamps,
            errors=errors,
            problems=summary(errors, {}),
            **rights_values(rights.grants, rights.fields, titles, {key: definition}),
        )


def _elsewhere(role: Role, language: str) -> list[dict[str, Any]]:
    """Return what a role may do on this form because it may do so on every form."""
    return [
        {"deny": grant.deny, "actions": rights_words.actions(grant.actions, language), "scope": grant.scope}
        for grant in role.grants
        if grant.form == EVERY_FORM
    ]
