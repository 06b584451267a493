"""What a state's task makes people owe, from entering it to leaving it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import accounts, departments, duties, edits, outbox, reassigning, records, staffing
from models.database import Document, db
from models.duties import replacing
from models.errors import NotFoundError
from models.forms import LiveForm
from models.people import Actor, User
from tests import factories
from tests.factories import field
from tests.models.approvals.cases import leave, person, team
from tests.models.workflow import procedures
from tests.models.workflow.procedures import FINISH, START, flow, state, step, stored, take, update

Store = Database[Document]
TASK = {"zh": "处理投诉", "en": "Handle the complaint"}


@pytest.fixture(autouse=True)
def people(db: Store) -> None:
    factories.administrator()
    team()
    for username in ("amy", "ben"):
        person(username)


assert reassigning  # its effects are carried out here


def form(who: dict[str, Any] | None = None, *more: dict[str, Any], task: bool = True) -> LiveForm:
    work = state("work", who={"people": ["amy", "ben"]} if who is None else who, task=TASK if task else {})
    states = [state("new"), work, state("done", "done"), state("scrapped", "void")]
    again = step("again", "work", "work")
    scrap = step("scrap", "work", "scrapped")
    return procedures.form(
        flow(START, FINISH, again, scrap, *more, states=states),
        field("name"),
        field("boss", "person"),
        numbering="T{seq}",
    )


def started(live: LiveForm, **raw: Any) -> Document:
    record = records.create(factories.actor(), live, {"name": "弹簧", **raw})
    return take(live, record, "start")


def owing(live: LiveForm, record: Document) -> list[list[str]]:
    """Return whose inboxes hold what is owed for a record, by user name."""
    names = {user.id: str(user.username) for user in User.objects}
    return [[names[one] for one in duty["people"]] for duty in duties.of_record(live.key, record["_id"])]


def told(username: str) -> int:
    outbox.carry_out_due()
    return len(list(db().notifications.find({"person": person(username).id})))


def test_entering_a_state_with_a_task_asks_everybody_who_may_do_it() -> None:
    live = form()
    record = started(live)
    [duty] = duties.of_record(live.key, record["_id"])
    assert owing(live, record) == [["amy", "ben"]]
    assert (duty["kind"], duty["what"], duty["title"], duty["number"], duty["state"]) == (
        "task",
        TASK,
        "弹簧",
        "T1",
        "work",
    )
    assert told("amy") == told("ben") == 1


def test_a_record_that_begins_in_a_state_with_a_task_asks_at_once() -> None:
    live = procedures.form(flow(FINISH, states=[state("work", who={"people": ["amy"]}), procedures.DONE]))
    record = records.create(factories.actor(), live, {"name": "轴承"})
    [duty] = duties.of_record(live.key, record["_id"])
    assert (duty["title"], duty["what"]["en"]) == ("轴承", "work")


def test_leaving_the_state_closes_it_and_says_who_did_it(db: Store) -> None:
    live = form()
    record = started(live)
    take(live, record, "finish", person("amy"))
    assert owing(live, record) == []
    [closed] = duties.of_record(live.key, record["_id"], closed=True)
    assert (closed["done_by"], closed["outcome"]) == (person("amy").id, "done")


def test_what_is_done_on_behalf_of_somebody_says_so() -> None:
    finish = step("finish_it", "work", "done", who={"people": ["amy"]})
    live = form(None, finish)
    record = started(live)
    procedures.stand_in(person("amy"), person("cover"))
    take(live, record, "finish_it", person("cover"))
    [closed] = duties.of_record(live.key, record["_id"], closed=True)
    assert (closed["done_by"], closed["for_person"]) == (person("cover").id, person("amy").id)


@pytest.mark.parametrize(("transition", "outcome"), [("finish", "done"), ("scrap", "void")])
def test_at_an_end_nothing_is_owed(transition: str, outcome: str) -> None:
    live = form()
    record = started(live)
    take(live, record, transition)
    [closed] = duties.of_record(live.key, record["_id"], closed=True)
    assert closed["outcome"] == outcome


def test_what_was_filed_stays_owed_when_a_record_is_done_but_not_when_it_is_void(db: Store) -> None:
    live = form()
    for transition, left in (("finish", 1), ("scrap", 0)):
        record = started(live)
        filed = duties.duty(
            "filing",
            f"f:{record['_id']}",
            form=live.key,
            record=record,
            what=TASK,
            people=[],
            at=record["updated_at"],
        )
        duties.insert([filed])
        take(live, record, transition)
        assert len(duties.of_record(live.key, record["_id"])) == left


def test_the_same_state_once_more_is_a_new_task() -> None:
    live = form()
    record = started(live)
    take(live, record, "again")
    assert len(duties.of_record(live.key, record["_id"])) == 1
    assert len(duties.of_record(live.key, record["_id"], closed=True)) == 2


def test_the_bin_closes_the_task_and_coming_back_opens_it_again() -> None:
    live = form()
    record = started(live)
    gone = records.delete(factories.actor(), live, record["_id"], revision=record["revision"], reason="重复")
    assert owing(live, record) == []
    records.restore(factories.actor(), live, gone["_id"])
    assert owing(live, record) == [["amy", "ben"]]


def test_an_inbox_shows_what_the_record_is_called_now() -> None:
    live = form()
    record = update(live, started(live), name="轴承")
    [duty] = duties.of_record(live.key, record["_id"])
    assert duty["title"] == "轴承"


def test_whoever_a_field_names_by_now_owes_the_task() -> None:
    live = form({"fields": ["boss"]})
    record = started(live, boss=person("amy").id)
    assert owing(live, record) == [["amy"]]
    assert told("ben") == 0
    record = update(live, record, name="弹簧", boss=person("ben").id)
    assert owing(live, record) == [["ben"]]
    assert (told("amy"), told("ben")) == (1, 1)


def test_without_a_word_about_who_the_owner_owes_a_task() -> None:
    live = form({})
    record = records.create(Actor.of(person("amy")), live, {"name": "弹簧"})
    assert owing(live, take(live, record, "start")) == [["amy"]]


def test_a_state_without_task_and_people_asks_nobody() -> None:
    live = form({}, task=False)
    assert owing(live, started(live)) == []


def test_whoever_did_it_is_not_told_what_they_know() -> None:
    live = form()
    record = records.create(factories.actor(), live, {"name": "弹簧"})
    take(live, record, "start", person("amy"))
    assert (told("amy"), told("ben")) == (0, 1)


def test_whoever_stands_in_is_told_too() -> None:
    procedures.stand_in(person("amy"), person("cover"))
    started(form())
    assert told("cover") == 2  # that they stand in, and what for


def test_what_is_imported_opens_tasks_but_rings_no_bell() -> None:
    live = procedures.form(flow(FINISH, states=[state("work", who={"people": ["amy"]}), procedures.DONE]))
    planned = records.plan_creates(factories.actor(), live, [{"name": "a"}, {"name": "b"}], source="import")
    records.commit(planned)
    assert duties.counts(person("amy")).open == 2
    assert told("amy") == 0


def test_a_deadline_is_that_of_the_record() -> None:
    live = form()
    record = started(live)
    due = datetime(2026, 12, 1, 8, tzinfo=UTC)
    assert duties.set_due(live.key, record["_id"], due, level="urgent") == 1
    [duty] = duties.of_record(live.key, record["_id"])
    assert (duty["due_at"], duty["level"]) == (due, "urgent")
    duties.set_due(live.key, record["_id"], None)
    [duty] = duties.of_record(live.key, record["_id"])
    assert (duty["due_at"], duty["level"]) == (None, "urgent")


def test_for_whoever_left_before_the_deputy_owes_it_and_administrators_are_told() -> None:
    leave(person("amy"))
    live = form({"people": ["amy"]})
    assert owing(live, started(live)) == [["deputy"]]
    assert told("admin") == 1


def test_what_somebody_owed_who_leaves_is_owed_by_the_deputy() -> None:
    live = form()
    record = started(live)
    leave(person("amy"))
    assert [replacing.replace_person(person("amy").id) for _turn in range(2)] == [1, 0]
    assert owing(live, record) == [["deputy", "ben"]]
    assert told("deputy") == told("admin") == 1
    update(live, stored(live, record), name="轴承")
    assert sorted(owing(live, record)[0]) == ["ben", "deputy"]
    assert told("admin") == 1


def test_a_duty_that_does_not_exist_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        duties.get(person("amy").id)


def test_open_tasks_follow_when_roles_change_hands() -> None:
    live = form({"roles": ["inspector"]})
    record = started(live)
    assert owing(live, record) == [["admin"]]
    amy, role = person("amy"), factories.role("inspector", actions=["see", "transition"])
    for roles, expected in (([role, *amy.roles], ["amy"]), (amy.roles, ["admin"])):
        amy = User.objects.get(username="amy")
        seen = edits.stamp(amy, accounts.USER_ATTRIBUTES)
        amy.roles = roles
        accounts.save_user(factories.administrator(), amy, seen=seen)
        outbox.carry_out_due()
        assert owing(live, record) == [expected]
    assert told("amy") == 1


def test_a_new_head_owes_what_a_head_owes() -> None:
    live = form({"heads": ["QA"]})
    record = started(live)
    quality = factories.department("QA")
    seen = edits.stamp(quality, ("head",))
    quality.head = person("amy").id
    departments.store(quality, ("head",), seen=seen)
    outbox.carry_out_due()
    assert owing(live, record) == [["amy"]]
    assert told("amy") == 1


def test_whoever_comes_back_before_it_is_noticed_keeps_their_tasks() -> None:
    live = form()
    record = started(live)
    staffing.left(person("amy").id)
    outbox.carry_out_due()
    assert owing(live, record) == [["amy", "ben"]]


def test_when_the_last_holder_of_a_role_leaves_the_administrators_owe_its_tasks() -> None:
    inspector = procedures.holder("inspector")
    live = form({"roles": ["inspector"]})
    record = started(live)
    assert owing(live, record) == [["inspector_1"]]
    seen = edits.stamp(inspector, accounts.USER_ATTRIBUTES)
    inspector.active = False
    accounts.save_user(factories.administrator(), inspector, seen=seen)
    outbox.carry_out_due()
    assert owing(live, record) == [["admin"]]
    assert told("admin") >= 1


def test_a_field_that_is_still_empty_asks_nobody_yet() -> None:
    live = form({"fields": ["boss"]})
    record = started(live)
    assert owing(live, record) == [[]]
