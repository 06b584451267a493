"""A report worked out: every analysis in order; one that cannot be says why and leaves the others alone."""

from collections.abc import Collection, Iterator

from models.errors import DomainError
from models.reports.analyses import look_ahead, work_out
from models.reports.look import Look
from models.reports.results import Result
from models.scopes import looking


def results(look: Look, only: Collection[str] | None = None) -> Iterator[Result]:
    """Yield what each analysis of a report finds, in order; with `only`, those of some keys."""
    wanted = [one for one in look.report.analyses if only is None or one.key in only]
    with looking():
        look_ahead(look, wanted)
        for analysis in wanted:
            try:
                yield work_out(look, analysis)
            except DomainError as refused:
                title = analysis.label.text(look.language) or analysis.key
                yield Result(analysis.key, title, (), (), notes=[refused.message])
