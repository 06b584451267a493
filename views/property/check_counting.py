"""Counting on a telephone: the next line, what is scanned or searched, and what somebody counted."""

from contextlib import suppress
from typing import Any, Final

from bson import ObjectId
from flask import jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from models import access
from models.access import Action
from models.database import Document
from models.errors import NotFoundError
from models.ledger import labels
from models.ledger.stock_check.check import fetch
from models.ledger.stock_check.counting import MAX_NOTE, Count, count
from models.ledger.stock_check.finding import MAX_NAME, MAX_PLACE, Found, found
from models.ledger.stock_check.reading import Reader
from views import context
from views.once import Remember, sent_once, typed_ago
from views.property import base, pictures, typed
from views.property.check_lines import Row, rows
from views.records.listing import state_tag

AT_ONCE: Final = 100
"""Lines that a telephone holds, so that counting goes on where there is no network."""
SHOWN: Final = 30


@base.pages.get("/checks/<check_id>/count")
def check_count(check_id: str) -> str:
    """Show the page on which a check is counted."""
    person = context.require_person()
    check = fetch(person, check_id, Action.EDIT)
    reader = Reader(person, check)
    which = "open" if check.is_counting else "again"
    counts_now = check.is_counting or check.is_reviewing
    lines, more = reader.page(which, limit=AT_ONCE) if counts_now else ([], "")
    return base.show(
        "check_count",
        check=check,
        called=base.called(base.told(check.form), check.record),
        state=state_tag(check.form.definition, check.record, context.current_language()),
        numbers=reader.numbers(),
        lines={"lines": rows(reader, lines), "more": more},
        longest={"note": MAX_NOTE, "name": MAX_NAME, "place": MAX_PLACE},
    )


@base.pages.get("/checks/<check_id>/lines")
def check_lines(check_id: str) -> ResponseReturnValue:
    """Return lines as JSON: those to be counted after `?after=`, found by `?q=`, or those of `?code=`."""
    person = context.require_person()
    check = fetch(person, check_id, Action.EDIT)
    reader = Reader(person, check)
    if code := request.args.get("code", "").strip()[:200]:
        return jsonify(_scanned(reader, code))
    if words := request.args.get("q", "").strip()[:100]:
        return jsonify(lines=rows(reader, reader.page("all", words=words, limit=SHOWN).lines))
    which = "open" if check.is_counting else "again"
    lines, more = reader.page(which, after=request.args.get("after", ""), limit=AT_ONCE)
    return jsonify(lines=rows(reader, lines), more=more)


def _scanned(reader: Reader, text: str) -> dict[str, Any]:
    """Return the lines of the item that a label or a number means, or the item where it is not on the list.

    Raises NotFoundError for what is no item of this ledger, or none that the reader may see.
    """
    item = _item(reader, text)
    lines = rows(reader, reader.of_items([item["_id"]]))
    told = reader.told.titled(item)
    named = {"id": str(item["_id"]), "number": item.get("number") or "", "title": told.get("title") or ""}
    return {"lines": lines, "item": named}


def _item(reader: Reader, text: str) -> Document:
    ledger = reader.check.ledger
    with suppress(NotFoundError):  # some numbers look like codes
        form, item = labels.find(reader.person, labels.read_code(text))
        if form.key == ledger.key:
            return item
    part = ledger.definition.ledger
    serial = part.serial if part and part.serial and part.serial not in reader.told.unasked else ""
    named: list[Document] = [{"number": text}, *([{f"data.{serial}": text}] if serial else [])]
    seen = access.records_filter(reader.person, ledger)
    found_item = ledger.records().find_one({"$and": [{"$or": named}, seen]}, {"search": 0})
    if found_item is None:
        raise NotFoundError
    return found_item


# -- what was counted ----------------------------------------------------------------------------------------


@base.pages.post("/checks/<check_id>/lines/<line_id>/count")
def count_line(check_id: str, line_id: str) -> ResponseReturnValue:
    """Write down what was counted: `quantity`, `note`, `photos`; by the outbox, once."""

    def work(remember: Remember) -> Document:
        with pictures.received() as photos:
            line = count(
                context.current_actor(),
                context.require_person(),
                check_id,
                line_id,
                _said(photos),
                also=lambda one: remember({"line": one}),
            )
        return {"line": line["_id"]}

    fetch(context.require_person(), check_id, Action.EDIT)
    return _answer(check_id, sent_once(work)["line"])


@base.pages.post("/checks/<check_id>/found")
def count_found(check_id: str) -> ResponseReturnValue:
    """Write down what is not on the list: `item` or `name`, `place`, `quantity`, `note`, `photos`."""

    def work(remember: Remember) -> Document:
        item = request.form.get("item", "")
        what = Found(
            access.object_id(item) if item else None,
            typed.text("name", MAX_NAME),
            typed.text("place", MAX_PLACE),
        )
        with pictures.received() as photos:
            line = found(
                context.current_actor(),
                context.require_person(),
                check_id,
                what,
                _said(photos),
                also=lambda one: remember({"line": one}),
            )
        return {"line": line["_id"]}

    fetch(context.require_person(), check_id, Action.EDIT)
    return _answer(check_id, sent_once(work)["line"])


def _said(photos: list[ObjectId]) -> Count:
    note = request.form.get("note", "").strip()
    return Count(typed.quantity(), note, tuple(photos), typed_ago())


def _answer(check_id: str, line_id: ObjectId) -> ResponseReturnValue:
    """Return the line as it is now, in words, and how far the check is."""
    person = context.require_person()
    reader = Reader(person, fetch(person, check_id))
    shown = reader.line(line_id)
    line: Row | None = next(iter(rows(reader, [shown])), None) if shown else None
    url = url_for("property.check_count", check_id=check_id)
    return jsonify(text=_("Written down."), line=line, numbers=reader.numbers(), url=url)
