"""A stock check as it stands: its record, its form, the ledger that it counts, and its job."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import access, forms
from models.access import Action
from models.database import Document
from models.errors import ConflictError, DomainError, NotFoundError
from models.forms import LiveForm
from models.jobs import Job
from models.ledger.stock import Position, Spot
from models.ledger.stock_check import lines
from models.ledger.stock_check.lines import AGAIN
from models.ledger_parts import TALLIED, StockCheck
from models.messages import _
from models.people import User

TAKING, READY, ADJUSTING, ADJUSTED, DISCARDED = "taking", "ready", "adjusting", "adjusted", "discarded"


@dataclass(frozen=True)
class Check:
    """One stock check."""

    form: LiveForm
    part: StockCheck
    ledger: LiveForm
    record: Document

    @classmethod
    def of(cls, form: LiveForm, record: Document) -> Self:
        """Return the check that a record is. Raises DomainError for a form that counts nothing."""
        part = form.definition.stock_check
        if part is None:
            raise DomainError(_("This form counts nothing: it is not a stock check."))
        return cls(form, part, forms.current(part.ledger), record)

    @classmethod
    def of_line(cls, line: Document) -> Self:
        """Return the check on whose list a line stands."""
        form = forms.current(line["form"])
        return cls.of(form, {"_id": line["check"], "data": {}})

    def fresh(self, session: ClientSession | None = None) -> Self:
        """Return it as it is stored now. Raises NotFoundError."""
        found = self.form.records().find_one({"_id": self.id, "deleted_at": None}, session=session)
        if found is None:
            raise NotFoundError
        return type(self)(self.form, self.part, self.ledger, found)

    def new_line(
        self, item: Document | None, spot: Spot, *, name: str = "", expected: Position | None = None
    ) -> Document:
        """Return a line of it that nobody counted yet; see `lines.new`."""
        return lines.new(self.form, self.record, self.ledger, item, spot, name=name, expected=expected)

    @property
    def id(self) -> ObjectId:
        """The record's id."""
        found: ObjectId = self.record["_id"]
        return found

    @property
    def about(self) -> Document:
        """What the check itself keeps with the record: stage, job, moment of the snapshot, numbers."""
        found: Document = self.record.get("check") or {}
        return found

    @property
    def stage(self) -> str:
        """How far its jobs have come; empty before the first."""
        return str(self.about.get("stage", ""))

    @property
    def taken_at(self) -> datetime | None:
        """When its list was drawn up."""
        found: datetime | None = self.about.get("taken_at")
        return found

    @property
    def numbers(self) -> dict[str, int]:
        """Its numbers: lines, counted, open, differences, undecided."""
        found = self.about.get("numbers") or {}
        return {name: int(found.get(name, 0)) for name in TALLIED}

    @property
    def is_counting(self) -> bool:
        """Tell whether lines are counted now."""
        return self.stage == READY and self.record.get("state") in self.part.counting

    @property
    def is_reviewing(self) -> bool:
        """Tell whether differences are decided now."""
        return self.stage == READY and self.record.get("state") in self.part.reviewing

    @property
    def is_blind(self) -> bool:
        """Tell whether nobody is told now what is expected, because it is still being counted."""
        blind = bool(self.part.blind and self.record["data"].get(self.part.blind))
        return blind and self.record.get("state") in self.part.counting

    def takes_count(self, line: Document | None) -> bool:
        """Tell whether a line (None: one that is not on the list) may be counted now."""
        again = line is not None and line["status"] == AGAIN
        return self.is_counting or (self.is_reviewing and again)

    def require_count(self, line: Document | None) -> None:
        """Raise ConflictError unless a line may be counted now."""
        if not self.takes_count(line):
            raise ConflictError(_("This check is not being counted now."), current=self.record)

    def require_review(self) -> None:
        """Raise ConflictError unless differences are decided now."""
        if not self.is_reviewing:
            raise ConflictError(_("The differences of this check are not decided now."), current=self.record)

    @property
    def job(self) -> Job | None:
        """The job that works on it, or was the last to."""
        found = self.about.get("job")
        job: Job | None = Job.objects(id=found).first() if found else None
        return job

    @property
    def is_busy(self) -> bool:
        """Tell whether a job works on it now."""
        job = self.job if self.stage in {TAKING, ADJUSTING} else None
        return job is not None and job.is_open


def check_forms() -> list[LiveForm]:
    """Return the forms in force that are stock checks."""
    return [form for form in forms.live_forms() if form.definition.stock_check]


def fetch(person: User, check_id: str | ObjectId, action: Action = Action.SEE) -> Check:
    """Return a check for a person who wants to do something with it, whichever form it is of.

    Raises:
        NotFoundError: there is none, or the person may not see it.
        ForbiddenError: the person may see it but not do this.
    """
    wanted = access.object_id(check_id)
    for form in check_forms():
        if form.records().find_one({"_id": wanted, "deleted_at": None}, {"_id": 1}):
            return Check.of(form, access.fetch(person, form, wanted, action))
    raise NotFoundError


def being_counted(person: User, ledger: str) -> list[Check]:
    """Return the checks of a ledger that are counted now and in which a person may count."""
    found = []
    for form in check_forms():
        part = form.definition.stock_check
        if part is None or part.ledger != ledger or not access.permitted(person, form.key, Action.EDIT):
            continue
        now = {"state": {"$in": list(part.counting)}, "check.stage": READY}
        seen = access.records_filter(person, form, Action.EDIT)
        found += [Check.of(form, one) for one in form.records().find({"$and": [seen, now]}, {"search": 0})]
    return found


def stage_set(check: Check, session: ClientSession | None = None, **about: Any) -> None:  # noqa: ANN401  (stored values)
    """Write what the check keeps with its record."""
    values = {f"check.{name}": value for name, value in about.items()}
    check.form.records().update_one({"_id": check.id}, {"$set": values}, session=session)
