"""Creating, changing, deleting and restoring one record."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from models import records, rules
from models.access import Action, fetch, require
from models.database import Document
from models.definition import Definition, Field, RuleTree
from models.disclosure import without
from models.errors import ConflictError, DomainError, InvalidError
from models.field_limits import MASK
from models.fields import filled_in, type_of
from models.people import Limit
from models.rules import RuleContext
from models.validation import closed_fields, defaults, newborn, parse_context, validate
from views.context import all_said, current_actor, current_lookup, say
from views.records.conflicts import KEEP, ConflictPage
from views.records.facts import shown
from views.records.inputs import RecordForm

if TYPE_CHECKING:
    from views.records.base import FormScreen as _Base
else:
    _Base = object

_NOT_COPIED = frozenset({"attachment", "image", "signature", "serial", "computed"})


class ChangeScreens(ConflictPage, _Base):
    """Everything that writes one record."""

    @expose("/new", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        """Fill in a new record; `?copy=<id>` starts from another, `?<field>=…` from values."""
        require(self.person, self.form.key, Action.CREATE)
        if request.method == "GET":
            return self._form_page("new", self._bound(self._start_values()))
        form = self._bound({})
        try:
            record = records.create(current_actor(), self.form, form.raw_values())
        except InvalidError as error:
            return self._refused("new", form, error)
        self.say(_("%(name)s was created.", name=record["number"] or record["title"] or self.title))
        return redirect(self._onwards(record))

    def _onwards(self, record: Document) -> str:
        return url_for(".create_view") if "_add_another" in request.form else self.address(record)

    def _start_values(self) -> Document:
        copied = request.args.get("copy")
        if copied:
            source = self.told.plain(fetch(self.person, self.form, copied, Action.SEE))["data"]
            closed = self.told.closed(None)
            return {
                field.key: source[field.key]
                for field in self.definition.value_fields
                if field.key in source
                and field.type not in _NOT_COPIED
                and not field.unique
                and field.key not in closed
            }
        return {**defaults(current_actor(), self.definition), **self._given_values()}

    def _given_values(self) -> Document:
        """Return the values in the address; what cannot be read is left out."""
        context, closed = parse_context(current_actor()), self.told.closed(None)
        found = {}
        for field in filled_in(self.told.definition_of_new()):
            if _is_given(field, request.args) and not field.readonly and field.key not in closed:
                with suppress(DomainError):
                    raw = type_of(field).from_form(field, request.args, field.key)
                    found[field.key] = type_of(field).parse(field, raw, context)
        return {key: value for key, value in found.items() if value is not None}

    def _bound(self, data: Mapping[str, Any], record: Document | None = None) -> RecordForm:
        """Return the inputs of a record or (None) of a new one; none for what is withheld."""
        posted = request.form if request.method == "POST" else None
        if record is None:
            return RecordForm(self.told.definition_of_new(), posted, data)
        data = self.told.plain(record)["data"]
        open_to = {one.key for one in self.definition.fields if not self.told.is_withheld(record, one.key)}
        return RecordForm(self.definition, posted, data, only=open_to)

    @expose("/<record_id>/edit", methods=("GET", "POST"))
    def edit_view(self, record_id: str) -> ResponseReturnValue:
        """Change a record under the version in force."""
        record = fetch(self.person, self.form, record_id, Action.EDIT)
        form = self._bound({}, record)
        if request.method == "GET":
            return self._form_page("edit", form, record=record, revision=record["revision"])
        revision = request.form.get("_revision", -1, type=int)
        if "_resume" in request.form:
            form.show_stored(self._kept_theirs(form))
            return self._form_page("edit", form, record=record, revision=revision)
        try:
            stored = records.update(
                current_actor(),
                self.form,
                record["_id"],
                self._chosen(form),
                revision=revision,
                reason=request.form.get("_reason", "").strip()[:500],
            )
        except InvalidError as error:
            return self._refused("edit", form, error, record=record, revision=revision)
        except ConflictError as conflict:
            return self.conflict_page(form, record, conflict)
        self.say(_("Saved."))
        return redirect(self._onwards(stored))

    def _chosen(self, form: RecordForm) -> dict[str, object]:
        """Return what was typed, without the fields for which the conflict page chose what is stored."""
        theirs = self._kept_theirs(form)
        return {key: raw for key, raw in form.raw_values().items() if key not in theirs}

    @staticmethod
    def _kept_theirs(form: RecordForm) -> set[str]:
        return {key for key in form.raw_values() if request.form.get(f"{KEEP}{key}") == "theirs"}

    def _refused(
        self,
        page: str,
        form: RecordForm,
        error: InvalidError,
        **values: Any,  # noqa: ANN401
    ) -> ResponseReturnValue:
        homeless = form.show_errors(error.errors)
        return self._form_page(
            page, form, homeless=[say(message) for message in homeless], **values
        ), error.status

    def _form_page(self, page: str, form: RecordForm, **values: Any) -> str:  # noqa: ANN401  (template variables)
        record = values.setdefault("record", None)
        definition = self.told.definition_of(record) if record else self.told.definition_of_new()
        closed = closed_fields(definition, record)
        masked = {one.key for one in definition.fields if record and self.told.is_masked(record, one.key)}
        return self.show(
            "form",
            page=page,
            form=form,
            rules=self._rules(record),
            system=self._system_values(record),
            closed=closed,
            locked=closed | self.told.closed(record).keys(),
            masked=dict.fromkeys(masked, MASK),
            shown_definition=definition,
            sections=form_sections(definition if record else without(definition, definition.written)),
            **values,
        )

    def _rules(self, record: Document | None) -> dict[str, dict[str, Any]]:
        """Return the rules that the browser evaluates while somebody types: `{field: {visible_if: …}}`.

        A rule that asks for a value that is withheld is answered here, by what is stored.
        """
        found: dict[str, dict[str, Any]] = {}
        for field in self.definition.fields:
            for name in ("visible_if", "required_if", "readonly_if"):
                tree = getattr(field, name)
                if tree:
                    found.setdefault(field.key, {})[name] = self._rule(tree, record)
        return found

    def _rule(self, tree: RuleTree, record: Document | None) -> dict[str, Any]:
        context, whole = RuleContext.of(current_actor()), self.form.definition
        asked = {name.partition(".")[0] for name in rules.fields_used(tree)}
        closed = self.told.closed(record)
        if not any(closed.get(key) not in {None, Limit.READ_ONLY} for key in asked):
            return rules.for_browser(tree, whole, context)
        data = record["data"] if record else defaults(current_actor(), whole)
        known_as = newborn(current_actor()) if record is None else record
        values = {**data, **rules.system_values(known_as, whole)}
        return {"all": []} if rules.evaluate(tree, values, whole, context) else {"any": []}

    def _system_values(self, record: Document | None) -> dict[str, Any]:
        """Return what the rules in the browser ask of the record besides its fields: `@state`, `@owner`."""
        known_as = newborn(current_actor()) if record is None else record
        told = self.told.plain(record)["data"] if record else {}
        written = {key: browser_value(told[key]) for key in self.definition.written if key in told}
        return {**rules.browser_values(rules.system_values(known_as, self.definition)), **written}

    @expose("/compute", methods=("POST",))
    def compute_view(self) -> ResponseReturnValue:
        """Return what the posted values compute to, as text by field, while somebody types."""
        record_id = request.args.get("record")
        record = fetch(self.person, self.form, record_id, Action.SEE) if record_id else None
        form = self._bound({}, record)
        checked = validate(
            current_actor(),
            self.form.definition,
            form.raw_values(),
            before=record["data"] if record else None,
            record=record,
            partial=True,
        )
        lookup, withheld = current_lookup(), self.told.closed(record)
        return {
            field.key: shown(field, checked.data.get(field.key), lookup)
            for field in self.definition.value_fields
            if field.type == "computed" and withheld.get(field.key) in {None, Limit.READ_ONLY}
        }

    @expose("/<record_id>/delete", methods=("POST",))
    def delete_view(self, record_id: str) -> ResponseReturnValue:
        """Put a record into the bin, with a reason."""
        record = fetch(self.person, self.form, record_id, Action.DELETE)
        revision = request.form.get("_revision", record["revision"], type=int)
        try:
            records.delete(
                current_actor(),
                self.form,
                record["_id"],
                revision=revision,
                reason=request.form.get("reason", ""),
            )
        except InvalidError as error:
            self.say(_("Say why it is deleted.") if "reason" in error.errors else all_said(error), "danger")
            return redirect(self.address(record))
        self.say(_("%(name)s is in the bin.", name=record["number"] or record["title"]))
        return redirect(self.address())

    @expose("/<record_id>/restore", methods=("POST",))
    def restore_view(self, record_id: str) -> ResponseReturnValue:
        """Take a record out of the bin."""
        record = fetch(self.person, self.form, record_id, Action.RESTORE)
        try:
            records.restore(current_actor(), self.form, record["_id"], reason=request.form.get("reason", ""))
        except InvalidError as error:
            self.say(all_said(error), "danger")
            return redirect(self.address(record))
        self.say(_("%(name)s was restored.", name=record["number"] or record["title"]))
        return redirect(self.address(record))


def _is_given(field: Field, given: Collection[str]) -> bool:
    """Tell whether an address says something for a field; a table's cells are `items-0-item`, ….."""
    if field.type == "table":
        return any(name.startswith(f"{field.key}-") for name in given)
    return field.key in given


def form_sections(definition: Definition) -> list[dict[str, Any]]:
    """Return the fields of a form under their headings, in order."""
    sections: list[dict[str, Any]] = [{"field": None, "fields": []}]
    for field in definition.fields:
        if field.type == "section":
            sections.append({"field": field, "fields": []})
        else:
            sections[-1]["fields"].append(field)
    return [section for section in sections if section["fields"]]


def browser_value(value: Any) -> Any:  # noqa: ANN401  (a stored value)
    """Return a stored value as the browser's rules read an input."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return {key: browser_value(one) for key, one in value.items()}
    if isinstance(value, list):
        return [browser_value(one) for one in value]
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
