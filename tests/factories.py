"""The fixed cast of the tests, and the shortest way to a form with records."""

import io
from collections.abc import Sequence
from typing import Any

from bson import ObjectId

from models import files, forms, passwords, records
from models.access import Action
from models.database import Document
from models.forms import LiveForm
from models.jobs import Job, RunningJob
from models.people import Actor, Department, Grant, Name, Permission, Role, User

PASSWORD = "correct horse battery staple"  # noqa: S105  (nobody's)
READER_ACTIONS = [Action.SEE, Action.PRINT, Action.TRANSITION, Action.APPROVE]
EDITOR_ACTIONS = [action for action in Action if action is not Action.CONFIGURE]


def department(code: str = "QA", zh: str = "品保部", en: str = "Quality", **fields: Any) -> Department:
    found = Department.objects(code=code).first()
    return found or Department(code=code, name=Name(zh=zh, en=en), **fields).save()


def role(name: str, *, form: str = "*", actions: Sequence[str] | None = None, **fields: Any) -> Role:
    found = Role.objects(name=name).first()
    grants = [Grant(form=form, actions=list(actions))] if actions else []
    return found or Role(name=name, label=Name(zh=name, en=name), grants=grants, **fields).save()


def user(username: str, *roles: Role, name: str = "", **fields: Any) -> User:
    found = User.objects(username=username).first()
    return found or User(username=username, name=name or username, roles=list(roles), **fields).save()


def administrator() -> User:
    return user("admin", role("administrator", administrator=True), name="管理员", department=department())


def editor(form: str = "*") -> User:
    return user(
        "editor", role("editor", form=form, actions=EDITOR_ACTIONS), name="编辑", department=department()
    )


def reader(form: str = "*") -> User:
    return user(
        "reader", role("reader", form=form, actions=READER_ACTIONS), name="读者", department=department()
    )


def stranger() -> User:
    """Someone of another department with no right to any form of the tests."""
    return user(
        "stranger",
        role("outsider", form="other", actions=READER_ACTIONS),
        department=department("HR", "人事部", "HR"),
    )


def member() -> User:
    """Somebody who signs in with `PASSWORD`, and reads English."""
    return user(
        "wang.fang",
        role("reader", actions=READER_ACTIONS),
        name="王芳",
        email="wang@example.com",
        password=passwords.hash_password(PASSWORD),
        language="en",
    )


def form_maker() -> User:
    permissions = [Permission.CONFIGURE_FORMS.value]
    return user("maker", role("form_maker", permissions=permissions), name="制表人")


def actor(person: User | None = None) -> Actor:
    return Actor.of(person or administrator())


def one_task(**who: Any) -> dict[str, Any]:
    """A procedure of one step, which some have as a task until they end it."""
    return {
        "initial": "open",
        "states": [
            {"key": "open", "label": {"en": "Open"}, "task": {"en": "Look at it"}, "who": who},
            {"key": "done", "label": {"en": "Done"}, "category": "done"},
        ],
        "transitions": [{"key": "end", "label": {"en": "End"}, "sources": ["open"], "to": "done"}],
    }


def field(key: str, kind: str = "text", **properties: Any) -> dict[str, Any]:
    return {"key": key, "type": kind, "label": {"zh": f"{key} 中", "en": key.replace("_", " ")}, **properties}


def form(*fields: dict[str, Any], key: str = "sheet", **properties: Any) -> LiveForm:
    """Publish a form; without fields it has a name and a quantity."""
    chosen = list(fields) or [field("name", required=True, searchable=True), field("qty", "integer")]
    document = {
        "key": key,
        "label": {"zh": "测试单", "en": "Test sheet"},
        "title_fields": [chosen[0]["key"]],
        "list_columns": [one["key"] for one in chosen if one["type"] not in {"section", "help"}],
        "fields": chosen,
        **properties,
    }
    forms.create(actor(), document)
    return forms.publish(actor(), key, draft_revision=1)


def republish(live: LiveForm, **changes: Any) -> LiveForm:
    """Publish the next version of a form with some properties changed."""
    stored = forms.get(live.key)
    saved = forms.save_draft(
        actor(), live.key, {**live.definition.dump(), **changes}, draft_revision=stored.draft_revision
    )
    return forms.publish(actor(), live.key, draft_revision=saved.draft_revision)


def record(live: LiveForm, person: User | None = None, **raw: Any) -> Document:
    return records.create(actor(person), live, raw)


def stored(content: bytes, owner: User | None, name: str = "a.csv", purpose: str = files.IMPORT) -> ObjectId:
    """Keep a file as if somebody had sent it (or nobody: the program made it)."""
    return files.store(
        io.BytesIO(content), name, owner.id if owner else None, purpose=purpose, max_bytes=10**8
    )


def claimed(job: Job | RunningJob, worker: str = "test") -> RunningJob:
    """Take a job up, as a worker does."""
    running = RunningJob.claim(job.id, worker)
    assert running is not None
    return running
