"""Every text of the product for people, as it stands in code and templates."""

from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_dir

ROOT = Path(__file__).parent.parent
CATALOG = ROOT / "backoffice" / "translations" / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"
FOLDERS = ("backoffice", "models", "views", "tasks", "seed")
KEYWORDS = {"_": None, "message": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}


def source_texts() -> Iterator[tuple[str, str, str | tuple[str, ...]]]:
    """Yield file, line and text (singular and plural together) of everything to translate."""
    for folder in FOLDERS:
        found = extract_from_dir(
            str(ROOT / folder),
            method_map=[("**/templates/**.html", "jinja2"), ("**.py", "python")],
            options_map={"**/templates/**.html": {"trimmed": "true"}},
            keywords=KEYWORDS,
        )
        for file, line, text, _comments, _context in found:
            yield f"{folder}/{file}", str(line), text
