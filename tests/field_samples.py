"""Fields, people and records to try the field types on, without a database."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bson import Decimal128, ObjectId
from hypothesis import strategies as st

from models.definition import Field
from models.errors import ValueProblem
from models.fields import ParseContext, type_of
from models.fields.money import MoneyValue

SHANGHAI = ZoneInfo("Asia/Shanghai")
WANG, LI, NOBODY = ObjectId("0" * 23 + "1"), ObjectId("0" * 23 + "2"), ObjectId("f" * 24)
SALES, QUALITY = ObjectId("0" * 23 + "3"), ObjectId("0" * 23 + "4")
CUSTOMER, OTHER_CUSTOMER = ObjectId("0" * 23 + "5"), ObjectId("0" * 23 + "6")
PHOTO, LETTER, DRAWING, TAKEN, FOREIGN, HUGE, EXPORT = (
    ObjectId(f"{number:024x}") for number in range(10, 17)
)

PEOPLE = {WANG: "王伟", LI: "李, 娜"}
DEPARTMENTS = {SALES: "销售部", QUALITY: "质量部"}
RECORDS = {CUSTOMER: "上海电子, 有限公司", OTHER_CUSTOMER: "Nordwind GmbH"}
FILES: dict[ObjectId, dict[str, Any]] = {
    PHOTO: {"name": "外观.png", "size": 2000, "type": "image/png", "owner": WANG},
    LETTER: {"name": "信.pdf", "size": 5000, "type": "application/pdf", "owner": WANG},
    DRAWING: {"name": "signature.png", "size": 900, "type": "image/png", "owner": WANG, "purpose": "upload"},
    TAKEN: {
        "name": "a.png",
        "size": 1,
        "type": "image/png",
        "owner": WANG,
        "claimed_by": {"record": CUSTOMER},
    },
    FOREIGN: {"name": "b.png", "size": 1, "type": "image/png", "owner": LI},
    HUGE: {"name": "c.png", "size": 300 * 1024 * 1024, "type": "image/png", "owner": WANG},
    EXPORT: {"name": "d.png", "size": 1, "type": "image/png", "owner": WANG, "purpose": "job"},
}
OPTIONS = [
    {"key": "air", "label": {"zh": "气囊", "en": "Air bags"}, "color": "red"},
    {"key": "brakes", "label": {"zh": "制动", "en": "Brakes, front"}},
    {"key": "front", "label": {"zh": "前部", "en": "front"}},
    {"key": "steering", "label": {"zh": "转向"}},
    {"key": "fuel", "label": {"zh": "燃油", "en": "Fuel"}, "retired": True},
]


class Names:
    """What exists, and what it is called."""

    def __init__(self, language: str = "zh", timezone: ZoneInfo = SHANGHAI) -> None:
        self.language = language
        self.timezone = timezone

    def person(self, person_id: ObjectId | None) -> str:
        return PEOPLE.get(person_id or NOBODY, "—")

    def department(self, department_id: ObjectId | None) -> str:
        return DEPARTMENTS.get(department_id or NOBODY, "—")

    def record(self, form: str, record_id: ObjectId | None) -> str:
        return RECORDS.get(record_id or NOBODY, "—") if form == "customers" else "—"

    def person_exists(self, person_id: ObjectId) -> bool:
        return person_id in PEOPLE

    def department_exists(self, department_id: ObjectId) -> bool:
        return department_id in DEPARTMENTS

    def record_exists(self, form: str, record_id: ObjectId) -> bool:
        return form == "customers" and record_id in RECORDS

    def file_info(self, file_id: ObjectId) -> Mapping[str, Any] | None:
        return FILES.get(file_id)

    def find_person(self, text: str) -> ObjectId | None:
        return {"wangwei": WANG}.get(text) or _only(PEOPLE, text)

    def find_department(self, text: str) -> ObjectId | None:
        return _only(DEPARTMENTS, text)

    def find_record(self, form: str, text: str) -> ObjectId | None:
        return ({"C-001": CUSTOMER}.get(text) or _only(RECORDS, text)) if form == "customers" else None


def _only(names: Mapping[ObjectId, str], text: str) -> ObjectId | None:
    return next((one for one, name in names.items() if name == text), None)


NAMES = Names()
CONTEXT = ParseContext(person=WANG, department=SALES, references=NAMES)
PROPERTIES: dict[str, dict[str, Any]] = {
    "choice": {"options": OPTIONS},
    "multi_choice": {"options": OPTIONS},
    "reference": {"form": "customers"},
    "money": {"currencies": ["USD", "JPY"]},
    "computed": {"formula": "1 + 1"},
    "serial": {"serial_pattern": "B-{seq:4}"},
    "help": {"help": {"zh": "说明"}},
    "table": {
        "fields": [
            {"key": "part", "type": "text", "label": {"zh": "零件"}, "required": True},
            {
                "key": "qty",
                "type": "integer",
                "min": 1,
                "sum": True,
                "label": {"zh": "数量", "en": "Quantity"},
            },
            {"key": "price", "type": "money", "currencies": ["USD"], "sum": True},
            {"key": "kind", "type": "choice", "options": OPTIONS},
            {"key": "at", "type": "datetime"},
        ]
    },
}


def make_field(type_key: str, **properties: Any) -> Field:
    """Return a field of a type that makes sense."""
    given = {"key": "f", "type": type_key, "label": {"zh": "字段", "en": "Field"}}
    return Field.model_validate({**given, **PROPERTIES.get(type_key, {}), **properties})


def read(field: Field, raw: object, context: ParseContext = CONTEXT, before: object = None) -> Any:
    """Return what a field makes of a raw value."""
    return type_of(field).parse(field, raw, context, before)


def refusal(field: Field, raw: object, context: ParseContext = CONTEXT) -> str:
    """Return why a field refuses a raw value; empty if it accepts it."""
    try:
        read(field, raw, context)
    except ValueProblem as problem:
        return str(problem)
    return ""


def as_decimal128(number: Any) -> Decimal128:
    """Return a generated decimal as the types store it: without exponent and needless zeros."""
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return Decimal128("0" if text in {"-0", ""} else text)


_words = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Cn", "M")), min_size=1, max_size=60)
_decimals = st.decimals(-(10**20), 10**20, places=6, allow_nan=False).map(as_decimal128)
_cents = st.decimals(-(10**12), 10**12, places=2, allow_nan=False).map(
    lambda number: Decimal128(f"{number:.2f}")
)
_moments = st.datetimes(datetime(1900, 1, 2), datetime(2999, 12, 30)).map(  # noqa: DTZ001  (made aware below)
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
)


def _stored_text(type_key: str) -> st.SearchStrategy[str]:
    return (
        _words.filter(lambda text: not refusal(make_field(type_key), text))
        .map(lambda text: read(make_field(type_key), text))
        .filter(bool)
    )


def _money(amount: Decimal128, currency: str) -> MoneyValue:
    whole = Decimal128(f"{round(amount.to_decimal()) + 0}")
    return {"amount": whole if currency == "JPY" else amount, "currency": currency}


STORED: dict[str, st.SearchStrategy[Any]] = {
    "text": _stored_text("text"),
    "long_text": st.lists(_words, min_size=1, max_size=4)
    .map("\n".join)
    .map(lambda text: read(make_field("long_text"), text))
    .filter(bool),
    "integer": st.integers(-(2**63), 2**63 - 1),
    "decimal": _decimals,
    "percent": _decimals,
    "money": st.builds(
        _money,
        _cents.map(lambda number: Decimal128(f"{number.to_decimal() + 0:.2f}")),
        st.sampled_from(["CNY", "USD", "JPY"]),
    ),
    "date": st.dates(datetime(1900, 1, 1).date(), datetime(2999, 12, 31).date()).map(str),  # noqa: DTZ001
    "datetime": _moments,
    "duration": st.integers(0, 10**9),
    "choice": st.sampled_from(["air", "brakes", "front", "steering"]),
    "multi_choice": st.sets(st.sampled_from(["air", "brakes", "front", "steering"]), min_size=1).map(sorted),
    "boolean": st.booleans(),
    "rating": st.integers(1, 5),
    "phone": st.sampled_from(
        ["+8613800138000", "+861012345678;ext=12", "+4930123", "+8695588", "+12025550100;ext=7"]
    ),
    "email": st.sampled_from(["wang@example.com", "用户@例子.中国", "a+b@mail.example.cn"]),
    "link": st.sampled_from(
        ["https://example.com/a?b=1#c", "http://例子.中国/路径", "http://127.0.0.1:8000/"]
    ),
    "person": st.sampled_from(list(PEOPLE)),
    "department": st.sampled_from(list(DEPARTMENTS)),
    "reference": st.sampled_from(list(RECORDS)),
}
