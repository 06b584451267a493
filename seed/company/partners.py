"""Customers, suppliers and products of the demo company, as raw values of their forms."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from seed.company import vocabulary

CUSTOMERS = 60
OLDEST_DAYS = 3 * 365
KEY_ACCOUNTS = 12
REGULAR_ACCOUNTS = 36
_SALES = ("tang.jiayi", "he.junhao", "luo.meiling", "peng.yifan")
_ENGINEERS = ("zhong.kaiwen", "tian.siyu", "ren.haoran")


@dataclass(frozen=True)
class To:
    """A pointer that becomes an id when it is written: `to` is `person`, `department` or a form's key."""

    to: str
    key: str


def phone(rng: Random) -> str:
    """Return a mobile number out of a block that nobody has."""
    return f"1390000{rng.randrange(10_000):04}"


def person_name(rng: Random) -> str:
    """Return an invented name."""
    words = vocabulary.partners()
    return f"{rng.choice(words['surnames'])}{rng.choice(words['given'])}"


def suppliers(rng: Random) -> list[dict[str, Any]]:
    """Return the suppliers, each with someone to talk to."""
    return [
        {
            **supplier,
            "contact": person_name(rng),
            "phone": phone(rng),
            "email": f"quality@{supplier['code'].lower()}.example.com",
            "response_hours": rng.choice([24, 24, 24, 48]),
            "liability_terms": "经双方确认属供方责任的，供方免费换件并承担维修费用，须提交防止再发生的改进。",
        }
        for supplier in vocabulary.partners()["suppliers"]
    ]


def products(rng: Random, today: date) -> list[dict[str, Any]]:
    """Return the products, released before the story begins."""
    return [
        {
            "code": product.code,
            "name": product.name,
            "model": product.model,
            "line": product.line,
            "list_price": {"amount": f"{product.price}.00", "currency": "CNY"},
            "warranty_months": product.warranty_months,
            "released_on": _before(rng, today, 400, 2600).isoformat(),
            "responsible_person": To("person", rng.choice(_ENGINEERS)),
            "main_supplier": To("supplier", product.supplier),
            "main_parts": "、".join(product.main_parts.split()),
        }
        for product in vocabulary.products()
    ]


def tree(rows: list[list[str]], form: str) -> list[dict[str, Any]]:
    """Return the records of a tree, given as code, name and what it belongs to; parents first."""
    return [
        {"code": code, "name": name, **({"parent": To(form, parent)} if parent else {})}
        for code, name, parent in rows
    ]


def customers(rng: Random, today: date, count: int = CUSTOMERS) -> list[dict[str, Any]]:
    """Return customers with names nobody else has; the first ones buy most."""
    words = vocabulary.partners()
    pairs = [(place, name) for place in words["places"] for name in words["names"]]
    return [
        _customer(rng, today, position, place, name)
        for position, (place, name) in enumerate(rng.sample(pairs, count), start=1)
    ]


def _customer(rng: Random, today: date, position: int, place: str, name: str) -> dict[str, Any]:
    words = vocabulary.partners()
    trade = rng.choice(words["trades"])
    code = f"C-{position:03}"
    raw = {
        "code": code,
        "name": f"{place}{name}{trade['name']}",
        "short_name": name,
        "kind": trade["kind"],
        "industry": trade["industry"],
        "grade": "a" if position <= KEY_ACCOUNTS else "b" if position <= REGULAR_ACCOUNTS else "c",
        "status": rng.choices(["active", "paused", "lost"], [90, 6, 4])[0],
        "region": rng.choice(words["regions"]),
        "owner_person": To("person", rng.choice(_SALES)),
        "since": _before(rng, today, OLDEST_DAYS, 4000).isoformat(),
        "contact": person_name(rng),
        "phone": phone(rng),
        "email": f"service@{code.lower()}.example.com",
        "address": f"{place}工业园{rng.randint(1, 28)}号路{rng.randint(1, 199)}号",
        "contacts": [_contact(rng, position_name) for position_name in rng.sample(words["positions"], 2)],
    }
    if position <= KEY_ACCOUNTS:
        raw["special_requirements"] = rng.choice(words["requirements"])
    return raw


def _contact(rng: Random, position: str) -> dict[str, Any]:
    return {"person_name": person_name(rng), "position": position, "person_phone": phone(rng)}


def _before(rng: Random, today: date, fewest: int, most: int) -> date:
    return today - timedelta(days=rng.randint(fewest, most))
