"""Second factors on screen: the step after the password, a person's own, and taking lost ones away."""

from flask import Flask

from views.factors import managing, resetting, step  # each puts its routes on the blueprint
from views.factors.base import blueprint

__all__ = ["init_app", "managing", "resetting", "step"]


def init_app(app: Flask) -> None:
    """Add the pages to an app."""
    app.register_blueprint(blueprint)
