"""Stores a table of people, all or none, as a job: making a hundred passwords takes a while."""

import tempfile
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError

from models import accounts, api_tokens, audit, edits, files, handover, jobs, passwords, staffing
from models.database import Document, db, in_transaction
from models.errors import DomainError, NotFoundError
from models.job_files import KEEP, Pace
from models.jobs import Job, RunningJob
from models.messages import Message, _, translate
from models.people import Actor, Permission, User
from models.people_import.checking import Draft, check
from models.people_import.writing import write_passwords
from models.permissions import require_permission
from models.spreadsheets.reading import open_table
from models.times import now

JOB = "people_import"
PASSWORDS_KEPT = timedelta(hours=1)
MAX_BYTES = 20 * 1024 * 1024
WITH_PASSWORDS, WITHOUT = "passwords", "none"
MODES: Mapping[str, Message] = {
    WITH_PASSWORDS: _("Make initial passwords"),
    WITHOUT: _("No passwords"),
}
_REFUSED = _("Some rows cannot be imported any more. Check the file again.")
_DUPLICATE = 11000


def begin(person: User, file: ObjectId, file_name: str, *, update: bool, mode: str) -> Job:
    """Write the import of a table down as a job.

    Args:
        person: who imports.
        file: the table, as it was checked.
        file_name: as the person calls it.
        update: whether accounts that exist are changed.
        mode: one of `MODES`.
    """
    require_permission(person, Permission.CONFIGURE_PEOPLE)
    params = {"file": file, "file_name": file_name, "update": update, "mode": mode}
    job = handover.prepare_job(JOB, person, params, file_name)
    in_transaction(partial(handover.store_job, job))
    return job


def carry_out(job: RunningJob) -> None:
    """Store everybody of a table, or nobody; initial passwords go into a workbook for whoever asked."""
    if not job.position.get("done"):
        _store_all(job)
    position = job.position
    keep = PASSWORDS_KEPT if position["made"] else KEEP
    job.finish(position["result"], file=position["made"], file_name=position["made_name"], keep=keep)


def _store_all(job: RunningJob) -> None:
    person = job.owner()
    drafts = _checked(job, person)
    new = [draft.user for draft in drafts if draft.kind == "new"]
    changed = [draft for draft in drafts if draft.kind == "changed"]
    secrets = _make_passwords(job, new) if job.params["mode"] == WITH_PASSWORDS else []
    name = f"{translate(_('Initial passwords'), str(person.language))}.xlsx"
    made = _keep_passwords(Actor.of(person), name, secrets) if secrets else None
    position = {
        "done": True,
        "made": made,
        "made_name": name if made else "",
        "result": {
            "created": len(new),
            "updated": len(changed),
            "same": len(drafts) - len(new) - len(changed),
        },
    }
    for user in new:
        user.id, user.created_at = ObjectId(), now()

    def write(session: ClientSession) -> None:
        _insert(new, session)
        for draft in changed:
            _update(draft, session)
        staffing.changed(session)
        job.keep_position(position, len(drafts), len(drafts), session)
        _note(person, job, new, changed, session)

    try:
        accounts.keeping_an_administrator(write)
    except DomainError:
        if made:
            files.delete(made)
        raise


def _checked(job: RunningJob, person: User) -> list[Draft]:
    """Read the table once more: what was right in the preview may be wrong by now. Raises DomainError."""
    with tempfile.TemporaryDirectory(prefix="backoffice-people-") as folder:
        path = Path(folder) / "upload"
        files.copy_to(job.params["file"], path)
        with open_table(path, job.params["file_name"]) as table:
            found = check(person, table, update=job.params["update"])
    if found.refused:
        raise DomainError(_REFUSED)
    return found.drafts


def _make_passwords(job: RunningJob, users: Sequence[User]) -> list[tuple[User, str]]:
    pace, made = Pace(job, len(users)), []
    for at, user in enumerate(users):
        text = passwords.generate()
        passwords.set_password(user, text, must_change=True)
        made.append((user, text))
        pace.reach(at)
    return made


def _keep_passwords(actor: Actor, name: str, made: Sequence[tuple[User, str]]) -> ObjectId:
    with tempfile.TemporaryDirectory(prefix="backoffice-people-") as folder:
        path = Path(folder) / "passwords.xlsx"
        write_passwords(path, made, actor)
        with path.open("rb") as stream:
            return files.store(stream, name, actor.id, purpose=files.MADE, max_bytes=MAX_BYTES)


def _insert(users: Sequence[User], session: ClientSession) -> None:
    if not users:
        return
    try:
        db().users.insert_many([user.to_mongo().to_dict() for user in users], session=session)
    except BulkWriteError as error:
        if error.details["writeErrors"][0]["code"] != _DUPLICATE:
            raise
        raise DomainError(_REFUSED) from None


def _update(draft: Draft, session: ClientSession) -> None:
    """Store a changed account; whoever is disabled or loses a role is signed out everywhere."""
    user, before = draft.user, draft.before
    if before is None:
        return
    lost = {role.id for role in before.roles} - {role.id for role in user.roles}
    if lost or not user.active:
        passwords.end_sessions(user)
    seen = edits.stamp(user, accounts.USER_ATTRIBUTES)
    edits.store(user, accounts.USER_ATTRIBUTES, seen=seen, also=["fs_uniquifier"], session=session)
    if before.active and not user.active:
        staffing.left(user.id, session)
        api_tokens.end_all(user.id, session)


def _note(
    person: User, job: RunningJob, new: Sequence[User], changed: Sequence[Draft], session: ClientSession
) -> None:
    details: Document = {
        "file": job.params["file_name"],
        "created": [_said(user) for user in new],
        "changed": [_said(draft.user) for draft in changed],
    }
    subject = job.params["file_name"]
    audit.note("user.imported", actor=Actor.of(person), subject=subject, details=details, session=session)


def _said(user: User) -> str:
    """Return an account and its roles in a few words."""
    roles = ", ".join(role.name for role in user.roles)
    return f"{user.username}{'' if user.active else ' (−)'}: {roles}"


def take_passwords(person: User, job_id: ObjectId) -> tuple[str, bytes]:
    """Return the workbook of initial passwords, once: it is gone afterwards. Raises NotFoundError."""
    require_permission(person, Permission.CONFIGURE_PEOPLE)
    job = jobs.get_own(person, job_id)
    taken = {"_id": job.id, "kind": JOB, "file": {"$type": "objectId"}}
    found = db().jobs.find_one_and_update(taken, {"$set": {"file": None, "expires_at": None}})
    if found is None:
        raise NotFoundError(_("The passwords were downloaded already, or were removed after an hour."))
    content = files.open_file(found["file"]).read()
    files.delete(found["file"])
    audit.note("user.passwords_taken", actor=Actor.of(person), subject=str(job.title))
    return str(found["file_name"]), bytes(content)
