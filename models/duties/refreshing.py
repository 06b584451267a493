"""After roles, members or heads changed: open tasks ask the people whom their state means by now."""

from collections.abc import Iterator, Sequence

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import forms, who
from models.database import Document, db, in_transaction
from models.duties import reacting, store
from models.forms import LiveForm

BATCH = 500


def refresh() -> int:
    """Resolve the people of every open task anew; return how many tasks changed hands. Safe to run twice."""
    with who.batch():
        return sum(_refresh(form, batch) for form, batch in _open_tasks())


def _open_tasks() -> Iterator[tuple[LiveForm, list[Document]]]:
    """Yield the open tasks of each form that still has a workflow, some at a time."""
    for form in forms.live_forms():
        if form.definition.workflow is None:
            continue
        last: ObjectId | None = None
        while batch := _batch(form.key, last):
            last = batch[-1]["record"]
            yield form, batch


def _batch(form: str, last: ObjectId | None) -> list[Document]:
    """Return open tasks record by record (one has one task at most), along the index of what is open."""
    after = {"record": {"$gt": last}} if last else {}
    query: Document = {"form": form, "kind": "task", **store.OPEN, **after}
    return list(db().duties.find(query).sort("record", 1).limit(BATCH))


def _refresh(form: LiveForm, tasks: Sequence[Document]) -> int:
    wanted = {"_id": {"$in": [task["record"] for task in tasks]}}
    records = {record["_id"]: record for record in form.records().find(wanted, {"search": 0})}
    return sum(
        _refresh_one(form, task, records[task["record"]]) for task in tasks if task["record"] in records
    )


def _refresh_one(form: LiveForm, task: Document, record: Document) -> bool:
    resolved = reacting.owed_by(form, record)
    if resolved is None or resolved.people == task["people"]:
        return False
    new = [one for one in resolved.people if one not in task["people"]]

    def work(session: ClientSession) -> bool:
        still_theirs = {"_id": task["_id"], "people": task["people"], **store.OPEN}
        people = {"$set": {"people": resolved.people}}
        if not db().duties.update_one(still_theirs, people, session=session).matched_count:
            return False
        store.ask([(task, new)], session)
        for person in new:  # each once, however often people come and go
            store.tell_again(task, [person], key=f"{task['key']}:new:{person}", session=session)
        who.tell_substitutions(form.key, record, resolved.substitutions, session)
        return True

    return in_transaction(work)
