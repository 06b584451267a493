"""The people and the customer of P03, for its scenarios."""

from typing import Any

import pytest

from models.database import Document
from tests.scenarios.play import MONDAY_MORNING, Play

PEOPLE = {
    "general_manager": "GM",
    "deputy_general_manager": "GM",
    "production_deputy": "GM",
    "sales_head": "SALES",
    "sales_supervisor": "SALES",
    "sales_staff": "SALES",
    "colleague=sales_staff": "SALES",
    "service_engineer": "SERVICE",
    "quality_head": "QUALITY",
    "quality_staff": "QUALITY",
    "technology_head": "TECH",
    "technology_staff": "TECH",
    "production_head": "PRODUCTION",
    "production_staff": "PRODUCTION",
    "purchasing_head": "PURCHASE",
    "finance_head": "FINANCE",
}
HEADS = {
    "GM": "general_manager",
    "GM/": "deputy_general_manager",
    "SALES": "sales_head",
    "SERVICE": "service_engineer",
    "QUALITY": "quality_head",
    "TECH": "technology_head",
    "PRODUCTION": "production_head",
    "PURCHASE": "purchasing_head",
    "FINANCE": "finance_head",
}


@pytest.fixture
def company(play: Play) -> Play:
    """The default pack, its people, a customer, a product and a supplier."""
    play.install("customer-management")
    play.cast(PEOPLE, HEADS)
    supplier = play.as_("quality_head").create("supplier", code="S-1", name="密封件厂")
    play.as_("sales_staff").create("customer", code="C-1", name="云溪动力设备")
    play.as_("quality_head").create(
        "product", code="P-1", name="水泵", model="WP1", line="pump", main_supplier=supplier
    )
    return play


def one(play: Play, form: str) -> Document:
    """Return the only record of a form."""
    found = list(play.form(form).records().find())
    assert len(found) == 1
    return found[0]


def complaint(play: Play, by: str = "sales_staff", **values: Any) -> Document:
    """Let somebody of sales write down a complaint that just came in (P03.20)."""
    given = {
        "channel": "hotline",
        "subject": "水泵漏油",
        "description": "输出端漏油",
        "received_at": MONDAY_MORNING,
        "customer": one(play, "customer"),
        "product": one(play, "product"),
        "demands": ["exchange"],
        **values,
    }
    return play.as_(by).create("feedback_sheet", **given)


MEASURES = [{"measure": "更换油封"}]
CAUSE: dict[str, Any] = {"root_cause": "油封唇口翻边。", "cause_category": "material"}
MEETING: dict[str, Any] = {
    "meeting_at": "2026-03-02T06:00:00Z",
    "meeting_departments": ["quality", "engineering", "production"],
    "meeting_record": "全检库存，更换油封。",
    "measures": MEASURES,
}
