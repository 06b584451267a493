"""By which calendar a department works: its own, else that of the department above it."""

from typing import Any

from bson import ObjectId

from models.calendars.definition import DEFAULT_KEY
from models.database import db


def of_department(department: ObjectId | None) -> str:
    """Return the key of the calendar that counts for a department; without one, the default."""
    seen: set[ObjectId] = set()
    while department and department not in seen:
        seen.add(department)
        found = db().departments.find_one({"_id": department}, {"calendar": 1, "parent": 1}) or {}
        if found.get("calendar"):
            return str(found["calendar"])
        department = found.get("parent")
    return DEFAULT_KEY


def chosen_by_departments() -> dict[str, int]:
    """Return how many departments have chosen each calendar themselves."""
    stages: list[dict[str, Any]] = [
        {"$match": {"calendar": {"$gt": ""}, "retired": {"$ne": True}}},
        {"$group": {"_id": "$calendar", "count": {"$sum": 1}}},
    ]
    return {str(one["_id"]): int(one["count"]) for one in db().departments.aggregate(stages)}
