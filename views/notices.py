"""Which messages a person gets by mail, and when they want to be left alone."""

from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from models.deliveries import preferences
from models.errors import InvalidError
from views.context import require_person, say

LABELS: Final = {
    "quiet_from": lazy_gettext("Quiet from"),
    "quiet_to": lazy_gettext("Quiet until"),
    "digest_at": lazy_gettext("Time of the digest"),
}
MAX_TEXT: Final = 10

blueprint = Blueprint("notices", __name__)


@blueprint.route("/account/notices", methods=["GET", "POST"])
def choose() -> ResponseReturnValue:
    """Show and change which messages I get by mail."""
    person = require_person()
    values = {**preferences.of_person(person.id).dump()}
    errors: dict[str, str] = {}
    if request.method == "POST":
        raw = {name: text[:MAX_TEXT] for name, text in request.form.items()}
        try:
            preferences.save(person.id, raw)
        except InvalidError as error:
            errors = {path: say(texts[0]) for path, texts in error.errors.items()}
            values |= {name: raw.get(name, "") for name in LABELS}
        else:
            flash(_("Saved."), "success")
            return redirect(url_for("notices.choose"))
    return render_template(
        "account/notices.html",
        person=person,
        values=values,
        errors=errors,
        problems=[
            {"key": path, "label": str(LABELS.get(path, "")), "message": text}
            for path, text in errors.items()
        ],
        labels=LABELS,
        kinds=preferences.KINDS,
        modes=preferences.MODES,
    )
