"""A backup holds one moment of a busy database; a restore brings back every document or says why not."""

import gzip
import io
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId, Timestamp, json_util
from flask import Flask
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.database import Database

from backoffice import preparation, usable
from backoffice.backups import making, restoring
from backoffice.backups.content import batches
from backoffice.backups.manifest import LEFT_OUT, BackupError, Manifest, Stored, fingerprint
from backoffice.backups.window import PARAMETER, Window
from backoffice.mongod import EmbeddedMongo
from backoffice.usable import UnusableError
from models import database, files, forms, migrations, records, users
from models.checks import check_clocks, check_histories
from models.database import Document
from models.times import now
from tests import factories
from tests.conftest import SHORT_HISTORY_SECONDS, TEST_DATABASE, emptied
from tests.factories import field
from tests.web import app, csrf_token, settings

__all__ = ["app"]

SECRET = "0123456789abcdefghijklmnopqrstuvwxyz"  # noqa: S105  (nobody's)
ROOT = Path(__file__).parents[2]
Store = Database[Document]


def quiet(_line: str) -> None:
    """Say nothing."""


@pytest.fixture(autouse=True)
def set_up(db: Store) -> None:
    """Let the database be one that was set up, as far as a backup looks."""
    if migrations.COLLECTION not in db.list_collection_names():
        db.create_collection(migrations.COLLECTION)


def make(target: Path, *, with_secret: bool = False) -> Manifest:
    return making.make(database.db(), target, SECRET, quiet, with_secret=with_secret)


@pytest.fixture(scope="module")
def second_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedMongo]:
    server = EmbeddedMongo(Path(tmp_path_factory.mktemp("second")))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def elsewhere(db: Store, second_server: EmbeddedMongo, mongodb_uri: str) -> Iterator[Callable[[], Any]]:
    """Give a way to an empty database on another server, for the whole process, and come back from it."""
    with MongoClient[Document](second_server.uri) as client:
        client.drop_database(TEST_DATABASE)

    @contextmanager
    def connected() -> Iterator[Store]:
        database.connect(second_server.uri, TEST_DATABASE)
        forms.forget_versions()
        yield database.db()

    yield connected
    database.connect(mongodb_uri, TEST_DATABASE)
    forms.forget_versions()


@pytest.fixture(scope="module")
def sound(connection: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a small backup that tests copy before they damage it."""
    target = Path(tmp_path_factory.mktemp("sound") / "backup")
    emptied()
    list(migrations.run())
    factories.record(factories.form(key="kept"), name="lamp")
    make(target)
    return target


@pytest.fixture
def damaged(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "damaged"))


def test_a_backup_of_a_busy_product_is_one_moment_and_comes_back_whole(
    db: Store, elsewhere: Callable[[], Any], tmp_path: Path
) -> None:
    list(migrations.run())
    form = factories.form(field("name", required=True), field("qty", "integer"))
    actor = factories.actor()
    stop, enough, written = threading.Event(), threading.Event(), count()

    def write() -> None:
        mine: list[Document] = []
        while not stop.is_set():
            mine.append(records.create(actor, form, {"name": "lamp", "qty": len(mine)}))
            older = mine[len(mine) // 2]
            mine[len(mine) // 2] = records.update(
                actor, form, older["_id"], {"qty": 7 + len(mine)}, revision=older["revision"], partial=True
            )
            if next(written) > 60:
                enough.set()

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    assert enough.wait(60)
    manifest = make(tmp_path / "backup")
    stop.set()
    for writer in writers:
        writer.join()
    kept = {stored.name: stored for stored in manifest.collections}
    assert 60 < kept["record_sheet"].count < db.record_sheet.count_documents({})
    truth = as_of(db, manifest.cluster_time)
    indexes = {name: db[name].index_information() for name in kept}
    with elsewhere() as other:
        restoring.restore(other, tmp_path / "backup", quiet)
        restoring.finish()
        for name in kept:
            found = b"".join(batches(other[name]))
            assert found == (b"" if name in LEFT_OUT else truth[name]), name
            assert other[name].index_information() == indexes[name]
        assert set(other.list_collection_names()) == set(kept)
        assert list(chain(check_histories(), check_clocks())) == []
        revisions = sum(one["revision"] for one in other.record_sheet.find({}, {"revision": 1}))
        assert other.history.count_documents({"form": "sheet"}) == revisions


def as_of(db: Store, moment: Timestamp) -> dict[str, bytes]:
    """Return the documents of every collection as they stood at a moment of the cluster."""
    with db.client.start_session(snapshot=True) as session:
        session._snapshot_time = moment  # type: ignore[assignment]
        return {name: b"".join(batches(db[name], session)) for name in db.list_collection_names()}


def test_a_restored_product_signs_people_in_and_shows_their_files(
    db: Store, app: Flask, elsewhere: Callable[[], Any], tmp_path: Path
) -> None:
    list(migrations.run())
    form = factories.form(field("name", required=True), field("papers", "attachment"))
    person = users.create("li.na", "李娜", factories.PASSWORD, [users.administrator_role()])
    content = os.urandom(700_000)
    paper = files.store(io.BytesIO(content), "图纸.bin", person.id, purpose=files.UPLOAD, max_bytes=10**6)
    record = factories.record(form, person, name="lamp", papers=[str(paper)])
    make(tmp_path / "backup")
    with elsewhere() as other:
        restoring.restore(other, tmp_path / "backup", quiet)
        restoring.finish()
        client = app.test_client()
        sent = {"identity": "li.na", "password": factories.PASSWORD, "csrf_token": csrf_token(client)}
        assert client.post("/login", data=sent).status_code == 302
        path = f"/records/sheet/{record['_id']}"
        assert "lamp" in client.get(path).get_data(as_text=True)
        assert client.get(f"{path}/files/{paper}").data == content


def test_a_backup_is_private_and_appears_only_when_whole(db: Store, tmp_path: Path) -> None:
    factories.record(factories.form(), name="lamp")
    target = tmp_path / "backups" / "monday"
    make(target, with_secret=True)
    assert stat.S_IMODE(target.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in target.iterdir()} == {0o600}
    assert [path.name for path in target.parent.iterdir()] == ["monday"]
    assert restoring.secret_of(target) == SECRET


def test_the_secret_is_left_out_unless_wanted(sound: Path) -> None:
    assert restoring.secret_of(sound) is None
    assert Manifest.read(sound).secret == fingerprint(SECRET)
    for path in sound.iterdir():
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        assert SECRET.encode() not in content


def test_sessions_and_counters_of_guesses_are_left_out_and_their_indexes_kept(
    db: Store, elsewhere: Callable[[], Any], tmp_path: Path
) -> None:
    db.sessions.create_index("expires", expireAfterSeconds=0)
    db.sessions.insert_one({"_id": "stolen", "expires": now()})
    make(tmp_path / "backup")
    with elsewhere() as other:
        restoring.restore(other, tmp_path / "backup", quiet)
        assert other.sessions.count_documents({}) == 0
        assert other.sessions.index_information()["expires_1"]["expireAfterSeconds"] == 0


def test_a_taken_folder_is_refused_and_left_as_it_was(db: Store, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for target in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(BackupError, match="not an empty folder"):
            make(target)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_database_that_was_never_set_up_is_no_backup(db: Store, tmp_path: Path) -> None:
    db.drop_collection(migrations.COLLECTION)
    with pytest.raises(BackupError, match=f"The database {db.name} was never set up: there is nothing"):
        make(tmp_path / "backup")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing_that_looks_like_a_backup(db: Store, tmp_path: Path) -> None:
    files.store(io.BytesIO(os.urandom(400_000)), "a", None, purpose=files.MADE, max_bytes=10**6)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        with pytest.raises(BackupError, match="cannot be written: File too large"):
            make(tmp_path / "backup")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def change_a_byte(folder: Path) -> str:
    path = folder / "record_kept.bson.gz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return "record_kept.bson.gz is damaged"


def cut_a_file(folder: Path) -> str:
    path = folder / "forms.bson.gz"
    path.write_bytes(path.read_bytes()[:-20])
    return "forms.bson.gz is damaged"


def lose_a_file(folder: Path) -> str:
    (folder / "history.bson.gz").unlink()
    return "history.bson.gz is missing"


def lose_the_manifest(folder: Path) -> str:
    (folder / "manifest.json").unlink()
    return "There is no backup in .*: manifest.json is missing"


def cut_the_manifest(folder: Path) -> str:
    path = folder / "manifest.json"
    path.write_text(path.read_text()[:-50])
    return "manifest.json is damaged: it cannot be read"


def change_an_index(folder: Path) -> str:
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"unique": true', '"unique": false', 1))
    return "manifest.json is damaged: its content does not match its seal"


def lead_outside(folder: Path) -> str:
    rewrite(folder, collections=[{**stored_of(folder), "name": "../kept"}])
    return "'../kept' cannot be in a backup"


def tell_another_count(folder: Path) -> str:
    rewrite(folder, collections=[{**stored_of(folder), "count": 2}])
    return "does not hold what the manifest says"


def come_from_the_future(folder: Path) -> str:
    rewrite(folder, migrations=["m2126_01_01_flying_records"], product="9.0")
    return "newer version of the program, 9.0 .m2126_01_01_flying_records is not known here"


def stored_of(folder: Path) -> dict[str, Any]:
    body: dict[str, Any] = json_util.loads((folder / "manifest.json").read_text())
    return next(one for one in body["collections"] if one["name"] == "record_kept")


def rewrite(folder: Path, **changes: Any) -> None:
    """Write a manifest with other contents and the seal that belongs to them."""
    manifest = Manifest.read(folder)
    (folder / "manifest.json").unlink()
    body = {**vars(manifest), **changes}
    body["collections"] = [one if isinstance(one, dict) else vars(one) for one in body["collections"]]
    restored = [Stored(**one) for one in body.pop("collections")]
    Manifest(**body, collections=restored).write(folder)


@pytest.mark.parametrize(
    "damage",
    [
        change_a_byte,
        cut_a_file,
        lose_a_file,
        lose_the_manifest,
        cut_the_manifest,
        change_an_index,
        lead_outside,
        tell_another_count,
        come_from_the_future,
    ],
)
def test_a_backup_that_is_not_whole_is_refused_before_anything_is_written(
    elsewhere: Callable[[], Any], damaged: Path, damage: Callable[[Path], str]
) -> None:
    said = damage(damaged)
    with elsewhere() as other:
        with pytest.raises(BackupError, match=said):
            restoring.restore(other, damaged, quiet)
        assert other.list_collection_names() == []


def test_a_database_that_holds_something_is_refused(db: Store, sound: Path) -> None:
    before = db.roles.insert_one({"_id": ObjectId(), "name": "ours"}).inserted_id
    with pytest.raises(BackupError, match=r"is not empty .* only restored into an empty one"):
        restoring.restore(db, sound, quiet)
    with pytest.raises(BackupError, match="is not empty"):
        restoring.restore(db, sound, quiet, start_over=True)
    assert db.roles.count_documents({"_id": before}) == 1
    usable.check(migrated=False)


KILLED = """
import os, signal, sys
from pathlib import Path
from backoffice import texts
from backoffice.backups import restoring
from models import database

def say(line):
    if line.startswith("forms"):
        os.kill(os.getpid(), signal.SIGKILL)

texts.install()
database.connect(sys.argv[1], sys.argv[2])
restoring.restore(database.db(), Path(sys.argv[3]), say)
"""


def test_a_restore_that_was_killed_is_noticed_and_done_anew(
    elsewhere: Callable[[], Any], second_server: EmbeddedMongo, sound: Path
) -> None:
    killed = subprocess.run(  # noqa: S603  (our own words)
        [sys.executable, "-c", KILLED, second_server.uri, TEST_DATABASE, str(sound)], cwd=ROOT, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    with elsewhere() as other:
        assert other.forms.count_documents({}) == 1
        with pytest.raises(UnusableError, match=r"not restored to its end: .* --start-over"):
            preparation.prepare(settings(), quiet)
        assert other.packs.count_documents({}) == 0
        with pytest.raises(BackupError, match="--start-over"):
            restoring.restore(other, sound, quiet)
        restoring.restore(other, sound, quiet, start_over=True)
        with pytest.raises(UnusableError):
            usable.check()
        restoring.finish()
        usable.check()
        assert other.record_kept.count_documents({}) == 1


def test_pending_migrations_are_carried_out_after_a_restore(
    elsewhere: Callable[[], Any], damaged: Path
) -> None:
    with elsewhere() as other:
        restoring.restore(other, damaged, quiet)
        done = other[migrations.COLLECTION].distinct("_id", {"state": "done"})
        assert sorted(done) == [migration.name for migration in migrations.discover()]


def test_data_of_a_newer_program_is_left_alone(db: Store) -> None:
    list(migrations.run())
    usable.check()
    db[migrations.COLLECTION].insert_one({"_id": "m2126_01_01_flying_records", "state": "done"})
    with pytest.raises(UnusableError, match=r"newer version .*m2126_01_01_flying_records"):
        preparation.prepare(settings(), quiet)
    assert db.packs.count_documents({}) == 0


def test_data_of_an_older_program_waits_for_its_migration(db: Store) -> None:
    with pytest.raises(UnusableError, match="backoffice db migrate"):
        usable.check()
    preparation.migrate(quiet)
    usable.check()


def test_mongodb_keeps_the_past_as_long_as_a_backup_takes_and_no_longer(db: Store) -> None:
    ticks = iter([0, 0, 500, 700])

    def kept() -> int:
        return int(db.client.admin.command({"getParameter": 1, PARAMETER: 1})[PARAMETER])

    with Window(db.client, lambda: next(ticks)) as window:
        assert kept() == 840
        window.keep_open()
        assert kept() == 840
        window.keep_open()
        assert kept() == 1540
    assert kept() == SHORT_HISTORY_SECONDS


def test_a_past_that_mongodb_no_longer_keeps_is_said_in_words(db: Store) -> None:
    db.counted.insert_one({"_id": "x", "n": 0})
    db.client.admin.command({"setParameter": 1, PARAMETER: 0})
    try:
        with (
            db.client.start_session(snapshot=True) as session,
            pytest.raises(BackupError, match=rf"longer than MongoDB keeps the past .0 s.: set {PARAMETER}"),
        ):
            write_until_forgotten(db, session)
    finally:
        db.client.admin.command({"setParameter": 1, PARAMETER: SHORT_HISTORY_SECONDS})


def write_until_forgotten(db: Store, session: ClientSession) -> None:
    """Read a moment of the past while time goes on, until MongoDB has forgotten it."""
    deadline = time.monotonic() + 30
    with making._failures_in_words(Window(db.client)):
        while time.monotonic() < deadline:
            list(batches(db.counted, session))
            db.counted.update_one({"_id": "x"}, {"$inc": {"n": 1}})


def test_a_form_published_meanwhile_makes_the_backup_begin_again(db: Store, tmp_path: Path) -> None:
    factories.form(key="first")
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if len(said) == 1:  # the forms have been read, the records have not
            db.record_first.drop()

    manifest = making.make(db, tmp_path / "backup", SECRET, say, with_secret=False)
    assert any("beginning again" in line for line in said)
    assert "record_first" not in {stored.name for stored in manifest.collections}
    assert not (tmp_path / "backup" / "record_first.bson.gz").exists()
