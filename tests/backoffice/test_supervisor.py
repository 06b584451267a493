"""The supervisor brings back what dies, stops what it started, and shares nothing."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backoffice.supervisor import AlreadyRunningError, Keeper, Program, Supervisor, address, hold, listen
from tests.processes import children, wait_until_gone

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
WITH_CHILD = (
    "import subprocess, sys, time; subprocess.Popen([sys.executable, *sys.argv[1:]]); time.sleep(600)"
)


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    before = {number: signal.getsignal(number) for number in (2, 15, 1, 17)}
    made = Supervisor()
    yield made
    made.stop()
    made.close()
    for number, handler in before.items():
        signal.signal(number, handler)


def pid_of(program: Program) -> int:
    assert program.process is not None
    return program.process.pid


def until(supervisor: Supervisor, true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        supervisor.tick(0.05)


def test_a_killed_part_comes_back(supervisor: Supervisor) -> None:
    program = Program(SLEEP, os.environ)
    supervisor.keep("sleep", program)
    first = pid_of(program)
    os.kill(first, signal.SIGKILL)
    until(supervisor, lambda: pid_of(program) != first)
    assert supervisor.launches("sleep") == 2
    assert program.process is not None
    assert program.process.poll() is None


def test_a_part_that_dies_again_and_again_is_given_longer_and_longer_pauses() -> None:
    program = Program([sys.executable, "-c", ""], os.environ)
    program.launch()
    keeper = Keeper("brief", program)
    assert program.process is not None
    program.process.wait()
    pauses = []
    for _ in range(3):
        keeper.look(time.monotonic())
        assert keeper.due is not None
        pauses.append(keeper.pause)
        keeper.look(keeper.due)
        program.process.wait()
    assert pauses == sorted(set(pauses))
    program.stop()


def test_what_a_killed_part_had_started_is_gone_when_it_comes_back(supervisor: Supervisor) -> None:
    program = Program([sys.executable, "-c", WITH_CHILD, *SLEEP[1:]], os.environ)
    supervisor.keep("parent", program)
    until(supervisor, lambda: bool(children(pid_of(program))))
    [grandchild] = children(pid_of(program))
    first = pid_of(program)
    os.kill(first, signal.SIGKILL)
    until(supervisor, lambda: pid_of(program) != first)
    wait_until_gone(grandchild)


def test_a_part_that_does_not_listen_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backoffice.supervisor.STOP_SECONDS", 0.3)
    deaf = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    program = Program([sys.executable, "-c", deaf], os.environ)
    program.launch()
    pid = pid_of(program)
    program.stop()
    wait_until_gone(pid)


def test_parts_die_with_a_supervisor_that_is_killed() -> None:
    code = (
        "import os, sys; from backoffice.supervisor import *\n"
        "s = Supervisor(); p = Program(sys.argv[1:], os.environ); s.keep('x', p)\n"
        "print(p.process.pid, flush=True); s.run()"
    )
    command = [sys.executable, "-c", code, *SLEEP]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:  # noqa: S603  (our own words)
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        while "lifeline.py" in Path(f"/proc/{pid}/cmdline").read_text():
            select.select([], [], [], 0.01)  # until it is the program itself
        owner.kill()
    wait_until_gone(pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run(supervisor: Supervisor, number: signal.Signals) -> None:
    program = Program(SLEEP, os.environ)
    supervisor.keep("sleep", program)
    pid = pid_of(program)
    supervisor.tick(0)
    os.kill(os.getpid(), number)
    supervisor.run()
    supervisor.stop()
    wait_until_gone(pid)


def test_a_second_one_on_the_same_data_is_told_who_has_it(tmp_path: Path) -> None:
    with hold(tmp_path), pytest.raises(AlreadyRunningError, match=f"process {os.getpid()}"):
        hold(tmp_path)
    with hold(tmp_path):
        assert json.loads((tmp_path / "up.lock").read_text())["pid"] == os.getpid()


def test_a_taken_port_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backoffice.supervisor.PORT_SECONDS", 0)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(AlreadyRunningError, match=rf"port {port}.*--port"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]")],  # noqa: S104
)
def test_the_address_is_one_that_a_browser_here_can_open(host: str, shown: str) -> None:
    try:
        listener = listen(host, 0)
    except AlreadyRunningError:
        pytest.skip(f"this machine has no {host}")
    with listener:
        assert address(listener) == f"http://{shown}:{listener.getsockname()[1]}"
