import io
import random

import pytest

from models import database, files
from models.errors import TooLargeError

pytestmark = pytest.mark.usefixtures("db")

CHUNK = 255 * 1024


class Dribble(io.BytesIO):
    """A stream that never gives all that is asked for."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(max(1, (size or 0) * 2 // 3))


@pytest.mark.parametrize("size", [0, 1, 4096, CHUNK, CHUNK + 1, 16 * CHUNK, 40 * CHUNK + 7])
def test_a_file_comes_back_as_it_was_sent(size: int) -> None:
    content = random.Random(size).randbytes(size)  # noqa: S311
    for stream in (io.BytesIO(content), Dribble(content)):
        kept = files.store(stream, "照片.bin", None, purpose="upload", max_bytes=size)
        assert files.open_file(kept).read() == content
        assert files.info(kept)["size"] == size
        assert files.info(kept)["name"] == "照片.bin"


def test_a_file_that_is_too_large_leaves_nothing() -> None:
    with pytest.raises(TooLargeError):
        files.store(io.BytesIO(b"x" * (40 * CHUNK)), "a", None, purpose="upload", max_bytes=40 * CHUNK - 1)
    assert database.db()["files.chunks"].count_documents({}) == 0
    assert database.db()["files.files"].count_documents({}) == 0


def test_a_stream_that_breaks_leaves_nothing() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 20 * CHUNK:
                raise OSError
            return super().read(size)

    with pytest.raises(OSError):  # noqa: PT011
        files.store(Broken(b"x" * (40 * CHUNK)), "a", None, purpose="upload", max_bytes=99 * CHUNK)
    assert database.db()["files.chunks"].count_documents({}) == 0
