"""Texts with gaps that administrators write: what they may name, and how they are filled in.

A template is text with known names in `{{ … }}` and simple conditions; where its kind has tables, also one
repetition for the rows of each. Everything else that Jinja can do is refused by its syntax tree before it is
compiled: calls, calculations, repetitions within repetitions. So a template cannot reach the program, and
what comes of it is bounded. The sandbox beneath is the second fence.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from functools import lru_cache
from typing import Any, Final

from jinja2 import Environment, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from models.messages import Message, _

_FILTERS: Final = frozenset(
    {"capitalize", "d", "default", "e", "escape", "length", "lower", "title", "trim", "truncate", "upper"}
)
_ALLOWED: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr,
    nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Filter, nodes.Concat,
)  # fmt: skip
_LOOP: Final = "loop"
_OF_LOOP: Final = frozenset({"first", "index", "last", "length"})


class Thing:
    """What a template names and whose parts it may name too; alone it is its own name."""

    __slots__ = ("_name", "_part")

    def __init__(self, name: str, part: Callable[[str], object]) -> None:
        """Take its name, and what gives a part by its name."""
        self._name, self._part = name, part

    def __str__(self) -> str:
        return self._name

    def __bool__(self) -> bool:
        return bool(self._name)

    def __len__(self) -> int:
        return len(self._name)

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other)

    def __hash__(self) -> int:
        return hash(self._name)

    def __getattr__(self, name: str) -> object:
        return self._part(name)


@dataclass(frozen=True)
class Names:
    """What a template may name.

    Attributes:
        texts: plain texts.
        things: of which parts can be named, any, because only a record tells which there are.
        tables: the columns of each table; those that are things are True.
    """

    texts: Collection[str]
    things: Collection[str] = ()
    tables: Mapping[str, Mapping[str, bool]] = attribute(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.texts or name in self.things or name in self.tables


class Sandbox:
    """Checks and fills in the templates of one kind; a `tidy` one leaves no line behind for a condition."""

    def __init__(self, *, tidy: bool = False) -> None:
        self._environment = ImmutableSandboxedEnvironment(
            autoescape=False, keep_trailing_newline=False, trim_blocks=tidy, lstrip_blocks=tidy
        )

    def problem(self, source: str, names: Names, longest: int) -> Message | None:
        """Say why a text is no template that could be filled in; nothing is what it should be."""
        if len(source) > longest:
            return _("At most %(max)s characters.", max=longest)
        try:
            tree = self._environment.parse(source)
            problem = next(_refusals(tree, names), None)
            if problem is None:
                _compiled(self._environment, source).render(_sample(names))
        except TemplateError as error:
            return _("This is not a template: %(detail)s", detail=str(error.message or "")[:200])
        except (SyntaxError, TypeError, ValueError, RecursionError, MemoryError):
            return _("This template is too deep or its numbers are too large.")
        return problem

    def names_in(self, source: str) -> set[str]:
        """Return what a template names, with parts as `thing.part` and columns as `table.column`."""
        try:
            return set(_paths(self._environment.parse(source), {}))
        except (TemplateError, SyntaxError, ValueError, RecursionError, MemoryError):
            return set()  # it is no template, which is told elsewhere

    def fill(self, source: str, values: Mapping[str, Any], longest: int) -> str:
        """Return a sound template filled in, and cut off where it gets too long."""
        pieces: list[str] = []
        left = longest
        for piece in _compiled(self._environment, source).generate(values):
            pieces.append(piece[:left])
            left -= len(piece)
            if left <= 0:
                break
        return "".join(pieces)


@lru_cache(maxsize=400)
def _compiled(environment: Environment, source: str) -> Template:
    return environment.from_string(source)


def _sample(names: Names) -> dict[str, Any]:
    """Return a text for everything, with which a template is tried."""
    values: dict[str, Any] = dict.fromkeys(names.texts, "x")
    values |= {name: Thing("x", lambda _part: "x") for name in names.things}
    return values | {name: [Thing("x", lambda _part: "x")] for name in names.tables}


# -- what is refused -----------------------------------------------------------------------------------------


def _refusals(node: nodes.Node, names: Names, row: str = "", table: str = "") -> Iterator[Message]:
    """Yield what a template may not do, in the order of its text; `row` stands for a row of `table`."""
    if isinstance(node, nodes.For) and not row:
        yield from _repetition(node, names)
        return
    if isinstance(node, nodes.Getattr):
        yield from _part(node, names, row, table)
        return
    yield from _refused(node, names, row)
    for child in node.iter_child_nodes():
        yield from _refusals(child, names, row, table)


def _refused(node: nodes.Node, names: Names, row: str) -> Iterator[Message]:
    if isinstance(node, nodes.Name) and node.name not in names:
        if node.name in {row, _LOOP} and row:
            yield _("Say which column of “%(name)s” is meant.", name=node.name)
        else:
            yield _("There is no “%(name)s”. The names are listed beside the text.", name=node.name)
    elif isinstance(node, nodes.Filter) and node.name not in _FILTERS:
        yield _("The filter “%(name)s” cannot be used here.", name=node.name)
    elif not isinstance(node, _ALLOWED):
        yield _REFUSED.get(type(node), _("Only names and conditions can be used here."))


def _repetition(node: nodes.For, names: Names) -> Iterator[Message]:
    table = node.iter.name if isinstance(node.iter, nodes.Name) else ""
    plain = isinstance(node.target, nodes.Name) and not (node.test or node.recursive)
    if table not in names.tables or not plain:
        yield _REFUSED[nodes.For]
        return
    for child in (*node.body, *node.else_):
        yield from _refusals(child, names, node.target.name, table)  # type: ignore[attr-defined]


def _part(node: nodes.Getattr, names: Names, row: str, table: str) -> Iterator[Message]:
    path = _path_of(node)
    if not _has_part(path, names, row, table):
        yield _("“.%(name)s”: a name has no parts that could be used here.", name=node.attr)


def _has_part(path: tuple[str, ...], names: Names, row: str, table: str) -> bool:
    """Tell whether there is such a part: `thing.part`, `row.column`, `row.thing.part`, `loop.index`."""
    if any(name.startswith("_") for name in path):
        return False
    match path:
        case (first, part) if row and first == row:
            return part in names.tables[table]
        case (first, column, _part) if row and first == row:
            return names.tables[table].get(column, False)
        case ("loop", part) if row:
            return part in _OF_LOOP
        case (first, _part):
            return first in names.things
    return False


def _path_of(node: nodes.Node) -> tuple[str, ...]:
    """Return the names of a chain such as `row.item.name`; nothing for what is no such chain."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        before = _path_of(node.node)
        return (*before, node.attr) if before else ()
    return ()


def _paths(node: nodes.Node, rows: Mapping[str, str]) -> Iterable[str]:
    if isinstance(node, nodes.For) and isinstance(node.iter, nodes.Name):
        rows = {**rows, getattr(node.target, "name", ""): node.iter.name}
        yield node.iter.name
        for child in (*node.body, *node.else_):
            yield from _paths(child, rows)
        return
    if path := _path_of(node):
        yield ".".join((rows.get(path[0], path[0]), *path[1:]))
        return
    for child in node.iter_child_nodes():
        yield from _paths(child, rows)


_REFUSED: Final[dict[type[nodes.Node], Message]] = {
    nodes.Call: _("Functions cannot be called here."),
    nodes.For: _("Repetitions cannot be used here."),
    nodes.Getitem: _("Brackets cannot be used here."),
    nodes.Mul: _("Calculations cannot be used here."),
    nodes.Pow: _("Calculations cannot be used here."),
    nodes.Add: _("Calculations cannot be used here."),
    nodes.Mod: _("Calculations cannot be used here."),
}
