"""The demo company is believable, complete, and loaded once."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from pymongo.database import Database

from models import checks, clocks, forms, history, outbox, passwords
from models.database import Document
from models.errors import InUseError
from models.people import Department, User
from models.reports.periods import Period
from models.reports.statistics.control import Point, chart
from models.times import now
from seed import demo
from seed.company import deliveries, partners, timeline, vocabulary
from seed.company.stories import Story, stories

MOMENT = datetime(2026, 11, 21, 6, tzinfo=UTC)
PASSWORD = "demo company opens"  # noqa: S105  (nobody's)


def history_of(count: int = 3_000, moment: datetime = MOMENT) -> tuple[list[timeline.Event], list[Story]]:
    rng = Random(demo.SEED)  # noqa: S311  (a story, not a secret)
    customers = partners.customers(rng, moment.date())
    told = timeline.events(rng, moment, count, len(customers))
    return told, stories(rng, told, moment, customers)


def _month(at: datetime) -> str:
    return f"{at.astimezone(timeline.ZONE):%Y-%m}"


def load(progress: demo.Progress | None = None) -> demo.Loaded:
    return demo.load(progress, sheets=40, customers=8, password=PASSWORD)


def test_there_are_eight_departments_thirty_people_and_forty_products(loaded: demo.Loaded) -> None:
    counts = dict(loaded.counts)
    assert counts.pop("corrective_action") < 40
    things = counts.pop("customer_property")
    assert 5 <= things <= 8
    for kind in ("borrow_slip", "external_document", "copy_recall", "property_incident", "stock_check"):
        counts.pop(kind)
    assert counts.pop("claim") < 8  # the story goes with the day it is told on
    assert 144 <= counts.pop("quality_cost") < 152
    assert deliveries.MONTHS <= counts.pop("delivery") <= 3 * deliveries.MONTHS
    assert counts == {
        "departments": 8,
        "people": 30,
        "supplier": 12,
        "customer": 8,
        "product": 40,
        "problem_type": 22,
        "defect_mechanism": 28,
        "feedback_sheet": 40,
    }
    assert demo.load().counts == loaded.counts


def test_everyone_can_sign_in_and_seven_departments_have_a_head(loaded: demo.Loaded) -> None:
    assert loaded.password == PASSWORD
    assert {one.username for one in loaded.accounts} == {user.username for user in User.objects}
    assert all(passwords.verify_password(PASSWORD, str(user.password)) for user in User.objects.limit(2))
    assert all(user.roles and user.department for user in User.objects)
    assert all(department.head for department in Department.objects)
    assert sum(bool(department.deputies) for department in Department.objects) == 7


def test_a_second_load_says_that_it_is_there(loaded: demo.Loaded, company: Database[Document]) -> None:
    before = list(company.record_feedback_sheet.find())
    again = demo.load()
    assert again.was_there
    assert again.accounts == loaded.accounts
    assert list(company.record_feedback_sheet.find()) == before


def test_sheets_lie_in_the_past_with_numbers_of_their_months(company: Database[Document]) -> None:
    sheets = list(company.record_feedback_sheet.find().sort("_id", 1))
    assert all(sheet["created_at"] < now() for sheet in sheets)
    assert min(sheet["created_at"] for sheet in sheets) < now() - timedelta(days=600)
    assert all(sheet["updated_at"] >= sheet["created_at"] >= sheet["data"]["received_at"] for sheet in sheets)
    local = [sheet["created_at"].astimezone(timeline.ZONE) for sheet in sheets]
    assert [sheet["number"][3:9] for sheet in sheets] == [f"{moment:%Y%m}" for moment in local]
    assert len({sheet["number"] for sheet in sheets}) == len(sheets)
    assert company.number_reservations.count_documents({}) == 0


def test_history_tells_every_save_and_its_seals_hold(company: Database[Document]) -> None:
    sheet = company.record_feedback_sheet.find_one({"revision": {"$gte": 3}})
    assert sheet is not None
    entries = history.of_record("feedback_sheet", sheet["_id"])
    assert [entry["revision"] for entry in entries] == list(range(sheet["revision"], 0, -1))
    assert entries[0]["at"] == sheet["updated_at"]
    assert entries[-1]["at"] == sheet["created_at"]
    assert len({entry["by"] for entry in entries}) > 1
    assert list(checks.check_histories()) == []


def test_an_interrupted_load_goes_on_where_it_stopped(
    db: Database[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "BATCH", 10)
    seen: list[int] = []

    def stop_at_twenty(done: int, _total: int) -> None:
        seen.append(done)
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(stop_at_twenty)
    assert db.record_feedback_sheet.count_documents({}) == 20
    assert load(lambda done, _total: seen.append(done)).counts["feedback_sheet"] == 40
    assert seen == [10, 20, 30, 40]


def test_a_database_with_sheets_of_its_own_is_left_alone(db: Database[Document]) -> None:
    db.record_feedback_sheet.insert_one({"number": "QF-1"})
    with pytest.raises(InUseError):
        load()
    assert User.objects.count() == 0


def test_search_finds_a_chinese_word(company: Database[Document]) -> None:
    assert company.record_feedback_sheet.count_documents({"search": "批次"}) > 20


def test_the_story_is_the_same_every_time() -> None:
    first, second = history_of(200), history_of(200)
    assert first == second


def test_a_few_faults_and_customers_make_most_of_it() -> None:
    told, _stories = history_of()
    faults = Counter(event.fault.key for event in told).most_common()
    customers = Counter(event.customer for event in told).most_common()
    assert sum(count for _key, count in faults[:4]) > 0.5 * len(told)
    assert sum(count for _key, count in customers[:12]) > 0.4 * len(told)
    assert len(customers) > 50


def test_overheating_comes_in_summer_and_hard_starting_in_winter() -> None:
    told, _stories = history_of()
    months = {
        key: Counter(event.at.month for event in told if event.fault.key == key)
        for key in ("overheating", "hard_start")
    }
    summer, winter = (6, 7, 8), (12, 1, 2)
    assert sum(months["overheating"][month] for month in summer) > 4 * sum(
        months["overheating"][month] for month in winter
    )
    assert sum(months["hard_start"][month] for month in winter) > 4 * sum(
        months["hard_start"][month] for month in summer
    )


def test_boards_fail_more_and_more_in_the_last_months() -> None:
    told, _stories = history_of()
    boards = [event for event in told if event.fault.key == timeline.BAD_BATCH_FAULT]
    late = sum(event.at > MOMENT - timedelta(days=120) for event in boards)
    year_before = sum(
        MOMENT - timedelta(days=485) < event.at < MOMENT - timedelta(days=365) for event in boards
    )
    assert late > 2 * year_before


def test_texts_hardly_repeat_and_leave_no_gap() -> None:
    _told, all_stories = history_of()
    texts = [story.steps[0].values["description"] for story in all_stories]
    assert len(set(texts)) > 0.98 * len(texts)
    flat = [
        str(value)
        for story in all_stories
        for step in story.steps
        for value in step.values.values()
        if isinstance(value, str)
    ]
    assert [text for text in flat if "{" in text] == []


def test_most_is_closed_and_some_is_open() -> None:
    _told, all_stories = history_of()
    ends = Counter(story.steps[-1].take for story in all_stories)
    closed = sum(ends[step] for step in ("close", "start_action", "answer", "refuse"))
    assert 0.85 * len(all_stories) < closed < len(all_stories)
    assert ends["refuse"] > 0
    assert len(ends.keys() - {"close", "start_action", "answer", "refuse"}) > 3
    assert all(step.at < MOMENT for story in all_stories for step in story.steps)


def test_every_sheet_stands_where_its_story_left_it(company: Database[Document]) -> None:
    workflow = forms.current("feedback_sheet").definition.workflow
    assert workflow is not None
    for sheet in company.record_feedback_sheet.find():
        state = workflow.by_state[sheet["state"]]
        moves = [one for one in history.of_record("feedback_sheet", sheet["_id"]) if one["action"] == "moved"]
        assert len(moves) == sheet["revision"] - 1
        assert state.is_end == bool(sheet["data"].get("closed_on"))
        owed = company.duties.count_documents({"record": sheet["_id"], "done_at": None})
        assert owed == (0 if state.is_end else 1)
        running = {"record": sheet["_id"], "state": "running", "kind": {"$ne": "retention"}}
        assert bool(company.clocks.count_documents(running)) is not state.is_end


def test_nobody_is_told_about_what_is_long_closed(company: Database[Document]) -> None:
    while clocks.sweep():
        continue
    while outbox.carry_out_due():
        continue
    closed = [
        sheet["_id"] for sheet in company.record_feedback_sheet.find({"data.closed_on": {"$exists": True}})
    ]
    assert len(closed) > 20
    assert company.notifications.count_documents({"record": {"$in": closed}}) == 0
    assert company.notifications.count_documents({}) < 80


def test_last_month_is_abnormal_because_of_one_batch_at_few_customers() -> None:
    """The spike that a control chart shows, in whatever month the demo is loaded."""
    for moment in (MOMENT, datetime(2026, 3, 2, 1, tzinfo=UTC), datetime(2027, 8, 31, 15, tzinfo=UTC)):
        told, _stories = history_of(1_500, moment)
        asked = Counter(
            _month(event.at) for event in told if event.kind in {"complaint", "quality_information"}
        )
        last = Period.last_full("month", moment.astimezone(timeline.ZONE).date())
        counts = [Point(asked[month.name]) for month in last.until(24)]
        assert 1 in chart("c", counts)[-1].breaks
        spike = [event for event in told if event.is_spike]
        assert {_month(event.at) for event in spike} == {last.name}
        assert len({event.customer for event in spike}) <= timeline.SPIKE_CUSTOMERS


def test_pieces_of_the_spike_are_of_one_batch_and_one_mechanism() -> None:
    told, all_stories = history_of(1_500)
    moments = {event.at.isoformat() for event in told if event.is_spike}
    spike = [one for one in all_stories if one.steps[0].values["received_at"] in moments]
    assert len(spike) > 20
    assert len({story.steps[0].values["batch"] for story in spike}) == 1
    named = [
        step.values["mechanism"].key for story in spike for step in story.steps if "mechanism" in step.values
    ]
    assert set(named) == {"M13"}


def test_most_deliveries_are_on_time_and_none_is_from_tomorrow() -> None:
    rng = Random(demo.SEED)  # noqa: S311  (a story, not a secret)
    customers = partners.customers(rng, MOMENT.date())
    months = deliveries.deliveries(Random(1), MOMENT, customers)  # noqa: S311
    assert months == deliveries.deliveries(Random(1), MOMENT, customers)  # noqa: S311
    assert [month[0]["due_on"][:7] for month in months][:: deliveries.MONTHS - 1] == ["2023-11", "2026-11"]
    told = [one for month in months for one in month]
    assert len({one["delivery_note"] for one in told}) == len(told)
    made = [one for one in told if "delivered_on" in one]
    assert max(one["delivered_on"] for one in made) <= "2026-11-21"
    on_time = sum(one["delivered_on"] <= one["due_on"] for one in made)
    assert 0.9 < on_time / len(made) < 0.98
    assert {one["freight_reason"] for one in made if "extra_freight" in one} == {"partial", "urgent"}


def test_every_cause_has_its_mechanism_and_every_complaint_its_type_and_plant(
    company: Database[Document],
) -> None:
    leaves = set(company.record_defect_mechanism.distinct("_id", {"data.parent": {"$exists": True}}))
    analysed = list(company.record_feedback_sheet.find({"data.cause_category": {"$exists": True}}))
    assert len(analysed) > 20
    assert {sheet["data"]["mechanism"] for sheet in analysed} <= leaves
    complaints = list(company.record_feedback_sheet.find({"data.kind": "complaint"}))
    assert all(sheet["data"]["problem_type"] and sheet["data"]["plant"] for sheet in complaints)
    delivered = company.record_delivery.count_documents({"data.delivered_on": {"$exists": True}})
    assert company.record_delivery.count_documents({"data.on_time": True}) > 0.7 * delivered > 0


def test_diesel_engines_have_no_spark_plug_trouble() -> None:
    told, _stories = history_of()
    assert [event for event in told if event.fault.petrol and event.product.burns_diesel] == []


def test_every_person_belongs_to_the_pack() -> None:
    assert len(vocabulary.people()) == 30
    assert len({person.username for person in vocabulary.people()}) == 30
    assert len({product.code for product in vocabulary.products()}) == 40


@pytest.mark.usefixtures("loaded")
def test_the_stored_form_is_the_one_of_the_pack() -> None:
    assert forms.current("feedback_sheet").version == 1
