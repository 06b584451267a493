"""Closing a period as a job: its records, figures and workbook are frozen, then it is handed on for approval.

Whatever dies on the way, the next attempt begins again where nothing is in force yet: a period is closed when
the last transaction says so, and not before.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import audit, files, forms, jobs, records
from models.access import require_permission
from models.calendars import company_zone
from models.changes import Change
from models.database import Document, in_transaction
from models.errors import DomainError, InvalidError
from models.forms import LiveForm
from models.job_files import KEEP, MAX_BYTES, Pace
from models.jobs import Job, RunningJob
from models.messages import LANGUAGES, Message, _, translate
from models.people import Actor, Permission, User
from models.reports import making, reading, running
from models.reports.closing import dataset, frozen, keeping, reprint, telling
from models.reports.closing.keeping import Closing
from models.reports.closing.looks import ClosingLook
from models.reports.keeping import Report
from models.reports.look import Look
from models.reports.parts import Release
from models.reports.periods import Period
from models.times import today

JOB: Final = "report_close"
ATTEMPTS: Final = 3


def problem(person: User, report: Report, period: Period) -> Message | None:
    """Return why a person cannot close a period now, None where they can."""
    refused = _refusal(person, report, period)
    return None if refused is None else refused.message


def require_closable(person: User, report: Report, period: Period) -> None:
    """Raise ForbiddenError or DomainError unless a person can close a period now."""
    require_permission(person, Permission.REPORTS_CLOSE)
    refused = _refusal(person, report, period)
    if refused is not None:
        raise refused


def _refusal(person: User, report: Report, period: Period) -> DomainError | None:
    if period.unit != report.definition.unit:
        return DomainError(_("This report is closed by whole periods of its own kind."))
    if not period.is_over(today(company_zone())):
        return DomainError(_("This period is not over yet."))
    if not reading.sees_everything(person, report.definition):
        return DomainError(_("Only somebody who sees all records of this report can close it for everybody."))
    if keeping.get(report.key, period.name):
        return DomainError(keeping.ALREADY)
    return None


def enqueue(person: User, report: Report, period: Period, language: str) -> Job:
    """Write down that a period is to be closed. Raises as `require_closable`."""
    require_closable(person, report, period)
    title = f"{report.definition.label.text(language)} {period.name}"
    return jobs.enqueue(
        JOB, person, {"report": report.key, "period": period.name}, title=title, language=language
    )


def carry_out(job: RunningJob) -> None:
    """Close a period. What this very job closed before its worker died stays as it is, reopened or not.

    Raises:
        DomainError: it cannot be closed, or its records change all the time.
        CancelledError: the owner stopped it.
        LeaseLostError: another worker took over.
    """
    if keeping.of_job(job.params["report"], job.id) is None:
        person = job.owner()
        report = reading.get(person, job.params["report"])
        period = reading.period_of(report.definition, job.params["period"])
        require_closable(person, report, period)
        _close(job, person, report, period)
    job.finish({"period": job.params["period"], "report": job.params["report"]}, keep=KEEP)


def _close(job: RunningJob, person: User, report: Report, period: Period) -> None:
    for left in reversed(range(ATTEMPTS)):
        try:
            _close_once(job, person, report, period)
        except keeping.OvertakenError:
            if not left:
                raise
        else:
            return


def _close_once(job: RunningJob, person: User, report: Report, period: Period) -> None:
    closing = keeping.begin(person, report.key, report.version, period, job.id)
    pace = Pace(job, _steps(report))
    kept = _frozen(closing, _looks(person, report, closing), pace)
    held = [one["rows"] for part in kept["frozen"].values() for one in part["results"]]
    release = _release(person, report, Closing({**closing.document, **kept}), pace)
    if release is not None:
        kept["release"] = {"form": release.form.key, "record": release.record["_id"]}

    def work(session: ClientSession) -> None:
        keeping.finish(closing, kept, session)
        files.retain(held, {"closing": closing.id}, session)
        details = {"report": report.key, "period": period.name, "fingerprint": kept["fingerprint"]}
        subject = f"{report.key} {period.name}"
        audit.note("report.closed", actor=Actor.of(person), subject=subject, details=details, session=session)

    if release is None:
        in_transaction(work)
    else:  # a period that is to be approved is never in force without what it is approved by
        with _telling(release.form, str(person.language)):
            records.commit([release], work)


def _looks(person: User, report: Report, closing: Closing) -> dict[str, Look]:
    """Return a look in each language, at the days that the closing says."""
    fiscal = reading.fiscal(report.definition)
    days = closing.days(fiscal)
    return {
        language: ClosingLook(report.definition, person, days, language, fiscal, closing=closing)
        for language in LANGUAGES
    }


def _steps(report: Report) -> int:
    return len(report.definition.analyses) * len(LANGUAGES)


def _frozen(closing: Closing, looks: Mapping[str, Look], pace: Pace) -> Document:
    """Return what is kept of a period, all of one moment: figures that records overtook are made again.

    Records of the period tell by their fingerprint; whatever else figures look at (earlier periods, clocks)
    by numbers that are not the same in both languages.
    """
    look = next(iter(looks.values()))
    sources = [one.model_dump(mode="json") for one in look.report.sources]
    for _attempt in range(ATTEMPTS):
        fingerprint, counts = dataset.freeze(closing, look, pace.tick)
        told_of = telling.tell(closing, look, pace.tick)
        parts = {language: _part(one, closing, fingerprint, pace) for language, one in looks.items()}
        if _agree(parts) and dataset.fingerprint(look, pace.tick) == fingerprint:
            found = {"fingerprint": fingerprint, "counts": counts, "frozen": parts}
            return {**found, "sources": sources, "told_of": told_of}
        looks = {language: reading.anew(one) for language, one in looks.items()}
    raise DomainError(_("Records that this report looks at are being changed right now. Please try again."))


def _agree(parts: Mapping[str, Document]) -> bool:
    """Tell whether the figures of a period are the same in all languages."""
    first, *others = ([one["numbers"] for one in part["results"]] for part in parts.values())
    return all(one == first for one in others)


def _part(look: Look, closing: Closing, fingerprint: str, pace: Pace) -> Document:
    results = []
    for result in running.results(look):
        results.append(frozen.keep(result, look.language, look.person.id, pace.tick))
        pace.reach(min(pace.done + 1, pace.total))
    cover = making.cover(look, fingerprint, closing.version)
    return {"cover": reprint.kept_cover(look, cover), "results": results}


def _release(person: User, report: Report, closing: Closing, pace: Pace) -> Change | None:
    """Plan the record by which a closed period is approved and handed out; None where it needs none.

    Raises DomainError where its form asks for more than the report says.
    """
    part = report.definition.release
    if part is None:
        return None
    form = forms.current(part.form)
    look = reading.look_at(person, report.definition, closing.days(), str(person.language))
    values = _values(part, form, closing, look, pace)
    with _telling(form, look.language):
        [change] = records.plan_creates(Actor.of(person), form, [values], source="system")
    return change


@contextmanager
def _telling(form: LiveForm, language: str) -> Iterator[None]:
    """Say which fields the form of a release is missing: whoever closes a period does not see them."""
    try:
        yield
    except InvalidError as error:
        raise DomainError(_unmade(form, error, language)) from error


def _unmade(form: LiveForm, error: InvalidError, language: str) -> Message:
    named = form.definition.by_key
    found = (
        f"{named[path].label.text(language) if path in named else path}: "
        + " ".join(translate(one, language) for one in messages)
        for path, messages in error.errors.items()
    )
    return _(
        "The record that hands this period on cannot be made, so it stays open. %(problems)s",
        problems="; ".join(found),
    )


def _values(part: Release, form: LiveForm, closing: Closing, look: Look, pace: Pace) -> dict[str, Any]:
    values: dict[str, Any] = dict(part.values)
    if part.report:
        values[part.report] = look.report.label.text(look.language)
    if part.period:
        values[part.period] = closing.period
    if part.fingerprint:
        values[part.fingerprint] = closing.fingerprint
    if part.workbook and part.workbook in form.definition.by_key:
        values[part.workbook] = [str(_uploaded(look, closing, pace))]
    return values


def _uploaded(look: Look, closing: Closing, pace: Pace) -> ObjectId:
    """Store the frozen workbook as if the person had uploaded it; the record claims it."""
    with tempfile.TemporaryDirectory(prefix="closing-") as folder:
        path = Path(folder, "report.xlsx")
        reprint.workbook(path, look, closing, pace.tick)
        name = making.name_of(look)
        with path.open("rb") as file:
            return files.store(file, name, look.person.id, purpose=files.UPLOAD, max_bytes=MAX_BYTES)
