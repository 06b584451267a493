"""Where pieces can be, and how they get from one place to another."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from models.messages import Message, _

SpotKind = Literal["kept", "lent", "damaged", "repair", "lost", "used", "disposed", "returned"]

INSIDE: Final = ("kept", "lent", "damaged", "repair")
"""What we still answer for; pieces elsewhere have left us."""
LENDABLE: Final = ("kept", "lent")

SPOTS: Mapping[str, Message] = MappingProxyType(
    {
        "kept": _("Kept"),
        "lent": _("Lent"),
        "damaged": _("Damaged"),
        "repair": _("Under repair"),
        "lost": _("Lost"),
        "used": _("Used up"),
        "disposed": _("Disposed of"),
        "returned": _("Returned to the customer"),
    }
)

STATUSES: Mapping[str, Message] = MappingProxyType(
    {
        "in_stock": _("In stock"),
        "partly_lent": _("Partly lent"),
        "lent": _("Lent"),
        "damaged": _("Damaged"),
        "repair": _("Under repair"),
        "lost": _("Lost"),
        "used": _("Used up"),
        "disposed": _("Disposed of"),
        "returned": _("Returned to the customer"),
    }
)


@dataclass(frozen=True)
class Kind:
    """One kind of movement: without a source pieces come from outside, without a target they go there."""

    label: Message
    icon: str
    sources: tuple[SpotKind, ...] = ()
    target: SpotKind | None = None

    @property
    def sources_at_hand(self) -> tuple[SpotKind, ...]:
        """Where pieces come from that nobody has borrowed; what is lent moves by its slip."""
        return tuple(one for one in self.sources if one != "lent")


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "arrival": Kind(_("Arrival"), "box-arrow-in-down", (), "kept"),
        "hand_over": Kind(_("Hand-over to the keeper"), "arrow-left-right", ("kept",), "kept"),
        "transfer": Kind(_("Transfer to another department"), "building", ("kept", "damaged"), "kept"),
        "relocate": Kind(_("Move to another place"), "geo-alt", ("kept",), "kept"),
        "borrow": Kind(_("Borrowed"), "box-arrow-up-right", ("kept",), "lent"),
        "return": Kind(_("Returned"), "box-arrow-in-left", ("lent",), "kept"),
        "pass_on": Kind(_("Passed on to another borrower"), "people", ("lent",), "lent"),
        "use_up": Kind(_("Used up"), "fire", ("kept", "lent"), "used"),
        "damage": Kind(_("Damaged"), "exclamation-triangle", ("kept", "lent", "repair"), "damaged"),
        "lose": Kind(_("Lost"), "question-circle", ("kept", "lent", "damaged", "repair"), "lost"),
        "find": Kind(_("Found again"), "search", ("lost",), "kept"),
        "repair": Kind(_("Given to repair"), "tools", ("damaged", "kept"), "repair"),
        "repaired": Kind(_("Back from repair"), "patch-check", ("repair", "damaged"), "kept"),
        "give_back": Kind(_("Returned to the customer"), "truck", ("kept", "damaged", "repair"), "returned"),
        "dispose": Kind(
            _("Disposed of with the customer's consent"), "trash", ("damaged", "kept"), "disposed"
        ),
        "surplus": Kind(_("Surplus at the stock check"), "plus-circle", (), "kept"),
        "shortage": Kind(_("Missing at the stock check"), "dash-circle", ("kept", "damaged"), "lost"),
        "correction": Kind(_("Correction"), "arrow-counterclockwise"),
    }
)
"""By key. A correction undoes a movement: its source and target are those of the movement, exchanged."""

BY_HAND: Final = (
    "relocate", "transfer", "use_up", "damage", "lose", "find", "repair", "repaired", "give_back", "dispose",
)  # fmt: skip
"""What somebody may book on an item without a slip."""

OUTCOMES: Final = ("return", "damage", "lose", "use_up")
"""What a row of a return can say of pieces; they are kinds of movements."""
