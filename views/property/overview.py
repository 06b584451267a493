"""The first page about property: every ledger of the reader, and where one can go from it."""

from views.property import base


@base.pages.get("/")
def index() -> str:
    """Show the ledgers that the reader may see."""
    return base.show("index", ledgers=base.ledgers())
