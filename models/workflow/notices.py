"""Notices about a record that go out with a change of it."""

from collections.abc import Iterable

from bson import ObjectId

from models import notifications
from models.changes import QUIET_SOURCES, Change
from models.notifications import Words
from models.procedure import Level
from models.workflow import texts
from models.workflow.run import Run
from models.workflow.texts import Told


def tell(
    run: Run,
    change: Change,
    people: Iterable[ObjectId],
    text: Words,
    level: Level = "info",
    instead: Iterable[Told] = (),
) -> None:
    """Add a notice about the record to a change; what is taken over from elsewhere is not told.

    `instead` says what some of the people are told in other words.
    """
    told = list(people)
    if not told or change.source in QUIET_SOURCES:
        return
    change.effects += notifications.tell(
        told,
        key=run.key(change, "notice"),
        kind="record",
        form=change.form.key,
        record=change.record["_id"],
        title=texts.title(change.form.definition, change.record, change.lookup),
        text=text,
        instead=instead,
        level=level,
        by_name=change.actor.name,
    )
