"""What somebody asks of a ledger: which report, of which time, about what."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final, Literal, Self, get_args

from bson import ObjectId

from models.database import Document
from models.disclosure import Disclosure
from models.errors import InvalidError
from models.ledger.holdings import may_ask
from models.ledger.kinds import KINDS
from models.messages import Message, _

ReportKind = Literal["ledger", "slips", "movements", "overdue", "statements"]
REPORTS: Final[tuple[ReportKind, ...]] = get_args(ReportKind)


@dataclass(frozen=True)
class Asked:
    """A report and what narrows it down.

    Attributes:
        report: which one.
        slips: the form of the slips that are meant.
        begins: first day (ISO date), empty for all.
        ends: last day.
        customer: whose things.
        kind: of movement.
        department: that gave or got pieces.
        person: who gave or got them.
        open_only: only what is still out.
        year: of a statement.
    """

    report: ReportKind
    slips: str = ""
    begins: str = ""
    ends: str = ""
    customer: ObjectId | None = None
    kind: str = ""
    department: ObjectId | None = None
    person: ObjectId | None = None
    open_only: bool = False
    year: int = 0

    def dump(self) -> Document:
        """Return it as a job's parameters."""
        return {key: value for key, value in asdict(self).items() if value}

    @classmethod
    def load(cls, params: Mapping[str, Any]) -> Self:
        """Read what `dump` gave."""
        return cls(**{key: params[key] for key in cls.__dataclass_fields__ if key in params})


def read(sent: Mapping[str, str], told: Disclosure, years: Sequence[int] = ()) -> Asked:
    """Read what a person sent who may see a ledger; `years` are those of which there are statements.

    Raises InvalidError beside what cannot be read, and beside what they may not ask by.
    """
    form = _Sent(sent, told)
    asked = Asked(
        form.report(),
        slips=form.text("slips"),
        begins=form.day("begins"),
        ends=form.day("ends"),
        customer=form.id("customer", closed=form.closes_customers),
        kind=form.kind(),
        department=form.id("department", closed=not may_ask(told, "departments")),
        person=form.id("person", closed=not may_ask(told, "people")),
        open_only="open_only" in sent,
    )
    if asked.begins and asked.ends and asked.ends < asked.begins:
        form.errors["ends"] = [_("This is before the first day.")]
    if asked.report == "statements":
        asked = replace(asked, year=form.year(years))
    if form.errors:
        raise InvalidError(form.errors)
    return asked


class _Sent:
    """What was sent, and what is wrong with it."""

    def __init__(self, sent: Mapping[str, str], told: Disclosure) -> None:
        self.errors: dict[str, list[Message]] = {}
        self._sent, self._told = sent, told

    @property
    def closes_customers(self) -> bool:
        """Whether the person may not ask whose things they are."""
        part = self._told.form.definition.ledger
        return part is None or part.customer in {"", *self._told.unasked}

    def text(self, name: str) -> str:
        """Return a text without blanks around it."""
        return self._sent.get(name, "").strip()

    def report(self) -> ReportKind:
        """Return which report. Raises InvalidError for none: nothing else makes sense then."""
        found = next((one for one in REPORTS if one == self.text("report")), None)
        if found is None:
            raise InvalidError({"report": [_("There is no such report.")]})
        return found

    def day(self, name: str) -> str:
        """Return a day (ISO date)."""
        text = self.text(name)
        try:
            return date.fromisoformat(text).isoformat() if text else ""
        except ValueError:
            self.errors[name] = [_("Please enter a date.")]
            return ""

    def id(self, name: str, *, closed: bool) -> ObjectId | None:
        """Return an id; `closed` tells that the person may not ask by it."""
        text = self.text(name)
        if text and closed:
            self.errors[name] = [_("You may not ask by this.")]
        elif text and not ObjectId.is_valid(text):
            self.errors[name] = [_("This no longer exists or cannot be chosen.")]
        return ObjectId(text) if text and name not in self.errors else None

    def kind(self) -> str:
        """Return a kind of movement."""
        text = self.text("kind")
        if text and text not in KINDS:
            self.errors["kind"] = [_("There is no such movement.")]
        return text

    def year(self, years: Sequence[int]) -> int:
        """Return one of some years."""
        found = next((one for one in years if str(one) == self.text("year")), 0)
        if not found:
            self.errors["year"] = [_("There is no statement of this year.")]
        return found
