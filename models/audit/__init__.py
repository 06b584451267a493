"""Who did what that matters beyond one record: sign-ins, rights, configuration, what left the house.

Entries are only ever added. Each bears the next number and the seal of the entry before, so that none can
be changed, left out or put in between unseen. What is the newest is kept apart, see `models.audit.chain`.
"""

from models.audit.differences import difference
from models.audit.noting import Origin, begin, coming_from, note

__all__ = ["Origin", "begin", "coming_from", "difference", "note"]
