"""Opening a closed period again: with a right and a reason, and what was handed on is taken back with it."""

from typing import Final

from pymongo.client_session import ClientSession

from models import audit, forms, records
from models.access import require_permission
from models.changes import Change
from models.database import in_transaction
from models.errors import ConflictError, DomainError, InvalidError, NotFoundError
from models.messages import _
from models.people import Actor, Permission, User
from models.reports import keeping as reports
from models.reports.closing import keeping
from models.reports.closing.keeping import Closing
from models.reports.parts import ReportDefinition
from models.workflow import plan_move

MAX_REASON: Final = 500


def reopen(person: User, closing: Closing, reason: str) -> None:
    """Open a closed period again; the record by which it was handed on takes the step named for that.

    Raises:
        ForbiddenError: the person may not.
        InvalidError: there is no reason.
        NotFoundError: it is not closed (any more).
        DomainError: the record cannot take that step from where it is; nothing changed.
    """
    require_permission(person, Permission.REPORTS_REOPEN)
    said = " ".join(reason.split())
    if not said or len(said) > MAX_REASON:
        raise InvalidError({"reason": [_("Say why, in at most %(max)s characters.", max=MAX_REASON)]})

    def work(session: ClientSession) -> None:
        keeping.reopen(person, closing, said, session)
        audit.note(
            "report.reopened",
            actor=Actor.of(person),
            subject=f"{closing.report} {closing.period}",
            details={"report": closing.report, "period": closing.period, "reason": said},
            session=session,
        )

    taken_back = _taken_back(person, closing, said)
    if taken_back is None:
        in_transaction(work)
    else:
        records.commit([taken_back], work)


def step_back(definition: ReportDefinition, closing: Closing) -> str | None:
    """Return the step by which the record that handed a period on is taken back; None where none is."""
    kept, part = closing.release, definition.release
    return part.reopened if kept and part and part.form == kept["form"] else None


def _taken_back(person: User, closing: Closing, reason: str) -> Change | None:
    """Plan the step of the record that handed a period on; None where there is none, or it is void."""
    step = step_back(reports.get(closing.report).definition, closing)
    if step is None or closing.release is None:
        return None
    try:
        form = forms.current(closing.release["form"])
    except NotFoundError:
        return None
    record = form.records().find_one({"_id": closing.release["record"], "deleted_at": None})
    workflow = form.definition.workflow
    if record is None or workflow is None or workflow.state_of(record).category == "void":
        return None
    try:
        return plan_move(Actor.of(person), form, record, step, source="system", reason=reason)
    except ConflictError as refused:
        raise DomainError(
            _(
                "The record %(number)s that handed this period on cannot be taken back. %(why)s",
                number=record["number"] or record["title"],
                why=refused.message,
            )
        ) from None
