"""A form that writes letters to customers, as tests of letters publish it."""

from typing import Any

from models.database import Document
from models.forms import LiveForm
from models.letters import keeping
from models.letters.filling import Filler
from models.lookups import Lookup
from models.people import Actor, User
from tests import factories
from tests.factories import field

BODY = """Dear {{ customer }},

{{ found }} of {{ name }} was damaged.
{% if remedy %}
We have done this: {{ remedy }}
{% else %}
We are looking into it.
{% endif %}

{{ parts }}

{% for row in parts %}
{{ loop.index }}. {{ row.part }} ({{ row.place.town }})
{% endfor %}
"""


def customers() -> LiveForm:
    """Publish a form of customers with addresses."""
    return factories.form(
        field("name", required=True), field("street", "long_text"), field("town"), key="customer"
    )


def letter(**changes: Any) -> dict[str, Any]:
    """Return the definition of a letter."""
    return {
        "key": "report",
        "label": {"zh": "报告函", "en": "Report"},
        "subject": {"en": "Damage of {{ name }}", "zh": "{{ name }}损坏报告"},
        "body": {"en": BODY, "zh": "{{ customer }}：\n\n{{ name }}已损坏。\n\n{{ writer }}\n{{ today }}"},
        "recipient": "customer",
        "address": "customer.street",
        "numbering": "L-{yyyy}-{seq:3}",
        "written_on": "told_on",
        **changes,
    }


def cases(*letters: dict[str, Any], **properties: Any) -> LiveForm:
    """Publish a form of cases; without letters it has one."""
    columns = [
        field("part"),
        field("qty", "integer", sum=True),
        field("place", "reference", form="customer"),
    ]
    return factories.form(
        field("name", required=True),
        field("customer", "reference", form="customer"),
        field("found", "integer"),
        field("remedy", "long_text"),
        field("told_on", "date", readonly=True),
        field("parts", "table", fields=columns),
        key="case",
        numbering="C-{seq:3}",
        letters=list(letters) or [letter()],
        **properties,
    )


def written(person: User, live: LiveForm, record: Document, key: str, language: str = "en") -> Document:
    """Fill in a letter on a record and fix it as it is; return what is kept of it."""
    kind = keeping.kind(live, key)
    filler = Filler(person, live, record, Lookup(language, Actor.of(person).timezone, person))
    text = filler.fill(kind, language)
    return keeping.fix(
        person, live, record["_id"], kind, text,
        language=language, revision=record["revision"], named=filler.named,
    )  # fmt: skip
