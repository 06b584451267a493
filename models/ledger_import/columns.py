"""What a column of a ledger's file can fill besides the fields of the form: what is out, and what is gone."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from models.definition import Definition, Field, Label, Option

LOANS: Final = "ledger_loans"
GONE: Final = "ledger_gone"
TABLES: Final = (LOANS, GONE)

OUTCOMES: Final[Mapping[str, Label]] = MappingProxyType(
    {
        "give_back": Label(zh="已退还顾客", en="Returned to the customer"),
        "lose": Label(zh="遗失", en="Lost"),
        "use_up": Label(zh="已用完", en="Used up"),
        "dispose": Label(zh="已处置", en="Disposed of"),
        "damage": Label(zh="损坏", en="Damaged"),
        "repair": Label(zh="维修中", en="Under repair"),
    }
)
"""What became of pieces, by the kind of the movement that says so."""

_LOANS: Final = Field(
    key=LOANS,
    type="table",
    label=Label(zh="借出", en="On loan"),
    fields=(
        Field(key="borrower", type="person", label=Label(zh="借用人", en="Borrower")),
        Field(key="department", type="department", label=Label(zh="借用部门", en="Department")),
        Field(key="quantity", type="decimal", label=Label(zh="借出数量", en="Quantity lent")),
        Field(key="since", type="date", label=Label(zh="借出日期", en="Lent on")),
        Field(key="due", type="date", label=Label(zh="应还日期", en="Due")),
        Field(key="returned", type="date", label=Label(zh="归还日期", en="Came back on")),
        Field(
            key="note", type="text", label=Label(zh="借用用途/地点", en="Purpose or place"), max_length=200
        ),
    ),
)
_GONE: Final = Field(
    key=GONE,
    type="table",
    label=Label(zh="去向", en="What became of it"),
    fields=(
        Field(
            key="what",
            type="choice",
            label=Label(zh="去向", en="What"),
            options=tuple(Option(key=key, label=label) for key, label in OUTCOMES.items()),
        ),
        Field(key="quantity", type="decimal", label=Label(zh="去向数量", en="Quantity")),
        Field(key="day", type="date", label=Label(zh="去向日期", en="On")),
        Field(key="note", type="text", label=Label(zh="去向说明", en="Note"), max_length=500),
    ),
)

ALIASES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        f"{LOANS}.borrower": ("领用人", "借用者", "借出人", "现持有人", "Holder", "Lent to"),
        f"{LOANS}.department": ("领用部门", "借出部门", "使用部门"),
        f"{LOANS}.quantity": ("借用数量", "领用数量", "在借数量", "借出数", "Lent"),
        f"{LOANS}.since": ("借用日期", "领用日期", "借出时间", "借用时间", "Since"),
        f"{LOANS}.due": (
            "预计归还日期",
            "计划归还日期",
            "约定归还日期",
            "应归还日期",
            "到期日期",
            "Due date",
        ),
        f"{LOANS}.returned": ("实际归还日期", "归还时间", "已还日期", "Returned on"),
        f"{LOANS}.note": ("借用用途", "借用原因", "使用地点", "借用地点"),
        f"{GONE}.what": ("处置情况", "异常情况", "最终去向"),
        f"{GONE}.quantity": ("退还数量", "退回数量", "遗失数量"),
        f"{GONE}.day": ("退还日期", "退回日期", "退还顾客日期"),
        f"{GONE}.note": ("退还说明", "处置说明"),
    }
)
"""What office ledgers call these columns, besides their captions."""


def extended(definition: Definition, *, loans: bool) -> Definition:
    """Return a ledger with tables for what is out (`loans`) and what is gone, for reading files only."""
    tables = (*((_LOANS,) if loans else ()), _GONE)
    known = {name: getattr(definition, name) for name in type(definition).model_fields}
    return Definition.model_construct(**{**known, "fields": (*definition.fields, *tables)})
