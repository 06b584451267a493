"""Gives the processes of one web server a shared place for their figures.

Importing this sets it up; it must come before anything that imports prometheus_client.
"""

import atexit
import os
import shutil
import tempfile

FOLDER = tempfile.mkdtemp(prefix="backoffice-metrics-")
os.environ["PROMETHEUS_MULTIPROC_DIR"] = FOLDER
OWNER = os.getpid()


def _remove() -> None:
    if os.getpid() == OWNER:  # not in a forked worker
        shutil.rmtree(FOLDER, ignore_errors=True)


atexit.register(_remove)
