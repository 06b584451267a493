"""The web application for the tests of this folder."""

from tests.web import app, client

__all__ = ["app", "client"]
