"""What MongoDB is asked for each measure, and how its answers for parts of a period are put together."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final, NamedTuple

from bson import Decimal128

from models.database import Document
from models.definition import Definition
from models.fields.numbers import decimal_of
from models.reports.cutting import group_of, path_of
from models.reports.parts import Measure
from models.rules.mongo import EMPTY_VALUES

Value = Decimal | None
DAY: Final = 86_400_000
"""Milliseconds."""
_HOUR: Final = 3_600
_DATE: Final = "%Y-%m-%d"


class Mean(NamedTuple):
    """The values that an average is made of: their sum, and how many there are."""

    total: Decimal
    values: int


Raw = Decimal | frozenset[Any] | Mean
"""What is kept of a measure until all parts of a period are there."""


def nothing(measure: Measure) -> Value:
    """Return what a measure is where there are no records: 0, or an average of nothing."""
    return None if measure.kind == "average" else Decimal(0)


def accumulators(definition: Definition, measure: Measure, name: str, timezone: str) -> Document:
    """Return the accumulators of a `$group` stage for a measure, under names that begin with `name`.

    Raises DomainError where the form, as the reader knows it, lacks the field.
    """
    if measure.kind == "count":
        return {name: {"$sum": 1}}
    if measure.kind == "distinct":
        return {name: {"$addToSet": f"${path_of(definition, measure.field)}"}}
    value = _value(definition, measure, timezone)
    if measure.kind == "sum":
        return {name: {"$sum": value}}
    return {name: {"$sum": value}, f"{name}n": {"$sum": {"$cond": [{"$isNumber": value}, 1, 0]}}}


def _value(definition: Definition, measure: Measure, timezone: str) -> Any:  # noqa: ANN401  (an expression)
    path = f"${path_of(definition, measure.field)}"
    if measure.until:
        return _between(definition, measure, timezone)
    if measure.weights:
        weighed = _weighed(path, measure.weights.items())
        return _where_stated(path, weighed) if measure.kind == "average" else weighed
    field = definition.by_key.get(measure.field)
    if field is not None and field.type == "money":  # amounts in another currency are not the same thing
        return {"$cond": [{"$eq": [f"$data.{field.key}.currency", field.currency]}, path, None]}
    return path


def _between(definition: Definition, measure: Measure, timezone: str) -> Document:
    """Return milliseconds from one date to another; days without a time begin at midnight, or both in UTC."""
    keys = (measure.field, measure.until)
    days = [_is_day(definition, key) for key in keys]
    zone = "UTC" if all(days) else timezone
    start, end = (
        _moment(path_of(definition, key), zone) if day else f"${path_of(definition, key)}"
        for key, day in zip(keys, days, strict=True)
    )
    return {"$subtract": [end, start]}


def _is_day(definition: Definition, key: str) -> bool:
    field = definition.by_key.get(key)
    return field is not None and field.type == "date"


def _moment(path: str, timezone: str) -> Document:
    return {
        "$dateFromString": {"dateString": f"${path}", "format": _DATE, "timezone": timezone, "onError": None}
    }


def _weighed(path: str, weights: Iterable[tuple[str, Decimal]]) -> Document:
    """Return the sum of the weights of the options that a record has; others weigh nothing."""
    chosen = {"$cond": [{"$isArray": path}, path, [path]]}
    return {
        "$add": [{"$cond": [{"$in": [option, chosen]}, Decimal128(weight), 0]} for option, weight in weights]
    }


def _where_stated(path: str, value: Document) -> Document:
    return {"$cond": [{"$in": [{"$ifNull": [path, None]}, list(EMPTY_VALUES)]}, None, value]}


def read(measure: Measure, found: Document, name: str) -> Raw:
    """Return what a measure's accumulators gave."""
    if measure.kind == "distinct":
        return frozenset(_each(found[name]))
    total = decimal_of(found[name])
    return Mean(total, found[f"{name}n"]) if measure.kind == "average" else total


def _each(values: Iterable[Any]) -> Iterable[Any]:
    """Yield values one by one, those of many-valued fields too, without what is empty; 10.00 is 10."""
    for value in values:
        if isinstance(value, list):
            yield from _each(value)
        elif (one := group_of(value)) is not None:
            yield one


def added(one: Raw, other: Raw) -> Raw:
    """Put two parts of the same measure together."""
    if isinstance(one, Mean) and isinstance(other, Mean):
        return Mean(one.total + other.total, one.values + other.values)
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return one | other
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return one + other
    raise TypeError


def number(definition: Definition, measure: Measure, raw: Raw) -> Value:
    """Return a measure's value: days, hours for durations, else as the field has it."""
    if isinstance(raw, frozenset):
        return Decimal(len(raw))
    scale = _scale(definition, measure)
    if isinstance(raw, Mean):
        return raw.total / raw.values / scale if raw.values else None
    return raw / scale if scale != 1 else raw


def _scale(definition: Definition, measure: Measure) -> int:
    if measure.until:
        return DAY
    field = definition.by_key.get(measure.field)
    return _HOUR if measure.kind != "count" and field is not None and field.type == "duration" else 1
