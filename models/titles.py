"""What a record is called and found by, derived from what it holds."""

from models.database import Document
from models.definition import Definition
from models.fields import type_of
from models.lookups import Lookup
from models.search import tokens

MAX_TITLE = 200


def called(definition: Definition, record: Document, lookup: Lookup) -> str:
    """Return what a record is called by what it holds now: its title, or its number where it has none."""
    return _title(definition, record, lookup)[:MAX_TITLE] or record["number"] or ""


def _title(definition: Definition, record: Document, lookup: Lookup) -> str:
    return " ".join(
        " ".join(_shown(definition, key, record, lookup) for key in definition.title_fields).split()
    )


def derived(definition: Definition, record: Document, lookup: Lookup) -> Document:
    """Return the title a record is called by and the tokens it is found by."""
    title = _title(definition, record, lookup)
    texts = [record["number"] or "", title]
    texts += [
        type_of(field).search_text(field, record["data"][field.key], lookup)
        for field in definition.value_fields
        if field.searchable and field.key in record["data"]
    ]
    return {"title": title[:MAX_TITLE] or record["number"] or "", "search": tokens(texts)}


def _shown(definition: Definition, key: str, record: Document, lookup: Lookup) -> str:
    field = definition.by_key.get(key)
    if field is None:
        return str(record.get(key) or "")
    value = record["data"].get(key)
    return "" if value is None else type_of(field).display(field, value, lookup, lookup.language)
