"""Who is asking, in which language, and how they want the answer: the same for every screen."""

import secrets
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import current_app, g, request
from flask_login import current_user

from models.errors import ForbiddenError, InvalidError
from models.lookups import Lookup
from models.messages import LANGUAGES, Message, translate
from models.people import Actor, User

LANGUAGE_COOKIE = "language"
THEME_COOKIE = "appearance"
THEMES = ("auto", "light", "dark")
LOCALES = {"zh": "zh_Hans_CN", "en": "en"}


def current_person() -> User | None:
    """Return whose rights decide: the account that is signed in, or as whom it looks at pages, or None."""
    return seen_as() or real_person()


def seen_as() -> User | None:
    """Return as whom the signed-in person looks at the program (`views.view_as`), or None."""
    seen: User | None = g.get("seen_as")
    return seen


def real_person() -> User | None:
    """Return the account that is signed in, or None: who answers for what is done."""
    if g.get("database_down"):
        return None
    return getattr(current_user, "person", None)


def require_person() -> User:
    """Return the account that is signed in.

    Raises:
        ForbiddenError: nobody is; the guard of `backoffice.security` normally stops such a request before.
    """
    person = current_person()
    if person is None:
        raise ForbiddenError
    return person


def current_actor() -> Actor:
    """Return the signed-in account as the one who changes something."""
    return Actor.of(require_person())


def current_language() -> str:
    """Return `zh` or `en`: the language of whoever reads, else the cookie's, else the default."""
    person = real_person()
    wanted = str(person.language) if person else request.cookies.get(LANGUAGE_COOKIE, "")
    return wanted if wanted in LANGUAGES else str(current_app.config["DEFAULT_LANGUAGE"])


def current_theme() -> str:
    """Return `light`, `dark` or `auto`: the reader's choice, else the cookie's."""
    person = real_person()
    wanted = str(person.theme) if person else request.cookies.get(THEME_COOKIE, "")
    return wanted if wanted in THEMES else THEMES[0]


def current_timezone() -> ZoneInfo:
    """Return the account's time zone, else the company's default."""
    person = current_person()
    return ZoneInfo(str(person.timezone if person else current_app.config["DEFAULT_TIMEZONE"]))


def current_lookup() -> Lookup:
    """Return the names behind ids for whoever asks: in their language, of what they may see."""
    return Lookup(current_language(), current_timezone(), current_person())


def say(message: Message | str) -> str:
    """Return a rule's message in the reader's language."""
    return translate(message, current_language())


def all_said(error: InvalidError) -> str:
    """Return every message of a refusal in the reader's language, where no field stands beside it."""
    return " ".join(say(message) for found in error.errors.values() for message in found)


def csp_nonce() -> str:
    """Return the word that marks this response's own scripts and styles for the browser."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def request_id() -> str:
    """Return the id under which this request stands in the log."""
    return str(g.get("request_id", ""))


def site_origin() -> str:
    """Return where people reach this program, without a slash at the end: as set, else as it was asked."""
    settings = current_app.config["SETTINGS"]
    return str(settings.public_url or request.host_url.rstrip("/"))


def wants_json() -> bool:
    """Tell whether a program asks, not a page: the API, a script's fetch, or an explicit Accept."""
    if request.path.startswith("/api/") or request.is_json:
        return True
    if request.headers.get("X-Requested-With") == "XMLHttpRequest":
        return True
    accept = request.accept_mimetypes
    return accept.best_match(["text/html", "application/json"]) == "application/json"


def safe_next(target: str | None, default: str = "/") -> str:
    """Return a path of this site to go on to; anything that could lead elsewhere becomes the default.

    Browsers read a backslash as a slash and drop control characters, so both are refused.
    """
    if not target or not target.startswith("/") or target.startswith("//"):
        return default
    if "\\" in target or any(ord(character) < ord("!") or character == "\x7f" for character in target):
        return default
    try:
        parts = urlsplit(target)
    except ValueError:
        return default
    return default if parts.scheme or parts.netloc else target
