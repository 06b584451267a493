"""Templates of messages: what administrators may write for each kind, and how it becomes text."""

from collections.abc import Mapping
from typing import Any, Final

from models import audit
from models.database import db
from models.deliveries.defaults import BODIES, SUBJECTS
from models.deliveries.preferences import KINDS, kind_of
from models.errors import InvalidError
from models.messages import LANGUAGES, Message, _
from models.templating import Names, Sandbox

DIGEST: Final = "digest"
TEMPLATE_KINDS: Final[dict[str, Message]] = {**KINDS, DIGEST: _("Daily digest")}
MAX_SUBJECT: Final = 250
MAX_BODY: Final = 5_000
MAX_OUTPUT: Final = 20_000

VARIABLES: Final[dict[str, Message]] = {
    "title": _("Number and title of the record"),
    "text": _("What happened, or what is to be done"),
    "person": _("Name of the reader; empty in a group"),
    "by": _("Who caused it"),
    "due": _("The deadline, in the reader's time"),
    "url": _("Address of the page"),
    "level": _("info, warning or urgent"),
    "late": _("“yes” when it should have been said earlier"),
    "company": _("Name of the company"),
}
SAMPLES: Final[dict[str, dict[str, str]]] = {
    "zh": {
        "title": "QF-202611-0042 轴承异响",
        "text": "请在期限前提交整改措施。",
        "person": "王芳",
        "by": "李强",
        "due": "2026-11-23 17:00",
        "url": "https://office.example.com/records/feedback/1",
        "level": "warning",
        "late": "",
        "company": "示例公司",
    },
    "en": {
        "title": "QF-202611-0042 Bearing noise",
        "text": "Please hand in the corrective action in time.",
        "person": "Wang Fang",
        "by": "Li Qiang",
        "due": "2026-11-23 17:00",
        "url": "https://office.example.com/records/feedback/1",
        "level": "warning",
        "late": "",
        "company": "Example Ltd",
    },
}
_SANDBOX: Final = Sandbox()
_NAMES: Final = Names(VARIABLES)


def check(subject: str, body: str) -> None:
    """Refuse a template that does more than fill in names. Raises InvalidError beside the field."""
    errors = {
        name: [message]
        for name, source, longest in (("subject", subject, MAX_SUBJECT), ("body", body, MAX_BODY))
        if (message := _problem(source, longest))
    }
    if errors:
        raise InvalidError(errors)


def _problem(source: str, longest: int) -> Message | None:
    return _SANDBOX.problem(source, _NAMES, longest) if source.strip() else _("This is needed.")


def fill(subject: str, body: str, values: Mapping[str, str]) -> tuple[str, str]:
    """Return subject (one line) and body of a checked template, filled in and bounded."""
    known = {name: str(values.get(name, "")) for name in VARIABLES}
    line = " ".join(_SANDBOX.fill(subject, known, MAX_OUTPUT).split())[:MAX_SUBJECT]
    return line, _SANDBOX.fill(body, known, MAX_OUTPUT).strip()


def texts(kind: str, language: str) -> tuple[str, str, bool]:
    """Return subject and body of a kind's template, and whether an administrator wrote it."""
    known = kind if kind == DIGEST else kind_of(kind)
    stored = db().notice_templates.find_one({"_id": f"{known}.{language}"})
    if stored:
        return stored["subject"], stored["body"], True
    subjects, bodies = SUBJECTS[language], BODIES[language]
    return subjects.get(known, subjects[""]), bodies.get(known, bodies[""]), False


def render(kind: str, language: str, values: Mapping[str, str]) -> tuple[str, str]:
    """Return what a message of a kind says; a stored template that does not work gives way to ours."""
    tongue = language if language in LANGUAGES else LANGUAGES[0]
    subject, body, own = texts(kind, tongue)
    if own:
        try:
            check(subject, body)
        except InvalidError:
            subject, body = SUBJECTS[tongue][""], BODIES[tongue][""]
    return fill(subject, body, values)


def save(kind: str, language: str, subject: str, body: str) -> None:
    """Store an administrator's template. Raises InvalidError beside the field."""
    check(subject, body)
    changed: dict[str, Any] = {"subject": subject.strip(), "body": body.replace("\r\n", "\n").strip()}
    key = {"_id": f"{kind}.{language}"}
    before = db().notice_templates.find_one_and_replace(key, changed, upsert=True)
    details = audit.difference(before, changed)
    if details:
        audit.note("settings.template", subject=key["_id"], details=details)


def reset(kind: str, language: str) -> None:
    """Go back to the template that came with the program."""
    before = db().notice_templates.find_one_and_delete({"_id": f"{kind}.{language}"})
    if before:
        audit.note("settings.template", subject=before["_id"], details=audit.difference(before, None))


def changed() -> set[str]:
    """Return which templates an administrator wrote, as `kind.language`."""
    return set(db().notice_templates.distinct("_id"))
