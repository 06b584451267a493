"""Pictures that come with what is sent from a small page."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bson import ObjectId
from flask import current_app, request

from models import files
from models.errors import DomainError, InvalidError
from models.files.limits import MEGABYTE
from views.context import require_person

MOST: Final = 10
LARGEST: Final = 20
"""Megabytes of a picture that no field's own limit says anything of."""


@contextmanager
def received(megabytes: int = LARGEST, name: str = "photos") -> Iterator[list[ObjectId]]:
    """Keep the pictures that were sent, each no larger than so much, unless what they belong to is refused.

    Raises InvalidError beside `name`.
    """
    limit = min(megabytes * MEGABYTE, current_app.config["MAX_CONTENT_LENGTH"])
    sent = [one for one in request.files.getlist(name) if one.filename]
    kept: list[ObjectId] = []
    try:
        for one in sent[:MOST]:
            called = one.filename or "photo"
            kept.append(files.receive(one.stream, called, require_person(), max_bytes=limit, to_show=True))
        yield kept
    except DomainError as error:  # of any other error it is not known whether the record has them
        for file_id in kept:
            files.delete(file_id)
        if isinstance(error, InvalidError) and "file" in error.errors:
            raise InvalidError({name: error.errors["file"]}) from None
        raise
