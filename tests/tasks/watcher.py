"""Sees a ledger as it stood at every moment: it replays what MongoDB stored, commit by commit."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby, takewhile
from operator import itemgetter

from bson import ObjectId

from models.database import Document, db
from models.fields.numbers import decimal_of
from models.forms import LiveForm
from models.ledger.stock import Spot, Stock

MOVEMENTS, END = "property_movements", "watched_until"


class Watcher:
    """A ledger and its slips; make it before there is anything in them."""

    def __init__(self, things: LiveForm, slips: LiveForm) -> None:
        self.things, self.slips = things.records().name, slips.records().name
        for name in (self.things, self.slips, MOVEMENTS):
            db().command("collMod", name, changeStreamPreAndPostImages={"enabled": True})
        self.began = db().command("ping")["operationTime"]
        self.stocks: dict[ObjectId, Stock] = {}
        self.out: dict[ObjectId, dict[ObjectId, Decimal]] = {}
        """Of each slip, how many pieces of an item are out by it."""
        self.moved: defaultdict[tuple[ObjectId, Spot], Decimal] = defaultdict(Decimal)
        """Where the pieces are by their movements."""
        self.moments = 0

    def problems(self) -> Iterator[str]:
        """Yield what was wrong at any moment until now."""
        db()[END].insert_one({})
        for commit in self._commits():
            self.moments += 1
            for event in commit:
                self._store(event["ns"]["coll"], event["fullDocument"])
            yield from (f"moment {self.moments}: {one}" for one in self._wrong())

    def _commits(self) -> Iterator[Sequence[Document]]:
        """Yield what each transaction stored, with the documents as they were then."""
        ours = [{"$match": {"ns.coll": {"$in": [self.things, self.slips, MOVEMENTS, END]}}}]
        with db().watch(ours, full_document="required", start_at_operation_time=self.began) as events:
            until_now = takewhile(lambda event: event["ns"]["coll"] != END, events)
            yield from (list(commit) for _at, commit in groupby(until_now, itemgetter("clusterTime")))

    def _store(self, collection: str, document: Document) -> None:
        if collection == self.things:
            self.stocks[document["_id"]] = Stock.load(document["stock"])
        elif collection == self.slips:
            rows = document["data"]["items"]
            self.out[document["_id"]] = {
                row["item"]: decimal_of(row.get("lent", 0)) - decimal_of(row.get("returned", 0))
                for row in rows
            }
        else:
            for end, sign in (("from", -1), ("to", 1)):
                if document[end]:
                    spot = document["item"], Spot.load(document[end])
                    self.moved[spot] += sign * decimal_of(document["quantity"])

    def _wrong(self) -> Iterator[str]:
        """Yield what does not agree, as things stand."""
        there = {
            (item, one.spot): one.quantity for item, stock in self.stocks.items() for one in stock.positions
        }
        moved = {spot: quantity for spot, quantity in self.moved.items() if quantity}
        if there != moved or any(quantity < 0 for quantity in moved.values()):
            yield f"stocks say {there}, movements say {moved}"
        for item, stock in self.stocks.items():
            if stock.total(["lent"]) > stock.arrived:
                yield f"{stock.total(['lent'])} of {stock.arrived} held of {item}"
        held = {
            (item, spot.slip): quantity for (item, spot), quantity in there.items() if spot.kind == "lent"
        }
        lent = {(item, slip): out for slip, rows in self.out.items() for item, out in rows.items() if out}
        if held != lent:
            yield f"stocks say {held}, slips say {lent}"
