"""Clocks: deadlines of records and forms that start, stand still, remind, end, and can explain themselves."""

from models.clocks.clock import Clock
from models.clocks.reacting import act, react
from models.clocks.store import ensure_indexes
from models.clocks.sweeping import sweep

__all__ = ["Clock", "act", "ensure_indexes", "react", "sweep"]
