"""The private database of the one-command mode, started and killed for real."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import ServerSelectionTimeoutError

from backoffice.mongod import (
    SOCKET,
    SOCKET_PATH_BYTES,
    EmbeddedMongo,
    MongodError,
    find_binary,
    listens,
    private_folder,
    socket_folder,
)
from tests import processes


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="mongod-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def mongo(folder: Path) -> Iterator[EmbeddedMongo]:
    embedded = EmbeddedMongo(folder / "Data 数据")
    embedded.start()
    yield embedded
    embedded.stop()


def script(folder: Path, body: str) -> Path:
    path = folder / "mongod"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def connect(uri: str) -> MongoClient[dict[str, Any]]:
    return MongoClient(uri)


def pid_of(embedded: EmbeddedMongo) -> int:
    assert embedded.process is not None
    return embedded.process.pid


def test_transactions_work_and_what_was_written_survives_a_kill(mongo: EmbeddedMongo) -> None:
    with connect(mongo.uri) as client:
        with client.start_session() as session, session.start_transaction():
            client.shop.sales.insert_one({"_id": 1}, session=session)
        os.kill(pid_of(mongo), signal.SIGKILL)
        assert mongo.process is not None
        mongo.process.wait()
        mongo.start()
        assert client.shop.sales.count_documents({}) == 1


def test_who_came_too_early_can_use_transactions_all_the_same(folder: Path) -> None:
    embedded = EmbeddedMongo(folder)
    embedded.launch()
    assert embedded.process
    with connect(f"{embedded.uri}&serverSelectionTimeoutMS=2000") as early:
        while not listens(embedded.folder / SOCKET):
            assert embedded.process.poll() is None
        with pytest.raises(ServerSelectionTimeoutError):
            early.shop.command("ping")
        embedded.wait_until_writable()
        with early.start_session() as session, session.start_transaction():
            early.shop.sales.insert_one({"_id": 1}, session=session)
    embedded.stop()


def test_it_listens_on_a_private_socket_and_on_no_port(mongo: EmbeddedMongo) -> None:
    assert stat.S_IMODE(mongo.folder.stat().st_mode) == 0o700
    with connect(mongo.uri) as client:
        options = client.admin.command("getCmdLineOpts")["parsed"]
    assert options["net"]["bindIp"] == "./mongodb.sock"
    assert processes.listening_ports(pid_of(mongo)) == []


def test_data_can_be_moved(folder: Path) -> None:
    first = EmbeddedMongo(folder / "here")
    with connect(first.start()) as client:
        client.shop.sales.insert_one({"_id": 1})
    first.stop()
    (folder / "here").rename(folder / "there")
    second = EmbeddedMongo(folder / "there")
    with connect(second.start()) as client:
        assert client.shop.sales.count_documents({}) == 1
    second.stop()


def test_a_path_too_long_for_a_socket_still_starts(folder: Path) -> None:
    embedded = EmbeddedMongo(folder / ("很长" * 20) / ("long" * 20))
    with connect(embedded.start()) as client:
        assert client.admin.command("ping")["ok"] == 1
    embedded.stop()
    assert len(os.fsencode(embedded.folder / "mongodb.sock")) <= SOCKET_PATH_BYTES
    shutil.rmtree(embedded.folder)


def test_each_data_folder_has_its_own_socket_folder() -> None:
    long = Path("/" + "x" * 200)
    assert socket_folder(long / "a") != socket_folder(long / "b")


def test_a_link_in_place_of_the_socket_folder_is_refused(folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    (folder / "run").symlink_to(folder / "elsewhere")
    with pytest.raises(MongodError, match="must be a folder of this user"):
        private_folder(folder / "run")


def test_a_second_database_on_the_same_data_is_refused_with_the_process(
    mongo: EmbeddedMongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backoffice.mongod.STOP_SECONDS", 0.1)
    with pytest.raises(MongodError, match=f"process {pid_of(mongo)}"):
        EmbeddedMongo(mongo.data_dir).start()


def test_a_version_that_cannot_read_the_data_is_explained(folder: Path) -> None:
    with pytest.raises(MongodError, match="another version of MongoDB"):
        EmbeddedMongo(folder, binary=script(folder, "exit 62")).start()


@pytest.mark.parametrize(("version", "taken"), [("v4.2.1", False), ("v7.0.14", True), ("", False)])
def test_a_mongod_on_the_path_is_taken_if_it_is_new_enough(
    folder: Path, monkeypatch: pytest.MonkeyPatch, version: str, *, taken: bool
) -> None:
    found = script(folder, f"echo db version {version}")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    assert (find_binary() == found) is taken


def test_a_program_that_fails_names_its_status_and_log(folder: Path) -> None:
    with pytest.raises(MongodError, match=r"exit status 3.*mongod\.log"):
        EmbeddedMongo(folder, binary=script(folder, "exit 3")).start()


def test_it_stops_when_the_program_that_started_it_is_killed(folder: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from backoffice.mongod import EmbeddedMongo\n"
        "m = EmbeddedMongo(Path(sys.argv[1])); m.start(); print(m.process.pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:  # noqa: S603  (our own words)
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        owner.kill()
    processes.wait_until_gone(pid)
