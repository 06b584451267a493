"""List pages and searches: whole requests, ours against the stock view of the same collection."""

from collections.abc import Iterator
from functools import partial
from typing import Final
from urllib.parse import quote

from backoffice.bench import stock
from backoffice.bench.ground import Ground, got
from backoffice.bench.measuring import Result, in_turns
from models import queries
from models.people import Action, Department, Grant, Role, Scope, User
from models.queries import ListQuery
from seed.generate import COMMON_EVERY, COMMON_WORD, RARE_EVERY, RARE_PHRASE

FIRST_PAGE: Final = 0.4
DEEP_PAGE: Final = 1.5
SEARCH: Final = 0.05
SCOPED: Final = 1.3
SEARCH_ROUNDS: Final = 5
MEMBER: Final = "bench_member"
STEP: Final = queries.MAX_PAGE_SIZE


def first_page(ground: Ground) -> Iterator[Result]:
    """Measure the first page of 50 rows."""
    ours, theirs = in_turns(
        partial(got, ground.ours, ground.address), partial(got, ground.stock, stock.ADDRESS)
    )
    yield Result("list", "list page, 50 rows", ours * 1e3, theirs * 1e3, FIRST_PAGE)


def deep_page(ground: Ground) -> Iterator[Result]:
    """Measure the page in the middle of all records, reached by "next", against the first page."""
    row = ground.records // 2
    deep = f"{ground.address}?cursor={cursor_at(ground, row)}"
    skipped = f"{stock.ADDRESS}?page={row // 50}"
    ours, first, theirs = in_turns(
        partial(got, ground.ours, deep),
        partial(got, ground.ours, ground.address),
        partial(got, ground.stock, skipped),
    )
    yield Result("deep", f"row {row:,} by next / first page", ours * 1e3, first * 1e3, DEEP_PAGE)
    yield Result("deep", f"row {row:,} / stock's skip", ours * 1e3, theirs * 1e3)


def cursor_at(ground: Ground, row: int) -> str:
    """Return the cursor of the page that begins after `row` records, by turning the pages before it."""
    cursor = ""
    while row > 0:
        size = min(row, STEP)
        cursor = queries.page(ground.person, ground.form, ListQuery(page_size=size, cursor=cursor)).next
        row -= size
    return cursor


def scoped_page(ground: Ground) -> Iterator[Result]:
    """Measure the first page for somebody who sees one department's records, against the administrator's."""
    first, *_others = Department.objects
    departments = [one.id for one in Department.objects]
    picked = {"$toInt": {"$floor": {"$multiply": [{"$rand": {}}, len(departments)]}}}
    given = {"department": {"$arrayElemAt": [departments, picked]}}
    ground.form.records().update_many({"department": None}, [{"$set": given}])
    own = ground.browser_of(_member(ground.form.key, first))
    scoped, whole = in_turns(partial(got, own, ground.address), partial(got, ground.ours, ground.address))
    yield Result("scoped", "list page of one department / of all", scoped * 1e3, whole * 1e3, SCOPED)


def _member(form: str, department: Department) -> User:
    """Return somebody to whom a role opens what their department has."""
    actions = [action.value for action in Action]
    grant = Grant(form=form, actions=actions, scope=Scope.DEPARTMENT.value)
    role = Role.objects(name=MEMBER).first() or Role(name=MEMBER, grants=[grant]).save()
    known = User.objects(username=MEMBER).first()
    return known or User(username=MEMBER, name="部门成员", roles=[role], department=department).save()


def search(ground: Ground) -> Iterator[Result]:
    """Measure the search for a word that every tenth record has, and for a rare phrase."""
    for word, every in ((COMMON_WORD, COMMON_EVERY), (RARE_PHRASE, RARE_EVERY)):
        asked = f"?search={quote(word)}"
        ours, theirs = in_turns(
            partial(got, ground.ours, ground.address + asked),
            partial(got, ground.stock, stock.ADDRESS + asked),
            rounds=SEARCH_ROUNDS,
        )
        hits = ground.records // every
        yield Result("search", f"search {word}, {hits:,} hits", ours * 1e3, theirs * 1e3, SEARCH)
