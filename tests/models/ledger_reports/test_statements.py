"""Yearly statements: they add up, agree with a reckoning of their own, and are read back from paper."""

import io
import random
import zipfile
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from bson import Decimal128, ObjectId

from models import records
from models.database import Document, db
from models.errors import DomainError, ForbiddenError, InvalidError
from models.ledger import desk
from models.ledger.stock import Stock
from models.ledger_reports import running, statements
from models.ledger_reports.accounts import GAINS, LOSSES, Year, account
from models.ledger_reports.asked import Asked
from models.ledger_reports.base import Reading
from models.people import Action, FieldRule, Grant, Role, User
from models.times import set_clock
from tests import factories
from tests.models.ledger_reports.conftest import ZONE, Company
from tests.models.ledger_reports.reading import ask, content, made

NEW_YEAR = datetime(2025, 12, 31, 16, 0, tzinfo=UTC)
"""Midnight in Shanghai, with which 2026 begins."""


def reading(
    company: Company, year: int, customer: Document | None = None, person: User | None = None
) -> Reading:
    asked = Asked("statements", customer=customer["_id"] if customer else None, year=year)
    return Reading(person or company.admin, company.things, asked, "en")


def moved(company: Company, item: Document, kind: str, quantity: str, at: datetime) -> None:
    with set_clock(at):
        desk.move(
            company.actor, company.admin, company.things, item["_id"], kind,
            quantity=Decimal(quantity), note="because", place="Shelf 2",
        )  # fmt: skip


def line(found: statements.Statement, name: str) -> dict[str, Any]:
    [one] = [line for line in found.lines if line.name == name]
    flows = {str(flow): pieces for flow, pieces in one.account.flows.items() if pieces}
    return {"opening": one.account.opening, "closing": one.account.closing, **flows}


# -- one account -----------------------------------------------------------------------------------------


def test_a_year_begins_with_what_the_last_one_left(company: Company) -> None:
    client = company.client("East")
    item = company.thing("Gauge", client, NEW_YEAR - timedelta(days=30), quantity="10")
    moved(company, item, "give_back", "2", NEW_YEAR - timedelta(milliseconds=1))
    moved(company, item, "use_up", "1", NEW_YEAR)
    moved(company, item, "lose", "3", NEW_YEAR + timedelta(days=40))
    moved(company, item, "find", "1", NEW_YEAR + timedelta(days=50))
    moved(company, item, "damage", "2", NEW_YEAR + timedelta(days=60))
    moved(company, item, "dispose", "1", NEW_YEAR + timedelta(days=70))
    with set_clock(NEW_YEAR + timedelta(days=400)):
        first = statements.statement(reading(company, 2025, client))
        second = statements.statement(reading(company, 2026, client))
    assert line(first, "Gauge") == {"opening": 0, "arrived": 10, "returned": 2, "closing": 8}
    assert line(second, "Gauge") == {
        "opening": 8, "found": 1, "used": 1, "lost": 3, "disposed": 1, "closing": 4,
    }  # fmt: skip
    [account_of_2026] = [one.account for one in second.lines]
    assert account_of_2026.damaged == Decimal(2)
    assert account_of_2026.adds_up


def test_what_was_undone_stands_as_a_correction(company: Company) -> None:
    client = company.client("East")
    item = company.thing("Gauge", client, NEW_YEAR + timedelta(days=1))
    moved(company, item, "give_back", "2", NEW_YEAR + timedelta(days=2))
    movement = db().property_movements.find_one({"kind": "give_back"})
    assert movement
    desk.undo(company.actor, company.admin, company.things, movement, reason="wrong item")
    found = statements.statement(reading(company, 2026, client))
    assert line(found, "Gauge") == {"opening": 0, "arrived": 5, "returned": 2, "corrected": 2, "closing": 5}


def test_what_arrived_on_another_day_than_was_said_stands_in_the_year_in_which_it_came(
    company: Company,
) -> None:
    client = company.client("East")
    item = company.thing("Gauge", client, NEW_YEAR + timedelta(days=1), arrived_on="2026-01-01")
    with set_clock(NEW_YEAR + timedelta(days=400)):
        records.update(
            company.actor, company.things, item["_id"], {"arrived_on": "2025-12-30"},
            revision=item["revision"], partial=True,
        )  # fmt: skip
        first = statements.statement(reading(company, 2025, client))
        second = statements.statement(reading(company, 2026, client))
    assert line(first, "Gauge") == {"opening": 0, "arrived": 5, "closing": 5}
    assert line(second, "Gauge") == {"opening": 5, "closing": 5}


def test_pieces_and_kilograms_are_summed_apart(company: Company) -> None:
    client = company.client("East")
    company.thing("Gauge", client, NEW_YEAR + timedelta(days=1))
    company.thing("Plate", client, NEW_YEAR + timedelta(days=1), quantity="2")
    company.thing("Oil", client, NEW_YEAR + timedelta(days=1), quantity="2.5", unit="kg")
    totals = statements.statement(reading(company, 2026, client)).totals
    assert {unit: one.closing for unit, one in totals.items()} == {"piece": 7, "kg": Decimal("2.5")}


def test_a_statement_says_where_everything_was_at_the_end_of_the_year(company: Company) -> None:
    client, lab = company.client("East"), factories.department("LAB", "实验室", "Laboratory")
    borrower = factories.user("lin", name="林工", department=lab)
    item = company.thing("Gauge", client, NEW_YEAR - timedelta(days=40), place="A-3")
    slip = company.lend(item, "2", borrower, at=NEW_YEAR - timedelta(days=20))
    with set_clock(NEW_YEAR + timedelta(days=5)):
        company.take_back(slip, "2")
        [then] = statements.statement(reading(company, 2025, client)).lines
        [now] = statements.statement(reading(company, 2026, client)).lines
    assert then.places == ("Lent · Laboratory · 林工: 2", "Quality · A-3: 3")
    assert now.places == ("Quality · A-3: 5",)


def test_there_are_statements_from_the_year_of_the_first_movement_on(company: Company) -> None:
    assert statements.years(reading(company, 2026)) == []
    company.thing("Gauge", company.client("East"), NEW_YEAR - timedelta(days=400))
    with set_clock(NEW_YEAR + timedelta(days=5)):
        assert statements.years(reading(company, 2026)) == [2026, 2025, 2024]


def test_items_of_which_nothing_is_to_be_told_are_left_out(company: Company) -> None:
    client = company.client("East")
    item = company.thing("Gauge", client, NEW_YEAR - timedelta(days=30), quantity="1")
    moved(company, item, "give_back", "1", NEW_YEAR - timedelta(days=1))
    assert statements.statement(reading(company, 2026, client)).lines == []
    assert statements.statement(reading(company, 2026, company.client("West"))).lines == []


# -- against a reckoning of its own ------------------------------------------------------------------------

SPOTS = ("kept", "lent", "damaged", "repair", "lost", "used", "disposed", "returned", None)
KINDS = ("arrival", "borrow", "return", "damage", "lose", "find", "repair", "give_back", "use_up", "dispose",
         "surplus", "shortage", "correction")  # fmt: skip


def random_movements(chance: random.Random, count: int) -> list[Document]:
    """Movements that may make no sense at all: what adds up must add up whatever they are."""
    return [
        {
            "kind": chance.choice(KINDS),
            "quantity": Decimal128(Decimal(chance.randint(1, 40)) / 8),
            "from": _spot(chance),
            "to": _spot(chance),
            "at": NEW_YEAR + timedelta(days=chance.randint(-400, 400), seconds=chance.randint(-1, 1)),
        }
        for _number in range(count)
    ]


def _spot(chance: random.Random) -> Document | None:
    kind = chance.choice(SPOTS)
    return {"kind": kind, "place": chance.choice(("", "A", "B"))} if kind else None


def reckoned(movements: list[Document]) -> dict[str, Decimal]:
    """Count the year 2026 in Shanghai in plain Python, each question by itself."""
    inside = {"kept", "lent", "damaged", "repair"}

    def change(one: Document) -> Decimal:
        quantity = one["quantity"].to_decimal()
        gained = quantity if one["to"] and one["to"]["kind"] in inside else Decimal(0)
        gone = quantity if one["from"] and one["from"]["kind"] in inside else Decimal(0)
        return gained - gone

    def year_of(one: Document) -> int:
        return int(one["at"].astimezone(ZONE).year)

    def summed(wanted: Callable[[Document], bool]) -> Decimal:
        return sum((change(one) for one in movements if wanted(one)), Decimal(0))

    named = {
        "arrived": {"arrival"},
        "found": {"find", "surplus"},
        "returned": {"give_back"},
        "used": {"use_up"},
        "lost": {"lose", "shortage"},
        "disposed": {"dispose"},
    }
    known = {kind for kinds in named.values() for kind in kinds}
    flows = {
        flow: summed(lambda one, kinds=kinds: year_of(one) == 2026 and one["kind"] in kinds)  # type: ignore[misc]
        for flow, kinds in named.items()
    }
    flows["corrected"] = summed(lambda one: year_of(one) == 2026 and one["kind"] not in known)
    signed = {flow: -pieces if flow in LOSSES else pieces for flow, pieces in flows.items()}
    opening = summed(lambda one: year_of(one) < 2026)
    return {"opening": opening, "closing": summed(lambda one: year_of(one) <= 2026), **signed}


@pytest.mark.parametrize("seed", range(200))
def test_every_account_adds_up_and_agrees_with_a_plain_reckoning(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  (no secret)
    movements = random_movements(chance, chance.randint(0, 60))
    found = account(movements, Year(2026, ZONE, NEW_YEAR + timedelta(days=900)))
    assert found.adds_up
    told = {str(flow): pieces for flow, pieces in found.flows.items()}
    wanted = reckoned(movements)
    assert {flow: told.get(flow, Decimal(0)) for flow in wanted.keys() - {"opening", "closing"}} == {
        flow: pieces for flow, pieces in wanted.items() if flow not in {"opening", "closing"}
    }
    assert (found.opening, found.closing) == (wanted["opening"], wanted["closing"])
    assert sum(found.places.values()) == found.closing


def test_the_present_year_ends_with_what_the_stock_says(company: Company) -> None:
    chance = random.Random(5)  # noqa: S311  (no secret)
    client = company.client("East")
    at = NEW_YEAR - timedelta(days=100)
    items = [company.thing(f"T{number}", client, at, quantity="9") for number in range(4)]
    for step in range(60):
        item = chance.choice(items)
        kind = chance.choice(
            ["relocate", "use_up", "damage", "lose", "find", "repair", "repaired", "give_back"]
        )
        try:
            moved(company, item, kind, str(chance.randint(1, 2)), at + timedelta(days=3 * step))
        except InvalidError:
            continue
    with set_clock(at + timedelta(days=200)):
        found = statements.statement(reading(company, 2026, client))
    inside = defaultdict[str, Decimal](Decimal)
    for item in items:
        stored = company.stored(item["_id"])
        inside[stored["title"]] = Stock.load(stored["stock"]).inside
    assert {one.name: one.account.closing for one in found.lines} == {
        name: pieces for name, pieces in inside.items() if pieces or name in {one.name for one in found.lines}
    }
    assert all(one.account.adds_up for one in found.lines)


# -- as files ----------------------------------------------------------------------------------------------


def sheet_of(data: bytes) -> list[list[Any]]:
    [sheet] = openpyxl.load_workbook(io.BytesIO(data)).worksheets
    return [[cell.value for cell in row] for row in sheet]


@pytest.fixture
def years(company: Company) -> dict[str, Document]:
    """Two customers with something that came in 2025 and went in 2026."""
    east, west = company.client("East"), company.client("West / Süd")
    gauge = company.thing("=Gauge", east, NEW_YEAR - timedelta(days=30), quantity="10")
    company.thing("Oil", east, NEW_YEAR + timedelta(days=3), quantity="2.5", unit="kg")
    company.thing("Plate", west, NEW_YEAR + timedelta(days=3))
    company.thing("Nobody's", None, NEW_YEAR + timedelta(days=3))
    moved(company, gauge, "give_back", "4", NEW_YEAR + timedelta(days=40))
    return {"east": east, "west": west, "gauge": gauge}


def test_a_statement_is_a_sheet_that_both_sides_sign(company: Company, years: dict[str, Document]) -> None:
    job = ask(company.things, company.admin, "statements", year=2026, customer=years["east"]["_id"])
    with set_clock(NEW_YEAR + timedelta(days=400)):
        running.run(job)
    rows = sheet_of(content(job))
    assert made(job).file_name == "2026 Yearly statement of customer property East.xlsx"
    assert rows[0][0] == "Example Works"
    assert rows[1][0] == "2026 Yearly statement of customer property"
    assert rows[2][0] == "Customer: East    Ledger: Test sheet    Period: 2026-01-01 to 2026-12-31"
    assert rows[3] == [
        "No.", "Number", "Item name", "Unit", "Opening", "Arrived", "Found again", "Corrections",
        "Returned to the customer", "Used up", "Lost", "Disposed of", "Closing", "Damaged in the year",
        "Where it is at the end",
    ]  # fmt: skip
    assert [row[2:14] for row in rows[4:6]] == [
        ["=Gauge", "piece", 10, 0, 0, 0, 4, 0, 0, 0, 6, 0],
        ["Oil", "kg", 0, 2.5, 0, 0, 0, 0, 0, 0, 2.5, 0],
    ]
    assert rows[4][1].startswith("=HYPERLINK(")
    assert [row[2:5] for row in rows[6:8]] == [["Total", "kg", 0], ["Total", "piece", 10]]
    said = [row[0] for row in rows[8:] if row[0]]
    assert said[-5:] == ["Both sides confirm this statement, except for the following differences:", "For us",
                         "Name:", "Date:", "Signature and stamp:"]  # fmt: skip


def test_all_customers_come_as_a_workbook_each_with_an_overview(
    company: Company, years: dict[str, Document]
) -> None:
    job = ask(company.things, company.admin, "statements", year=2026)
    running.run(job)
    with zipfile.ZipFile(io.BytesIO(content(job))) as archive:
        assert sorted(archive.namelist()) == ["2026 0 Overview.xlsx", "2026 East.xlsx", "2026 West Süd.xlsx"]
        overview = sheet_of(archive.read("2026 0 Overview.xlsx"))
        plate = sheet_of(archive.read("2026 West Süd.xlsx"))[4]
    assert [row[:3] + row[10:11] for row in overview[1:]] == [
        ["(without a customer)", "piece", 0, 5],
        ["East", "kg", 0, 2.5],
        ["East", "piece", 10, 6],
        ["West / Süd", "piece", 0, 5],
    ]
    assert plate[2:6] == ["Plate", "piece", 0, 5]
    assert made(job).file_name.endswith(".zip")


def test_a_customer_without_items_gets_a_sheet_that_says_so(
    company: Company, years: dict[str, Document]
) -> None:
    nobody = company.client("North")
    job = ask(company.things, company.admin, "statements", year=2026, customer=nobody["_id"])
    running.run(job)
    assert "Nothing of this customer was here in this year." in [row[0] for row in sheet_of(content(job))]


# -- rights ------------------------------------------------------------------------------------------------


def clerk(*rules: FieldRule) -> User:
    actions = [Action.SEE.value, Action.EXPORT.value]
    role = Role(name="clerk", grants=[Grant(form="thing", actions=actions)], field_rules=list(rules)).save()
    return factories.user("clerk", role, department=factories.department())


def test_who_may_not_see_customers_gets_no_statement(company: Company, years: dict[str, Document]) -> None:
    reader = clerk(FieldRule(form="thing", fields=["customer"], limit="masked"))
    with pytest.raises(ForbiddenError):
        statements.require_customers(reading(company, 2026, years["east"], reader))
    job = ask(company.things, reader, "statements", year=2026, customer=years["east"]["_id"])
    with pytest.raises(DomainError):
        running.run(job)


def test_holders_and_places_that_are_closed_stand_in_no_statement(
    company: Company, years: dict[str, Document]
) -> None:
    reader = clerk(FieldRule(form="thing", fields=["kept_by"], limit="hidden"))
    [gauge, _oil] = statements.statement(reading(company, 2026, years["east"], reader)).lines
    assert gauge.places == ("Kept: 6",)


def test_items_whose_quantity_is_closed_in_some_state_are_counted_as_left_out(
    company: Company, years: dict[str, Document]
) -> None:
    company.things.records().update_one({"_id": years["gauge"]["_id"]}, {"$set": {"state": "kept"}})
    reader = clerk(FieldRule(form="thing", fields=["available"], limit="hidden", states=["kept"]))
    found = statements.statement(reading(company, 2026, years["east"], reader))
    assert ([one.name for one in found.lines], found.withheld) == (["Oil"], 1)


def test_an_unknown_customer_has_an_empty_statement(company: Company, years: dict[str, Document]) -> None:
    found = statements.statement(reading(company, 2026, {"_id": ObjectId()}))
    assert (found.lines, found.totals) == ([], {})


def test_gains_and_losses_are_all_there_is() -> None:
    assert len({*GAINS, *LOSSES}) == 7
