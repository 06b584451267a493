"""A large form for measuring: a million records of 25 fields, the same ones every time.

Of every 1,000,000 records 100,000 hold the word 电子 and 800 the phrase 磁悬浮轴承, so that searches for a
common and a rare word have known answers. The records are written straight into their collection, without
history; nothing but a benchmark reads them.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

from bson import Decimal128, ObjectId
from pymongo import ASCENDING, IndexModel, WriteConcern

from models import form_indexes, forms
from models.database import Document, db
from models.forms import LiveForm
from models.people import Actor
from models.search import tokens

FORM = "bench_ticket"
RECORDS = 1_000_000
COMMON_WORD, COMMON_EVERY = "电子", 10
RARE_PHRASE, RARE_EVERY = "磁悬浮轴承", 1_250
BATCH = 5_000
SEED = 7
START = datetime(2023, 1, 1, tzinfo=UTC)
SECONDS_BETWEEN = 90
_POOL = 1_009  # a prime, so that pools of different fields do not march in step
_SCATTER = 2_654_435_761

Progress = Callable[[int, int], None]

_PARTS = [
    "缸盖",
    "曲轴",
    "油封",
    "叶轮",
    "轴承",
    "散热器",
    "控制板",
    "线束",
    "化油器",
    "机架",
    "滤芯",
    "阀体",
]
_FAULTS = ["渗油", "异响", "断裂", "锈蚀", "过热", "松动", "缺件", "划伤", "卡滞", "无输出", "压力低", "漏水"]
_PLACES = ["云溪", "岚江", "青屿", "临渡", "松陵", "望川", "沧浦", "澜州", "柏原", "鹤岭", "安澜", "清樾"]
_TRADES = ["动力设备", "农业机械", "泵业制造", "工程机械", "园林机具", "专用车辆"]
_REMARKS = [
    "已通知供方分析",
    "顾客要求三日内答复",
    "现场更换后恢复",
    "等待退件检验",
    "库存同批次已隔离",
    "需要复测尺寸",
]
_COMMON = ["电子调速器偶发失控", "电子元件受潮失效", "更换电子点火模块后正常"]
_CHOICES = {
    "channel": [
        ("phone", "电话", "Phone"),
        ("email", "邮件", "E-mail"),
        ("site", "现场", "On site"),
        ("web", "网站", "Website"),
    ],
    "severity": [
        ("major", "重大", "Major"),
        ("important", "重要", "Important"),
        ("general", "一般", "General"),
    ],
    "status": [("open", "处理中", "Open"), ("waiting", "待确认", "Waiting"), ("closed", "已结案", "Closed")],
    "region": [
        ("east", "华东", "East"),
        ("south", "华南", "South"),
        ("north", "华北", "North"),
        ("west", "西部", "West"),
    ],
}
_TAGS = [
    ("repeat", "重复", "Repeat"),
    ("claim", "索赔", "Claim"),
    ("safety", "安全", "Safety"),
    ("batch", "批量", "Batch"),
]


def definition() -> Document:
    """Return the form's definition, as a document."""
    return {
        "key": FORM,
        "label": {"zh": "性能测试单", "en": "Benchmark ticket"},
        "group": "internal",
        "title_fields": ["subject"],
        "fields": [
            _field("subject", "text", "主题", "Subject", searchable=True, in_list=True),
            _field("description", "long_text", "描述", "Description", searchable=True, in_list=True),
            _field("customer", "text", "顾客", "Customer", searchable=True, indexed=True, in_list=True),
            _field("contact", "text", "联系人", "Contact"),
            _field("phone", "phone", "电话", "Phone"),
            _field("email", "email", "邮箱", "E-mail"),
            _choice("channel", "渠道", "Channel"),
            _choice("severity", "严重程度", "Severity", indexed=True, in_list=True),
            _choice("status", "状态", "Status", in_list=True),
            _choice("region", "区域", "Region"),
            _field("tags", "multi_choice", "标记", "Tags", options=_options(_TAGS)),
            _field("batch", "text", "批次", "Batch", indexed=True, in_list=True),
            _field("delivered", "integer", "交付数量", "Delivered", in_list=True),
            _field("defective", "integer", "不良数量", "Defective", indexed=True, in_list=True),
            _field("weight", "decimal", "重量", "Weight", decimals=3),
            _field("rate", "percent", "不良率", "Defect rate", decimals=2),
            _field("price", "money", "单价", "Price", in_list=True),
            _field("cost", "money", "费用", "Cost"),
            _field("received_on", "date", "接收日期", "Received on", indexed=True, in_list=True),
            _field("due_on", "date", "期限", "Due on"),
            _field("answered_at", "datetime", "答复时间", "Answered at"),
            _field("spent", "duration", "用时", "Time spent"),
            _field("urgent", "boolean", "加急", "Urgent", in_list=True),
            _field("rating", "rating", "评分", "Rating"),
            _field("handler", "person", "负责人", "Handler", in_list=True),
        ],
        "list_columns": [
            "number", "subject", "customer", "severity", "status", "batch", "delivered", "defective",
            "price", "received_on", "urgent", "handler",
        ],
    }  # fmt: skip


def _field(key: str, kind: str, zh: str, en: str, **properties: Any) -> Document:  # noqa: ANN401  (any property)
    return {"key": key, "type": kind, "label": {"zh": zh, "en": en}, "filterable": True, **properties}


def _choice(key: str, zh: str, en: str, **properties: Any) -> Document:  # noqa: ANN401  (any property)
    return _field(key, "choice", zh, en, options=_options(_CHOICES[key]), **properties)


def _options(entries: list[tuple[str, str, str]]) -> list[Document]:
    return [{"key": key, "label": {"zh": zh, "en": en}} for key, zh, en in entries]


def generate(count: int = RECORDS, progress: Progress | None = None) -> LiveForm:
    """Fill the form with records and publish it; indexes are built once, at the end.

    Args:
        count: how many records. Present ones are thrown away first, unless there are just as many.
        progress: called with (records written, all of them).

    Returns:
        The form, ready to be listed and searched.
    """
    collection = db().get_collection(forms.collection_name(FORM), write_concern=WriteConcern(1))
    if collection.estimated_document_count() != count:
        collection.drop()
        source = documents(count, _people())
        for done in range(0, count, BATCH):
            collection.insert_many(list(islice(source, BATCH)), ordered=False)
            if progress:
                progress(min(done + BATCH, count), count)
        collection.create_indexes(_indexes())
    return _publish()


def _indexes() -> list[IndexModel]:
    """Return what publishing would build one after the other, to be built in one pass."""
    fields = [
        [(f"data.{one['key']}", ASCENDING), ("_id", ASCENDING)]
        for one in definition()["fields"]
        if one.get("indexed")
    ]
    return [IndexModel(keys) for keys in (*form_indexes.SYSTEM_INDEXES, *fields)]


def _people() -> list[ObjectId]:
    return [user["_id"] for user in db().users.find({}, {"_id": 1}).sort("_id", 1).limit(30)]


def _publish() -> LiveForm:
    actor = Actor.system()
    stored = db().forms.find_one({"_id": FORM})
    if stored and stored["version"]:
        live = forms.current(FORM)
        forms.ensure_indexes(live)
        return live
    form = forms.get(FORM) if stored else forms.create(actor, definition())
    return forms.publish(actor, FORM, draft_revision=form.draft_revision)


def documents(count: int, people: list[ObjectId]) -> Iterator[Document]:
    """Yield records as they are stored, oldest first."""
    pools = _Pools(Random(SEED), people)  # noqa: S311  (test data, not a secret)
    for position in range(count):
        yield pools.document(position)


class _Pools:
    """Values made once; a record picks from them by its position, scattered."""

    def __init__(self, rng: Random, people: list[ObjectId]) -> None:
        self.people = people or [ObjectId("0" * 24)]
        self.subjects = _with_tokens(f"{rng.choice(_PARTS)}{rng.choice(_FAULTS)}" for _ in range(_POOL))
        self.customers = _with_tokens(
            f"{rng.choice(_PLACES)}{rng.choice(_TRADES)}{number:04}号店" for number in range(_POOL)
        )
        self.remarks = _with_tokens(
            f"{rng.choice(_PLACES)}反映{rng.choice(_PARTS)}{rng.choice(_FAULTS)}" for _ in range(_POOL)
        )
        self.endings = _with_tokens(_REMARKS)
        self.common = _with_tokens(_COMMON)
        self.rare = _with_tokens([RARE_PHRASE])
        self.money = [
            {"amount": Decimal128(f"{rng.uniform(5, 9_000):.2f}"), "currency": "CNY"} for _ in range(_POOL)
        ]
        self.weights = [Decimal128(f"{rng.uniform(0.1, 400):.3f}") for _ in range(_POOL)]
        self.rates = [Decimal128(f"{rng.uniform(0, 5):.2f}") for _ in range(_POOL)]
        self.days = [(date(2023, 1, 1) + timedelta(days=number)).isoformat() for number in range(1_420)]

    def document(self, position: int) -> Document:
        """Return one record."""
        scattered = position * _SCATTER & 0xFFFFFFFF
        first, second, third = scattered % _POOL, scattered // 97 % _POOL, scattered // 7919 % _POOL
        subject, subject_tokens = self.subjects[first]
        customer, customer_tokens = self.customers[second]
        description, description_tokens = self._description(position, third)
        at = START + timedelta(seconds=position * SECONDS_BETWEEN)
        day = position * SECONDS_BETWEEN // 86_400 % len(self.days)
        person = self.people[first % len(self.people)]
        number = f"BT-{position + 1:07}"
        return {
            "_id": ObjectId(),
            "number": number,
            "title": subject,
            "form_version": 1,
            "state": None,
            "revision": 1,
            "department": None,
            "owner": person,
            "created_at": at,
            "created_by": person,
            "updated_at": at,
            "updated_by": person,
            "deleted_at": None,
            "data": {
                "subject": subject,
                "description": description,
                "customer": customer,
                "contact": customer[:4],
                "phone": f"+861390000{scattered % 10_000:04}",
                "email": f"user{second}@example.com",
                "channel": _CHOICES["channel"][first % 4][0],
                "severity": _CHOICES["severity"][second % 3][0],
                "status": _CHOICES["status"][third % 3][0],
                "region": _CHOICES["region"][second % 4][0],
                "tags": [_TAGS[third % 4][0]],
                "batch": f"B{scattered % 50_000:05}",
                "delivered": 10 + first,
                "defective": second % 40,
                "weight": self.weights[third],
                "rate": self.rates[second],
                "price": self.money[first],
                "cost": self.money[third],
                "received_on": self.days[day],
                "due_on": self.days[(day + second % 20) % len(self.days)],
                "answered_at": at + timedelta(minutes=second),
                "spent": 60 * third,
                "urgent": third % 5 == 0,
                "rating": 1 + first % 5,
                "handler": person,
            },
            "links": [],
            "search": list(
                dict.fromkeys([*tokens([number]), *subject_tokens, *description_tokens, *customer_tokens])
            ),
        }

    def _description(self, position: int, third: int) -> tuple[str, list[str]]:
        """Return sentences with a stop between, so that their tokens are those of the sentences."""
        chosen = [self.remarks[third], self.endings[third % len(self.endings)]]
        if position % COMMON_EVERY == 0:
            chosen.append(self.common[third % len(self.common)])
        if position % RARE_EVERY == 1:
            chosen.append(self.rare[0])
        return "。".join(text for text, _ in chosen), [token for _, found in chosen for token in found]


def _with_tokens(texts: Iterable[str]) -> list[tuple[str, list[str]]]:
    return [(text, tokens([text])) for text in texts]
