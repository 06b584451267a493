"""Every setting of the program: an environment variable with a type, a default and a sentence of help."""

from pathlib import Path
from typing import Final, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from backoffice.secret_files import SECRET_CHARACTERS

PREFIX: Final = "BACKOFFICE_"


class Choices(BaseSettings):
    """What an operator can choose; `settings.Settings` checks it and makes it complete."""

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
