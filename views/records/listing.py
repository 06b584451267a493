"""The list of a form: what the address asks for, and the rows as a lean template prints them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, repeat
from typing import Any, NamedTuple
from urllib.parse import urlencode

from bson import ObjectId
from flask import request, url_for
from markupsafe import Markup

from models import saved_views
from models.database import Document
from models.definition import STATE, Definition, Field, RuleTree
from models.disclosure import MASKED, Disclosure
from models.errors import NotFoundError
from models.fields import type_of
from models.forms import LiveForm
from models.lookups import Lookup
from models.people import User
from models.queries import SYSTEM_FIELDS, ListQuery, sort_path
from models.saved_views import SavedView
from views.context import current_language, current_lookup
from views.records.filters import label_of

PAGE_SIZES = (20, 50, 100, 200)
DEFAULT_PAGE_SIZE = 50
MAX_COLUMNS = 60
CLIP_AT = 120
MAX_PICTURES = 3
FILTERS_GIVEN = "flt"
MOMENTS = frozenset({"created_at", "updated_at"})
_CLIPPED = frozenset({
    "text", "long_text", "link", "multi_choice", "reference", "table", "attachment", "image", "signature",
})  # fmt: skip
_NUMERIC = frozenset({"integer", "decimal", "money", "percent", "duration"})


class Cell(NamedTuple):
    """One cell: the attributes it shares with its column, text, tags as (text, colour), and pictures.

    A picture is told by its file, and by what is read out for it: the first one stands for all.
    """

    attributes: Markup
    text: str
    tags: Sequence[tuple[str, str]] = ()
    pictures: Sequence[tuple[str, str]] = ()


class Row(NamedTuple):
    """One record of a list; the first cell leads to it."""

    id: str
    url: str
    revision: int
    first: Cell
    others: list[Cell]


@dataclass(frozen=True)
class Column:
    """One column of a list."""

    key: str
    label: str
    css: str
    sortable: bool
    is_editable: bool = False
    is_first: bool = False
    is_title: bool = False

    @cached_property
    def attributes(self) -> Markup:
        """The attributes of its cells, escaped once and not once for every row."""
        marks = {self.css: True, "cell-title": self.is_title, "cell-key": self.is_first}
        css = " ".join(name for name, applies in marks.items() if name and applies)
        named = {"data-label": self.label, "class": css, "data-inline": self.key if self.is_editable else ""}
        pairs = (Markup(' {}="{}"').format(name, value) for name, value in named.items() if value)
        return Markup("").join(pairs)


@dataclass(frozen=True)
class ListState:
    """What the address asks for: a query, the filters as arguments, and the saved view it came from.

    `start` is what the list shows where the address says nothing: the view's query, or the form's own.
    """

    query: ListQuery
    start: ListQuery
    filters: tuple[tuple[str, str], ...] = ()
    view: SavedView | None = None

    def arguments(self, **changes: Any) -> dict[str, str]:  # noqa: ANN401  (arguments of an address)
        """Return the address's arguments, with some changed; None removes one, and paging begins anew."""
        query, start = self.query, self.start
        sorted_as = (query.sort, query.descending)
        own: dict[str, Any] = {
            "search": query.search if query.search != start.search else None,
            "sort": query.sort if sorted_as != (start.sort, start.descending) else None,
            "desc": int(query.descending) if sorted_as != (start.sort, start.descending) else None,
            "page_size": query.page_size if query.page_size != DEFAULT_PAGE_SIZE else None,
            "columns": ",".join(query.columns) if query.columns != start.columns else None,
            "bin": "1" if query.deleted else None,
            **dict(self.filters),
            **changes,
        }
        if self.view:  # what the address itself says goes before what the view says
            own = {"view": self.view.id, FILTERS_GIVEN: "1", **own}
        return {name: str(value) for name, value in own.items() if value is not None}

    def url(self, **changes: Any) -> str:  # noqa: ANN401  (arguments of an address)
        """Return the address of this list with some arguments changed."""
        return f"{url_for('.index_view')}?{urlencode(self.arguments(**changes))}".rstrip("?")


def read_state(
    person: User, told: Disclosure, filters: Sequence[tuple[str, str]], leaves: Sequence[RuleTree]
) -> ListState:
    """Read the address. What makes no sense in it (a column that is gone, page −1) is left out."""
    definition = told.definition
    view = _saved_view(person, told.form, request.args.get("view", ""))
    start = (
        view.list_query
        if view
        else ListQuery(columns=default_columns(definition), **_default_sort(definition))
    )
    sort = request.args.get("sort", start.sort)
    known_sort = sort if sort_path(told.askable, sort) != "_id" else ""
    where: RuleTree | None = {"all": list(leaves)} if leaves else None
    query = replace(
        start,
        where=where,
        search=request.args.get("search", start.search).strip()[:200],
        sort=known_sort,
        descending=_descending(start),
        page_size=_page_size(),
        columns=_columns(definition, start),
        deleted=request.args.get("bin") == "1",
        cursor=request.args.get("cursor", ""),
    )
    return ListState(query, start, tuple(filters), view)


def _saved_view(person: User, form: LiveForm, view_id: str) -> SavedView | None:
    if not ObjectId.is_valid(view_id):
        return None
    found = [view for view in saved_views.of_person(person, form.key) if str(view.id) == view_id]
    if not found:
        raise NotFoundError
    return found[0]


def _descending(start: ListQuery) -> bool:
    if "desc" in request.args:
        return request.args["desc"] != "0"
    return start.descending if "sort" not in request.args else True


def _page_size() -> int:
    wanted = request.args.get("page_size", DEFAULT_PAGE_SIZE, type=int)
    return wanted if wanted in PAGE_SIZES else DEFAULT_PAGE_SIZE


def _columns(definition: Definition, start: ListQuery) -> tuple[str, ...]:
    asked = tuple(key for key in request.args.get("columns", "").split(",") if key) or start.columns
    known = tuple(dict.fromkeys(key for key in asked if key in definition.by_key or key in SYSTEM_FIELDS))
    return known[:MAX_COLUMNS] or default_columns(definition)


def default_columns(definition: Definition) -> tuple[str, ...]:
    """Return the columns a list shows until somebody chooses others."""
    if definition.list_columns:
        return definition.list_columns
    marked = tuple(field.key for field in definition.value_fields if field.in_list)
    numbered = ("number",) if definition.numbering else ()
    state = (STATE,) if definition.workflow else ()
    return (
        *numbered,
        *state,
        *(marked or tuple(field.key for field in definition.value_fields[:8])),
        "updated_at",
    )


def _default_sort(definition: Definition) -> dict[str, Any]:
    if definition.sort is None:
        return {}
    return {"sort": definition.sort.field, "descending": definition.sort.descending}


def columns_of(
    definition: Definition,
    keys: Sequence[str],
    *,
    editable: frozenset[str] = frozenset(),
    unasked: frozenset[str] = frozenset(),
) -> list[Column]:
    """Return the columns with their captions in the reader's language.

    `editable` ones are changed in place, by `unasked` ones nobody sorts.
    """
    language = current_language()
    return [
        Column(
            key,
            label_of(definition, key, language),
            _css(key, definition.by_key.get(key)),
            sort_path(definition, key) != "_id" and key not in unasked,
            is_editable=key in editable,
            is_first=index == 0,
            is_title=key in definition.title_fields[:1],
        )
        for index, key in enumerate(keys)
    ]


def _css(key: str, field: Field | None) -> str:
    if field is None:
        return "cell-time" if key in MOMENTS else ""
    if field.type in {"date", "datetime"}:
        return "cell-time"
    if field.type in _NUMERIC or (field.type == "computed" and field.result in {"decimal", "integer"}):
        return "num"
    return "cell-clip" if field.type in _CLIPPED else ""


def rows_of(
    form: LiveForm, records: list[Document], columns: Sequence[Column], base: str = ""
) -> Iterator[Row]:
    """Yield the rows of a page; names behind ids are fetched once for all of them.

    `base` is where the form's records are, where that is not the page's own view.
    """
    lookup = current_lookup()
    lookup.prime(form.definition, records, [column.key for column in columns])
    base = base or url_for(".index_view")
    fields = [(column, _field_of(form.definition, column.key)) for column in columns]
    for record in records:
        first, *others = [_cell(record, column, field, lookup) for column, field in fields]
        record_id = str(record["_id"])
        yield Row(record_id, f"{base}{record_id}", record["revision"], first, others)


def _field_of(definition: Definition, key: str) -> Field | None:
    return definition.state_field if key == STATE else definition.by_key.get(key)


def _cell(record: Document, column: Column, field: Field | None, lookup: Lookup) -> Cell:
    if field is None:
        return Cell(column.attributes, system_text(record, column.key, lookup))
    value = record.get(STATE) if column.key == STATE else record["data"].get(field.key)
    if value is None or value is MASKED:
        return Cell(column.attributes, value or "")
    if field.type in {"choice", "multi_choice"}:
        return Cell(column.attributes, "", tags_of(field, value, lookup.language))
    text = type_of(field).display(field, value, lookup, lookup.language)
    if field.type == "image" and not column.is_first:
        files = [str(one["file"]) for one in value[:MAX_PICTURES]]
        return Cell(column.attributes, text, pictures=[*zip(files, chain([text], repeat("")), strict=False)])
    return Cell(column.attributes, text if len(text) <= CLIP_AT else f"{text[:CLIP_AT]}…")


def tags_of(field: Field, value: Any, language: str) -> list[tuple[str, str]]:  # noqa: ANN401  (stored)
    """Return the options of a choice as (label, colour)."""
    keys = value if isinstance(value, list) else [value]
    options = [field.options_by_key.get(key) for key in keys]
    return [
        (option.label.text(language) or key, option.color or "gray") if option else (key, "gray")
        for key, option in zip(keys, options, strict=True)
    ]


def state_tag(definition: Definition, record: Document, language: str) -> tuple[str, str] | None:
    """Return the state of a record as (label, colour); None where its form has no workflow."""
    if definition.workflow is None:
        return None
    state = definition.workflow.state_of(record)
    return state.label.text(language) or state.key, state.shown_color


def system_text(record: Document, key: str, lookup: Lookup) -> str:
    """Return a system column as text."""
    value = record.get(key)
    if value is None:
        return ""
    if key in {"created_by", "updated_by", "owner"}:
        return lookup.person(value)
    if key == "department":
        return lookup.department(value)
    if key in MOMENTS:
        return str(value.astimezone(lookup.timezone).strftime("%Y-%m-%d %H:%M"))
    return str(value)
