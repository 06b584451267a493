"""Packs bring procedures: what these name must be there, and older records find their place in them."""

from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import yaml
from pymongo.database import Database

from models import checks, forms, history, records
from models.database import Document
from models.people import Actor, Role
from seed import packs
from seed.contents import read_pack
from seed.exporting import export
from tests import factories

NAME = packs.DEFAULT_PACK
ACTOR = Actor.system()


@pytest.fixture
def pack_folder(tmp_path: Path) -> Path:
    return Path(copytree(packs.BUNDLED / NAME, tmp_path / "copy"))


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "path"),
    [
        ("feedback_sheet", "roles: [quality_staff]}", "roles: [nobody]}", "feedback_sheet.workflow.states."),
        ("claim", "heads: [PRODUCTION, TECH", "heads: [MOON, TECH", "claim.workflow.states.countersigning."),
        ("claim", "form: quality_cost\n          values", "form: costs\n          values", "claim.workflow."),
        ("claim", "account: cost_account", "ledger: cost_account", "claim.workflow.transitions.book."),
        ("claim", "role: purchasing_head", "role: nobody", "claim.workflow.routing.supplier_lead."),
        ("claim", "heads: [SALES], ", "heads: [MOON], ", "claim.clocks."),
        (
            "claim",
            "who: {fields: [received_by], heads: [SALES]}",
            "who: {heads: [MOON]}",
            "claim.clocks.whole",
        ),
    ],
)
def test_what_a_procedure_names_must_be_there(
    pack_folder: Path, file: str, old: str, new: str, path: str
) -> None:
    file_path = pack_folder / f"forms/{file}.yaml"
    if old not in file_path.read_text("utf-8"):
        pytest.fail(f"the pack no longer says {old}")
    rewrite(file_path, old, new)
    assert [one.path for one in packs.check(pack_folder) if one.path.startswith(path)]


LABEL = {"zh": "甲", "en": "A"}


def small(folder: Path, **more: Any) -> Path:
    """Write a pack of one form that hangs on the default pack."""
    document: dict[str, Any] = {
        "name": "small",
        "version": 1,
        "label": {"zh": "小", "en": "Small"},
        "forms": [
            {
                "key": "visit",
                "label": {"zh": "回访", "en": "Visit"},
                "fields": [
                    {
                        "key": "customer",
                        "type": "reference",
                        "form": "customer",
                        "label": {"zh": "客", "en": "C"},
                    }
                ],
                "workflow": {
                    "initial": "open",
                    "states": [
                        {
                            "key": "open",
                            "label": {"zh": "开", "en": "Open"},
                            "who": {"roles": ["sales_head"]},
                        },
                        {"key": "done", "label": {"zh": "完", "en": "Done"}, "category": "done"},
                    ],
                    "transitions": [
                        {
                            "key": "finish",
                            "label": {"zh": "完成", "en": "Finish"},
                            "sources": ["open"],
                            "to": "done",
                        }
                    ],
                },
            }
        ],
        **more,
    }
    file = folder / "small.yaml"
    file.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    return file


def test_a_pack_may_use_what_the_packs_it_requires_bring(db: Database[Document], tmp_path: Path) -> None:
    assert {one.path for one in packs.check(small(tmp_path))} == {
        "visit.fields.customer.form",
        "visit.workflow.states.open.who",
    }
    assert packs.check(small(tmp_path, requires=[NAME])) == []
    assert packs.check(small(tmp_path, requires=["no-such-pack"])) != []


def test_what_a_pack_requires_is_installed_first(db: Database[Document], tmp_path: Path) -> None:
    assert packs.install(small(tmp_path, requires=[NAME]), ACTOR).kept == []
    assert packs.installed() == {NAME: 4, "small": 1}
    assert forms.current("visit").version == 1


def test_a_pack_may_use_what_is_installed(db: Database[Document], tmp_path: Path) -> None:
    packs.install(NAME, ACTOR)
    assert packs.check(small(tmp_path)) == []
    assert packs.install(small(tmp_path), ACTOR).kept == []


def test_a_pack_adds_rights_to_a_role_of_another_and_neither_disturbs_the_other(
    db: Database[Document], tmp_path: Path
) -> None:
    grants = [{"role": "sales_staff", "grants": [{"form": "visit", "actions": ["see", "create"]}]}]
    pack = small(tmp_path, requires=[NAME], more_grants=grants)
    assert packs.install(pack, ACTOR).kept == []
    role = Role.objects.get(name="sales_staff")
    assert role.allows("visit", "create")
    assert role.allows("customer", "edit")
    assert not packs.install(pack, ACTOR).changed
    assert not packs.install(NAME, ACTOR).changed
    assert packs.install(NAME, ACTOR).kept == []
    assert export(NAME, tmp_path / "same.yaml").version == 4


def test_rights_can_be_added_to_known_roles_and_own_forms_only(
    db: Database[Document], tmp_path: Path
) -> None:
    grants = [
        {"role": "nobody", "grants": [{"form": "visit", "actions": ["see"]}]},
        {"role": "sales_staff", "grants": [{"form": "customer", "actions": ["see"]}]},
    ]
    found = {one.path for one in packs.check(small(tmp_path, requires=[NAME], more_grants=grants))}
    assert found == {"more_grants.nobody", "more_grants.sales_staff"}


PROGRESS = """
  - {key: progress, type: choice, label: {zh: 处理进度, en: Progress}, options: [
      {key: received, label: {zh: 已接收, en: Received}}, {key: handling, label: {zh: 处理中, en: In hand}},
      {key: closed, label: {zh: 已结案, en: Closed}}]}
"""


def as_it_was(folder: Path) -> Path:
    """Make the pack of version 1 out of today's: a field in the place of the workflow, nothing around it."""
    file = folder / "forms/feedback_sheet.yaml"
    fields, _mark, _rest = file.read_text("utf-8").partition("\nworkflow:\n")
    file.write_text(fields + PROGRESS, "utf-8")
    main = folder / "pack.yaml"
    text = main.read_text("utf-8").replace("version: 4", "version: 1").partition("\n# Sheets from before")[0]
    main.write_text(text, "utf-8")
    return folder


def test_sheets_from_before_the_workflow_stand_where_they_stood(
    db: Database[Document], pack_folder: Path
) -> None:
    packs.install(as_it_was(pack_folder), ACTOR)
    user = factories.user("clerk", factories.role("clerk", actions=factories.EDITOR_ACTIONS), name="文员")
    actor, live = Actor.of(user), forms.current("feedback_sheet")
    customer = records.create(actor, forms.current("customer"), {"code": "C-1", "name": "甲"})
    product = records.create(
        actor, forms.current("product"), {"code": "P-1", "name": "泵", "model": "W", "line": "pump"}
    )
    raw = {
        "channel": "phone",
        "subject": "漏油",
        "description": "漏油",
        "customer": str(customer["_id"]),
        "product": str(product["_id"]),
        "demands": ["exchange"],
    }
    old = {
        step: records.create(actor, live, {**raw, "progress": step})["_id"]
        for step in ("received", "handling", "closed")
    }
    report = packs.install(NAME, ACTOR)
    assert report.kept == []
    assert forms.current("feedback_sheet").version == 2
    stored = {step: db.record_feedback_sheet.find_one({"_id": one}) or {} for step, one in old.items()}
    assert {step: one["state"] for step, one in stored.items()} == {
        "received": "received",
        "handling": "quality_remedy",
        "closed": "closed",
    }
    assert stored["closed"]["data"]["progress"] == "closed"
    assert stored["closed"]["updated_by"] == user.id
    assert history.of_record("feedback_sheet", old["closed"])[0]["source"] == "pack"
    assert list(checks.check_histories()) == []
    assert db.duties.count_documents({"record": old["handling"], "done_at": None}) == 1
    assert db.duties.count_documents({"record": old["closed"]}) == 0
    before = list(db.record_feedback_sheet.find())
    assert not packs.install(NAME, ACTOR).changed
    assert list(db.record_feedback_sheet.find()) == before


def test_every_procedure_of_a_pack_survives_the_way_out_and_in(
    db: Database[Document], tmp_path: Path
) -> None:
    packs.install(NAME, ACTOR)
    export(NAME, tmp_path / "out.zip")
    again = {form.key: form for form in read_pack(tmp_path / "out.zip").forms}
    for form in read_pack(packs.BUNDLED / NAME).forms:
        assert again[form.key].workflow == form.workflow
        assert again[form.key].clocks == form.clocks
