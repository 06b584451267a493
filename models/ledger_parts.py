"""What makes a form a ledger of lent things or a slip that lends them, as data (P03 d, ISO 9001:2015 8.5.3).

This module only knows the shape. `models.ledger` gives it life.
"""

from typing import Literal

from pydantic import Field as Attribute

from models.definition_parts import Key, OptionKey, Part

FieldKey = str
"""A field's key, or nothing."""

SlipAction = Literal["reserve", "queue", "release", "lend", "take_back", "extend", "pass_on"]
ItemAction = Literal[
    "hand_over", "transfer", "relocate", "use_up", "damage", "lose", "find", "repair", "repaired",
    "give_back", "dispose",
]  # fmt: skip


class Ledger(Part):
    """The records of the form are things that belong to somebody else, one piece or a counted stock.

    `quantity` is how many arrived (a whole number, or a decimal, whose fractions only `fractional_units` of
    the choice field `unit` allow), `keeper` the department field that says who keeps them, `place` where,
    `serial` the number of a single piece, `customer` the reference that says whose they are, and `arrived_on`
    the date on which they came. The ledger itself writes the rest, which people cannot: `available` and
    `lent` (numbers), `holders` (several people), `due_on` (the earliest date on which something comes back),
    `status` (a choice with the keys of `models.ledger.kinds.STATUSES`), and `kept_by` and `kept_at`: the
    department and the place (text) that keep most of what is not lent.
    """

    quantity: Key
    keeper: Key
    place: FieldKey = ""
    unit: FieldKey = ""
    serial: FieldKey = ""
    customer: FieldKey = ""
    arrived_on: FieldKey = ""
    fractional_units: tuple[OptionKey, ...] = ()
    available: FieldKey = ""
    lent: FieldKey = ""
    holders: FieldKey = ""
    due_on: FieldKey = ""
    status: FieldKey = ""
    kept_by: FieldKey = ""
    kept_at: FieldKey = ""

    @property
    def written(self) -> tuple[str, ...]:
        """The fields that only the ledger writes."""
        return tuple(filter(None, (getattr(self, name) for name in WRITTEN)))


WRITTEN = ("available", "lent", "holders", "due_on", "status", "kept_by", "kept_at")


class Returns(Part):
    """The table of a slip in which every return is a row; a row once stored stays as it is.

    `outcome` is a choice column with the keys of `models.ledger.kinds.OUTCOMES`; without it all came back
    well.
    """

    table: Key
    item: Key
    quantity: Key
    outcome: FieldKey = ""
    condition: FieldKey = ""
    place: FieldKey = ""


class Slip(Part):
    """The records of the form lend things of a ledger to somebody, from one day to another (P03.64).

    `items` is a table with the columns `item` (a reference to the ledger), `quantity`, and those that the
    ledger writes: `lent`, `returned`, and `keeper`, the department that hands the item over. It writes the
    number field `outstanding` too. `photos` is an image field whose new pictures belong to the movements of
    a step. `offer` is the step the program takes for a slip in line when what it waits for has come free.
    """

    ledger: Key
    items: Key
    item: Key
    quantity: Key
    borrower: Key
    begins: Key
    ends: Key
    department: FieldKey = ""
    lent: FieldKey = ""
    returned: FieldKey = ""
    keeper: FieldKey = ""
    outstanding: FieldKey = ""
    photos: FieldKey = ""
    offer: FieldKey = ""
    usual_days: int = Attribute(7, ge=1, le=3650, description="how long people borrow")
    returns: Returns | None = None

    @property
    def counts(self) -> frozenset[str]:
        """The columns of the table of items that only the ledger writes."""
        return frozenset(filter(None, (self.lent, self.returned, self.keeper)))


class StockCheck(Part):
    """The records of the form count what a ledger keeps, and bring its books in line with it (盘点).

    What is counted is narrowed by fields of the record, as far as they are filled in: `department` (with all
    below it), `place` (a text with which places begin) and `matches`: fields whose value the field of the
    ledger beside them must have. With the yes/no field `blind` whoever counts is not told what is expected.

    In the states `counting` lines are counted, in those `reviewing` differences are decided and what somebody
    asked for again is counted. The program takes the step `prepared` when the list has been drawn up,
    `adjusted` when everything is booked, and `partly` instead when something could not be. The check itself
    writes the whole numbers `lines`, `counted`, `open`, `differences` and `undecided`.
    """

    ledger: Key
    counting: tuple[Key, ...] = Attribute(min_length=1)
    reviewing: tuple[Key, ...] = ()
    department: FieldKey = ""
    place: FieldKey = ""
    matches: dict[Key, Key] = Attribute(default_factory=dict)
    blind: FieldKey = ""
    prepared: FieldKey = ""
    adjusted: FieldKey = ""
    partly: FieldKey = ""
    lines: FieldKey = ""
    counted: FieldKey = ""
    open: FieldKey = ""
    differences: FieldKey = ""
    undecided: FieldKey = ""

    @property
    def numbers(self) -> dict[str, str]:
        """The fields that only the check writes, by what they count."""
        named = {name: getattr(self, name) for name in TALLIED}
        return {name: key for name, key in named.items() if key}


TALLIED = ("lines", "counted", "open", "differences", "undecided")


class CheckStock(Part):
    """Carry a stock check on: draw up its list, book what was decided, or throw its lines away."""

    do: Literal["stock_check"]
    action: Literal["snapshot", "adjust", "discard"]


class MovePieces(Part):
    """Book in the ledger what a step says: a slip's own actions, or a movement of one item.

    On a ledger the item is the record itself and, without `quantity`, all its pieces that are free; on any
    other form `item` is the reference field that names it, and `slip` the one that names the slip out of
    whose hands the pieces come. `department`, `person`, `place` and `until` are fields that say where to,
    to whom, and until when.
    """

    do: Literal["ledger"]
    action: SlipAction | ItemAction
    item: FieldKey = ""
    quantity: FieldKey = ""
    slip: FieldKey = ""
    department: FieldKey = ""
    person: FieldKey = ""
    place: FieldKey = ""
    until: FieldKey = ""
    note: FieldKey = Attribute("", description="a text field that the movement remembers")
