"""Templates of messages: what administrators may write, and how it becomes text.

A template is text with the listed names in `{{ … }}` and simple conditions. Everything else that Jinja can do
is refused by its syntax tree before it is compiled: attributes, calls, loops, calculations. So a template
cannot reach the program, and neither its time nor its length can grow beyond its own size. The sandbox
beneath is the second fence.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from jinja2 import Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from models import audit
from models.database import db
from models.deliveries.defaults import BODIES, SUBJECTS
from models.deliveries.preferences import KINDS, kind_of
from models.errors import InvalidError
from models.messages import LANGUAGES, Message, _

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
_FILTERS: Final = frozenset(
    {"capitalize", "d", "default", "e", "escape", "length", "lower", "title", "trim", "truncate", "upper"}
)
_ALLOWED: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr,
    nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Filter, nodes.Concat,
)  # fmt: skip
_ENVIRONMENT: Final = ImmutableSandboxedEnvironment(autoescape=False, keep_trailing_newline=False)


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
    if not source.strip():
        return _("This is needed.")
    if len(source) > longest:
        return _("At most %(max)s characters.", max=longest)
    try:
        problem = next(_refusals(_ENVIRONMENT.parse(source)), None)
        if problem is None:
            _compiled(source)
    except TemplateError as error:
        return _("This is not a template: %(detail)s", detail=str(error.message or "")[:200])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _("This template is too deep or its numbers are too large.")
    return problem


def _refusals(tree: nodes.Template) -> Iterator[Message]:
    """Yield what a template may not do, in the order of its text."""
    for node in _walk(tree):
        if isinstance(node, nodes.Getattr):
            yield _("“.%(name)s”: a name has no parts that could be used here.", name=node.attr)
        elif isinstance(node, nodes.Name) and node.name not in VARIABLES:
            yield _("There is no “%(name)s”. The names are listed beside the text.", name=node.name)
        elif isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            yield _("The filter “%(name)s” cannot be used here.", name=node.name)
        elif not isinstance(node, _ALLOWED):
            yield _REFUSED.get(type(node), _("Only names and conditions can be used here."))


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _walk(child)


_REFUSED: Final[dict[type[nodes.Node], Message]] = {
    nodes.Call: _("Functions cannot be called here."),
    nodes.For: _("Repetitions cannot be used here."),
    nodes.Getitem: _("Brackets cannot be used here."),
    nodes.Mul: _("Calculations cannot be used here."),
    nodes.Pow: _("Calculations cannot be used here."),
    nodes.Add: _("Calculations cannot be used here."),
    nodes.Mod: _("Calculations cannot be used here."),
}


@lru_cache(maxsize=200)
def _compiled(source: str) -> Template:
    return _ENVIRONMENT.from_string(source)


def fill(subject: str, body: str, values: Mapping[str, str]) -> tuple[str, str]:
    """Return subject (one line) and body of a checked template, filled in and bounded."""
    known = {name: str(values.get(name, "")) for name in VARIABLES}
    line = " ".join(_compiled(subject).render(known).split())[:MAX_SUBJECT]
    return line, _compiled(body).render(known).strip()[:MAX_OUTPUT]


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
