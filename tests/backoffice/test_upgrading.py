"""Data of an earlier version are brought up to date before anything works on them, never the other way."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pymongo.database import Database

from backoffice import preparation, usable
from backoffice.settings import Settings, variable
from models import access, channels, forms, migrations
from models.access import Action
from models.database import Document
from models.people import User
from tests import factories
from tests.conftest import TEST_DATABASE
from tests.web import SECRET_KEY

ROOT = Path(__file__).parents[2]
Store = Database[Document]
FIRST = (
    "m2026_11_21_first_indexes",
    "m2026_11_21_notices",
    "m2026_11_21_running_clocks",
    "m2026_11_21_swept_clocks",
    "m2026_11_21_working_calendars",
)
ROBOT = "https://oapi.dingtalk.com/robot/send?access_token=very-confidential"


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    own = {variable(name) for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name not in own}
    chosen = {variable(name): value for name, value in {"secret_key": SECRET_KEY, **settings}.items()}
    return subprocess.run(  # noqa: S603  (our own words)
        [sys.executable, "-P", "-m", "backoffice", *arguments],
        env=kept | chosen | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def here(mongodb_uri: str, tmp_path: Path) -> dict[str, str]:
    return {"mongodb_uri": mongodb_uri, "mongodb_database": TEST_DATABASE, "data_dir": str(tmp_path)}


@pytest.fixture
def of_version_0_2(db: Store) -> tuple[User, Document]:
    """Store what version 0.2 stored: rights without scopes, open channels, records that know no guests."""
    form = factories.form()
    record = factories.record(form, name="lamp")
    db.record_sheet.update_many({}, {"$unset": {"invited": ""}})
    db.record_sheet.drop_indexes()
    reader = factories.reader("sheet")
    grant = {"form": "sheet", "actions": ["see", "print"]}
    db.roles.update_one({"name": "reader"}, {"$set": {"grants": [grant]}, "$unset": {"field_rules": ""}})
    robot = {"key": "group", "name": "Group", "kind": "dingtalk", "active": True, "secret": "SEC-hush"}
    db.channels.insert_one({**robot, "address": ROBOT})
    db.limit_counters.insert_one({"_id": "LIMITER/admin", "count": 3})
    db[migrations.COLLECTION].insert_many([{"_id": name, "state": "done"} for name in FIRST])
    return reader, record


def test_data_of_the_earlier_version_serve_after_their_migration(
    db: Store, of_version_0_2: tuple[User, Document]
) -> None:
    person, record = of_version_0_2
    said: list[str] = []
    preparation.migrate(said.append)
    usable.check()
    assert len(said) == len(migrations.discover()) - len(FIRST)
    person.reload()
    form = forms.current("sheet")
    assert access.fetch(person, form, record["_id"], Action.SEE)["data"]["name"] == "lamp"
    assert access.permitted(person, "sheet", Action.TRANSITION)
    [robot] = channels.in_use()
    assert (robot.address, robot.secret) == (ROBOT, "SEC-hush")
    assert "hush" not in str(db.channels.find_one())
    assert len(db.record_sheet.index_information()) > 1
    assert "limit_counters" not in db.list_collection_names()


@pytest.mark.usefixtures("of_version_0_2")
def test_every_index_of_a_new_database_is_in_an_upgraded_one(db: Store) -> None:
    names = [
        name for name in db.list_collection_names() if not name.startswith(("record_", "limit_", "system."))
    ]
    fresh = {name: db[name].index_information() for name in names}
    for name in names:
        db[name].drop_indexes()
    preparation.migrate(lambda _line: None)
    assert {name: db[name].index_information() for name in names} == fresh


@pytest.mark.usefixtures("of_version_0_2")
@pytest.mark.parametrize("part", [("web",), ("worker", "--queue", "jobs")])
def test_nothing_starts_before_the_migration(part: tuple[str, ...], here: dict[str, str]) -> None:
    refused = run(*part, **here)
    assert refused.returncode == 1
    assert "run `backoffice db migrate` first" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("part", [("web",), ("db", "migrate")])
def test_nothing_starts_on_data_of_a_later_version(
    db: Store, part: tuple[str, ...], here: dict[str, str]
) -> None:
    list(migrations.run())
    db[migrations.COLLECTION].insert_one({"_id": "m2126_01_01_flying_records", "state": "done"})
    refused = run(*part, **here)
    assert refused.returncode == 1
    assert "newer version of the program (m2126_01_01_flying_records is not known here)" in refused.stderr


def test_the_command_migrates_and_says_what(
    db: Store, of_version_0_2: tuple[User, Document], here: dict[str, str]
) -> None:
    done = run("db", "migrate", **here)
    assert done.returncode == 0, done.stderr
    assert "migrated m2026_11_22_scopes_of_rights in " in done.stdout
    usable.check()


def test_a_database_that_cannot_be_reached_is_named_without_its_password(tmp_path: Path) -> None:
    address = "mongodb://office:confidential-word@127.0.0.1:1/?serverSelectionTimeoutMS=100"
    refused = run("db", "check", mongodb_uri=address, data_dir=str(tmp_path))
    assert refused.returncode == 1
    assert "127.0.0.1:1" in refused.stderr
    assert "confidential" not in refused.stdout + refused.stderr
