"""Telephone numbers, e-mail addresses and web addresses."""

import re
from functools import lru_cache
from urllib.parse import urlsplit

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat
from typing_extensions import override

from models.definition import Field
from models.errors import ValueProblem
from models.fields.base import HELD, Cell, Json, ParseContext, TextStored
from models.fields.needs import Lookup
from models.fields.reading import narrow_text, scalar_text
from models.messages import _, translate
from models.spreadsheets.columns import Column

HOME_REGION = "CN"
HOME_CODE = 86
_NAMED = re.compile(r"<\s*([^<>\s]+)\s*>\Z")
MAX_EMAIL = 254
MAX_LINK = 2_000
_EXTENSION = re.compile(
    r"(?:\s*[,;-]?\s*\(?(?:转接?|分机号?|内线|extension|ext\.?|x|#|;ext=)[\s:]*|(?<=\d{7})\s*-\s*)(\d{1,8})\s*\)?\Z",
    re.IGNORECASE | re.ASCII,
)
_MOBILE = re.compile(r"\+86(1[3-9]\d)(\d{4})(\d{4})\Z", re.ASCII)
_SERVICE_NUMBER = re.compile(r"(?:9[56]\d{3,6}|12\d{3})\Z")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d)")


class Phone(TextStored):
    """A telephone number in international form, with an extension."""

    key = "phone"
    name = _("Telephone")
    description = _("A telephone number with area code, and an extension if there is one.")
    icon = "telephone"
    widget = "tel"
    properties = (*HELD, "placeholder", "unique", "searchable")

    @override
    def read(self, field: Field, raw: object, context: ParseContext, before: str | None = None) -> str | None:
        text = narrow_text(raw).removeprefix("tel:")
        found = _EXTENSION.search(text)
        number = _parse_phone(text[: found.start()].rstrip("( ") if found else text)
        plain = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        return f"{plain};ext={found.group(1)}" if found else plain

    @override
    def display(self, field: Field, value: str, lookup: Lookup, language: str) -> str:
        plain, _mark, extension = value.partition(";ext=")
        shown = _shown_phone(plain)
        return (
            translate(_("%(number)s ext. %(extension)s", number=shown, extension=extension), language)
            if extension
            else shown
        )

    @override
    def search_text(self, field: Field, value: str, lookup: Lookup) -> str:
        plain = value.partition(";ext=")[0]
        national = re.sub(r"\D", "", _shown_phone(plain)) if plain.startswith(f"+{HOME_CODE}") else ""
        return f"{plain.removeprefix('+')} {national}".rstrip()

    @override
    def to_input(self, field: Field, value: str, lookup: Lookup) -> Json:
        return self.display(field, value, lookup, lookup.language)

    @override
    def operators_for(self, field: Field) -> tuple[str, ...]:
        """Leave out `starts_with`: a stored number begins with its country code, which nobody types."""
        return tuple(one for one in super().operators_for(field) if one != "starts_with")

    @override
    def filter_value(self, field: Field, raw: object, context: ParseContext) -> object:
        """Read a whole number if it is one, or the digits of a part."""
        try:
            return self.parse(field, raw, context)
        except ValueProblem:
            return re.sub(r"[\s()-]", "", narrow_text(raw)).removeprefix("0") or None


def _parse_phone(text: str) -> PhoneNumber:
    try:
        number = phonenumbers.parse(text, HOME_REGION)
    except NumberParseException:
        raise ValueProblem(_("“%(text)s” is not a telephone number.", text=text[:60])) from None
    number.extension = None
    service = number.country_code == HOME_CODE and _SERVICE_NUMBER.match(str(number.national_number))
    if not service and not phonenumbers.is_valid_number(number):
        raise ValueProblem(_("This telephone number is not complete. Begin with the area code."))
    return number


@lru_cache(maxsize=10_000)
def _shown_phone(plain: str) -> str:
    """Return a number as it is dialled here, or with its country code where it is foreign."""
    mobile = _MOBILE.match(plain)
    if mobile:  # nearly all of them, and an export shows a hundred thousand
        return " ".join(mobile.groups())
    try:
        number = phonenumbers.parse(plain, None)
    except NumberParseException:
        return plain
    home = number.country_code == HOME_CODE
    return phonenumbers.format_number(
        number, PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL
    )


class Email(TextStored):
    """An e-mail address."""

    key = "email"
    name = _("E-mail")
    description = _("An e-mail address.")
    icon = "envelope"
    widget = "email"
    properties = (*HELD, "placeholder", "unique", "searchable")

    @override
    def read(self, field: Field, raw: object, context: ParseContext, before: str | None = None) -> str | None:
        text = narrow_text(raw, longest=2 * MAX_EMAIL).removeprefix("mailto:")
        named = _NAMED.search(text)
        try:
            address = validate_email(
                named.group(1) if named else text, check_deliverability=False, globally_deliverable=False
            ).normalized
        except (EmailNotValidError, ValueError, UnicodeError):
            raise ValueProblem(_("“%(text)s” is not an e-mail address.", text=text[:60])) from None
        if "." not in address.rpartition("@")[2] or len(address) > MAX_EMAIL:
            raise ValueProblem(_("“%(text)s” is not an e-mail address.", text=text[:60]))
        return address


class Link(TextStored):
    """A web address."""

    key = "link"
    name = _("Link")
    description = _("A web address that can be opened.")
    icon = "link-45deg"
    widget = "url"
    kind = "link"
    properties = (*HELD, "placeholder", "unique", "searchable")

    @override
    def read(self, field: Field, raw: object, context: ParseContext, before: str | None = None) -> str | None:
        text = scalar_text(raw, longest=MAX_LINK)
        url = text if _SCHEME.match(text) else f"https://{text.removeprefix('//')}"
        if not _is_web_address(url):
            raise ValueProblem(_("Please enter a web address that begins with http:// or https://."))
        scheme, _colon, rest = url.partition(":")
        return f"{scheme.lower()}:{rest}"

    @override
    def column(self, field: Field, language: str) -> Column:
        return Column(key=field.key, label=field.label.text(language) or field.key, kind=self.kind)

    @override
    def cell(self, field: Field, value: str, lookup: Lookup, language: str) -> Cell:
        return value


def _is_web_address(url: str) -> bool:
    """Tell whether a text leads to a web server: no other scheme, no password, nothing a browser repairs."""
    if len(url) > MAX_LINK or re.search(r'[\s\\<>"]', url):
        return False
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    return (
        parts.scheme in {"http", "https"}
        and ("." in host or ":" in host or host == "localhost")
        and "@" not in parts.netloc
    )
