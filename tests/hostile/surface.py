"""What can be attacked: the parameters that the views read, and the forms that the pages hold."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.routing import Rule

import views.records
from tests.hostile import property_stage
from tests.hostile.stage import Stage, routes
from tests.pages import read

_SOURCES = frozenset({"args", "form", "values", "files", "cookies"})
_FLASK_ADMIN = frozenset({"flt0_name.contains", "flt1_whole.between", "flt2_who.in", "list_form_pk", "query"})


@cache
def _names_in(path: Path) -> frozenset[str]:
    """Return the names of parameters that a module reads from a request, by its source."""
    return frozenset(_names(ast.parse(path.read_text())))


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        asked = (
            [*node.args[:1]] if isinstance(node, ast.Call) and _asks(node.func)
            else [node.slice] if isinstance(node, ast.Subscript) and _is_source(node.value)
            else [node.left] if isinstance(node, ast.Compare) and _is_source(node.comparators[0])
            else []
        )  # fmt: skip
        yield from (
            one.value for one in asked if isinstance(one, ast.Constant) and isinstance(one.value, str)
        )


def _asks(called: ast.expr) -> bool:
    if isinstance(called, ast.Attribute):
        return called.attr in {"get", "getlist", "text", "typed"} and (
            _is_source(called.value) or called.attr in {"text", "typed"}
        )
    return isinstance(called, ast.Name) and called.id in {"text", "typed", "_field", "_number", "_object_id"}


def _is_source(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in _SOURCES


def names_of(app: Flask, rule: Rule) -> list[str]:
    """Return the parameters that stand in the module of a route's view and of those beneath it."""
    if rule.endpoint.startswith("records."):  # its views are found by the form, behind one door
        return sorted(_FLASK_ADMIN.union(*map(_names_in, Path(views.records.__path__[0]).glob("*.py"))))
    view = app.view_functions[rule.endpoint]
    owner = getattr(view, "__self__", None)
    classes = type(owner).__mro__ if owner is not None else ()
    modules = {getattr(view, "__module__", ""), *(one.__module__ for one in classes)}
    paths = {Path(sys.modules[name].__file__ or "") for name in modules if name.startswith("views")}
    return sorted(frozenset[str]().union(*map(_names_in, paths)))


@dataclass(frozen=True)
class Posted:
    """What a browser would send from one form of a page."""

    method: str
    action: str
    sent: MultiDict[str, str]

    @property
    def names(self) -> list[str]:
        """Return what can be filled in or tampered with, the token aside."""
        return [name for name in self.sent if name != "csrf_token"]


def forms_of(app: Flask, client: FlaskClient, stage: Stage) -> list[Posted]:
    """Return the forms of all pages, each kind once."""
    found: dict[tuple[str, str, frozenset[str]], Posted] = {}
    for path in pages(app, stage):
        answer = client.get(path)
        if answer.mimetype != "text/html" or answer.status_code != 200:
            continue
        for form in read(answer.text).all("form"):
            one = Posted(
                form.attributes.get("method", "get").upper(),
                form.attributes.get("action") or path,
                form.sent(),
            )
            found.setdefault((one.method, one.action.partition("?")[0], frozenset(one.names)), one)
    return [one for one in found.values() if one.method in {"GET", "POST"}]  # the rest never leaves the page


def pages(app: Flask, stage: Stage) -> list[str]:
    """Return the address of every page of the stage."""
    found = [stage.path(app, rule) for rule, method in routes(app) if method == "GET"]
    more = [f"/records/sheet/{stage.record['_id']}/move/end", "/records/customers/"]
    return [*found, *more, *property_stage.pages(stage.property)]
