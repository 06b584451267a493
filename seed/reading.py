"""YAML from outside, read without trust: bounded in size, in depth and in what its aliases unfold to."""

import math
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import yaml

from models import plain_yaml
from models.definition import KEY_LENGTH
from models.errors import InvalidError
from models.messages import Message, _

MAX_FILE_BYTES = 2 * 1024 * 1024
MAX_PACK_BYTES = 10 * 1024 * 1024
MAX_FILES = 300
MAX_NODES = 200_000
MAX_DEPTH = 100
MAIN = "pack.yaml"
FORMS = "forms/"
REPORTS = "reports/"


def _refuse(source: str, message: Message) -> InvalidError:
    return InvalidError({source: [message]})


def load_yaml(content: bytes, source: str) -> dict[str, Any]:
    """Return the mapping that a YAML text holds.

    Args:
        content: the file's bytes.
        source: the name to report problems under.

    Raises:
        InvalidError: too large, not YAML, a key given twice, or not a mapping of plain values.
    """
    if len(content) > MAX_FILE_BYTES:
        raise _refuse(source, _("This file is too large."))
    try:
        loader = plain_yaml.Loader(_shallow(content.decode("utf-8-sig")))
        node = loader.get_single_node()
        _measure(node, {}, source)
        loaded = loader.construct_document(node) if node else None
        _only_plain(loaded, source)
    except (RecursionError, _Unfolding):
        raise _refuse(source, _("This file is nested too deeply.")) from None
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise _refuse(source, _("This is not valid YAML: %(reason)s", reason=_reason(error))) from None
    if not isinstance(loaded, dict):
        raise _refuse(source, _("This file does not hold a mapping."))
    return loaded


class _Unfolding(Exception):  # noqa: N818  (never leaves this module)
    """A text that is deeper than any real pack, or aliases that unfold to more, or into themselves."""


def _shallow(text: str) -> str:
    if any(depth > MAX_DEPTH for depth, _event in plain_yaml.depths(text)):
        raise _Unfolding
    return text


def _reason(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    place = f", line {mark.line + 1}" if mark else ""
    return f"{getattr(error, 'problem', None) or error}{place}"[:300]


def _measure(node: yaml.Node | None, sizes: dict[int, int], source: str) -> int:
    """Return how many nodes one node unfolds to, with aliases counted each time they are used."""
    if node is None:
        return 0
    if id(node) in sizes:
        if sizes[id(node)] < 0:
            raise _Unfolding
        return sizes[id(node)]
    sizes[id(node)] = -1
    total = 1 + sum(_measure(child, sizes, source) for child in _children(node, source))
    if total > MAX_NODES:
        raise _Unfolding
    sizes[id(node)] = total
    return total


def _children(node: yaml.Node, source: str) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        yield from node.value
    elif isinstance(node, yaml.MappingNode):
        keys = Counter(key.value for key, _value in node.value if isinstance(key, yaml.ScalarNode))
        key, count = next(iter(keys.most_common(1)), ("", 0))
        if count > 1:
            raise _refuse(source, _("“%(key)s” is given twice.", key=key))
        for key, value in node.value:
            yield from (key, value)


def _only_plain(value: Any, source: str) -> None:  # noqa: ANN401  (YAML)
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise _refuse(source, _("“%(key)s” is not a text; put it in quotes.", key=str(key)))
            _only_plain(inner, source)
    elif isinstance(value, list):
        for inner in value:
            _only_plain(inner, source)
    elif isinstance(value, float) and not math.isfinite(value):
        raise _refuse(source, _("This is not a number."))
    elif not isinstance(value, str | int | float | bool | None):
        raise _refuse(source, _("Only texts, numbers, lists and mappings may be used."))


def read_parts(path: Path) -> dict[str, bytes]:
    """Return the files of a pack by their name inside it: `pack.yaml`, `forms/<key>.yaml`, `reports/…`.

    Args:
        path: a folder, a single `.yaml` file with its forms and reports inside, or a `.zip` of the folder.

    Raises:
        InvalidError: there is no such pack, or it is too large.
    """
    if path.is_dir():
        return _read_folder(path)
    if not path.is_file():
        raise _refuse(path.name, _("There is no such pack."))
    if path.suffix.lower() == ".zip":
        return _read_zip(path)
    return {MAIN: _read_file(path)}


def _read_folder(path: Path) -> dict[str, bytes]:
    if not (path / MAIN).is_file():
        raise _refuse(path.name, _("There is no such pack."))
    files = [
        path / MAIN,
        *(file for part in (FORMS, REPORTS) for file in sorted((path / part).glob("*.yaml"))),
    ]
    if len(files) > MAX_FILES:
        raise _refuse(path.name, _("This pack holds too many files."))
    return {file.relative_to(path).as_posix(): _read_file(file) for file in files}


def _read_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_FILE_BYTES + 1)


def _read_zip(path: Path) -> dict[str, bytes]:
    try:
        with ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
            if len(names) > MAX_FILES or sum(info.file_size for info in archive.infolist()) > MAX_PACK_BYTES:
                raise _refuse(path.name, _("This file is too large."))
            return {name: _read_entry(archive, name) for name in names if _belongs(name)}
    except (BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError):
        raise _refuse(path.name, _("This is not a readable zip file.")) from None


def _belongs(name: str) -> bool:
    return name == MAIN or any(
        name.startswith(part) and name.endswith(".yaml") and len(name) <= KEY_LENGTH + len(part + ".yaml")
        for part in (FORMS, REPORTS)
    )


def _read_entry(archive: ZipFile, name: str) -> bytes:
    with archive.open(name) as entry:
        return entry.read(MAX_FILE_BYTES + 1)
