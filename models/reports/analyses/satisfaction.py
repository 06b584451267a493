"""Satisfaction with the handling (P03.35, A8): how answers are distributed, and their average."""

from decimal import Decimal
from typing import Any

from models.definition import Field
from models.errors import DomainError
from models.messages import Message, _
from models.reports.look import Look
from models.reports.parts import Analysis
from models.reports.results import Chart, Column, Result, Row, Series

LOW = "low"


def compute(look: Look, analysis: Analysis) -> Result:
    """Return one row for each possible answer, those that nobody gave too, and the average of all.

    The grouping's field is a rating or a choice. Options: `scores`, what each option of a choice is worth;
    `target`, the least that the average shall be.
    """
    grouping, key = look.grouping(analysis.by[0]), analysis.measures[0]
    field = _field(look, grouping.key)
    found = look.figures.by((key,), grouping.key, look.period)
    counts = {answer: found.get(answer, {}).get(key) or Decimal(0) for answer in _answers(field)}
    scores = _scores(field, analysis)
    answered = sum(counts.values(), Decimal(0))
    rows = []
    for answer, count in counts.items():
        source, where = look.drill(key, look.period, look.group_rule(grouping, answer))
        share = count / answered if answered else None
        name = look.group_name(grouping, answer)
        rows.append(
            Row({"group": name, "score": scores.get(answer), key: count, "share": share}, source, where)
        )
    average = _average(counts, scores)
    title = analysis.label.text(look.language)
    total = {"group": look.say(_("Average")), "score": average, key: answered}
    return Result(
        analysis.key,
        title,
        (
            look.group_column(grouping.key),
            Column("score", _("Score"), "decimal", 2),
            look.column(key),
            look.share(),
        ),
        tuple(rows),
        (Chart("histogram", title, "group", (Series(key),)),),
        _("Average: each answer's score times how often it was given, divided by all answers with a score."),
        list(_notes(average, answered, found.get(None, {}).get(key))),
        Row(total, flags=(LOW,) if _is_low(average, analysis) else ()),
        {"average": average},
    )


def _field(look: Look, grouping: str) -> Field:
    field = look.group_field(look.grouping(grouping))
    if field is None or field.type not in {"rating", "choice"}:
        raise DomainError(_("A rating or a choice of one option is needed here."))
    return field


def _answers(field: Field) -> list[Any]:
    """Return the possible answers in their order."""
    if field.type == "rating":
        return list(range(1, field.max_rating + 1))
    return list(field.options_by_key)


def _scores(field: Field, analysis: Analysis) -> dict[Any, Decimal]:
    if field.type == "rating":
        return {answer: Decimal(answer) for answer in _answers(field)}
    given = analysis.options.get("scores", {})
    return {answer: Decimal(str(given[answer])) for answer in _answers(field) if answer in given}


def _average(counts: dict[Any, Decimal], scores: dict[Any, Decimal]) -> Decimal | None:
    """Return the mean score of the answers that have one; None without any."""
    told = sum((counts[answer] for answer in scores), Decimal(0))
    return sum((counts[answer] * scores[answer] for answer in scores), Decimal(0)) / told if told else None


def _is_low(average: Decimal | None, analysis: Analysis) -> bool:
    target = analysis.options.get("target")
    return average is not None and target is not None and average < Decimal(str(target))


def _notes(average: Decimal | None, answered: Decimal, silent: Decimal | None) -> list[Message]:
    if not answered:
        return [_("Nobody answered in this period: there is no average.")]
    notes = []
    if average is not None:
        notes.append(
            _("%(answers)s answers, %(average)s on average.", answers=answered, average=f"{average:.2f}")
        )
    if silent:
        notes.append(_("%(count)s did not answer.", count=silent))
    return notes
