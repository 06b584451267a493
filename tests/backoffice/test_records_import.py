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
from tests import factories
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
