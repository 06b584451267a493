"""The workbook of a report as a job: worked out for its reader, written, and kept for them."""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from models import exports, jobs
from models.access import Action, permitted
from models.channels.surroundings import surroundings
from models.database import Document
from models.errors import DomainError, ForbiddenError
from models.job_files import KEEP, Pace, deliver
from models.jobs import Job, RunningJob
from models.messages import Message, _
from models.people import Actor, User
from models.reports import narrowing, reading, running
from models.reports.closing import keeping, reprint
from models.reports.closing.dataset import fingerprint
from models.reports.closing.keeping import Closing
from models.reports.drill import link_of
from models.reports.keeping import Report
from models.reports.look import Look
from models.reports.narrowing import Narrowed
from models.reports.parts import ReportDefinition
from models.reports.periods import Period
from models.reports.results import Result
from models.reports.workbook.writing import Cover, write
from models.spreadsheets.names import file_name
from models.times import now

JOB: Final = "report"
BOXES: Final = (_("Prepared by"), _("Reviewed by"), _("Countersigned by"), _("Approved by"))


def enqueue(
    person: User,
    report: Report,
    period: Period,
    language: str,
    *,
    narrowed: Sequence[Narrowed] = (),
    live: bool = False,
) -> Job:
    """Write down that a person wants a report's workbook.

    It may be `narrowed` down; `live` asks for figures of today, also of a closed period.
    """
    params = {
        "report": report.key,
        "period": period.name,
        "narrowed": {one.grouping.key: one.value for one in narrowed},
        "live": live,
    }
    title = title_of(report.definition, period, language, narrowed)
    return jobs.enqueue(JOB, person, params, title=title, language=language)


def run(job: RunningJob, *, keep: timedelta = KEEP, effects: Iterable[Document] = ()) -> None:
    """Carry out a report job; `effects` are brought about with its end.

    Raises:
        NotFoundError: the owner may not read the report any more.
        ForbiddenError: they may not take it away.
        DomainError: what it is narrowed down to is not there any more.
        CancelledError: the owner stopped it.
        LeaseLostError: another worker took over.
    """
    person = job.owner()
    report = reading.get(person, job.params["report"])
    require_export(person, report.definition)
    period = reading.period_of(report.definition, job.params["period"])
    look = reading.look_at(person, report.definition, period, job.document["language"])
    narrowed = _narrowed(look, job.params.get("narrowed", {}))
    rights = rights_of(person, report.definition)
    pace = Pace(job, len(report.definition.analyses))
    with tempfile.TemporaryDirectory(prefix="report-") as folder:
        path = Path(folder, "report.xlsx")
        is_of_today = bool(narrowed) or job.params.get("live", False)
        closing = None if is_of_today else closed_for(person, report, period)
        if closing is not None:
            require_export(person, reprint.definition(closing))
            sheets = reprint.workbook(path, look, closing, pace.tick)
        else:
            sheets = make(path, look, report.version, pace, narrowed)
        result = {"count": pace.done, "sheets": sheets, "rights": rights, "period": period.name}
        deliver(job, path, name_of(look, narrowed), result, pace=pace, keep=keep, effects=effects)


def _narrowed(look: Look, asked: Mapping[str, str]) -> list[Narrowed]:
    """Return what a workbook is narrowed down to. Raises DomainError rather than telling of more."""
    found = narrowing.narrowed(look, asked)
    if len(found) < len(asked):
        raise DomainError(_("What this report was narrowed down to is not there any more."))
    return found


def make(
    path: Path, look: Look, version: int, pace: Pace | None = None, narrowed: Sequence[Narrowed] = ()
) -> list[str]:
    """Write the workbook of a look, narrowed down to some groups; return the names of its sheets."""
    tick = pace.tick if pace else lambda: None
    look = replace(look, narrowed=tuple(one.rule for one in narrowed))
    written = cover(look, fingerprint(look, tick), version, narrowed)
    return write(path, look, written, _counted(running.results(look), pace), link=link_of(look), tick=tick)


def closed_for(person: User, report: Report, period: Period) -> Closing | None:
    """Return the closing of a period that a person reads instead of figures of their own."""
    closing = keeping.get(report.key, period.name)
    return closing if closing and is_shown(person, report, closing) else None


def is_shown(person: User, report: Report, closing: Closing) -> bool:
    """Tell whether a person reads what was closed instead of figures of their own."""
    # by the forms that were counted then, though the report may count others by now
    then = reprint.definition(closing).model_copy(update={"readers": report.definition.readers})
    return reading.reads_closed(person, then)


def _counted(found: Iterator[Result], pace: Pace | None) -> Iterator[Result]:
    for at, one in enumerate(found, 1):
        if pace is not None:
            pace.reach(at)
        yield one


def cover(look: Look, data: str, version: int, narrowed: Sequence[Narrowed] = ()) -> Cover:
    """Return what stands on a report's first sheet (A4, with boxes for the signatures)."""
    report, at = look.report, now()
    local = at.astimezone(Actor.of(look.person).timezone)
    said: list[tuple[Message, str]] = [
        (_("Company"), surroundings().company),
        (_("Period"), look.say(look.period.label())),
        (_("Scope"), look.say(reading.scope_of(look.person, report))),
        (_("Narrowed down to"), "; ".join(one.said(look.language) for one in narrowed)),
        (_("Made by"), str(look.person)),
        (_("Made at"), f"{local:%Y-%m-%d %H:%M}"),
        (_("Fingerprint of the data"), data),
        (_("Version of the report"), str(version)),
        (_("Number of the form"), report.form),
        (_("About"), report.description.text(look.language)),
    ]
    title = title_of(report, look.period, look.language)
    lines = [(look.say(label), text) for label, text in said if text]
    return Cover(title, lines, list(map(look.say, BOXES)), at)


def title_of(
    report: ReportDefinition, period: Period, language: str, narrowed: Sequence[Narrowed] = ()
) -> str:
    """Return what a report of a period is called, with what it is narrowed down to."""
    named = f"{report.label.text(language)} {period.name}"
    return " · ".join([named, *(one.said(language) for one in narrowed)])


def name_of(look: Look, narrowed: Sequence[Narrowed] = ()) -> str:
    """Return what the file is called."""
    return file_name(title_of(look.report, look.period, look.language, narrowed), "xlsx")


def rights_of(person: User, report: ReportDefinition) -> str:
    """Return a text that changes with the reader's rights to any form of a report."""
    said = "\n".join(exports.rights_of(person, form.key) for form in reading.forms_of(report))
    return hashlib.sha256(said.encode()).hexdigest()


def require_download(person: User, job: Job) -> None:
    """Check that a person may still have what a report of theirs says.

    Raises NotFoundError, or ForbiddenError where their rights have changed since.
    """
    report = reading.get(person, job.params["report"])
    require_export(person, report.definition)
    if job.result.get("rights") != rights_of(person, report.definition):
        raise ForbiddenError(_("Your rights to these records have changed. Please export them again."))


def require_export(person: User, report: ReportDefinition) -> None:
    """Raise ForbiddenError unless a person may take a report away."""
    if not may_export(person, report):
        raise ForbiddenError


def may_export(person: User, report: ReportDefinition) -> bool:
    """Tell whether a person may take a report away: they may export each of its forms that they see."""
    seen = [form.key for form in reading.forms_of(report) if permitted(person, form.key, Action.SEE)]
    return all(permitted(person, key, Action.EXPORT) for key in seen)
