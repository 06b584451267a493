"""The names in texts: `{customer}` stands for what the record holds."""

import re

from models.definition import Definition
from models.definition_parts import Label

PLACEHOLDER = re.compile(r"\{(@?[a-z][a-z0-9_]*)\}")
SYSTEM = frozenset(
    {"number", "title", "state", "owner", "department", "created_at", "created_by", "assignees"}
)


def placeholders(label: Label) -> set[str]:
    """Return the names that a text mentions."""
    return {name for text in (label.zh, label.en) for name in PLACEHOLDER.findall(text)}


def is_known(name: str, definition: Definition) -> bool:
    """Tell whether a placeholder means something on a form."""
    field = definition.by_key.get(name)
    return name.removeprefix("@") in SYSTEM if field is None else field.holds_value
