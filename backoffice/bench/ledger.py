"""Pages of a ledger of customers' property: two hundred thousand things against a hundredth of them.

Each ledger is a company of its own, in a database and a process of its own, so that both can be asked in
turns: what else the machine does meets both.
"""

import multiprocessing
import statistics
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Final

from backoffice.bench import ledger_desk
from backoffice.bench.ground import Ground
from backoffice.bench.ledger_desk import ASKED, ITEM, LONG
from backoffice.bench.measuring import Result
from models import database

RECORDS_PER_THING: Final = 5
"""A benchmark of a million records has a ledger of so many fewer things."""
SMALLER: Final = 100
FEWEST: Final = 500
ROUNDS: Final = 21
RATIO: Final = 1.5


def pages(ground: Ground) -> Iterator[Result]:
    """Measure what is asked of the ledger in both sizes, in turns; and what a long life costs."""
    yield from compared(ground, ROUNDS)


def compared(ground: Ground, rounds: int) -> Iterator[Result]:
    """Measure so many times."""
    many = ground.records // RECORDS_PER_THING
    few = max(FEWEST, many // SMALLER)
    with ExitStack() as stack:
        large, small = (stack.enter_context(_company(ground, things)) for things in (many, few))
        for name in large.submit(ledger_desk.names).result():
            yield _compared(rounds, f"{name}, {many:,} things / {few:,}", (large, name), (small, name))
        yield _compared(rounds, f"{LONG} / another", (large, LONG), (large, ITEM))


@contextmanager
def _company(ground: Ground, things: int) -> Iterator[ProcessPoolExecutor]:
    """Fill a ledger with so many things, in a process of its own; it is thrown away at the end."""
    name = f"{ground.database}_{things}"
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            pool.submit(ledger_desk.open_desk, ground.uri, name, ground.folder / name, things).result()
            yield pool
    finally:
        database.client().drop_database(name)


def _compared(rounds: int, what: str, *asked: tuple[ProcessPoolExecutor, str]) -> Result:
    """Return the median milliseconds of two, asked in turns after a warm-up; the limit is one of pages."""
    times = [
        [pool.submit(ledger_desk.time, name).result() for pool, name in asked] for _one in range(rounds + 1)
    ]
    ours, baseline = (statistics.median(own) * 1e3 for own in zip(*times[1:], strict=True))
    return Result("ledger", what, ours, baseline, None if what.startswith(ASKED) else RATIO)
