"""Words as people type them, found in what they wrote."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.collection import Collection
from pymongo.database import Database

from models.search import MAX_QUERY_TOKENS, MAX_TOKENS, query_filter, tokens

TEXTS = {
    1: "电子控制单元故障",
    2: "电子",
    3: "刹车片 A4 打印纸",
    4: "QF-202611-0007 Air Bags deployed",
    5: "Straße ÄRGER naïve",
    6: "ＡＢＣ１２３ 全角",
    7: "カメラ モジュール 고장",
    8: "a_b.c-d/e",
    9: "x" * 60,
    10: "𠮷野家",
}


@pytest.fixture
def texts(db: Database[dict[str, Any]]) -> Collection[dict[str, Any]]:
    records = db.record_texts
    records.insert_many([{"_id": number, "search": tokens([text])} for number, text in TEXTS.items()])
    return records


def found(records: Collection[dict[str, Any]], query: str) -> list[int]:
    return sorted(record["_id"] for record in records.find(query_filter(query, records)))


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("电", [1, 2]), ("障", [1]), ("纸", [3]), ("元", [1]), ("电子", [1, 2]), ("控制单元", [1]),
        ("电子控制单元故障", [1]),
        ("子电", []), ("打印 刹车", [3]), ("纸 A4", [3]), ("a4打印纸", [3]), ("a4", [3]),
        ("air bag", [4]), ("AIR BAGS", [4]), ("bags air", [4]), ("ai bags", []), ("QF-202611-0007", [4]),
        ("qf-2026", [4]), ("0007", [4]), ("000", [4]), ("007", []), ("strasse", [5]), ("ärger", [5]),
        ("NAÏVE", [5]),
        ("abc123", [6]), ("ABC", [6]), ("全", [6]), ("角", [6]), ("カメラ", [7]), ("고장", [7]), ("ラ", [7]),
        ("a b", [8]), ("b.c", [8]), ("x" * 60, [9]), ("x" * 500, [9]), ("𠮷", [10]), ("𠮷野", [10]),
        ("家", [10]),
        ("电子 nothing", []), ("  电子\t", [1, 2]),
    ],
)  # fmt: skip
def test_words_are_found(texts: Collection[dict[str, Any]], query: str, ids: list[int]) -> None:
    assert found(texts, query) == ids


@pytest.mark.parametrize(
    "query", ["(a+)+$", ".*", "^", "\\", "[", "$where", '{"$gt": ""}', "a|b", "\0", "电\0子", "\ud800", "😀"]
)
def test_signs_are_no_patterns(texts: Collection[dict[str, Any]], query: str) -> None:
    assert len(found(texts, query)) < len(TEXTS)


@pytest.mark.parametrize("query", ["", "   ", "!!!", "-", "😀", "\0", "\ud800", "___"])
def test_a_query_without_a_letter_finds_nothing(texts: Collection[dict[str, Any]], query: str) -> None:
    assert found(texts, query) == []


def test_a_long_query_is_cut_to_so_many_words(texts: Collection[dict[str, Any]]) -> None:
    asked = query_filter("电子" * 5000 + " word" * 5000, texts)
    assert len(asked["$and"]) <= MAX_QUERY_TOKENS
    assert found(texts, "电子控制单元故障" * 3) == []


def test_the_rarest_word_leads(db: Database[dict[str, Any]]) -> None:
    records = db.record_texts
    records.insert_many([{"search": ["common", *(["rare"] if number == 3 else [])]} for number in range(50)])
    leading, *_others = query_filter("common rare common", records)["$and"]
    assert leading["search"] in ("rare", {"$regex": "^rare"})


def test_long_texts_are_indexed_up_to_their_limit() -> None:
    assert len(tokens([f"w{number}" for number in range(5000)])) == MAX_TOKENS
    assert len(tokens(["字" * 100_000])) <= 2
    assert tokens(["", " ", "!?", "\ud800\0"]) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text("电子控制单元 aB1-_", max_size=12), data=st.data())
def test_any_piece_of_chinese_is_found_in_its_text(
    db: Database[dict[str, Any]], text: str, data: st.DataObject
) -> None:
    records = db.record_piece
    records.delete_many({})
    records.insert_one({"_id": 1, "search": tokens([text])})
    start = data.draw(st.integers(0, len(text)))
    piece = text[start : data.draw(st.integers(start, len(text)))]
    chinese = "".join(sign for sign in piece if sign in "电子控制单元")
    if chinese and chinese in text:
        assert found(records, chinese) == [1]
    if text.split() and not set(text) <= set(" -_"):
        assert found(records, text) == [1]
