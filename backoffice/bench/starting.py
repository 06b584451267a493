"""How long `backoffice up` takes from the shell to `ready` when the data is there."""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from backoffice.bench.ground import Ground
from backoffice.bench.measuring import SECONDS, Against, Result
from backoffice.choices import PREFIX

SECONDS_TO_READY: Final = 6
STARTS: Final = 3
STOP_SECONDS: Final = 60


def start(_ground: Ground) -> Iterator[Result]:
    """Measure the second start, and show the first."""
    with tempfile.TemporaryDirectory(prefix="backoffice-bench-") as name:
        first = until_ready(Path(name))
        again = statistics.median(until_ready(Path(name)) for _ in range(STARTS))
    yield Result("start", "up to ready, second start", again, None, SECONDS_TO_READY, Against.ITSELF, SECONDS)
    yield Result("start", "up to ready, first start", first, against=Against.ITSELF, unit=SECONDS)


def until_ready(data: Path) -> float:
    """Start everything on a folder, return the seconds until it is ready, and stop it again."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    command = [sys.executable, "-m", "backoffice", "up", "--port", "0", "--data", str(data)]
    begun = time.perf_counter()
    with subprocess.Popen(  # noqa: S603  (our own words)
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            for line in process.stdout or ():
                if line.startswith("ready "):
                    return time.perf_counter() - begun
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(STOP_SECONDS)
    message = "`backoffice up` ended before it was ready."
    raise RuntimeError(message)
