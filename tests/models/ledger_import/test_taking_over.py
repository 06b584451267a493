"""An existing ledger comes into ours: with what is out, what is gone, and every mistake beside its cell."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from bson import ObjectId

from models import clocks, files, import_task, imports, jobs, records
from models.database import Document, db
from models.errors import InvalidError
from models.forms import LiveForm
from models.import_mapping import find_head, suggest, suggest_tables
from models.import_plan import Meant, Plan
from models.jobs import Job
from models.ledger.checking import check_ledgers
from models.ledger.stock import Stock
from models.ledger_import.steps import offered
from models.people import Action, Actor, Grant, Role, User
from models.spreadsheets.reading import open_table
from models.times import noon, set_clock
from tests import factories, ledger_files
from tests.ledger_files import book, row
from tests.models import dying
from tests.workbooks import saved

pytestmark = pytest.mark.usefixtures("db")
NOW = datetime(2026, 1, 15, 3, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_january(db: object) -> Any:
    with set_clock(NOW):
        yield


class Office:
    """Who imports, and what there is besides."""

    def __init__(self) -> None:
        self.admin: User = factories.administrator()
        self.actor = Actor.of(self.admin)
        self.lab = factories.department("LAB", "实验室", "Laboratory")
        self.lin: User = factories.user("lin", name="林工", department=self.lab)
        self.wang: User = factories.user("wang", name="王芳", department=factories.department())
        clients = factories.form(factories.field("name"), key="client")
        self.clients = {
            name: factories.record(clients, self.admin, name=name)["_id"] for name in ("东方汽车", "西湖电子")
        }
        self.things: LiveForm = ledger_files.ledger()
        self.slips: LiveForm = ledger_files.slips()

    def plan(self, content: bytes, name: str = "台帐.xlsx", **chosen: Any) -> Plan:
        file_id = factories.stored(content, self.admin, name)
        definition = offered(self.admin, self.things.definition)
        folder = Path("/tmp")  # noqa: S108
        path = folder / f"{file_id}{Path(name).suffix}"
        path.write_bytes(content)
        try:
            with open_table(path, name) as table:
                sheet = table.sheets[0]
                head = find_head(definition, table, sheet)
                table.begin_at({sheet: head})
                mapping = suggest(definition, table.header(sheet).names)
                tables = suggest_tables(definition, table, sheet, mapping)
        finally:
            path.unlink()
        known: dict[str, Any] = {
            "mapping": mapping, "key": "code", "mode": "valid", "heads": {sheet: head}, "taken_over": True,
            "tables": tables,
        }  # fmt: skip
        return Plan(file_id, name, **{**known, **chosen})

    def run(self, plan: Plan, kind: str = "import", person: User | None = None) -> Document:
        job = jobs.enqueue(kind, person or self.admin, plan.dump(), form="thing", language="en")
        {"import": imports.run, "import_check": imports.check}[kind](factories.claimed(job))
        found: Document = Job.objects.get(id=job.id).to_mongo().to_dict()
        return found

    def thing(self, code: str) -> Document:
        found = self.things.records().find_one({"data.code": code})
        assert found
        return found

    def moved(self, code: str) -> list[tuple[str, float, str]]:
        """Return the movements of a thing: kind, pieces, and the day on which it was."""
        found = db().property_movements.find({"item": self.thing(code)["_id"]}).sort("_id", 1)
        return [(one["kind"], float(one["quantity"].to_decimal()), f"{one['at']:%Y-%m-%d}") for one in found]

    def slip(self, code: str) -> Document:
        [found] = self.slips.records().find({"data.items.item": self.thing(code)["_id"]})
        return found


@pytest.fixture
def office(db: object) -> Office:
    return Office()


def problems(job: Document) -> dict[tuple[int, str], str]:
    return {(one["row"], one["column"]): one["text"] for one in job["result"]["problems"]}


# -- a messy file ------------------------------------------------------------------------------------------


def test_the_columns_of_an_office_ledger_are_recognised_below_its_title(office: Office) -> None:
    plan = office.plan(ledger_files.messy())
    assert plan.heads == {"台帐": 4}
    assert {ledger_files.HEAD[index]: path for index, path in plan.mapping.items()} == {
        "编号": "code", "顾客名称": "customer", "名称": "name", "数量": "quantity", "单位": "unit",
        "收到日期": "arrived_on", "保管部门": "keeper", "存放位置": "place", "备注": "remark",
        "借用人": "ledger_loans.borrower", "借用部门": "ledger_loans.department",
        "借出数量": "ledger_loans.quantity", "借出日期": "ledger_loans.since", "应还日期": "ledger_loans.due",
        "归还日期": "ledger_loans.returned", "去向": "ledger_gone.what", "去向数量": "ledger_gone.quantity",
        "去向日期": "ledger_gone.day",
    }  # fmt: skip


def test_the_dry_run_names_every_mistake_and_sums_up_what_would_come(office: Office) -> None:
    job = office.run(office.plan(ledger_files.messy()), "import_check")
    assert problems(job) == {
        (9, "单位"): "“份” is not one of the options.",
        (12, "顾客名称"): "“无名公司” is unknown, or more than one is called so.",
        (13, "数量"): "Only whole pieces.",
        (14, "数量"): "At least one piece.",
        (15, "应还日期"): "This is before the first day.",
        (16, "借出数量"): "Only 2 of them are left for this.",
        (17, "借出日期"): "This is before the day on which it came, 2025-03-03.",
        (18, "借用人"): "“老周” is unknown, or more than one is called so.",
        (19, "编号"): "Row 5 has the same value already.",
        (20, "收到日期"): "This day is still to come.",
        (21, "应还日期"): "This is needed.",
        (22, "名称"): "This is needed.",
        (22, "顾客名称"): "This is needed.",
        (22, "数量"): "Only whole pieces.",
    }
    assert (job["result"]["created"], job["result"]["refused"]) == (5, 12)
    assert {one["label"]: one["value"] for one in job["result"]["sums"]} == {
        "Things": "5",
        "Pieces": "2.5 kg, 16 pc",
        "Slips of what is out": "3",
        "Out on loan": "4 pc",
        "Loans that are over, not taken over": "1",
        "Things without a keeper": "1",
        "Returned to the customer": "1 pc",
        "Lost": "1 pc",
    }
    assert job["result"]["unknown"] == [
        {"kind": "client", "name": "无名公司", "count": 1},
        {"kind": "person", "name": "老周", "count": 1},
    ]
    assert office.things.records().count_documents({}) == office.slips.records().count_documents({}) == 0
    assert db().property_movements.count_documents({}) == 0


def test_the_import_creates_things_with_their_past_and_slips_that_are_lent(office: Office) -> None:
    office.run(office.plan(ledger_files.messy()))
    assert office.moved("A-001") == [
        ("arrival", 10, "2024-03-05"), ("borrow", 2, "2025-11-03"), ("borrow", 1, "2025-12-01"),
    ]  # fmt: skip
    bracket = office.thing("A-001")
    counts = [bracket["data"][key].to_decimal() for key in ("available", "lent")]
    assert (bracket["state"], counts) == ("kept", [7, 3])
    assert (set(bracket["data"]["holders"]), bracket["data"]["due_on"]) == (
        {office.lin.id, office.wang.id}, "2025-12-31",
    )  # fmt: skip
    slip = office.slip("A-002")
    assert (slip["state"], slip["number"], slip["data"]["purpose"]) == (
        "lent", "S-2026-003", "从其他台帐接管",
    )  # fmt: skip
    assert (slip["data"]["borrower"], slip["data"]["department"]) == (office.lin.id, office.lab.id)
    assert (slip["data"]["begins"], slip["data"]["ends"]) == ("2025-10-08", "2025-12-20")
    [line] = slip["data"]["items"]
    assert (line["quantity"].to_decimal(), line["lent"].to_decimal()) == (1, 1)
    assert slip["data"]["outstanding"].to_decimal() == 1
    [lent] = Stock.load(office.thing("A-002")["stock"]).spots("lent")
    assert (lent.since, lent.due, lent.spot.slip) == (
        noon("2025-10-08", office.actor.timezone),
        "2025-12-20",
        slip["_id"],
    )
    assert list(check_ledgers()) == []


def test_what_is_gone_left_on_its_day_and_ends_what_has_nothing_left(office: Office) -> None:
    office.run(office.plan(ledger_files.messy()))
    assert office.moved("A-005") == [("arrival", 1, "2023-02-01"), ("give_back", 1, "2024-05-06")]
    assert (office.thing("A-005")["state"], office.thing("A-005")["data"]["status"]) == ("gone", "returned")
    assert office.moved("A-006") == [("arrival", 4, "2023-02-01"), ("lose", 1, "2025-06-01")]
    assert office.thing("A-006")["data"]["available"].to_decimal() == 3


def test_pieces_are_with_their_keeper_whom_the_form_may_name(office: Office) -> None:
    other = factories.department("PROD", "生产部", "Production")
    office.run(office.plan(book(
        row(1, "B-1", "东方汽车", "Plate", 2, "件", "2025-3-3", "生产部", "B"),
        row(2, "B-2", "东方汽车", "Pipe", 2, "件", "2025-3-3"),
    )))  # fmt: skip
    assert office.moved("B-1") == [("arrival", 2, "2025-03-03"), ("hand_over", 2, "2025-03-03")]
    [kept] = Stock.load(office.thing("B-1")["stock"]).positions
    assert (kept.spot.department, kept.spot.place) == (other.id, "B")
    assert office.thing("B-2")["data"]["keeper"] == factories.department().id
    assert {office.thing(code)["state"] for code in ("B-1", "B-2")} == {"kept"}


def test_what_is_taken_over_rings_no_bell_and_asks_nobody_to_inspect_it(office: Office) -> None:
    office.run(office.plan(ledger_files.messy()))
    assert db().notifications.count_documents({}) == 0
    assert db().duties.count_documents({"form": "thing", "state": "open"}) == 0


def test_a_slip_that_is_overdue_long_since_is_told_of_once(office: Office) -> None:
    who: Any = {"people": [office.admin.username]}
    rungs = [{"key": f"after_{days}", "side": "after", "offset": {"amount": days, "unit": "days"}, "who": who}
             for days in (1, 3, 9, 90)]  # fmt: skip
    label, start = {"zh": "归还", "en": "Return"}, {"states": ["lent"]}
    due = {"key": "return", "label": label, "start": start, "length": {"field": "ends"}, "ladder": rungs}
    factories.republish(office.slips, clocks=[due])
    office.run(office.plan(ledger_files.messy()))
    clocks.sweep()
    slip = office.slip("A-002")
    assert slip["data"]["ends"] == "2025-12-20"
    assert db().notifications.count_documents({"record": slip["_id"]}) == 1
    with set_clock(NOW + timedelta(days=90)):
        clocks.sweep()
    assert db().notifications.count_documents({"record": slip["_id"]}) == 2


def test_what_comes_anew_is_not_taken_over(office: Office) -> None:
    plan = office.plan(book(row(1, "B-1", "东方汽车", "Plate", 2, "件", "2025-3-3", "品保部")))
    own = {index: path for index, path in plan.mapping.items() if "." not in path}
    office.run(Plan(plan.file, plan.file_name, own, plan.sheet, "code", "valid", {}, plan.heads))
    assert (office.thing("B-1")["state"], office.moved("B-1")) == ("entered", [("arrival", 2, "2025-03-03")])


def test_only_what_is_here_already_can_be_out(office: Office) -> None:
    plan = office.plan(book(row(1, "B-1", "东方汽车", "Plate", 2)), taken_over=False)
    with pytest.raises(InvalidError) as refused:
        office.run(plan, "import_check")
    assert set(refused.value.errors) == {"taken_over"}


def test_loans_may_stand_on_a_sheet_of_their_own(office: Office) -> None:
    head = ("编号", "顾客名称", "名称", "数量", "收到日期")
    workbook = openpyxl.load_workbook(
        io.BytesIO(book(("B-1", "东方汽车", "Plate", 5, "2025-3-3"), head=head))
    )
    loans = workbook.create_sheet("借出")
    for cells in (
        ["编号", "借用人", "借出数量", "借出日期", "应还日期"],
        ["B-1", "林工", 2, "2025-4-1", "2026-4-1"],
        ["B-1", "王芳", 1, "2025-4-2", "2026-4-2"],
        ["B-9", "王芳", 1, "2025-4-2", "2026-4-2"],
    ):
        loans.append(cells)
    plan = office.plan(saved(workbook))
    assert plan.tables["ledger_loans"].sheet == "借出"
    job = office.run(plan)
    assert office.thing("B-1")["data"]["lent"].to_decimal() == 3
    assert office.slips.records().count_documents({}) == 2
    assert problems(job) == {(4, "借出: "): "No row of the main sheet has this key."}


def test_captions_may_stand_in_two_rows(office: Office) -> None:
    workbook = openpyxl.Workbook()
    [sheet] = workbook.worksheets
    for cells in (
        ["顾客财产台帐"],
        ["编号", "顾客名称", "名称", "数量", "借出情况", None, None],
        [None, None, None, None, "借用人", "借出日期", "应还日期"],
        ["B-1", "东方汽车", "Plate", 1, "林工", "2025-4-1", "2026-4-1"],
    ):
        sheet.append(cells)
    sheet.merge_cells("E2:G2")
    office.run(office.plan(saved(workbook)))
    assert office.slip("B-1")["data"]["borrower"] == office.lin.id
    assert office.moved("B-1") == [("arrival", 1, "2025-04-01"), ("borrow", 1, "2025-04-01")]


# -- who is meant ------------------------------------------------------------------------------------------


def test_a_name_that_nobody_has_can_be_said_whom_it_means(office: Office) -> None:
    other = office.clients["西湖电子"]
    meant = (Meant("person", "老周", office.wang.id), Meant("client", "无名公司", other))
    job = office.run(office.plan(ledger_files.messy(), meant=meant))
    assert (18, "借用人") not in problems(job)
    assert office.slip("A-013")["data"]["borrower"] == office.wang.id
    assert office.thing("A-007")["data"]["customer"] == other
    assert job["result"]["unknown"] == []


def test_a_name_that_two_people_have_is_unknown_until_somebody_says_who_it_is(office: Office) -> None:
    twin = factories.user("lin2", name="林工", department=factories.department())
    content = book(
        row(
            1,
            "B-1",
            "东方汽车",
            "Plate",
            1,
            None,
            None,
            None,
            None,
            ("林工", None, 1, "2025-4-1", "2026-4-1"),
        )
    )
    assert office.run(office.plan(content), "import_check")["result"]["unknown"] == [
        {"kind": "person", "name": "林工", "count": 1}
    ]
    office.run(office.plan(content, meant=(Meant("person", "林工", twin.id),)))
    assert office.slip("B-1")["data"]["borrower"] == twin.id


def test_a_borrower_who_left_cannot_have_anything(office: Office) -> None:
    office.lin.update(active=False)
    content = book(
        row(
            1,
            "B-1",
            "东方汽车",
            "Plate",
            1,
            None,
            None,
            None,
            None,
            ("林工", None, 1, "2025-4-1", "2026-4-1"),
        )
    )
    job = office.run(office.plan(content), "import_check")
    assert list(problems(job)) == [(5, "借用人")]


# -- once and only once --------------------------------------------------------------------------------------


def test_the_same_file_again_doubles_nothing(office: Office) -> None:
    plan = office.plan(ledger_files.messy())
    office.run(plan)
    before = db().property_movements.count_documents({})
    job = office.run(plan)
    assert (job["result"]["created"], job["result"]["updated"]) == (0, 0)
    here = "On loan: This thing is in the ledger already; what happens to it now is booked there."
    assert problems(job)[5, ""] == here
    assert db().property_movements.count_documents({}) == before
    assert office.slips.records().count_documents({}) == 3


def many(count: int) -> bytes:
    return book(*(
        row(number, f"M-{number}", "东方汽车", f"Part {number}", 3, "件", "2025-3-3", "品保部", None,
            ("林工", None, 1, "2025-4-1", "2026-4-1") if number % 2 else ())
        for number in range(count)
    ))  # fmt: skip


@pytest.mark.parametrize("dies_at", [1, 2, 3])
def test_a_worker_that_dies_leaves_every_row_stored_once(
    office: Office, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    monkeypatch.setattr(import_task, "BATCH", 8)
    plan = office.plan(many(30))
    job = jobs.enqueue("import", office.admin, plan.dump(), form="thing", language="en")
    with monkeypatch.context() as dying_once:
        dying.die_at_commit(dies_at, dying_once)
        with pytest.raises(KeyboardInterrupt):
            imports.run(factories.claimed(job, "one"))
    db().jobs.update_one({"_id": job.id}, {"$set": {"lease_until": NOW.replace(year=2025)}})
    imports.run(factories.claimed(job, "two"))
    done = Job.objects.get(id=job.id).result
    assert office.things.records().count_documents({}) == done["created"] == 30
    assert office.slips.records().count_documents({}) == 15
    assert db().property_movements.count_documents({}) == 45
    assert {one["label"]: one["value"] for one in done["sums"]}["Out on loan"] == "15 pc"
    assert list(check_ledgers()) == []


def test_all_or_nothing_takes_the_whole_ledger_at_once(office: Office) -> None:
    plan = office.plan(many(20), mode="all")
    assert office.run(plan)["result"]["stored"] is True
    assert db().property_movements.count_documents({}) == 30
    assert list(check_ledgers()) == []


# -- rights ------------------------------------------------------------------------------------------------


def importer(*slip_actions: Action) -> User:
    own = [one.value for one in (Action.SEE, Action.CREATE, Action.EDIT, Action.IMPORT)]
    grants = [Grant(form="thing", actions=own), Grant(form="client", actions=["see"])]
    if slip_actions:
        grants.append(Grant(form="slip", actions=[one.value for one in slip_actions]))
    role = Role(name="importer", grants=grants).save()
    return factories.user("importer", role, department=factories.department())


def test_who_may_not_import_slips_cannot_say_that_something_is_out(office: Office) -> None:
    person = importer(Action.SEE, Action.CREATE)
    assert "ledger_loans" not in offered(person, office.things.definition).by_key
    file_id = factories.stored(b"code,name\nB-1,Plate\n", person, "a.csv")
    plan = Plan(file_id, "a.csv", {0: "code", 1: "ledger_loans.borrower"}, key="code", taken_over=True)
    with pytest.raises(InvalidError):
        office.run(plan, "import_check", person)


def test_who_may_import_slips_takes_loans_over_in_their_own_name(office: Office) -> None:
    person = importer(Action.SEE, Action.CREATE, Action.IMPORT)
    plan = office.plan(book(row(1, "B-1", "东方汽车", "Plate", 1, None, "2025-3-3", "品保部", None,
                                ("林工", None, 1, "2025-4-1", "2026-4-1"))))  # fmt: skip
    mine = factories.stored(files.open_file(plan.file).read(), person, "台帐.xlsx")
    job = office.run(Plan(mine, *list(vars(plan).values())[1:]), "import", person)
    assert job["result"]["created"] == 1
    slip = office.slip("B-1")
    assert (slip["created_by"], slip["state"]) == (person.id, "lent")


def test_a_thing_that_was_taken_over_goes_on_as_any_other(office: Office) -> None:
    office.run(office.plan(ledger_files.messy()))
    thing = office.thing("A-003")
    changed = records.update(
        office.actor, office.things, thing["_id"], {"quantity": "3"}, revision=thing["revision"], partial=True
    )
    assert changed["data"]["quantity"].to_decimal() == 3
    assert ObjectId.is_valid(changed["_id"])
    assert office.moved("A-003")[-1][:2] == ("correction", 0.5)
    assert list(check_ledgers()) == []
