"""The frame of every page: where one can go, who is signed in, what waits."""

from typing import Any

from flask import Flask, current_app, g, request, url_for

from models import duties, forms, notifications
from models.definition import GROUPS
from models.duties import Total
from models.forms import LiveForm
from models.messages import Message, _
from models.people import Action, Permission, User
from models.permissions import configures_any, may_ask_about, permitted_among
from models.reports import reading
from models.viewing_as import may_view_as
from views.context import current_language, current_person, say, seen_as
from views.downloads import file_size

GROUP_TITLES: dict[str, Message] = {
    "quality": _("Quality"),
    "sales": _("Sales"),
    "service": _("Service"),
    "master": _("Master data"),
    "internal": _("Internal"),
}
_CONFIGURE = (
    (Permission.CONFIGURE_FORMS, _("Forms"), "/configure/forms/", "ui-checks"),
    (Permission.CONFIGURE_REPORTS, _("Report definitions"), "/configure/reports/", "clipboard-data"),
    (Permission.CONFIGURE_REPORTS, _("Start pages"), "/configure/dashboards/", "grid-1x2"),
    (Permission.CONFIGURE_CALENDARS, _("Calendars"), "/configure/calendars/", "calendar3"),
    (Permission.CONFIGURE_CHANNELS, _("Messages"), "/configure/channels/", "send"),
    (Permission.CONFIGURE_DEPARTMENTS, _("Departments"), "/configure/departments/", "diagram-3"),
    (Permission.CONFIGURE_PEOPLE, _("Users"), "/configure/users/", "people"),
    (Permission.CONFIGURE_ROLES, _("Roles"), "/configure/roles/", "shield-lock"),
    (Permission.CONFIGURE_PEOPLE, _("Access review"), "/configure/access/", "shield-check"),
    (Permission.RETENTION_MANAGE, _("Retention"), "/configure/retention/", "archive"),
    (Permission.AUDIT_READ, _("Audit log"), "/configure/audit/", "journal-text"),
)


def init_app(app: Flask) -> None:
    """Give every template what the layout needs."""
    app.context_processor(frame)
    app.add_template_filter(file_size)


def frame() -> dict[str, Any]:
    """Return navigation, person, bell and looks for the layout."""
    person = current_person()
    shared = {
        "company": current_app.config["SETTINGS"].company,
        "asset_version": current_app.config.get("ASSET_VERSION", ""),
        "person": person,
        "say": say,
        "group_title": lambda group: say(GROUP_TITLES[group]),
    }
    if person is None:
        return shared
    return {
        **shared,
        "nav": navigation(person),
        "inbox_count": notifications.unread_count(person),
        "inbox_url": "/inbox/notices",
        "profile_url": "/account/",
        "holds_url": "/property/holdings" if keeps_property(person) else "",
        "may_ask_about": may_ask_about,
        "may_view_as": may_view_as,
        "seen_as": seen_as(),
        "seen_until": g.get("seen_until"),
    }


def owed(person: User) -> Total:
    """Return how much a person owes, counted once per request."""
    if "owed" not in g:
        g.owed = duties.counts(person)
    found: Total = g.owed
    return found


def visible_forms(person: User) -> list[LiveForm]:
    """Return the forms a person may see, in the order of their groups, looked up once per request."""
    if "visible_forms" not in g:
        live = forms.live_forms()
        seen = permitted_among(person, [form.key for form in live], Action.SEE)
        g.visible_forms = sorted(
            (form for form in live if form.key in seen), key=lambda form: GROUPS.index(form.definition.group)
        )
    found: list[LiveForm] = g.visible_forms
    return found


def keeps_property(person: User) -> bool:
    """Tell whether any ledger is among the forms a person may see."""
    return any(form.definition.ledger for form in visible_forms(person))


def navigation(person: User) -> list[dict[str, Any]]:
    """Return the groups of the side navigation, empty ones left out."""
    start = [
        _item(say(_("Dashboard")), url_for("admin.index"), "grid-1x2", exact=True),
        {**_item(say(_("Inbox")), "/inbox/", "inbox"), "count": owed(person).open, "badge": "open"},
        _item(say(_("Exports and imports")), "/jobs/", "arrow-down-up"),
    ]
    if reading.reads_any(person, {form.key for form in visible_forms(person)}):
        start.append(_item(say(_("Reports")), "/reports/", "bar-chart-line"))
    if keeps_property(person):
        start.append(_item(say(_("Customer property")), "/property/", "box-seam"))
    groups = [{"title": "", "items": start}]
    language = current_language()
    for group in GROUPS:
        items = [
            _item(form.definition.label.text(language), f"/records/{form.key}/", form.definition.icon)
            for form in visible_forms(person)
            if form.definition.group == group
        ]
        groups.append({"title": say(GROUP_TITLES[group]), "items": items})
    configure = [
        _item(say(title), url, icon)
        for permission, title, url, icon in _CONFIGURE
        if person.may(permission) or (permission is Permission.CONFIGURE_FORMS and configures_any(person))
    ]
    groups.append({"title": say(_("Configuration")), "items": configure})
    return [group for group in groups if group["items"]]


def _item(title: str, url: str, icon: str, *, exact: bool = False) -> dict[str, Any]:
    active = request.path == url if exact else request.path.startswith(url)
    return {"title": title, "url": url, "icon": icon, "active": active}
