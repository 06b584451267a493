"""Two languages everywhere: our texts, those of the rules, and those of the libraries underneath."""

from typing import Any

import flask_admin.babel
import wtforms.i18n
from babel import Locale
from babel.support import NullTranslations, Translations
from flask import Flask
from flask_admin import translations as admin_translations
from flask_babel import Babel, get_babel, get_locale, get_translations

from backoffice import texts
from backoffice.texts import CHINESE, DOMAIN
from models.people import DEFAULT_TIMEZONE
from views import context

WRITTEN_MOMENT = "yyyy-MM-dd HH:mm"
"""How screens write when something was, in either language: as records do."""


def init_i18n(app: Flask) -> None:
    """Speak the reader's language in every page, rule message and library text of an app."""
    Babel(
        app,
        default_locale=CHINESE,
        default_timezone=DEFAULT_TIMEZONE,
        locale_selector=lambda: context.LOCALES[context.current_language()],
        timezone_selector=lambda: context.current_timezone().key,
    )
    catalog = texts.install()
    with app.app_context():
        babel = get_babel().instance
        babel.domain_instance.cache[CHINESE, DOMAIN] = catalog
        babel.date_formats["datetime"] = WRITTEN_MOMENT
    complete_libraries(catalog)
    _translate_templates(app)


def _translate_templates(app: Flask) -> None:
    """Find the catalog for the texts of a template by language; Flask-Babel looks for it at every text."""
    catalogs: dict[Locale | None, NullTranslations] = {}

    def catalog() -> NullTranslations:
        spoken = get_locale()
        if spoken not in catalogs:
            catalogs[spoken] = get_translations()
        return catalogs[spoken]

    translator: Any = app.jinja_env  # by Jinja's extension
    translator.install_gettext_callables(
        gettext=lambda text: catalog().ugettext(text),
        ngettext=lambda one, many, count: catalog().ungettext(one, many, count),
        newstyle=True,
    )


def complete_libraries(ours: Translations) -> None:
    """Let texts that Flask-Admin and WTForms leave untranslated fall back to our catalog."""
    libraries = (
        (flask_admin.babel.domain, admin_translations.__path__[0], "admin"),
        (flask_admin.babel.wtforms_domain, wtforms.i18n.messages_path(), "wtforms"),
    )
    for domain, folder, name in libraries:
        theirs = Translations.load(folder, [CHINESE], name)
        theirs.add_fallback(ours)
        domain.cache[CHINESE, name] = theirs
