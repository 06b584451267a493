"""How figures are worked out, in words that a person can check (2.5: the formula is shown)."""

from models.definition import Field
from models.messages import Message, _
from models.reports.parts import Measure, Ratio


def ratio(one: Ratio, name: str, part: str, whole: str) -> str:
    """Say how a ratio is worked out."""
    per = f" × {one.per.normalize():,f}" if one.per != 1 else ""
    return f"{name} = {part} ÷ {whole}{per}"


def measure(one: Measure, name: str, source: str, field: str, until: str) -> Message:
    """Say what a measure counts or adds up."""
    if one.kind == "average" and one.until:
        return _(
            "%(name)s: average days from “%(field)s” to “%(until)s” of “%(source)s”, where both are stated",
            name=name,
            field=field,
            until=until,
            source=source,
        )
    words = {
        "count": _("%(name)s: how many of “%(source)s”", name=name, source=source),
        "sum": _("%(name)s: sum of “%(field)s” of “%(source)s”", name=name, field=field, source=source),
        "distinct": _(
            "%(name)s: different values of “%(field)s” of “%(source)s”",
            name=name,
            field=field,
            source=source,
        ),
        "average": _(
            "%(name)s: average of “%(field)s” of “%(source)s”, where it is stated",
            name=name,
            field=field,
            source=source,
        ),
    }
    return words[one.kind]


def source(name: str, form: str, date: str, *, with_void: bool) -> Message:
    """Say which records a source counts."""
    if with_void:
        return _("“%(name)s”: “%(form)s” by “%(date)s”, voided records too", name=name, form=form, date=date)
    return _("“%(name)s”: “%(form)s” by “%(date)s”", name=name, form=form, date=date)


def where(said: Message, rule: str) -> Message:
    """Say which of them only."""
    return _("%(said)s; only where %(rule)s", said=said, rule=rule)


def weights(one: Measure, field: Field | None, language: str, said: Message) -> Message:
    """Say what each option weighs, behind what a measure adds up."""
    options = field.options_by_key if field else {}
    listed = ", ".join(
        f"{options[key].label.text(language) if key in options else key} {weight.normalize():f}"
        for key, weight in one.weights.items()
    )
    return _("%(said)s; weights: %(listed)s", said=said, listed=listed)
