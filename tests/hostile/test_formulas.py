"""Formulas that hang or reach objects, and patterns that explode, sent to the designer."""

import time
from typing import Any

import pytest
from flask.testing import FlaskClient

from models.forms import LiveForm
from tests import factories
from tests.factories import field
from tests.hostile.unchanged import unchanged
from tests.web import csrf_token, sign_in

pytestmark = pytest.mark.usefixtures("db")

SECONDS = 5.0
FORMULAS = (
    "9**9**9", "9**9**9**9**9", "2 << 99999999", "'a' * 999999999", "a * 'x'", "10.0 ** 999999",
    "().__class__", "().__class__.__bases__[0].__subclasses__()", "a.__class__", "round.__globals__",
    "f.__globals__", "__import__('os').system('id')", "eval('1')", "exec('1')", "open('/etc/passwd')",
    "getattr(a, 'x')", "lambda: 1", "(lambda: 1)()", "[x for x in range(10**9)]", "{x: 1 for x in a}",
    "f'{a.__class__}'", "f'{a:>999999999}'", "'%999999999d' % 1", "a[0]", "a['x']", "*a", "**a", "a := 1",
    "yield", "await a", "import os", "a; a", "a\n\nb", "1 if a else", "sum(a", "", " ", "\0", "\ud800",
    "None()",
    "True.__class__", "1j", "1_000", "0x10", "...", "a @ a", "a // 0", "a % 0", "~a", "a is None", "a in a",
    "(" * 1000 + "a" + ")" * 1000, "-" * 1500 + "1", "not " * 400 + "a", "+".join(["1"] * 10**6),
    "a+" * 999 + "a", "if_(" * 300 + "a" + ",1,1)" * 300, "max(" * 400 + "1" + ",1)" * 400,
    "concat(" + ",".join(["'" + "x" * 90 + "'"] * 18) + ")", "9" * 1999, "1e999999999", "1" + "0" * 1500,
    "ａ.__class__", "__builtins__", "_", "__class__", "a.b.c.d",
)  # fmt: skip
PATTERNS = ("(a+)+$", "(a|aa)+$", "^(.*a){25}$", "(x+x+)+y", "([a-zA-Z]+)*$", "(?:a?){60}a{60}", "^(a|a?)+$")
REFUSED = (
    "(?=a)*b",
    r"(a)\1",
    "(?<=a)b",
    "[",
    "(",
    "a{99999}",
    "(?P<x>",
    "*",
    "((a{1000}){1000}){1000}",
    "\0",
)


def definition(*fields: dict[str, Any]) -> dict[str, Any]:
    chosen = [field("name"), field("a", "integer"), *fields]
    return {"key": "sheet", "label": {"zh": "表", "en": "Sheet"}, "title_fields": ["name"], "fields": chosen}


@pytest.fixture
def designer(client: FlaskClient) -> FlaskClient:
    sign_in(client, factories.administrator())
    factories.form(field("name"), field("a", "integer"))
    return client


def check(designer: FlaskClient, document: dict[str, Any]) -> tuple[int, list[Any]]:
    headers = {"X-CSRFToken": csrf_token(designer)}
    answer = designer.post("/configure/forms/sheet/check", json={"definition": document}, headers=headers)
    found = answer.get_json() or {}
    return answer.status_code, found.get("problems") or found.get("errors") or found.get("error") or []


def test_no_formula_hangs_or_reaches_further(designer: FlaskClient) -> None:
    with unchanged():
        for formula in FORMULAS:
            begun = time.monotonic()
            status, problems = check(
                designer, definition(field("f", "computed", formula=formula, result="decimal"))
            )
            assert status in {200, 422}, formula[:60]
            assert problems, formula[:60]
            assert time.monotonic() - begun < SECONDS, formula[:60]


def test_a_formula_that_is_let_through_is_reckoned_at_once(designer: FlaskClient) -> None:
    """As large as the rules allow: two hundred parts, each as large as it may become."""
    texts = ["*".join(["a"] * 100), "concat(" + ",".join(["name"] * 20) + ")", "+".join(["a*a*a"] * 33)]
    texts += ["round(a, 999999999)", "round(a, -999999999)"]
    results = ["decimal", "text", "decimal", "decimal", "decimal"]
    computed = [
        field(f"f{at}", "computed", formula=text, result=results[at]) for at, text in enumerate(texts)
    ]
    live = factories.form(field("name"), field("a", "integer"), *computed, key="large")
    begun = time.monotonic()
    record = factories.record(live, name="x" * 2000, a=2**62)
    assert time.monotonic() - begun < SECONDS
    assert len(str(record)) < 50_000


def test_no_pattern_explodes(designer: FlaskClient) -> None:
    for at, pattern in enumerate(PATTERNS):
        live: LiveForm = factories.form(field("name", pattern=pattern), key=f"form_{at}")
        begun = time.monotonic()
        token = csrf_token(designer)
        path = f"/records/{live.key}/new"
        with unchanged():
            answer = designer.post(path, data={"csrf_token": token, "name": "a" * 1500 + "!"})
        assert answer.status_code == 422, pattern
        assert time.monotonic() - begun < SECONDS, pattern


def test_a_pattern_that_needs_more_than_linear_time_is_refused(designer: FlaskClient) -> None:
    with unchanged():
        for pattern in REFUSED:
            begun = time.monotonic()
            status, problems = check(designer, definition(field("b", pattern=pattern)))
            assert status in {200, 422}, pattern
            assert problems, pattern
            assert time.monotonic() - begun < SECONDS, pattern


def test_what_people_search_for_is_no_pattern(designer: FlaskClient) -> None:
    live = factories.form(field("name", searchable=True, filterable=True), key="found")
    factories.record(live, name="a" * 1500 + "!")
    begun = time.monotonic()
    with unchanged():
        for words in (*PATTERNS[:3], *REFUSED):
            for query in ({"search": words}, {"flt0_name.contains": words}, {"flt0_name.eq": words}):
                answer = designer.get("/records/found/", query_string=query)
                assert answer.status_code == (200 if "\0" not in words else 404), query
    assert time.monotonic() - begun < 4 * SECONDS
