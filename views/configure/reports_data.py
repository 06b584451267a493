"""What the report editor in the browser needs to know, and what it is told about a draft."""

import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from models.definition import Definition, Field
from models.errors import DomainError
from models.forms import LiveForm, live_forms
from models.lookups import Lookup
from models.messages import LANGUAGES, Message, translate
from models.people import Role, User
from models.reports import checks, reading
from models.reports.analyses import KINDS
from models.reports.keeping import Report
from models.reports.look import Look
from models.reports.parts import MAX_PARTS, ReportDefinition
from models.rules import SYSTEM, describe
from views.configure import reports_words as words
from views.configure.editor import rule_parts
from views.configure.workflow_texts import workflow_texts
from views.context import current_language, current_timezone, require_person, say

MAX_CHOICES: Final = 500
SYSTEM_GROUPS: Final = ("@department", "@state", "@owner", "@created_by")
SYSTEM_COLUMNS: Final = (
    "@number",
    "@state",
    "@owner",
    "@department",
    "@created_at",
    "@created_by",
    "@updated_at",
)


def as_json(report: Report) -> Markup:
    """Return everything the editor starts with, as text for a script element."""
    return htmlsafe_json_dumps(_document(report), dumps=json.dumps)


def _document(report: Report) -> dict[str, Any]:
    live = live_forms()
    parts = rule_parts([form.definition for form in live])
    return {
        **parts,
        "key": report.key,
        "definition": report.definition.dump(),
        "draftRevision": report.version,
        "hasDraft": False,
        "texts": {**parts["texts"], **workflow_texts(), **words.texts()},
        "judgement": judgement(report.definition),
        "procedure": _people(),
        "report": {
            "forms": [_form(form) for form in live],
            "kinds": [_kind(key) for key in KINDS],
            **_choices(),
        },
    }


def _people() -> dict[str, Any]:
    """Return who can be named, and what properties are called, as the rows of the editor ask for them."""
    language = current_language()
    people = User.objects(active=True).only("name", "username").order_by("name").limit(MAX_CHOICES)
    roles = [[one.name, one.label.text(language) or one.name] for one in Role.objects.order_by("name")]
    return {
        "properties": {name: str(label) for name, label in words.PROPERTIES.items()},
        "roles": roles,
        "users": [[one.username, one.name or one.username] for one in people],
        "departments": [],
        "sources": {},
        "published": {},
    }


def _choices() -> dict[str, Any]:
    def pairs(named: dict[str, Any]) -> list[list[str]]:
        return [[key, str(label)] for key, label in named.items()]

    return {
        "sections": {key: str(label) for key, label in words.SECTIONS.items()},
        "units": pairs(words.UNITS),
        "compare": pairs(words.COMPARE),
        "measures": pairs(words.MEASURES),
        "better": pairs(words.BETTER),
        "nelson": pairs(words.NELSON),
        "charts": pairs(words.CHARTS),
        "numbers": sorted(checks.NUMBERS),
        "max": MAX_PARTS,
    }


def _form(form: LiveForm) -> dict[str, Any]:
    """Return a form with the fields that each purpose can name."""
    definition, language = form.definition, current_language()
    fields = [field for field in definition.value_fields if field.type not in checks.UNCOUNTED]
    steps = definition.workflow.transitions if definition.workflow else ()
    return {
        "key": form.key,
        "label": definition.label.model_dump(),
        "dates": [*_of(fields, checks.DATES), *_system(sorted(checks.SYSTEM_DATES))],
        "numbers": _of(fields, checks.NUMBERS),
        "weighed": _of(fields, {"choice", "multi_choice"}),
        "values": _of(fields),
        "files": _of(definition.value_fields, {"attachment"}),
        "groups": [*_of(fields), *_system(SYSTEM_GROUPS)],
        "columns": [*_of(fields), *_system(SYSTEM_COLUMNS)],
        "steps": [[step.key, step.label.text(language) or step.key] for step in steps],
        "clocks": [[clock.key, clock.label.text(language) or clock.key] for clock in definition.clocks],
    }


def _of(fields: Iterable[Field], types: Collection[str] | None = None) -> list[list[str]]:
    language = current_language()
    return [
        [one.key, one.label.text(language) or one.key] for one in fields if types is None or one.type in types
    ]


def _system(names: Iterable[str]) -> list[list[str]]:
    return [[name, say(SYSTEM[name][0])] for name in names]


def _kind(key: str) -> dict[str, Any]:
    kind = KINDS[key]
    return {
        "key": key,
        "label": _both(kind.label),
        "about": str(words.ANALYSES.get(key, "")),
        "measures": kind.measures,
        "groupings": kind.groupings,
        "plain": kind.plain,
        "finds": words.FINDS.get(key, ""),
        "options": [
            dict(zip(("name", "label", "help", "input"), (name, *words.option(key, name)), strict=True))
            for name in kind.options
        ],
    }


def _both(text: Message) -> dict[str, str]:
    return {language: translate(text, language) for language in LANGUAGES}


# -- what is told about a draft ---------------------------------------------------------------------------


def judgement(definition: ReportDefinition) -> dict[str, Any]:
    """Return what is wrong with a draft, and its figures and rules in words."""
    found: dict[str, list[str]] = {}
    for problem in checks.problems(definition):
        found.setdefault(problem.path, []).append(str(say(problem.message)))
    return {
        "problems": found,
        "rules": {**dict(_formulas(definition)), **dict(_rules(definition, found))},
        "numbers": {},
    }


def _formulas(definition: ReportDefinition) -> Iterator[tuple[str, str]]:
    """Yield how each figure is worked out, as far as it can be said yet."""
    person = require_person()
    look = Look(definition, person, reading.period_of(definition, ""), current_language())
    sections = (("measures", definition.measures), ("ratios", definition.ratios))
    for section, one in ((section, one) for section, parts in sections for one in parts):
        try:
            yield f"{section}.{one.key}", look.say(look.formula(one.key))
        except (KeyError, DomainError):  # it names what is not there; that is told as a problem
            continue


def _rules(definition: ReportDefinition, found: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    known = {one.key: checks.in_force(one.form) for one in definition.sources}
    trees = [(f"sources.{one.key}.where", one.where, known[one.key]) for one in definition.sources]
    trees += [(f"measures.{one.key}.where", one.where, known.get(one.source)) for one in definition.measures]
    for path, tree, form in trees:
        if tree is not None and form is not None and path not in found:
            yield path, _in_words(tree, form)


def _in_words(tree: Any, form: Definition) -> str:  # noqa: ANN401  (JSON)
    language, timezone = current_language(), current_timezone()
    names = Lookup(language, timezone, require_person())
    return describe(tree, form, language, names=names, timezone=timezone)
