"""Which job of a stock check does what."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType

from models.jobs import RunningJob
from models.ledger.stock_check import adjusting, taking
from models.ledger.stock_check.carrying import CheckJob
from models.ledger.stock_check.check import ADJUSTED, ADJUSTING, DISCARDED, READY, TAKING
from models.ledger.stock_check.steps import JOB

__all__ = ["JOB", "carry_out"]


def _discard(work: CheckJob) -> None:
    work.require_mine()
    taking.remove_lines(work)
    work.job.finish({}, keep=timedelta(0))


_STAGES: Mapping[str, Callable[[CheckJob], None]] = MappingProxyType(
    {TAKING: taking.run, ADJUSTING: adjusting.run, DISCARDED: _discard}
)
_AFTER: Mapping[str, str] = MappingProxyType({TAKING: READY, ADJUSTING: ADJUSTED})


def carry_out(job: RunningJob) -> None:
    """Carry out a job of a stock check. Raises as `taking.run` and `adjusting.run`."""
    work = CheckJob.of(job)
    about = work.check.about
    if about.get("job") == job.id and about.get("stage") == _AFTER.get(work.stage):
        job.finish({}, keep=timedelta(0))  # all but the job itself was finished
        return
    _STAGES[work.stage](work)
