"""Packs install once, leave local changes alone, and travel."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import yaml
from pymongo.database import Database

from models import forms
from models.database import Document
from models.errors import InvalidError, NotFoundError
from models.people import Actor, Department, Role
from seed import packs
from seed.contents import read_pack
from seed.exporting import export

NAME = packs.DEFAULT_PACK
ACTOR = Actor.system()
FORMS = [
    "customer",
    "supplier",
    "product",
    "delivery",
    "severity_criterion",
    "problem_type",
    "defect_mechanism",
    "corrective_action",
    "feedback_sheet",
    "quality_cost",
    "claim",
    "customer_property",
    "borrow_slip",
    "external_document",
    "copy_recall",
    "property_incident",
    "stock_check",
    "quality_report",
    "summary_release",
    "summary_receipt",
]


@pytest.fixture
def pack_folder(tmp_path: Path) -> Path:
    return Path(copytree(packs.BUNDLED / NAME, tmp_path / "copy"))


@pytest.fixture
def empty_db(db: Database[Document]) -> Database[Document]:
    return db


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def newer(folder: Path) -> Path:
    change(folder / "pack.yaml", "version: 4", "version: 5")
    return folder


def labels(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    if isinstance(value, dict):
        if set(value) <= {"zh", "en"} and value:
            yield path, value
        for key, inner in value.items():
            yield from labels(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from labels(
                inner, f"{path}.{inner.get('key', index) if isinstance(inner, dict) else index}"
            )


def state(db: Database[Document]) -> dict[str, Any]:
    names = ["packs", "forms", "form_versions", "report_versions", "dashboards", "roles", "departments"]
    return {name: list(db[name].find().sort("_id", 1)) for name in names}


@pytest.mark.parametrize("info", packs.list_packs(), ids=lambda info: info.name)
class TestBundled:
    @pytest.mark.usefixtures("empty_db")
    def test_it_checks_clean(self, info: packs.PackInfo) -> None:
        assert packs.check(info.name) == []

    def test_every_text_is_in_both_languages(self, info: packs.PackInfo) -> None:
        found = list(labels(read_pack(info.path).model_dump(mode="json", exclude_defaults=True)))
        assert len(found) > 100
        assert [path for path, label in found if not (label.get("zh") and label.get("en"))] == []

    def test_every_field_has_a_label(self, info: packs.PackInfo) -> None:
        for form in read_pack(info.path).forms:
            fields = [inner for field in form.fields for inner in (field, *field.fields)]
            options = [option for field in fields for option in field.options]
            assert [field.key for field in fields if not field.label] == []
            assert [option.key for option in options if not option.label] == []


@pytest.mark.usefixtures("empty_db")
def test_the_default_pack_has_the_departments_and_roles_of_p03() -> None:
    packs.install(NAME, ACTOR)
    assert {str(one) for one in Department.objects} >= {
        "总经办",
        "销售部",
        "品保部",
        "技术部",
        "采购部",
        "财务部",
        "生产部",
    }
    assert Department.objects.get(code="SERVICE").parent.code == "SALES"
    assert {str(one) for one in Role.objects} >= {
        "总经理",
        "副总经理",
        "生产副总",
        "销售部主管",
        "服务工程师",
        "顾客代表",
    }
    assert Role.objects(administrator=True).count() == 0


def test_installing_makes_everything_and_a_second_time_changes_nothing(empty_db: Database[Document]) -> None:
    first = packs.install(NAME, ACTOR)
    assert first.changed
    assert {outcome.result for outcome in first.outcomes} == {"created"}
    assert [live.key for live in forms.live_forms()] == sorted(FORMS)
    before = state(empty_db)
    second = packs.install(NAME, ACTOR)
    assert not second.changed
    assert {outcome.result for outcome in second.outcomes} == {"unchanged"}
    assert state(empty_db) == before
    assert packs.installed() == {NAME: 4}


@pytest.mark.usefixtures("empty_db")
def test_a_newer_pack_publishes_a_new_version_of_an_untouched_form(pack_folder: Path) -> None:
    packs.install(pack_folder, ACTOR)
    change(newer(pack_folder) / "forms/customer.yaml", "zh: 顾客等级", "zh: 顾客分级")
    report = packs.install(pack_folder, ACTOR)
    assert [(one.kind, one.key) for one in report.having("updated")] == [("form", "customer")]
    live = forms.current("customer")
    assert live.version == 2
    assert live.definition.by_key["grade"].label.zh == "顾客分级"
    assert packs.installed() == {NAME: 5}


@pytest.mark.usefixtures("empty_db")
def test_what_an_administrator_changed_is_kept_and_reported(pack_folder: Path) -> None:
    packs.install(pack_folder, ACTOR)
    document = forms.current("customer").definition.dump()
    document["label"] = {"zh": "我的客户", "en": "My customers"}
    saved = forms.save_draft(ACTOR, "customer", document, draft_revision=forms.get("customer").draft_revision)
    forms.publish(ACTOR, "customer", draft_revision=saved.draft_revision)
    Department.objects(code="TECH").update_one(set__name__zh="研发部")
    Role.objects(name="sales_staff").update_one(pull__grants__form="supplier")
    change(newer(pack_folder) / "forms/customer.yaml", "zh: 顾客等级", "zh: 顾客分级")
    report = packs.install(pack_folder, ACTOR)
    assert {(one.kind, one.key) for one in report.kept} == {
        ("form", "customer"),
        ("department", "TECH"),
        ("role", "sales_staff"),
    }
    assert all(str(one.reason) == "It was changed here." for one in report.kept)
    assert forms.current("customer").definition.label.zh == "我的客户"
    assert Department.objects.get(code="TECH").name.zh == "研发部"


@pytest.mark.usefixtures("empty_db")
def test_a_role_deleted_here_does_not_come_back() -> None:
    packs.install(NAME, ACTOR)
    Role.objects(name="finance_head").delete()
    report = packs.install(NAME, ACTOR)
    assert [(one.key, str(one.reason)) for one in report.kept] == [("finance_head", "It was deleted here.")]
    assert Role.objects(name="finance_head").first() is None


@pytest.mark.usefixtures("empty_db")
def test_a_draft_in_progress_is_not_disturbed(pack_folder: Path) -> None:
    packs.install(pack_folder, ACTOR)
    document = {**forms.current("product").definition.dump(), "label": {"zh": "草稿", "en": "Draft"}}
    forms.save_draft(ACTOR, "product", document, draft_revision=forms.get("product").draft_revision)
    change(newer(pack_folder) / "forms/product.yaml", "zh: 质保期", "zh: 保修期")
    report = packs.install(pack_folder, ACTOR)
    assert [(one.key, str(one.reason)) for one in report.kept] == [("product", "It is being edited.")]
    assert forms.get("product").draft["label"]["zh"] == "草稿"


@pytest.mark.usefixtures("empty_db")
def test_a_form_of_someone_else_with_the_same_key_is_left_alone() -> None:
    own = {
        "key": "supplier",
        "label": {"zh": "自有", "en": "Own"},
        "fields": [{"key": "name", "type": "text", "label": {"zh": "名", "en": "N"}}],
    }
    forms.create(ACTOR, own)
    forms.publish(ACTOR, "supplier", draft_revision=1)
    report = packs.install(NAME, ACTOR)
    assert [one.key for one in report.kept] == ["supplier"]
    assert forms.current("supplier").definition.label.zh == "自有"


@pytest.mark.usefixtures("empty_db")
def test_an_interrupted_installation_goes_on() -> None:
    pack = read_pack(packs.BUNDLED / NAME)
    forms.create(ACTOR, pack.forms[0].dump(), pack=NAME)
    assert packs.install(NAME, ACTOR).kept == []
    assert forms.current(pack.forms[0].key).version == 1


def test_a_pack_with_problems_writes_nothing(empty_db: Database[Document], pack_folder: Path) -> None:
    change(
        pack_folder / "forms/feedback_sheet.yaml",
        "quantity_defective / quantity_delivered",
        "quantity / nowhere",
    )
    assert [problem.path for problem in packs.check(pack_folder)] == [
        "feedback_sheet.fields.defect_rate.formula"
    ]
    with pytest.raises(InvalidError):
        packs.install(pack_folder, ACTOR)
    assert empty_db.forms.count_documents({}) == 0
    assert empty_db.departments.count_documents({}) == 0


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("parent: SALES", "parent: NOWHERE", "departments.SERVICE.parent"),
        (
            "label: {zh: 总经办, en: General management}",
            "label: {zh: 办, en: O}, parent: SERVICE",
            "departments.GM.parent",
        ),
        ("code: TECH", "code: SALES", "departments.SALES"),
        (
            "{form: supplier, actions: [see, transition, approve, print]}",
            "{form: nothing, actions: [see]}",
            "roles.sales_supervisor.grants",
        ),
        ("name: purchasing_staff", "name: purchasing_head", "roles.purchasing_head"),
    ],
)
def test_what_does_not_fit_together_is_named(pack_folder: Path, old: str, new: str, path: str) -> None:
    change(pack_folder / "pack.yaml", old, new)
    assert path in [problem.path for problem in packs.check(pack_folder)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("actions: [see, transition, approve, print]", "actions: [see, fly]"),
        ("version: 4", "version: zero"),
        ("forms: [customer, ", "forms: [customer, missing, "),
        ("forms: [customer, ", "forms: ['../../pack', customer, "),
        ("permissions: [views:shared:write]", "administrator: true"),
    ],
)
def test_a_pack_that_is_not_shaped_like_one_is_refused(pack_folder: Path, old: str, new: str) -> None:
    change(pack_folder / "pack.yaml", old, new)
    assert packs.check(pack_folder) != []


def test_a_reference_to_a_form_outside_the_pack_is_named(pack_folder: Path) -> None:
    change(pack_folder / "forms/product.yaml", "form: supplier", "form: vendor")
    assert "product.fields.main_supplier.form" in [problem.path for problem in packs.check(pack_folder)]


def test_there_is_no_pack_of_an_unknown_name() -> None:
    assert [str(problem.message) for problem in packs.check("no-such-pack")] == ["There is no such pack."]


@pytest.mark.parametrize("suffix", [".zip", ".yaml"])
def test_what_is_configured_travels_to_another_installation(
    empty_db: Database[Document], tmp_path: Path, suffix: str
) -> None:
    packs.install(NAME, ACTOR)
    Department(code="LAB", name={"zh": "实验室", "en": "Laboratory"}).save()
    document = {
        **forms.current("customer").definition.dump(),
        "label": {"zh": "我的客户", "en": "My customers"},
    }
    saved = forms.save_draft(ACTOR, "customer", document, draft_revision=forms.get("customer").draft_revision)
    forms.publish(ACTOR, "customer", draft_revision=saved.draft_revision)
    file, claim = tmp_path / f"mine{suffix}", forms.current("claim").definition
    assert export(NAME, file).version == 5
    assert packs.check(file) == []
    for name in state(empty_db):
        empty_db[name].delete_many({})
    forms.forget_versions()
    report = packs.install(file, ACTOR)
    assert {outcome.result for outcome in report.outcomes} == {"created"}
    assert forms.current("customer").definition.label.zh == "我的客户"
    assert Department.objects.get(code="LAB").name.en == "Laboratory"
    assert export(NAME, tmp_path / f"again{suffix}").version == 5
    assert forms.current("claim").definition == claim


@pytest.mark.usefixtures("empty_db")
def test_an_untouched_pack_exports_as_it_was(tmp_path: Path) -> None:
    packs.install(NAME, ACTOR)
    assert export(NAME, tmp_path / "same.yaml").version == 4
    exported = yaml.safe_load((tmp_path / "same.yaml").read_text("utf-8"))
    assert sorted(form["key"] for form in exported["forms"]) == sorted(FORMS)
    assert not packs.install(tmp_path / "same.yaml", ACTOR).changed


@pytest.mark.usefixtures("empty_db")
def test_only_an_installed_pack_can_be_exported(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        export("nothing", tmp_path / "nothing.yaml")
    assert not (tmp_path / "nothing.yaml").exists()
