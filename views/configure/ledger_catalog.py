"""What the form editor calls the parts of ledgers, slips and stock checks, and how each is entered."""

from typing import Final

from flask_babel import lazy_gettext as _

Text = str  # translated when it is shown

PARTS: Final[dict[str, tuple[Text, Text, Text]]] = {
    "ledger": (
        _("Ledger"),
        _("Its records are things whose pieces are kept, lent and returned. No piece is ever in two hands."),
        _("Make this form a ledger"),
    ),
    "slip": (
        _("Slip"),
        _("Its records lend pieces of a ledger to somebody, from one day to another."),
        _("Make this form a slip"),
    ),
    "stock_check": (
        _("Stock check"),
        _("Its records count what a ledger keeps, and bring its books in line with it."),
        _("Make this form a stock check"),
    ),
}
RETURNS: Final = _("Table of returns")

# part → property → (label, help, how it is entered)
PROPERTIES: Final[dict[str, dict[str, tuple[Text, Text, str]]]] = {
    "ledger": {
        "quantity": (_("Quantity"), _("How many arrived. Must be required."), "field"),
        "unit": (_("Unit"), "", "field"),
        "serial": (_("Serial number"), _("What has one is a single piece."), "field"),
        "keeper": (_("Keeper"), _("The department to which the pieces belong."), "field"),
        "place": (_("Place"), _("Where they are kept at first."), "field"),
        "customer": (_("Customer"), _("Whose they are."), "field"),
        "arrived_on": (_("Arrived on"), _("The day of the first movement."), "field"),
        "fractional_units": (_("Units that can be divided"), _("All others are whole pieces."), "options"),
        "status": (_("Status"), _("One word: in stock, lent, damaged…"), "field"),
        "available": (_("In stock"), "", "field"),
        "lent": (_("Lent"), "", "field"),
        "holders": (_("Holders"), _("Who has pieces; takes several people."), "field"),
        "due_on": (_("Next return due"), "", "field"),
        "kept_by": (_("Kept by"), _("The department that keeps most of what is not lent."), "field"),
        "kept_at": (_("Kept at"), "", "field"),
    },
    "slip": {
        "ledger": (_("Lends pieces of"), "", "ledger"),
        "borrower": (_("Borrower"), "", "field"),
        "department": (_("Department"), _("Of the borrower."), "field"),
        "begins": (_("First day"), "", "field"),
        "ends": (_("Last day"), "", "field"),
        "usual_days": (_("Usual length, days"), _("How long people borrow."), "number"),
        "items": (_("Table of items"), "", "field"),
        "item": (_("Column: item"), _("Refers to the ledger."), "column"),
        "quantity": (_("Column: quantity"), "", "column"),
        "lent": (_("Column: lent"), "", "column"),
        "returned": (_("Column: returned"), "", "column"),
        "keeper": (_("Column: keeper"), _("The department that hands it over."), "column"),
        "outstanding": (_("Still out"), "", "field"),
        "photos": (_("Photos"), _("New ones belong to the movements of a step."), "field"),
        "offer": (
            _("When it is their turn"),
            _("The step the program takes for a slip in line when what it waits for comes free."),
            "step",
        ),
    },
    "returns": {
        "table": (_("Table of returns"), _("Every return is a row, which then stays as it is."), "field"),
        "item": (_("Column: item"), _("Refers to the ledger."), "column"),
        "quantity": (_("Column: quantity"), "", "column"),
        "outcome": (_("Column: outcome"), _("Returned, damaged, lost or used up."), "column"),
        "condition": (_("Column: condition"), "", "column"),
        "place": (_("Column: place"), _("Where it is put."), "column"),
    },
    "stock_check": {
        "ledger": (_("Counts pieces of"), "", "ledger"),
        "counting": (_("Counted in the states"), "", "states"),
        "reviewing": (_("Differences are decided in the states"), "", "states"),
        "department": (_("Department"), _("Only what it keeps, with all below it."), "field"),
        "place": (_("Place"), _("Only places that begin like this."), "field"),
        "matches": (_("Only items with the same"), _("A field here, a field of the ledger."), "matches"),
        "blind": (_("Without the expected numbers"), _("Whoever counts is not told them."), "field"),
        "prepared": (_("When the list is drawn up"), _("The step the program takes then."), "step"),
        "adjusted": (_("When everything is booked"), _("The step the program takes then."), "step"),
        "partly": (_("When something could not be booked"), _("The step the program takes then."), "step"),
        "lines": (_("Number of lines"), "", "field"),
        "counted": (_("Counted lines"), "", "field"),
        "open": (_("Lines to count"), "", "field"),
        "differences": (_("Differences"), "", "field"),
        "undecided": (_("Undecided differences"), "", "field"),
    },
}  # fmt: skip
EFFECT: Final[dict[str, Text]] = {
    "action": _("What is booked"),
    "item": _("Item"),
    "quantity": _("How many"),
    "slip": _("Out of the hands of the slip"),
    "department": _("To the department"),
    "person": _("To the person"),
    "place": _("To the place"),
    "until": _("Until"),
    "note": _("Remark"),
}
SLIP_ACTIONS: Final[dict[str, Text]] = {
    "reserve": _("Reserve the items"),
    "queue": _("Queue for the items"),
    "release": _("Give up what was reserved"),
    "lend": _("Hand the items over"),
    "take_back": _("Take back what the new rows of returns say"),
    "extend": _("Extend until another day"),
    "pass_on": _("Pass on to another borrower"),
}
CHECK_ACTIONS: Final[dict[str, Text]] = {
    "snapshot": _("Draw up the list"),
    "adjust": _("Book what was decided"),
    "discard": _("Throw the lines away"),
}


def label(path: str) -> str:
    """Return what `ledger.quantity` or `slip.returns.item` is called; a part alone is what it is."""
    first, *rest = path.split(".")
    part = "returns" if rest[:1] == ["returns"] else first
    name = rest[-1] if rest else ""
    if name == "returns":
        return str(RETURNS)
    known = PROPERTIES.get(part, {}).get(name)
    return str(known[0] if known else PARTS[first][0])


def properties(part: str) -> dict[str, str]:
    """Return what the properties of a part are called, in the order of the screen."""
    return {name: str(called) for name, (called, _help, _entered) in PROPERTIES[part].items()}
