"""What somebody chooses about labels: paper, where to begin, how many of each, and which fields."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

from models.definition import Definition, Field
from models.disclosure import Disclosure
from models.messages import Message, _
from views.property.label_paper import FREE, LARGEST, MOST_SHIFTED, ROLLS, SHEETS, SMALLEST, Paper

MOST_COPIES: Final = 20
MOST_FIELDS: Final = 8
NUMBER, TITLE = "number", "title"
_SHOWABLE: Final = frozenset(
    {
        "text", "integer", "decimal", "percent", "date", "datetime", "choice", "multi_choice", "boolean",
        "person", "department", "reference", "computed", "serial",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Choices:
    """How labels are printed. Lengths in mm; `start` is the first label of the first sheet, from 1."""

    paper: str = "3x8"
    width: float = 60
    height: float = 40
    start: int = 1
    copies: int = 1
    right: float = 0
    down: float = 0
    captions: bool = True
    fields: tuple[str, ...] = (NUMBER, TITLE)

    @property
    def on(self) -> Paper:
        """Return the paper."""
        return SHEETS.get(self.paper) or ROLLS.get(self.paper) or Paper(self.width, self.height)

    def dump(self) -> str:
        """Return it as the text of a cookie."""
        kept = {**vars(self), "fields": ",".join(self.fields), "captions": "1" if self.captions else ""}
        return urlencode({key: value for key, value in kept.items() if key != "start"})


def showable(told: Disclosure) -> list[Field]:
    """Return the fields of a ledger that can stand on a label for somebody."""
    return [one for one in told.definition.value_fields if one.type in _SHOWABLE]


def usual(definition: Definition) -> Choices:
    """Return what is chosen at first: number, name, whose it is, the serial number and who keeps it."""
    part = definition.ledger
    known = [key for key in (part.customer, part.serial, part.keeper) if key] if part else []
    there = [key for key in known if key in definition.by_key]
    return Choices(fields=(NUMBER, TITLE, *there))


def kept(told: Disclosure, cookie: str) -> Choices:
    """Return what was chosen the last time in this browser, else the usual."""
    typed = {key: values[0] for key, values in parse_qs(cookie).items()}
    if not typed:
        return usual(told.definition)
    found, errors = read(told, {**typed, "fields": typed.get("fields", "").split(",")})
    return usual(told.definition) if errors else found


def read(told: Disclosure, typed: Mapping[str, Any]) -> tuple[Choices, dict[str, list[Message]]]:
    """Return what was typed (`fields` is a list), with the usual for what cannot be, and what that is."""
    errors: dict[str, list[Message]] = {}
    usual_ones = Choices()

    def number(key: str, least: float, most: float) -> float:
        try:
            value = float(str(typed.get(key, getattr(usual_ones, key))).strip() or "nan")
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            errors[key] = [_("From %(least)s to %(most)s.", least=f"{least:g}", most=f"{most:g}")]
            return float(getattr(usual_ones, key))
        return round(value, 2)

    paper = str(typed.get("paper", usual_ones.paper))
    if paper != FREE and paper not in {*SHEETS, *ROLLS}:
        errors["paper"] = [_("Choose a paper.")]
        paper = usual_ones.paper
    free = paper == FREE
    chosen = Choices(
        paper=paper,
        width=number("width", SMALLEST[0], LARGEST[0]) if free else usual_ones.width,
        height=number("height", SMALLEST[1], LARGEST[1]) if free else usual_ones.height,
        start=_start(paper, number),
        copies=int(number("copies", 1, MOST_COPIES)),
        right=number("right", -MOST_SHIFTED, MOST_SHIFTED),
        down=number("down", -MOST_SHIFTED, MOST_SHIFTED),
        captions=bool(typed.get("captions")),
        fields=_fields(told, typed.get("fields", ())),
    )
    if not chosen.fields:
        errors["fields"] = [_("Choose what stands on the label.")]
    if len(chosen.fields) > MOST_FIELDS:
        errors["fields"] = [_("At most %(max)s.", max=MOST_FIELDS)]
    return chosen, errors


def _start(paper: str, number: Callable[[str, float, float], float]) -> int:
    return int(number("start", 1, SHEETS[paper].on_page)) if paper in SHEETS else 1


def _fields(told: Disclosure, keys: Any) -> tuple[str, ...]:  # noqa: ANN401  (what was posted)
    """Return the chosen fields in the order of the form, number and name first."""
    possible = [NUMBER, TITLE, *(one.key for one in showable(told))]
    return tuple(key for key in possible if key in set(keys))
