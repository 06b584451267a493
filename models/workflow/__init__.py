"""Workflow: states, transitions and what they bring about, for every path by which a record changes.

`storing.commit` lets `engine.react` have its say about every change before it is stored; `transitions`
is how people, approvals and clocks move a record.
"""

from models.workflow.engine import react
from models.workflow.storing import commit
from models.workflow.transitions import Offer, available, move, plan_move, take

__all__ = ["Offer", "available", "commit", "move", "plan_move", "react", "take"]
