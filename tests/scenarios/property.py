"""Customer property, its slips and reports, for the scenarios of P03 d."""

from datetime import timedelta
from typing import Any

from models.database import Document, db
from models.ledger.checking import check_ledgers
from models.ledger.stock import Stock
from tests.every_type import upload
from tests.scenarios.p03 import one
from tests.scenarios.play import Play, Player


def ends(play: Play, days: int) -> str:
    """Return the day so many days from now, in the company's zone."""
    return (play.moment.astimezone(play.zone).date() + timedelta(days=days)).isoformat()


def paper(player: Player) -> list[str]:
    """Return a file that somebody has just uploaded."""
    return [str(upload(player.id))]


def arrived(play: Play, by: str = "sales_staff", **values: Any) -> Document:
    """Let sales register what came from a customer (P03.60)."""
    given: dict[str, Any] = {
        "name": "缸盖样件",
        "customer": one(play, "customer"),
        "kind": "sample",
        "quantity": 5,
        **values,
    }
    return play.as_(by).create("customer_property", **given)


def kept(play: Play, by: str = "production_staff", **values: Any) -> Document:
    """Register something and let its keeper receive it."""
    found = arrived(play, **{"inspection_result": "suitable", **values})
    return play.as_(by).take(found, "confirm", place="A-1")


def row(item: Document, quantity: int = 1, **more: Any) -> dict[str, Any]:
    return {"item": item, "quantity": quantity, **more}


def asked(
    play: Play, item: Document, quantity: int = 2, by: str = "technology_staff", **more: Any
) -> Document:
    """Let somebody ask for pieces (P03.64)."""
    given: dict[str, Any] = {
        "purpose": "尺寸比对",
        "ends": ends(play, 4),
        "items": [row(item, quantity)],
        **more,
    }
    return play.as_(by).take(play.as_(by).create("borrow_slip", **given), "ask")


def lent(
    play: Play, item: Document, quantity: int = 2, by: str = "technology_staff", **more: Any
) -> Document:
    """Bring a slip to where its borrower has signed."""
    slip = play.as_("sales_staff").take(asked(play, item, quantity, by, **more), "consent")
    slip = signed(play, "production_staff", slip, "hand_out")
    return signed(play, by, slip, "sign_for")


def signed(play: Play, by: str, record: Document, step: str, **values: Any) -> Document:
    player = play.as_(by)
    return player.take(record, step, signature=str(player.person), **values)


def stock(play: Play, item: Document) -> Stock:
    return Stock.load(play.now(item)["stock"])


def data(play: Play, record: Document) -> dict[str, Any]:
    found: dict[str, Any] = play.now(record)["data"]
    return found


def movements(item: Document) -> list[str]:
    return [one["kind"] for one in db().property_movements.find({"item": item["_id"]}).sort("_id", 1)]


def sound() -> bool:
    return list(check_ledgers()) == []
