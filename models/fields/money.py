"""Amounts with their currency."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TypedDict

from bson import Decimal128
from typing_extensions import override

from models.definition import Field
from models.errors import ValueProblem
from models.fields.base import HELD, Cell, Json, ParseContext
from models.fields.needs import FormData, Lookup
from models.fields.numbers import MEASURED, Number, bound, check_bounds, decimal_of, grouped
from models.fields.reading import is_blank, narrow_text, number_from_text, plain_number, with_places
from models.messages import Message, _
from models.spreadsheets.columns import Column

CENTS = 2
_WITHOUT_CENTS = frozenset({"JPY", "KRW", "VND", "CLP", "ISK"})
_SYMBOLS = {
    "¥": "CNY", "元": "CNY", "圆": "CNY", "人民币": "CNY", "RMB": "CNY",
    "$": "USD", "US$": "USD", "美元": "USD", "€": "EUR", "欧元": "EUR", "£": "GBP", "英镑": "GBP",
    "日元": "JPY", "HK$": "HKD", "港币": "HKD", "港元": "HKD",
    "₽": "RUB", "卢布": "RUB", "₩": "KRW", "韩元": "KRW",
}  # fmt: skip
_NAMES = "|".join(re.escape(name) for name in sorted(_SYMBOLS, key=len, reverse=True))
_BEFORE = re.compile(rf"([(+-]*)\s*({_NAMES}|[A-Z]{{3}}(?![A-Z]))\s*")
_AFTER = re.compile(rf"\s*({_NAMES}|[A-Z]{{3}})\s*(\)?)\Z")
_CODE = re.compile(r"[A-Z]{3}\Z")


class MoneyValue(TypedDict):
    """An amount as stored."""

    amount: Decimal128
    currency: str


class Money(Number[MoneyValue]):
    """An amount of money in one of the field's currencies."""

    key = "money"
    name = _("Money")
    description = _("An amount with its currency.")
    icon = "cash-coin"
    widget = "money"
    kind = "money"
    properties = (*HELD, "placeholder", *MEASURED, "currency", "currencies", "sum")

    @override
    def read(
        self, field: Field, raw: object, context: ParseContext, before: MoneyValue | None = None
    ) -> MoneyValue | None:
        amount, chosen = _parts(raw)
        if is_blank(amount):
            return None
        number, written = _amount_and_currency(amount)
        currency = _agreed(field, chosen, written)
        if currency not in allowed_currencies(field) and currency != _currency_of(before):
            raise ValueProblem(_("The currency %(currency)s is not used here.", currency=currency[:20]))
        return {"amount": Decimal128(with_places(number, places(field, currency))), "currency": currency}

    @override
    def limit(self, field: Field, value: MoneyValue, context: ParseContext) -> None:
        check_bounds(decimal_of(value["amount"]), bound(field, "min"), bound(field, "max"))

    @override
    def to_json(self, field: Field, value: MoneyValue) -> Json:
        return {"amount": f"{decimal_of(value['amount']):f}", "currency": value["currency"]}

    @override
    def from_form(self, field: Field, form: FormData, name: str) -> object:
        amounts = form.getlist(f"{name}.amount")
        currencies = form.getlist(f"{name}.currency")
        if not amounts:
            return super().from_form(field, form, name)
        return {"amount": amounts[-1], "currency": currencies[-1] if currencies else ""}

    @override
    def display(self, field: Field, value: MoneyValue, lookup: Lookup, language: str) -> str:
        amount, currency = grouped(decimal_of(value["amount"])), value["currency"]
        if language == "en" or currency != "CNY":
            return f"{currency} {amount}"
        return f"-¥{amount[1:]}" if amount.startswith("-") else f"¥{amount}"

    @override
    def search_text(self, field: Field, value: MoneyValue, lookup: Lookup) -> str:
        return f"{decimal_of(value['amount']):f}"

    @override
    def comparable_path(self, field: Field) -> str:
        return f"{field.key}.amount"

    @override
    def filter_value(self, field: Field, raw: object, context: ParseContext) -> object:
        amount = _parts(raw)[0]
        return None if is_blank(amount) else Decimal128(_amount_and_currency(amount)[0])

    @override
    def column(self, field: Field, language: str) -> Column:
        label = field.label.text(language) or field.key
        decimals = places(field, field.currency)
        return Column(key=field.key, label=label, kind=self.kind, decimals=decimals, currency=field.currency)

    @override
    def cell(self, field: Field, value: MoneyValue, lookup: Lookup, language: str) -> Cell:
        return {"amount": value["amount"], "currency": value["currency"]}

    @override
    def from_cell(self, field: Field, cell: object, context: ParseContext) -> object:
        return cell if isinstance(cell, Mapping) else super().from_cell(field, cell, context)

    @override
    def check(self, field: Field) -> Iterator[tuple[str, Message]]:
        if not _CODE.match(field.currency):
            yield "currency", _("A currency is three capital letters, such as CNY.")
        if not all(_CODE.match(currency) for currency in field.currencies):
            yield "currencies", _("A currency is three capital letters, such as CNY.")
        yield from super().check(field)


def places(field: Field, currency: str) -> int:
    """Return how many decimals an amount has."""
    if field.decimals is not None:
        return field.decimals
    return 0 if currency in _WITHOUT_CENTS else CENTS


def allowed_currencies(field: Field) -> tuple[str, ...]:
    """Return the currencies of a field, the usual one first."""
    return tuple(dict.fromkeys((field.currency, *field.currencies)))


def _parts(raw: object) -> tuple[object, str]:
    """Take apart `{"amount": …, "currency": …}`; anything else is the amount alone."""
    if not isinstance(raw, Mapping):
        return raw, ""
    currency = raw.get("currency")
    if set(raw) - {"amount", "currency"} or not (currency is None or isinstance(currency, str)):
        raise ValueProblem(_("Please enter an amount."))
    return raw.get("amount"), narrow_text(currency or "").upper()


def _amount_and_currency(raw: object) -> tuple[Decimal, str]:
    """Read `￥1,234.50`, `1,234.5元`, `USD -12` as a number and the currency's name, if any is written."""
    text = narrow_text(raw if isinstance(raw, str) else _number_text(raw)).replace("−", "-")
    names: list[str] = []
    before = _BEFORE.match(text)
    if before:
        names.append(before.group(2))
        text = before.group(1) + text[before.end() :]
    after = _AFTER.search(text)
    if after:
        names.append(after.group(1))
        text = text[: after.start()] + after.group(2)
    codes = {_SYMBOLS.get(name, name) for name in names}
    if len(codes) > 1:
        raise ValueProblem(_("Two currencies are written here."))
    return number_from_text(text.strip()), ("¥" if "¥" in names else "".join(codes))


def _number_text(raw: object) -> str:
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal | Decimal128):
        raise ValueProblem(_("Please enter an amount."))
    return plain_number(raw)


def _currency_of(value: MoneyValue | None) -> str:
    return value["currency"] if value else ""


def _agreed(field: Field, chosen: str, written: str) -> str:
    """Return the currency meant by what is chosen beside the amount and what is written into it."""
    if written == "¥":  # the sign of both yuan and yen
        yen = chosen == "JPY" or (not chosen and field.currency == "JPY")
        written = "JPY" if yen else "CNY"
    if chosen and written and chosen != written:
        raise ValueProblem(_("Two currencies are written here."))
    return chosen or written or field.currency
