"""Whether what a form says of its stock check makes sense; nothing here needs a record."""

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from models.definition import Definition
from models.ledger_checks import _typed as typed
from models.ledger_parts import CheckStock, StockCheck
from models.messages import _
from models.problems import Problem

OF_STOCK_CHECK: Mapping[str, frozenset[str]] = MappingProxyType(
    {"department": frozenset({"department"}), "place": frozenset({"text"}), "blind": frozenset({"boolean"})}
)
MATCHED = frozenset({"boolean", "choice", "department", "multi_choice", "person", "reference", "text"})


def problems(definition: Definition) -> Iterator[Problem]:
    """Yield what is wrong with a form's stock check; paths read `stock_check.<property>`."""
    part = definition.stock_check
    if part is None:
        return
    for name, types in OF_STOCK_CHECK.items():
        if key := getattr(part, name):
            yield from typed(definition.by_key.get(key), key, types, f"stock_check.{name}")
    for key in part.matches:
        yield from typed(definition.by_key.get(key), key, MATCHED, "stock_check.matches")
    yield from _numbers(definition, part)
    yield from _procedure(definition, part)


def _numbers(definition: Definition, part: StockCheck) -> Iterator[Problem]:
    for name, key in part.numbers.items():
        yield from typed(definition.by_key.get(key), key, {"integer"}, f"stock_check.{name}")
    for key, count in Counter(part.numbers.values()).items():
        if count > 1:
            yield Problem("stock_check", _("Two things would be written into “%(key)s”.", key=key))


def _procedure(definition: Definition, part: StockCheck) -> Iterator[Problem]:
    flow = definition.workflow
    states, steps = (flow.by_state, flow.by_transition) if flow else ({}, {})
    for name in ("counting", "reviewing"):
        for key in getattr(part, name):
            if key not in states:
                yield Problem(f"stock_check.{name}", _("There is no state “%(key)s”.", key=key))
    for name in ("prepared", "adjusted", "partly"):
        key = getattr(part, name)
        if key and key not in steps:
            yield Problem(f"stock_check.{name}", _("There is no step “%(key)s”.", key=key))


def effect_problems(_effect: CheckStock, definition: Definition, path: str) -> Iterator[Problem]:
    """Yield what is wrong with an effect that carries a stock check on."""
    if definition.stock_check is None:
        yield Problem(path, _("Only a stock check does this; say in the settings what it counts."))
