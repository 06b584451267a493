"""The floors of the house: imports run one way, and an import inside a function says why."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "models": {"models"},
    "tasks": {"tasks", "models"},
    "views": {"views", "tasks", "models"},
    "seed": {"seed", "models"},
    "backoffice": {"backoffice", "views", "tasks", "models", "seed"},
}
FOREIGN_TO_MODELS = {"flask", "flask_admin", "celery", "kombu", "flask_babel"}
MODULES = sorted(path for name in MAY_IMPORT for path in (ROOT / name).rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Yield top-level package, line, and whether the import stands inside a function."""
    tree = ast.parse(path.read_text())
    inner = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name.split(".")[0], node.lineno, id(node) in inner
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0], node.lineno, id(node) in inner


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path: Path) -> None:
    floor = path.relative_to(ROOT).parts[0]
    allowed = MAY_IMPORT[floor]
    wrong = [name for name, _line, _inner in imports(path) if name in MAY_IMPORT and name not in allowed]
    assert wrong == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_an_import_of_ours_inside_a_function_says_why(path: Path) -> None:
    lines = path.read_text().splitlines()
    silent = [
        line
        for name, line, inner in imports(path)
        if inner and name in MAY_IMPORT and not _says_why(lines, line)
    ]
    assert silent == []


def _says_why(lines: list[str], line: int) -> bool:
    """A reason stands behind the import, or as a comment above the block of imports."""
    if re.search(r"# (?!noqa)|# noqa: [A-Z0-9, ]+\(.{10,}", lines[line - 1]):
        return True
    above = next(text for text in reversed(lines[: line - 1]) if "import " not in text)
    return above.strip().startswith("#")


def test_models_know_nothing_of_web_and_workers() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in (ROOT / "models").rglob("*.py")
        for name, line, _inner in imports(path)
        if name in FOREIGN_TO_MODELS
    ]
    assert found == []
