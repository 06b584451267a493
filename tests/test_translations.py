"""Nothing a person reads is left in the wrong language."""

import re

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from tests.translated import CATALOG, source_texts

PARAMETER = re.compile(r"%\((\w+)\)[sd]")


def catalog() -> Catalog:
    with CATALOG.open("rb") as lines:
        return read_po(lines, locale="zh_Hans_CN")


def test_every_text_is_translated() -> None:
    known = {message.id[0] if isinstance(message.id, tuple) else message.id: message for message in catalog()}
    texts = {text if isinstance(text, str) else text[0]: place for place, _line, text in source_texts()}
    missing = {
        text: place for text, place in texts.items() if text not in known or not any(forms(known[text]))
    }
    assert missing == {}


def forms(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (str(message.string or ""),)


def test_translations_keep_the_parameters() -> None:
    wrong = []
    for message in catalog():
        source = message.id if isinstance(message.id, tuple) else (str(message.id),)
        expected = {name for text in source for name in PARAMETER.findall(text)}
        found = {name for text in forms(message) for name in PARAMETER.findall(text)}
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
