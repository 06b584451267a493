"""What imports do with odd cells, sub-rows, sheets of their own, every type of key, and what others do."""

import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from bson import Decimal128, ObjectId
from openpyxl.worksheet.worksheet import Worksheet
from pymongo.database import Database

from models import exports, files, import_mapping, import_task, imports, jobs, records
from models.database import Document
from models.errors import InvalidError
from models.forms import LiveForm
from models.import_mapping import suggest, suggest_tables
from models.import_plan import Plan, RowsSheet, check
from models.jobs import Job, RunningJob
from models.messages import _
from models.people import User
from models.queries import ListQuery
from models.spreadsheets.reading import open_table
from tests import factories as make
from tests.workbooks import saved, workbook

LATE = _("Another record already has this value.")
COLUMNS = [make.field("part", required=True), make.field("pieces", "integer"), make.field("note")]


@pytest.fixture
def admin(db: Database[Document]) -> User:
    return make.administrator()


@pytest.fixture
def form(admin: User) -> LiveForm:
    return make.form(
        make.field("name", required=True, unique=True),
        make.field("qty", "integer", min=0, unit={"zh": "件", "en": "pcs"}),
        make.field("status", "choice", default="open", options=[{"key": "open"}, {"key": "shut"}]),
        make.field("items", "table", fields=COLUMNS, label={"zh": "明细", "en": "Items"}),
        business_key="name",
        numbering="T-{seq:3}",
    )


def send(person: User, name: str, content: bytes) -> Any:
    return make.stored(content, person, name)


def claim(person: User, form: LiveForm, plan: Plan, kind: str = "import") -> RunningJob:
    job = jobs.enqueue(kind, person, plan.dump(), form=form.key, language="en")
    return make.claimed(job)


def done(job: RunningJob) -> Document:
    found: Document = Job.objects.get(id=job.id).to_mongo().to_dict()
    return found


def carry_out(person: User, form: LiveForm, plan: Plan, kind: str = "import") -> Document:
    job = claim(person, form, plan, kind)
    {"import": imports.run, "import_check": imports.check}[kind](job)
    return done(job)


def run_text(person: User, form: LiveForm, text: str, mapping: dict[int, str], **chosen: Any) -> Document:
    plan = Plan(send(person, "a.csv", text.encode()), "a.csv", mapping, **{"mode": "valid", **chosen})
    return carry_out(person, form, plan)


def run_book(
    person: User, form: LiveForm, content: bytes, mapping: dict[int, str], **chosen: Any
) -> Document:
    plan = Plan(send(person, "a.xlsx", content), "a.xlsx", mapping, **{"mode": "valid", **chosen})
    return carry_out(person, form, plan)


def data_of(form: LiveForm) -> list[Document]:
    return [found["data"] for found in form.records().find().sort("_id", 1)]


def refused(job: Document) -> list[list[list[Any]]]:
    book = openpyxl.load_workbook(io.BytesIO(files.open_file(job["file"]).read()))
    return [[[cell.value for cell in row] for row in sheet] for sheet in book.worksheets]


def stripped(rows: Sequence[Document]) -> list[Document]:
    return [{key: value for key, value in row.items() if key != "_row"} for row in rows]


def test_an_empty_cell_leaves_the_default_of_a_new_record_and_empties_an_old_one(
    admin: User, form: LiveForm
) -> None:
    mapping = {0: "name", 1: "status"}
    run_text(admin, form, "name,status\na,\nb,shut\n", mapping, key="name")
    assert [one["status"] for one in data_of(form)] == ["open", "shut"]
    run_text(admin, form, "name,status\na,\nb,\n", mapping, key="name")
    assert [one.get("status") for one in data_of(form)] == [None, None]


def test_percent_money_and_dates_mean_what_excel_shows(admin: User) -> None:
    form = make.form(
        make.field("p", "percent"), make.field("d", "decimal"), make.field("m", "money", currencies=["USD"]),
        make.field("day", "date"), make.field("at", "datetime"), make.field("took", "duration"),
        make.field("code"), key="kinds",
    )  # fmt: skip
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["p", "d", "m", "day", "at", "took", "code"])
    moment = datetime(2026, 2, 3, 12, 5)  # noqa: DTZ001
    sheet.append([0.005, 0.5, 9.9, moment.replace(hour=0, minute=0), moment, 0.0625, 1001])
    for column, code in zip("ABCDF", ["0.0%", "0%", "[$USD] 0.00", "yyyy-mm-dd", "[h]:mm"], strict=True):
        sheet[f"{column}2"].number_format = code
    run_book(admin, form, saved(book), dict(enumerate(["p", "d", "m", "day", "at", "took", "code"])))
    [data] = data_of(form)
    assert data["p"] == Decimal128("0.5")
    assert data["d"] == Decimal128("0.5")
    assert data["m"] == {"amount": Decimal128("9.90"), "currency": "USD"}
    assert (data["day"], data["took"], data["code"]) == ("2026-02-03", 5400, "1001")
    assert data["at"].isoformat() == "2026-02-03T04:05:00+00:00"


def test_a_cell_that_excel_could_not_compute_is_refused(admin: User, form: LiveForm) -> None:
    content = workbook(S=[["name", "qty"], ["a", "=1+1"], ["b", 2]])
    job = run_book(admin, form, content, {0: "name", 1: "qty"})
    assert [one["name"] for one in data_of(form)] == ["b"]
    assert job["result"]["problems"][0]["column"] == "qty"


def test_texts_that_no_database_keeps_are_refused_and_given_back(admin: User, form: LiveForm) -> None:
    content = workbook(S=[["name", "qty"], ["_xD800_", 1], ["x" * 30_000, 10**25], ["b", 2]])
    job = run_book(admin, form, content, {0: "name", 1: "qty"})
    assert job["result"]["refused"] == 2
    [[_header, first, second]] = refused(job)
    assert first[0] == "�"
    assert second[0] == "x" * 30_000


def test_rows_that_repeat_the_key_or_leave_it_empty_are_sub_rows(admin: User, form: LiveForm) -> None:
    text = "name,qty,part,pieces\na,1,p1,1\na,1,p2,2\n,,p3,3\nb,2,,\n"
    mapping = {0: "name", 1: "qty", 2: "items.part", 3: "items.pieces"}
    job = run_text(admin, form, text, mapping, key="name")
    first, second = data_of(form)
    assert [row["part"] for row in first["items"]] == ["p1", "p2", "p3"]
    assert "items" not in second
    assert job["result"]["rows"] == 2


def test_a_sub_row_that_says_something_else_of_its_record_is_refused(admin: User, form: LiveForm) -> None:
    text = "name,qty,part\na,1,p1\na,5,p2\n"
    job = run_text(admin, form, text, {0: "name", 1: "qty", 2: "items.part"}, key="name")
    [problem] = job["result"]["problems"]
    assert (problem["row"], problem["column"]) == (3, "qty")
    assert data_of(form) == []


def test_mistakes_of_sub_rows_stand_beside_their_cells(admin: User, form: LiveForm) -> None:
    text = "name,part,pieces\na,p1,1\n,,7\n,p3,many\n"
    job = run_text(admin, form, text, {0: "name", 1: "items.part", 2: "items.pieces"})
    places = [(one["row"], one["column"]) for one in job["result"]["problems"]]
    assert places == [(3, "part"), (4, "pieces")]
    [[_header, *rows]] = refused(job)
    assert len(rows) == 3


def test_an_update_of_sub_rows_keeps_what_is_not_mapped(admin: User, form: LiveForm) -> None:
    make.record(form, admin, name="a", items=[{"part": "p1", "pieces": 1, "note": "keep"}])
    [before] = data_of(form)
    text = "name,part,pieces\na,p1,1\n"
    mapping = {0: "name", 1: "items.part", 2: "items.pieces"}
    assert run_text(admin, form, text, mapping, key="name")["result"]["same"] == 1
    assert run_text(admin, form, text.replace("1\n", "5\n"), mapping, key="name")["result"]["updated"] == 1
    [after] = data_of(form)
    assert after["items"] == [{**before["items"][0], "pieces": 5}]


def test_a_record_without_sub_rows_in_the_file_keeps_its_own(admin: User, form: LiveForm) -> None:
    make.record(form, admin, name="a", qty=1, items=[{"part": "p1"}])
    run_text(admin, form, "name,qty,part\na,5,\n", {0: "name", 1: "qty", 2: "items.part"}, key="name")
    [after] = data_of(form)
    assert after["qty"] == 5
    assert stripped(after["items"]) == [{"part": "p1"}]


MAIN: list[list[Any]] = [["Name", "qty"], ["a", 1], ["b", 2], ["c", 3]]
ITEMS: list[list[Any]] = [
    ["name", "part", "pieces"],
    ["b", "p2", 2],
    ["a", "p1", 1],
    ["b", "p3", 3],
    ["x", "p9", 9],
    [None, "p8", 8],
]
TABLES = {"items": RowsSheet("Items", 0, 0, {1: "part", 2: "pieces"})}


def test_sub_rows_on_a_sheet_of_their_own_find_their_records(admin: User, form: LiveForm) -> None:
    content = workbook(Main=MAIN, Items=ITEMS[:4])
    job = run_book(admin, form, content, {0: "name", 1: "qty"}, mode="all", tables=TABLES)
    assert job["result"]["stored"] is True
    assert [stripped(one.get("items", [])) for one in data_of(form)] == [
        [{"part": "p1", "pieces": 1}], [{"part": "p2", "pieces": 2}, {"part": "p3", "pieces": 3}], [],
    ]  # fmt: skip


def test_rows_that_belong_to_no_record_are_refused(admin: User, form: LiveForm) -> None:
    content = workbook(Main=MAIN, Items=ITEMS)
    job = run_book(admin, form, content, {0: "name", 1: "qty"}, tables=TABLES)
    assert (job["result"]["created"], job["result"]["refused"]) == (3, 2)
    assert {one["column"] for one in job["result"]["problems"]} == {"Items: "}
    main, items = refused(job)
    assert len(main) == 1
    assert [row[0] for row in items] == ["name", "x", None]


def test_all_or_nothing_counts_rows_that_belong_to_no_record(admin: User, form: LiveForm) -> None:
    content = workbook(Main=MAIN, Items=ITEMS)
    job = run_book(admin, form, content, {0: "name"}, mode="all", tables=TABLES)
    assert job["result"]["stored"] is False
    assert data_of(form) == []


def test_a_mistake_on_a_sheet_of_rows_brings_the_whole_record_back(admin: User, form: LiveForm) -> None:
    items: list[list[Any]] = [["name", "part", "pieces"], ["a", "p1", "many"], ["a", "p2", 1], ["b", "p3", 1]]
    content = workbook(Main=MAIN, Items=items)
    job = run_book(admin, form, content, {0: "name", 1: "qty"}, tables=TABLES)
    assert [one["name"] for one in data_of(form)] == ["b", "c"]
    [problem] = job["result"]["problems"]
    assert (problem["row"], problem["column"]) == (2, "Items: pieces")
    main, rows = refused(job)
    assert [row[0] for row in main] == ["Name", "a"]
    assert [row[1] for row in rows] == ["part", "p1", "p2"]


def test_an_export_can_be_corrected_and_imported_again(admin: User, form: LiveForm, tmp_path: Path) -> None:
    for name in ("a", "b"):
        make.record(
            form, admin, name=name, qty=1, items=[{"part": f"{name}1", "pieces": 1}, {"part": f"{name}2"}]
        )
    query = ListQuery(columns=("name", "qty", "status"), sort="name", descending=False)
    params = {"query": query.dump(), "format": "xlsx"}
    running = make.claimed(jobs.enqueue("export", admin, params, form=form.key, language="zh"))
    exports.run(running)
    path = tmp_path / "a.xlsx"
    path.write_bytes(files.open_file(done(running)["file"]).read())
    plan = suggested(form, path)
    assert plan["mapping"] == {0: "number", 1: "name", 2: "qty", 3: "status"}
    assert plan["tables"] == {"items": RowsSheet("明细", 0, 0, {1: "part", 2: "pieces", 3: "note"})}
    again = run_book(admin, form, path.read_bytes(), key="number", **plan)
    assert (again["result"]["same"], again["result"]["refused"]) == (2, 0)
    book = openpyxl.load_workbook(path)
    book["测试单"]["C2"] = 77
    book["明细"]["C3"] = 88
    assert run_book(admin, form, saved(book), key="number", **plan)["result"]["updated"] == 1
    changed = data_of(form)[0]
    assert (changed["qty"], changed["items"][1]["pieces"]) == (77, 88)


def suggested(form: LiveForm, path: Path) -> dict[str, Any]:
    with open_table(path, path.name) as table:
        sheet = table.sheets[0]
        mapping = suggest(form.definition, table.header(sheet).names)
        return {"mapping": mapping, "tables": suggest_tables(form.definition, table, sheet, mapping)}


def test_the_sheet_of_rows_is_remembered_with_the_mapping(form: LiveForm, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook(Main=MAIN, Items=ITEMS, Other=ITEMS))
    assert suggested(form, path)["tables"] == {"items": RowsSheet("Items", 0, 0, {1: "part", 2: "pieces"})}
    chosen = RowsSheet("Other", 0, 0, {2: "pieces", 1: "note"})
    plan = Plan(ObjectId(), "a.xlsx", {0: "name"}, key="name", tables={"items": chosen})
    import_mapping.remember(form.key, ("Name", "qty"), plan)
    assert suggested(form, path)["tables"] == {"items": chosen}
    path.write_bytes(workbook(Main=MAIN, Items=ITEMS))
    assert suggested(form, path)["tables"]["items"].sheet == "Items"


@pytest.mark.parametrize(
    ("tables", "path"),
    [
        ({"nope": TABLES["items"]}, "tables.nope"),
        ({"qty": TABLES["items"]}, "tables.qty"),
        ({"items": RowsSheet("Items", 0, 0, {})}, "tables.items"),
        ({"items": RowsSheet("Items", 1, 0, {1: "part"})}, "tables.items"),
        ({"items": RowsSheet("Items", 0, 0, {1: "part", 2: "part"})}, "tables.items.mapping.1"),
        ({"items": RowsSheet("Items", 0, 0, {1: "nope"})}, "tables.items.mapping.1"),
    ],
)
def test_sheets_of_rows_that_cannot_work_are_refused(
    form: LiveForm, tables: dict[str, RowsSheet], path: str
) -> None:
    with pytest.raises(InvalidError) as caught:
        check(form.definition, Plan(ObjectId(), "f", {0: "name"}, tables=tables))
    assert path in caught.value.errors


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("decimal", ["1.50", "2"]), ("date", ["2026-01-01", "2026-01-02"]),
        ("integer", ["1", "2"]), ("email", ["A@example.com", "b@example.com"]),
        ("phone", ["13800138000", "13800138001"]),
        ("datetime", ["2026-01-01 10:00", "2026-01-02 10:00"]),
    ],
)  # fmt: skip
def test_a_key_of_every_type_finds_its_record(admin: User, kind: str, texts: list[str]) -> None:
    form = make.form(make.field("k", kind, unique=True), make.field("n"), key="keys")
    first = "k,n\n" + "".join(f"{text},{index}\n" for index, text in enumerate(texts))
    assert run_text(admin, form, first, {0: "k", 1: "n"}, key="k")["result"]["created"] == 2
    again = run_text(admin, form, first + f"{texts[0]},9\n", {0: "k", 1: "n"}, key="k")
    assert (again["result"]["same"], again["result"]["refused"]) == (2, 1)


def test_what_others_do_meanwhile_is_looked_at_anew(
    admin: User, form: LiveForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.record(form, admin, name="a", qty=1)
    commit = records.commit
    meddled: list[int] = []

    def meddle(*arguments: Any) -> None:
        if not meddled:
            meddled.append(1)
            [found] = form.records().find({"data.name": "a"})
            records.update(make.actor(), form, found["_id"], {"qty": 50}, revision=found["revision"])
            make.record(form, admin, name="b")
        commit(*arguments)

    monkeypatch.setattr(records, "commit", meddle)
    text = "name,qty\na,2\nb,3\nc,4\n"
    for mode in ("valid", "all"):
        meddled.clear()
        form.records().delete_many({"data.name": {"$ne": "a"}})
        job = run_text(admin, form, text, {0: "name", 1: "qty"}, key="name", mode=mode)
        assert (job["result"]["refused"], job["result"]["stored"]) == (0, True)
        assert {one["name"]: one["qty"] for one in data_of(form)} == {"a": 2, "b": 3, "c": 4}


def test_one_record_that_cannot_be_stored_does_not_hold_up_the_others(
    admin: User, form: LiveForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = records.commit

    def picky(changes: Sequence[records.Change], also: Any) -> None:
        if any(change.record["data"]["name"] == "b" for change in changes):
            raise InvalidError({"name": [LATE]})
        commit(changes, also)

    monkeypatch.setattr(records, "commit", picky)
    job = run_text(admin, form, "name,qty\na,2\nb,3\nc,4\n", {0: "name", 1: "qty"})
    assert [one["name"] for one in data_of(form)] == ["a", "c"]
    assert job["result"]["problems"] == [{"row": 3, "column": "name", "text": str(LATE)}]


def test_a_key_stored_before_a_crash_is_still_known_after_it(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = make.form(make.field("k"), make.field("n", "integer"), key="plain", business_key="k")
    monkeypatch.setattr(import_task, "BATCH", 2)
    text = "k,n\na,1\nb,2\nc,3\na,4\n"
    plan = Plan(send(admin, "a.csv", text.encode()), "a.csv", {0: "k", 1: "n"}, key="k", mode="valid")
    job = claim(admin, form, plan)
    commit = records.commit

    def die(*arguments: Any) -> None:
        commit(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(records, "commit", die)
    with pytest.raises(KeyboardInterrupt):
        imports.run(job)
    monkeypatch.setattr(records, "commit", commit)
    Job.objects(id=job.id).update_one(set__state="queued")
    second = make.claimed(job, "two")
    imports.run(second)
    result = done(second)["result"]
    assert (result["created"], result["refused"]) == (3, 1)
    assert [one["n"] for one in data_of(form)] == [1, 2, 3]


def test_a_dry_run_and_a_run_agree(admin: User, form: LiveForm) -> None:
    make.record(form, admin, name="a", qty=1)
    text = "name,qty\na,2\nb,3\nb,4\n,5\nc,-1\nd,x\n"
    plan = Plan(send(admin, "a.csv", text.encode()), "a.csv", {0: "name", 1: "qty"}, key="name", mode="valid")
    dry = carry_out(admin, form, plan, "import_check")["result"]
    wet = carry_out(admin, form, plan)["result"]
    assert {**dry, "stored": True, "bytes": 0} == {**wet, "bytes": 0}
    assert (wet["created"], wet["updated"], wet["refused"]) == (1, 1, 4)


def test_the_template_offers_choices_and_can_be_filled_in(
    admin: User, form: LiveForm, tmp_path: Path
) -> None:
    path = tmp_path / "t.xlsx"
    import_mapping.write_template(path, form.definition, "zh")
    book = openpyxl.load_workbook(path)
    sheet: Worksheet = book.worksheets[0]
    header = [cell.value for cell in sheet[1]]
    assert set(suggest(form.definition, [str(one) for one in header]).values()) == {
        "name", "qty", "status", "items.part", "items.pieces", "items.note",
    }  # fmt: skip
    assert len(sheet.data_validations.dataValidation) == 1
    sheet.append(["a", 5])
    assert (
        run_book(admin, form, saved(book), suggest(form.definition, [str(one) for one in header]))["result"][
            "created"
        ]
        == 1
    )
    with open_table(path, "t.xlsx") as table:
        assert len(table.sheets) == 1
