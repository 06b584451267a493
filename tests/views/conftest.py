"""The web application for the tests of this folder."""

from tests.web import app, client
from tests.windows import address

__all__ = ["address", "app", "client"]
