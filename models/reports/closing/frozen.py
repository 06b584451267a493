"""Results as they are kept: a head with columns, charts and words, and the rows in a file of their own.

What is read back is what was frozen, value by value, so that the same workbook is written again from it.
"""

import gzip
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from bson import ObjectId

from models import files
from models.database import Document
from models.messages import translate
from models.reports.results import Chart, Column, Result, Row, Series
from models.reports.streams import Stream

MAX_BYTES: Final = 1024**3
EVERY: Final = 500
_TAGS: Final[Mapping[str, Callable[[str], Any]]] = {
    "decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
}


def _tagged(value: Any) -> Any:  # noqa: ANN401  (any value of a table)
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    return {"date": value.isoformat()} if isinstance(value, date) else value


def _untagged(value: Any) -> Any:  # noqa: ANN401  (any value of a table)
    if isinstance(value, dict):
        [(tag, text)] = value.items()
        return _TAGS[tag](text)
    return value


def keep(
    result: Result, language: str, owner: ObjectId | None, tick: Callable[[], None] = lambda: None
) -> Document:
    """Keep a result; return its head. The file waits for the transaction that claims it.

    `tick` is called now and then.
    """

    def said(words: Any) -> str:  # noqa: ANN401  (words of a result)
        return translate(words, language)

    numbers = _Numbers(result)
    with tempfile.TemporaryFile() as file:
        # no name and no time inside, so that the same rows are the same bytes
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
            count = 0
            for row in result.rows:
                packed.write((json.dumps(_kept(row, said), ensure_ascii=False) + "\n").encode())
                numbers.add(row)
                if count % EVERY == 0:
                    tick()
                count += 1
        file.seek(0)
        kept = files.store(file, f"{result.key}.jsonl.gz", owner, purpose=files.MADE, max_bytes=MAX_BYTES)
    return {
        "key": result.key,
        "title": said(result.title),
        "columns": [
            {**vars(one), "label": said(one.label), "meaning": said(one.meaning)} for one in result.columns
        ],
        "charts": [
            {**vars(one), "title": said(one.title), "series": [vars(series) for series in one.series]}
            for one in result.charts
        ],
        "formula": said(result.formula),
        "notes": [said(one) for one in result.notes],
        "facts": json.dumps({name: _tagged(value) for name, value in result.facts.items()}),
        "as_form": result.as_form,
        "total": json.dumps(_kept(result.total, said)) if result.total else "",
        "rows": kept,
        "count": count,
        "numbers": numbers.digest,
    }


class _Numbers:
    """What a result says in every language: which rows it has, and whatever in them is no text."""

    def __init__(self, result: Result) -> None:
        """Begin; rows are added as they are read, lists read them but once."""
        self._whole = hashlib.sha256(f"{result.key} {[one.key for one in result.columns]}\n".encode())
        if result.total:
            self.add(result.total)

    def add(self, row: Row) -> None:
        """Add a row."""
        values = {key: _tagged(value) for key, value in row.values.items() if _is_number(value)}
        self._whole.update(json.dumps([row.record, row.flags, values], sort_keys=True).encode())

    @property
    def digest(self) -> str:
        """The SHA-256 of them."""
        return self._whole.hexdigest()


def _kept(row: Row, said: Callable[[Any], str]) -> Document:
    """Return a row as JSON holds it."""
    return {
        "values": {
            key: _tagged(value if _is_plain(value) else said(value)) for key, value in row.values.items()
        },
        "source": row.source,
        "where": row.where,
        "flags": list(row.flags),
        "decimals": row.decimals,
        "record": row.record,
    }


def _row(kept: Mapping[str, Any]) -> Row:
    values = {key: _untagged(value) for key, value in kept["values"].items()}
    return Row(**{**kept, "values": values, "flags": tuple(kept["flags"])})


def _is_plain(value: Any) -> bool:  # noqa: ANN401  (any value of a table)
    return value is None or isinstance(value, str | int | float | Decimal | date)


def _is_number(value: Any) -> bool:  # noqa: ANN401  (any value of a table)
    return isinstance(value, int | float | Decimal | date)


def load(head: Mapping[str, Any]) -> Result:
    """Return a result as it was kept; its rows are read when they are asked for."""
    return Result(
        head["key"],
        head["title"],
        tuple(Column(**one) for one in head["columns"]),
        Stream(head["count"], lambda skip: islice(_rows(head["rows"]), skip, None)),
        tuple(
            Chart(**{**one, "series": tuple(Series(**series) for series in one["series"])})
            for one in head["charts"]
        ),
        head["formula"],
        list(head["notes"]),
        facts={name: _untagged(value) for name, value in json.loads(head["facts"]).items()},
        as_form=head["as_form"],
        total=_row(json.loads(head["total"])) if head["total"] else None,
    )


def _rows(file_id: ObjectId) -> Iterator[Row]:
    with (
        files.open_file(file_id) as stored,
        gzip.open(stored, "rt", encoding="utf-8") as lines,
    ):
        for line in lines:
            yield _row(json.loads(line))
