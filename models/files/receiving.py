"""Takes a file from a person: checked for space, size, viruses and lies before anybody can use it."""

from typing import IO

from bson import ObjectId

from models import audit
from models.errors import InvalidError, ValueProblem
from models.files import pictures, storage
from models.files.kinds import HEAD, IMAGE_TYPES, UNKNOWN_TYPE, true_name
from models.files.names import clean_name
from models.files.scanning import InfectedError
from models.messages import Message, _
from models.people import Actor, User


def receive(
    stream: IO[bytes],
    name: str,
    person: User,
    *,
    purpose: str = storage.UPLOAD,
    max_bytes: int,
    to_show: bool = False,
) -> ObjectId:
    """Keep a file that a person sends, and return its id.

    Args:
        stream: read to its end.
        name: as the sender calls it.
        person: who sends it.
        purpose: `upload`, or `import` for one that is only read.
        max_bytes: as much as is taken.
        to_show: whether it must be a picture that can be shown. Elsewhere one that cannot is kept as a file
            of unknown type, so that nobody's browser is asked to open it.

    Raises:
        InvalidError: beside `file`: it is infected, is not what its name says, or cannot be shown.
        DomainError: see `storage.store`; nothing is kept.
    """
    try:
        file_id = storage.store(stream, name, person.id, purpose=purpose, max_bytes=max_bytes)
    except InfectedError as error:
        found = {"name": error.name, "virus": error.virus}
        audit.note("file.infected", actor=Actor.of(person), subject=error.name, details=found)
        raise
    if purpose != storage.UPLOAD:
        return file_id
    try:
        _look_at(file_id, clean_name(name), to_show=to_show)
    except BaseException:
        storage.delete(file_id)
        raise
    return file_id


def _look_at(file_id: ObjectId, name: str, *, to_show: bool) -> None:
    """Give a file the name and type it deserves. Raises InvalidError beside `file`."""
    media_type = str(storage.info(file_id)["type"])
    if to_show and media_type not in IMAGE_TYPES:
        raise _refused(_("This is not a picture (PNG, JPEG, GIF or WebP)."))
    kept_as = true_name(name, media_type, storage.open_file(file_id).read(HEAD))
    if kept_as is None:
        raise _refused(_("“%(name)s” is not what its name says. Please check the file.", name=name))
    if media_type in IMAGE_TYPES:
        try:
            pictures.examine(file_id, media_type)
        except ValueProblem as problem:
            if to_show:
                raise _refused(problem.message) from None
            media_type = UNKNOWN_TYPE
    storage.describe(file_id, name=kept_as, media_type=media_type)


def _refused(message: Message) -> InvalidError:
    return InvalidError({"file": [message]})
