"""Workflow: states, transitions and what they bring about, for every path by which a record changes."""

from models.workflow.engine import react

__all__ = ["react"]
