"""The translations of the texts in the rules, for every process, also those that serve no pages."""

import io
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from models.messages import install_catalogs

FOLDER: Final = Path(__file__).parent / "translations"
CHINESE: Final = "zh_Hans_CN"
DOMAIN: Final = "messages"


def install() -> Translations:
    """Let the rules' messages speak both languages, and return the Chinese catalog."""
    catalog = load_catalog(FOLDER / CHINESE / "LC_MESSAGES" / f"{DOMAIN}.po")
    install_catalogs({"zh": catalog, "en": NullTranslations()})
    return catalog


def load_catalog(source: Path) -> Translations:
    """Return the translations of a `.po` file, compiled in memory: there is no second file to forget."""
    if not source.exists():
        return Translations()
    with source.open("rb") as lines:
        catalog = read_po(lines, locale=CHINESE, domain=DOMAIN)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return Translations(compiled, domain=DOMAIN)
