"""The rows of the screens of rights, a grant or field rule each: stored, posted, shown again as typed."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from flask import request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from models import definition_files, rights_words, rules
from models.definition import Definition
from models.errors import InvalidError
from models.people import EVERY_FIELD, FieldRule, Grant, Limit, Scope
from models.role_checks import NO_FIELDS
from views.context import current_language, current_lookup

MAX_ROWS: Final = 400
MAX_RULE: Final = 20_000
MAX_CHOSEN: Final = 300
Titles = Mapping[str, str]


@dataclass
class GrantRow:
    """A grant; `of` is its form on the screen of a role, and its role on the screen of a form."""

    of: str
    actions: list[str] = field(default_factory=list)
    scope: str = Scope.ALL.value
    deny: bool = False
    rule: str = ""
    error: str = ""
    form: str = ""

    @classmethod
    def show(cls, of: str, grant: Grant) -> "GrantRow":
        """Return a stored grant as a row."""
        rule = json.dumps(grant.rule, ensure_ascii=False, indent=1) if grant.rule else ""
        return cls(of, list(grant.actions), str(grant.scope), bool(grant.deny), rule, form=str(grant.form))

    @classmethod
    def read(cls, form: MultiDict[str, str], name: str) -> "GrantRow":
        """Return a posted row."""
        return cls(
            form.get(f"{name}-of", "")[:60],
            list(dict.fromkeys(form.getlist(f"{name}-actions")))[:MAX_CHOSEN],
            form.get(f"{name}-scope", Scope.ALL.value)[:20],
            form.get(f"{name}-deny") == "1",
            form.get(f"{name}-rule", "").strip()[:MAX_RULE],
        )

    def grant(self, form: str) -> Grant:
        """Return it as it is stored; what cannot be read as a rule is marked and left out."""
        self.form = form
        tree = self._tree() if self.scope == Scope.RULE else {}
        actions = sorted(str(one)[:20] for one in self.actions)
        return Grant(form=form, actions=actions, scope=self.scope, rule=tree, deny=self.deny)

    def _tree(self) -> dict[str, Any]:
        try:
            return definition_files.read_json(self.rule.encode()) if self.rule else {}
        except (InvalidError, UnicodeEncodeError):
            self.error = _("The rule cannot be read.")
            return {}

    def words(self, definitions: Mapping[str, Definition]) -> str:
        """Return its rule in words."""
        tree = self._tree() if self.scope == Scope.RULE and self.rule else {}
        definition = definitions.get(self.form, NO_FIELDS)
        return rules.describe(tree, definition, current_language(), names=current_lookup()) if tree else ""


@dataclass
class FieldRow:
    """A field rule; `of` as of a grant."""

    of: str
    fields: list[str] = field(default_factory=list)
    limit: str = Limit.READ_ONLY.value
    states: list[str] = field(default_factory=list)
    deny: bool = False
    error: str = ""
    form: str = ""

    @classmethod
    def show(cls, of: str, rule: FieldRule) -> "FieldRow":
        """Return a stored field rule as a row."""
        parts = (list(rule.fields), str(rule.limit), list(rule.states), bool(rule.deny))
        return cls(of, *parts, form=str(rule.form))

    @classmethod
    def read(cls, form: MultiDict[str, str], name: str) -> "FieldRow":
        """Return a posted row."""
        return cls(
            form.get(f"{name}-of", "")[:60],
            [one[:60] for one in form.getlist(f"{name}-fields")][:MAX_CHOSEN],
            form.get(f"{name}-limit", "")[:20],
            [one[:60] for one in form.getlist(f"{name}-states")][:MAX_CHOSEN],
            form.get(f"{name}-deny") == "1",
        )

    def rule(self, form: str) -> FieldRule:
        """Return it as it is stored."""
        self.form = form
        named = [EVERY_FIELD] if EVERY_FIELD in self.fields else list(dict.fromkeys(self.fields))
        states = list(dict.fromkeys(self.states))
        return FieldRule(form=form, fields=named, limit=self.limit, states=states, deny=self.deny)

    def choices(self, definitions: Mapping[str, Definition]) -> list[tuple[str, str]]:
        """Return the fields it can close, those that are stored but gone among them."""
        language, definition = current_language(), definitions.get(self.form, NO_FIELDS)
        known = {one.key: one.label.text(language) or one.key for one in definition.value_fields}
        return [(EVERY_FIELD, _("Every field")), *_with_gone(known, self.fields)]

    def state_choices(self, definitions: Mapping[str, Definition]) -> list[tuple[str, str]]:
        """Return the states in which it can hold."""
        language, workflow = current_language(), definitions.get(self.form, NO_FIELDS).workflow
        known = {one.key: one.label.text(language) or one.key for one in workflow.states} if workflow else {}
        return _with_gone(known, self.states)

    def summary(self, definitions: Mapping[str, Definition]) -> str:
        """Return which fields it closes, in a few words."""
        shown = FieldRule(fields=self.fields)
        definition = definitions.get(self.form, NO_FIELDS)
        return rights_words.field_names(shown, definition, current_language()) or _("No field yet")


def _with_gone(known: dict[str, str], chosen: Iterable[str]) -> list[tuple[str, str]]:
    gone = {key: f"{key} ({_('No longer there')})" for key in chosen if key not in {*known, EVERY_FIELD}}
    return list({**known, **gone}.items())


def posted_grants() -> list[GrantRow]:
    """Return the posted rows of grants, with what the pressed button adds or takes away."""
    rows = [(name, GrantRow.read(request.form, name)) for name in _names("grant")]
    kept = [row for name, row in rows if request.form.get("remove") != name]
    if request.form.get("add") == "grant" and (of := request.form.get("add-grant-of", "")[:60]):
        at = max((place for place, row in enumerate(kept) if row.of == of), default=len(kept) - 1)
        kept.insert(at + 1, GrantRow(of))
    return kept


def posted_fields() -> list[FieldRow]:
    """Return the posted rows of field rules, with what the pressed button adds or takes away."""
    rows = [(name, FieldRow.read(request.form, name)) for name in _names("field")]
    kept = [row for name, row in rows if request.form.get("remove") != name]
    if request.form.get("add") == "field" and (of := request.form.get("add-field-of", "")[:60]):
        kept.append(FieldRow(of))
    return kept


def only_rows_change() -> bool:
    """Tell whether a button was pressed that adds or removes a row, and saves nothing."""
    return bool(request.form.get("add") or request.form.get("remove"))


def _names(kind: str) -> list[str]:
    found = (re.fullmatch(rf"({kind}-\d{{1,4}})-of", name) for name in request.form)
    return [match[1] for match in found if match][:MAX_ROWS]
