"""Asking a step: whether it applies, who signs it now, and who instead where nobody can."""

from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import datetime

from bson import ObjectId

from models import directory, rules, who
from models.approvals import signers
from models.database import Document
from models.directory import Directory
from models.errors import InvalidError
from models.forms import LiveForm
from models.people import Actor
from models.procedure import Approval, ApprovalStep
from models.rules import RuleContext
from models.who import Substitution


@dataclass
class Moment:
    """In whose name, for which record, and when something is asked."""

    actor: Actor
    form: LiveForm
    record: Document
    at: datetime
    substitutions: list[Substitution] = attribute(default_factory=list)
    nobody: list[str] = attribute(default_factory=list)  # keys of steps that went to the administrators


def applies(step: ApprovalStep, moment: Moment) -> bool:
    """Tell whether a step is asked for this record; a condition that cannot be read leaves nothing out."""
    if step.condition is None:
        return True
    actor, definition = moment.actor, moment.form.definition
    context = RuleContext(moment.at, actor.timezone, actor.id, actor.department)
    try:
        return rules.evaluate(
            step.condition, rules.record_values(moment.record, definition), definition, context
        )
    except InvalidError:
        return True


def go_on(approval: Document, moment: Moment, start: int) -> bool:
    """Ask the first step from a position on that applies; return False where there is none."""
    definition = Approval.model_validate(approval["definition"])
    for position in range(start, len(definition.steps)):
        step, said = definition.steps[position], approval["steps"][position]
        if not applies(step, moment):
            said["status"] = signers.LEFT_OUT
            continue
        approval["current"] = position
        people = _people(definition, step, approval["started_by"], moment)
        said.update(signers=signers.line_up(people, step.mode), status=signers.ASKED)
        signers.wake(said, moment.at)
        return True
    return False


def _people(
    definition: Approval, step: ApprovalStep, starter: ObjectId | None, moment: Moment
) -> list[ObjectId]:
    known = directory.current()
    found = who.resolve(step.who, moment.form, moment.record, actor=moment.actor)
    moment.substitutions += found.substitutions
    people = found.people
    if not definition.own_work and starter in people and starter is not None:
        people = _without(starter, people, step, known)
    needed = step.count if step.mode == "count" else 1
    if len(people) < needed:  # never fewer signatures than were asked for
        moment.nobody.append(step.key)
        rest = [one for one in known.administrators if one not in people]
        people += [one for one in rest if one != starter or definition.own_work] or rest
    return people


def _without(
    starter: ObjectId, people: list[ObjectId], step: ApprovalStep, known: Directory
) -> list[ObjectId]:
    """Leave out who asked; where they are needed, whoever leads them decides in their place."""
    others = [one for one in people if one != starter]
    needed = {"any": 1, "count": step.count}.get(step.mode, len(people))
    if len(others) >= needed:
        return others
    superior = known.superior(starter)
    if superior is None or superior in others:
        return others
    return [superior if one == starter else one for one in people]
