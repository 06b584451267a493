"""What the screens of administrators share: closed unless a permission opens them."""

from typing import Any, ClassVar

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from models.errors import DomainError, ForbiddenError, InvalidError
from models.messages import Message
from models.messages import _ as message
from models.people import Permission
from views.admin import Screen
from views.context import current_person, say

Errors = dict[str, str]
UNSTORABLE: Message = message("The text contains characters that cannot be stored.")


class ConfigureView(Screen):
    """A screen behind one or more permissions; with none named, it is closed to everyone."""

    permissions: ClassVar[tuple[Permission, ...]] = ()
    """Any one of them opens the screen."""
    endpoint_name: ClassVar[str]
    path: ClassVar[str]

    def __init__(self) -> None:
        """Take the address from the class."""
        super().__init__(name=self.endpoint_name, endpoint=self.endpoint_name, url=self.path)

    def is_accessible(self) -> bool:
        """Open the screen to whoever holds one of its permissions."""
        person = current_person()
        return person is not None and person.active and any(person.may(one) for one in self.permissions)

    def is_visible(self) -> bool:
        """Stay out of Flask-Admin's menu; the navigation lists these screens itself."""
        return False

    def page(self, template: str, **values: Any) -> str:  # noqa: ANN401  (whatever the template shows)
        """Render a page of this area."""
        shown: str = self.render(f"configure/{template}", **values)
        return shown


def said(error: InvalidError) -> Errors:
    """Return the first message beside each field, in the reader's language."""
    return {path: str(say(messages[0])) for path, messages in error.errors.items()}


def summary(errors: Errors, labels: dict[str, str]) -> list[dict[str, str]]:
    """Return errors as `error_summary` of the templates takes them."""
    return [
        {"key": path if path in labels else "", "label": labels.get(path, ""), "message": text}
        for path, text in errors.items()
    ]


def attempt(target: str, done: str, action: Any, *arguments: Any, **options: Any) -> ResponseReturnValue:  # noqa: ANN401
    """Carry out a one-button change, say what came of it, and go back to a page."""
    try:
        action(*arguments, **options)
    except InvalidError as error:
        flash(" ".join(said(error).values()) or say(error.message), "danger")
    except ForbiddenError:
        raise
    except DomainError as error:
        flash(say(error.message), "danger")
    else:
        flash(done, "success")
    return redirect(target)


def file_refusal(error: DomainError) -> str:
    """Say why a file was not taken: the first mistakes with their places."""
    texts = (
        [f"{path}: {text}" for path, text in said(error).items()] if isinstance(error, InvalidError) else []
    )
    return "; ".join(texts[:5]) or say(error.message)


def posted(name: str, longest: int = 200) -> str:
    """Return one text of the posted form without blanks around it, cut just above what its field holds.

    Raises InvalidError for a NUL, which no page sends.
    """
    text = request.form.get(name, "").strip()[: longest + 1]
    if "\0" in text:
        raise InvalidError({name: [UNSTORABLE]})
    return text


def unsaved_notice() -> str:
    """Return what is said when someone else saved the same thing first."""
    text: str = _(
        "Someone else changed this meanwhile. Below is what you entered; saving again overwrites theirs."
    )
    return text
