"""Departments move within the tree, or become part of another, after everybody saw what it would do.

A department that was merged is retired, lies under the one that took it over and points to it
(`Department.merged_into`); `models.directory` follows that pointer, so that whatever still names it goes on.
"""

from models.reorganising.merging import JOB, carry_out, check_merge, merge
from models.reorganising.moving import check_move, move
from models.reorganising.preview import Named, Preview, preview

__all__ = [
    "JOB",
    "Named",
    "Preview",
    "carry_out",
    "check_merge",
    "check_move",
    "merge",
    "move",
    "preview",
]
