"""The indexes of a form's records: what lists, search, uniqueness and links need, and no more."""

from typing import Any, Final

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from models.definition import Definition, Field
from models.errors import InvalidError
from models.fields import type_of
from models.messages import Message, _

MAX_INDEXED: Final = 26
"""Of a form's fields; twice that, for the version that goes and the one that comes, and MongoDB has 64."""
SYSTEM_INDEXES = (
    [("search", ASCENDING), ("_id", DESCENDING)],
    [("number", ASCENDING), ("_id", ASCENDING)],
    [("title", ASCENDING), ("_id", ASCENDING)],
    [("created_at", ASCENDING), ("_id", ASCENDING)],
    [("updated_at", ASCENDING), ("_id", ASCENDING)],
    [("owner", ASCENDING), ("_id", ASCENDING)],
    [("department", ASCENDING), ("_id", ASCENDING)],
    [("assignees", ASCENDING), ("_id", ASCENDING)],
    [("invited", ASCENDING), ("_id", ASCENDING)],
)
_BUSY = {"stock.busy": True}
_WAITING = {"stock.promises.queued": True}
LEDGER_INDEXES = (
    IndexModel([("stock.positions.department", ASCENDING), ("_id", DESCENDING)]),
    IndexModel([("stock.positions.person", ASCENDING)], sparse=True),
    IndexModel([("stock.promises.person", ASCENDING)], sparse=True),
    IndexModel([("stock.busy", ASCENDING), ("_id", DESCENDING)], partialFilterExpression=_BUSY),
    IndexModel([("stock.promises.queued", ASCENDING)], partialFilterExpression=_WAITING),
)
"""Who holds or asked for what, what is lent or asked for at all, and who is in line."""
IN_BIN = {"deleted_at": {"$type": "date"}}
NOT_IN_BIN = {"deleted_at": {"$type": "null"}}
_DUPLICATE, _NOT_FOUND = 11000, 27

Records = Collection[dict[str, Any]]


def count(definition: Definition) -> int:
    """Return how many indexes the fields of a form need."""
    return sum(_is_indexed(definition, field) + field.unique for field in definition.value_fields)


def ensure(records: Records, definition: Definition) -> set[str]:
    """Create what is missing, in one pass over the records, and return the names of all that is needed.

    Raises InvalidError beside a field whose stored values are not unique.
    """
    present = set(records.index_information())
    plain, unique = _plain(definition), _unique(definition)
    missing = [index for index in plain if index.document["name"] not in present]
    if missing:
        records.create_indexes(missing)
    for field, index in unique:
        if index.document["name"] not in present:
            _create_unique(records, field, index)
    return {"_id_"} | {index.document["name"] for index in [*plain, *(index for _field, index in unique)]}


def drop_others(records: Records, wanted: set[str]) -> None:
    """Drop indexes that no version in force needs."""
    for name in set(records.index_information()) - wanted:
        try:
            records.drop_index(name)
        except OperationFailure as error:
            if error.code != _NOT_FOUND:  # someone else dropped it meanwhile
                raise


def _plain(definition: Definition) -> list[IndexModel]:
    fields = [
        [(_path(field), ASCENDING), ("_id", ASCENDING)]
        for field in definition.value_fields
        if _is_indexed(definition, field)
    ]
    state = [[("state", ASCENDING), ("_id", ASCENDING)]] if definition.workflow else []
    bin_index = IndexModel([("deleted_at", DESCENDING)], partialFilterExpression=IN_BIN)
    ledger = (*LEDGER_INDEXES, *_by_status(definition)) if definition.ledger else ()
    links = map(_link, _links(definition))
    return [*(IndexModel(keys) for keys in (*SYSTEM_INDEXES, *state, *fields)), bin_index, *ledger, *links]


def _by_status(definition: Definition) -> list[IndexModel]:
    """Return the index by which what is lent is listed in the ledger's own order, however much it is."""
    status = definition.by_key.get(definition.ledger.status) if definition.ledger else None
    order = definition.by_key.get(definition.sort.field) if definition.sort else None
    if status is None or order is None or order == status:
        return []
    return [IndexModel([(_path(status), ASCENDING), (_path(order), ASCENDING), ("_id", ASCENDING)])]


def _links(definition: Definition) -> list[Field]:
    """Return the references that have no index of their own: every record's page asks who refers to it.

    Those beyond what MongoDB has room for are looked for one by one.
    """
    found = [
        field
        for field in definition.value_fields
        if field.type == "reference" and not _is_indexed(definition, field)
    ]
    return found[: max(0, MAX_INDEXED - count(definition))]


def _link(field: Field) -> IndexModel:
    path = _path(field)
    return IndexModel(
        [(path, ASCENDING), ("_id", DESCENDING)],
        name=f"link_{field.key}",
        partialFilterExpression={path: {"$exists": True}},
    )


def _unique(definition: Definition) -> list[tuple[Field, IndexModel]]:
    return [
        (
            field,
            IndexModel(
                [(_path(field), ASCENDING)],
                name=f"unique_{field.key}",
                unique=True,
                partialFilterExpression={_path(field): {"$exists": True}, **NOT_IN_BIN},
            ),
        )
        for field in definition.value_fields
        if field.unique
    ]


def _is_indexed(definition: Definition, field: Field) -> bool:
    """Tell whether a field is looked up.

    A serial number always is, so that none is given twice; so is the business key, by which imports find
    their records, unless its unique index serves; and so is what people ask a ledger for every day.
    """
    is_key = field.key == definition.business_key and not field.unique
    ledger = definition.ledger
    asked = (ledger.status, ledger.due_on, ledger.holders, ledger.kept_by, ledger.customer) if ledger else ()
    return field.indexed or field.type == "serial" or is_key or field.key in asked


def _path(field: Field) -> str:
    return f"data.{type_of(field).comparable_path(field)}"


def _create_unique(records: Records, field: Field, index: IndexModel) -> None:
    try:
        records.create_indexes([index])
    except OperationFailure as error:
        if error.code != _DUPLICATE:
            raise
        message: Message = _("Some records have the same value here, so it cannot be made unique.")
        raise InvalidError({f"fields.{field.key}.unique": [message]}) from error
