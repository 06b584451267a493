"""Versions of the default pack follow each other: 3 brought customer property, 4 deliveries and reports."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pymongo.database import Database

from models import checks, forms, records
from models.database import Document
from models.people import EVERY_FORM, Actor, Role
from models.reports import keeping
from seed import packs
from seed.contents import read_pack
from tests import factories

NAME = packs.DEFAULT_PACK
ACTOR = Actor.system()
OF_PROPERTY = {
    "borrow_slip", "copy_recall", "customer_property", "external_document", "property_incident",
    "stock_check",
}  # fmt: skip
OF_REPORTS = {
    "delivery", "defect_mechanism", "problem_type", "quality_report", "summary_receipt", "summary_release",
}  # fmt: skip
NEW = OF_PROPERTY | OF_REPORTS
ANALYSED = {
    "feedback_sheet": {"plant", "problem_type", "mechanism"},
    "claim": {"plant", "problem_type", "mechanism", "cause_category", "responsible_person"},
    "corrective_action": {"problem_type", "mechanism"},
}
"""The fields that version 4 added to forms that were there."""

pytestmark = pytest.mark.usefixtures("db")


def without(names: set[str], value: Any) -> Any:
    """Return a form without the fields, options and rules of some names, and all that speaks of them."""
    if isinstance(value, list):
        return [without(names, one) for one in value if not _speaks_of(names, one)]
    if isinstance(value, dict):
        return {key: without(names, inner) for key, inner in value.items() if key not in names}
    return value


def _speaks_of(names: set[str], one: Any) -> bool:
    if isinstance(one, dict):
        return one.get("key") in names or one.get("field") in names
    return isinstance(one, str) and one in names


def version_3_of(form: dict[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = without(ANALYSED.get(form["key"], set()), form)
    return changed


def version_2_of(form: dict[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = without({"property", "property_incident"}, version_3_of(form))
    return changed


def older(
    path: Path, version: int, new: set[str], form_of: Callable[[dict[str, Any]], dict[str, Any]]
) -> Path:
    """Write the pack as it was before some forms came."""
    pack = read_pack(packs.BUNDLED / NAME).dump()
    pack |= {"version": version, "reports": [], "dashboards": []}
    pack["forms"] = [form_of(form) for form in pack["forms"] if form["key"] not in new]
    for role in pack["roles"]:
        role["grants"] = [grant for grant in role["grants"] if grant["form"] not in new]
        role["field_rules"] = [rule for rule in role.get("field_rules", ()) if rule["form"] not in new]
    file = path / f"version-{version}.yaml"
    file.write_text(yaml.safe_dump(pack, allow_unicode=True), "utf-8")
    return file


@pytest.fixture
def version_2(tmp_path: Path) -> Path:
    """The pack as it was before customer property."""
    return older(tmp_path, 2, NEW, version_2_of)


@pytest.fixture
def version_3(tmp_path: Path) -> Path:
    """The pack as it was before deliveries and reports."""
    return older(tmp_path, 3, OF_REPORTS, version_3_of)


def test_everything_of_version_2_follows_and_nothing_is_lost(db: Database[Document], version_2: Path) -> None:
    assert packs.install(version_2, ACTOR).kept == []
    assert packs.installed() == {NAME: 2}
    customer = records.create(ACTOR, forms.current("customer"), {"code": "C-1", "name": "云溪"})
    report = packs.install(NAME, ACTOR)
    assert report.kept == []
    assert packs.installed() == {NAME: 4}
    created = {one.key for one in report.having("created") if one.kind == "form"}
    assert created == NEW
    updated = {one.key for one in report.having("updated") if one.kind == "form"}
    assert updated == {"feedback_sheet", "claim", "corrective_action"}
    assert "property" in forms.current("claim").definition.by_key["claim_kind"].options_by_key
    assert db.record_customer.find_one({"_id": customer["_id"]}) == customer
    assert list(checks.check_histories()) == []
    assert not packs.install(NAME, ACTOR).changed


def test_roles_get_rights_on_what_is_new_and_keep_the_others(version_2: Path) -> None:
    packs.install(version_2, ACTOR)
    before = {role.name: {(one.form, *one.actions) for one in role.grants} for role in Role.objects}
    assert not any(form in NEW for grants in before.values() for form, *_actions in grants)
    packs.install(NAME, ACTOR)
    for role in Role.objects(name__in=list(before)):
        now = {(one.form, *one.actions) for one in role.grants}
        assert before[role.name] <= now
        assert EVERY_FORM in {form for form, *_actions in now} or any(form in NEW for form, *_actions in now)


def test_a_role_that_was_changed_here_is_reported_and_left_alone(version_2: Path) -> None:
    packs.install(version_2, ACTOR)
    Role.objects(name="production_staff").update_one(pull__grants__form="product")
    report = packs.install(NAME, ACTOR)
    assert [(one.kind, one.key) for one in report.kept] == [("role", "production_staff")]
    assert not Role.objects.get(name="production_staff").allows("borrow_slip", "create")
    assert forms.current("borrow_slip").version == 1


def test_a_form_of_the_company_with_one_of_the_new_keys_is_left_alone(version_2: Path) -> None:
    packs.install(version_2, ACTOR)
    factories.form(factories.field("name"), key="borrow_slip")
    report = packs.install(NAME, ACTOR)
    assert "borrow_slip" in {one.key for one in report.kept}
    assert forms.current("customer_property").version == 1


def test_an_installation_of_version_3_gets_deliveries_trees_and_reports(
    db: Database[Document], version_3: Path
) -> None:
    assert packs.install(version_3, ACTOR).kept == []
    assert keeping.every() == []
    customer = records.create(ACTOR, forms.current("customer"), {"code": "C-1", "name": "云溪"})
    sheet = {
        "kind": "enquiry",
        "channel": "phone",
        "subject": "s",
        "description": "d",
        "received_at": "2026-01-05",
    }
    sheet = records.create(
        ACTOR, forms.current("feedback_sheet"), {**sheet, "customer": str(customer["_id"])}
    )
    report = packs.install(NAME, ACTOR)
    assert report.kept == []
    assert {one.key for one in report.having("created") if one.kind == "form"} == OF_REPORTS
    assert {one.key for one in report.having("updated") if one.kind == "form"} == set(ANALYSED)
    for form, fields in ANALYSED.items():
        assert fields <= set(forms.current(form).definition.by_key)
    told = {one.key for one in report.having("created") if one.kind == "report"}
    assert (
        told
        == {one.key for one in keeping.every()}
        == {one.key for one in read_pack(packs.BUNDLED / NAME).reports}
    )
    assert db.record_feedback_sheet.find_one({"_id": sheet["_id"]}) == sheet
    assert list(checks.check_histories()) == []
    assert not packs.install(NAME, ACTOR).changed


def test_a_report_that_was_changed_here_is_reported_and_left_alone() -> None:
    packs.install(NAME, ACTOR)
    shipped = keeping.get("complaint_summary")
    mine = shipped.definition.model_copy(update={"form_number": "XS-QR-08", "form_revision": "C/2"})
    keeping.put(ACTOR, mine, version=shipped.version)
    report = packs.install(NAME, ACTOR)
    assert [(one.kind, one.key) for one in report.kept] == [("report", "complaint_summary")]
    assert keeping.get("complaint_summary").definition == mine
