"""An existing ledger as an office keeps it in Excel, with everything that is wrong with such files."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import openpyxl

from models.forms import LiveForm
from models.ledger.kinds import STATUSES
from tests import factories
from tests.factories import field
from tests.ledger_forms import slip_form, state, step
from tests.workbooks import saved

HEAD = (
    "序号", "编号", "顾客名称", "名称", "数量", "单位", "收到日期", "保管部门", "存放位置",
    "借用人", "借用部门", "借出数量", "借出日期", "应还日期", "归还日期",
    "去向", "去向数量", "去向日期", "备注",
)  # fmt: skip
Cells = Sequence[Any]


def _named(key: str, zh: str, en: str, kind: str = "text", **properties: Any) -> dict[str, Any]:
    return field(key, kind, label={"zh": zh, "en": en}, **properties)


def ledger(**properties: Any) -> LiveForm:
    """Publish a ledger as a company has it: an own number, customers, and a procedure that keeps things."""
    written: Any = {"readonly": True}
    units = [
        {"key": "piece", "label": {"zh": "件", "en": "pc"}},
        {"key": "kg", "label": {"zh": "千克", "en": "kg"}},
    ]
    statuses = [{"key": key, "label": {"zh": key, "en": key}} for key in STATUSES]
    return factories.form(
        _named("name", "名称", "Name", required=True, searchable=True),
        _named("code", "编号", "Code", unique=True),
        _named("customer", "顾客名称", "Customer", "reference", form="client", required=True, indexed=True),
        _named("quantity", "数量", "Quantity", "decimal", required=True),
        _named("unit", "单位", "Unit", "choice", options=units, default="piece"),
        _named("arrived_on", "收到日期", "Arrived on", "date"),
        _named("keeper", "保管部门", "Keeper", "department"),
        _named("place", "存放位置", "Place"),
        _named("remark", "备注", "Remark"),
        field("available", "decimal", **written),
        field("lent", "decimal", **written),
        field("holders", "person", many=True, **written),
        field("due_on", "date", **written),
        field("status", "choice", options=statuses, **written),
        key="thing",
        label={"zh": "顾客财产台帐", "en": "Customer property"},
        business_key="code",
        numbering="T-{seq:4}",
        ledger={
            "quantity": "quantity", "unit": "unit", "fractional_units": ["kg"], "customer": "customer",
            "arrived_on": "arrived_on", "keeper": "keeper", "place": "place", "available": "available",
            "lent": "lent", "holders": "holders", "due_on": "due_on", "status": "status",
        },
        workflow={
            "initial": "entered",
            "states": [
                {**state("entered"), "task": {"zh": "验收", "en": "Inspect"}, "who": {"fields": ["@owner"]}},
                state("kept"),
                state("gone", "done"),
            ],
            "transitions": [
                step("keep", "entered", "kept", {"action": "hand_over"}),
                {**step("all_gone", "kept", "gone"), "by": "rule",
                 "condition": {"field": "status", "op": "in", "value": ["returned", "lost", "used"]}},
            ],
            "routing": [
                {"key": "keeper", "label": {"zh": "保管", "en": "Keeper"}, "department_field": "keeper",
                 "routes": [{"department": "QA"}]},
            ],
        },
        **properties,
    )  # fmt: skip


def slips(**properties: Any) -> LiveForm:
    """Publish the slips of that ledger."""
    return slip_form(numbering="S-{yyyy}-{seq:3}", **properties)


def book(*rows: Cells, head: Cells = HEAD) -> bytes:
    """Return a workbook with a title over all columns, a line about the department, a header and a footer."""
    workbook = openpyxl.Workbook()
    [sheet] = workbook.worksheets
    sheet.title = "台帐"
    sheet.append(["顾客财产台帐"])
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(head))
    sheet.append(["部门：销售部", None, None, "编制：张三", None, None, "2025年度"])
    sheet.append([])
    sheet.append(list(head))
    for at, cells in enumerate(rows, sheet.max_row + 1):
        for column, value in enumerate(cells, 1):
            cell = sheet.cell(at, column, value)
            if isinstance(value, str):
                cell.data_type = "s"  # no formulas here
    return saved(workbook)


def row(
    number: Any = None,
    code: Any = None,
    customer: Any = None,
    name: Any = None,
    quantity: Any = None,
    unit: Any = None,
    arrived: Any = None,
    keeper: Any = None,
    place: Any = None,
    loan: Cells = (),
    gone: Cells = (),
    remark: Any = None,
) -> list[Any]:
    """Return a row.

    `loan` is borrower, department, quantity, since, due, returned; `gone` is what, quantity, day.
    """
    own = [number, code, customer, name, quantity, unit, arrived, keeper, place]
    return [*own, *_filled(loan, 6), *_filled(gone, 3), remark]


def _filled(cells: Cells, width: int) -> list[Any]:
    return [*cells, *[None] * (width - len(cells))]


def messy() -> bytes:
    """Return a ledger with what people write into one over the years."""
    return book(
        row(1, "A-001", "东方汽车", "样件支架", 10, "件", "2024年3月5日", "品保部", "A库3排",
            ("林工", "实验室", 2, "2025-11-03", "2026-01-31", "/"), remark="齐套"),
        row(loan=("王芳", "", 1, datetime(2025, 12, 1), "2025.12.31")),  # noqa: DTZ001  (merged cells above)
        row(2, "A-002", "东方汽车", "=cmd|' /C calc'!A0", 1, None, "2024/7/1", None, "/",
            ("林工", "/", "/", "2025年10月8日", "2025年12月20日")),
        row(3, "A-003", "西湖电子", "润滑油", 2.5, "千克", "2025-1-6", "品保部", None),
        row(4, "A-004", "西湖电子", "图纸", 3, "份", "2025-1-6", "品保部"),  # an unknown unit
        row(5, "A-005", "西湖电子", "检具", 1, "件", "2023-2-1", "品保部", None,
            (), ("已退还顾客", None, "2024-5-6")),
        row(6, "A-006", "西湖电子", "模具", 4, "件", "2023-02-01", "品保部", None,
            ("林工", None, 1, "2024-1-2", "2024-3-1", "2024-02-28"), ("遗失", 1, "2025-6-1")),
        row(7, "A-007", "无名公司", "样品", 1, "件", "2025-3-3", "品保部"),  # an unknown customer
        row(8, "A-008", "西湖电子", "半件", 1.5, "件", "2025-3-3", "品保部"),
        row(9, "A-009", "西湖电子", "负数", -2, "件", "2025-3-3", "品保部"),
        row(10, "A-010", "西湖电子", "倒签", 2, "件", "2025-3-3", "品保部", None,
            ("林工", None, 1, "2025-6-10", "2025-6-1")),
        row(11, "A-011", "西湖电子", "多借", 2, "件", "2025-3-3", "品保部", None,
            ("林工", None, 3, "2025-6-1", "2025-6-10")),
        row(12, "A-012", "西湖电子", "早借", 2, "件", "2025-3-3", "品保部", None,
            ("林工", None, 1, "2025-1-1", "2025-6-10")),
        row(13, "A-013", "西湖电子", "谁借", 2, "件", "2025-3-3", "品保部", None,
            ("老周", None, 1, "2025-6-1", "2025-6-10")),  # an unknown borrower
        row(14, "A-001", "西湖电子", "重号", 2, "件", "2025-3-3", "品保部"),  # a number that stands above
        row(15, "A-015", "西湖电子", "将来", 1, "件", "2099-1-1", "品保部"),
        row(16, "A-016", "西湖电子", "无限期", 2, "件", "2025-3-3", "品保部", None,
            ("林工", None, 1, "2025-6-1", None)),
        row("合计", None, None, None, 38.5),
    )  # fmt: skip
