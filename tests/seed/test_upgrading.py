"""Version 3 of the default pack brings customer property to an installation of version 2."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pymongo.database import Database

from models import checks, forms, records
from models.database import Document
from models.people import EVERY_FORM, Actor, Role
from seed import packs
from seed.contents import read_pack
from tests import factories

NAME = packs.DEFAULT_PACK
ACTOR = Actor.system()
NEW = {
    "borrow_slip", "copy_recall", "customer_property", "external_document", "property_incident",
    "stock_check",
}  # fmt: skip

pytestmark = pytest.mark.usefixtures("db")


def without_property(value: Any) -> Any:
    """Return a form without what version 3 added: fields, options and rules about property."""
    if isinstance(value, list):
        return [without_property(one) for one in value if not _is_new(one)]
    if isinstance(value, dict):
        return {key: without_property(inner) for key, inner in value.items()}
    return value


def _is_new(one: Any) -> bool:
    named = {"property", "property_incident"}
    return isinstance(one, dict) and (one.get("key") in named or one.get("field") in named)


@pytest.fixture
def version_2(tmp_path: Path) -> Path:
    """The pack as it was before customer property."""
    pack = read_pack(packs.BUNDLED / NAME).dump()
    pack["version"] = 2
    pack["forms"] = [without_property(form) for form in pack["forms"] if form["key"] not in NEW]
    for role in pack["roles"]:
        role["grants"] = [grant for grant in role["grants"] if grant["form"] not in NEW]
        role["field_rules"] = [rule for rule in role.get("field_rules", ()) if rule["form"] not in NEW]
    file = tmp_path / "version-2.yaml"
    file.write_text(yaml.safe_dump(pack, allow_unicode=True), "utf-8")
    return file


def test_everything_of_version_2_follows_and_nothing_is_lost(db: Database[Document], version_2: Path) -> None:
    assert packs.install(version_2, ACTOR).kept == []
    assert packs.installed() == {NAME: 2}
    customer = records.create(ACTOR, forms.current("customer"), {"code": "C-1", "name": "云溪"})
    report = packs.install(NAME, ACTOR)
    assert report.kept == []
    assert packs.installed() == {NAME: 3}
    created = {one.key for one in report.having("created") if one.kind == "form"}
    assert created == NEW
    updated = {one.key for one in report.having("updated") if one.kind == "form"}
    assert updated == {"claim", "corrective_action"}
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
