"""质量信息反馈单: it has what the procedures ask for, and its rules say what they say."""

from decimal import Decimal
from typing import Any

import pytest
from pymongo.database import Database

from models import forms, records
from models.database import Document
from models.errors import InvalidError
from models.people import Actor, Department
from models.validation import validate
from seed import packs
from tests import factories
from tests.conftest import emptied
from tests.scenarios import installed

FIELDS_BY_ROW = {
    "P01.18": ["model", "quantity_defective", "damaged_parts", "customer_advice"],
    "P01.19": ["returned_quantity"],
    "P01.20": ["customer", "contact", "phone"],
    "P01.21": ["channel"],
    "P01.22": ["severity"],
    "P01.28": ["tightened_inspection"],
    "P01.36": ["goods_return", "return_disposition", "replaced_quantity", "return_finding"],
    "P01.37": ["enquiry_answer", "enquiry_answered_by"],
    "P01.38": ["answered_at_once", "study_departments"],
    "P02.12": ["engine_model", "description", "scene", "phone"],
    "P02.13": ["diagnosis_by", "diagnosis", "root_cause"],
    "P02.14": ["solution", "repair_progress", "expected_on", "satisfaction", "result"],
    "P02.15": ["root_cause", "responsible_department", "responsible_person", "prevention"],
    "P02.16": ["received_at", "replied_at", "fault_kind", "customer_satisfied"],
    "P02.17": ["engine_model", "occurred_at", "damaged_parts"],
    "P02.29": ["supplier_informed_at", "supplier_answered_at"],
    "P02.33": ["solution_approved_by"],
    "P02.41": ["cause_category"],
    "P03.20": ["pass_on"],
    "P03.21": ["measures", "remedy_at"],
    "P03.23": ["meeting_at", "meeting_people", "meeting_departments", "meeting_record"],
    "P03.26": ["result", "archived_at", "closed_on"],
    "P03.27": ["root_cause", "capa_needed", "corrective_action"],
    "P03.28": ["severity", "criterion"],
    "P03.40": ["compensation"],
    "P05.05": [
        "customer",
        "product",
        "shipped_on",
        "description",
        "quantity_defective",
        "serial_number",
        "photos",
    ],
    "P05.06": ["demands"],
    "P05.09": ["information_complete", "missing_information"],
    "P24.03": ["model", "machine_number", "quantity_delivered", "delivered_on", "demand_note", "root_cause"],
    "P24.04": ["complainant", "complaint_about", "demands"],
    "P24.05": [
        "description",
        "root_cause",
        "solution",
        "prevention",
        "follow_up_control",
        "trial_result",
        "evidence",
    ],
    "P24.08": ["valid", "handler"],
    "P24.09": ["invalid_reason"],
}


@pytest.fixture
def db(connection: None) -> Database[Document]:
    """Give an empty database in which the pack's collections stay with their indexes."""
    return emptied()


@pytest.fixture
def sheet(db: Database[Document]) -> forms.LiveForm:
    installed.install((packs.DEFAULT_PACK,))
    return forms.current("feedback_sheet")


@pytest.fixture
def raw(db: Database[Document], sheet: forms.LiveForm) -> dict[str, Any]:
    """Give the least that a complaint needs."""
    return {
        "channel": "hotline",
        "subject": "漏油",
        "description": "输出端漏油",
        "received_at": "2026-03-02T01:00:00Z",
        "customer": str(make("customer", code="C-1", name="甲")["_id"]),
        "product": str(make("product", code="P-1", name="泵", model="WP1", line="pump")["_id"]),
        "demands": ["exchange"],
    }


def make(form: str, **raw: Any) -> Document:
    return records.create(actor(), forms.current(form), raw)


def actor() -> Actor:
    return Actor.of(factories.user("clerk", factories.role("clerk", actions=factories.EDITOR_ACTIONS)))


def quality() -> Department:
    found: Department = Department.objects.get(code="QUALITY")
    return found


def refused(sheet: forms.LiveForm, raw: dict[str, Any]) -> set[str]:
    return set(validate(actor(), sheet.definition, raw).errors)


@pytest.mark.parametrize("row", FIELDS_BY_ROW)
def test_it_has_the_fields_of_each_row(sheet: forms.LiveForm, row: str) -> None:
    assert [key for key in FIELDS_BY_ROW[row] if key not in sheet.definition.by_key] == []


def test_customer_demands_are_those_of_p05_06(sheet: forms.LiveForm) -> None:
    options = {option.label.zh for option in sheet.definition.by_key["demands"].options}
    assert options >= {"派人到现场处理", "补货", "换货", "退货", "索赔", "罚款"}


def test_causes_are_people_machine_material_method_environment(sheet: forms.LiveForm) -> None:
    labels = [option.label.zh for option in sheet.definition.by_key["cause_category"].options]
    assert labels == ["人", "机", "料", "法", "环", "其他"]


@pytest.mark.usefixtures("sheet")
def test_a_complaint_gets_a_number_and_starts_as_received(raw: dict[str, Any]) -> None:
    stored = make("feedback_sheet", **raw)
    assert stored["number"].startswith("QF-20")
    assert stored["number"].endswith("-0001")
    assert stored["title"] == "漏油"
    assert stored["state"] == "received"
    assert stored["data"]["received_by"] == actor().id


def test_a_complaint_names_the_product_and_the_demands_but_an_enquiry_need_not(
    sheet: forms.LiveForm, raw: dict[str, Any]
) -> None:
    bare = {key: value for key, value in raw.items() if key not in {"product", "demands"}}
    assert refused(sheet, bare) == {"product", "demands"}
    assert refused(sheet, {**bare, "kind": "enquiry"}) == set()


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"valid": False}, {"invalid_reason"}),  # P24.09
        ({"information_complete": False}, {"missing_information"}),  # P05.09
        ({"severity": "major"}, {"severity_reason"}),
        ({"goods_return": True}, {"returned_quantity"}),  # P01.19
        ({"responsibility": "supplier"}, {"supplier"}),  # P03.43
        ({"kind": "enquiry", "answered_at_once": True}, {"enquiry_answer"}),  # P01.37
        ({"kind": "enquiry", "answered_at_once": False}, {"study_departments"}),  # P01.38
    ],
)
def test_what_was_said_asks_for_more(
    sheet: forms.LiveForm, raw: dict[str, Any], given: dict[str, Any], missing: set[str]
) -> None:
    assert refused(sheet, {**raw, **given}) == missing


def test_a_meeting_belongs_to_serious_problems_only(sheet: forms.LiveForm, raw: dict[str, Any]) -> None:
    """P03.23 against P03.24."""
    meeting = {"pass_on": True, "passed_to": str(quality().id), "severity_reason": "批量"}
    given = {**raw, **meeting, "meeting_people": "技术部"}
    opened = ("pass_on", "passed_to")
    serious = validate(actor(), sheet.definition, {**given, "severity": "major"}, opened=opened).data
    general = validate(actor(), sheet.definition, {**given, "severity": "general"}, opened=opened).data
    assert serious["meeting_people"] == "技术部"
    assert "meeting_people" not in general


def test_what_steps_set_cannot_be_typed_in(sheet: forms.LiveForm, raw: dict[str, Any]) -> None:
    typed = {"pass_on": False, "customer_satisfied": True, "capa_needed": False, "closed_on": "2026-03-02"}
    assert not typed.keys() & validate(actor(), sheet.definition, {**raw, **typed}).data.keys()


@pytest.mark.usefixtures("sheet")
def test_rate_sums_and_days_are_computed(raw: dict[str, Any]) -> None:
    more = {
        "quantity_delivered": 400,
        "quantity_defective": 3,
        "replied_at": "2026-03-05T09:00:00Z",
        "damaged_parts": [{"part": "油封", "quantity": 2}, {"part": "螺栓", "quantity": 5}],
        "measures": [{"measure": "换件"}],
    }
    data = make("feedback_sheet", **raw, **more)["data"]
    assert data["defect_rate"].to_decimal() == Decimal("0.75")
    assert data["parts_total"] == 7
    assert data["measures_total"] == 1
    assert data["days_to_answer"] == 3


@pytest.mark.usefixtures("sheet")
def test_nothing_delivered_gives_no_rate(raw: dict[str, Any]) -> None:
    assert (
        "defect_rate" not in make("feedback_sheet", **raw, quantity_delivered=0, quantity_defective=3)["data"]
    )


@pytest.mark.usefixtures("sheet")
def test_a_number_of_the_wrong_kind_is_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(InvalidError) as caught:
        make("feedback_sheet", **raw, quantity_defective=-1, severity="nothing")
    assert set(caught.value.errors) == {"quantity_defective", "severity"}
