"""Files in GridFS. An uploaded file belongs to whoever sent it, until a record claims it."""

from models.files.kinds import IMAGE_TYPES, UNKNOWN_TYPE, content_type
from models.files.names import MAX_NAME, clean_name
from models.files.pictures import require_fit, thumbnail
from models.files.receiving import receive
from models.files.storage import (
    IMPORT,
    INCOMING,
    MADE,
    UPLOAD,
    claim,
    copy_to,
    delete,
    ensure_indexes,
    give_up,
    info,
    keep,
    open_file,
    retain,
    store,
    sweep_unclaimed,
    touch,
    waiting_pictures,
)

__all__ = [
    "IMAGE_TYPES",
    "IMPORT",
    "INCOMING",
    "MADE",
    "MAX_NAME",
    "UNKNOWN_TYPE",
    "UPLOAD",
    "claim",
    "clean_name",
    "content_type",
    "copy_to",
    "delete",
    "ensure_indexes",
    "give_up",
    "info",
    "keep",
    "open_file",
    "receive",
    "require_fit",
    "retain",
    "store",
    "sweep_unclaimed",
    "thumbnail",
    "touch",
    "waiting_pictures",
]
