"""The settings of a process: read from its environment, checked, made complete, or refused in words."""

import difflib
import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import ValidationError, field_validator, model_validator

from backoffice import secret_files
from backoffice.choices import PREFIX, Choices
from backoffice.secret_files import SECRET_CHARACTERS, TOKEN_CHARACTERS

SECRET_FILE = "secret_key"  # noqa: S105  (its name in the data folder)
NEEDED_IN_PRODUCTION = ("mongodb_uri", "broker_url", "secret_key", "public_url")
PASSWORDS_OF = {"mongodb_password": "mongodb_uri", "broker_password": "broker_url"}


class SettingsError(ValueError):
    """A setting that is wrong or missing; the text names the variable, never a secret's value."""


class Settings(Choices):
    """What an operator chose, where it fits together."""

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        if value not in available_timezones():
            message = f"there is no time zone {value!r}"
            raise ValueError(message)
        return value

    @field_validator("secret_key")
    @classmethod
    def _long_secret(cls, value: str) -> str:
        if value and len(value) < SECRET_CHARACTERS:
            message = f"must have at least {SECRET_CHARACTERS} characters"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _with_passwords(self) -> "Settings":
        """Put the passwords that were given apart into their addresses, once."""
        for name, address in PASSWORDS_OF.items():
            if password := getattr(self, name):
                try:
                    complete = secret_files.with_password(getattr(self, address), password)
                except ValueError as error:
                    message = f"{variable(name)}: {error}"
                    raise ValueError(message) from None
                self.__dict__.update({name: "", address: complete})
        return self

    @model_validator(mode="after")
    def _complete_sign_in_service(self) -> "Settings":
        names = [name for name in ("oidc_client_id", "oidc_client_secret") if not getattr(self, name)]
        if self.oidc_issuer and names:
            missing = ", ".join(map(variable, names))
            message = f"{missing}: must be set when {variable('oidc_issuer')} is"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _fit_for_production(self) -> "Settings":
        """Refuse in production what a try-out may do without."""
        if not self.production:
            return self
        missing = [variable(name) for name in NEEDED_IN_PRODUCTION if not getattr(self, name)]
        if missing:
            message = f"{', '.join(missing)}: must be set when {variable('production')} is on"
            raise ValueError(message)
        if not self.secure and not self.allow_plain_http:
            message = (
                f"{variable('public_url')}: must begin with https:// when {variable('production')} is on, "
                f"unless {variable('allow_plain_http')} is on, too"
            )
            raise ValueError(message)
        if weak := list(_weak(self)):
            raise ValueError("\n".join(weak))
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The time zone as one can calculate with it."""
        return ZoneInfo(self.timezone)

    @property
    def secure(self) -> bool:
        """Whether people reach the program by https alone."""
        return self.public_url.startswith("https://")

    @property
    def max_upload_bytes(self) -> int:
        """The largest request in bytes."""
        return self.max_upload_megabytes * 1024 * 1024

    @property
    def broker(self) -> str:
        """The broker's address: the one that was set, else a database of its own beside the company's.

        MongoDB needs nothing installed and starts a task within about 0.1 s. Its transport deletes a message
        on delivery, so a killed worker loses it: it only carries the numbers of jobs. The job documents are
        the truth, and the sweep sends again what was lost.
        """
        if self.broker_url or not self.mongodb_uri:
            return self.broker_url
        parts = urlsplit(self.mongodb_uri)
        query = parts.query
        if parts.username and "authsource" not in query.lower():  # else it would be the path's database
            query = f"{query}&authSource={parts.path.strip('/') or 'admin'}".lstrip("&")
        return urlunsplit(parts._replace(path=f"/{self.mongodb_database}_broker", query=query))


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + name.upper()


def secret_variables() -> dict[str, str]:
    """Return the variable of each secret: its setting. Settings that must not be shown are secrets."""
    return {variable(name): name for name, field in Settings.model_fields.items() if not field.repr}


def _weak(settings: Settings) -> Iterator[str]:
    """Say which secrets are not worth the name."""
    least = {"secret_key": SECRET_CHARACTERS, "metrics_token": TOKEN_CHARACTERS}
    for name in secret_variables().values():
        value = getattr(settings, name)
        if name in PASSWORDS_OF.values():
            problem = secret_files.weakness_of_address(value)
        else:
            problem = secret_files.weakness(value, least.get(name, 0))
        if problem:
            yield f"{variable(name)}: {problem}"


def load(**chosen: Any) -> Settings:  # noqa: ANN401  (each setting has its own type)
    """Return the settings of this process: the environment and the files it names, with `chosen` over them.

    A chosen one that is None is not chosen.

    Raises:
        SettingsError: a value is wrong or missing; the text names every such variable.

    """
    own = {name: value for name, value in chosen.items() if value is not None}
    unchosen = {at: name for at, name in secret_variables().items() if name not in own}
    try:
        settings = Settings(**(own | secret_files.given(unchosen, os.environ)))
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(error))) from None
    except ValueError as error:
        raise SettingsError(str(error)) from None
    if not settings.secret_key:
        kept = secret_files.kept(settings.data_dir / SECRET_FILE)
        settings = settings.model_copy(update={"secret_key": kept})
    return settings


def secret_is_kept(settings: Settings) -> bool:
    """Tell whether the secret is the one in the data folder."""
    path = settings.data_dir / SECRET_FILE
    return path.exists() and path.read_text().strip() == settings.secret_key


def _explain(error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_input=False, include_url=False):
        text = problem["msg"].removeprefix("Value error, ")
        yield f"{variable(str(problem['loc'][0]))}: {text}" if problem["loc"] else text


def complaints(environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Say which variables begin like ours and mean nothing, and which files give a secret away."""
    known = [variable(name) for name in Settings.model_fields]
    known += [at + secret_files.SUFFIX for at in secret_variables()]
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            yield f"{name} is not a setting" + (f"; is {close[0]} meant?" if close else ".")
    yield from secret_files.exposed(secret_variables(), environment)
