"""What every part of the JSON API shares: its address, who may see a form, and how what is sent is read."""

from collections.abc import Collection
from typing import Final

from flask import Blueprint, request

from models import forms
from models.access import Action, require
from models.database import Document
from models.errors import DomainError, InvalidError
from models.forms import LiveForm
from models.messages import _
from models.storable import storable
from views.context import require_person

SOURCE: Final = "api"

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


def form_of(key: str) -> LiveForm:
    """Return a form whose records the person may see. Raises NotFoundError."""
    form = forms.current(key)
    require(require_person(), form.key, Action.SEE)
    return form


def read_body(known: Collection[str]) -> Document:
    """Return the posted object. Raises InvalidError beside what does not belong there."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise DomainError(_("Send a JSON object."))
    unknown = [str(key)[:60] for key in body if key not in known]
    if unknown:
        raise InvalidError({key: [_("There is no such property.")] for key in unknown})
    return body


def text_of(body: Document, name: str) -> str:
    """Return a text that was sent, empty for none. Raises InvalidError beside it."""
    text = body.get(name, "")
    if not isinstance(text, str):
        raise InvalidError({name: [_("This value does not fit here.")]})
    if not storable(text):
        raise InvalidError({name: [_("This text contains characters that cannot be stored.")]})
    return text
