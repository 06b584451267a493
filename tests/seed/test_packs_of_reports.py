"""Reports travel with their pack as forms do: checked, installed once, never written over."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pymongo.database import Database

from models import forms
from models.database import Document
from models.errors import InvalidError
from models.people import Actor
from models.reports import dashboards, keeping
from models.reports.dashboards import Tile
from models.reports.parts import ReportDefinition
from seed import packs
from seed.exporting import export
from tests.factories import field

ACTOR = Actor.system()
NAME = "sheets"

pytestmark = pytest.mark.usefixtures("db")


def words(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def report(**changes: Any) -> dict[str, Any]:
    return {
        "key": "monthly",
        "label": words("Monthly"),
        "sources": [{"key": "sheets", "form": "sheet", "date": "received_on"}],
        "measures": [{"key": "count", "label": words("Sheets"), "source": "sheets"}],
        "analyses": [{"key": "figures", "kind": "figures", "label": words("Figures")}],
        "readers": ["clerk"],
        **changes,
    }


def folder_of(path: Path, version: int = 1, main: dict[str, Any] | None = None, **changes: Any) -> Path:
    """Write a pack of one form and one report as a folder; `main` is what else it holds."""
    form = {"key": "sheet", "label": words("Sheet"), "fields": [field("name"), field("received_on", "date")]}
    role = {
        "name": "clerk",
        "label": words("Clerk"),
        "grants": [{"form": "sheet", "actions": ["see", "create"]}],
    }
    whole = {
        "name": NAME, "version": version, "label": words("Sheets"),
        "roles": [role], "forms": ["sheet"], "reports": ["monthly"], **(main or {}),
    }  # fmt: skip
    files = {"pack.yaml": whole, "forms/sheet.yaml": form, "reports/monthly.yaml": report(**changes)}
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return path


def test_a_report_comes_with_its_pack_and_a_second_time_changes_nothing(tmp_path: Path) -> None:
    first = packs.install(folder_of(tmp_path), ACTOR)
    assert ("report", "monthly", "created") in {(one.kind, one.key, one.result) for one in first.outcomes}
    assert keeping.get("monthly").definition.label.zh == "Monthly"
    assert not packs.install(tmp_path, ACTOR).changed
    assert keeping.get("monthly").version == 1


def test_a_newer_pack_makes_a_new_version_of_an_untouched_report(tmp_path: Path) -> None:
    packs.install(folder_of(tmp_path), ACTOR)
    outcome = packs.install(folder_of(tmp_path, 2, label=words("Every month")), ACTOR)
    assert [(one.kind, one.key) for one in outcome.having("updated")] == [("report", "monthly")]
    assert keeping.get("monthly").version == 2
    assert keeping.get("monthly").definition.label.zh == "Every month"
    assert keeping.get("monthly", 1).definition.label.zh == "Monthly"


def test_a_report_changed_here_is_kept_and_reported(tmp_path: Path) -> None:
    packs.install(folder_of(tmp_path), ACTOR)
    mine = keeping.get("monthly").definition.model_copy(update={"form_number": "QF-77"})
    keeping.put(ACTOR, mine, version=1)
    outcome = packs.install(folder_of(tmp_path, 2, label=words("Every month")), ACTOR)
    assert [(one.key, str(one.reason)) for one in outcome.kept] == [("monthly", "It was changed here.")]
    assert keeping.get("monthly").definition == mine


def test_a_report_on_a_form_that_was_changed_here_is_kept_with_its_reason(tmp_path: Path) -> None:
    packs.install(folder_of(tmp_path), ACTOR)
    plain = forms.current("sheet").definition.dump()
    plain["fields"] = [one for one in plain["fields"] if one["key"] != "received_on"]
    plain["fields"].append({**field("came_on", "date")})
    mine = keeping.get("monthly").definition.dump()
    mine["sources"][0]["date"] = "@created_at"
    keeping.put(ACTOR, ReportDefinition.load(mine), version=1)
    saved = forms.save_draft(ACTOR, "sheet", plain, draft_revision=forms.get("sheet").draft_revision)
    forms.publish(ACTOR, "sheet", draft_revision=saved.draft_revision)
    outcome = packs.install(folder_of(tmp_path, 2), ACTOR)
    assert {(one.kind, one.key) for one in outcome.kept} == {("form", "sheet"), ("report", "monthly")}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        (
            {"sources": [{"key": "sheets", "form": "nowhere", "date": "received_on"}]},
            "monthly.sources.sheets.form",
        ),
        (
            {"sources": [{"key": "sheets", "form": "sheet", "date": "name"}]},
            "monthly.sources.sheets.date",
        ),
        (
            {"measures": [{"key": "count", "label": words("n"), "source": "others"}]},
            "monthly.measures.count.source",
        ),
        (
            {"analyses": [{"key": "a", "kind": "magic", "label": words("a")}]},
            "monthly.analyses.a.kind",
        ),
        ({"readers": ["nobody"]}, "monthly.readers"),
        ({"schedules": [{"recipients": {"roles": ["nobody"]}}]}, "monthly.schedules.0"),
        ({"unit": "decade"}, "monthly.unit"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_with_a_report_is_named_and_nothing_is_written(
    db: Database[Document], tmp_path: Path, changes: dict[str, Any], path: str
) -> None:
    folder_of(tmp_path, **changes)
    assert path in [problem.path for problem in packs.check(tmp_path)]
    with pytest.raises(InvalidError):
        packs.install(tmp_path, ACTOR)
    assert db.forms.count_documents({}) == db.report_versions.count_documents({}) == 0


def test_a_file_that_is_missing_or_given_twice_is_named(tmp_path: Path) -> None:
    folder_of(tmp_path)
    main = yaml.safe_load((tmp_path / "pack.yaml").read_text("utf-8"))
    for listed in (["monthly", "yearly"], ["monthly", "monthly"], "monthly"):
        (tmp_path / "pack.yaml").write_text(yaml.safe_dump({**main, "reports": listed}), "utf-8")
        assert packs.check(tmp_path) != []


@pytest.mark.parametrize("suffix", [".zip", ".yaml"])
def test_reports_of_the_pack_and_of_the_company_travel_to_another_installation(
    db: Database[Document], tmp_path: Path, suffix: str
) -> None:
    packs.install(folder_of(tmp_path / "pack"), ACTOR)
    own = ReportDefinition.load(report(key="weekly", unit="week"))
    keeping.put(ACTOR, own, version=0)
    file = tmp_path / f"mine{suffix}"
    assert export(NAME, file).version == 2
    for name in ("packs", "forms", "form_versions", "report_versions", "roles"):
        db[name].delete_many({})
    forms.forget_versions()
    assert packs.check(file) == []
    assert packs.install(file, ACTOR).kept == []
    assert [one.key for one in keeping.every()] == ["monthly", "weekly"]
    assert keeping.get("weekly").definition == own


def test_an_untouched_pack_with_reports_exports_as_it_was(tmp_path: Path) -> None:
    packs.install(folder_of(tmp_path / "pack"), ACTOR)
    assert export(NAME, tmp_path / "same.yaml").version == 1
    assert not packs.install(tmp_path / "same.yaml", ACTOR).changed


TILES = {"dashboards": [{"role": "clerk", "tiles": [{"show": "monthly/figure/count", "width": 2}]}]}


def test_tiles_of_a_start_page_come_with_their_pack_until_they_are_arranged_here(tmp_path: Path) -> None:
    first = packs.install(folder_of(tmp_path, main=TILES), ACTOR)
    assert ("dashboard", "clerk", "created") in {(one.kind, one.key, one.result) for one in first.outcomes}
    assert dashboards.of_role("clerk") == ([Tile("monthly", "figure", "count", 2)], 1)
    assert not packs.install(tmp_path, ACTOR).changed
    more = {"role": "clerk", "tiles": [{"show": "monthly/analysis/figures"}]}
    newer = packs.install(folder_of(tmp_path, 2, main={"dashboards": [more]}), ACTOR)
    assert [(one.kind, one.key) for one in newer.having("updated")] == [("dashboard", "clerk")]
    dashboards.put(ACTOR, "clerk", [], revision=2)
    outcome = packs.install(folder_of(tmp_path, 3, main=TILES), ACTOR)
    assert [(one.kind, str(one.reason)) for one in outcome.kept] == [("dashboard", "It was changed here.")]
    assert dashboards.of_role("clerk") == ([], 3)


@pytest.mark.parametrize(
    ("role", "show"),
    [
        ("nobody", "monthly/figure/count"),
        ("clerk", "monthly/figure/nothing"),
        ("clerk", "weekly/figure/count"),
        ("*", "count"),
    ],
)
def test_a_tile_that_shows_nothing_is_named(tmp_path: Path, role: str, show: str) -> None:
    folder_of(tmp_path, main={"dashboards": [{"role": role, "tiles": [{"show": show}]}]})
    assert [problem.path for problem in packs.check(tmp_path)] == [f"dashboards.{role}"]


def test_tiles_travel_to_another_installation(db: Database[Document], tmp_path: Path) -> None:
    packs.install(folder_of(tmp_path / "pack", main=TILES), ACTOR)
    assert export(NAME, tmp_path / "same.yaml").version == 1
    for name in ("packs", "dashboards"):
        db[name].delete_many({})
    packs.install(tmp_path / "same.yaml", ACTOR)
    assert dashboards.of_role("clerk")[0] == [Tile("monthly", "figure", "count", 2)]
