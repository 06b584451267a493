"""Reports on screens: the same figures as in their workbooks, drawn, and each with its records behind it."""

from flask import Flask

from views.reports import closing, listing, page, records, tiles
from views.reports.base import pages

MODULES = (closing, listing, page, records, tiles)
"""They hang their pages on the blueprint when they are imported."""


def init_app(app: Flask) -> None:
    """Register the pages of reports."""
    app.register_blueprint(pages)
