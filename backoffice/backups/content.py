"""The documents of a collection as bytes, in an order that is the same whenever they are read."""

import hashlib
from collections.abc import Iterator
from typing import cast

from pymongo import ASCENDING
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from models.database import Document


class Content:
    """What went by: how many documents, of how many bytes, with which SHA-256."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.count = self.size = 0
        self._digest = hashlib.sha256()

    def add(self, batch: bytes) -> None:
        """Take whole documents, one after the other."""
        self._digest.update(batch)
        self.size += len(batch)
        place = 0
        while place < len(batch):  # each begins with its length
            place += int.from_bytes(batch[place : place + 4], "little")
            self.count += 1

    @property
    def digest(self) -> str:
        """The SHA-256 of all bytes until now."""
        return self._digest.hexdigest()


def batches(collection: Collection[Document], session: ClientSession | None = None) -> Iterator[bytes]:
    """Yield the documents in the order of `_id`, undecoded and several at a time."""
    found = collection.find_raw_batches({}, sort=[("_id", ASCENDING)], session=session)
    return cast("Iterator[bytes]", found)
