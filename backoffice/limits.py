"""How often somebody may guess before a lock, as the operator decided."""

from datetime import timedelta

from backoffice.settings import Settings
from models import throttle
from models.throttle import Limits


def init_limits(settings: Settings) -> None:
    """Use the numbers of the settings in this process."""
    throttle.set_limits(
        Limits(
            per_pair=settings.lock_after_failures,
            per_account=settings.lock_account_after_failures,
            per_address=settings.lock_address_after_failures,
            lock=timedelta(minutes=settings.lock_minutes),
        )
    )
