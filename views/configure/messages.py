"""What the three screens about messages share: channels, templates, the log."""

from flask import url_for
from flask_babel import gettext as _

from models import deliveries


def tabs(active: str) -> list[dict[str, object]]:
    """Return the tabs that lead from one screen to the others; the log says how many were given up."""
    dead = deliveries.dead_count()
    return [
        {
            "title": _("Channels"),
            "icon": "send",
            "url": url_for("configure_channels.index"),
            "active": active == "channels",
        },
        {
            "title": _("Templates"),
            "icon": "file-earmark-text",
            "url": url_for("configure_templates.index"),
            "active": active == "templates",
        },
        {
            "title": _("Delivery log"),
            "icon": "list-check",
            "url": url_for("configure_deliveries.index"),
            "active": active == "deliveries",
            "count": dead or None,
        },
    ]
