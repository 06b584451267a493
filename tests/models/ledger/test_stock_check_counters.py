"""Several people count one check at once, and what is left of a check when its time is over."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from bson import ObjectId

from models import forms, times
from models.database import Document, db
from models.errors import DomainError, InvalidError
from models.forms import LiveForm
from models.ledger.stock_check import counting, lines
from models.ledger.stock_check.check import Check
from models.ledger.stock_check.checking import check_stock_checks
from models.ledger.stock_check.counting import Count
from models.people import Actor, Grant, Role, User
from tests import factories
from tests.ledger_forms import ledger_form
from tests.models.retention import shelves
from tests.stock_check_forms import begun, check_form, lines_of, now_stored, run_jobs, shelf, step

COUNTERS, ITEMS = 6, 24


@pytest.fixture
def things(admin: User) -> LiveForm:
    assert admin
    return ledger_form()


@pytest.fixture
def checks(things: LiveForm) -> LiveForm:
    assert things
    return check_form()


def test_many_count_at_once_and_every_number_is_right(
    things: LiveForm, checks: LiveForm, admin: User
) -> None:
    shelf(things, admin, ITEMS)
    check = begun(checks, admin)
    drawn = [line["_id"] for line in lines_of(check)]
    work = [(line, Decimal(counter % 2 + 4)) for counter in range(COUNTERS) for line in drawn[counter:]]

    def count(one: tuple[ObjectId, Decimal]) -> None:
        counting.count(Actor.of(admin), admin, check["_id"], one[0], Count(one[1]))

    with ThreadPoolExecutor(COUNTERS) as pool:
        list(pool.map(count, work))
    found = now_stored(checks, check)["check"]["numbers"]
    assert found == lines.add_up(check["_id"])
    assert (found["counted"], found["open"]) == (ITEMS, 0)
    assert sum(len(line["counts"]) for line in lines_of(check)) == len(work)
    assert list(check_stock_checks()) == []
    lines.collection().update_one({"_id": drawn[0]}, {"$set": {"status": "open"}})
    assert [str(one) for one in check_stock_checks()] == [
        "stocktaking ST-0001: its numbers are not those of its lines"
    ]


def test_whoever_may_not_see_the_ledger_begins_no_check(
    things: LiveForm, checks: LiveForm, admin: User
) -> None:
    shelf(things, admin, 1)
    role = Role(
        name="clerk", grants=[Grant(form=checks.key, actions=["see", "edit", "create", "transition"])]
    )
    clerk = factories.user("clerk", role.save(), department=factories.department())
    record = factories.record(checks, admin)
    with pytest.raises(InvalidError) as refused:
        step(checks, clerk, record, "begin")
    assert "may not see the ledger" in str(refused.value)


def test_lines_go_with_their_check_when_it_is_disposed_of(
    things: LiveForm, checks: LiveForm, admin: User
) -> None:
    shelf(things, admin, 2)
    shelves.keep(checks)
    with times.set_clock(shelves.LONG_AGO):
        old = begun(checks, admin)
    checks.records().update_one({"_id": old["_id"]}, {"$set": {"state": "closed"}})
    young = begun(checks, admin)
    assert shelves.outcomes(shelves.dispose(checks)) == {"removed": 1}
    assert lines_of(old) == []
    assert len(lines_of(young)) == 2


def test_a_form_that_counts_nothing_is_no_check(admin: User) -> None:
    sheet = factories.form(factories.field("name"), key="plain")
    assert forms.current("plain").definition.stock_check is None
    with pytest.raises(DomainError):
        Check.of(sheet, {"_id": ObjectId(), "data": {}})
    assert admin


def test_a_step_of_a_plain_form_cannot_carry_a_check_on(admin: User) -> None:
    assert admin
    with pytest.raises(InvalidError) as refused:
        factories.form(
            factories.field("name"),
            workflow={
                "initial": "a",
                "states": [
                    {"key": "a", "label": {"en": "A"}},
                    {"key": "b", "label": {"en": "B"}, "category": "done"},
                ],
                "transitions": [
                    {
                        "key": "go", "label": {"en": "Go"}, "sources": ["a"], "to": "b",
                        "effects": [{"do": "stock_check", "action": "snapshot"}],
                    }
                ],
            },
        )  # fmt: skip
    assert "Only a stock check does this" in str(refused.value)


@pytest.mark.parametrize(
    ("part", "path"),
    [
        ({"counting": ["nowhere"]}, "stock_check.counting"),
        ({"prepared": "nothing"}, "stock_check.prepared"),
        ({"place": "department"}, "stock_check.place"),
        ({"lines": "name"}, "stock_check.lines"),
        ({"open": "lines"}, "stock_check"),
        ({"blind": "missing"}, "stock_check.blind"),
    ],
)
def test_what_a_stock_check_names_must_be_there(
    checks: LiveForm, admin: User, part: dict[str, object], path: str
) -> None:
    assert admin
    stored = checks.definition.dump()
    with pytest.raises(InvalidError) as refused:
        factories.republish(checks, stock_check={**stored["stock_check"], **part})
    assert path in refused.value.errors


def test_movements_bear_a_key_of_which_there_is_only_one(
    things: LiveForm, checks: LiveForm, admin: User
) -> None:
    shelf(things, admin, 3)
    check = begun(checks, admin)
    for line in lines_of(check):
        counting.count(Actor.of(admin), admin, check["_id"], line["_id"], Count(Decimal(4)))
    lines.collection().update_many({"check": check["_id"]}, {"$set": {"decision": "book", "reason": "x"}})
    checks.records().update_one({"_id": check["_id"]}, {"$set": {"data.undecided": 0}})
    step(checks, admin, check, "review")
    step(checks, admin, check, "book")
    run_jobs()
    keys: list[str] = [one["key"] for one in db().property_movements.find({"kind": "shortage"})]
    assert len(set(keys)) == len(keys) == 3
    indexes: Document = dict(db().property_movements.index_information())
    assert any(one["key"] == [("key", 1)] and one.get("unique") for one in indexes.values())
