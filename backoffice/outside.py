"""Tells the rules what the operator decided: about the world outside, and about files."""

from backoffice.settings import Settings
from models import sealing
from models.channels import addresses
from models.channels.surroundings import Surroundings, set_surroundings
from models.files.limits import MEGABYTE, MEGAPIXEL, FileLimits, set_file_limits


def install(settings: Settings) -> None:
    """Use the settings for everything that this process sends and allows."""
    sealing.set_secret(settings.secret_key)
    set_surroundings(
        Surroundings(
            public_url=settings.public_url or f"http://{settings.host}:{settings.port}",
            allowed_hosts=addresses.parse(settings.allowed_webhook_hosts),
            smtp_password=settings.smtp_password,
            company=settings.company,
            secret=settings.secret_key,
        )
    )
    set_file_limits(
        FileLimits(
            clamav=settings.clamav,
            company_bytes=settings.file_quota_megabytes * MEGABYTE,
            max_pixels=settings.max_image_megapixels * MEGAPIXEL,
        )
    )
