"""Lines of a stock check in words, for pages and for the telephone."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from flask import url_for

from models.ledger import labels
from models.ledger.kinds import SPOTS
from models.ledger.stock import Spot
from models.ledger.stock_check.lines import (
    AGAIN,
    COUNTED,
    DECISIONS,
    GONE,
    LISTED,
    OPEN,
    OUTCOMES,
    SETTLED,
    STATUSES,
)
from models.ledger.stock_check.reading import Reader, Shown
from models.ledger.wording import plain
from views.context import current_timezone, say
from views.records.pieces import Words

COLORS: Final[Mapping[str, str]] = {
    OPEN: "gray",
    AGAIN: "orange",
    COUNTED: "green",
    LISTED: "blue",
    GONE: "gray",
}
Row = dict[str, Any]


def rows(reader: Reader, found: Iterable[Shown]) -> list[Row]:
    """Return lines as a page or a telephone shows them; names are fetched once for all of them."""
    lines, words = list(found), Words(reader.check.ledger, ())
    words.lookup.prime_people({one.line["spot"]["person"] for one in lines if "person" in one.line["spot"]})
    items = [one.item["_id"] for one in lines if one.item]
    codes = labels.known(reader.check.ledger.key, items)
    return [_row(one, words, codes.get(one.line["item"], "")) for one in lines]


def _row(one: Shown, words: Words, code: str) -> Row:
    line, spot = one.line, Spot.load({"kind": one.line["kind"], **one.line["spot"]})
    return {
        "id": str(one.id),
        "item": str(line["item"]) if line["item"] else "",
        "url": f"/records/{line['ledger']}/{line['item']}" if one.item else "",
        "code": code,
        "number": line["number"],
        "title": line["title"] or line["number"],
        "place": spot.place,
        "department": words.lookup.department(spot.department) if spot.department else "",
        "person": words.lookup.person(spot.person) if spot.person else "",
        "due": line.get("due", ""),
        "unit": words.unit(one.item["data"]) if one.item else "",
        "kind": line["kind"],
        "kind_text": say(SPOTS[line["kind"]]),
        "status": line["status"],
        "status_text": say(STATUSES[line["status"]]),
        "color": COLORS[line["status"]],
        "found": line["found"],
        "fractional": one.fractional,
        "single": one.single,
        "now": _quantity(one.now),
        **{key: _quantity(one.number(key)) for key in ("expected", "counted", "book")},
        "difference": _signed(one.number("difference")),
        **_told(line),
        **_decided(line),
    }


def _told(line: Mapping[str, Any]) -> Row:
    """Return who counted a line and when, and what they said of it."""
    return {
        "by": line.get("by_name", ""),
        "at": _moment(line.get("at")),
        "note": line.get("note", ""),
        "why_again": line.get("asked_why", "") if line["status"] == AGAIN else "",
        "asked_by": line.get("asked_by_name", "") if line["status"] == AGAIN else "",
        "times": len(line.get("counts", ())),
        "photos": [_photo(line, str(one)) for one in line.get("photos", ())],
    }


def _photo(line: Mapping[str, Any], file_id: str) -> str:
    return url_for("property.check_photo", check_id=line["check"], line_id=line["_id"], file_id=file_id)


def _decided(line: Mapping[str, Any]) -> Row:
    """Return what was decided about a line, and what came of it."""
    off, decision, outcome = bool(line.get("off")), line.get("decision", ""), line.get("outcome", "")
    return {
        "off": off,
        "decision": decision,
        "decision_text": say(DECISIONS[decision]) if off and decision else "",
        "reason": line.get("reason", ""),
        "decided_by": line.get("decided_by_name", ""),
        "outcome": outcome,
        "outcome_text": say(OUTCOMES[outcome]) if outcome else "",
        "settled": outcome in SETTLED,
    }


def _quantity(quantity: Decimal | None) -> str:
    return "" if quantity is None else plain(quantity)


def _signed(quantity: Decimal | None) -> str:
    return f"+{plain(quantity)}" if quantity and quantity > 0 else _quantity(quantity)


def _moment(at: datetime | None) -> str:
    return at.astimezone(current_timezone()).strftime("%Y-%m-%d %H:%M") if at else ""
