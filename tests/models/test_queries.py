"""Lists: every record on exactly one page, whatever it is sorted by, and an index behind each of them."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from bson import Decimal128, ObjectId
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from models import forms, queries, records
from models.database import Document
from models.errors import DomainError, ForbiddenError, NotFoundError
from models.forms import LiveForm
from models.people import User
from models.queries import Count, ListQuery
from models.search import tokens
from tests import every_type, factories
from tests.factories import field

Store = Database[dict[str, Any]]
OPTIONS = [{"key": key, "label": {"zh": key}} for key in "abc"]
FIELDS = [
    field("t", indexed=True), field("i", "integer", indexed=True), field("m", "money", indexed=True),
    field("d", "decimal"),
    field("on", "date"), field("at", "datetime"), field("c", "choice", options=OPTIONS), field("yes",
    "boolean"),
    field("stars", "rating"), field("dur", "duration"), field("mc", "multi_choice", options=OPTIONS),
    field("sum", "computed", formula="i + 1", result="integer"),
]  # fmt: skip
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
VALUES: dict[str, list[Any]] = {
    "t": ["", "A", "a", "ab", "中", "中文", "\U0001f600"],
    "i": [-(2**63), -1, 0, 1, 2**31, 2**63 - 1],
    "d": [Decimal128(text) for text in ("-1.5", "0", "0.00", "1.0", "1.00", "99999999999999999999.5")],
    "m": [
        {"amount": Decimal128(text), "currency": code}
        for text, code in (("1", "CNY"), ("1.00", "USD"), ("2", "CNY"))
    ],
    "on": ["1900-01-01", "2026-01-01", "2026-01-02"],
    "at": [MOMENT + timedelta(milliseconds=ms) for ms in (0, 1, 1000)],
    "c": ["a", "b", "c"],
    "yes": [True, False],
    "stars": [1, 5],
    "dur": [0, 60, 10**9],
    "sum": [0, 1],
}
SORTS = [
    *VALUES,
    "created_at",
    "updated_at",
    "number",
    "title",
    "owner",
    "department",
    "state",
    "mc",
    "nope",
    "",
]


@pytest.fixture
def live(db: Store) -> LiveForm:
    return factories.form(*FIELDS)


@pytest.fixture
def person(live: LiveForm) -> User:
    return factories.reader()


def put(live: LiveForm, data: list[Document], **fields: object) -> list[ObjectId]:
    made: list[Document] = [
        {
            "_id": ObjectId(), "number": None, "title": "", "form_version": 1, "state": None, "revision": 1,
            "department": None, "owner": None, "created_at": MOMENT, "updated_at": MOMENT, "deleted_at": None,
            "data": values, "search": [], **fields,
        }
        for values in data
    ]  # fmt: skip
    if made:
        live.records().insert_many(made)
    return [one["_id"] for one in made]


def walk(person: User, live: LiveForm, query: ListQuery, cursor: str = "") -> Iterator[queries.Page]:
    for _page in range(200):
        page = queries.page(person, live, replace(query, cursor=cursor))
        yield page
        if not page.next:
            return
        cursor = page.next
    pytest.fail("the list has no end")


def walk_back(person: User, live: LiveForm, query: ListQuery, cursor: str) -> Iterator[queries.Page]:
    while cursor:
        page = queries.page(person, live, replace(query, cursor=cursor))
        yield page
        cursor = page.previous


def ids(pages: list[queries.Page]) -> list[ObjectId]:
    return [record["_id"] for page in pages for record in page.records]


some_data = st.fixed_dictionaries(
    {}, optional={key: st.sampled_from(values) for key, values in VALUES.items()}
)
some_query = st.builds(
    ListQuery, sort=st.sampled_from(SORTS), descending=st.booleans(), page_size=st.integers(1, 5)
)
property_test = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@property_test
@given(data=st.lists(some_data, max_size=14), query=some_query)
def test_paging_shows_every_record_once_in_both_directions(
    live: LiveForm, person: User, data: list[Document], query: ListQuery
) -> None:
    live.records().delete_many({})
    made = put(live, data)
    forward = list(walk(person, live, query))
    shown = ids(forward)
    assert sorted(shown) == sorted(made)
    path = queries.sort_path(live.definition, query.sort)
    expected = live.records().find({}).sort(queries.order(path, descending=query.descending))
    assert shown == [record["_id"] for record in expected]
    assert forward[0].previous == ""
    back = list(walk_back(person, live, query, forward[-1].previous))
    assert ids(back[::-1]) == shown[: len(shown) - len(forward[-1].records)]
    assert all(page.next for page in back)


@property_test
@given(data=st.data(), query=some_query)
def test_records_that_stay_are_seen_once_though_others_come_and_go(
    live: LiveForm, person: User, data: st.DataObject, query: ListQuery
) -> None:
    live.records().delete_many({})
    made = put(live, data.draw(st.lists(some_data, min_size=4, max_size=12)))
    seen, cursor, touched = [], "", set[ObjectId]()
    while True:
        page = queries.page(person, live, replace(query, cursor=cursor))
        if cursor and page.previous == "":  # nothing was left behind the cursor: it began anew
            break
        seen += ids([page])
        gone = data.draw(st.lists(st.sampled_from(made), max_size=2))
        live.records().delete_many({"_id": {"$in": gone}})
        new = put(live, data.draw(st.lists(some_data, max_size=1)))
        touched |= {*gone, *new}
        cursor = page.next
        if not cursor:
            break
    assert [one for one in seen if one not in touched] == list(
        dict.fromkeys(one for one in seen if one not in touched)
    )
    assert set(made) - touched <= set(seen)


@pytest.mark.parametrize("sort", ["", "i", "t"])
def test_the_way_back_from_a_page_that_vanished_leads_to_the_first_one(
    live: LiveForm, person: User, sort: str
) -> None:
    made = put(live, [{"i": n, "t": str(n)} for n in range(9)])
    query = ListQuery(sort=sort, descending=False, page_size=3)
    first, second, _third = walk(person, live, query)
    live.records().delete_many({"_id": {"$in": made[6:]}})
    assert ids([queries.page(person, live, replace(query, cursor=second.next))]) == ids([first])
    live.records().delete_many({"_id": {"$in": made[:3]}})
    assert ids([queries.page(person, live, replace(query, cursor=second.previous))]) == ids([second])


def encoded(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


def forged(value: object, path: str = "data.i", record: object = None) -> str:
    return encoded(path, value, record or OID, 0)


OID = {"$oid": "0" * 24}


@pytest.mark.parametrize(
    "cursor",
    [
        "x", "-1", "1" * 20, "%00", "\0", "\ud800", "=", "====", "e30", "W10", "null", "a" * 10**6, "é中",
        encoded(), encoded(1), encoded("data.i", 1, "oid"), forged({"$gt": ""}), forged({"$minKey": 1}),
        forged([1]),
        forged({"$regularExpression": {"pattern": "(a+)+$", "options": ""}}), forged(2**70), forged("\ud800"),
        forged({"$date": {"$numberLong": str(2**62)}}), forged({"$numberDecimal": "x"}),
        forged({"$code": "1"}),
        forged(1, record="0" * 24), forged(1, record={"$oid": "x"}), forged(2, "data.t"),
        forged({"$binary": {"base64": "AA==", "subType": "00"}}), "W" * 19_000,
        base64.urlsafe_b64encode(b"[" * 9000).decode(),
    ],
)  # fmt: skip
def test_a_cursor_that_cannot_be_read_gives_the_first_page(live: LiveForm, person: User, cursor: str) -> None:
    made = put(live, [{"i": n} for n in range(4)])
    page = queries.page(person, live, ListQuery(sort="i", descending=False, page_size=2, cursor=cursor))
    assert ids([page]) == made[:2]


@pytest.mark.parametrize(
    ("asked", "given"), [(0, 1), (-1, 1), (-(10**20), 1), (10**20, 200), (201, 200), (50, 50)]
)
def test_a_page_has_one_to_two_hundred_rows(live: LiveForm, person: User, asked: int, given: int) -> None:
    put(live, [{}] * 250)
    assert len(queries.page(person, live, ListQuery(page_size=asked)).records) == given


def test_filter_and_search_hold_together(live: LiveForm, person: User) -> None:
    wanted, *_others = (
        put(live, [{"i": n}], search=tokens([text]))[0]
        for text, n in (("电子故障", 1), ("电子故障", 2), ("机械", 1), ("", 1))
    )
    query = ListQuery(where={"field": "i", "op": "eq", "value": 1}, search="电子")
    assert ids([queries.page(person, live, query)]) == [wanted]
    assert queries.count(person, live, query) == Count(1)
    assert queries.exact_count(person, live, query) == 1


def test_a_filter_that_no_longer_fits_the_form_is_refused_kindly(live: LiveForm, person: User) -> None:
    with pytest.raises(DomainError):
        queries.page(person, live, ListQuery(where={"field": "gone", "op": "eq", "value": 1}))
    with pytest.raises(DomainError):
        queries.count(person, live, ListQuery(where={"$where": "sleep(1000)"}))


def test_the_bin_shows_only_what_was_deleted_and_only_to_who_may_restore(
    live: LiveForm, person: User
) -> None:
    kept, gone = put(live, [{}, {}])
    records.delete(factories.actor(), live, gone, revision=1, reason="x")
    assert ids([queries.page(person, live, ListQuery())]) == [kept]
    assert ids([queries.page(factories.editor(), live, ListQuery(deleted=True))]) == [gone]
    assert queries.count(factories.editor(), live, ListQuery(deleted=True)) == Count(1)
    for ask in (queries.page, queries.count, queries.exact_count, queries.list_filter):
        with pytest.raises(ForbiddenError):
            ask(person, live, ListQuery(deleted=True))
        with pytest.raises(NotFoundError):
            ask(factories.stranger(), live, ListQuery())


def test_counts_leave_out_the_bin_and_stop_at_the_cap(
    live: LiveForm, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert queries.count(person, live, ListQuery()) == Count(0)
    put(live, [{"i": 1}] * 30)
    put(live, [{"i": 1}] * 5, deleted_at=MOMENT)
    filtered = ListQuery(where={"field": "i", "op": "eq", "value": 1})
    assert queries.count(person, live, ListQuery()) == queries.count(person, live, filtered) == Count(30)
    monkeypatch.setattr(queries, "COUNT_CAP", 10)
    assert queries.count(person, live, ListQuery()) == Count(30)  # known without counting
    assert queries.count(person, live, filtered) == Count(10, exact=False)
    put(live, [{"i": 1}] * 20, deleted_at=MOMENT)
    assert queries.count(person, live, ListQuery()) == Count(30)
    assert queries.exact_count(person, live, filtered) == 30
    put(live, [{"i": 2}] * 3)
    put(live, [{"i": 2}] * 30, deleted_at=MOMENT)
    assert queries.count(person, live, ListQuery(where={"field": "i", "op": "eq", "value": 2})) == Count(3)


def test_a_filtered_list_is_counted_by_the_index_of_its_field(db: Database[Document], person: User) -> None:
    live = factories.form(field("name"), field("kind", indexed=True, filterable=True), key="counted")
    put(live, [{"kind": "gauge"}] * 30)
    put(live, [{"kind": "mould"}] * 30)
    db.command("profile", 2)
    try:
        filtered = ListQuery(where={"field": "kind", "op": "eq", "value": "gauge"})
        assert queries.count(person, live, filtered) == Count(30)
    finally:
        db.command("profile", 0)
    about = {"ns": {"$regex": live.collection}, "docsExamined": {"$gt": 0}}
    assert db["system.profile"].count_documents(about) == 0


def test_a_saved_list_comes_back_as_it_was() -> None:
    query = ListQuery({"all": []}, "电", "i", descending=False, columns=("i", "t"), deleted=True)
    assert ListQuery.load(query.dump()) == query
    assert ListQuery.load({}) == ListQuery()


def test_only_asked_for_columns_are_read(live: LiveForm, person: User) -> None:
    put(live, [{"i": 1, "t": "x"}])
    [found] = queries.page(person, live, ListQuery(columns=("i", "created_at", "$where", "nope"))).records
    assert found["data"] == {"i": 1}
    assert set(found) == {"_id", "number", "title", "revision", "form_version", "state", "created_at", "data"}


def plan(live: LiveForm, person: User, query: ListQuery) -> tuple[list[str], Document]:
    """Return the stages of the winning plan, and what running it took."""
    path = queries.sort_path(live.definition, query.sort)
    found = (
        live.records()
        .find(queries.page_filter(person, live, query))
        .sort(queries.order(path, descending=query.descending))
    )
    explained = found.limit(query.page_size + 1).explain()
    stages: list[str] = []
    waiting = [explained["queryPlanner"]["winningPlan"]]
    while waiting:
        stage = waiting.pop()
        stages.append(stage.get("stage", ""))
        waiting += [stage[key] for key in ("inputStage", "queryPlan") if key in stage] + stage.get(
            "inputStages", []
        )
    return stages, explained["executionStats"]


@pytest.fixture
def many(live: LiveForm) -> LiveForm:
    data = [
        {"i": n % 50, "t": f"t{n % 7}", "m": {"amount": Decimal128(str(n % 30)), "currency": "CNY"}}
        for n in range(2000)
    ]
    for n in range(0, 2000, 5):
        del data[n]["i"]
    put(live, data[:1000], search=["common"], number="a")
    put(live, data[1000:], search=["common", "also"], number="b")
    put(live, [{}] * 20, search=["common", "rare"], number="c")
    return live


@pytest.mark.parametrize("descending", [True, False])
def test_a_page_at_any_depth_reads_little_more_than_its_rows(
    many: LiveForm, person: User, *, descending: bool
) -> None:
    for sort in ("", "i", "t", "m", "number", "created_at", "owner", "title"):
        query = ListQuery(sort=sort, descending=descending, page_size=50)
        for depth, page in enumerate(walk(person, many, query)):
            if depth in {0, 1, 20, 38}:
                stages, took = plan(many, person, replace(query, cursor=page.next))
                assert {"SORT", "COLLSCAN"}.isdisjoint(stages)
                assert took["totalDocsExamined"] <= 110
                assert took["totalKeysExamined"] <= 300


@pytest.mark.parametrize(
    ("words", "docs"), [("common rare", 60), ("rare common", 60), ("rare", 60), ("common", 60), ("com", 2500)]
)
def test_a_search_is_entered_where_it_is_narrowest(
    many: LiveForm, person: User, words: str, docs: int
) -> None:
    stages, took = plan(many, person, ListQuery(search=words, page_size=50))
    assert "COLLSCAN" not in stages
    assert took["totalDocsExamined"] <= docs


def test_a_search_for_two_common_words_does_not_sort_them_all(many: LiveForm, person: User) -> None:
    stages, took = plan(many, person, ListQuery(search="common also", page_size=50))
    assert "SORT" not in stages or took["totalDocsExamined"] < 100


def test_the_bin_is_found_through_its_index(many: LiveForm) -> None:
    put(many, [{}] * 5, deleted_at=MOMENT)
    stages, took = plan(many, factories.editor(), ListQuery(deleted=True))
    assert "IXSCAN" in stages
    assert took["totalDocsExamined"] == 5


def test_what_is_looked_for_everywhere_stays_within_what_a_person_sees(db: Store) -> None:
    mine, other = (
        factories.form(field("name", searchable=True)),
        factories.form(field("name", searchable=True), key="other"),
    )
    for live in (mine, other):
        factories.record(live, name="电子")
    reader = factories.reader("sheet")
    [(found, [record])] = queries.find_everywhere(reader, [mine], "电子", 5)
    assert (found.key, record["title"]) == ("sheet", "电子")
    with pytest.raises(NotFoundError):
        list(queries.find_everywhere(reader, [mine, other], "电子", 5))


def test_records_that_refer_to_a_record_are_found(db: Store) -> None:
    live, person = every_type.form(), factories.editor()
    made = every_type.record(live, person)
    customers = forms.current("customer")
    [(found, [record])] = queries.linked_to(
        person, [live, customers], customers, {"_id": made["data"]["others"][1]}, 5
    )
    assert (found.key, record["_id"]) == ("sheet", made["_id"])
    assert list(queries.linked_to(person, [live], customers, {"_id": ObjectId()}, 5)) == []


def test_a_picker_offers_the_newest_that_match(live: LiveForm, person: User) -> None:
    made = [put(live, [{}], title=f"a{n}", search=tokens([f"a{n} 电子"]))[0] for n in range(5)]
    assert [one["_id"] for one in queries.options(person, live, "电子", 2)] == made[:2:-1]
    assert [one["_id"] for one in queries.options(person, live, "", 2, offset=-5)] == made[:2:-1]
    assert [one["_id"] for one in queries.options(person, live, "a1", 9)] == [made[1]]
    assert all(
        newer > older for newer, older in pairwise(one["_id"] for one in queries.options(person, live, "", 9))
    )
