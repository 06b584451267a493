"""What was signed: typed and drawn signatures, the hash of the content, and whether it changed since."""

import base64

import pytest
from pymongo.database import Database

from models import files, records
from models.approvals import bulk, queries
from models.database import Document
from models.errors import ConflictError, InvalidError
from models.forms import LiveForm
from models.people import Actor
from models.workflow import signing
from tests import factories
from tests.models.approvals import cases
from tests.models.approvals.cases import ask, asked, form, person, record_of, say, step

Store = Database[Document]
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
DRAWN = "data:image/png;base64," + base64.b64encode(PNG).decode()


@pytest.fixture(autouse=True)
def people(db: Store) -> None:
    factories.administrator()
    for username in ("amy", "ben"):
        person(username, name=f"{username.title()} Li")


def edit(live: LiveForm, record: Document, **raw: object) -> Document:
    actor = factories.actor()
    return records.update(actor, live, record["_id"], raw, revision=record["revision"], partial=True)


def test_a_typed_signature_is_bound_to_the_content() -> None:
    approval = ask(form(step(signature="typed"), step("two", ("ben",))))
    say(approval, person("amy"), signature="amy  li")
    [signer] = queries.get(approval)["steps"][0]["signers"]
    assert signer["signature"]["name"] == "amy li"
    assert signer["signature"]["hash"] == signing.content_hash("request", record_of(approval))
    entry = cases.entries(approval)[-1]
    assert entry["signature"]["hash"] == signer["hash"]


@pytest.mark.parametrize("typed", [None, "", "Ben Li", 7, {"typed": ""}])
def test_only_the_own_name_is_a_typed_signature(typed: object) -> None:
    approval = ask(form(step(signature="typed")))
    with pytest.raises(InvalidError) as refused:
        say(approval, person("amy"), signature=typed)
    assert list(refused.value.errors) == ["signature"]
    assert asked(approval) == ["amy"]


def test_a_drawn_signature_belongs_to_the_record() -> None:
    approval = ask(form(step(signature="drawn")))
    say(approval, person("amy"), signature=DRAWN)
    [signer] = queries.get(approval)["steps"][0]["signers"]
    claimed = files.info(signer["signature"]["file"])["claimed_by"]
    assert claimed == {"form": "request", "record": record_of(approval)["_id"]}


def test_rejecting_needs_no_signature() -> None:
    approval = ask(form(step(signature="drawn")))
    assert say(approval, person("amy"), "reject")["status"] == "rejected"


def test_content_that_changed_since_is_seen() -> None:
    live = form(step(), step("two", ("ben",)))
    approval = ask(live)
    say(approval, person("amy"))
    record = record_of(approval)
    assert not queries.changed_since(queries.get(approval), record)
    changed = edit(live, record, qty=5)
    stored = queries.get(approval)
    assert queries.changed_since(stored, changed)
    assert queries.signed_earlier(stored["steps"][0]["signers"][0], "request", changed)
    back = edit(live, changed, qty="")
    assert not queries.changed_since(stored, back)


def test_what_the_procedure_writes_with_the_outcome_is_no_change_of_content() -> None:
    approval = ask(form(step(), step("two", ("ben",))))
    say(approval, person("amy"))
    say(approval, person("ben"))
    stored, record = queries.get(approval), record_of(approval)
    assert record["data"]["agreed_at"] is not None
    assert not queries.changed_since(stored, record)
    assert not any(
        queries.signed_earlier(one, "request", record) for two in stored["steps"] for one in two["signers"]
    )


def test_an_earlier_signature_stays_outdated_when_a_later_one_is_given() -> None:
    live = form(step(), step("two", ("ben",)))
    approval = ask(live)
    say(approval, person("amy"))
    edit(live, record_of(approval), qty=5)
    say(approval, person("ben"))
    stored, record = queries.get(approval), record_of(approval)
    amy, ben = (one["signers"][0] for one in stored["steps"])
    assert queries.signed_earlier(amy, "request", record)
    assert not queries.signed_earlier(ben, "request", record)


def test_nobody_signs_what_changed_after_the_page_was_opened() -> None:
    live = form()
    approval = ask(live)
    seen = signing.content_hash("request", record_of(approval))
    edit(live, record_of(approval), qty=5)
    with pytest.raises(ConflictError):
        say(approval, person("amy"), seen=seen)
    assert asked(approval) == ["amy"]


def approve(duties: list[Document]) -> list[bulk.Report]:
    amy = person("amy")
    return bulk.approve_many(Actor.of(amy), amy, [one["_id"] for one in duties])


def test_many_are_approved_at_once_and_each_is_reported(db: Store) -> None:
    live = form()
    first, second, third = (ask(live, name=f"No. {number}") for number in range(3))
    duties = list(db.duties.find({"kind": "approval"}).sort("_id", 1))
    say(second, person("amy"), "reject")
    assert [str(one.error or "") for one in approve(duties)] == ["", "This was decided already.", ""]
    assert [queries.get(one)["status"] for one in (first, second, third)] == [
        "approved",
        "rejected",
        "approved",
    ]
    assert all(one.error for one in approve(duties))


def test_in_bulk_nobody_approves_what_asks_for_a_drawing_or_somebody_else(db: Store) -> None:
    ask(form(step(signature="drawn")))
    ask(form(step("check", ("ben",)), key="foreign"))
    reports = approve(list(db.duties.find({"kind": "approval"}).sort("_id", 1)))
    assert [bool(one.error) for one in reports] == [True, True]
    assert list(reports[0].errors or {}) == ["signature"]
