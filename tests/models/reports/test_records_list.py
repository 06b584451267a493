"""The list of the records themselves: every value as it is stored, read in batches."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from models.people import FieldRule, Limit
from models.reports.analyses import records as records_list
from models.reports.results import Row
from models.reports.streams import Stream
from tests import factories
from tests.models.reports.stage import SHANGHAI, Company, money, one_result, report

FIELDS = (
    "@number", "@state", "@owner", "@created_at", "name", "received_at", "opened_on", "customer", "fault",
    "tags", "qty", "cost", "spent", "stars",
)  # fmt: skip


def listed(*fields: str) -> dict[str, Any]:
    return {"kind": "records", "measures": ["count"], "options": {"fields": list(fields)} if fields else {}}


def test_every_record_of_the_period_is_listed_once_in_order(company: Company) -> None:
    company.fill()
    look = company.look(report(listed("@number", "qty", "received_at")), "2026")
    result = one_result(look)
    records = sorted(company.counted(look.period), key=lambda one: (one["data"]["received_at"], one["_id"]))
    assert len(result.rows) == len(records) > 100
    for row, record in zip(result.rows, records, strict=True):
        assert row.record == str(record["_id"])
        assert row.values["@number"] == record["number"]
        assert row.values["qty"] == record["data"].get("qty")
        moment = record["data"]["received_at"].astimezone(SHANGHAI).replace(tzinfo=None)
        assert row.values["received_at"] == moment


def test_a_value_is_what_a_cell_of_its_kind_holds(company: Company) -> None:
    company.add(
        "2026-09-30T15:30:00+00:00",
        system={"state": "closed"},
        opened_on="2026-09-01",
        customer=company.customers[1],
        fault="leak",
        tags=["repeat", "safety"],
        qty=3,
        cost=money("1234.50"),
        spent=5_400,
        stars=4,
    )
    result = one_result(company.look(report(listed(*FIELDS))))
    assert [column.kind for column in result.columns] == [
        "text", "text", "text", "datetime", "text", "datetime", "date", "text", "text", "text", "integer",
        "money", "decimal", "integer",
    ]  # fmt: skip
    [row] = result.rows
    values = dict(row.values)
    assert isinstance(values.pop("@created_at"), datetime)
    assert values.pop("@number").startswith("C-")
    assert values == {
        "@state": "Closed",
        "@owner": "管理员",
        "name": "x",
        "received_at": datetime(2026, 9, 30, 23, 30),  # noqa: DTZ001  (as a cell shows it)
        "opened_on": date(2026, 9, 1),
        "customer": "Plant 1",
        "fault": "Leak",
        "tags": "Repeat, Safety",
        "qty": 3,
        "cost": Decimal("1234.50"),
        "spent": Decimal("1.5"),
        "stars": 4,
    }


def test_an_amount_in_another_currency_says_so(company: Company) -> None:
    company.add("2026-09-10T00:00:00+00:00", cost=money("9.5", "USD"))
    [row] = one_result(company.look(report(listed("cost")))).rows
    assert row.values["cost"] == "USD 9.5"


def test_without_chosen_columns_they_are_those_of_the_list(company: Company) -> None:
    company.add("2026-09-10T00:00:00+00:00")
    result = one_result(company.look(report(listed("gone", "qty"))))
    assert [column.key for column in result.columns] == ["qty"]
    shown = [column.key for column in one_result(company.look(report(listed()))).columns]
    assert shown == ["@number", *company.complaints.definition.list_columns]


def test_rows_are_read_in_batches_and_not_kept(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records_list, "BATCH", 10)
    company.fill()
    result = one_result(company.look(report(listed("@number", "customer")), "2026"))
    rows = iter(result.rows)
    assert next(rows).values["@number"]
    assert sum(1 for _row in rows) == len(result.rows) - 1
    assert [row.record for row in result.rows[5:25]] == [row.record for row in list(result.rows)[5:25]]
    assert result.rows[3].record == list(result.rows)[3].record
    assert result.rows[-1].record == list(result.rows)[-1].record


def test_a_stream_is_a_sequence_that_is_read_as_far_as_it_is_asked_for() -> None:
    read: list[int] = []

    def rows(skip: int) -> Iterator[Row]:
        for at in range(skip, 1_000):
            read.append(at)
            yield Row({"at": at})

    stream = Stream(500, rows)
    assert read == []
    assert len(stream) == 500
    assert [row.values["at"] for row in stream[2:8:3]] == [2, 5]
    assert read == [2, 3, 4, 5]
    assert stream[-1].values["at"] == 499
    assert sum(1 for _row in stream) == 500
    assert stream[700:] == []
    with pytest.raises(IndexError):
        stream[500]


def test_a_masked_value_is_a_mask_here_too(company: Company) -> None:
    company.add("2026-09-10T00:00:00+00:00", part="secret")
    role = factories.role("masked", form="*", actions=["see"])
    role.field_rules = [FieldRule(form="complaint", fields=["part"], limit=Limit.MASKED.value)]
    role.save()
    reader = factories.user("masked", role, department=factories.department())
    [row] = one_result(company.look(report(listed("part")), person=reader)).rows
    assert "secret" not in str(row.values["part"])
    assert row.values["part"]
