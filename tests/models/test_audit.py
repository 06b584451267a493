"""The audit log: one unbroken chain, however many add to it, and whatever somebody does to it is found."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from bson import ObjectId
from openpyxl import load_workbook
from pymongo.database import Database

from models import audit, files, times
from models.audit import Origin, chain, exporting, pruning, reading, values, wording
from models.audit.events import EVENTS, GROUPS, group_of
from models.audit.reading import Search
from models.database import Document, in_transaction
from models.errors import ForbiddenError
from models.history import seal
from models.jobs import Job
from models.people import Actor, Permission, User
from tests import factories

Store = Database[Document]
ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 1, 8, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("db")


def said(expected: tuple[int, str] | None = None) -> list[str]:
    return [str(problem) for problem in chain.problems(expected)]


@pytest.fixture
def five(db: Store) -> Store:
    for number in range(1, 6):
        with times.set_clock(START + timedelta(days=number)):
            audit.note("session.started", actor=factories.actor(), subject=f"person {number}")
    return db


def test_every_event_has_a_group_with_a_name() -> None:
    assert {group_of(event) for event in EVENTS} <= set(GROUPS)


def test_an_entry_says_who_did_what_from_where(db: Store) -> None:
    admin = factories.actor()
    audit.note("user.changed", actor=admin, subject="甲", details={"roles": ("a", "b")}, address="10.0.0.1")
    [entry] = db.audit.find()
    assert (entry["_id"], entry["by"], entry["by_name"]) == (1, admin.id, "管理员")
    assert (entry["address"], entry["subject"]) == ("10.0.0.1", "甲")
    assert entry["details"] == {"roles": ["a", "b"]}


def test_an_entry_without_an_actor_bears_that_of_the_request(db: Store) -> None:
    with audit.coming_from(Origin("10.0.0.2", factories.actor)):
        audit.note("form.retired", subject="sheet")
    audit.note("form.retired", subject="sheet")
    first, second = db.audit.find().sort("_id", 1)
    assert (first["by_name"], first["address"]) == ("管理员", "10.0.0.2")
    assert (second["by"], second["by_name"], second["address"]) == (None, "", "")


def test_an_event_that_is_not_in_the_catalogue_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no such event: coffee\.made"):
        audit.note("coffee.made", actor=None)


def test_what_strangers_type_can_always_be_noted(db: Store) -> None:
    hostile = {"typed\0": "\ud800 \0" + "x" * 5000, "many": range(3), "huge": 2**80, "when": START}
    audit.note("session.refused", actor=None, subject="\udfff\0名" * 400, details=hostile)
    [entry] = db.audit.find()
    assert len(entry["subject"]) <= 300
    assert len(entry["details"]["typed"]) <= 2000
    assert entry["details"]["huge"] == str(2**80)
    assert said() == []


def test_many_who_note_at_once_make_one_chain(db: Store) -> None:
    def some(worker: int) -> None:
        for number in range(15):
            audit.note("session.started", actor=None, subject=f"{worker}-{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(some, range(8)))
    numbers = [entry["_id"] for entry in db.audit.find({}, {"_id": 1}).sort("_id", 1)]
    assert numbers == list(range(1, 121))
    assert len(db.audit.distinct("subject")) == 120
    assert said() == []


def test_what_is_rolled_back_was_never_noted(five: Store) -> None:
    def work(session: object) -> None:
        audit.note("role.changed", actor=None, session=session)  # type: ignore[arg-type]
        message = "no"
        raise RuntimeError(message)

    with pytest.raises(RuntimeError):
        in_transaction(work)
    assert five.audit.count_documents({}) == 5
    audit.note("role.changed", actor=None)
    assert chain.newest()[0] == 6
    assert said() == []


Harm = Callable[[Store], object]


def _cut_the_end_and_forget_it(db: Store) -> None:
    db.audit.delete_many({"_id": {"$gt": 3}})


def _put_one_in(db: Store) -> None:
    [last] = db.audit.find({"_id": 5})
    forged = {**last, "_id": 6, "before_seal": last["seal"]}
    db.audit.insert_one({**forged, "seal": seal(forged)})


def _alter_and_seal_again(db: Store) -> None:
    [entry] = db.audit.find({"_id": 3})
    forged = {**entry, "subject": "nobody"}
    forged |= {"search": ["nobody", *entry["search"][-3:]]}
    db.audit.replace_one({"_id": 3}, {**forged, "seal": seal(forged)})


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        (lambda db: db.audit.update_one({"_id": 3}, {"$set": {"subject": "x"}}), "entry 3 was changed"),
        (lambda db: db.audit.update_one({"_id": 3}, {"$set": {"details.a": 1}}), "entry 3 was changed"),
        (lambda db: db.audit.update_one({"_id": 3}, {"$set": {"search": []}}), "entry 3 was changed"),
        (lambda db: db.audit.update_one({"_id": 3}, {"$set": {"group": "role"}}), "entry 3 was changed"),
        (_alter_and_seal_again, "entry 4 does not follow from the one before"),
        (lambda db: db.audit.delete_one({"_id": 3}), "entry 3 is missing"),
        (lambda db: db.audit.delete_one({"_id": 1}), "entry 1 is missing"),
        (lambda db: db.audit.delete_one({"_id": 5}), "entry 5 is missing"),
        (_cut_the_end_and_forget_it, "entries 4 to 5 are missing"),
        (lambda db: db.audit.delete_many({}), "entries 1 to 5 are missing"),
        (_put_one_in, "entries after 5 were not added by the program"),
        (lambda db: db.audit_anchors.delete_one({"_id": "newest"}), "were not added by the program"),
        (
            lambda db: db.audit_anchors.update_one({"_id": "newest"}, {"$set": {"seal": "x"}}),
            "entry 5 is not",
        ),
    ],
)
def test_whatever_somebody_does_to_the_log_is_found(five: Store, harm: Harm, found: str) -> None:
    assert said() == []
    harm(five)
    assert found in "\n".join(said())


def test_a_chain_made_anew_is_told_by_the_line_in_the_programs_log(five: Store) -> None:
    number, mark = chain.newest()
    five.audit.delete_many({})
    five.audit_anchors.delete_many({})
    for _number in range(5):
        audit.note("session.started", actor=None)
    assert said() == []  # the database alone cannot tell
    assert said((number, mark)) == ["audit log: entry 5 is not the one that was expected"]


def test_the_newest_entry_is_told_to_the_log_once(five: Store) -> None:
    chain.tell_newest()
    assert five.audit_anchors.find_one({"_id": chain.TOLD}) == {"_id": "told", "number": 5}
    chain.tell_newest()
    audit.note("session.started", actor=None)
    chain.tell_newest()
    assert five.audit_anchors.find_one({"_id": chain.TOLD}) == {"_id": "told", "number": 6}


def test_a_pruned_log_is_whole_and_says_what_it_lost(five: Store) -> None:
    assert pruning.prune(START + timedelta(days=4)) == 3
    assert [entry["_id"] for entry in five.audit.find().sort("_id", 1)] == [4, 5, 6]
    [pruned] = five.audit.find({"event": "audit.pruned"})
    assert (pruned["details"]["up_to"], pruned["details"]["count"]) == (3, 3)
    assert said() == []
    assert pruning.prune(START + timedelta(days=4)) == 0


def test_a_beginning_that_was_removed_by_hand_is_found(five: Store) -> None:
    [third] = five.audit.find({"_id": 3})
    five.audit.delete_many({"_id": {"$lte": 3}})
    five.audit_anchors.insert_one({"_id": "first", "number": 3, "seal": third["seal"]})
    assert said() == ["audit log: the log does not say who removed the entries up to 3"]


@pytest.fixture
def mixed(db: Store) -> Store:
    editor = factories.editor()
    for number in range(30):
        person, event = (
            (editor, "role.changed") if number % 3 == 0 else (factories.administrator(), "file.downloaded")
        )
        with times.set_clock(START + timedelta(hours=number)):
            audit.note(event, actor=Actor.of(person), subject=f"投诉单 {number}")
    return db


def found(search: Search, **options: int) -> list[int]:
    return [entry["_id"] for entry in reading.page(search.filter(ZONE), limit=100, **options)]


def test_the_log_is_narrowed_by_person_kind_days_and_words(mixed: Store) -> None:
    editor = factories.editor()
    assert found(Search()) == list(range(30, 0, -1))
    assert found(Search(person=editor.id)) == list(range(28, 0, -3))
    assert found(Search(group="file", person=editor.id)) == []
    assert len(found(Search(group="file"))) == 20
    assert found(Search(last=date(2026, 3, 1))) == list(range(8, 0, -1))  # midnight in Shanghai is 16:00 UTC
    assert found(Search(first=date(2026, 3, 2))) == list(range(30, 8, -1))
    assert found(Search(words="投诉 7")) == [8]
    assert len(found(Search(words="编辑"))) == 10
    assert found(Search(person=ObjectId())) == []


def test_pages_follow_each_other_without_a_gap(mixed: Store) -> None:
    query, seen, before = Search(group="file").filter(ZONE), [], None
    while entries := reading.page(query, before=before, limit=7):
        seen += [entry["_id"] for entry in entries]
        before = entries[-1]["_id"]
    assert seen == found(Search(group="file"))
    assert reading.page({}, before=99, limit=7) == []


def test_entries_of_one_moment_come_in_their_order(db: Store) -> None:
    with times.set_clock(START):
        for _number in range(5):
            audit.note("session.started", actor=None)
    assert found(Search()) == [5, 4, 3, 2, 1]
    assert [entry["_id"] for entry in reading.page({}, before=3, limit=9)] == [2, 1]
    assert db.audit.count_documents({}) == 5


def test_a_change_of_a_role_reads_form_by_form() -> None:
    before = factories.role("clerk", form="sheet", actions=["see"])
    old = audit.difference(None, audit.differences.said_of_role(before))
    assert {"field": "grants.sheet", "before": None, "after": ["see@all"]} in old["changes"]
    before.grants[0].actions = ["see", "edit"]
    told = audit.differences.said_of_role(before)
    details = audit.difference({**(told or {}), "grants": {"sheet": ["see@all"]}}, told)
    [line] = wording.lines({"details": details}, "en", UTC)
    assert (line.what, line.before, line.after) == ("Rights on forms · sheet", "See", "Edit, See")


def test_scopes_and_denials_of_rights_are_said_in_words() -> None:
    change = {"field": "grants.sheet", "before": ["see@own"], "after": ["-edit@all", "odd@below"]}
    [line] = wording.lines({"details": {"changes": [change]}}, "en", UTC)
    assert (line.before, line.after) == (
        "See (My own)",
        "never Edit, odd (My department and those below)",
    )


def test_words_of_ours_are_said_in_the_readers_language() -> None:
    details = {"reason": "unknown", "kind": "sign_in", "until": "2026-11-21T13:58:00+00:00", "by": "a\nb"}
    told = [
        (line.what, line.after)
        for line in wording.lines({"details": details}, "en", ZoneInfo("Asia/Shanghai"))
    ]
    assert told == [
        ("Reason", "There is no such account"),
        ("Kind", "Sign-in"),
        ("Until", "2026-11-21 21:58:00"),
        ("Tried with", "a\nb"),
    ]
    change = {"field": "permissions", "before": None, "after": ["audit:all:read", "gone:all:read"]}
    [line] = wording.lines({"details": {"changes": [change]}}, "en", UTC)
    assert line.after == "Read the audit log, gone:all:read"


@pytest.mark.parametrize("text", ["2026-11-21", "never", "2026-11-21T13:58:00"])
def test_what_is_no_moment_is_said_as_it_was_noted(text: str) -> None:
    [line] = wording.lines({"details": {"until": text}}, "en", UTC)
    assert line.after == text


def test_the_program_itself_is_called_so() -> None:
    assert values.who("system", "en") == "The program"
    assert values.who("Ann", "en") == "Ann"


def test_secrets_are_said_to_have_changed_and_no_more() -> None:
    details = audit.difference(
        {"secret": "a", "port": 1}, {"secret": "b", "port": 1}, secret=frozenset({"secret"})
    )
    assert details == {"changes": [{"field": "secret", "before": "•••", "after": "•••"}]}


def test_equal_states_leave_nothing_to_say() -> None:
    assert audit.difference({"a": {"b": [1]}}, {"a": {"b": [1]}, "c": None}) == {}


def auditor() -> User:
    return factories.user("auditor", factories.role("auditor", permissions=[Permission.AUDIT_READ.value]))


def test_the_export_holds_what_was_looked_for_and_is_noted(mixed: Store) -> None:
    job = exporting.ask(auditor(), Search(group="role"), "en")
    running = factories.claimed(job)
    exporting.run(running)
    done = Job.objects.get(id=job.id)
    with files.open_file(done.file) as content:
        [sheet] = load_workbook(content).worksheets
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:4] == ("Number", "Time", "Event", "Kind")
    assert [row[0] for row in rows[1:]] == list(range(28, 0, -3))
    assert rows[1][2] == "Role changed"
    [noted] = mixed.audit.find({"event": "audit.exported"})
    assert (noted["by_name"], noted["details"]["filter"]) == ("auditor", {"group": "role"})


def test_who_may_not_read_the_log_gets_no_export() -> None:
    with pytest.raises(ForbiddenError):
        exporting.ask(factories.editor(), Search(), "en")
    reader = auditor()
    job = exporting.ask(reader, Search(), "en")
    reader.update(roles=[])
    running = factories.claimed(job)
    with pytest.raises(ForbiddenError):
        exporting.run(running)
