"""Exports of lists: the filter, columns and order of a list, as it stood when the job began."""

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path

from bson import json_util
from pymongo.client_session import ClientSession

from models import directory, forms
from models.access import Action, require
from models.database import Document
from models.definition import Field
from models.disclosure import Disclosure
from models.errors import ForbiddenError
from models.export_columns import Sources, named_keys, record_columns, row_columns, rows_of, tables_of
from models.job_files import KEEP, Pace, deliver
from models.jobs import Job, RunningJob
from models.lookups import Lookup
from models.messages import _, translate
from models.people import EVERY_FORM, Actor, User
from models.queries import ListQuery, list_filter, order, path_for, projection
from models.snapshots import snapshot
from models.spreadsheets.cells import Locale, Note
from models.spreadsheets.csv_writer import CsvFile
from models.spreadsheets.names import file_name
from models.spreadsheets.notes import TITLES
from models.spreadsheets.workbook import About, Book, Sheet
from models.times import now

BATCH = 500
BATCHES_PER_LOOKUP = 20
"""Names are forgotten after so many batches, so that memory stays bounded."""


class Export:
    """One export being carried out."""

    def __init__(self, job: RunningJob) -> None:
        """Read what was asked for, and check again that the owner may have it."""
        self.job, self.person = job, job.owner()
        self.form = forms.current(job.document["form"])
        require(self.person, self.form.key, Action.EXPORT)
        self.query = ListQuery.load(job.params["query"])
        self.as_csv = job.params.get("format") == "csv"
        self.language: str = job.document["language"]
        self.timezone = Actor.of(self.person).timezone
        self.started = now()
        self.told = Disclosure(self.person, self.form)
        definition = self.told.definition
        self.tables = [] if self.as_csv else tables_of(definition)
        self.main = record_columns(definition, self._keys(), self.language, self.told.limits.masked)
        self.keys = [column.key for column in self.main.columns] + [table.key for table in self.tables]
        self.filter = self._filter()
        self.rights = rights_of(self.person, self.form.key)

    def _keys(self) -> Sequence[str]:
        """Return the list's columns; sub-tables need the number that their rows refer to."""
        keys = self.query.columns
        return keys if not self.tables or "number" in keys else ("number", *keys)

    def _filter(self) -> Document:
        """Return the MongoDB filter of the list, or of the records that were ticked in it."""
        whole = list_filter(self.person, self.form, self.query, Action.EXPORT, told=self.told)
        ids = self.job.params.get("ids")
        return whole if ids is None else {"$and": [whole, {"_id": {"$in": list(ids)}}]}

    @property
    def title(self) -> str:
        """What the form is called."""
        return self.form.definition.label.text(self.language) or self.form.key

    @property
    def name(self) -> str:
        """The name of the file: form, day and minute."""
        local = self.started.astimezone(self.timezone)
        return file_name(f"{self.title} {local:%Y-%m-%d %H%M}", "csv" if self.as_csv else "xlsx")

    def count(self, session: ClientSession) -> int:
        """Return how many records there are."""
        return self.form.records().count_documents(self.filter, session=session)

    def records(self, session: ClientSession) -> Iterator[Document]:
        """Yield the records of the list in its order, as the person is shown them.

        They are those that there were when the session began.
        """
        path = path_for(self.told, self.query.sort)
        found = self.form.records().find(
            self.filter,
            projection(self.told.definition, self.keys, self.told.limits.needs),
            session=session,
            sort=order(path, descending=self.query.descending),
            batch_size=BATCH,
            allow_disk_use=True,
        )
        with found:
            for record in found:
                yield self.told.shown(record)

    def batches(self, session: ClientSession, pace: Pace) -> Iterator[tuple[list[Document], Lookup]]:
        """Yield batches of records with the names that their cells need."""
        records = self.records(session)
        named = named_keys(self.told.definition, self.keys) or ["number"]
        lookup, count = Lookup(self.language, self.timezone, self.person), 0
        while batch := list(islice(records, BATCH)):
            if count % BATCHES_PER_LOOKUP == 0:
                lookup = Lookup(self.language, self.timezone, self.person)
            lookup.prime(self.form.definition, batch, named)
            yield batch, lookup
            count += 1
            pace.reach(pace.done + len(batch))


def rights_of(person: User, form: str) -> str:
    """Return a text that changes with everything that decides what of a form's records a person may export.

    It is kept with the file: whose rights changed since then does not get what they had before.
    """
    concerned = {Action.SEE.value, Action.EXPORT.value}
    roles = [
        {
            "administrator": bool(role.administrator),
            "grants": [
                grant.to_mongo().to_dict()
                for grant in role.grants
                if grant.form in {form, EVERY_FORM} and concerned & set(grant.actions)
            ],
            "rules": [
                rule.to_mongo().to_dict() for rule in role.field_rules if rule.form in {form, EVERY_FORM}
            ],
        }
        for role in person.held_roles
    ]
    department = person.department.id if person.department else None
    reached = directory.current().below(department) if department else []
    said = json_util.dumps([sorted(roles, key=repr), department, sorted(reached)], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def require_download(person: User, job: Job) -> None:
    """Check that a person may still have what an export of theirs made.

    Raises ForbiddenError (or NotFoundError) where their rights are no longer those it was made with.
    """
    require(person, job.form, Action.EXPORT)
    if job.result.get("rights") != rights_of(person, job.form):
        raise ForbiddenError(_("Your rights to these records have changed. Please export them again."))


def run(job: RunningJob, *, keep: timedelta = KEEP) -> None:
    """Carry out an export job.

    Everything is read in one snapshot: the rows are those that the filter counted when the export began,
    whatever is written meanwhile. A killed worker's successor begins anew, with a snapshot of its own.

    Raises:
        DomainError: the owner may no longer export, or the filter no longer fits the form.
        CancelledError: the owner stopped it.
        LeaseLostError: another worker took over.
    """
    export = Export(job)
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        path = Path(folder, "export")
        with snapshot(export.count) as (session, total):
            pace = Pace(job, total)
            pace.tick()
            result = (_write_csv if export.as_csv else _write_workbook)(export, path, session, pace)
        result |= {"count": total, "as_of": export.started, "rights": export.rights}
        deliver(job, path, export.name, result, pace=pace, keep=keep)


def _write_csv(export: Export, path: Path, session: ClientSession, pace: Pace) -> Document:
    locale = Locale(export.language, export.timezone)
    with CsvFile(path, export.main.columns, locale) as file:
        for batch, lookup in export.batches(session, pace):
            file.write(export.main.rows(batch, lookup))
    notes = {Note.CLEANED: file.replaced} if file.replaced else {}
    return {"rows": file.rows, "notes": worded(notes, export.language)}


def _write_workbook(export: Export, path: Path, session: ClientSession, pace: Pace) -> Document:
    local = export.started.astimezone(export.timezone).replace(tzinfo=None)
    about = About(export.title, str(export.person), local, export.language, export.timezone)
    with Book(path, about, tick=pace.tick) as book:
        main = book.sheet(export.title, export.main.columns)
        tables = [_table_sheet(export, book, table) for table in export.tables]
        for batch, lookup in export.batches(session, pace):
            main.write(export.main.rows(batch, lookup))
            for table, sources, sheet in tables:
                if rows := rows_of(table, batch):
                    sheet.write(sources.rows(rows, lookup))
        written = book.close()
    return {
        "rows": main.rows,
        "table_rows": sum(sheet.rows for _table, _sources, sheet in tables),
        "sheets": list(written.sheets),
        "notes": worded(written.notes, export.language),
    }


def worded(notes: Mapping[Note, int], language: str) -> list[str]:
    """Say what had to be changed in how many cells."""
    return [
        translate(_("%(what)s: %(count)s", what=TITLES[note], count=count), language)
        for note, count in notes.items()
    ]


def _table_sheet(export: Export, book: Book, table: Field) -> tuple[Field, Sources, Sheet]:
    sources = row_columns(table, export.language)
    return table, sources, book.sheet(table.label.text(export.language) or table.key, sources.columns)
