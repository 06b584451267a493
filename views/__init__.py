"""The admin screens, public pages and HTTP API."""

from flask import Flask

from views import navigation, reports
from views import property as property_pages
from views.admin import BackofficeAdmin
from views.configure import views as configure_views
from views.dashboard import Dashboard
from views.inbox import Inbox
from views.jobs import Jobs
from views.records import hub
from views.records.hub import RecordsHub
from views.search import GlobalSearch


def init_app(app: Flask) -> None:
    """Register every screen of an app and the navigation that leads to them."""
    admin = BackofficeAdmin(app, index_view=Dashboard())
    for view in (RecordsHub(), Inbox(), Jobs(), GlobalSearch(), *configure_views()):
        admin.add_view(view)
    hub.init_app(app)
    navigation.init_app(app)
    property_pages.init_app(app)
    reports.init_app(app)
