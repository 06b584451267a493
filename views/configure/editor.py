"""What the form editor in the browser needs to know, and what it is told about a draft."""

import json
from collections.abc import Iterable
from typing import Any, Final

from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from models import impact, numbering_patterns
from models.database import db
from models.definition import GROUPS, MAX_FIELDS, MAX_OPTIONS, Definition, Field
from models.elsewhere import missing_elsewhere
from models.fields import TYPES
from models.files.kinds import KIND_NAMES
from models.form_checks import COLUMN_TYPES, RESERVED, SYSTEM_COLUMNS, problems
from models.form_guards import guard, options
from models.forms import Form, at_version, collection_name, draft_of, live_forms
from models.ledger_guards import keep_pieces
from models.lookups import Lookup
from models.messages import _
from models.people import Department, User
from models.rules import MAX_DEPTH, OPERATORS, PERIODS, SYSTEM, describe, kind_of
from models.rules.operators import Kind, operators_of_kind
from models.times import today
from views.configure import catalog, ledger_data, letters
from views.configure.texts import editor_texts
from views.context import current_language, current_timezone, say

NEEDED: Final = _("Give the form a name.")
NO_FILES: Final = _("A preview keeps no files.")
TOO_LARGE: Final = _("This form is too large.")
RULES: Final = ("visible_if", "required_if", "readonly_if")
MAX_CHOICES = 500
MAX_DESCRIBED = 200


def document(form: Form) -> dict[str, Any]:
    """Return everything the editor starts with, as JSON."""
    definition = draft_of(form)
    published = at_version(form.key, form.version).definition if form.version else None
    return {
        "key": form.key,
        "definition": definition.dump(),
        "draftRevision": form.draft_revision,
        "hasDraft": bool(form.has_draft),
        "version": form.version,
        "published": dict(form.field_types),
        "publishedOptions": {**(options(published) if published else {}), **form.options},
        "views": impact.named_by_views(form.key, definition) if form.version else {},
        "judgement": judgement(form, definition),
        "ledgerParts": ledger_data.parts(),
        "letterParts": letters.parts(form),
        **_language_parts(),
        **_choices(form),
    }


def as_json(form: Form) -> Markup:
    """Return the same as text for a script element; the order of keys is the order on the screen."""
    return htmlsafe_json_dumps(document(form), dumps=json.dumps)


def judgement(form: Form, definition: Definition) -> dict[str, Any]:
    """Return what is wrong with a draft, its rules in words, and how its numbers would look."""
    before = at_version(form.key, form.version).definition if form.version else None
    found: dict[str, list[str]] = {}
    guarded = guard(definition, before, form.field_types, form.options)
    kept = keep_pieces(definition, before, db()[collection_name(form.key)])
    for problem in (*problems(definition), *guarded, *kept, *missing_elsewhere(definition)):
        found.setdefault(problem.path, []).append(say(problem.message))
    return {"problems": found, "rules": _rules_in_words(definition), "numbers": _numbers(definition)}


def saved_by(form: Form) -> dict[str, Any]:
    """Return who saved the draft that is stored now."""
    at = form.draft_at.astimezone(current_timezone()) if form.draft_at else None
    return {
        "by": form.draft_by or "",
        "at": f"{at:%Y-%m-%d %H:%M}" if at else "",
        "draft_revision": form.draft_revision,
    }


def _rules_in_words(definition: Definition) -> dict[str, str]:
    language = current_language()
    words: dict[str, str] = {}
    names = Lookup(language, current_timezone())
    for field in definition.fields:
        for name in RULES:
            tree = getattr(field, name)
            if tree is not None and len(words) < MAX_DESCRIBED:
                words[f"fields.{field.key}.{name}"] = describe(
                    tree, definition, language, names=names, timezone=current_timezone()
                )
    return words


def _numbers(definition: Definition) -> dict[str, str]:
    patterns = {"numbering": definition.numbering}
    patterns |= {f"fields.{field.key}.serial_pattern": field.serial_pattern for field in definition.fields}
    patterns |= {f"letters.{letter.key}.numbering": letter.numbering for letter in definition.letters}
    return {path: _example(pattern) for path, pattern in patterns.items() if pattern}


def _example(pattern: str) -> str:
    if any(numbering_patterns.check(pattern)):
        return ""
    filled, number_format = numbering_patterns.split(pattern, today(current_timezone()), "QA")
    return numbering_patterns.render(filled, number_format, 1)


def _language_parts() -> dict[str, Any]:
    """Return every name and text, in the reader's language."""
    return {
        "language": current_language(),
        "texts": {name: str(text) for name, text in editor_texts().items()},
        "types": [_type(key) for key in TYPES],
        "properties": {
            name: {"label": str(label), "help": str(text), "input": entered, "group": group}
            for name, (label, text, entered, group) in catalog.PROPERTIES.items()
        },
        "groups": {name: str(label) for name, label in catalog.PROPERTY_GROUPS.items()},
        "formProperties": {name: str(label) for name, label in catalog.FORM_PROPERTIES.items()},
        "formGroups": {name: catalog.group_labels()[name] for name in GROUPS},
        "colors": {name: str(label) for name, label in catalog.COLORS.items()},
        "icons": list(catalog.ICONS),
        "systemColumns": {name: str(catalog.SYSTEM_COLUMN_LABELS[name]) for name in SYSTEM_COLUMNS},
        "operators": {
            key: {"label": say(one.label), "dated": say(one.dated_label or one.label), "arity": one.arity}
            for key, one in OPERATORS.items()
        },
        "kinds": {str(kind): list(operators_of_kind(kind)) for kind in Kind},
        "periods": {key: say(label) for key, label in PERIODS.items()},
        "resultKinds": {
            result: str(kind_of(Field.model_construct(key="any", type="computed", result=result)))
            for result in ("decimal", "integer", "text", "boolean", "date")
        },
        "fileKinds": {kind: say(name) for kind, name in KIND_NAMES.items()},
        "reserved": sorted(RESERVED),
        "limits": {"fields": MAX_FIELDS, "options": MAX_OPTIONS, "depth": MAX_DEPTH},
    }


def _type(key: str) -> dict[str, Any]:
    kind = TYPES[key]
    names = [name for name in ("key", *catalog.PROPERTIES) if name == "key" or name in kind.properties]
    named = list(dict.fromkeys(names))
    field_type: Any = key
    return {
        "key": key,
        "name": say(kind.name),
        "description": say(kind.description),
        "icon": kind.icon,
        "properties": [name for name in named if name not in catalog.ONLY_FOR_COLUMNS],
        "columnProperties": [name for name in named if name not in catalog.NOT_FOR_COLUMNS],
        "column": key in COLUMN_TYPES,
        "defaultSources": list(kind.default_sources),
        "kind": str(kind_of(Field.model_construct(key="any", type=field_type, result="decimal"))),
    }


def rule_parts(definitions: Iterable[Definition]) -> dict[str, Any]:
    """Return what the rule builder alone needs, for pages with rules of several forms; as `document`."""
    parts = _language_parts()
    columns = {name[1:]: say(label) for name, (label, _kind, _target) in SYSTEM.items()}
    return {
        **{
            name: parts[name]
            for name in ("language", "texts", "operators", "kinds", "periods", "resultKinds")
        },
        "types": [{"key": one["key"], "kind": one["kind"]} for one in parts["types"]],
        "systemColumns": columns,
        "definition": {"fields": []},
        "judgement": {"problems": {}, "rules": {}, "numbers": {}},
        "forms": {one.key: _rule_sources(one) for one in definitions},
        **_people_and_departments(),
    }


def _rule_sources(definition: Definition) -> dict[str, Any]:
    states = definition.workflow.states if definition.workflow else ()
    return {
        "fields": [_rule_source(field) for field in definition.value_fields],
        "states": [{"key": state.key, "label": state.label.model_dump()} for state in states],
    }


def _rule_source(field: Field) -> dict[str, Any]:
    kept = field.model_dump(include={"key", "type", "label", "many", "result", "form"})
    options = [option.model_dump(include={"key", "label"}) for option in field.options]
    return {**kept, "options": options, "fields": [_rule_source(column) for column in field.fields]}


def _choices(form: Form) -> dict[str, Any]:
    """Return what references, rules and defaults can name."""
    labels = _form_labels(form, current_language())
    return {"forms": [{"key": key, "label": label} for key, label in labels], **_people_and_departments()}


def _people_and_departments() -> dict[str, Any]:
    language = current_language()
    departments = Department.objects(retired=False).order_by("order", "code").limit(MAX_CHOICES)
    people = User.objects(active=True).only("name", "username").order_by("name").limit(MAX_CHOICES)
    return {
        "departments": [
            {"id": str(one.id), "label": one.name.text(language) or one.code} for one in departments
        ],
        "people": [{"id": str(one.id), "label": f"{one.name} ({one.username})"} for one in people],
    }


def _form_labels(form: Form, language: str) -> list[tuple[str, str]]:
    labels = {live.key: live.definition.label.text(language) for live in live_forms()}
    labels.setdefault(form.key, draft_of(form).label.text(language))
    return [(key, label or key) for key, label in labels.items()]
