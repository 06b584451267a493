"""What a file adds up to: things, pieces by unit, what is out and what is gone, to be compared on paper."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Final, Self

from models.database import Document
from models.definition import Definition
from models.ledger.wording import plain
from models.ledger_import.columns import OUTCOMES
from models.ledger_import.reading import Taken
from models.messages import Message, _, translate

_LINES: Final[Mapping[str, Message]] = {
    "things": _("Things"),
    "pieces": _("Pieces"),
    "slips": _("Slips of what is out"),
    "out": _("Out on loan"),
    "back": _("Loans that are over, not taken over"),
    "unkept": _("Things without a keeper"),
}


class Sums:
    """Counts by what they are of; those of pieces also by unit: `pieces|kg`, `gone|lose|piece`."""

    def __init__(self, form: Definition, counts: Mapping[str, str] | None = None) -> None:
        self._form = form
        self._counts = defaultdict[str, Decimal](Decimal)
        self._counts |= {key: Decimal(text) for key, text in (counts or {}).items()}

    def dump(self) -> dict[str, str]:
        """Return them as part of a job's position."""
        return {key: str(count) for key, count in self._counts.items()}

    def plus(self, taken: Iterable[tuple[Document, Taken]]) -> Self:
        """Return them with further things: their values, and what they have behind them."""
        counts = defaultdict[str, Decimal](Decimal, self._counts)
        for data, one in taken:
            for key, count in self._of(data, one):
                counts[key] += count
        return type(self)(self._form, {key: str(count) for key, count in counts.items()})

    def _of(self, data: Document, taken: Taken) -> Iterator[tuple[str, Decimal | int]]:
        part = self._form.ledger
        unit = str(data.get(part.unit) or "") if part and part.unit else ""
        yield "things", 1
        yield f"pieces|{unit}", taken.quantity
        yield "slips", len(taken.loans)
        yield f"out|{unit}", sum((loan.quantity for loan in taken.loans), Decimal(0))
        yield "back", taken.back
        for one in taken.gone:
            yield f"gone|{one.kind}|{unit}", one.quantity
        if part and not data.get(part.keeper):
            yield "unkept", 1

    def told(self, language: str) -> list[Document]:
        """Return them as lines of `label` and `value`, without those of which there is nothing."""
        lines = {key: translate(label, language) for key, label in _LINES.items()}
        lines |= {f"gone|{key}": label.text(language) for key, label in OUTCOMES.items()}
        found = {}
        for key, label in lines.items():
            counts = {one: count for one, count in self._counts.items() if count and _line(one) == key}
            if counts:
                found[label] = ", ".join(self._amount(*one, language) for one in sorted(counts.items()))
        return [{"label": label, "value": value} for label, value in found.items()]

    def _amount(self, key: str, count: Decimal, language: str) -> str:
        unit = key.removeprefix(_line(key)).removeprefix("|")
        field = self._form.by_key.get(self._form.ledger.unit) if self._form.ledger else None
        option = field.options_by_key.get(unit) if field else None
        shown = option.label.text(language) or unit if option else unit
        return f"{plain(count)} {shown}".strip()


def _line(key: str) -> str:
    """Return the line in which a count is told: all but its unit."""
    parts = key.split("|")
    return "|".join(parts[:2]) if parts[0] == "gone" else parts[0]
