"""A form with a field of every type, and values that fill it."""

import io
from typing import Any

from bson import ObjectId

from models import files, forms
from models.database import Document
from models.definition import Definition
from models.forms import LiveForm
from models.people import User
from tests import factories
from tests.factories import field

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
OPTIONS = [
    {"key": key, "label": {"zh": zh, "en": en}}
    for key, zh, en in (("air", "气囊", "Air bags"), ("brake", "制动", "Brakes"))
]
COLUMNS = [field("part"), field("n", "integer"), field("cost", "money"), field("dept", "department")]
FIELDS = [
    field("head", "section"),
    field("t", searchable=True),
    field("long", "long_text", searchable=True),
    field("i", "integer"),
    field("d", "decimal", decimals=4),
    field("p", "percent"),
    field("m", "money"),
    field("day", "date"),
    field("at", "datetime"),
    field("dur", "duration"),
    field("c", "choice", options=OPTIONS, searchable=True),
    field("mc", "multi_choice", options=OPTIONS),
    field("yes", "boolean"),
    field("stars", "rating"),
    field("tel", "phone"),
    field("mail", "email"),
    field("www", "link"),
    field("who", "person", searchable=True),
    field("dept", "department"),
    field("customer", "reference", form="customer"),
    field("others", "reference", form="customer", many=True),
    field("items", "table", fields=COLUMNS),
    field("papers", "attachment"),
    field("photos", "image"),
    field("signed", "signature"),
    field("total", "computed", formula="i * 2", result="integer"),
    field("lot", "serial", serial_pattern="L{seq:3}"),
    field("note", "help"),
]


def upload(owner: ObjectId | None, content: bytes = PNG, name: str = "照片.png") -> ObjectId:
    return files.store(io.BytesIO(content), name, owner, purpose="upload", max_bytes=10**6)


def form(**properties: Any) -> LiveForm:
    factories.form(field("name"), key="customer")
    return factories.form(*FIELDS, **{"title_fields": ["t", "c"], **properties})


def unpublished() -> LiveForm:
    """Return the form without storing it, for what needs no database."""
    document = {"key": "sheet", "label": {"zh": "表"}, "fields": FIELDS, "title_fields": ["t", "c"]}
    return LiveForm(Definition.load(document), 1)


def raw(person: User, customers: list[ObjectId]) -> Document:
    """Return values for all fields that a person may fill."""
    department = str(person.department.id)
    picture = str(upload(person.id))
    return {
        "t": "弹簧 A4", "long": "第一行\r\n第二行", "i": "-7", "d": "1.2500", "p": "0.5",
        "m": {"amount": "1234.50", "currency": "CNY"}, "day": "2026-02-28", "at": "2026-02-03T12:05",
        "dur": "1:30", "c": "air", "mc": ["brake", "air"], "yes": "true", "stars": 4, "tel": "13800138000",
        "mail": "Someone@Example.com", "www": "https://example.com/?q=1", "who": str(person.id),
        "dept": department, "customer": str(customers[0]), "others": [str(one) for one in customers],
        "items": [{"part": "p1", "n": "1", "cost": {"amount": "2", "currency": "CNY"}, "dept": department},
                  {"part": "p2"}],
        "papers": [str(upload(person.id, b"hello", "信.txt"))], "photos": [picture],
        "signed": str(upload(person.id)),
    }  # fmt: skip


def record(live: LiveForm, person: User) -> Document:
    """Store a record with a value in every field."""
    customer = forms.current("customer")
    customers = [factories.record(customer, name=name)["_id"] for name in ("上海电子", "Nordwind")]
    return factories.record(live, person, **raw(person, customers))
