"""Workflow: states, transitions and what they bring about, for every path by which a record changes.

`storing.commit` lets `engine.react` have its say about every change before it is stored; `transitions`
is how people, approvals and clocks move a record.
"""

from models.procedure_checks import problems, warnings
from models.workflow import timing
from models.workflow.diagram import Diagram, diagram
from models.workflow.engine import react
from models.workflow.filing import acknowledge
from models.workflow.moving import plan_move
from models.workflow.storing import commit
from models.workflow.transitions import Offer, available, move, take

__all__ = [
    "Diagram",
    "Offer",
    "acknowledge",
    "available",
    "commit",
    "diagram",
    "move",
    "plan_move",
    "problems",
    "react",
    "take",
    "timing",
    "warnings",
]
