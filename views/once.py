"""What the browser's outbox (`js/outbox.js`) sends: done once, for the person who typed it."""

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from flask import abort, request

from models.changes import Write
from models.database import Document
from models.once import Sending, digest, once
from views.context import require_person

KEY = "Idempotency-Key"
PERSON = "X-Person"
AGO = "X-Typed-Ago"

LONGEST: Final = 12
"""Digits of a time that somebody may have waited for the network."""

Remember = Callable[[Document], Write]


def sent_once(work: Callable[[Remember], Document]) -> Document:
    """Do what the outbox sent unless it was done already; return what is remembered of it.

    Args:
        work: gets `remember`, stores `remember(about)` in the transaction of what it does, and returns the
            same `about`. Its refusals are raised.

    Another person than the one who typed it is answered 412: the outbox keeps it for its owner.
    """
    person = require_person()
    if request.headers.get(PERSON, str(person.id)) != str(person.id):
        abort(HTTPStatus.PRECONDITION_FAILED)
    sending = Sending(person.id, request.headers.get(KEY, ""), _said())
    return once(sending, lambda: work(sending.remember))


def _said() -> str:
    """Return a digest of what was sent; of files their names, which are enough to tell two sendings apart."""
    typed = [pair for pair in request.form.items(multi=True) if pair[0] != "csrf_token"]
    return digest(
        request.path, typed, [(name, one.filename) for name, one in request.files.items(multi=True)]
    )


def typed_ago() -> timedelta:
    """Return how long ago by the sender's own clock that was typed which is sent now."""
    said = request.headers.get(AGO, "")
    milliseconds = int(said) if said.isascii() and said.isdigit() and len(said) <= LONGEST else 0
    return timedelta(milliseconds=milliseconds)
