"""Both languages, in our own texts and in those of the libraries."""

from collections.abc import Iterator
from pathlib import Path

import flask_admin.babel
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_admin.form import BaseForm
from flask_babel import force_locale, gettext
from flask_security.utils import get_message
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired

from backoffice import i18n, texts
from backoffice.texts import load_catalog
from models.messages import Message, install_catalogs, translate

PO = """
msgid "At most %(max)s characters."
msgstr "最多 %(max)s 个字符。"

msgid "A library forgot this"
msgstr "库忘记了这个"
"""


@pytest.fixture
def chinese(app: Flask) -> Iterator[None]:
    with app.test_request_context(), force_locale("zh_Hans_CN"):
        yield


def test_chinese_is_spoken_until_somebody_chooses(client: FlaskClient) -> None:
    assert '<html lang="zh-CN"' in client.get("/login").text


def test_a_cookie_chooses_and_nonsense_in_it_does_not(client: FlaskClient) -> None:
    client.set_cookie("language", "en")
    assert '<html lang="en"' in client.get("/login").text
    for nonsense in ("xx", "../../etc", "", "zh_Hans_CN" * 100):
        client.set_cookie("language", nonsense)
        assert '<html lang="zh-CN"' in client.get("/login").text


def test_the_texts_of_rules_are_translated(tmp_path: Path) -> None:
    source = tmp_path / "messages.po"
    source.write_text(PO, encoding="utf-8")
    install_catalogs({"zh": load_catalog(source)})
    try:
        message = Message("At most %(max)s characters.", {"max": 5})
        assert translate(message, "zh") == "最多 5 个字符。"
        assert translate(message, "en") == "At most 5 characters."
    finally:
        texts.install()


@pytest.mark.usefixtures("chinese")
def test_the_admin_library_speaks_chinese() -> None:
    assert str(flask_admin.babel.gettext("Save")) == "保存"


@pytest.mark.usefixtures("chinese")
def test_the_sign_in_library_speaks_chinese() -> None:
    assert get_message("DISABLED_ACCOUNT")[0] != "Account is disabled."


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("base", [FlaskForm, BaseForm])
def test_the_form_library_speaks_chinese(base: type) -> None:
    form = type("Form", (base,), {"name": StringField(validators=[InputRequired()])})()
    form.validate()
    assert form.name.errors == ["该字段是必填字段。"]


@pytest.mark.usefixtures("chinese")
def test_english_texts_stay_english_in_english() -> None:
    with force_locale("en"):
        assert gettext("Save") == "Save"
        assert str(flask_admin.babel.gettext("Save")) == "Save"


def test_what_a_library_forgot_falls_back_to_our_catalog(app: Flask, tmp_path: Path) -> None:
    source = tmp_path / "messages.po"
    source.write_text(PO, encoding="utf-8")
    i18n.complete_libraries(load_catalog(source))
    with app.test_request_context(), force_locale("zh_Hans_CN"):
        assert str(flask_admin.babel.gettext("A library forgot this")) == "库忘记了这个"


def test_a_missing_catalog_is_an_empty_one(tmp_path: Path) -> None:
    assert load_catalog(tmp_path / "none.po").gettext("Save") == "Save"
