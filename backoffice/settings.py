"""Every setting of the program: an environment variable with a type, a default and a sentence of help."""

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from backoffice import secret_files
from backoffice.secret_files import SECRET_CHARACTERS, TOKEN_CHARACTERS

PREFIX = "BACKOFFICE_"
SECRET_FILE = "secret_key"  # noqa: S105  (its name in the data folder)
NEEDED_IN_PRODUCTION = ("mongodb_uri", "broker_url", "secret_key", "public_url")
PASSWORDS_OF = {"mongodb_password": "mongodb_uri", "broker_password": "broker_url"}


class SettingsError(ValueError):
    """A setting that is wrong or missing; the text names the variable, never a secret's value."""


class Settings(BaseSettings):
    """What an operator can choose."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, hide_input_in_errors=True)

    production: bool = Field(
        default=False,
        description="Refuse to start without the secrets and addresses that a real company needs.",
    )
    host: str = Field(
        default="127.0.0.1", min_length=1, description="Address on which the web server listens."
    )
    port: int = Field(default=8000, ge=0, le=65535, description="Its port; 0 takes a free one.")
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^/\s?#]+)?$",
        description="Address that people use, without a path, such as `https://office.example.com`; "
        "with https, cookies never travel unencrypted. Empty: the address of the web server.",
    )
    allow_plain_http: bool = Field(
        default=False,
        description="Let production run without https: whoever is on the network reads passwords and data.",
    )
    trusted_proxies: int = Field(
        default=0,
        ge=0,
        le=10,
        description="Number of our own proxies whose `X-Forwarded-*` headers are believed.",
    )
    mongodb_uri: str = Field(
        default="",
        repr=False,
        pattern=r"^(mongodb(\+srv)?://.+)?$",
        description="Address of a MongoDB replica set. Empty: `backoffice up` starts a private MongoDB.",
    )
    mongodb_password: str = Field(
        default="",
        repr=False,
        description="Password of the account in `BACKOFFICE_MONGODB_URI`, where it is not part of it.",
    )
    mongodb_database: str = Field(
        default="backoffice",
        pattern=r"^[A-Za-z0-9_-]{1,38}$",
        description="Database that holds everything of the company.",
    )
    broker_url: str = Field(
        default="",
        repr=False,
        pattern=r"^([a-z][a-z0-9+.-]*://.+)?$",
        description="Where Celery's messages travel: RabbitMQ (`amqp://`) or Redis. "
        "Empty: a second database in the same MongoDB.",
    )
    broker_password: str = Field(
        default="",
        repr=False,
        description="Password of the account in `BACKOFFICE_BROKER_URL`, where it is not part of it.",
    )
    data_dir: Path = Field(
        default=Path("var"), description="Folder for the private MongoDB, the logs and the generated secret."
    )
    secret_key: str = Field(
        default="",
        repr=False,
        description=f"At least {SECRET_CHARACTERS} random characters that sign cookies and links; the same "
        "in every process. Empty: generated once and kept in the data folder.",
    )
    admin_password: str = Field(
        default="",
        repr=False,
        max_length=200,
        description="Password of the first administrator (`admin`). Empty: generated and printed once.",
    )
    company: str = Field(
        default="", max_length=80, description="Name of the company, shown on pages and prints."
    )
    language: Literal["zh", "en"] = Field(
        default="zh", description="Language before someone signs in, and of new people."
    )
    timezone: str = Field(
        default="Asia/Shanghai", description="Time zone before someone signs in, and of new people."
    )
    session_idle_minutes: int = Field(
        default=120,
        ge=1,
        le=10_080,
        description="Minutes without a click after which a person must sign in again.",
    )
    session_absolute_hours: int = Field(
        default=12, ge=1, le=720, description="Hours after which a person must sign in again in any case."
    )
    lock_after_failures: int = Field(
        default=10,
        ge=3,
        le=100,
        description="Wrong passwords for one account from one address within 15 minutes after which that "
        "address is locked out of the account; codes are counted in the same way.",
    )
    lock_account_after_failures: int = Field(
        default=60,
        ge=10,
        le=1000,
        description="The same from all addresses together; the account is then locked except where its owner "
        "signed in within the last 30 days.",
    )
    lock_address_after_failures: int = Field(
        default=100,
        ge=10,
        le=10_000,
        description="Wrong passwords for any accounts from one address within 15 minutes after which nobody "
        "can sign in from there.",
    )
    lock_minutes: int = Field(
        default=15,
        ge=1,
        le=240,
        description="Minutes that a lock takes; each further one within a day takes twice as long, up to "
        "4 hours.",
    )
    export_days: int = Field(
        default=7, ge=1, le=365, description="Days for which a finished export can be downloaded."
    )
    max_upload_megabytes: int = Field(
        default=50,
        ge=1,
        le=1024,
        description="Largest request, and thus the largest file that can be uploaded.",
    )
    file_quota_megabytes: int = Field(
        default=0, ge=0, le=1_000_000_000, description="Space for all files together; 0 for no limit."
    )
    max_image_megapixels: int = Field(
        default=65, ge=1, le=200, description="Largest picture that is shown, in millions of pixels."
    )
    clamav: str = Field(
        default="",
        pattern=r"^(tcp://([^/\s:@]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?|unix:///\S+)?$",
        description="ClamAV's daemon, `tcp://host:3310` or `unix:///path`: every uploaded file is checked "
        "for viruses, and refused while it does not answer. Empty: files are not checked.",
    )
    web_workers: int = Field(default=2, ge=1, le=64, description="Processes of the web server.")
    web_threads: int = Field(default=8, ge=1, le=128, description="Threads of each of them.")
    worker_concurrency: int = Field(
        default=2, ge=1, le=64, description="Jobs that one worker carries out at a time."
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="Log lines for a person, or JSON for a collector."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least important log lines that are written."
    )
    smtp_password: str = Field(
        default="",
        repr=False,
        description="Password of the mail server, where it is not stored with the e-mail channel.",
    )
    allowed_webhook_hosts: str = Field(
        default="",
        description="Hosts besides those of the group robots to which messages may be sent, separated by "
        "commas: `host`, `host:port`, `*.example.com`, `*` for every public one. Only a host named without "
        "`*` may be inside your network or without https.",
    )
    security_contact: str = Field(
        default="",
        pattern=r"^(mailto:[^\s@]+@[^\s@]+|https://\S+)?$",
        description="Where weaknesses are reported, `mailto:…` or `https://…`, told in "
        "`/.well-known/security.txt`. Empty: there is no such page.",
    )
    metrics_token: str = Field(
        default="",
        repr=False,
        description="Bearer token that opens `/metrics`. Empty: only for the machine itself.",
    )

    oidc_issuer: str = Field(
        default="",
        pattern=r"^(https://[^\s?#]+|http://(localhost|127\.0\.0\.1)(:\d{1,5})?(/[^\s?#]*)?)?$",
        description="Address of the company's own sign-in service (OpenID Connect), exactly as it names "
        "itself in `iss`; people whom it vouches for sign in without a password of ours. Needs "
        "`pip install backoffice[oidc]`. It sends people back to `/login/oidc/back`.",
    )
    oidc_client_id: str = Field(
        default="", max_length=200, description="How that service knows this program."
    )
    oidc_client_secret: str = Field(
        default="", repr=False, description="The secret that it gave this program."
    )
    oidc_label: str = Field(
        default="", max_length=60, description="Its name on the button of the sign-in page."
    )

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
