"""Nothing a person reads is left in the wrong language."""

import re

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from tests.translated import CATALOG, source_texts

PARAMETER = re.compile(r"%\((\w+)\)[sd]")


def catalog() -> Catalog:
    with CATALOG.open("rb") as lines:
        return read_po(lines, locale="zh_Hans_CN")


def test_every_text_is_translated() -> None:
    known = catalog()
    missing = [(place, text) for place, _line, text in source_texts() if not known.get(text) or not known.get(text).string]
    assert missing == []


def test_translations_keep_the_parameters() -> None:
    wrong = []
    for message in catalog():
        source = message.id if isinstance(message.id, tuple) else (message.id,)
        target = message.string if isinstance(message.string, tuple) else (message.string,)
        expected = {name for text in source for name in PARAMETER.findall(text)}
        found = {name for text in target for name in PARAMETER.findall(text)}
        if message.id and expected != found:
            wrong.append(message.id)
    assert wrong == []


def test_no_translation_is_left_over() -> None:
    used = {text[0] if isinstance(text, tuple) else text for _place, _line, text in source_texts()}
    unused = [
        message.id
        for message in catalog()
        if message.id
        and (message.id[0] if isinstance(message.id, tuple) else message.id) not in used
        and "library" not in message.auto_comments
    ]
    assert unused == []
