"""From a figure to the very records behind it: the rule that counted them travels in the address."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from models import definition_files
from models.channels.surroundings import surroundings
from models.definition import RuleTree
from models.errors import InvalidError, NotFoundError
from models.messages import _
from models.queries import ListQuery
from models.reports.closing.looks import closing_of
from models.reports.look import Look
from models.reports.parts import ReportDefinition, Source
from models.reports.results import Result, Row

ON_SCREEN: Final = 7_500
"""The server takes addresses of 8,190 characters; the next page of a list has some more of them."""
IN_WORKBOOKS: Final = 1_900
"""Excel follows addresses of at most 2,079 characters; the site's own name comes before."""
_SAID: Final = (120, 30, 0)
"""So many characters say what is listed, fewer where the address would be too long: each takes up to nine."""


@dataclass(frozen=True)
class Drill:
    """The records behind one figure: their form, and the rule for which they were counted."""

    source: Source
    where: RuleTree
    said: str

    @property
    def query(self) -> ListQuery:
        """The list of them."""
        return ListQuery(where=self.where)


def address(look: Look, result: Result, row: Row, longest: int = ON_SCREEN) -> str:
    """Return the address of the records behind a row; empty where none stand behind it, or it is too long."""
    if row.record and row.source:
        return f"/records/{look.report.by_source[row.source].form}/{row.record}"
    if row.where is None or not row.source:
        return ""
    first = result.columns[0].key
    said = f"{look.say(result.title)} · {look.say(str(row.values.get(first, '')))}"
    given = {
        "period": look.period.name,
        "source": row.source,
        "where": json.dumps(row.where, ensure_ascii=False, separators=(",", ":")),
    }
    if closing := closing_of(look):
        given["version"] = str(closing.version)
    begins = f"/reports/{look.report.key}/records?"
    found = (begins + urlencode({**given, "said": said[:most]}) for most in _SAID)
    return next((one for one in found if len(one) <= longest), "")


def read(report: ReportDefinition, source: str, where: str, said: str) -> Drill:
    """Read what an address asks for; the reader's rights are asked when its records are. NotFoundError."""
    known = report.by_source.get(source)
    try:
        tree = definition_files.read_json(where.encode())
    except (InvalidError, UnicodeEncodeError):
        tree = None
    if known is None or tree is None:
        raise NotFoundError(_("This link is not whole."))
    return Drill(known, tree, said[: _SAID[0]])


def link_of(look: Look, site: str | None = None) -> Callable[[Result, Row], str] | None:
    """Return how workbooks link to the records behind a row, once it is known where this site is.

    `site` is where it was when a period was closed.
    """
    begins = surroundings().public_url if site is None else site
    if not begins:
        return None
    return lambda result, row: (
        f"{begins}{found}" if (found := address(look, result, row, IN_WORKBOOKS)) else ""
    )
