"""Packs installed once and remembered, because every scenario begins with them."""

from typing import Final

from models import form_indexes, forms
from models.database import Document, db
from models.people import Actor
from seed import packs

_CONFIGURED: Final = (
    "packs", "forms", "form_versions", "report_versions", "dashboards", "roles", "departments"
)  # fmt: skip
_remembered: dict[tuple[str, ...], dict[str, list[Document]]] = {}


def install(names: tuple[str, ...]) -> None:
    """Install packs into an empty database: the first time really, then from memory."""
    if any(db()[name].find_one() for name in _CONFIGURED):
        _really(names)
    elif names in _remembered:
        _restore(_remembered[names])
    else:
        _really(names)
        _remembered[names] = {name: list(db()[name].find()) for name in _CONFIGURED}


def _really(names: tuple[str, ...]) -> None:
    for name in names:
        assert packs.install(name, Actor.system()).kept == []


def _restore(configured: dict[str, list[Document]]) -> None:
    for name, documents in configured.items():
        if documents:
            db()[name].insert_many(documents)
    for live in forms.live_forms():
        form_indexes.ensure(live.records(), live.definition)
