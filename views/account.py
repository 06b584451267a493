"""A person's own corner: password, language, colours and time zone."""

from typing import Final

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext, refresh
from flask_login import logout_user
from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectChoice, SelectField
from wtforms.validators import InputRequired, Length

from models import passwords
from models.errors import InvalidError
from models.messages import LANGUAGES
from models.people import User
from models.times import timezones
from views import context, delegations, notices

LANGUAGE_NAMES: Final = {"zh": "中文", "en": "English"}
CHOICES: Final = {context.LANGUAGE_COOKIE: LANGUAGES, context.THEME_COOKIE: context.THEMES}
ATTRIBUTES: Final = {context.LANGUAGE_COOKIE: "language", context.THEME_COOKIE: "theme"}
COOKIE_SECONDS: Final = 365 * 24 * 3600
COMMON_TIMEZONES: Final = (
    "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Taipei", "Asia/Tokyo", "Asia/Singapore", "Europe/Berlin",
    "Europe/London", "America/New_York", "America/Los_Angeles", "UTC",
)  # fmt: skip

blueprint = Blueprint("account", __name__)


class ProfileForm(FlaskForm):  # type: ignore[misc]
    """How the program looks to one person."""

    language = SelectField(
        lazy_gettext("Language"),
        choices=[SelectChoice(key, name) for key, name in LANGUAGE_NAMES.items()],
    )
    theme = SelectField(
        lazy_gettext("Colours"),
        choices=[
            SelectChoice("auto", lazy_gettext("Like the device")),
            SelectChoice("light", lazy_gettext("Light")),
            SelectChoice("dark", lazy_gettext("Dark")),
        ],
    )
    timezone = SelectField(lazy_gettext("Time zone"))

    def offer_timezones(self, current: str) -> None:
        """Offer the usual zones first, then every other one that cities are known by."""
        self.timezone.choices = timezone_choices(current)


def timezone_choices(current: str) -> list[str]:
    """Return the time zones to choose from: common ones, the current one, then every city."""
    rest = sorted(name for name in timezones() if "/" in name and not name.startswith("Etc/"))
    return list(dict.fromkeys([*COMMON_TIMEZONES, current, *rest]))


class PasswordForm(FlaskForm):  # type: ignore[misc]
    """The old password and the new one, twice."""

    current = PasswordField(
        lazy_gettext("Current password"),
        validators=[InputRequired(), Length(max=passwords.MAX_LENGTH)],
        render_kw={"autocomplete": "current-password"},
    )
    password = PasswordField(
        lazy_gettext("New password"),
        validators=[InputRequired(), Length(max=passwords.MAX_LENGTH)],
        render_kw={"autocomplete": "new-password"},
    )
    repeat = PasswordField(
        lazy_gettext("New password again"),
        validators=[InputRequired(), Length(max=passwords.MAX_LENGTH)],
        render_kw={"autocomplete": "new-password"},
    )


def init_app(app: Flask) -> None:
    """Add a person's own pages to an app, and what every page says about the person."""
    app.register_blueprint(blueprint)
    app.register_blueprint(notices.blueprint)
    delegations.init_app(app)
    app.context_processor(_describe_person)


@blueprint.route("/account/", methods=["GET", "POST"])
def profile() -> ResponseReturnValue:
    """Show and change how the program looks to me."""
    person = context.require_person()
    form = ProfileForm(data=None if request.method == "POST" else _looks_of(person))
    form.offer_timezones(str(person.timezone))
    if form.validate_on_submit():
        person.update(language=form.language.data, theme=form.theme.data, timezone=form.timezone.data)
        person.reload()
        refresh()
        flash(_("Saved."), "success")
        return redirect(url_for("account.profile"))
    return render_template("account/profile.html", form=form, person=person)


@blueprint.route("/account/password", methods=["GET", "POST"])
def password() -> ResponseReturnValue:
    """Change my password; every session of mine ends, this one too."""
    form = PasswordForm()
    if form.validate_on_submit() and _change_password(form):
        logout_user()
        flash(_("Your password is changed. Please sign in with the new one."), "success")
        return redirect(url_for("security.login"))
    return render_template("account/password.html", form=form)


@blueprint.post("/preferences")
def preferences() -> ResponseReturnValue:
    """Switch the language or the colours from any page, signed in or not, and go on where the person was."""
    chosen = {name: request.form[name] for name in CHOICES if request.form.get(name) in CHOICES[name]}
    person = context.current_person()
    if person is not None and chosen:
        person.update(**{ATTRIBUTES[name]: value for name, value in chosen.items()})
    answer = redirect(context.safe_next(request.form.get("next")))
    for name, value in chosen.items():
        answer.set_cookie(
            name,
            value,
            max_age=COOKIE_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
    return answer


def _describe_person() -> dict[str, object]:
    person = context.current_person()
    return {
        "appearance": context.current_theme(),
        "language": context.current_language(),
        "person": person,
        "preferences_url": url_for("account.preferences"),
        "profile_url": url_for("account.profile") if person else "",
    }


def _looks_of(person: User) -> dict[str, str]:
    return {name: str(getattr(person, name)) for name in ("language", "theme", "timezone")}


def _change_password(form: PasswordForm) -> bool:
    person = context.require_person()
    if not passwords.verify_password(form.current.data, person.password):
        form.current.errors = [_("This is not your current password.")]
        return False
    if form.repeat.data != form.password.data:
        form.repeat.errors = [_("The two new passwords differ.")]
        return False
    try:
        passwords.set_password(person, form.password.data)
    except InvalidError as error:
        form.password.errors = [context.say(text) for text in error.errors["password"]]
        return False
    person.update(password=person.password, fs_uniquifier=person.fs_uniquifier)
    return True
