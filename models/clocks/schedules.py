"""Clocks of forms: a report every month, a plan every year; each time somebody owes it."""

from datetime import datetime

from models.clocks.clock import Clock


def follow(clock: Clock, moment: datetime) -> None:
    """Keep the duty of a form's clock in step with it."""
