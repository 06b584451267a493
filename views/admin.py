"""Flask-Admin, put at the root of the site and under our layout."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_admin import Admin, BaseView
from flask_admin.theme import Bootstrap4Theme

from models.errors import ForbiddenError
from views.context import csp_nonce, current_person, require_person


class BackofficeAdmin(Admin):  # type: ignore[misc]
    """The one Admin of an app. Its menu is ours: `views.navigation`."""

    def __init__(self, app: Flask, index_view: BaseView) -> None:
        super().__init__(
            app,
            name="Backoffice",
            url="/",
            index_view=index_view,
            theme=Bootstrap4Theme(base_template="layout.html"),
            csp_nonce_generator=csp_nonce,
        )

    def menu(self) -> list[object]:
        """Return nothing: the navigation lists forms, which come and go while the program runs."""
        return []


class HonestFailures:
    """Flask-Admin calls a view that raises TypeError a second time, and hides the reason; this does not."""

    def _run_view(self, view: Callable[..., Any], *arguments: Any, **named: Any) -> Any:  # noqa: ANN401
        return view(self, *arguments, **named)


class Screen(HonestFailures, BaseView):  # type: ignore[misc]
    """A screen for everybody who is signed in; subclasses narrow `is_accessible`."""

    def is_accessible(self) -> bool:
        """Open to people who are signed in."""
        return current_person() is not None

    def inaccessible_callback(self, name: str, **kwargs: object) -> None:  # noqa: ARG002  (Flask-Admin's own)
        """Refuse in the one way all refusals are shown."""
        require_person()
        raise ForbiddenError
