"""Tells the rules what the operator decided: about the world outside, about files, about guessing."""

from datetime import timedelta

from backoffice.settings import Settings
from models import sealing, throttle
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
    throttle.set_limits(
        throttle.Limits(
            per_pair=settings.lock_after_failures,
            per_account=settings.lock_account_after_failures,
            per_address=settings.lock_address_after_failures,
            lock=timedelta(minutes=settings.lock_minutes),
        )
    )
