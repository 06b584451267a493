"""A program that dies in the middle of its work."""

from typing import Any

import pytest

from models import records


def die_at_commit(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program die when it stores records for that many times, and go on when it is asked again."""
    commit, calls = records.commit, list[int]()

    def dying(changes: Any, also: Any = None) -> None:
        calls.append(1)
        if len(calls) == number:
            raise KeyboardInterrupt
        commit(changes, also)

    monkeypatch.setattr(records, "commit", dying)
