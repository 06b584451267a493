"""Browser libraries come with the package build, quickly and with clear words."""

import json
import shutil
from pathlib import Path

import pytest

from backoffice import build_vendor

ROOT = Path(__file__).parents[2]
SVG = '<svg xmlns="http://www.w3.org/2000/svg" class="bi" viewBox="0 0 16 16"><path d="M1 2h3"/></svg>'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of what the build reads, without anything it made."""
    (tmp_path / "backoffice" / "static").mkdir(parents=True)
    for name in ("package.json", "package-lock.json", "backoffice/icons.txt", "backoffice/build_vendor.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_lock_file_pins_every_library_and_names_no_registry() -> None:
    text = (ROOT / "package-lock.json").read_text()
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    locked = json.loads(text)["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert all(part["integrity"].startswith("sha512-") for name, part in locked.items() if name)
    assert "resolved" not in text


def test_sprite_holds_the_named_icons_and_nothing_else(tmp_path: Path) -> None:
    for name in ("bell", "house"):
        (tmp_path / f"{name}.svg").write_text(SVG)
    sprite = build_vendor._sprite(tmp_path, ["bell"]).decode()
    assert '<symbol id="bell" viewBox="0 0 16 16"><path d="M1 2h3" /></symbol>' in sprite
    assert "house" not in sprite


def test_unknown_icon_is_named_with_the_file_to_mend(tmp_path: Path) -> None:
    with pytest.raises(build_vendor.VendorError, match=r"icons\.txt names 'unicorn'"):
        build_vendor._sprite(tmp_path, ["unicorn"])


def test_unreachable_registry_says_what_to_check(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("registry", "http://127.0.0.1:9/"),
        ("cache", str(project / "cache")),
        ("fetch_retries", "0"),
    ):
        monkeypatch.setenv(f"npm_config_{name}", value)
    with pytest.raises(build_vendor.VendorError, match="reaches an npm registry") as caught:
        build_vendor.bring_libraries(project)
    assert "ECONNREFUSED" in str(caught.value)
    assert not (project / "backoffice" / "static" / "vendor").exists()


def test_second_build_runs_nothing_until_the_lock_changes(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installs = []
    names = (project / "backoffice" / "icons.txt").read_text().split()

    def install(_root: Path, folder: Path) -> Path:
        installs.append(folder)
        for name in (*build_vendor.FILES, *(f"bootstrap-icons/icons/{icon}.svg" for icon in names)):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(SVG)
        return folder

    monkeypatch.setattr(build_vendor, "_install", install)
    build_vendor.bring_libraries(project)
    build_vendor.bring_libraries(project)
    assert len(installs) == 1
    (project / "package-lock.json").write_text("{}")
    build_vendor.bring_libraries(project)
    assert len(installs) == 2


def test_machine_without_npm_gets_it_as_a_build_requirement(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = build_vendor.VendorBuildHook(str(project), {}, None, None, str(project), "wheel")  # type: ignore[arg-type]
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert hook.dependencies() == [build_vendor.NODE_PACKAGE]
    monkeypatch.setattr(shutil, "which", lambda _name: "/usr/bin/npm")
    assert hook.dependencies() == []


def test_machine_without_npm_needs_none_when_nothing_changed(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = build_vendor.VendorBuildHook(str(project), {}, None, None, str(project), "wheel")  # type: ignore[arg-type]
    target = project / "backoffice" / "static" / "vendor"
    target.mkdir()
    for name in (*build_vendor.FILES.values(), "icons.svg"):
        (target / name).parent.mkdir(exist_ok=True)
        (target / name).touch()
    (target / "stamp.json").write_text(json.dumps(build_vendor._stamp(project)))
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert hook.dependencies() == []


def test_texts_are_compiled_once_per_change(tmp_path: Path) -> None:
    source = tmp_path / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"
    source.parent.mkdir(parents=True)
    header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    source.write_text(f'{header}msgid "Save"\nmsgstr "保存"\n')
    build_vendor.compile_texts(tmp_path)
    compiled = source.with_suffix(".mo")
    assert "保存".encode() in compiled.read_bytes()
    before = compiled.stat().st_mtime_ns
    build_vendor.compile_texts(tmp_path)
    assert compiled.stat().st_mtime_ns == before
