"""Texts for people, kept apart from the language they are read in.

Rules raise messages; whoever shows one translates it. Catalogs are installed once at start-up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

LANGUAGES = ("zh", "en")
DEFAULT_LANGUAGE = "zh"


class Catalog(Protocol):
    """What gettext gives: a translation for a text."""

    def gettext(self, message: str, /) -> str:
        """Return the translation of a text."""
        ...


@runtime_checkable
class Named(Protocol):
    """A name that a definition or a document gives in several languages."""

    def text(self, language: str, /) -> str:
        """Return the name in a language."""
        ...


_catalogs: dict[str, Catalog] = {}


@dataclass(frozen=True)
class Message:
    """An English text with named parameters; they may be messages or names in both languages."""

    msgid: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the text in English."""
        return translate(self, "en")

    def __hash__(self) -> int:
        """Hash by text, because parameters may be unhashable."""
        return hash(self.msgid)


def _(msgid: str, /, **params: Any) -> Message:  # noqa: ANN401  (any value can be shown)
    return Message(msgid, params)


def install_catalogs(catalogs: Mapping[str, Catalog]) -> None:
    """Use these translations, by language code (`zh`, `en`)."""
    _catalogs.clear()
    _catalogs.update(catalogs)


def translate(message: Message | str, language: str) -> str:
    """Return a message's text in a language; plain text comes back as it is."""
    if isinstance(message, str):
        return message
    catalog = _catalogs.get(language)
    text = catalog.gettext(message.msgid) if catalog else message.msgid
    if not message.params:
        return text
    return text % {name: _parameter(value, language) for name, value in message.params.items()}


def _parameter(value: Any, language: str) -> Any:  # noqa: ANN401  (any value can be shown)
    if isinstance(value, Message):
        return translate(value, language)
    return value.text(language) if isinstance(value, Named) else value


def say_stored(words: Any, language: str) -> str:  # noqa: ANN401  (a text, or one per language)
    """Return a text as documents keep it, in a language, or in the other where that is empty."""
    if not isinstance(words, Mapping):
        return str(words or "")
    other = next((words[one] for one in LANGUAGES if words.get(one)), "")
    return str(words.get(language) or other)
