"""The scanner's page: open what is scanned, or collect several things for one slip."""

from contextlib import suppress

from flask import jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from models import access
from models.database import Document
from models.errors import NotFoundError
from models.forms import LiveForm
from models.ledger import labels
from views import context
from views.property import base
from views.property.phone import lendings, picture_of, status, status_tag
from views.records.borrowing import slips_of
from views.records.pieces import Words

MOST_IN_BASKET = 50


@base.pages.get("/scan")
def scan() -> str:
    """Show the scanner."""
    return base.show("scan", most=MOST_IN_BASKET)


@base.pages.get("/scan/item")
def scanned() -> ResponseReturnValue:
    """Return as JSON what a label leads to (`?code=`), or else the item with a number (`?number=`)."""
    ledger, record, code = _find()
    told = base.told(ledger)
    shown = told.shown(record)
    tag = status_tag(told, record)
    picture = picture_of(told, record)
    words = Words(ledger, slips_of(ledger.key))
    return jsonify(
        id=str(record["_id"]),
        ledger=ledger.key,
        ledger_label=ledger.definition.label.text(context.current_language()),
        number=record.get("number") or "",
        called=shown.get("title") or record.get("number") or _("Record"),
        status=status(told, record, words),
        tag=tag[0] if tag else "",
        color=tag[1] if tag else "",
        picture=f"{picture}?thumbnail=1" if picture else "",
        url=url_for("label.item", code=code) if code else f"/records/{ledger.key}/{record['_id']}",
    )


def _find() -> tuple[LiveForm, Document, str]:
    """Return the ledger, the item and its code, if it may get one. Raises NotFoundError."""
    code, number = labels.read_code(request.args.get("code", "")), request.args.get("number", "")
    with suppress(NotFoundError):
        return (*labels.find(context.require_person(), code), code)
    ledger, record = _numbered(number.strip()[:100])
    if context.seen_as():
        return ledger, record, ""
    return ledger, record, labels.codes(ledger.key, [record["_id"]])[record["_id"]]


def _numbered(number: str) -> tuple[LiveForm, Document]:
    """Return the item that carries a number. Raises NotFoundError."""
    for ledger in base.ledgers() if number else ():
        seen = access.records_filter(context.require_person(), ledger)
        found = ledger.records().find_one({"$and": [{"number": number}, seen]}, {"search": 0})
        if found:
            return ledger, found
    raise NotFoundError


@base.pages.get("/<form>/basket")
def basket(form: str) -> str:
    """Show the small page that borrows several items by one slip: `?item=…&item=…`."""
    ledger = base.ledger(form)
    person = context.require_person()
    wanted = [access.object_id(one) for one in dict.fromkeys(request.args.getlist("item")[:MOST_IN_BASKET])]
    seen = {"$and": [{"_id": {"$in": wanted}}, access.records_filter(person, ledger)]}
    found = {one["_id"]: one for one in ledger.records().find(seen, {"search": 0})}
    items = [found[one] for one in wanted if one in found]
    told, words = base.told(ledger), Words(ledger, slips_of(ledger.key))
    rows = [
        {
            "id": one["_id"],
            "called": base.called(told, one),
            "unit": words.unit(told.plain(one)["data"]),
            "status": status(told, one, words),
        }
        for one in items
    ]
    return base.show(
        "basket",
        ledger=ledger,
        rows=rows,
        gone=len(wanted) - len(items),
        lendings=lendings(person, ledger, items) if items else [],
    )
