"""Whether the procedure of a form makes sense: what keeps it from being published, and what to look at.

Apart from `models.workflow`, because publishing a form must not need what works on its records.
Paths read `workflow.states.<key>.<property>`, `workflow.transitions.<key>.effects.<index>.<property>`.
"""

from models.procedure_checks.clocks import clock_problems
from models.procedure_checks.effects import effect_problems, who_problems
from models.procedure_checks.problems import problems
from models.procedure_checks.warnings import warnings

__all__ = ["clock_problems", "effect_problems", "problems", "warnings", "who_problems"]
