"""Imports: what a file would do, what it did, and what comes back."""

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from bson import ObjectId
from pymongo.database import Database

from models import files, import_task, imports, jobs
from models.database import Document
from models.errors import DomainError, InvalidError
from models.forms import LiveForm
from models.import_mapping import Plan, check, recall, remember, suggest
from models.jobs import Job
from models.people import User
from tests import factories as make
from tests.models import dying

CSV = "编号名,数量,零件,件数\nA-1,3,螺栓,2\n,,垫片,5\nA-2,7,,\n"


@pytest.fixture
def admin(db: Database[Document]) -> User:
    return make.administrator()


@pytest.fixture
def form(admin: User) -> LiveForm:
    return make.form(
        make.field("name", required=True, unique=True, searchable=True),
        make.field("qty", "integer", min=0),
        make.field(
            "items",
            "table",
            fields=[make.field("part", required=True), make.field("pieces", "integer")],
        ),
        business_key="name",
        numbering="T-{seq:3}",
    )


MAPPING = {0: "name", 1: "qty", 2: "items.part", 3: "items.pieces"}


def import_text(person: User, form: LiveForm, text: str, *, kind: str = "import", **chosen: Any) -> Document:
    file_id = make.stored(text.encode(), person, "list.csv")
    plan = Plan(file_id, "list.csv", **{"mapping": MAPPING, "key": "", "mode": "all", **chosen})
    job = jobs.enqueue(kind, person, plan.dump(), form=form.key, language="en")
    running = make.claimed(job)
    {"import": imports.run, "import_check": imports.check}[kind](running)
    return Job.objects.get(id=job.id).to_mongo().to_dict()


def stored(form: LiveForm) -> list[Document]:
    return list(form.records().find().sort("_id", 1))


def test_rows_become_records_with_their_sub_rows(admin: User, form: LiveForm) -> None:
    job = import_text(admin, form, CSV)
    first, second = stored(form)
    assert job["result"]["created"] == 2
    assert [row["part"] for row in first["data"]["items"]] == ["螺栓", "垫片"]
    assert first["data"]["qty"] == 3
    assert second["data"] == {"name": "A-2", "qty": 7}
    assert [first["number"], second["number"]] == ["T-001", "T-002"]


def test_a_dry_run_says_what_would_happen_and_stores_nothing(admin: User, form: LiveForm) -> None:
    job = import_text(admin, form, CSV.replace("7", "-7"), kind="import_check")
    assert (job["result"]["created"], job["result"]["refused"]) == (1, 1)
    assert job["result"]["problems"][0]["row"] == 4
    assert stored(form) == []


def test_all_or_nothing_stores_nothing_when_one_row_is_refused(admin: User, form: LiveForm) -> None:
    job = import_text(admin, form, CSV.replace("7", "many"))
    assert job["result"]["stored"] is False
    assert stored(form) == []


def test_valid_rows_are_stored_and_the_others_come_back_marked(admin: User, form: LiveForm) -> None:
    job = import_text(admin, form, CSV.replace("7", "many"), mode="valid")
    assert [record["data"]["name"] for record in stored(form)] == ["A-1"]
    book = openpyxl.load_workbook(io.BytesIO(files.open_file(job["file"]).read()))
    [header, row] = [[cell.value for cell in line] for line in book.worksheets[0].iter_rows()]
    assert row[:2] == ["A-2", "many"]
    assert "数量" in header
    assert row[-1]


def test_a_key_changes_the_record_it_finds_and_nothing_that_is_not_mapped(
    admin: User, form: LiveForm
) -> None:
    before = make.record(form, admin, name="A-1", qty=1, items=[{"part": "旧"}])
    job = import_text(admin, form, "name,qty\nA-1,9\nA-3,1\n", mapping={0: "name", 1: "qty"}, key="name")
    after = form.records().find_one({"_id": before["_id"]})
    assert after
    assert (job["result"]["updated"], job["result"]["created"]) == (1, 1)
    assert after["data"]["qty"] == 9
    assert after["data"]["items"][0]["part"] == "旧"
    assert after["revision"] == 2


def test_the_same_file_again_changes_nothing(admin: User, form: LiveForm) -> None:
    import_text(admin, form, CSV, key="name")
    job = import_text(admin, form, CSV.replace("\n,,垫片,5", ""), mapping={0: "name", 1: "qty"}, key="name")
    assert job["result"]["same"] == 2
    assert {record["revision"] for record in stored(form)} == {1}


def test_a_key_that_stands_twice_in_the_file_is_refused(admin: User, form: LiveForm) -> None:
    text = "name,qty\nA-1,1\nA-2,2\nA-1,3\n"
    job = import_text(admin, form, text, mapping={0: "name", 1: "qty"}, key="name", mode="valid")
    assert job["result"]["refused"] == 1
    assert "Row 2" in job["result"]["problems"][0]["text"]


def test_a_taken_unique_value_is_refused_beside_its_cell(admin: User, form: LiveForm) -> None:
    make.record(form, admin, name="A-1")
    job = import_text(admin, form, "name,qty\nA-1,1\n", mapping={0: "name", 1: "qty"}, mode="valid")
    assert job["result"]["problems"] == [
        {"row": 2, "column": "name", "text": "Another record already has this value."}
    ]


def test_an_attempt_that_died_is_taken_up_where_it_stopped(
    admin: User, form: LiveForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_task, "BATCH", 10)
    text = "name,qty\n" + "".join(f"N{number},1\n" for number in range(95))
    file_id = make.stored(text.encode(), admin, "l.csv")
    plan = Plan(file_id, "l.csv", {0: "name", 1: "qty"}, mode="valid")
    job = jobs.enqueue("import", admin, plan.dump(), form=form.key)
    dying.die_at_commit(4, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        imports.run(make.claimed(job, "one"))
    assert len(stored(form)) == 30
    jobs.Job.objects(id=job.id).update_one(unset__lease_until=1, set__state="queued")
    imports.run(make.claimed(job, "two"))
    assert [record["data"]["name"] for record in stored(form)] == [f"N{number}" for number in range(95)]
    assert Job.objects.get(id=job.id).result["created"] == 95


def test_a_mapping_is_suggested_by_caption_and_remembered(admin: User, form: LiveForm) -> None:
    header = ["name 中", "QTY", "part", "nothing"]
    assert suggest(form.definition, header) == {0: "name", 1: "qty", 2: "items.part"}
    plan = Plan(ObjectId(), "f", {0: "name", 3: "qty"}, key="name", mode="valid")
    remember(form.key, header, plan)
    assert recall(form.definition, header) == ({0: "name", 3: "qty"}, "name", "valid")


@pytest.mark.parametrize(
    ("chosen", "path"),
    [
        ({"mapping": {}}, "mapping"),
        ({"mapping": {0: "nope"}}, "mapping.0"),
        ({"mapping": {0: "name", 1: "name"}}, "mapping.0"),
        ({"mapping": {0: "qty"}, "key": "name"}, "key"),
        ({"mapping": {0: "name", 1: "number"}}, "key"),
        ({"mapping": {0: "name"}, "mode": "$where"}, "mode"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused(form: LiveForm, chosen: dict[str, Any], path: str) -> None:
    plan = Plan(ObjectId(), "f", **{"mapping": {0: "name"}, "key": "", "mode": "all", **chosen})
    with pytest.raises(InvalidError) as caught:
        check(form.definition, plan)
    assert path in caught.value.errors


def test_an_empty_file_says_so(admin: User, form: LiveForm) -> None:
    with pytest.raises(DomainError, match="no rows"):
        import_text(admin, form, "name,qty\n")


def test_somebody_who_may_only_create_changes_nothing(admin: User, form: LiveForm) -> None:
    make.record(form, admin, name="A-1", qty=1)
    role = make.role("clerk", form=form.key, actions=["see", "import", "create"])
    clerk = make.user("clerk", role)
    job = import_text(
        clerk, form, "name,qty\nA-1,2\nA-9,2\n", mapping={0: "name", 1: "qty"}, key="name", mode="valid"
    )
    assert (job["result"]["created"], job["result"]["refused"]) == (1, 1)


def test_the_real_complaints_arrive_whole(admin: User) -> None:
    source = Path(__file__).parent.parent / "data" / "nhtsa-complaints.tsv"
    lines = [line.split("\t") for line in source.read_text().splitlines()]
    form = make.form(make.field("odino", unique=True), make.field("text", "long_text"), key="vehicle")
    columns = {lines[0].index("ODINO"): "odino", lines[0].index("CDESCR"): "text"}
    with source.open("rb") as stream:
        file_id = files.store(stream, source.name, admin.id, purpose="import", max_bytes=10**7)
    job = jobs.enqueue("import", admin, Plan(file_id, source.name, columns).dump(), form=form.key)
    imports.run(make.claimed(job))
    assert Job.objects.get(id=job.id).result["created"] == 101
