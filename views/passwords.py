"""The fields of a new password, wherever one is chosen."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length

from models import passwords
from models.errors import InvalidError
from views import context


class NewPasswordForm(FlaskForm):  # type: ignore[misc]
    """The new password, twice."""

    password = PasswordField(
        lazy_gettext("New password"),
        validators=[InputRequired(), Length(max=passwords.MAX_LENGTH)],
        description=lazy_gettext(
            "At least %(min)s characters of any kind; a few words are easy to remember.",
            min=passwords.MIN_LENGTH,
        ),
        render_kw={"autocomplete": "new-password"},
    )
    repeat = PasswordField(
        lazy_gettext("New password again"),
        validators=[InputRequired(), Length(max=passwords.MAX_LENGTH)],
        render_kw={"autocomplete": "new-password"},
    )

    def is_repeated(self) -> bool:
        """Tell whether both are the same, and say so beside the second one if not."""
        if self.repeat.data == self.password.data:
            return True
        self.repeat.errors = [_("The two new passwords differ.")]
        return False

    def show(self, error: InvalidError) -> None:
        """Say beside the fields what was refused."""
        for name, messages in error.errors.items():
            self[name].errors = [context.say(message) for message in messages]


class ChangePasswordForm(NewPasswordForm):
    """The old password before the new one."""

    current = PasswordField(
        lazy_gettext("Current password"),
        validators=[InputRequired(), Length(max=passwords.MAX_LENGTH)],
        render_kw={"autocomplete": "current-password"},
    )
