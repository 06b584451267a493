"""What a form's procedure makes of a change, before it is stored."""

from collections.abc import Sequence

from models.changes import Change


def react(changes: Sequence[Change]) -> list[Change]:
    """Let the procedures of the forms act on changes; return further changes that belong to them.

    Sets the state of new records, and adds to each change what is written with it.
    """
    for change in changes:
        workflow = change.form.definition.workflow
        if workflow and not change.record.get("state"):
            change.record["state"] = workflow.initial
    return []
