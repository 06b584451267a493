"""A draft as those who fill it in would see it: the same inputs and rules, and nothing is stored."""

from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue

from models import form_checks, rules
from models.definition import Definition, Field
from models.disclosure import without
from models.lookups import Lookup
from models.people import User
from models.rules import RuleContext
from models.validation import defaults, validate
from views.context import current_actor, current_language, current_timezone, require_person
from views.records.change import form_sections
from views.records.facts import shown
from views.records.helpers import TemplateHelpers
from views.records.inputs import RecordForm
from views.records.lookups import LookupScreens

RULES = ("visible_if", "required_if", "readonly_if")


class PreviewScreen(LookupScreens, TemplateHelpers):
    """What the templates of a record form ask for, of a definition that is not in force."""

    def __init__(self, definition: Definition) -> None:
        """Take a draft."""
        self._draft = definition
        self.problems = list(form_checks.problems(definition))

    @property
    def definition(self) -> Definition:
        """The draft, whole."""
        return self._draft

    @property
    def person(self) -> User:
        """The person who is looking."""
        return require_person()

    @property
    def upload_url(self) -> str:
        """Nowhere: a preview keeps no files."""
        return url_for("configure_forms.preview_upload", key=self.definition.key)

    def picker_url(self, field: Field, name: str) -> str:
        """Return where a picker looks for what a field can point to."""
        table, dash, _rest = name.partition("-")
        path = f"{table}.{field.key}" if dash else field.key
        return url_for("configure_forms.preview_options", key=self.definition.key, field=path)

    def page_values(self) -> dict[str, Any]:
        """Return what the page shows. A draft with problems has no defaults and no rules to run."""
        start = {} if self.problems else defaults(current_actor(), self.definition)
        return {
            "screen": self,
            "form_definition": self.definition,
            "sections": form_sections(without(self.definition, self.definition.written)),
            "inputs_form": RecordForm(self.definition, None, start),
            "rules": {} if self.problems else self.rules(),
        }

    def rules(self) -> dict[str, dict[str, Any]]:
        """Return the rules that the browser evaluates."""
        context, found = RuleContext.of(current_actor()), {}
        for field in self.definition.fields:
            trees = {name: getattr(field, name) for name in RULES if getattr(field, name)}
            if trees:
                found[field.key] = {
                    name: rules.for_browser(tree, self.definition, context) for name, tree in trees.items()
                }
        return found

    def computed(self) -> ResponseReturnValue:
        """Return what the posted values compute to, as text by field."""
        if self.problems:
            return {}
        raw = RecordForm(self.definition, request.form, {}).raw_values()
        checked = validate(current_actor(), self.definition, raw, partial=True)
        lookup = Lookup(current_language(), current_timezone())
        return {
            field.key: shown(field, checked.data.get(field.key), lookup)
            for field in self.definition.value_fields
            if field.type == "computed"
        }
