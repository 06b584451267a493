"""Which days are working days for the people of a department."""

from bson import ObjectId

from models.deliveries.quiet import WorkingDay, monday_to_friday


def of_department(_department: ObjectId | None) -> WorkingDay:
    """Return the calendar of a department, as days."""
    return monday_to_friday
