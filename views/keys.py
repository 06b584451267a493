"""A person's own keys for programs: made, shown once, ended."""

from typing import Final

from bson import ObjectId
from flask import Blueprint, Flask, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length

from models import api_tokens
from models.access import object_id
from models.errors import InvalidError
from views import context

LIFETIMES: Final = (30, 90, 180, 365)

blueprint = Blueprint("keys", __name__)


class KeyForm(FlaskForm):  # type: ignore[misc]
    """What a key is for, and how long it works."""

    name = StringField(
        lazy_gettext("What it is for"), validators=[InputRequired(), Length(max=api_tokens.MAX_NAME)]
    )
    days = SelectField(lazy_gettext("Works for"), coerce=int)

    def offer_lifetimes(self) -> None:
        """Offer how long a key may work."""
        self.days.choices = [SelectChoice(days, _("%(count)s days", count=days)) for days in LIFETIMES]


def init_app(app: Flask) -> None:
    """Add the page of the keys to an app."""
    app.register_blueprint(blueprint)


@blueprint.route("/account/keys", methods=["GET", "POST"])
def index() -> ResponseReturnValue:
    """Show my keys, and make a new one; its secret is seen on this answer only."""
    person, form, secret = context.require_person(), KeyForm(), ""
    form.offer_lifetimes()
    if form.validate_on_submit():
        try:
            secret = api_tokens.create(person, form.name.data, form.days.data)
        except InvalidError as error:
            for name, messages in error.errors.items():
                form[name].errors = [context.say(message) for message in messages]
    return render_template("account/keys.html", form=form, secret=secret, keys=api_tokens.of_person(person))


@blueprint.post("/account/keys/<key_id>/end")
def end(key_id: str) -> ResponseReturnValue:
    """End one of my keys at once."""
    wanted: ObjectId = object_id(key_id)
    api_tokens.end(context.require_person(), wanted)
    flash(_("The key works no longer."), "success")
    return redirect(url_for("keys.index"))
