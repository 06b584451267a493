"""The screens of administrators: forms, departments, people and roles."""

from flask_admin import BaseView

from views.configure.access import AccessView
from views.configure.audit import AuditView
from views.configure.calendars import CalendarsView
from views.configure.channels import ChannelsView
from views.configure.dashboards import DashboardsView
from views.configure.deliveries import DeliveriesView
from views.configure.departments import DepartmentsView
from views.configure.forms import FormsView
from views.configure.notice_templates import TemplatesView
from views.configure.overview import OverviewView
from views.configure.reports import ReportsView
from views.configure.retention import RetentionView
from views.configure.roles import RolesView
from views.configure.users import UsersView


def views() -> list[BaseView]:
    """Return every screen, to be registered with Flask-Admin."""
    return [
        OverviewView(),
        FormsView(),
        ReportsView(),
        DashboardsView(),
        DepartmentsView(),
        CalendarsView(),
        UsersView(),
        RolesView(),
        AccessView(),
        ChannelsView(),
        TemplatesView(),
        DeliveriesView(),
        AuditView(),
        RetentionView(),
    ]
