"""What customers left with the demo company: a believable story, and a ledger that agrees with it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from pymongo.database import Database

from models import checks, clocks, forms, outbox
from models.database import Document
from models.ledger.checking import check_ledgers
from models.times import now
from seed import demo, lending
from seed.company import partners
from seed.company.belongings import Act, Booked, Counted, Made, Taken
from seed.company.timeline import ZONE

MOMENT = datetime(2026, 11, 21, 6, tzinfo=UTC)
PASSWORD = "demo company opens"  # noqa: S105  (nobody's)
THINGS = 60


def story(count: int = demo.THINGS) -> list[Act]:
    rng = Random(demo.SEED)  # noqa: S311  (a story, not a secret)
    customers = partners.customers(rng, MOMENT.date())
    return lending.story(rng, MOMENT, MOMENT - demo.PROCEDURE, customers, count)


def load() -> demo.Loaded:
    return demo.load(sheets=4, customers=8, things=THINGS, password=PASSWORD)


def states(db: Database[Document], form: str) -> Counter[str]:
    return Counter(one["state"] for one in db[forms.collection_name(form)].find())


def test_the_story_is_the_same_every_time() -> None:
    assert story(80) == story(80)


def test_everything_happened_before_now_and_in_its_order() -> None:
    told = story()
    assert all(act.at < MOMENT for act in told)
    assert told == sorted(told, key=lambda act: act.at)
    made = {act.key for act in told if isinstance(act, Made | Counted)}
    for act in told:
        if not isinstance(act, Made) and "." not in act.key.key:
            assert act.key in made


def test_acts_about_one_thing_stay_in_their_order_when_they_are_stored_together() -> None:
    told = story()
    stored = [act for batch in lending._batches(told) for act in batch]
    place = {id(act): number for number, act in enumerate(told)}
    assert sorted(stored, key=lambda act: place[id(act)]) == told
    for thing in {one for act in told for one in act.touches}:
        of_thing = [act for act in told if thing in act.touches]
        assert [act for act in stored if thing in act.touches] == of_thing


def test_all_kinds_come_and_slips_stand_everywhere() -> None:
    told = story()
    kinds = Counter(act.values["kind"] for act in told if isinstance(act, Made) and "unit" in act.values)
    assert len(kinds) == 12
    steps = Counter(step for act in told if isinstance(act, Taken) for step in act.steps)
    assert {
        "pass_on",
        "ask_extension",
        "report_incident",
        "supersede",
        "withdraw",
        "replaced",
    } <= steps.keys()
    assert steps["take_back"] > 100
    assert sum(isinstance(act, Booked) for act in told) > 3


def test_the_ledger_agrees_with_its_story(company: Database[Document]) -> None:
    assert list(check_ledgers()) == []
    assert list(checks.check_histories()) == []
    assert company.demo.count_documents({}) == 1
    for movement in company.property_movements.find():
        assert now() - timedelta(days=750) < movement["at"] < now()
        assert movement["by"]


def test_some_is_here_some_is_lent_and_some_went_back(company: Database[Document]) -> None:
    things, slips = states(company, "customer_property"), states(company, "borrow_slip")
    assert things["kept"] > 20
    assert things["returned"] > 5
    assert things["registered"] + things["handing_over"] + things["unsuitable"] > 3
    assert slips["closed"] > 20
    assert slips["lent"] + slips["asked"] > 3
    today = now().date().isoformat()
    assert company.record_borrow_slip.count_documents({"state": "lent", "data.ends": {"$lt": today}})
    signed = company.history.count_documents({"form": "borrow_slip", "signature": {"$exists": True}})
    assert signed >= 2 * slips["lent"]


def test_numbers_are_those_of_their_years(company: Database[Document]) -> None:
    for one in company.record_customer_property.find():
        assert one["number"][3:7] == str(one["created_at"].astimezone(ZONE).year)


def test_only_what_is_open_is_reminded_of(company: Database[Document]) -> None:
    while clocks.sweep():
        continue
    while outbox.carry_out_due():
        continue
    ended = {"state": {"$in": ["closed", "returned", "disposed", "withdrawn"]}}
    names = [forms.collection_name(form) for form in lending.FORMS]
    closed = [one["_id"] for name in names for one in company[name].find(ended, {"_id": 1})]
    assert len(closed) > 40
    assert company.notifications.count_documents({"record": {"$in": closed}}) == 0
    assert company.record_borrow_slip.count_documents({"data.overdue": True})
    assert list(check_ledgers()) == []


def test_an_interrupted_load_goes_on_where_it_stopped(
    db: Database[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, seen = lending.Teller._store, list[int]()

    def stop_at_ten(teller: lending.Teller, batch: list[Act], done: int) -> None:
        seen.append(done)
        if len(seen) == 10:
            raise KeyboardInterrupt
        store(teller, batch, done)

    monkeypatch.setattr(lending.Teller, "_store", stop_at_ten)
    with pytest.raises(KeyboardInterrupt):
        load()
    there = db.property_movements.count_documents({})
    assert there > 0
    load()
    assert db.property_movements.count_documents({}) > there
    assert seen[:12] == [*range(1, 11), 10, 11]
    assert list(check_ledgers()) == []
    assert db.demo.count_documents({}) == 1


def test_two_stock_checks_are_over_and_one_is_being_counted(company: Database[Document]) -> None:
    assert states(company, "stock_check") == {"closed": 2, "counting": 1}
    first, second, open_one = company.record_stock_check.find().sort("data.planned_on", 1)
    assert (first["data"]["differences"], second["data"]["differences"]) == (0, 1)
    assert [one["data"]["open"] for one in (first, second)] == [0, 0]
    assert open_one["data"]["open"]
    assert company.property_check_lines.find_one({"check": second["_id"], "outcome": "left"})
    assert not company.jobs.find_one({"state": "queued", "params.check": {"$exists": True}})


def test_photos_show_how_things_came_and_how_they_came_back(company: Database[Document]) -> None:
    shown = company.record_customer_property.count_documents({"data.photos.0": {"$exists": True}})
    assert 0 < shown < THINGS / 4
    returned = company.property_movements.find_one({"kind": "return", "photos.0": {"$exists": True}})
    assert returned
    assert company.record_borrow_slip.find_one({"data.photos.file": returned["photos"][0]})
