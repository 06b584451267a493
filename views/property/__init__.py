"""Customer property on screens of its own, beside the records of its ledgers and slips."""

from flask import Flask

from views.property import (
    calendar,
    check_confirming,
    check_counting,
    check_printing,
    checks,
    holdings,
    labels,
    moving,
    overview,
    phone,
    phone_acts,
    reports,
    scanning,
    statement,
)
from views.property.base import pages

BLUEPRINTS = (pages, phone.label)
MODULES = (
    calendar,
    check_confirming,
    check_counting,
    check_printing,
    checks,
    holdings,
    labels,
    moving,
    overview,
    phone,
    phone_acts,
    reports,
    scanning,
    statement,
)
"""They hang their pages on the blueprint when they are imported."""


def init_app(app: Flask) -> None:
    """Register the pages of property."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
