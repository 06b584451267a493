"""What of a form and of its records a person is shown: what is closed is taken out before it is worded.

A hidden field is not there. A masked one stands there as `MASKED`, whatever it holds and even if it is empty.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from models import access, rules
from models.database import Document
from models.definition import Definition, Sort
from models.field_limits import MASK, FieldLimits, limit_of, withholds
from models.forms import LiveForm
from models.people import EVERY_FIELD, Limit, User


class _Masked(str):
    """The mask, told from the same text that somebody typed by being this very object."""

    __slots__ = ()


MASKED: Final = _Masked(MASK)


class Disclosure:
    """What one person is shown of one form; looked up once for a whole list."""

    def __init__(self, person: User | None, form: LiveForm) -> None:
        """Begin; `None` is the program, to which everything is open."""
        self.person, self.form = person, form
        self.limits = FieldLimits(person, form)

    @property
    def unasked(self) -> frozenset[str]:
        """The fields by which the person may not filter, sort or search."""
        return self.limits.unasked

    @cached_property
    def knows_titles(self) -> bool:
        """Whether the person may know what the records are called; else their numbers stand for it."""
        return self.person is None or access.knows_titles(self.person, self.form)

    @cached_property
    def unsearched(self) -> frozenset[str]:
        """The fields by whose words the person may not find: closed ones, and names of records that are."""
        searched = [field for field in self.form.definition.value_fields if field.searchable]
        unseen = (
            field.key
            for field in searched
            if self.person is not None and not access.names_only_seen(self.person, field)
        )
        return self.unasked | frozenset(unseen)

    @cached_property
    def absent(self) -> frozenset[str]:
        """The fields that are hidden on every record: to this person the form does not have them."""
        return self.limits.absent

    @cached_property
    def definition(self) -> Definition:
        """The form as the person knows it."""
        return without(self.form.definition, self.absent)

    @cached_property
    def askable(self) -> Definition:
        """The form with the fields only by which the person may filter and sort."""
        return without(self.form.definition, self.unasked)

    def described(self) -> Document:
        """Return the form for programs: with nothing that names what is hidden on every record."""
        document: Document = _unnamed(self.definition.dump(), self.absent)
        return document

    def titled(self, record: Document) -> Document:
        """Return a record with its number for a title that may name what the person does not see."""
        if self.knows_titles or "title" not in record:
            return record
        return {**record, "title": record.get("number") or ""}

    def definition_of(self, record: Mapping[str, Any], definition: Definition | None = None) -> Definition:
        """Return a version of the form (by default this one) without what is hidden on a record."""
        whole = definition or self.form.definition
        limits = self.limits.of(record)
        return without(
            whole, {field.key for field in whole.fields if limit_of(limits, field.key) == Limit.HIDDEN}
        )

    def definition_of_new(self) -> Definition:
        """Return the form without what is hidden from whoever creates a record."""
        limits = self.limits.of_new()
        return without(self.form.definition, {key for key in limits if limits[key] == Limit.HIDDEN})

    def closed(self, record: Mapping[str, Any] | None) -> dict[str, Limit]:
        """Return the limits of the fields of a record, or (None) of a new one."""
        return dict(self.limits.of_new() if record is None else self.limits.of(record))

    def is_withheld(self, record: Mapping[str, Any], key: str) -> bool:
        """Tell whether the value of a field, of any version, is masked or hidden on a record."""
        return withholds(self.limits.of(record), key)

    def is_masked(self, record: Mapping[str, Any], key: str) -> bool:
        """Tell whether a field is masked on a record."""
        return key in self.form.definition.by_key and limit_of(self.limits.of(record), key) == Limit.MASKED

    def shown(self, record: Document, uncovered: Collection[str] = ()) -> Document:
        """Return a record as the person is shown it: without hidden values, masks for masked ones.

        Masks of `uncovered` fields are lifted; whoever does so notes it.
        """
        record = self.titled(record)
        limits = {
            key: limit
            for key, limit in self.limits.of(record).items()
            if limit != Limit.MASKED or key not in uncovered
        }
        if not _withholds(limits):
            return record
        data = {key: value for key, value in record.get("data", {}).items() if not _withheld(limits, key)}
        masked = {
            key: MASKED for key, limit in limits.items() if limit == Limit.MASKED and key != EVERY_FIELD
        }
        return {**record, "data": {**data, **masked}}

    def plain(self, record: Document) -> Document:
        """Return a record without what is masked or hidden, for what copies or compares values."""
        limits = self.limits.of(record)
        if not _withholds(limits):
            return record
        data = record.get("data", {})
        return {**record, "data": {key: data[key] for key in data if not _withheld(limits, key)}}

    def entries(self, record: Document, entries: Iterable[Document]) -> list[Document]:
        """Return entries of a record's history as the person is shown them."""
        limits = self.limits.of(record)
        if not _withholds(limits):
            return list(entries)
        return [{**entry, "changes": list(_changes(limits, entry["changes"]))} for entry in entries]


def without(definition: Definition, keys: Collection[str]) -> Definition:
    """Return a definition that lacks some fields; it is for showing and asking, never for storing."""
    gone = frozenset(keys) & definition.by_key.keys()
    if not gone:
        return definition
    known = {name: getattr(definition, name) for name in type(definition).model_fields}
    kept = {
        name: tuple(key for key in known[name] if key not in gone)
        for name in ("title_fields", "list_columns", "inline_columns")
    }
    fields = tuple(field for field in definition.fields if field.key not in gone)
    narrowed: dict[str, Any] = {**kept, "fields": fields, "sort": _kept_sort(definition.sort, gone)}
    if definition.business_key in gone:
        narrowed["business_key"] = ""
    return Definition.model_construct(**{**known, **narrowed})


def _unnamed(value: Any, keys: Collection[str]) -> Any:  # noqa: ANN401  (JSON)
    """Return a part of a definition without the rules that ask for some fields, and without their keys."""
    if isinstance(value, Mapping):
        kept = {name: one for name, one in value.items() if not _asks(one, keys)}
        return {name: _unnamed(one, keys) for name, one in kept.items()}
    if isinstance(value, list):
        return [_unnamed(one, keys) for one in value if not (isinstance(one, str) and one in keys)]
    return value


def _asks(value: Any, keys: Collection[str]) -> bool:  # noqa: ANN401  (JSON)
    """Tell whether something is a rule that asks for one of some fields."""
    if not isinstance(value, Mapping) or not {"all", "any", "not", "op"} & value.keys():
        return False
    return any(name.partition(".")[0] in keys for name in rules.fields_used(value))


def _kept_sort(sort: Sort | None, gone: Collection[str]) -> Sort | None:
    return None if sort and sort.field in gone else sort


def _withheld(limits: Mapping[str, Limit], key: str) -> bool:
    return not key.startswith("@") and withholds(limits, key)


def _withholds(limits: Mapping[str, Limit]) -> bool:
    return any(limit != Limit.READ_ONLY for limit in limits.values())


def _changes(limits: Mapping[str, Limit], changes: Iterable[Document]) -> Iterator[Document]:
    for change in changes:
        if not _withheld(limits, change["field"]):
            yield change
        elif limit_of(limits, change["field"]) == Limit.MASKED:
            yield {**change, "before": MASKED, "after": MASKED}
