"""The table of settings for the README, made from their declarations."""

from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from backoffice.settings import NEEDED_IN_PRODUCTION, Settings, variable


def as_markdown() -> str:
    """Return the table of settings for the README."""
    rows = ["| variable | type | default | |", "| --- | --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = f"`{field.default}`" if field.default not in {"", None} else ""
        needed = " **Required in production.**" if name in NEEDED_IN_PRODUCTION else ""
        rows.append(f"| `{variable(name)}` | {_type_name(field)} | {default} | {field.description}{needed} |")
    return "\n".join(rows) + "\n"


def _type_name(field: FieldInfo) -> str:
    if not field.repr:
        return "secret"
    if get_origin(field.annotation) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(field.annotation))
    names = {bool: "yes or no", int: "number", Path: "folder", str: "text"}
    name = names[field.annotation] if field.annotation in names else str(field.annotation)
    limits = {type(limit).__name__: limit for limit in field.metadata}
    low, high = limits.get("Ge"), limits.get("Le")
    return f"{name}, {low.ge} to {high.le}" if low and high else name
