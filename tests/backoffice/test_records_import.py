"""`backoffice records import`, as an operator runs it."""

from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result
from pymongo.database import Database

from backoffice.cli import cli
from models import database
from models.database import Document
from models.forms import LiveForm
from tests import factories, ledger_files
from tests.conftest import TEST_DATABASE
from tests.factories import field

GOOD = "Code,Quantity\nA-1,3\nA-2,4\n"
BAD = "Code,Quantity\nA-1,3\nA-2,many\n"
MAP = "columns: {Code: code, Quantity: qty}\nkey: code\nmode: valid\n"


@pytest.fixture
def live(db: Database[Document]) -> LiveForm:
    factories.administrator()
    return factories.form(
        field("code", required=True, unique=True, label={"zh": "编码", "en": "Code"}),
        field("qty", "integer", label={"zh": "数量", "en": "Quantity"}),
        key="stock",
    )


@pytest.fixture
def folder(tmp_path: Path, mongodb_uri: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BACKOFFICE_MONGODB_URI", mongodb_uri)
    monkeypatch.setenv("BACKOFFICE_MONGODB_DATABASE", TEST_DATABASE)
    monkeypatch.setenv("BACKOFFICE_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("models.migrations.pending", list)
    (tmp_path / "good.csv").write_text(GOOD)
    (tmp_path / "bad.csv").write_text(BAD)
    (tmp_path / "map.yaml").write_text(MAP)
    return tmp_path


def run(folder: Path, mongodb_uri: str, *arguments: str) -> Result:
    done = CliRunner().invoke(cli, ["records", "import", "stock", *arguments], catch_exceptions=False)
    database.connect(mongodb_uri, TEST_DATABASE)  # the command dropped the connection that it shared
    assert folder.exists()
    return done


def stored(live: LiveForm) -> dict[str, int]:
    return {record["data"]["code"]: record["data"]["qty"] for record in live.records().find()}


def test_a_file_is_imported_by_its_captions(live: LiveForm, folder: Path, mongodb_uri: str) -> None:
    done = run(folder, mongodb_uri, str(folder / "good.csv"))
    assert (done.exit_code, done.stdout) == (0, "2 created, 0 updated, 0 same, 0 refused\n"), done.output
    assert stored(live) == {"A-1": 3, "A-2": 4}
    again = run(folder, mongodb_uri, str(folder / "good.csv"))
    assert again.stdout == "0 created, 0 updated, 2 same, 0 refused\n"


def test_a_dry_run_stores_nothing(live: LiveForm, folder: Path, mongodb_uri: str) -> None:
    done = run(folder, mongodb_uri, str(folder / "good.csv"), "--dry-run")
    assert done.stdout == "2 created, 0 updated, 0 same, 0 refused (a dry run)\n"
    assert stored(live) == {}


def test_by_default_a_mistake_keeps_everything_out(live: LiveForm, folder: Path, mongodb_uri: str) -> None:
    done = run(folder, mongodb_uri, str(folder / "bad.csv"), "--language", "en")
    assert done.exit_code == 1
    assert done.stdout == "1 created, 0 updated, 0 same, 1 refused (nothing was stored)\n"
    assert done.stderr.startswith("row 3, Quantity: ")
    assert stored(live) == {}


def test_a_map_says_what_becomes_of_mistakes(live: LiveForm, folder: Path, mongodb_uri: str) -> None:
    back = folder / "back.xlsx"
    arguments = (str(folder / "bad.csv"), "--map", str(folder / "map.yaml"), "--refused", str(back))
    done = run(folder, mongodb_uri, *arguments)
    assert (done.exit_code, done.stdout) == (1, "1 created, 0 updated, 0 same, 1 refused\n")
    assert stored(live) == {"A-1": 3}
    [_header, row] = openpyxl.load_workbook(back).worksheets[0].iter_rows(values_only=True)
    assert "many" in row


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("columns: {Colour: code}", "There is no column 'Colour'. There are: Code, Quantity."),
        ("columns: {Code: colour}", "There is no such field."),
        ("columns: {Code: code}\nsheet: Other", "There is no sheet 'Other'. There are: good."),
        ("columns: {Code: code}\nkeys: code", "keys: "),
        ("columns: [", "cannot be read"),
        ("", "map.yaml: "),
    ],
)
def test_a_map_that_does_not_fit_is_refused_in_words(
    live: LiveForm, folder: Path, mongodb_uri: str, text: str, said: str
) -> None:
    (folder / "map.yaml").write_text(text)
    done = run(folder, mongodb_uri, str(folder / "good.csv"), "--map", str(folder / "map.yaml"))
    assert done.exit_code == 1
    assert said in done.stderr
    assert stored(live) == {}


def test_a_file_that_is_no_table_is_refused_in_words(live: LiveForm, folder: Path, mongodb_uri: str) -> None:
    (folder / "picture.xlsx").write_bytes(b"\x89PNG\r\n\x1a\n")
    done = run(folder, mongodb_uri, str(folder / "picture.xlsx"))
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")
    assert stored(live) == {}


LEDGER_MAP = """
columns: {编号: code, 顾客名称: customer, 名称: name, 数量: quantity, 收到日期: arrived_on,
          借用人: ledger_loans.borrower, 借出数量: ledger_loans.quantity, 借出日期: ledger_loans.since,
          应还日期: ledger_loans.due}
header: 4
key: code
mode: valid
taken_over: true
meant: {person: {老周: wang}, client: {无名公司: 东方汽车}}
"""


@pytest.fixture
def property_ledger(live: LiveForm) -> LiveForm:
    lab = factories.department("LAB", "实验室", "Laboratory")
    factories.user("lin", name="林工", department=lab)
    factories.user("wang", name="王芳", department=lab)
    clients = factories.form(field("name"), key="client")
    for name in ("东方汽车", "西湖电子"):
        factories.record(clients, factories.administrator(), name=name)
    found = ledger_files.ledger()
    ledger_files.slips()
    return found


def take_over(folder: Path, mongodb_uri: str, *arguments: str) -> Result:
    (folder / "ledger.xlsx").write_bytes(ledger_files.messy())
    command = ["records", "import", "thing", str(folder / "ledger.xlsx"), "--language", "en", *arguments]
    done = CliRunner().invoke(cli, command, catch_exceptions=False)
    database.connect(mongodb_uri, TEST_DATABASE)
    return done


def test_a_dry_run_of_an_existing_ledger_tells_sums_and_unknown_names(
    property_ledger: LiveForm, folder: Path, mongodb_uri: str
) -> None:
    done = take_over(folder, mongodb_uri, "--dry-run")
    assert done.exit_code == 1
    assert "unknown person: 老周 (1 rows)" in done.stderr
    assert "row 16, 借出数量: Only 2 of them are left for this." in done.stderr
    assert "Out on loan: 4 pc" in done.stdout.splitlines()
    assert done.stdout.splitlines()[-1] == "5 created, 0 updated, 0 same, 12 refused (a dry run)"
    assert property_ledger.records().count_documents({}) == 0


def test_an_existing_ledger_comes_in_as_a_map_says(
    property_ledger: LiveForm, folder: Path, mongodb_uri: str
) -> None:
    (folder / "map.yaml").write_text(LEDGER_MAP)
    done = take_over(folder, mongodb_uri, "--map", str(folder / "map.yaml"))
    assert "unknown" not in done.stderr
    assert property_ledger.records().count_documents({"data.lent": {"$gt": 0}}) == 4
    assert property_ledger.records().count_documents({"data.code": {"$in": ["A-007", "A-013"]}}) == 2


def test_a_map_that_means_somebody_who_is_not_there_is_refused(
    property_ledger: LiveForm, folder: Path, mongodb_uri: str
) -> None:
    (folder / "map.yaml").write_text(LEDGER_MAP.replace("wang", "nobody"))
    done = take_over(folder, mongodb_uri, "--map", str(folder / "map.yaml"))
    assert (done.exit_code, done.stderr) == (1, "Error: There is no person: nobody.\n")
