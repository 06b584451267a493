"""Letters from templates: filled in with what the writer sees, fixed once, sealed into history."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from models import checks, history, times
from models.access import Action
from models.database import Document, db
from models.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from models.field_limits import MASK
from models.forms import LiveForm
from models.letters import keeping, reading
from models.letters.filling import Filler, Text
from models.lookups import Lookup
from models.messages import translate
from models.people import FieldRule, Grant, Limit, Role, User
from models.times import now
from tests import factories
from tests.factories import field
from tests.letter_forms import cases, customers, letter

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def admin(db: object) -> User:
    return factories.administrator()


@pytest.fixture
def customer(admin: User) -> Document:
    return factories.record(
        customers(), admin, name="Acme | Sons", street="1 High Street\nLondon", town="London"
    )


@pytest.fixture
def live(customer: Document) -> LiveForm:
    return cases()


@pytest.fixture
def case(live: LiveForm, admin: User, customer: Document) -> Document:
    rows = [
        {"part": "Cover | left", "qty": "2", "place": str(customer["_id"])},
        {"part": "Screw", "qty": "3"},
    ]
    return factories.record(live, admin, name="Housing", customer=str(customer["_id"]), found="5", parts=rows)


def person(name: str, *rules: FieldRule, form: str = "*", actions: Any = tuple(Action)) -> User:
    grant = Grant(form=form, actions=[action.value for action in actions])
    role = Role(name=f"role_{name}", grants=[grant], field_rules=list(rules)).save()
    return factories.user(name, role, department=factories.department())


def filled(reader: User, form: LiveForm, record: Document, language: str = "en") -> Text:
    lookup = Lookup(language, person=reader)
    return Filler(reader, form, record, lookup).fill(keeping.kind(form, "report"), language)


def fix(writer: User, form: LiveForm, record: Document, **more: Any) -> Document:
    kind = keeping.kind(form, "report")
    filler = Filler(writer, form, record, Lookup("en", person=writer))
    text = more.pop("text", None) or filler.fill(kind, "en")
    details = {"language": "en", "revision": record["revision"], "named": filler.named, **more}
    return keeping.fix(writer, form, record["_id"], kind, text, **details)


def test_a_letter_tells_what_the_record_holds(admin: User, live: LiveForm, case: Document) -> None:
    found = filled(admin, live, case)
    assert found.subject == "Damage of Housing"
    assert (found.recipient, found.address) == ("Acme | Sons", "1 High Street\nLondon")
    assert found.body.splitlines() == [
        "Dear Acme | Sons,",
        "",
        "5 of Housing was damaged.",
        "We are looking into it.",
        "",
        "| part | qty | place |",
        "| Cover \\| left | 2 | Acme \\| Sons |",
        "| Screw | 3 |  |",
        "|  | 5 |  |",
        "",
        "1. Cover | left (London)",
        "2. Screw ()",
    ]


def test_a_letter_is_written_in_either_language(admin: User, live: LiveForm, case: Document) -> None:
    with times.set_clock(datetime(2026, 3, 4, 9, tzinfo=UTC)):
        found = filled(admin, live, case, "zh")
    assert found.subject == "Housing损坏报告"
    assert found.body == "Acme | Sons：\n\nHousing已损坏。\n\n管理员\n2026年3月4日"


def test_what_fills_a_letter_is_never_read_as_a_template(admin: User, live: LiveForm) -> None:
    case = factories.record(live, admin, name="{{ 7*7 }} {% if 1 %}")
    assert filled(admin, live, case).subject == "Damage of {{ 7*7 }} {% if 1 %}"


def test_a_fixed_letter_is_kept_numbered_and_sealed(admin: User, live: LiveForm, case: Document) -> None:
    stored = fix(admin, live, case, note="By express")
    year = now().year
    assert stored["number"] == f"L-{year}-001"
    record = live.records().find_one({"_id": case["_id"]})
    assert record
    assert record["data"]["told_on"] == stored["date"]
    [entry, *_others] = history.of_record("case", case["_id"])
    assert (entry["action"], entry["reason"], entry["letter"]["hash"]) == (
        "letter",
        "By express",
        stored["hash"],
    )
    assert list(keeping.broken()) == []
    assert list(checks.check_histories()) == []
    assert [one["number"] for one in keeping.of_record("case", case["_id"])] == [stored["number"]]
    again = fix(admin, live, record)
    assert again["number"] == f"L-{year}-002"


def test_a_letter_that_somebody_changed_is_found(admin: User, live: LiveForm, case: Document) -> None:
    stored = fix(admin, live, case)
    db().letters.update_one({"_id": stored["_id"]}, {"$set": {"body": "Nothing happened."}})
    [problem] = keeping.broken()
    assert "not the one that was sealed" in translate(problem, "en")
    changed = keeping.get("case", case["_id"], stored["_id"])
    db().letters.update_one({"_id": stored["_id"]}, {"$set": {"hash": keeping.digest(changed)}})
    assert len(list(keeping.broken())) == 1


def test_a_letter_of_an_older_record_is_not_fixed(admin: User, live: LiveForm, case: Document) -> None:
    fix(admin, live, case)
    with pytest.raises(ConflictError):
        fix(admin, live, case)
    assert db().letters.count_documents({}) == 1
    assert db().number_reservations.count_documents({}) == 0


def test_what_cannot_stand_in_a_letter_is_refused_beside_it(
    admin: User, live: LiveForm, case: Document
) -> None:
    wrong = Text(subject=" ", body="x" * 20_001, recipient="a\0b", address="x" * 1001)
    with pytest.raises(InvalidError) as refused:
        fix(admin, live, case, text=wrong)
    assert set(refused.value.errors) == {"subject", "body", "recipient", "address"}
    with pytest.raises(InvalidError) as refused:
        fix(admin, live, case, note="x" * 2001)
    assert set(refused.value.errors) == {"reason"}
    assert db().letters.count_documents({}) == 0


def test_a_letter_is_offered_in_its_states_to_who_may_print_and_edit(admin: User, customer: Document) -> None:
    flow = factories.one_task()
    live = cases(letter(states=["open"]), workflow=flow)
    case = factories.record(live, admin, name="Housing")
    assert [one.key for one in keeping.offered(admin, live, case)] == ["report"]
    done = {**case, "state": "done"}
    assert keeping.offered(admin, live, done) == []
    reader = factories.reader()
    assert keeping.offered(reader, live, case) == []
    with pytest.raises(ForbiddenError):
        fix(reader, live, case)
    with pytest.raises(NotFoundError):
        fix(factories.stranger(), live, case)
    with pytest.raises(NotFoundError):
        keeping.kind(live, "other")


def test_a_letter_tells_no_more_than_its_writer_sees(live: LiveForm, case: Document) -> None:
    clerk = person(
        "clerk",
        FieldRule(form="case", fields=["found"], limit=Limit.MASKED.value),
        FieldRule(form="case", fields=["parts"], limit=Limit.HIDDEN.value),
        FieldRule(form="customer", fields=["street"], limit=Limit.MASKED.value),
        FieldRule(form="customer", fields=["town"], limit=Limit.HIDDEN.value),
    )
    found = filled(clerk, live, case)
    assert found.address == MASK
    assert f"{MASK} of Housing was damaged." in found.body
    assert "Screw" not in found.body
    assert "London" not in found.body


def test_a_letter_tells_the_number_of_what_the_record_points_to(admin: User, customer: Document) -> None:
    places = factories.form(field("name"), key="place", numbering="P-{seq:3}")
    place = factories.record(places, admin, name="Hall")
    body = {"en": "At {{ place.number }}.", "zh": "{{ place.number }}"}
    live = factories.form(
        field("name"),
        field("place", "reference", form="place"),
        key="case",
        letters=[
            letter(
                body=body,
                subject={"en": "S", "zh": "S"},
                recipient="",
                address="",
                written_on="",
                numbering="",
            )
        ],
    )
    case = factories.record(live, admin, name="Case", place=str(place["_id"]))
    assert filled(admin, live, case).body == "At P-001."
    blind = person("blind", form="case")
    assert filled(blind, live, case).body == "At ."


def test_a_masked_table_stands_masked_in_a_letter(live: LiveForm, case: Document) -> None:
    clerk = person("clerk", FieldRule(form="case", fields=["parts"], limit=Limit.MASKED.value))
    found = filled(clerk, live, case)
    assert found.body.endswith(f"We are looking into it.\n\n{MASK}")


def test_a_letter_names_no_record_that_its_writer_may_not_see(live: LiveForm, case: Document) -> None:
    found = filled(person("clerk", form="case"), live, case)
    assert "Acme" not in found.body + found.recipient
    assert found.address == ""


def test_a_letter_is_closed_to_whom_something_in_it_is_closed(
    admin: User, live: LiveForm, case: Document
) -> None:
    stored = fix(admin, live, case)
    record = live.records().find_one({"_id": case["_id"]})
    assert record
    open_to = factories.reader()
    assert reading.read(open_to, live, record, str(stored["_id"]))["body"] == stored["body"]
    masked = person("masked", FieldRule(form="case", fields=["found"], limit=Limit.MASKED.value))
    of_customer = person("street", FieldRule(form="customer", fields=["street"], limit=Limit.MASKED.value))
    elsewhere = person("elsewhere", form="case")
    no_print = person("no_print", actions=[Action.SEE])
    for closed in (masked, of_customer, elsewhere, no_print):
        with pytest.raises(ForbiddenError):
            reading.read(closed, live, record, str(stored["_id"]))
    other = person("other", FieldRule(form="case", fields=["remedy_2"], limit=Limit.MASKED.value))
    assert reading.read(other, live, record, str(stored["_id"]))
    with pytest.raises(NotFoundError):
        reading.read(admin, live, {**record, "_id": stored["_id"]}, str(stored["_id"]))


def test_two_letters_never_have_one_number(admin: User, live: LiveForm, case: Document) -> None:
    first = fix(admin, live, case)
    record = live.records().find_one({"_id": case["_id"]})
    assert record
    db().counters.delete_many({})  # as if another pattern made the same numbers
    with pytest.raises(ConflictError):
        fix(admin, live, record)
    assert [one["_id"] for one in keeping.of_record("case", case["_id"])] == [first["_id"]]


def test_a_text_may_be_changed_before_it_is_fixed(admin: User, live: LiveForm, case: Document) -> None:
    text = replace(filled(admin, live, case), body="We are sorry.", recipient="Ms Li")
    stored = fix(admin, live, case, text=text)
    kept = keeping.get("case", case["_id"], stored["_id"])
    assert (kept["body"], kept["recipient"]) == ("We are sorry.", "Ms Li")
