import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from pymongo.database import Database

from models import database, exports, files, job_files, jobs, records
from models.errors import ForbiddenError
from models.forms import LiveForm
from models.jobs import CancelledError, Job, LeaseLostError, RunningJob
from models.people import User
from models.queries import ListQuery
from tasks import jobs as job_tasks
from tests import factories
from tests.factories import field

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture(autouse=True)
def _at_every_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_files, "_SECONDS_BETWEEN", 0)
    monkeypatch.setattr(exports, "BATCH", 10)


def ask(live: LiveForm, person: User | None = None, *, form: str = "xlsx", **query: Any) -> RunningJob:
    asked = ListQuery(**{"columns": tuple(live.definition.list_columns), **query})
    params = {"query": asked.dump(), "format": form}
    job = jobs.enqueue("export", person or factories.administrator(), params, form=live.key, language="en")
    return factories.claimed(job)


def stored(job: RunningJob) -> Job:
    found: Job = Job.objects.get(id=job.id)
    return found


def content(job: RunningJob) -> bytes:
    return bytes(files.open_file(stored(job).file).read())


def book(job: RunningJob) -> dict[str, list[list[Any]]]:
    workbook = openpyxl.load_workbook(io.BytesIO(content(job)))
    return {sheet.title: [[cell.value for cell in row] for row in sheet] for sheet in workbook.worksheets}


def many(live: LiveForm, count: int) -> None:
    for number in range(count):
        factories.record(live, name=f"n{number:03}", qty=number)


def test_the_file_has_the_filter_the_columns_and_the_order_of_the_list() -> None:
    live = factories.form()
    many(live, 30)
    where = {"field": "qty", "op": "gte", "value": 5}
    job = ask(live, where=where, columns=("qty", "name"), sort="qty", descending=True)
    exports.run(job)
    rows = book(job)["Test sheet"]
    assert rows[0] == ["qty", "name"]
    assert rows[1:] == [[number, f"n{number:03}"] for number in range(29, 4, -1)]
    assert stored(job).result["count"] == stored(job).result["rows"] == 25


def test_every_type_arrives_as_what_it_is() -> None:
    department, person = factories.department(), factories.editor()
    other = factories.form(field("name"), key="other")
    target = factories.record(other, name="Ref 1")
    options = [{"key": "a", "label": {"zh": "甲", "en": "Alpha"}}, {"key": "b", "label": {"zh": "乙"}}]
    live = factories.form(
        field("name"), field("long", "long_text"), field("n", "integer"), field("d", "decimal"),
        field("m", "money", currencies=["USD"]), field("p", "percent"), field("day", "date"),
        field("at", "datetime"), field("took", "duration"), field("one", "choice", options=options),
        field("some", "multi_choice", options=options), field("yes", "boolean"), field("stars", "rating"),
        field("who", "person"), field("unit", "department"), field("ref", "reference", form="other"),
        field("double", "computed", formula="n * 2", result="integer"), numbering="T-{seq:4}",
        list_columns=["number", "long", "n", "d", "m", "p", "day", "at", "took", "one", "some", "yes",
                      "stars", "who", "unit", "ref", "double", "created_by"],
    )  # fmt: skip
    factories.record(
        live, person, name="=1+1", long="a\nb", n=3, d="1.25", m={"amount": "9.90", "currency": "USD"},
        p="0.5", day="2026-02-03", at="2026-02-03T04:05:00Z", took="1:30", one="a", some=["a", "b"],
        yes=False, stars=4, who=str(person.id), unit=str(department.id), ref=str(target["_id"]),
    )  # fmt: skip
    job = ask(live)
    exports.run(job)
    header, row = book(job)["Test sheet"]
    assert header[0] == "Number"
    assert row == [
        "T-0001", "a\nb", 3, 1.25, 9.9, 0.005, datetime(2026, 2, 3), datetime(2026, 2, 3, 12, 5),  # noqa: DTZ001
        timedelta(hours=1, minutes=30), "Alpha", "Alpha, 乙", "No", 4, "编辑", "Quality", "Ref 1", 6, "编辑",
    ]  # fmt: skip


def test_rows_of_a_table_go_to_their_own_sheet_under_the_record_number() -> None:
    columns = [field("part"), field("qty", "integer")]
    live = factories.form(field("name"), field("items", "table", fields=columns), numbering="T-{seq:4}")
    for count in range(3):
        rows = [{"part": f"p{index}", "qty": index} for index in range(count)]
        factories.record(live, name=f"n{count}", items=rows)
    job = ask(live, columns=("name",), descending=False)
    exports.run(job)
    sheets = book(job)
    assert sheets["Test sheet"] == [["Number", "name"], ["T-0001", "n0"], ["T-0002", "n1"], ["T-0003", "n2"]]
    assert sheets["items"] == [
        ["Number", "part", "qty"], ["T-0002", "p0", 0], ["T-0003", "p0", 0], ["T-0003", "p1", 1],
    ]  # fmt: skip
    assert stored(job).result["table_rows"] == 3


def test_the_row_count_is_the_filters_count_at_the_start_whatever_is_written_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live = factories.form()
    many(live, 45)
    where = {"field": "qty", "op": "lt", "value": 40}
    job = ask(live, where=where, sort="name", descending=False)
    writes = _writes(live)
    progress = RunningJob.progress

    def write_between(self: RunningJob, done: int, total: int) -> None:
        progress(self, done, total)
        next(writes, None)

    monkeypatch.setattr(RunningJob, "progress", write_between)
    exports.run(job)
    assert next(writes, "all done") == "all done"
    rows = book(job)["Test sheet"][1:]
    assert rows == [[f"n{number:03}", number] for number in range(40)]
    assert stored(job).result["count"] == 40


def _writes(live: LiveForm) -> Iterator[None]:
    """Add, change and delete what the export has not read yet."""
    found = list(live.records().find({}).sort("data.name", 1))
    factories.record(live, name="n000a", qty=1)
    yield
    last = found[35]
    records.update(factories.actor(), live, last["_id"], {"name": "zzz", "qty": 999}, revision=1)
    yield
    records.delete(factories.actor(), live, found[36]["_id"], revision=1, reason="test")
    live.records().delete_one({"_id": found[37]["_id"]})
    yield


def test_ticked_records_alone_can_be_exported() -> None:
    live = factories.form()
    many(live, 5)
    ids = [found["_id"] for found in live.records().find({"data.qty": {"$in": [1, 3]}})]
    job = ask(live, sort="qty", descending=False)
    job.params["ids"] = ids
    exports.run(job)
    assert [row[1] for row in book(job)["Test sheet"][1:]] == [1, 3]


def test_csv_opens_in_excel_and_runs_no_formula() -> None:
    live = factories.form(field("name"), field("d", "decimal"), field("m", "money"))
    factories.record(live, name='=cmd|"x"', d="-1.5", m="3")
    job = ask(live, form="csv")
    exports.run(job)
    raw = content(job)
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert rows == [["name", "d", "m"], ['\'=cmd|"x"', "-1.5", "3.00"]]
    assert stored(job).file_name.endswith(".csv")


def test_what_a_file_cannot_hold_is_told_in_the_persons_words() -> None:
    live = factories.form(field("name"), field("n", "integer"))
    factories.record(live, name="a", n=2**62)
    for kind, notes in (
        ("xlsx", ["Values were written as text, because Excel would not keep them exactly: 1"]),
        ("csv", []),
    ):
        job = ask(live, form=kind)
        exports.run(job)
        assert stored(job).result["notes"] == notes


def test_an_empty_list_gives_a_file_with_its_header() -> None:
    live = factories.form()
    job = ask(live)
    exports.run(job)
    assert book(job)["Test sheet"] == [["name", "qty"]]


def test_the_file_belongs_to_the_job_and_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    live = factories.form()
    job = ask(live)
    exports.run(job, keep=timedelta(days=2))
    done = stored(job)
    assert done.state == "done"
    assert done.expires_at - datetime.now(UTC) > timedelta(days=1)
    assert done.file_name.startswith("Test sheet 20")
    later = datetime.now(UTC) + timedelta(days=3)
    monkeypatch.setattr(jobs, "now", lambda: later)
    assert jobs.expire() == 1
    assert database.db()["files.files"].count_documents({}) == 0


def test_a_cancelled_export_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    live = factories.form()
    many(live, 30)
    job = ask(live)
    batches: list[int] = []
    progress = RunningJob.progress

    def cancel_later(self: RunningJob, done: int, total: int) -> None:
        batches.append(done)
        if len(batches) == 2:
            jobs.request_cancel(stored(job))
        progress(self, done, total)

    monkeypatch.setattr(RunningJob, "progress", cancel_later)
    with pytest.raises(CancelledError):
        exports.run(job)
    assert batches == [0, 10]
    assert database.db()["files.files"].count_documents({}) == 0


def test_a_worker_that_lost_its_lease_leaves_the_file_to_its_successor(db: Database[Any]) -> None:
    live = factories.form()
    many(live, 3)
    first = ask(live)
    db.jobs.update_one({"_id": first.id}, {"$set": {"lease_until": datetime(2020, 1, 1, tzinfo=UTC)}})
    second = factories.claimed(first, "other")
    with pytest.raises(LeaseLostError):
        exports.run(first)
    exports.run(second)
    assert stored(second).state == "done"
    assert db["files.files"].count_documents({}) == 1


def test_only_who_may_export_gets_a_file() -> None:
    live = factories.form()
    with pytest.raises(ForbiddenError):
        exports.run(ask(live, factories.reader()))


def test_who_left_meanwhile_gets_nothing() -> None:
    live = factories.form()
    person = factories.editor()
    job = ask(live, person)
    person.update(active=False)
    with pytest.raises(ForbiddenError):
        exports.run(job)


def test_names_are_looked_up_by_batch_and_not_by_row(db: Database[Any]) -> None:
    live = factories.form(field("name"), field("who", "person"))
    person = factories.editor()
    for number in range(30):
        factories.record(live, name=f"n{number}", who=str(person.id))
    job = ask(live)
    db.command("profile", 2)
    try:
        exports.run(job)
    finally:
        db.command("profile", 0)
    names = {"ns": f"{db.name}.users", "op": "query", "command.projection": {"$exists": True}}
    asked = db["system.profile"].count_documents(names)
    db.drop_collection("system.profile")
    assert asked == 1  # the owner, read whole, is looked up each time the export says that it lives


def test_the_worker_carries_an_export_out() -> None:
    live = factories.form(field("name"), field("d", "decimal"))
    factories.record(live, name="a", d=Decimal("0.1"))
    job = ask(live)
    job_tasks.carry_out(job)
    assert stored(job).state == "done"
    assert stored(job).owner == factories.administrator().id
