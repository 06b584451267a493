"""One search over every form a person may see."""

from flask import request
from flask_admin import expose

from models import queries
from views.admin import Screen
from views.context import require_person
from views.navigation import visible_forms
from views.records.facts import heading

PER_FORM = 10


class GlobalSearch(Screen):
    """The page behind the search box of the top bar."""

    def __init__(self) -> None:
        super().__init__(name="search", endpoint="search", url="/search")

    @expose("/")
    def index(self) -> str:
        """Show the newest records of each form in which the words are found."""
        words = request.args.get("q", "").strip()[:200]
        person = require_person()
        found = list(queries.find_everywhere(person, visible_forms(person), words, PER_FORM)) if words else []
        return str(self.render("search.html", words=words, found=found, heading=heading, per_form=PER_FORM))
