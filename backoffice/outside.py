"""Tells the channels what the operator decided about the world outside."""

from backoffice.settings import Settings
from models.channels import addresses
from models.channels.surroundings import Surroundings, set_surroundings


def install(settings: Settings) -> None:
    """Use the settings for everything that this process sends."""
    set_surroundings(
        Surroundings(
            public_url=settings.public_url or f"http://{settings.host}:{settings.port}",
            allowed_hosts=addresses.parse(settings.allowed_webhook_hosts),
            smtp_password=settings.smtp_password,
            company=settings.company,
            secret=settings.secret_key,
        )
    )
