"""All benchmarks by name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from backoffice.bench import changes, clocks, exports, ledger, lists, reports, starting, workbooks
from backoffice.bench.ground import Ground
from backoffice.bench.measuring import Result

Benchmark = Callable[[Ground], Iterator[Result]]

BENCHMARKS: Final[Mapping[str, Benchmark]] = MappingProxyType(
    {
        "list": lists.first_page,
        "deep": lists.deep_page,
        "search": lists.search,
        "scoped": lists.scoped_page,
        "export": exports.export,
        "changed": changes.changed,
        "clocks": clocks.sweep,
        "ledger": ledger.pages,
        "reports": reports.summary,
        "workbook": workbooks.workbook,
        "start": starting.start,
    }
)

WITHOUT_RECORDS: Final = frozenset({"ledger", "start"})
"""Those that make what they measure themselves."""


def need_records(names: Sequence[str]) -> bool:
    """Tell whether any of the named benchmarks, or of all, measures the large form."""
    return not names or not WITHOUT_RECORDS.issuperset(names)


def run(ground: Ground, names: Sequence[str] = ()) -> Iterator[Result]:
    """Yield the results of the named benchmarks, or of all."""
    for name in names or BENCHMARKS:
        yield from BENCHMARKS[name](ground)
