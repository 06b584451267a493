"""What is wrong in a definition, and where."""

from collections.abc import Iterable
from dataclasses import dataclass

from models.messages import Message


@dataclass(frozen=True)
class Problem:
    """Something wrong in a definition, and where."""

    path: str
    message: Message


def by_path(problems: Iterable[Problem]) -> dict[str, list[Message]]:
    """Group problems for an InvalidError."""
    grouped: dict[str, list[Message]] = {}
    for problem in problems:
        grouped.setdefault(problem.path, []).append(problem.message)
    return grouped
