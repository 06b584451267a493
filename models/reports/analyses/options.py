"""What the options of an analysis may hold; checked when a report is kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from models.messages import LANGUAGES, Message, _
from models.reports.parts import MAX_PLACES, MOST


@dataclass(frozen=True)
class Option:
    """An option: whether a value suits it, and what to say when it does not."""

    suits: Callable[[Any], bool]
    message: Message


def whole(least: int, most: int) -> Option:
    """Take a whole number between two bounds."""
    return Option(
        lambda value: _is_whole(value) and least <= value <= most,
        _("A whole number from %(least)s to %(most)s.", least=least, most=most),
    )


def one_of(*names: str) -> Option:
    """Take one of some words."""
    return Option(lambda value: value in names, _("One of: %(names)s.", names=", ".join(names)))


def wholes(least: int, most: int, count: int) -> Option:
    """Take at most so many different whole numbers between two bounds."""
    return Option(
        lambda value: (
            _is_list(value)
            and all(_is_whole(one) and least <= one <= most for one in value)
            and len(set(value)) == len(value) <= count
        ),
        _(
            "Different whole numbers from %(least)s to %(most)s, at most %(count)s.",
            least=least,
            most=most,
            count=count,
        ),
    )


def words() -> Option:
    """Take some keys."""
    return Option(
        lambda value: _is_list(value) and all(isinstance(one, str) and one for one in value),
        _("A list of keys."),
    )


def numbers() -> Option:
    """Take a number for each of some keys."""
    return Option(
        lambda value: isinstance(value, Mapping) and all(is_number(one) for one in value.values()),
        _("A number for each option."),
    )


def number() -> Option:
    """Take a number."""
    return Option(is_number, _("A number is needed here."))


def limits() -> Option:
    """Take limits: `[{value, per, label: {zh, en}, key}]`, the key being optional."""
    return Option(
        lambda value: _is_list(value) and all(_is_limit(one) for one in value),
        _("Limits, each with “value”, “per” and “label”."),
    )


def is_number(value: Any) -> bool:  # noqa: ANN401  (as it was written)
    """Tell whether something is a number that can be worked with, or a text of one."""
    if isinstance(value, bool):
        return False
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return False
    return number.is_finite() and abs(number) <= MOST and number == round(number, MAX_PLACES)


def _is_whole(value: Any) -> bool:  # noqa: ANN401  (as it was written)
    return isinstance(value, int) and not isinstance(value, bool)


def _is_list(value: Any) -> bool:  # noqa: ANN401  (as it was written)
    return isinstance(value, list | tuple) and bool(value)


def _is_limit(value: Any) -> bool:  # noqa: ANN401  (as it was written)
    return (
        isinstance(value, Mapping)
        and is_number(value.get("value"))
        and is_number(value.get("per"))
        and Decimal(str(value["per"])) > 0
        and _is_label(value.get("label"))
        and isinstance(value.get("key", ""), str)
    )


def _is_label(value: Any) -> bool:  # noqa: ANN401  (as it was written)
    texts = value.items() if isinstance(value, Mapping) else (("", None),)
    return all(name in LANGUAGES and isinstance(text, str) for name, text in texts)
