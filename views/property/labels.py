"""Labels with QR codes: for items that are ticked, for one, or for a filtered list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import segno
from bson import ObjectId
from flask import current_app, make_response, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from models import queries
from models.access import Action, records_filter, require
from models.database import Document
from models.disclosure import Disclosure
from models.errors import InvalidError
from models.forms import LiveForm
from models.ledger import labels
from models.lookups import Lookup
from models.messages import Message, _
from models.queries import ListQuery
from views import context
from views.property import base, label_choices
from views.property.label_choices import NUMBER, TITLE, Choices
from views.property.label_paper import FREE, ROLLS, SHEETS, Box, Fitted, areas, fit
from views.records.facts import shown

MOST_ITEMS: Final = 500
MOST_LABELS: Final = 2000
YEAR_SECONDS: Final = 31_536_000
_FEW: Final = 5


@dataclass(frozen=True)
class Label:
    """One label: the QR code as SVG, its text, and what the item is called where it is told of."""

    picture: Markup
    text: Fitted
    called: str


@base.pages.route("/<form>/labels", methods=["GET", "POST"], endpoint="labels")
def print_labels(form: str) -> ResponseReturnValue:
    """Show labels as they are printed; `ids` are posted or in the address, else those of the list there."""
    ledger = base.ledger(form)
    person = context.require_person()
    require(person, ledger.key, Action.PRINT)
    told = base.told(ledger)
    chosen, errors = _chosen(told)
    wanted, too_many = _wanted(ledger)
    if too_many is not None:
        return _page(told, chosen, errors, [], too_many), InvalidError.status
    items = _items(ledger, wanted)
    if len(items) * chosen.copies > MOST_LABELS:
        errors["copies"] = [_("At most %(max)s labels at a time.", max=f"{MOST_LABELS:,}")]
        chosen = Choices(**{**vars(chosen), "copies": 1})
    gone = len(wanted) - len(items)
    response = make_response(_page(told, chosen, errors, items, None, gone), 422 if errors else 200)
    if request.method == "POST" and not errors:
        response.set_cookie(
            _cookie(ledger),
            chosen.dump(),
            max_age=YEAR_SECONDS,
            path="/property",
            samesite="Lax",
            httponly=True,
        )
    return response


def _cookie(ledger: LiveForm) -> str:
    return f"labels-{ledger.key}"


def _chosen(told: Disclosure) -> tuple[Choices, dict[str, list[Message]]]:
    """Return what is chosen, and what of it cannot be."""
    if "paper" not in request.form:
        return label_choices.kept(told, request.cookies.get(_cookie(told.form), "")), {}
    return label_choices.read(told, {**request.form, "fields": request.form.getlist("fields")})


def _wanted(ledger: LiveForm) -> tuple[list[ObjectId], Message | None]:
    """Return the items that were chosen, or why they are too many."""
    given = request.values.getlist("ids")
    if not given and "all" in request.args:
        return _of_list(ledger)
    ids = [ObjectId(one) for one in dict.fromkeys(given) if ObjectId.is_valid(one)]
    return (ids, None) if len(ids) <= MOST_ITEMS else ([], _too_many(f"{len(ids):,}"))


def _of_list(ledger: LiveForm) -> tuple[list[ObjectId], Message | None]:
    """Return the items of a list as its address describes it, in its order."""
    person, query = context.require_person(), _list_query(ledger)
    told = base.told(ledger)
    ordered = queries.order(queries.path_for(told, query.sort), descending=query.descending)
    matching = ledger.records().find(queries.list_filter(person, ledger, query, told=told), {"_id": 1})
    found = [one["_id"] for one in matching.sort(ordered).limit(MOST_ITEMS + 1)]
    if len(found) <= MOST_ITEMS:
        return found, None
    count = queries.count(person, ledger, query)
    return [], _too_many(f"{count.value:,}" if count.exact else f"{count.value:,}+")


def _list_query(ledger: LiveForm) -> ListQuery:
    """Return what the list of a ledger would show at this address; its screens read that."""
    [admin] = current_app.extensions["admin"]
    [hub] = [view for view in admin._views if view.endpoint == "records"]  # noqa: SLF001  (no other list)
    query: ListQuery = hub.screen(ledger.key).list_state().query
    return query


def _too_many(count: str) -> Message:
    return _(
        "These are %(count)s items; labels are printed for at most %(max)s at a time. Filter the list first.",
        count=count,
        max=MOST_ITEMS,
    )


def _items(ledger: LiveForm, wanted: Sequence[ObjectId]) -> list[Document]:
    """Return those items that the reader may print, in the order in which they were chosen."""
    seen = records_filter(context.require_person(), ledger, Action.PRINT)
    found = ledger.records().find({"$and": [{"_id": {"$in": wanted}}, seen]}, {"search": 0, "stock": 0})
    by_id = {one["_id"]: one for one in found}
    return [by_id[one] for one in wanted if one in by_id]


def _page(
    told: Disclosure,
    chosen: Choices,
    errors: dict[str, list[Message]],
    items: list[Document],
    too_many: Message | None,
    gone: int = 0,
) -> str:
    paper = chosen.on
    picture, text = areas(paper.width, paper.height)
    made = _labels(told, chosen, items, text)
    incomplete = [one.called for one in made if one.text.left_out]
    first = chosen.start - 1
    cells = [None] * first + [one for one in made for _copy in range(chosen.copies)]
    pages = [cells[at : at + paper.on_page] for at in range(0, len(cells), paper.on_page)] if made else []
    return base.show(
        "labels",
        ledger=told.form,
        chosen=chosen,
        paper=paper,
        picture=picture,
        text=text,
        places=[paper.place(at) for at in range(paper.on_page)],
        letters=sorted({one.text.letters for one in made}),
        pages=pages,
        items=items,
        count=len(made) * chosen.copies,
        sheets=SHEETS,
        rolls=ROLLS,
        free=FREE,
        fields=_possible(told),
        errors={key: " ".join(map(context.say, found)) for key, found in errors.items()},
        too_many=too_many,
        gone=gone,
        incomplete=incomplete[:_FEW],
        incomplete_count=len(incomplete),
        leads_to=context.site_origin(),
        is_fixed=bool(current_app.config["SETTINGS"].public_url),
    )


def _possible(told: Disclosure) -> list[tuple[str, str]]:
    """Return what can stand on a label, each with its caption."""
    language = context.current_language()
    return [
        (NUMBER, context.say(_("Number"))),
        (TITLE, context.say(_("Title"))),
        *((one.key, one.label.text(language) or one.key) for one in label_choices.showable(told)),
    ]


def _labels(told: Disclosure, chosen: Choices, items: list[Document], box: Box) -> list[Label]:
    codes = labels.codes(told.form.key, [one["_id"] for one in items])
    lookup = context.current_lookup()
    plain = [told.titled(told.plain(one)) for one in items]
    lookup.prime(told.definition, plain, chosen.fields)
    return [_label(told, chosen, item, codes[item["_id"]], lookup, box) for item in plain]


def _label(told: Disclosure, chosen: Choices, item: Document, code: str, lookup: Lookup, box: Box) -> Label:
    square = segno.make(f"{context.site_origin()}/p/{code}", error="m", micro=False)
    lines = [*_lines(told, chosen, item, lookup), labels.shown(code)]
    picture = Markup(square.svg_inline(border=2, omitsize=True))  # noqa: S704  (drawn by us)
    return Label(picture, fit(lines, box), item.get("number") or item.get("title") or code)


def _lines(told: Disclosure, chosen: Choices, item: Document, lookup: Lookup) -> list[str]:
    found = []
    for key in chosen.fields:
        if key in {NUMBER, TITLE}:
            found.append(str(item.get(key) or ""))
        elif field := told.definition.by_key.get(key):
            text = " ".join(shown(field, item["data"].get(key), lookup).split())
            caption = field.label.text(lookup.language)
            joined = f"{caption}: {text}" if lookup.language == "en" else f"{caption}：{text}"
            found.append(joined if chosen.captions and text else text)
    return [one for one in dict.fromkeys(found) if one]
