"""A person's own corner: password, language, colours and time zone."""

from typing import Any, Final

from flask import (
    Blueprint,
    Flask,
    Response,
    after_this_request,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext, refresh
from flask_login import logout_user
from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectField

from models import identities, password_changes
from models.errors import InvalidError, LockedError
from models.messages import LANGUAGES
from models.people import User
from models.times import timezones
from tasks import sweeps
from views import context, delegations, forgotten, notices, own_sessions
from views.passwords import ChangePasswordForm
from views.sending import send_quietly

LANGUAGE_NAMES: Final = {"zh": "中文", "en": "English"}
CHOICES: Final = {context.LANGUAGE_COOKIE: LANGUAGES, context.THEME_COOKIE: context.THEMES}
ATTRIBUTES: Final = {context.LANGUAGE_COOKIE: "language", context.THEME_COOKIE: "theme"}
COOKIE_SECONDS: Final = 365 * 24 * 3600
# Says for a while that the language was chosen by whoever is about to sign in.
CHOSEN_COOKIE: Final = "language_chosen"
CHOSEN_SECONDS: Final = 15 * 60
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


def init_app(app: Flask) -> None:
    """Add a person's own pages to an app, and what every page says about the person."""
    app.register_blueprint(blueprint)
    app.register_blueprint(notices.blueprint)
    delegations.init_app(app)
    own_sessions.init_app(app)
    forgotten.init_app(app)
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
    links = identities.links_of(person)
    return render_template("account/profile.html", form=form, person=person, links=links)


@blueprint.post("/account/unlink")
def unlink() -> ResponseReturnValue:
    """End the link of my account with the company's sign-in service."""
    identities.unlink(context.current_actor(), context.require_person())
    flash(_("The link has ended."), "success")
    return redirect(url_for("account.profile"))


@blueprint.route("/account/password", methods=["GET", "POST"])
def password() -> ResponseReturnValue:
    """Change my password; every session of mine ends, this one too."""
    form = ChangePasswordForm()
    if form.validate_on_submit() and _change_password(form):
        send_quietly(sweeps.carry_out_effects)
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
        _set_cookie(answer, name, value, COOKIE_SECONDS)
    if person is None and context.LANGUAGE_COOKIE in chosen:
        _set_cookie(answer, CHOSEN_COOKIE, "1", CHOSEN_SECONDS)
    return answer


def settle_language(person: User) -> None:
    """Let the language that somebody chose just before signing in be theirs, and their browser keep it.

    A cookie of last week may be somebody else's choice, so only one of the last minutes counts.
    """
    chosen = request.cookies.get(context.LANGUAGE_COOKIE)
    if request.cookies.get(CHOSEN_COOKIE) and chosen in LANGUAGES:
        person.update(language=chosen)
        person.language = chosen
    language = str(person.language)

    @after_this_request
    def keep(response: Response) -> Response:
        response.delete_cookie(CHOSEN_COOKIE)
        _set_cookie(response, context.LANGUAGE_COOKIE, language, COOKIE_SECONDS)
        return response


def _set_cookie(answer: Any, name: str, value: str, seconds: int) -> None:  # noqa: ANN401  (either kind of response)
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    answer.set_cookie(name, value, max_age=seconds, httponly=True, samesite="Lax", secure=secure)


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


def _change_password(form: ChangePasswordForm) -> bool:
    if not form.is_repeated():
        return False
    person = context.require_person()
    try:
        password_changes.change(person, form.current.data, form.password.data, request.remote_addr)
    except InvalidError as error:
        form.show(error)
        return False
    except LockedError as error:
        form.current.errors = [context.say(error.message)]
        return False
    return True
