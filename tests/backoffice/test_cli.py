"""`backoffice up` and the other commands, run as a person runs them: as programs."""

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pymongo import MongoClient
from pymongo.collection import Collection

from backoffice.cli import COMMANDS, cli
from backoffice.mongod import EmbeddedMongo
from backoffice.settings import Settings, variable
from tests.processes import children, wait_until_gone

ROOT = Path(__file__).parents[2]
PARTS = {"mongod": "mongod", "web": "web", "worker": "jobs", "effects": "default", "beat": "beat"}
SECONDS = 120.0
GET = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def environment(data: Path) -> dict[str, str]:
    own = {variable(name) for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name not in own}
    return kept | {"BACKOFFICE_DATA_DIR": str(data), "PYTHONPATH": str(ROOT)}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "backoffice", *arguments]


def run(data: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  (our own words)
        command(*arguments), env=environment(data), input=stdin, capture_output=True, text=True, check=False
    )


class Up:
    """A running `backoffice up`."""

    def __init__(self, data: Path, *arguments: str, **extra: str) -> None:
        self.said: list[str] = []
        self.log = data.parent / "up.log"
        with self.log.open("a") as log:
            self.process = subprocess.Popen(  # noqa: S603  (our own words)
                command("up", "--port", "0", *arguments),
                env=environment(data) | extra,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.url = self._wait_until_ready()

    def _wait_until_ready(self) -> str:
        assert self.process.stdout is not None
        deadline = time.monotonic() + SECONDS
        while select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
            line = self.process.stdout.readline()
            if not line:
                break
            self.said.append(line.rstrip())
            if line.startswith("ready "):
                return line.split()[1]
        self.process.kill()
        pytest.fail(f"never ready: {self.said}\n{self.log.read_text()[-4000:]}")

    def parts(self) -> dict[str, int]:
        """Return the process of each part that is there."""
        found = {}
        for pid in children(self.process.pid):
            try:
                line = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
            except FileNotFoundError:
                continue
            for name, word in PARTS.items():
                if word in line or line[0].endswith(f"/{word}"):
                    found[name] = pid
        return found

    def family(self) -> set[int]:
        """Return every process that this one started."""
        found, todo = set(), [self.process.pid]
        while todo:
            pid = todo.pop()
            below = children(pid)
            found.update(below)
            todo += below
        return found

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        assert self.process.stdout is not None
        self.process.send_signal(number)
        status = self.process.wait(SECONDS)
        self.process.stdout.close()
        return status


def get(url: str) -> tuple[int, bytes]:
    try:
        with GET(url, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def until_ready(url: str) -> Mapping[str, Any]:
    deadline = time.monotonic() + SECONDS
    while True:
        status, body = get(f"{url}/readyz")
        if status == 200:
            found: Mapping[str, Any] = json.loads(body)
            return found
        assert time.monotonic() < deadline, body


def until_complete(up: Up) -> None:
    """Wait for the parts that start only after the first page can be had."""
    deadline = time.monotonic() + SECONDS
    while up.parts().keys() != PARTS.keys():
        assert time.monotonic() < deadline, up.parts()
        select.select([], [], [], 0.05)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(tmp_path_factory.mktemp("up") / "data")


@pytest.fixture(scope="module")
def first(data: Path) -> Iterator[Up]:
    """Start it once for the tests of a running one; they run in the order of this file."""
    running = Up(data)
    until_complete(running)
    yield running
    if running.process.poll() is None:
        running.stop()


def test_the_first_start_says_how_to_sign_in_and_where(first: Up) -> None:
    assert any(re.fullmatch(r"administrator: admin   password: \S{10,}", line) for line in first.said)
    assert "installed the pack customer-management" in first.said
    assert first.said[-1] == f"ready {first.url}"
    assert get(f"{first.url}/healthz") == (200, b"ok\n")


def test_what_is_ready_says_so_of_each_part(first: Up) -> None:
    answer = until_ready(first.url)
    assert answer["ready"] is True
    assert set(answer["parts"]) >= {"database", "migrations", "administrator", "broker"}
    assert answer["parts"]["broker"] == "ok"


def test_the_figures_are_for_this_machine_alone(first: Up) -> None:
    status, body = get(f"{first.url}/metrics")
    assert status == 200
    assert b"backoffice_http_requests_total" in body
    assert b"backoffice_database_up 1.0" in body
    forwarded = urllib.request.Request(f"{first.url}/metrics", headers={"X-Forwarded-For": "203.0.113.9"})  # noqa: S310
    with pytest.raises(urllib.error.HTTPError) as refused, GET(forwarded, timeout=30):
        pass
    with refused.value:
        assert refused.value.code == 404


def test_a_second_start_on_the_same_data_says_so_and_leaves_the_first_alone(first: Up, data: Path) -> None:
    before = first.family()
    second = run(data, "up", "--port", "0")
    assert second.returncode == 1
    assert f"process {first.process.pid}" in second.stderr
    assert first.url in second.stderr
    assert before <= first.family()  # a worker that was still starting may have got its processes
    assert get(f"{first.url}/healthz")[0] == 200


def test_a_taken_port_is_named(first: Up, tmp_path: Path) -> None:
    port = first.url.rpartition(":")[2]
    refused = run(tmp_path, "up", "--port", port)
    assert refused.returncode == 1
    assert f"port {port}" in refused.stderr
    assert "--port" in refused.stderr
    assert not (tmp_path / "mongodb").exists()


def test_accounts_are_made_changed_and_disabled_while_it_runs(first: Up, data: Path) -> None:
    assert first.process.poll() is None
    made = run(data, "user", "create", "Li.Na", "--name", "李娜", "--role", "sales_staff")
    assert made.stdout.startswith("created li.na\npassword: "), made.stderr
    unknown = run(data, "user", "create", "wang.wu", "--role", "pilot")
    assert "There is no role pilot. There are: " in unknown.stderr
    again = run(data, "user", "create", "li.na")
    assert again.returncode == 1
    assert "username: " in again.stderr
    easy = run(data, "user", "password", "li.na", "--password-stdin", stdin="li.na\n")
    assert easy.returncode == 1
    assert run(data, "user", "disable", "li.na").stdout == "disabled li.na\n"
    last = run(data, "user", "disable", "admin")
    assert last.returncode == 1
    assert "last administrator" in last.stderr


def test_packs_are_listed_checked_installed_again_and_exported(first: Up, data: Path, tmp_path: Path) -> None:
    assert first.process.poll() is None
    assert "customer-management" in run(data, "pack", "list").stdout
    assert run(data, "pack", "check", "customer-management").stdout == "fine\n"
    again = run(data, "pack", "install", "customer-management")
    assert again.returncode == 0, again.stderr
    assert {line.split("\t")[0] for line in again.stdout.splitlines()} == {"unchanged"}
    file = tmp_path / "pack.zip"
    exported = run(data, "pack", "export", "customer-management", str(file))
    assert exported.returncode == 0, exported.stderr
    assert run(data, "pack", "check", str(file)).stdout == "fine\n"


def test_stored_data_is_up_to_date_and_sound(first: Up, data: Path) -> None:
    assert first.process.poll() is None
    assert run(data, "db", "migrate").stdout == "up to date\n"
    assert run(data, "db", "check").stdout.endswith("sound\n")


def test_a_backup_taken_while_it_runs_comes_back_on_an_empty_machine(
    first: Up, data: Path, tmp_path: Path
) -> None:
    assert first.process.poll() is None
    kept, fresh = tmp_path / "backups" / "monday", tmp_path / "fresh"
    saved = run(data, "db", "backup", str(kept), "--with-secret")
    assert saved.returncode == 0, saved.stderr
    assert re.search(r"users: \d documents", saved.stdout)
    assert run(data, "db", "backup", str(kept)).returncode == 1
    assert "is not empty" in run(data, "db", "restore", str(kept)).stderr
    restored = run(fresh, "db", "restore", str(kept))
    assert restored.returncode == 0, restored.stderr
    assert (fresh / "secret_key").read_text() == (data / "secret_key").read_text()
    assert (fresh / "secret_key").stat().st_mode & 0o077 == 0
    checked = run(fresh, "db", "check")
    assert checked.stdout.endswith("sound\n"), checked.stderr
    assert "li.na" in run(fresh, "user", "disable", "li.na").stdout


def test_records_are_exported_as_what_the_name_of_the_file_says(
    first: Up, data: Path, tmp_path: Path
) -> None:
    assert first.process.poll() is None
    for name, begin in (("all.xlsx", b"PK"), ("all.csv", b"\xef\xbb\xbf")):
        done = run(data, "records", "export", "feedback_sheet", str(tmp_path / name))
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("0 records: ")
        assert (tmp_path / name).read_bytes().startswith(begin)
    assert run(data, "records", "export", "feedback_sheet", "all.pdf").returncode == 1
    unknown = run(data, "records", "export", "no_such_form", str(tmp_path / "none.csv"))
    assert unknown.returncode == 1
    assert "Traceback" not in unknown.stderr


@pytest.mark.parametrize("part", PARTS)
def test_a_killed_part_comes_back(first: Up, part: str) -> None:
    before = first.parts()
    assert before.keys() == PARTS.keys()
    os.kill(before[part], signal.SIGKILL)
    deadline = time.monotonic() + SECONDS
    while first.parts().get(part, before[part]) == before[part]:
        assert time.monotonic() < deadline
        select.select([], [], [], 0.05)
    until_ready(first.url)
    assert {name: pid for name, pid in first.parts().items() if name != part} == {
        name: pid for name, pid in before.items() if name != part
    }


def test_after_all_that_a_job_whose_message_was_lost_is_still_carried_out(first: Up, data: Path) -> None:
    assert first.process.poll() is None
    lost = {"kind": "nobody's", "state": "queued", "attempts": 0, "fence": 0, "params": {}}
    client: MongoClient[dict[str, Any]]
    with MongoClient(EmbeddedMongo(data).uri) as client:
        jobs: Collection[dict[str, Any]] = client["backoffice"]["jobs"]
        job = jobs.insert_one({**lost, "dispatched_at": datetime(2026, 1, 1, tzinfo=UTC)}).inserted_id
        deadline = time.monotonic() + SECONDS
        while jobs.count_documents({"_id": job, "state": "failed"}) == 0:
            assert time.monotonic() < deadline, first.log.read_text()[-4000:]
            select.select([], [], [], 0.1)


def test_no_request_is_refused_while_the_web_server_comes_back(first: Up) -> None:
    web = first.parts()["web"]
    workers = children(web)
    os.kill(web, signal.SIGKILL)
    for pid in workers:  # what one of them took with it is lost; whoever comes after that waits
        wait_until_gone(pid)
    assert get(f"{first.url}/healthz") == (200, b"ok\n")


def test_killed_itself_it_leaves_nothing_behind_and_starts_again(first: Up, data: Path) -> None:
    family = first.family()
    first.process.kill()
    first.process.wait()
    assert first.process.stdout is not None
    first.process.stdout.close()
    for pid in family:
        wait_until_gone(pid)
    second = Up(data)
    assert second.said == [f"ready {second.url}"]
    family = second.family()
    assert second.stop(signal.SIGTERM) == 0
    for pid in family:
        wait_until_gone(pid)


def test_commands_start_the_database_themselves_when_nothing_runs(data: Path) -> None:
    assert run(data, "user", "password", "admin").stdout.startswith("password: ")


def test_without_a_database_a_command_says_where_it_looked(tmp_path: Path) -> None:
    refused = run(tmp_path / "nothing", "db", "check")
    assert refused.returncode == 1
    assert "nothing" in refused.stderr
    assert "BACKOFFICE_DATA_DIR" in refused.stderr


@pytest.mark.parametrize("part", ["web", "worker", "beat"])
def test_a_part_alone_wants_to_know_its_database(part: str, tmp_path: Path) -> None:
    refused = run(tmp_path, part)
    assert refused.returncode == 1
    assert "BACKOFFICE_MONGODB_URI" in refused.stderr


def test_a_wrong_setting_stops_the_start_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKOFFICE_WEB_THREADS", "many")
    refused = CliRunner().invoke(cli, ["up"])
    assert refused.exit_code == 1
    assert "BACKOFFICE_WEB_THREADS" in refused.output
    assert "Traceback" not in refused.output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    told = CliRunner().invoke(cli, [name, "--help"])
    assert told.exit_code == 0
    assert "Usage: " in told.output


def test_an_unknown_command_is_refused() -> None:
    assert CliRunner().invoke(cli, ["sing"]).exit_code == 2
