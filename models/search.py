"""Full-text search that knows Chinese: short tokens stored with the record, found through one index.

Chinese has no spaces, so every pair of neighbouring characters is a token; other writing is cut into words.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from pymongo.collection import Collection

MAX_TEXT = 2000
MAX_TOKENS = 1500
MAX_WORD = 40
MAX_QUERY_TOKENS = 12
RARE = 500
NOTHING: dict[str, Any] = {"_id": {"$in": []}}
_CJK = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_RUNS = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
_IS_CJK = re.compile(rf"[{_CJK}]")


def _runs(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", text[:MAX_TEXT]).casefold()
    return _RUNS.findall(folded)


def _stored_tokens(run: str) -> Iterator[str]:
    """Yield the tokens of a run; the last character by itself, so that it is found like all others."""
    yield from _run_tokens(run)
    if len(run) > 1 and _IS_CJK.match(run):
        yield run[-1]


def _run_tokens(run: str) -> Iterator[str]:
    if not _IS_CJK.match(run):
        yield run[:MAX_WORD]
    elif len(run) == 1:
        yield run
    else:
        yield from (first + second for first, second in pairwise(run))


def tokens(texts: Iterable[str]) -> list[str]:
    """Return the tokens of some texts, each once, in order; of each text the first 2,000 characters."""
    found = dict.fromkeys(token for text in texts for run in _runs(text) for token in _stored_tokens(run))
    return list(found)[:MAX_TOKENS]


def query_filter(query: str, records: Collection[dict[str, Any]]) -> dict[str, Any]:
    """Return the MongoDB filter of the records in which every word of a query is found.

    Of a query without any letter or digit that is none. A single Chinese character, or the last word,
    also matches the beginning of a token. The rarest part leads, so that the index is entered where it is
    narrowest.
    """
    runs = _runs(query)
    if not runs:
        return NOTHING
    parts: list[dict[str, Any]] = []
    for position, run in enumerate(runs):
        parts.extend(_part(token, is_open=_is_open(run, position, runs)) for token in _run_tokens(run))
    unique = list({repr(part): part for part in parts}.values())[:MAX_QUERY_TOKENS]
    if len(unique) > 1:
        unique.sort(key=lambda part: records.count_documents({"search": part["search"]}, limit=RARE))
    return unique[0] if len(unique) == 1 else {"$and": unique}


def narrowed_to(query: str, paths: Sequence[str]) -> dict[str, Any]:
    """Return the filter of the records in which each word of a query stands in one of some texts.

    It looks at the texts themselves, so it belongs beside `query_filter`, which finds them by their tokens:
    for people to whom not every text that made tokens is open.
    """
    words = [{"$regex": re.escape(run), "$options": "i"} for run in dict.fromkeys(_runs(query))]
    return {"$and": [{"$or": [{path: word} for path in paths]} for word in words]} if words else NOTHING


def _is_open(run: str, position: int, runs: list[str]) -> bool:
    if _IS_CJK.match(run):
        return len(run) == 1
    return position == len(runs) - 1


def _part(token: str, *, is_open: bool) -> dict[str, Any]:
    return {"search": {"$regex": f"^{re.escape(token)}"} if is_open else token}
