"""When somebody leaves: what is still theirs, who takes it over, and the end of their account.

`checks.CHECKS` is the one list of what is looked at; whatever a person can come to hold belongs there.
"""

from models.leaving.carrying_out import JOB, Plan, hand_over, leave, let_return
from models.leaving.checks import CHECKS, look
from models.leaving.finding import Example, Fate, Finding

__all__ = ["CHECKS", "JOB", "Example", "Fate", "Finding", "Plan", "hand_over", "leave", "let_return", "look"]
