"""Rights have scopes, steps and approvals are rights of their own, and lists read two more indexes."""

from typing import Any

from pymongo.database import Database

from models import form_indexes, forms

OPEN_UNTIL_NOW = ["transition", "approve"]


def migrate(database: Database[dict[str, Any]]) -> None:
    """Let whoever may see go on taking steps and approving, and create the indexes of every form."""
    for role in database.roles.find({"grants.actions": "see"}):
        for grant in role["grants"]:
            if "see" in grant["actions"] and "scope" not in grant:
                added = [action for action in OPEN_UNTIL_NOW if action not in grant["actions"]]
                grant.update(scope="all", deny=False, actions=[*grant["actions"], *added])
        database.roles.update_one({"_id": role["_id"]}, {"$set": {"grants": role["grants"]}})
    for live in forms.live_forms():
        form_indexes.ensure(live.records(), live.definition)
