"""Whether what a form says of its ledger or its slip makes sense; nothing here needs a record."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import get_args

from models.definition import Definition, Field
from models.ledger.kinds import OUTCOMES, STATUSES
from models.ledger_parts import Ledger, MovePieces, Returns, Slip, SlipAction
from models.messages import Message, _
from models.problems import Problem

_NUMBERS = frozenset({"integer", "decimal"})
# property → the types of fields that fit
OF_LEDGER: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "quantity": _NUMBERS,
        "keeper": frozenset({"department"}),
        "place": frozenset({"text"}),
        "unit": frozenset({"choice"}),
        "serial": frozenset({"text"}),
        "customer": frozenset({"reference"}),
        "arrived_on": frozenset({"date"}),
        "available": _NUMBERS,
        "lent": _NUMBERS,
        "holders": frozenset({"person"}),
        "due_on": frozenset({"date"}),
        "status": frozenset({"choice"}),
        "kept_by": frozenset({"department"}),
        "kept_at": frozenset({"text"}),
    }
)
OF_SLIP: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "borrower": frozenset({"person"}),
        "begins": frozenset({"date"}),
        "ends": frozenset({"date"}),
        "department": frozenset({"department"}),
        "outstanding": _NUMBERS,
        "photos": frozenset({"image"}),
    }
)
OF_ROWS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "item": frozenset({"reference"}),
        "quantity": _NUMBERS,
        "lent": _NUMBERS,
        "returned": _NUMBERS,
        "keeper": frozenset({"department"}),
        "outcome": frozenset({"choice"}),
        "condition": frozenset({"text", "long_text", "choice"}),
        "place": frozenset({"text"}),
    }
)

_NOT_REQUIRED = _("Nobody fills in what the program writes.")


def problems(definition: Definition) -> Iterator[Problem]:
    """Yield what is wrong with a form's ledger and slip; paths read `ledger.<property>`."""
    for key in sorted(definition.written & definition.by_key.keys()):
        if definition.by_key[key].required:
            yield Problem(f"fields.{key}.required", _NOT_REQUIRED)
    if definition.ledger:
        yield from _ledger(definition, definition.ledger)
    if definition.slip:
        yield from _slip(definition, definition.slip)


def effect_problems(effect: MovePieces, definition: Definition, path: str) -> Iterator[Problem]:
    """Yield what is wrong with an effect that books pieces."""
    of_slip = effect.action in get_args(SlipAction)
    if of_slip and definition.slip is None:
        yield Problem(f"{path}.action", _("Only a slip does this; say in the settings what it lends."))
    if not of_slip and definition.ledger is None:
        field = definition.by_key.get(effect.item)
        if field is None or field.type != "reference" or field.many:
            yield Problem(f"{path}.item", _("Name the field that says which item."))
        if not effect.quantity:
            yield Problem(f"{path}.quantity", _("Name the field that says how many."))
    if effect.action == "take_back" and definition.slip and definition.slip.returns is None:
        yield Problem(f"{path}.action", _("This form has no table of returns."))
    if effect.action == "extend" and not effect.until:
        yield Problem(f"{path}.until", _("Name the field with the new day."))
    wanted = {
        "quantity": _NUMBERS,
        "slip": {"reference"},
        "department": {"department"},
        "person": {"person"},
        "place": {"text"},
        "until": {"date"},
        "note": {"text", "long_text"},
    }
    for name, types in wanted.items():
        key = getattr(effect, name)
        if key:
            yield from _typed(definition.by_key.get(key), key, types, f"{path}.{name}")


def _ledger(definition: Definition, ledger: Ledger) -> Iterator[Problem]:
    for name, types in OF_LEDGER.items():
        if key := getattr(ledger, name):
            yield from _typed(definition.by_key.get(key), key, types, f"ledger.{name}")
    yield from _options(definition.by_key.get(ledger.status), STATUSES, "ledger.status")
    holders = definition.by_key.get(ledger.holders)
    if holders and not holders.many:
        yield Problem("ledger.holders", _("This field must take several people."))
    if quantity := definition.by_key.get(ledger.quantity):
        if not quantity.required:
            yield Problem("ledger.quantity", _("This field must be required."))
        if quantity.type == "integer" and ledger.fractional_units:
            yield Problem("ledger.fractional_units", _("A whole number has no fractions; use a decimal."))
    for key in sorted({key for key in ledger.written if ledger.written.count(key) > 1}):
        yield Problem("ledger", _("Two things would be written into “%(key)s”.", key=key))


def _slip(definition: Definition, slip: Slip) -> Iterator[Problem]:
    for name, types in OF_SLIP.items():
        if key := getattr(slip, name):
            yield from _typed(definition.by_key.get(key), key, types, f"slip.{name}")
    yield from _typed(definition.by_key.get(slip.items), slip.items, {"table"}, "slip.items")
    names = ("item", "quantity", "lent", "returned", "keeper")
    yield from _columns(definition, slip.items, slip, names, "slip")
    for name in ("lent", "returned"):
        if not getattr(slip, name):  # without them nobody could tell what is still out
            yield Problem(f"slip.{name}", _("Name the column in which the ledger writes this."))
    flow = definition.workflow
    if slip.offer and (flow is None or slip.offer not in flow.by_transition):
        yield Problem("slip.offer", _("There is no step “%(key)s”.", key=slip.offer))
    if slip.returns:
        table = definition.by_key.get(slip.returns.table)
        yield from _typed(table, slip.returns.table, {"table"}, "slip.returns.table")
        names = ("item", "quantity", "outcome", "condition", "place")
        yield from _columns(definition, slip.returns.table, slip.returns, names, "slip.returns")
        outcome = table.columns.get(slip.returns.outcome) if table else None
        yield from _options(outcome, OUTCOMES, "slip.returns.outcome", all_of_them=False)


def _columns(
    definition: Definition, key: str, part: Slip | Returns, names: tuple[str, ...], path: str
) -> Iterator[Problem]:
    table = definition.by_key.get(key)
    if table is None or table.type != "table":
        return
    for name in names:
        if wanted := getattr(part, name):
            yield from _typed(table.columns.get(wanted), wanted, OF_ROWS[name], f"{path}.{name}")
    item = table.columns.get(part.item)
    if definition.slip and item and item.type == "reference" and item.form != definition.slip.ledger:
        yield Problem(f"{path}.item", _("“%(field)s” does not refer to the ledger.", field=item.label))
    written = definition.written_columns.get(key, frozenset())
    for column in table.fields:
        if column.required and column.key in written:
            yield Problem(f"fields.{key}.{column.key}.required", _NOT_REQUIRED)


def _typed(field: Field | None, key: str, types: Iterable[str], path: str) -> Iterator[Problem]:
    if field is None:
        yield Problem(path, _("There is no field “%(key)s”.", key=key))
    elif field.type not in set(types):
        yield Problem(path, _("“%(field)s” is not of the kind that is needed here.", field=field.label))


def _options(
    field: Field | None, wanted: Iterable[str], path: str, *, all_of_them: bool = True
) -> Iterator[Problem]:
    if field is None:
        return
    known, needed = set(field.options_by_key), set(wanted)
    unfit = needed - known if all_of_them else known - needed
    if unfit:
        yield Problem(path, _options_message(sorted(unfit), missing=all_of_them))


def _options_message(keys: list[str], *, missing: bool) -> Message:
    shown = ", ".join(keys)
    if missing:
        return _("These options are missing: %(keys)s.", keys=shown)
    return _("The ledger does not know these options: %(keys)s.", keys=shown)
