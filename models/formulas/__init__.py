"""Formulas of computed fields: exact, bounded, and the same answer whenever they run.

Names are field keys; `sum(items, "qty")` reckons over a table's column. Money is its amount, a percent the
number before its sign (13 for 13 %), a duration its seconds, a date-time the day in `timezone` where a day is
asked for. What is empty makes the result empty, except in sums, averages, `concat` and `coalesce`; so does a
division by zero, or a number too large for a record.
"""

from models.formulas.compiled import Formula, compile_formula
from models.formulas.functions import NAMES
from models.formulas.ordering import compute, order

__all__ = ["NAMES", "Formula", "compile_formula", "compute", "order"]
