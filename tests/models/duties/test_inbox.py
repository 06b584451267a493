"""What an inbox shows: the most urgent first, page by page, for oneself, for others, for a department."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import delegations, duties
from models.database import Document
from models.duties import Page
from models.errors import ForbiddenError
from models.people import User
from models.times import set_clock
from tests import factories
from tests.models.approvals.cases import person, team

Store = Database[Document]
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def people(db: Store) -> Any:
    with set_clock(NOW):
        team()
        yield


def owe(name: str, *who: User, kind: Any = "task", form: str = "sheet", **more: Any) -> Document:
    record = {"_id": ObjectId(), "title": name, "number": f"N-{name}", "department": more.pop("of", None)}
    asked = [one.id for one in who or (person("amy"),)]
    new = duties.duty(
        kind, f"{kind}:{record['_id']}", form=form, record=record, what={}, people=asked, at=NOW, **more
    )
    duties.insert([new])
    return new


def titles(page: Page) -> list[str]:
    return [duty["title"] for duty in page.duties]


def mine(**narrowed: Any) -> list[str]:
    return titles(duties.for_person(person("amy"), **narrowed))


def test_overdue_first_then_by_deadline_then_level_then_age() -> None:
    owe("old")
    owe("new")
    owe("urgent", level="urgent")
    owe("tomorrow", due_at=NOW + 24 * HOUR)
    owe("late", due_at=NOW - HOUR)
    owe("soon", due_at=NOW + HOUR)
    owe("very late", due_at=NOW - 24 * HOUR)
    owe("soon and urgent", due_at=NOW + HOUR, level="urgent")
    assert mine() == [
        "very late", "late", "soon and urgent", "soon", "tomorrow", "urgent", "old", "new",
    ]  # fmt: skip
    page = duties.for_person(person("amy"))
    assert [duty["overdue"] for duty in page.duties].count(True) == 2


def test_pages_follow_each_other_without_gap_or_repetition() -> None:
    for number in range(25):
        due = NOW + (number % 4) * HOUR if number % 5 else None
        owe(f"{number}", due_at=due, level=("info", "urgent", "warning")[number % 3])
    whole = mine()
    seen, after = list[str](), ""
    while True:
        page = duties.for_person(person("amy"), after=after, limit=4)
        seen += titles(page)
        after = page.after
        if not after:
            break
    assert seen == whole
    assert len(set(seen)) == 25


@pytest.mark.parametrize("after", ["x", "1:2:3", "9" * 16 + ":1:" + "0" * 24, "-1:1:zz"])
def test_an_address_nobody_wrote_shows_something_sensible(after: str) -> None:
    owe("one")
    assert mine(after=after) in (["one"], [])


def test_what_is_done_is_gone() -> None:
    done = owe("done")
    owe("open")
    duties.close({"_id": done["_id"]}, at=NOW, by=person("amy").id)
    assert mine() == ["open"]


def test_an_inbox_can_be_narrowed() -> None:
    quality = factories.department().id
    owe("Spring (a+b)", due_at=NOW - HOUR, of=quality)
    owe("bearing", kind="approval", form="claim", due_at=NOW + HOUR)
    assert mine(kind="approval") == mine(form="claim") == mine(overdue=False) == ["bearing"]
    assert mine(overdue=True) == mine(department=quality) == mine(before=NOW) == ["Spring (a+b)"]
    assert mine(text="(A+B)") == ["Spring (a+b)"]
    assert mine(text="n-bear") == ["bearing"]
    assert mine(text=".*") == mine(text="\ud800") == []
    assert len(mine(text="\x00")) == 2


def stand_in(forms: list[str] | None = None) -> None:
    """Let amy act for ben."""
    ben = person("ben")
    day = NOW.date()
    delegations.create(ben, ben, person("amy"), first=day, last=day, forms=forms or [])


def test_what_those_owe_whom_one_stands_in_for_is_there_too() -> None:
    owe("mine")
    owe("his", person("ben"))
    owe("ours", person("ben"), person("amy"))
    stand_in()
    page = duties.for_person(person("amy"))
    assert {duty["title"]: duty["on_behalf_of"] for duty in page.duties} == {
        "mine": None,
        "his": person("ben").id,
        "ours": None,
    }
    assert mine(own_only=True) == ["mine", "ours"]
    assert mine(on_behalf_of=person("ben").id) == ["his", "ours"]
    assert duties.counts(person("amy")).on_behalf == 1


def test_only_of_the_forms_that_were_delegated() -> None:
    factories.form(key="claim")
    owe("sheet", person("ben"))
    owe("claim", person("ben"), form="claim")
    stand_in(["claim"])
    assert mine() == ["claim"]


def test_nobody_looks_into_the_inbox_of_others() -> None:
    with pytest.raises(ForbiddenError):
        mine(on_behalf_of=person("ben").id)


def test_counts() -> None:
    owe("late", due_at=NOW - HOUR)
    owe("soon", due_at=NOW + HOUR)
    owe("approval", kind="approval")
    total = duties.counts(person("amy"))
    assert (total.open, total.overdue, total.tasks, total.approvals) == (3, 1, 2, 1)
    assert duties.counts(person("ben")) == duties.Total()
    assert duties.count_for(person("amy")) == 3


def test_heads_deputies_and_administrators_see_what_a_department_owes() -> None:
    owe("hers")
    owe("his", person("sam", department=factories.department("SALES")))
    quality, top = factories.department().id, factories.department("TOP").id
    for username in ("head", "deputy", "top"):
        assert titles(duties.for_department(person(username), quality)) == ["hers"]
    assert titles(duties.for_department(factories.administrator(), top)) == ["hers"]
    for username, department in (("amy", quality), ("head", top)):
        with pytest.raises(ForbiddenError):
            duties.for_department(person(username), department)


def test_a_supervisor_sees_who_is_late_and_how_much_each_owes() -> None:
    owe("late", due_at=NOW - HOUR)
    owe("shared", person("amy"), person("ben"), due_at=NOW + HOUR)
    owe("elsewhere", person("sam", department=factories.department("SALES")))
    seen = duties.load(person("head"))
    assert [(one.name, one.open, one.overdue) for one in seen.people] == [
        ("amy", 2, 1), ("ben", 1, 0), ("deputy", 0, 0), ("head", 0, 0),
    ]  # fmt: skip
    assert seen.people[0].next_due == NOW - HOUR
    [quality] = seen.departments
    assert (quality.code, quality.people, quality.open, quality.overdue) == ("QA", 4, 2, 1)


def test_above_everything_below_is_seen_and_administrators_see_all() -> None:
    owe("one")
    owe("elsewhere", person("sam", department=factories.department("SALES")))
    assert [(one.code, one.open) for one in duties.load(person("top")).departments] == [("TOP", 1), ("QA", 1)]
    everything = duties.load(factories.administrator())
    assert {one.code: one.open for one in everything.departments} == {"TOP": 1, "QA": 1, "SALES": 1}


def test_whoever_leads_nobody_sees_nobody() -> None:
    owe("one")
    assert duties.load(person("amy")) == duties.Load([], [])
    assert [duties.may_supervise(person(one)) for one in ("amy", "head", "deputy")] == [False, True, True]
    assert duties.may_supervise(factories.administrator())


def test_an_inbox_reads_only_what_is_open_and_in_its_order(db: Store) -> None:
    for number in range(200):
        done = owe(f"{number}")
        if number % 10:
            duties.close({"_id": done["_id"]}, at=NOW, by=None)
    query = {"people": person("amy").id, "done_at": None}
    order = [("due_sort", 1), ("rank", 1), ("_id", 1)]
    plan = db.duties.find(query).sort(order).limit(5).explain()
    assert plan["executionStats"]["totalKeysExamined"] <= 6
    assert "SORT" not in str(plan["queryPlanner"]["winningPlan"])


def test_nothing_is_found_by_the_name_of_a_record_that_one_may_not_see() -> None:
    live = factories.form()
    record = factories.record(live, name="secret title")
    what = duties.duty(
        "task", "task:1", form="sheet", record=record, what={}, people=[person("amy").id], at=NOW
    )
    duties.insert([what])
    boss, quality = factories.stranger(), factories.department()
    quality.update(head=boss.id)
    assert titles(duties.for_department(boss, quality.id)) == ["secret title"]
    assert titles(duties.for_department(boss, quality.id, text="secret")) == []
    assert titles(duties.for_department(factories.administrator(), quality.id, text="secret")) == [
        "secret title"
    ]
