"""YAML of plain values, read and written by the C library where it is there: several times as fast.

C has no bound for how deep it goes down into a text. So whoever reads what others wrote looks at `depths`
first, which goes down nowhere.
"""

from collections.abc import Iterator
from typing import Any, Final

import yaml

try:
    from yaml import CSafeDumper as Dumper
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeDumper as Dumper  # type: ignore[assignment]
    from yaml import SafeLoader  # type: ignore[assignment]

WIDTH: Final = 110


class Loader(SafeLoader):
    """Reads plain values: a date stays the text that was written."""

    yaml_implicit_resolvers = {  # noqa: RUF012  (the library's own class attribute)
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def depths(text: str) -> Iterator[tuple[int, yaml.Event]]:
    """Yield every part of a text with how deep it lies. Raises yaml.YAMLError."""
    depth = 0
    for event in yaml.parse(text, Loader=Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        yield depth, event


def dump(document: Any) -> str:  # noqa: ANN401  (plain values)
    """Return plain values as YAML, in the order in which they are."""
    text: str = yaml.dump(document, Dumper=Dumper, allow_unicode=True, sort_keys=False, width=WIDTH)
    return text
