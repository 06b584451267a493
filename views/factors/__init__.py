"""Second factors on screen: the step after the password, and a person's own."""

from flask import Flask

from views.factors import managing, step  # each puts its routes on the blueprint
from views.factors.base import blueprint

__all__ = ["init_app", "managing", "step"]


def init_app(app: Flask) -> None:
    """Add the pages to an app."""
    app.register_blueprint(blueprint)
