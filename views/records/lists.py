"""List, filter, saved views and inline edit of one form."""

from typing import TYPE_CHECKING, Any

from bson import ObjectId
from flask import flash, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from models import queries, records, rules, saved_views
from models.access import Action, fetch
from models.definition import RuleTree
from models.errors import DomainError, InvalidError
from models.fields import type_of
from models.lookups import Lookup
from models.people import Permission
from models.queries import ListQuery
from models.scopes import looking
from views.context import all_said, current_actor, current_language, current_lookup, say
from views.records import filters as list_filters
from views.records.filters import FieldFilter, filterable_fields, label_of, operator_label, operators_of
from views.records.listing import FILTERS_GIVEN, PAGE_SIZES, ListState, columns_of, read_state, rows_of
from views.records.presets import presets

if TYPE_CHECKING:
    from views.records.base import FormScreen as _Base
else:
    _Base = object


class ListScreens(_Base):
    """Everything on the list page."""

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """Show one page of the list."""
        state = self.list_state()
        try:
            with looking():
                page = queries.page(self.person, self.form, state.query)
                count = queries.count(self.person, self.form, state.query)
        except InvalidError as error:
            flash(say(error.message), "danger")
            return redirect(self.address())
        editable = self.inline_columns() if not state.query.deleted else frozenset()
        columns = columns_of(
            self.definition, state.query.columns, editable=editable, unasked=self.told.unasked
        )
        return self.show(
            "list",
            state=state,
            page=page,
            count=count,
            columns=columns,
            rows=rows_of(self.form, page.records, columns),
            chips=self._chips(state),
            actions=self.get_actions_list()[0],
            page_sizes=PAGE_SIZES,
            presets=presets(self.told.askable),
            views=saved_views.of_person(self.person, self.form.key),
            may_share=self.person.may(Permission.VIEWS_SHARE),
        )

    def list_state(self) -> ListState:
        """Read what the address asks for; a filter that cannot be read is named and left out."""
        active = self._active_filters()
        leaves: list[RuleTree] = []
        for found, value in active:
            leaves = found.apply(leaves, value)
        arguments = [(f"flt{index}_{found.argument}", value) for index, (found, value) in enumerate(active)]
        view = request.args.get("view", "")
        if not arguments and ObjectId.is_valid(view) and FILTERS_GIVEN not in request.args:
            return self._state_of_view()
        return read_state(self.person, self.told, arguments, leaves)

    def _state_of_view(self) -> ListState:
        """Read a saved view; its filters are read anew, so that "this month" moves on."""
        state = read_state(self.person, self.told, (), ())
        if state.view is None:
            return state
        arguments = [(str(name), str(value)) for name, value in state.view.filters]
        leaves: list[RuleTree] = []
        kept = []
        for name, value in arguments:
            found = self._filter_named(name.split("_", 1)[-1])
            if found and found.validate(value):
                leaves = found.apply(leaves, value)
                kept.append((name, value))
        return read_state(self.person, self.told, kept, leaves)

    def _filter_named(self, argument: str) -> FieldFilter | None:
        found = (self._filter_args or {}).get(argument)
        return found[1] if found and found[1].field.key not in self.told.unasked else None

    def _active_filters(self) -> list[tuple[FieldFilter, str]]:
        """Return the filters of the address; of closed fields not even told is which values they take."""
        given: list[tuple[str, FieldFilter, str]] = []
        for argument, value in request.args.items():
            place, _dash, name = argument.partition("_")
            found = self._filter_named(name) if place.startswith(FILTERS_GIVEN) else None
            if found is None:
                continue
            if found.validate(value):
                given.append((place, found, value))
            else:
                flash(self.get_invalid_value_msg(value, found), "error")
        given.sort(key=lambda one: one[0])
        return [(found, value) for _place, found, value in given][: list_filters.MAX_FILTERS]

    def get_invalid_value_msg(self, value: str, filter: FieldFilter) -> str:  # noqa: A002  (Flask-Admin's name)
        """Say which filter was left out and why."""
        label = label_of(self.definition, filter.field.key, current_language())
        try:
            filter.clean(value)
        except ValueError as error:
            return f"{label}: {error}"
        return label

    def _chips(self, state: ListState) -> list[dict[str, str]]:
        """Return the active filters as words, each with the address of the list without it."""
        lookup = current_lookup()
        chips = []
        for name, value in state.filters:
            found = self._filter_named(name.split("_", 1)[-1])
            if found is None:
                continue
            label = label_of(self.definition, found.field.key, current_language())
            chips.append(
                {
                    "label": f"{label} {found.operation()}",
                    "value": self._filter_text(found, value, lookup),
                    "remove_url": state.url(**{name: None}),
                }
            )
        return chips

    def _filter_text(self, found: FieldFilter, value: str, lookup: Lookup) -> str:
        if found.operator == list_filters.PERIOD:
            return say(rules.PERIODS[value])
        if rules.OPERATORS[found.operator].arity == "none":
            return ""
        return "、".join(
            self._operand_text(found, text, lookup) for text in value.split(list_filters.SEPARATOR)
        )

    def _operand_text(self, found: FieldFilter, text: str, lookup: Lookup) -> str:
        field = found.field
        if text in {"me", "my_department"}:
            return _("me") if text == "me" else _("my department")
        if field.type in {"choice", "multi_choice"}:
            option = field.options_by_key.get(text)
            return option.label.text(current_language()) if option else text
        if field.type == "boolean":
            return _("Yes") if text == "true" else _("No")
        if not ObjectId.is_valid(text):
            return text
        names = {"person": lookup.person, "department": lookup.department}
        named = names.get(field.type)
        return named(ObjectId(text)) if named else lookup.record(field.form, ObjectId(text))

    def inline_columns(self) -> frozenset[str]:
        """Return the columns that the person may edit in the list."""
        if not self.may(Action.EDIT):
            return frozenset()
        return frozenset(self.definition.inline_columns) - self.told.unasked

    @expose("/filters")
    def filter_panel(self) -> str:
        """Return the panel of all filters, fetched when somebody opens it."""
        state = self.list_state()
        chosen = {}
        for name, value in state.filters:
            found = self._filter_named(name.split("_", 1)[-1])
            if found:
                chosen[found.field.key] = (found.operator, value.split(list_filters.SEPARATOR))
        return self.show(
            "filters", state=state, filters=self._panel_fields(), chosen=chosen, periods=rules.PERIODS
        )

    def _panel_fields(self) -> list[dict[str, Any]]:
        language = current_language()
        return [
            {
                "field": field,
                "label": label_of(self.definition, field.key, language),
                "widget": type_of(field).widget,
                "operators": [(name, operator_label(field, name)) for name in operators_of(field)],
            }
            for field in filterable_fields(self.told.askable)
        ]

    @expose("/filter")
    def apply_filters(self) -> ResponseReturnValue:
        """Turn the panel's inputs into the address of the filtered list."""
        state = self.list_state()
        kept = {name: None for name, _value in state.filters}
        chosen = dict(list_filters.address_arguments(request.args))
        return redirect(state.url(**{**kept, **chosen}))

    @expose("/views", methods=("POST",))
    def save_view(self) -> ResponseReturnValue:
        """Keep the list, as its address describes it, under a name."""
        state = self.list_state()
        kept = [[name, value] for name, value in state.filters]
        try:
            view = saved_views.save(
                self.person,
                self.form.key,
                request.form.get("name", ""),
                ListQuery.load({**state.query.dump(), "where": None}),
                kept,
                shared="shared" in request.form,
            )
        except InvalidError as error:
            flash(all_said(error), "danger")
            return redirect(state.url())
        self.say(_("The view “%(name)s” was saved.", name=view.name))
        return redirect(f"{self.address()}?view={view.id}")

    @expose("/views/<view_id>/delete", methods=("POST",))
    def delete_view_of_list(self, view_id: str) -> ResponseReturnValue:
        """Forget a saved view."""
        saved_views.delete(self.person, ObjectId(view_id) if ObjectId.is_valid(view_id) else ObjectId())
        self.say(_("The view was deleted."))
        return redirect(self.address())

    @expose("/<record_id>/cell", methods=("POST",))
    def edit_cell(self, record_id: str) -> ResponseReturnValue:
        """Change one field from the list: JSON `{field, value, revision}` gives `{text, tags, revision}`."""
        record = fetch(self.person, self.form, record_id, Action.EDIT)
        sent: Any = request.get_json(silent=True)
        key, revision = (sent.get("field"), sent.get("revision")) if isinstance(sent, dict) else (None, None)
        if not isinstance(key, str) or not isinstance(revision, int) or key not in self.inline_columns():
            raise DomainError(list_filters.NOT_INLINE)
        values = {key: sent.get("value")}
        stored = records.update(
            current_actor(), self.form, record["_id"], values, revision=revision, partial=True
        )
        [column] = columns_of(self.definition, [key])
        [row] = rows_of(self.form, [self.told.shown(stored)], [column])
        return jsonify(text=row.first.text, tags=list(row.first.tags), revision=stored["revision"])

    @expose("/ajax/update/", methods=("POST",))
    def ajax_update(self) -> ResponseReturnValue:
        """Flask-Admin's own inline edit asks nobody for permission; it is closed."""
        raise DomainError(list_filters.NOT_INLINE)

    @expose("/export/<export_type>/")
    def export(self, export_type: str) -> ResponseReturnValue:  # noqa: ARG002  (Flask-Admin's own)
        """Flask-Admin's own export runs inside the request; exports are jobs here."""
        return redirect(self.address())
