"""People come in by the hundred from a table: looked at row by row first, then stored all or none."""

from models.people_import.checking import MAX_PEOPLE, Draft, Found, check
from models.people_import.columns import COLUMNS
from models.people_import.storing import JOB, MODES, begin, carry_out, take_passwords
from models.people_import.writing import write_refused, write_template

__all__ = [
    "COLUMNS",
    "JOB",
    "MAX_PEOPLE",
    "MODES",
    "Draft",
    "Found",
    "begin",
    "carry_out",
    "check",
    "take_passwords",
    "write_refused",
    "write_template",
]
