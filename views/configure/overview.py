"""Where administrators start: everything that can be configured, as far as they may."""

from typing import Any

from flask import url_for
from flask_admin import expose
from flask_babel import gettext as _

from models.audit import reading
from models.database import db
from models.files import quota
from models.files.limits import limits
from models.people import Permission, User
from models.permissions import configures_any
from models.reports import keeping as reports
from models.retention import rules
from views.configure.base import ConfigureView
from views.context import current_person, require_person
from views.downloads import file_size


class OverviewView(ConfigureView):
    """The list of the other screens."""

    permissions = (
        Permission.AUDIT_READ,
        Permission.CONFIGURE_CALENDARS,
        Permission.CONFIGURE_CHANNELS,
        Permission.CONFIGURE_DEPARTMENTS,
        Permission.CONFIGURE_FORMS,
        Permission.CONFIGURE_PEOPLE,
        Permission.CONFIGURE_REPORTS,
        Permission.CONFIGURE_ROLES,
        Permission.RETENTION_MANAGE,
    )
    endpoint_name = "configure"
    path = "/configure"

    def is_accessible(self) -> bool:
        """Open it also to who keeps a single form."""
        person = current_person()
        return super().is_accessible() or (person is not None and configures_any(person))

    @expose("/")
    def index(self) -> str:
        """Show what the person may configure."""
        person = require_person()
        groups = [
            (title, [area for area in areas if _may(person, area["permission"])])
            for title, areas in _groups()
        ]
        space = _space() if person.may(Permission.CONFIGURE_FORMS) else ""
        return self.page("overview.html", groups=[group for group in groups if group[1]], space=space)


def _may(person: User, permission: Permission) -> bool:
    return person.may(permission) or (permission is Permission.CONFIGURE_FORMS and configures_any(person))


def _groups() -> list[tuple[str, list[dict[str, Any]]]]:
    """Return what there is to configure, in the order in which a company sets it up."""
    return [
        (_("Forms and deadlines"), _forms_and_deadlines()),
        (_("People and rights"), _people_and_rights()),
        (_("Evidence"), _evidence()),
    ]


def _forms_and_deadlines() -> list[dict[str, Any]]:
    return [
        {
            "permission": Permission.CONFIGURE_FORMS,
            "title": _("Forms"),
            "text": _("Fields, rules, numbering and lists of every form."),
            "icon": "ui-checks-grid",
            "url": url_for("configure_forms.index"),
            "count": _count("forms", {"retired": {"$ne": True}}),
            "note": _note(_count("forms", {"has_draft": True}), _("with a draft")),
        },
        {
            "permission": Permission.CONFIGURE_REPORTS,
            "title": _("Report definitions"),
            "text": _("Where figures come from, and what reports work out of them."),
            "icon": "clipboard-data",
            "url": url_for("configure_reports.index"),
            "count": len(reports.every()),
            "note": "",
        },
        {
            "permission": Permission.CONFIGURE_CALENDARS,
            "title": _("Calendars"),
            "text": _("Working hours, holidays and make-up days that deadlines count by."),
            "icon": "calendar3",
            "url": url_for("configure_calendars.index"),
            "count": _count("calendars", {}),
            "note": "",
        },
        {
            "permission": Permission.CONFIGURE_CHANNELS,
            "title": _("Messages"),
            "text": _("Mail, group robots and webhooks, what they say, and what became of it."),
            "icon": "send",
            "url": url_for("configure_channels.index"),
            "count": _count("channels", {"active": True}),
            "note": _note(_count("deliveries", {"state": "dead"}), _("given up")),
        },
    ]


def _people_and_rights() -> list[dict[str, Any]]:
    return [
        {
            "permission": Permission.CONFIGURE_DEPARTMENTS,
            "title": _("Departments"),
            "text": _("The tree of the company, with heads and deputies."),
            "icon": "diagram-3",
            "url": url_for("configure_departments.index"),
            "count": _count("departments", {"retired": {"$ne": True}}),
            "note": _note(_count("departments", {"retired": True}), _("retired")),
        },
        {
            "permission": Permission.CONFIGURE_PEOPLE,
            "title": _("Users"),
            "text": _("Who can sign in, in which department and with which roles."),
            "icon": "people",
            "url": url_for("configure_users.index"),
            "count": _count("users", {"active": True}),
            "note": _note(_count("users", {"active": False}), _("disabled")),
        },
        {
            "permission": Permission.CONFIGURE_ROLES,
            "title": _("Roles"),
            "text": _("What each role may do, form by form."),
            "icon": "shield-lock",
            "url": url_for("configure_roles.index"),
            "count": _count("roles", {}),
            "note": "",
        },
        {
            "permission": Permission.CONFIGURE_PEOPLE,
            "title": _("Access review"),
            "text": _("Who may do what and why, as a list, as a workbook, and case by case."),
            "icon": "shield-check",
            "url": url_for("configure_access.review"),
            "count": None,
            "note": "",
        },
    ]


def _evidence() -> list[dict[str, Any]]:
    return [
        {
            "permission": Permission.RETENTION_MANAGE,
            "title": _("Retention"),
            "text": _("How long records are kept, legal holds, and the disposal of what is due."),
            "icon": "archive",
            "url": url_for("configure_retention.index"),
            "count": _count("retention_rules", {"_id": {"$ne": rules.AUDIT_LOG}}) or None,
            "note": _note(_count("disposal_lists", {"state": "drawn"}), _("wait for approval")),
        },
        {
            "permission": Permission.AUDIT_READ,
            "title": _("Audit log"),
            "text": _("Who signed in, changed rights or the configuration, took data along."),
            "icon": "journal-text",
            "url": url_for("configure_audit.index"),
            "count": reading.estimate(),
            "note": "",
        },
    ]


def _space() -> str:
    """Return how much space files take, and of how much."""
    used, allowed = file_size(quota.used()), limits().company_bytes
    if not allowed:
        return _("Files take %(used)s.", used=used)
    return _("Files take %(used)s of %(allowed)s.", used=used, allowed=file_size(allowed))


def _count(collection: str, query: dict[str, Any]) -> int:
    return db()[collection].count_documents(query)


def _note(count: int, text: str) -> str:
    return f"{count} {text}" if count else ""
