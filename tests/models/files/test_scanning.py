"""Viruses: looked for on the way into the database, by the protocol of ClamAV; in doubt nothing is kept."""

import io
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bson import ObjectId

from models import database, files
from models.errors import DomainError, TooLargeError
from models.files import scanning
from models.files.scanning import InfectedError, ScannerError
from tests import clamd, factories
from tests.clamd import EICAR
from tests.file_limits import limited

pytestmark = pytest.mark.usefixtures("db")

BIG = b"x" * (2 * 1024 * 1024)


@contextmanager
def checked_by(address: str, seconds: float = 5) -> Iterator[None]:
    with limited(clamav=address, scan_seconds=seconds):
        yield


def send(content: bytes, purpose: str = "upload") -> ObjectId:
    return files.store(io.BytesIO(content), "a.txt", ObjectId(), purpose=purpose, max_bytes=10**8)


def left() -> tuple[int, int]:
    db = database.db()
    return db["files.files"].count_documents({}), db["files.chunks"].count_documents({})


def test_a_harmless_file_is_seen_whole_and_kept() -> None:
    with clamd.running() as scanner, checked_by(scanner.address):
        for content in (b"hello", b"", BIG):
            assert files.open_file(send(content)).read() == content
        assert scanner.seen == [b"hello", b"", BIG]


def test_a_scanner_may_listen_on_a_socket_of_the_machine(tmp_path: Path) -> None:
    with clamd.running(path=tmp_path / "clamd") as scanner, checked_by(scanner.address):
        assert send(b"hello")
        assert scanning.answers()
        with pytest.raises(InfectedError):
            send(EICAR)


@pytest.mark.parametrize("purpose", ["upload", "import"])
@pytest.mark.parametrize("content", [EICAR, BIG + EICAR])
def test_an_infected_file_leaves_nothing(content: bytes, purpose: str) -> None:
    with clamd.running() as scanner, checked_by(scanner.address):
        with pytest.raises(InfectedError, match="Eicar-Signature") as refused:
            send(content, purpose)
        assert refused.value.virus == "Eicar-Signature"
    assert left() == (0, 0)


def test_an_infected_file_is_noted() -> None:
    person = factories.editor()
    with clamd.running() as scanner, checked_by(scanner.address), pytest.raises(InfectedError):
        files.receive(io.BytesIO(EICAR), "发票.txt", person, max_bytes=1000)
    noted = database.db().audit.find_one({"event": "file.infected"})
    assert noted
    assert noted["details"] == {"name": "发票.txt", "virus": "Eicar-Signature"}
    assert noted["by"] == person.id


@pytest.mark.parametrize("illness", ["hangs up", "silent", "dribbles", "babbles"])
@pytest.mark.parametrize("content", [b"hello", BIG])
def test_a_scanner_that_is_ill_lets_nothing_through(illness: str, content: bytes) -> None:
    with clamd.running(illness=illness) as scanner, checked_by(scanner.address, seconds=0.3):
        with pytest.raises(ScannerError) as refused:
            send(content)
        assert refused.value.status == 503
    assert left() == (0, 0)


def test_a_scanner_that_is_not_there_lets_nothing_through(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    for address in (nobody, f"unix://{tmp_path}/none", "tcp://nowhere.invalid:3310"):
        with checked_by(address, seconds=1), pytest.raises(ScannerError):
            send(b"hello")
        with checked_by(address, seconds=1):
            assert not scanning.answers()
    assert left() == (0, 0)


def test_a_file_larger_than_the_scanner_takes_is_refused() -> None:
    with clamd.running(limit=100_000) as scanner, checked_by(scanner.address):
        with pytest.raises(DomainError) as refused:
            send(BIG * 4)
        assert isinstance(refused.value, TooLargeError | ScannerError)  # it may hang up before it is heard
        assert send(b"small")
    assert left()[0] == 1


def test_what_we_made_ourselves_needs_no_scanner() -> None:
    with checked_by("unix:///nowhere"):
        assert send(b"made", purpose=files.MADE)


def test_without_a_scanner_files_are_taken_unseen() -> None:
    assert send(EICAR)
