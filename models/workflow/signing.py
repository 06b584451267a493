"""Signatures: typed or drawn, bound to the content that was signed by its hash."""

import base64
import binascii
import hashlib
import io
from collections.abc import Mapping
from typing import Any

from bson import ObjectId, json_util

from models import files
from models.changes import Change
from models.database import Document
from models.errors import InvalidError, NotFoundError, ValueProblem
from models.history import CANONICAL
from models.messages import Message, _
from models.people import Actor, User
from models.procedure import Signing

MAX_DRAWING_BYTES = 512 * 1024
_PNG = "data:image/png;base64,"


def content_hash(form: str, record: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what somebody signs: which record it is, and every value it holds."""
    content = {"form": form, "id": record["_id"], "data": record["data"]}
    return hashlib.sha256(
        json_util.dumps(content, json_options=CANONICAL, sort_keys=True).encode()
    ).hexdigest()


def still_holds(signature: Mapping[str, Any], form: str, record: Mapping[str, Any]) -> bool:
    """Tell whether a record still holds what was signed."""
    return bool(signature.get("hash") == content_hash(form, record))


def read(actor: Actor, person: User, mode: Signing, raw: object) -> Document | None:
    """Read what a person signed with; None where no signature is asked for.

    Args:
        actor: who acts.
        person: whose signature it is.
        mode: `no`, `typed` (the own name) or `drawn`.
        raw: the typed name, or the id of an uploaded PNG or a data URL of one.

    Returns:
        `kind`, `name` or `file`, `by`, `by_name`; `complete` adds the moment and the hash.

    Raises InvalidError beside `signature`.
    """
    if mode == "no":
        return None
    given = raw.get(mode) if isinstance(raw, Mapping) else raw
    who = {"kind": mode, "by": person.id, "by_name": str(person)}
    if mode == "typed":
        return {**who, "name": _typed(person, given)}
    return {**who, "file": _drawn(actor, given)}


def _typed(person: User, given: object) -> str:
    name = " ".join(given.split()) if isinstance(given, str) else ""
    if not name:
        raise _refused(_("Sign with your name."))
    if name.casefold() not in {" ".join(str(person).split()).casefold(), str(person.username).casefold()}:
        raise _refused(_("This is not your own name."))
    return name


def _drawn(actor: Actor, given: object) -> ObjectId:
    if isinstance(given, str) and given.startswith(_PNG):
        return _store(actor, given.removeprefix(_PNG))
    if not isinstance(given, str | ObjectId) or not ObjectId.is_valid(given):
        raise _refused(_("Draw your signature."))
    file_id = ObjectId(given)
    try:
        info = files.info(file_id)
    except NotFoundError:
        raise _refused(_("This is not a drawn signature.")) from None
    free = info.get("claimed_by") is None and info.get("purpose") == "upload" and info["owner"] == actor.id
    if not free or info.get("type") != "image/png":
        raise _refused(_("This is not a drawn signature."))
    return file_id


def _store(actor: Actor, encoded: str) -> ObjectId:
    try:
        drawing = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        drawing = b""
    if len(drawing) > MAX_DRAWING_BYTES or files.content_type(drawing[:4096]) != "image/png":
        raise _refused(_("This is not a drawn signature."))
    try:
        files.require_fit(io.BytesIO(drawing), "image/png")
    except ValueProblem as problem:
        raise _refused(problem.message) from None
    stream = io.BytesIO(drawing)
    return files.store(stream, "signature.png", actor.id, purpose="upload", max_bytes=MAX_DRAWING_BYTES)


def _refused(message: Message) -> InvalidError:
    return InvalidError({"signature": [message]})


def attach(change: Change, signature: Document | None) -> None:
    """Make a signature part of a change: history keeps it, and its drawing belongs to the record."""
    if signature is None:
        return
    change.facts["signature"] = {**signature, "at": change.at}
    if drawing := signature.get("file"):
        change.writes.append(lambda session: _claim(change, drawing, session))


def _claim(change: Change, drawing: ObjectId, session: Any) -> None:  # noqa: ANN401  (a session)
    files.claim({drawing}, change.form.key, change.record["_id"], change.actor.id, session)


def complete(change: Change) -> None:
    """Bind the signature of a change to the content as it is stored."""
    signature = change.facts.get("signature")
    if signature and "hash" not in signature:
        signature["hash"] = content_hash(change.form.key, change.record)
