"""What hostile hands try, and that it comes to nothing.

Every test here asserts the answer *and* that nothing changed (`unchanged`). `stage` is a company with
something behind every address; `addresses` finds all of them in the URL map, so that a new route is attacked
the day it is added.
"""

from tests.web import app, client
from tests.windows import address

__all__ = ["address", "app", "client"]
