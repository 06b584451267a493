"""What every screen of one form shares: who may open it, what Flask-Admin asks, addresses and messages."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, g, request, url_for
from flask_admin.model import BaseModelView
from flask_admin.model.filters import BaseFilter
from wtforms.form import BaseForm

from models.access import Action, permitted
from models.database import Document
from models.definition import Definition
from models.disclosure import Disclosure
from models.errors import NotFoundError
from models.fields import type_of
from models.forms import LiveForm
from models.people import User
from models.queries import sort_path
from views.admin import HonestFailures
from views.context import current_language, require_person
from views.records.filters import FieldFilter, filters_of
from views.records.inputs import RecordForm


class FormScreen(HonestFailures, BaseModelView):  # type: ignore[misc]
    """The ground that the parts of `RecordScreen` stand on."""

    can_set_page_size = True
    page_size = 50
    column_editable_list = None
    form: LiveForm

    # -- permissions: closed unless a role opens them -------------------------------------------------

    @property
    def person(self) -> User:
        """The person who is looking."""
        return require_person()

    @property
    def told(self) -> Disclosure:
        """What the person who is looking is shown of the form; found out once per request."""
        known: dict[tuple[str, int], Disclosure] = g.setdefault("disclosures", {})
        key = (self.form.key, self.form.version)
        if key not in known:
            known[key] = Disclosure(self.person, self.form)
        return known[key]

    @property
    def definition(self) -> Definition:
        """The form as the person who is looking knows it."""
        return self.told.definition

    def may(self, action: Action | str) -> bool:
        """Tell whether the person may do something with this form."""
        return permitted(self.person, self.form.key, Action(action))

    def is_accessible(self) -> bool:
        """Open to whoever may see the form's records."""
        return self.may(Action.SEE)

    def inaccessible_callback(self, name: str, **kwargs: Any) -> Any:  # noqa: ANN401, ARG002  (Flask-Admin's own)
        """Give nothing away: to a stranger the form does not exist."""
        raise NotFoundError

    @property
    def title(self) -> str:
        """The form's name in the reader's language."""
        return self.form.definition.label.text(current_language())

    # -- what Flask-Admin asks of a model view --------------------------------------------------------

    def get_pk_value(self, model: Document) -> str:
        """Return a record's id as text."""
        return str(model["_id"])

    def scaffold_list_columns(self) -> list[str]:
        """Return the fields that may be columns."""
        return [field.key for field in self.form.definition.value_fields]

    def scaffold_sortable_columns(self) -> dict[str, str]:
        """Return the fields a list can be sorted by."""
        return {
            field.key: sort_path(self.form.definition, field.key)
            for field in self.form.definition.value_fields
            if type_of(field).sortable
        }

    def init_search(self) -> bool:
        """Search is there when any field is searched."""
        return True

    def get_filters(self) -> list[BaseFilter]:
        """Return one filter per field and operator, whoever may ask by it."""
        return list(filters_of(self.form.definition))

    def get_filter_arg(self, index: int, flt: FieldFilter) -> str:  # noqa: ARG002  (Flask-Admin's own)
        """Name filters by field and operator: stable, and never a label that could collide."""
        return flt.argument

    def get_create_form(self) -> type[BaseForm]:
        """Return the class of the inputs."""
        return RecordForm

    get_edit_form = get_create_form

    def _refresh_form_rules_cache(self) -> None:
        self._form_create_rules = self._form_edit_rules = None

    def _validate_form_class(self, *_arguments: object) -> None:
        """Nothing to check: the inputs come from the definition itself."""

    def procedure(self, record: Document) -> dict[str, Any]:  # noqa: ARG002  (of forms with a workflow)
        """Return what a record's page shows of its workflow; `MoveScreens` knows more."""
        return {"place": None}

    def belongings(self, record: Document, procedure: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Return what a record's page shows of pieces; `PropertyPanel` knows more."""
        return {}

    # -- small helpers of all screens -----------------------------------------------------------------

    def address(self, record: Document | str | None = None, page: str = "details_view") -> str:
        """Return the address of the list, or of a page of a record."""
        if record is None:
            return url_for(".index_view")
        record_id = record if isinstance(record, str) else str(record["_id"])
        return url_for(f".{page}", record_id=record_id)

    def show(self, template: str, **values: Any) -> str:  # noqa: ANN401  (template variables)
        """Render a page of this form."""
        return str(
            self.render(f"records/{template}.html", screen=self, form_definition=self.definition, **values)
        )

    def wanted_ids(self) -> Sequence[str]:
        """Return the ids that were ticked in the list."""
        return list(dict.fromkeys(request.form.getlist("ids")))

    @staticmethod
    def say(text: str, kind: str = "success") -> None:
        """Show a short message on the next page."""
        flash(text, kind)
