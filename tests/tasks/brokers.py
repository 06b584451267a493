"""Redis and RabbitMQ from the distribution's packages, each on a free port with its data in a folder."""

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import pytest
from kombu import Connection

from tests.tasks.workers import SECONDS

RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # its wrapper in /usr/sbin insists on /var/lib


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@contextlib.contextmanager
def running(
    command: Sequence[str], said: str, folder: Path, settings: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run a server until the block ends; begin when it has said that it is ready."""
    with subprocess.Popen(  # noqa: S603  (our own words)
        command,
        cwd=folder,
        env={**os.environ, **(settings or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            _wait_for(process.stdout, said.encode())
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _wait_for(output: IO[bytes], said: bytes) -> None:
    heard = b""
    deadline = time.monotonic() + SECONDS
    while said not in heard:
        ready, _, _ = select.select([output], [], [], max(0, deadline - time.monotonic()))
        more = os.read(output.fileno(), 65536) if ready else b""
        if not more:
            pytest.fail(f"never said {said!r}: {heard.decode(errors='replace')[-2000:]}")
        heard += more


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Run Redis with its append-only file on, and give its address."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("redis-server is not installed")
    port = str(free_port())
    command = [binary, "--port", port, "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    with running([*command, "--appendonly", "yes"], "Ready to accept connections", folder):
        yield f"redis://127.0.0.1:{port}/0"


@contextlib.contextmanager
def rabbitmq(folder: Path) -> Iterator[str]:
    """Run RabbitMQ as a node of its own, with a port mapper of its own, and give its address."""
    mapper = shutil.which("epmd")
    if mapper is None or not RABBITMQ.exists():
        pytest.skip("rabbitmq-server is not installed")
    mapper_port, port = str(free_port()), str(free_port())
    (folder / "plugins").write_text("[].")
    settings = {
        "HOME": str(folder),  # of the cookie
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": mapper_port,
        "RABBITMQ_NODENAME": f"tests{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": port,
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "none"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
    }
    mapping = [mapper, "-d", "-address", "127.0.0.1", "-port", mapper_port]
    with (
        running(mapping, "epmd running", folder),
        running([str(RABBITMQ)], "completed with", folder, settings),
    ):
        yield f"amqp://guest:guest@127.0.0.1:{port}//"


def flush(url: str) -> None:
    """Make a broker forget what it holds: of Redis everything, of RabbitMQ every message."""
    with Connection(url) as connection:
        channel: Any = connection.default_channel
        if url.startswith("redis:"):
            channel.client.flushall()
            return
        for queue in ("jobs", "default"):
            channel.queue_declare(queue, durable=True, auto_delete=False)
            channel.queue_purge(queue)
