"""What the audit log notes in a word of ours, said so that people understand it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from models.messages import Message, _, translate
from models.rights_words import PERMISSIONS

SYSTEM: Final = "system"
_TRIED: Final[Mapping[str, Message]] = {
    "answer": _("Security key"),
    "code": _("Code of an app"),
    "password": _("Password"),
    "recovery": _("Recovery code"),
    "sign-in service": _("Sign-in service"),
}
_WORDS: Final[Mapping[str, Mapping[str, Message]]] = {
    "by": _TRIED,
    "kind": {
        "app": _("Authenticator app"),
        "factor": _("Second factor"),
        "key": _("Security key"),
        "recovery": _("Recovery codes"),
        "reset": _("Forgotten password"),
        "sign_in": _("Sign-in"),
    },
    "language": {"en": _("English"), "zh": _("Chinese")},
    "permissions": {key.value: word for key, word in PERMISSIONS.items()},
    "reason": {
        "disabled": _("The account is disabled."),
        "password": _("Wrong password"),
        "unknown": _("There is no such account"),
        "wrong password": _("Wrong password"),
    },
    "scope": {
        "account": _("This account"),
        "account_and_address": _("This account from this address"),
        "address": _("This address"),
    },
}
_MOMENTS: Final = frozenset({"taken_at", "until"})


def said(key: str, value: Any, language: str) -> Any:  # noqa: ANN401  (whatever was noted)
    """Return the value of a detail in words where it is a word of ours, otherwise as it was noted."""
    if key in _MOMENTS and isinstance(value, str):
        return _moment(value)
    words = _WORDS.get(key)
    if words is None:
        return value
    if isinstance(value, list):
        return [said(key, one, language) for one in value]
    return translate(words[value], language) if isinstance(value, str) and value in words else value


def _moment(text: str) -> datetime | str:
    """Return the moment that was noted; a day, or what says none, as it stands."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return found if found.tzinfo else text


def who(name: str, language: str) -> str:
    """Return who did it: a person's name, or that it was the program."""
    return translate(_("The program"), language) if name == SYSTEM else name
