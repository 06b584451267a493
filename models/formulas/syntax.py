"""Reads a formula's text: a small part of Python's expressions is let through, and all of it is bounded."""

import ast
import re
import unicodedata
from decimal import Decimal

from models.errors import ValueProblem
from models.messages import _
from models.storable import storable

MAX_LENGTH = 2000
MAX_NODES = 200
MAX_DEPTH = 100
MAX_DIGITS = 28

_STRINGS = re.compile(r"\"[^\"]*\"|'[^']*'")
_ODD_NUMBER = re.compile(r"(?<![\w.])[0-9][\w.]*[A-Za-z_]|(?<![\w.])\.[0-9]+[A-Za-z_]")
_NUMBER = re.compile(r"[0-9]*\.?[0-9]*")

_EXPRESSIONS = (
    ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Compare, ast.IfExp, ast.Call, ast.Name, ast.Constant,
)  # fmt: skip
_OPERATORS = (
    ast.And, ast.Or, ast.Not, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.USub, ast.UAdd,
    ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Load,
)  # fmt: skip
_CONDITION_PARTS = 3


def parse(text: str) -> ast.expr:
    """Return the expression with exact decimals for its numbers. Raises ValueProblem.

    Nothing but arithmetic, comparisons, and/or/not, `a if b else c`, calls by name, names, numbers and texts
    passes; `if_(a, b, c)` becomes `b if a else c`.
    """
    if not text.strip():
        raise ValueProblem(_("Enter a formula."))
    if len(text) > MAX_LENGTH:
        raise ValueProblem(_("At most %(max)s characters.", max=MAX_LENGTH))
    source = unicodedata.normalize("NFC", re.sub(r"\s", " ", text)).strip()
    _refuse_oddities(source)
    try:
        tree = ast.parse(source, mode="eval").body
    except SyntaxError as error:
        raise ValueProblem(
            _("The formula cannot be read near character %(position)s.", position=error.offset or 1)
        ) from None
    except (ValueError, RecursionError, MemoryError):
        raise ValueProblem(_("The formula cannot be read.")) from None
    _refuse_large(tree)
    for node in ast.walk(tree):
        _refuse_foreign(node)
        if isinstance(node, ast.Constant):
            _make_exact(node, source)
    checked: ast.expr = _Conditions().visit(tree)
    return checked


def _refuse_oddities(source: str) -> None:
    """Refuse what Python would read with a warning, or as a number that people do not write."""
    outside = _STRINGS.sub('""', source)
    if "\\" in source or "#" in outside:
        raise ValueProblem(_("A formula cannot have a backslash or a comment."))
    if _ODD_NUMBER.search(outside):
        raise ValueProblem(_("Write numbers with digits and one point, such as 1200.50."))


def _refuse_large(tree: ast.expr) -> None:
    waiting: list[tuple[ast.AST, int]] = [(tree, 1)]
    seen = 0
    while waiting:
        node, depth = waiting.pop()
        if not isinstance(node, ast.expr):  # an operator, or what is refused as foreign next
            continue
        seen += 1
        if seen > MAX_NODES or depth > MAX_DEPTH:
            raise ValueProblem(_("The formula is too long: it has more than %(max)s parts.", max=MAX_NODES))
        waiting.extend((child, depth + 1) for child in ast.iter_child_nodes(node))


def _refuse_foreign(node: ast.AST) -> None:
    if isinstance(node, ast.Call):
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise ValueProblem(_("Write a function as its name and values, such as round(price, 2)."))
    elif not isinstance(node, _EXPRESSIONS + _OPERATORS):
        raise ValueProblem(
            _(
                "A formula cannot have “%(name)s”. Use + - * /, comparisons and functions.",
                name=_name_of(node),
            )
        )


def _name_of(node: ast.AST) -> str:
    known = {
        ast.Pow: "**", ast.Mod: "%", ast.FloorDiv: "//", ast.MatMult: "@", ast.In: "in", ast.NotIn: "not in",
        ast.Is: "is", ast.IsNot: "is not", ast.Attribute: ".", ast.Subscript: "[ ]", ast.List: "[ ]",
        ast.Tuple: ",", ast.Dict: "{ }", ast.Set: "{ }", ast.Lambda: "lambda", ast.JoinedStr: 'f""',
        ast.NamedExpr: ":=", ast.Starred: "*", ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|",
        ast.BitXor: "^", ast.BitAnd: "&", ast.Invert: "~",
    }  # fmt: skip
    return known.get(type(node), type(node).__name__)


def _make_exact(node: ast.Constant, source: str) -> None:
    """Replace a number by the decimal its digits say, so that 0.1 is a tenth."""
    if node.value is None or isinstance(node.value, bool):
        return
    if isinstance(node.value, str):
        if not storable(node.value):
            raise ValueProblem(_("The text contains characters that cannot be stored."))
        return
    digits = ast.get_source_segment(source, node) or ""
    if not isinstance(node.value, int | float) or not _NUMBER.fullmatch(digits):
        raise ValueProblem(_("Write numbers with digits and one point, such as 1200.50."))
    if len(digits.replace(".", "")) > MAX_DIGITS:
        raise ValueProblem(_("A number in a formula has at most %(max)s digits.", max=MAX_DIGITS))
    node.value = Decimal(digits)  # type: ignore[assignment]  # the evaluator hands it on as it is


class _Conditions(ast.NodeTransformer):
    """Turns `if_(condition, yes, no)` into a conditional expression, so that there is one kind of it."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if not isinstance(node.func, ast.Name) or node.func.id != "if_":
            return node
        if len(node.args) != _CONDITION_PARTS:
            raise ValueProblem(_("“%(name)s” takes %(count)s values.", name="if_", count=_CONDITION_PARTS))
        test, body, orelse = node.args
        return ast.copy_location(ast.IfExp(test=test, body=body, orelse=orelse), node)
