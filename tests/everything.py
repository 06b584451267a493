"""One form with a field of every type, and what somebody types into it."""

import io
from typing import Any, get_args

from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from models import forms
from models.database import Document
from models.definition import FieldTypeKey
from models.forms import LiveForm
from tests import factories
from tests.factories import field

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
KINDS: list[dict[str, Any]] = [
    {"key": "a", "label": {"zh": "甲", "en": "Kind A"}, "color": "red"},
    {"key": "b", "label": {"zh": "乙", "en": "Kind B"}, "color": "blue"},
    {"key": "old", "label": {"zh": "旧", "en": "Old kind"}, "retired": True},
]
COLUMNS = [
    field("part", required=True),
    field("n", "integer", sum=True),
    field("cost", "money", sum=True),
    field("sort", "choice", options=KINDS),
    field("by", "date"),
]
FIELDS = [
    field("name", required=True, searchable=True),
    field("story", "long_text", searchable=True),
    field("numbers", "section", help={"en": "What can be counted"}),
    field("whole", "integer", min=0),
    field("share", "decimal", decimals=3, unit={"en": "kg"}),
    field("price", "money", currencies=["CNY", "USD"]),
    field("rate", "percent"),
    field("day", "date"),
    field("moment", "datetime"),
    field("took", "duration"),
    field("choices", "section"),
    field("kind", "choice", options=KINDS),
    field("kinds", "multi_choice", options=KINDS),
    field("fine", "boolean"),
    field("stars", "rating"),
    field("hint", "help", help={"en": "Call before you write."}),
    field("tel", "phone"),
    field("mail", "email"),
    field("site", "link"),
    field("who", "person"),
    field("where", "department"),
    field("customer", "reference", form="customers"),
    field("customers", "reference", form="customers", many=True),
    field("items", "table", fields=COLUMNS, width=12),
    field("papers", "attachment", max_files=3),
    field("pictures", "image"),
    field("sign", "signature"),
    field("total", "computed", formula='sum(items, "n")', result="integer"),
    field("ticket", "serial", serial_pattern="B-{seq:4}"),
]
UNFILTERED = {"section", "help", "signature", "attachment", "image", "table"}
assert {one["type"] for one in FIELDS} == set(get_args(FieldTypeKey))

TYPED: dict[str, str | list[str]] = {
    "name": "Left lamp 左灯",
    "story": "It broke.\r\nTwice.",
    "whole": "1,250",
    "share": "12.5",
    "price.amount": "1234.5",
    "price.currency": "USD",
    "rate": "0.5",
    "day": "2031-12-31",
    "moment": "2026-02-03T12:05",
    "took": "1:30",
    "kind": "b",
    "kinds": ["a", "b"],
    "fine": "false",
    "stars": "4",
    "tel": "138 0013 8000",
    "mail": "Wang.Fang@Example.com",
    "site": "https://example.com/a?b=1&c=2",
}
SHOWN = {
    "name": "Left lamp 左灯",
    "story": "It broke. Twice.",
    "whole": "1,250",
    "share": "12.5 kg",
    "price": "USD 1,234.50",
    "rate": "0.5%",
    "day": "2031-12-31",
    "moment": "2026-02-03 12:05",
    "took": "1 h 30 min",
    "kind": "Kind B",
    "kinds": "Kind A Kind B",
    "fine": "No",
    "tel": "138 0013 8000",
    "mail": "Wang.Fang@example.com",
    "site": "https://example.com/a?b=1&c=2",
    "who": "编辑",
    "where": "Quality",
    "customer": "Nordwind GmbH",
    "customers": "Nordwind GmbH、上海电子",
    "total": "5",
    "ticket": "B-0001",
}


def customers() -> tuple[LiveForm, Document, Document]:
    """Publish the form that others refer to, with two records."""
    live = factories.form(field("name", required=True, searchable=True), key="customers")
    first = factories.record(live, name="Nordwind GmbH")
    return live, first, factories.record(live, name="上海电子")


def form(**properties: Any) -> LiveForm:
    """Publish the form with every type of field; what can be filtered is."""
    listed = [one["key"] for one in FIELDS if one["type"] not in {"section", "help", "signature"}]
    filterable = [{**one, "filterable": one["type"] not in UNFILTERED} for one in FIELDS]
    return factories.form(
        *filterable, **{"list_columns": listed[:12], "numbering": "T-{seq:4}", **properties}
    )


def upload(
    client: FlaskClient, token: str, key: str, content: bytes, name: str, form: str = "sheet"
) -> TestResponse:
    """Send a file as the inputs of a form do."""
    # encoded here, because the test client leaves the temporary file of a large upload open
    kind, body = encode_multipart(
        {"field": key, "file": FileStorage(io.BytesIO(content), name), "csrf_token": token}
    )
    headers = {"X-Requested-With": "XMLHttpRequest"}
    content_type = f'multipart/form-data; boundary="{kind}"'
    return client.post(f"/records/{form}/upload", data=body, content_type=content_type, headers=headers)


def stored(live: LiveForm) -> list[Document]:
    """Return the records of a form, oldest first."""
    return list(forms.current(live.key).records().find().sort("_id", 1))
