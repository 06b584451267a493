"""Routes `/records/<form>/…` to the screens of that form, in the version in force for this very request."""

from collections.abc import Callable
from typing import Any

from flask import Flask, g, request
from flask_admin import Admin, BaseView
from flask_admin.blueprints import _BlueprintWithHostSupport as Blueprint

from models import forms
from models.access import Action, permitted
from models.errors import NotFoundError
from models.forms import LiveForm
from views.context import require_person
from views.navigation import visible_forms
from views.records.screen import RecordScreen


class RecordsHub(BaseView):  # type: ignore[misc]
    """Registered once; every URL rule of `RecordScreen` is a rule of its blueprint."""

    def __init__(self) -> None:
        self._default_view = "index_view"  # its rules are added below, where Flask-Admin does not look
        super().__init__(name="records", endpoint="records", url="/records/<form>")
        self._screens: dict[str, RecordScreen] = {}

    def create_blueprint(self, admin: Admin) -> Blueprint:
        """Register the rules, and let the form travel outside of the views' arguments."""
        blueprint: Blueprint = super().create_blueprint(admin)
        for url, name, methods in RecordScreen._urls:  # noqa: SLF001  (Flask-Admin's own list of routes)
            blueprint.add_url_rule(url, name, self._serve(name), methods=methods)
        blueprint.url_value_preprocessor(_take_form)
        blueprint.record_once(lambda state: state.app.url_defaults(_give_form))
        return blueprint

    def _serve(self, name: str) -> Callable[..., Any]:
        def serve(**arguments: Any) -> Any:  # noqa: ANN401  (whatever a Flask view takes and returns)
            return getattr(self.screen(g.record_form), name)(**arguments)

        return serve

    def screen(self, key: str) -> RecordScreen:
        """Return the screens of a form, made anew when its version changed.

        Raises NotFoundError for a form that is not there or not for this person.
        """
        form = _form_in_force(key)
        known = self._screens.get(key)
        if known is None or known.form is not form:
            known = self._screens[key] = RecordScreen(form, self)
        return known

    def is_visible(self) -> bool:
        """Stay out of Flask-Admin's menu; the navigation lists the forms themselves."""
        return False


def _form_in_force(key: str) -> LiveForm:
    """Return a form from those that the navigation has looked up anyway, or a retired one."""
    person = require_person()
    form = next((form for form in visible_forms(person) if form.key == key), None) or forms.current(key)
    if not permitted(person, key, Action.SEE):
        raise NotFoundError
    return form


def _take_form(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    if values is not None:
        g.record_form = values.pop("form")


def _give_form(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint.startswith("records.") and "form" not in values and "record_form" in g:
        values["form"] = g.record_form


def init_app(app: Flask) -> None:
    """Refuse page addresses with a NUL before anything reads them."""

    @app.before_request
    def refuse_nul() -> None:
        if "\0" in request.path or "%00" in request.query_string.decode("latin-1"):
            raise NotFoundError
