"""A form's definition as a file, and what comes in as JSON or YAML, read without trust.

Depth is counted on the text, before any parser goes down into it; a value that MongoDB could not keep is
refused here with a message instead of failing later.
"""

import json
import math
import re
from typing import Any

import yaml

from models import plain_yaml
from models.definition import Definition
from models.errors import InvalidError, TooLargeError
from models.messages import Message, _
from models.storable import storable

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 40
MAX_INTEGER = 2**63 - 1

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKETS = re.compile(r"[\[\]{}]")


def to_json(definition: Definition) -> str:
    """Return a definition as JSON text."""
    return json.dumps(definition.dump(), ensure_ascii=False, indent=2)


def to_yaml(definition: Definition) -> str:
    """Return a definition as YAML text, as packs keep it."""
    return plain_yaml.dump(definition.dump())


def read_file(content: bytes) -> dict[str, Any]:
    """Return the document in a JSON or YAML file. Raises InvalidError, TooLargeError."""
    if content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return read_json(content)
    return _checked(_read_yaml(_text(content)))


def read_json(content: bytes) -> dict[str, Any]:
    """Return the object in a JSON text, safe to store.

    Raises:
        TooLargeError: more than `MAX_BYTES`.
        InvalidError: not JSON, too deep, not an object, or with values nobody can keep.
    """
    text = _text(content)
    if _depth(text) > MAX_DEPTH:
        raise _refused(_("This is nested too deeply."))
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise _refused(_("This cannot be read.")) from None
    return _checked(document)


def _text(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise TooLargeError(_("This file is too large."))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused(_("This cannot be read.")) from None


def _depth(text: str) -> int:
    deepest = depth = 0
    for bracket in _BRACKETS.finditer(_STRING.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _read_yaml(text: str) -> Any:  # noqa: ANN401  (whatever the file holds)
    try:
        for depth, event in plain_yaml.depths(text):
            if isinstance(event, yaml.AliasEvent):
                raise _refused(_("A definition cannot use YAML aliases."))
            if depth > MAX_DEPTH:
                raise _refused(_("This is nested too deeply."))
        return yaml.load(text, Loader=plain_yaml.Loader)  # noqa: S506  (a SafeLoader)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        raise _refused(_("This cannot be read.")) from None


def _checked(document: Any) -> dict[str, Any]:  # noqa: ANN401  (whatever the file holds)
    if not isinstance(document, dict):
        raise _refused(_("This is not the definition of a form."))
    _check_value(document)
    return document


def _check_value(value: Any) -> None:  # noqa: ANN401  (whatever the file holds)
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str) or key.startswith("$") or "." in key:
                raise _refused(_("The name “%(name)s” cannot be used here.", name=str(key)[:60]))
            _check_text(key)
            _check_value(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_value(inner)
    elif isinstance(value, str):
        _check_text(value)
    elif not _is_storable(value):
        raise _refused(_("A number is too large or not a number."))


def _check_text(text: str) -> None:
    if not storable(text):
        raise _refused(_("The text contains characters that cannot be stored."))


def _is_storable(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return abs(value) <= MAX_INTEGER
    return value is None


def _refused(message: Message) -> InvalidError:
    return InvalidError({"definition": [message]})
