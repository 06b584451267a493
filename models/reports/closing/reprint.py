"""What was closed, shown and written again: from what was frozen, not from the records of today.

A definition that was changed since changes nothing here: the report is the one that was closed.
"""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from models.channels.surroundings import surroundings
from models.database import Document
from models.reports import keeping, reading
from models.reports.closing import frozen
from models.reports.closing.keeping import Closing
from models.reports.closing.looks import ClosingLook
from models.reports.drill import link_of
from models.reports.look import Look
from models.reports.parts import ReportDefinition
from models.reports.results import Result
from models.reports.workbook.pages import Paper
from models.reports.workbook.writing import Cover, write


def definition(closing: Closing) -> ReportDefinition:
    """Return the report as it was closed."""
    return keeping.get(closing.report, closing.version).definition


def as_closed(look: Look, closing: Closing) -> ClosingLook:
    """Return a look at a closed period: with the definition and the days that it was closed by."""
    report = definition(closing)
    fiscal = reading.fiscal(report)
    return ClosingLook(report, look.person, closing.days(fiscal), look.language, fiscal, closing=closing)


def results(look: Look, closing: Closing, only: Collection[str] | None = None) -> Iterator[Result]:
    """Yield what each analysis of a closed period found, in the reader's language; see `running.results`."""
    kept = closing.frozen(look.language)["results"]
    yield from map(frozen.load, (one for one in kept if only is None or one["key"] in only))


def kept_cover(look: Look, cover: Cover) -> Document:
    """Return a cover as it is kept, with what stands on every sheet, and where its links lead."""
    return {
        "title": cover.title,
        "lines": [list(one) for one in cover.lines],
        "boxes": list(cover.boxes),
        "company": surroundings().company,
        "number": look.report.form,
        "period": look.say(look.period.label()),
        "site": surroundings().public_url,
    }


def cover(look: Look, closing: Closing) -> Cover:
    """Return the first sheet as it was."""
    kept = closing.frozen(look.language)["cover"]
    lines, boxes = [(label, text) for label, text in kept["lines"]], list(kept["boxes"])
    paper = Paper(kept["company"], kept["number"], boxes)
    return Cover(kept["title"], lines, boxes, closing.at, paper, kept["period"])


def workbook(path: Path, look: Look, closing: Closing, tick: Callable[[], None] = lambda: None) -> list[str]:
    """Write the workbook of a closed period again: the same content, whatever changed since.

    `tick` is called now and then.
    """
    then = as_closed(look, closing)
    site = closing.frozen(look.language)["cover"]["site"]
    found, link = results(then, closing), link_of(then, site)
    return write(path, then, cover(then, closing), found, link=link, tick=tick)
