"""What a reader must know of an analysis's figures to take them for what they are."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from models.errors import DomainError
from models.fields.numbers import decimal_of, grouped
from models.messages import Message, _
from models.reports.look import Look
from models.reports.parts import Measure
from models.reports.periods import Period


def require_any(look: Look, keys: Iterable[str]) -> None:
    """Raise DomainError where none of some figures could be worked out for the reader, with the reason."""
    needed = look.figures.measures(keys)
    refused = [look.figures.refused[one.key] for one in needed if one.key in look.figures.refused]
    if refused and len(refused) == len(needed):
        raise DomainError(refused[0])


def notes(
    look: Look, keys: Sequence[str], groupings: Iterable[str], period: Period, parted: int | None = None
) -> Iterator[Message]:
    """Yield what holds for some figures by some groupings: what is left out, what is counted twice.

    Only so many of the figures are `parted` by the groupings; None for all.
    """
    needed, grouped_ones = look.figures.measures(keys), look.figures.measures(keys[:parted])
    closed = [one for one in needed if _is_closed(look, one)]
    if closed:
        names = ", ".join(look.named(one.key) for one in closed)
        yield _("Left blank, because it is closed to you: %(names)s.", names=names)
    for one in needed:
        if one not in closed:
            yield from _other_money(look, one, period)
    for grouping in groupings:
        name = look.grouping(grouping).label.text(look.language) or grouping
        unparted = [one for one in grouped_ones if one not in closed and not _is_parted(look, one, grouping)]
        if unparted:
            names = ", ".join(look.named(one.key) for one in unparted)
            yield _("Cannot be told by “%(name)s”, and is left blank: %(names)s.", name=name, names=names)
        if look.figures.is_many(grouping):
            yield _(
                "A record can stand in several groups of “%(name)s”; they add up to more than there are.",
                name=name,
            )


def _is_closed(look: Look, measure: Measure) -> bool:
    """Tell whether a figure is not for the reader, also where nobody worked it out yet."""
    known = look.disclosure(look.report.by_source[measure.source]).askable.by_key
    named = (key for key in (measure.field, measure.until) if key and not key.startswith("@"))
    return measure.key in look.figures.refused or any(key not in known for key in named)


def _is_parted(look: Look, measure: Measure, grouping: str) -> bool:
    """Tell whether the records of a figure say what they are parted by, to this reader."""
    return look.figures.cut(look.report.by_source[measure.source], grouping) is not None


def _other_money(look: Look, measure: Measure, period: Period) -> Iterator[Message]:
    """Say which amounts are not in a sum, because they are in another currency."""
    field = look.money_field(measure.key)
    if field is None:
        return
    for currency, (count, amount) in sorted(_amounts(look, measure, period).items()):
        if currency != field.currency:
            yield _(
                "“%(name)s” is in %(own)s; %(count)s in %(currency)s (%(amount)s in all) are left out.",
                name=look.named(measure.key),
                own=field.currency,
                count=count,
                currency=currency,
                amount=grouped(amount),
            )


def _amounts(look: Look, measure: Measure, period: Period) -> dict[str, tuple[int, Decimal]]:
    """Return how many amounts there are in each currency, and their sum."""
    figures, source = look.figures, look.report.by_source[measure.source]
    path = f"data.{measure.field}"
    match = figures.match(source, figures.rule(source, period, measure.where))
    group = {"_id": f"${path}.currency", "count": {"$sum": 1}, "amount": {"$sum": f"${path}.amount"}}
    found: dict[str, tuple[int, Decimal]] = {}
    for one in figures.form(source).records().aggregate([{"$match": match}, {"$group": group}]):
        if one["_id"]:
            found[one["_id"]] = one["count"], decimal_of(one["amount"])
    return found
