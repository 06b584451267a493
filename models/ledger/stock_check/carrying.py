"""The jobs of stock checks: the list is drawn up, decisions are booked, lines are thrown away.

Each works in batches, a transaction each, in which it looks whether it still is the check's job; so a killed
worker's successor goes on, and of two jobs only the one that the check names does anything.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final, Self

from pymongo.client_session import ClientSession

from models import forms, workflow
from models.database import Document
from models.errors import ConflictError, NotFoundError
from models.jobs import CancelledError, RunningJob
from models.ledger.stock_check.check import Check, stage_set
from models.people import Actor, User

MAX_TRIES: Final = 20


@dataclass
class CheckJob:
    """A job at work on a check."""

    job: RunningJob
    check: Check
    stage: str

    @classmethod
    def of(cls, job: RunningJob) -> Self:
        """Read what a job is about. Raises NotFoundError when the check is gone."""
        form = forms.current(job.params["form"])
        record = form.records().find_one({"_id": job.params["check"]})
        if record is None:
            raise NotFoundError
        return cls(job, Check.of(form, record), job.params["stage"])

    @property
    def person(self) -> User | None:
        """Who asked for it; None for the program."""
        found: User | None = User.objects(id=self.job.document.get("owner")).first()
        return found

    @property
    def actor(self) -> Actor:
        """Who asked for it, as the one who acts."""
        person = self.person
        return Actor.of(person) if person else Actor.system()

    def require_mine(self, session: ClientSession | None = None) -> Check:
        """Return the check as it is stored now. Raises CancelledError when it is no longer this job's."""
        found = self.check.form.records().find_one({"_id": self.check.id}, session=session)
        about = (found or {}).get("check") or {}
        if found is None or about.get("job") != self.job.id or about.get("stage") != self.stage:
            raise CancelledError
        return Check(self.check.form, self.check.part, self.check.ledger, found)

    def end(self, stage: str, step: str, about: Document, result: Document) -> None:
        """Bring the check to its next stage, take the step that follows, and end the job."""
        self._move(stage, step, about)
        self.job.finish(result, keep=timedelta(0))

    def _move(self, stage: str, step: str, about: Document) -> None:
        """Write the stage in the transaction of the step; where the step is no way on from here, alone."""
        for _try in range(MAX_TRIES):
            check = self.require_mine()
            if not step or not _leads_on(check, step):
                stage_set(check, stage=stage, **about)
                return
            write = partial(_write_stage, check, {"stage": stage, **about})

            try:
                workflow.move(self.actor, check.form, check.id, step, source="system", writes=[write])
            except ConflictError:
                continue  # somebody changed the record meanwhile
            return
        raise ConflictError


def _write_stage(check: Check, about: Document, session: ClientSession) -> None:
    stage_set(check, session, **about)


def _leads_on(check: Check, step: str) -> bool:
    flow = check.form.definition.workflow
    transition = flow.by_transition.get(step) if flow else None
    in_bin = check.record.get("deleted_at") is not None
    return bool(
        flow and transition and not in_bin and flow.leaves(transition, flow.state_of(check.record).key)
    )
