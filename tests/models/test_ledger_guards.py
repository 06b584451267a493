"""What a new version may not do to a ledger with pieces and to open slips, told before it is published."""

from typing import Any

import pytest

from models import forms, impact, workflow
from models.database import Document
from models.errors import InvalidError
from models.form_changes import compare
from models.forms import LiveForm
from models.messages import translate
from models.people import Actor, User
from tests import factories
from tests.factories import field
from tests.ledger_forms import ledger_form, slip_form
from tests.letter_forms import cases, customers, letter

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def admin(db: object) -> User:
    return factories.administrator()


@pytest.fixture
def things(db: object) -> LiveForm:
    factories.form(key="client")
    return ledger_form()


@pytest.fixture
def slips(things: LiveForm) -> LiveForm:
    return slip_form()


def draft(live: LiveForm, **changes: Any) -> int:
    """Save a draft with some properties changed, those that are None left out."""
    document = {**live.definition.dump(), **changes}
    kept = {name: value for name, value in document.items() if value is not None}
    stored = forms.get(live.key)
    saved = forms.save_draft(factories.actor(), live.key, kept, draft_revision=stored.draft_revision)
    return int(saved.draft_revision)


def told(live: LiveForm) -> dict[str, str]:
    found = impact.impact(live.key)
    return {problem.path: translate(problem.message, "en") for problem in found.problems}


def lent(slips: LiveForm, item: Document, admin: User) -> Document:
    rows = [{"item": str(item["_id"]), "quantity": "1"}]
    record = factories.record(
        slips, admin, items=rows, borrower=str(admin.id), begins="2026-01-01", ends="2999-01-01"
    )
    for step in ("ask", "lend"):
        record = workflow.take(
            Actor.of(admin), admin, slips, record["_id"], step, {}, revision=record["revision"]
        )
    return record


def flat(live: LiveForm) -> dict[str, Any]:
    """Return a workflow that books nothing."""
    flow = live.definition.dump()["workflow"]
    return {**flow, "transitions": [{**one, "effects": []} for one in flow["transitions"]]}


def test_a_form_with_pieces_stays_a_ledger(things: LiveForm, admin: User) -> None:
    factories.record(things, admin, name="Gauge", quantity="5")
    revision = draft(things, ledger=None, workflow=flat(things))
    assert told(things) == {"ledger": "1 items still have pieces here: the form stays a ledger."}
    with pytest.raises(InvalidError) as refused:
        forms.publish(factories.actor(), "thing", draft_revision=revision)
    assert set(refused.value.errors) == {"ledger"}


def test_an_empty_ledger_may_become_an_ordinary_form(things: LiveForm) -> None:
    revision = draft(things, ledger=None, workflow=flat(things))
    assert told(things) == {}
    assert forms.publish(factories.actor(), "thing", draft_revision=revision).definition.ledger is None


def test_pieces_are_not_counted_by_another_field(things: LiveForm, admin: User) -> None:
    factories.record(things, admin, name="Gauge", quantity="5")
    document = things.definition.dump()
    fields = [*document["fields"], field("pieces", "integer", required=True)]
    draft(things, fields=fields, ledger={**document["ledger"], "quantity": "pieces", "fractional_units": []})
    assert told(things) == {
        "ledger.quantity": "1 items have pieces that are counted by another field; it stays."
    }
    draft(things, fields=fields, ledger={**document["ledger"], "due_on": ""})
    assert told(things) == {}
    assert impact.impact("thing").arriving == 1


def test_open_slips_go_on_lending_what_they_lend(things: LiveForm, slips: LiveForm, admin: User) -> None:
    item = factories.record(things, admin, name="Gauge", quantity="5")
    record = lent(slips, item, admin)
    why = "1 slips have pieces out or reserved. Until they are back this stays."
    draft(slips, slip=None, workflow=flat(slips))
    assert told(slips) == {"slip": why}
    document = slips.definition.dump()
    for name, other in (("lent", "returned"), ("quantity", "lent")):
        draft(slips, slip={**document["slip"], name: other})
        assert told(slips)[f"slip.{name}"] == why
    draft(slips, slip={**document["slip"], "returns": {**document["slip"]["returns"], "quantity": "item"}})
    assert told(slips)["slip.returns.quantity"] == why
    draft(slips, slip={**document["slip"], "photos": "", "usual_days": 3})
    assert told(slips) == {}
    rows = [{"item": str(item["_id"]), "quantity": "1", "outcome": "return"}]
    workflow.take(
        Actor.of(admin),
        admin,
        slips,
        record["_id"],
        "take_back",
        {"returns": rows},
        revision=record["revision"],
    )
    draft(slips, slip=None, workflow=flat(slips))
    assert told(slips) == {}


def test_a_reserved_piece_keeps_its_slip_too(things: LiveForm, slips: LiveForm, admin: User) -> None:
    item = factories.record(things, admin, name="Gauge", quantity="5")
    rows = [{"item": str(item["_id"]), "quantity": "1"}]
    record = factories.record(
        slips, admin, items=rows, borrower=str(admin.id), begins="2998-01-01", ends="2999-01-01"
    )
    workflow.take(Actor.of(admin), admin, slips, record["_id"], "ask", {}, revision=record["revision"])
    draft(slips, slip=None, workflow=flat(slips))
    assert set(told(slips)) == {"slip"}


def test_a_form_that_lends_what_is_no_ledger_is_told(slips: LiveForm) -> None:
    factories.form()
    document = slips.definition.dump()
    draft(slips, slip={**document["slip"], "ledger": "sheet"})
    assert told(slips)["slip.ledger"] == "The form “sheet” is no ledger."
    flow = {
        **factories.one_task(),
        "on_create": [{"do": "ledger", "action": "damage", "item": "sheet", "quantity": "n"}],
    }
    fields = [field("sheet", "reference", form="sheet"), field("n", "integer")]
    live = factories.form(*fields, key="report", workflow=flow)
    draft(live, description={"en": "Changed"})
    assert told(live) == {"workflow.on_create.0.item": "The form “sheet” is no ledger."}


def test_a_letter_that_names_what_the_other_form_lacks_is_told() -> None:
    customers()
    live = cases()
    draft(live, letters=[letter(address="customer.postcode", body={"en": "{{ customer.gone }}{{ x"})])
    assert "“Test sheet” has no field “postcode”." in translate_all(live, "letters.report.body")
    assert "letters.report.body.en" in told(live)


def translate_all(live: LiveForm, path: str) -> list[str]:
    found = impact.impact(live.key).problems
    return [translate(one.message, "en") for one in found if one.path == path]


def test_a_version_tells_what_changes_in_ledgers_slips_and_letters(things: LiveForm, slips: LiveForm) -> None:
    customers()
    before, ledger = things.definition, things.definition.dump()["ledger"]
    plain = before.model_copy(update={"ledger": None})
    other = type(before).load({**before.dump(), "ledger": {**ledger, "place": ""}})
    assert [(one.kind, one.how) for one in compare(plain, before).parts] == [("ledger", "added")]
    assert [(one.kind, one.how) for one in compare(before, plain).parts] == [("ledger", "removed")]
    [part] = compare(before, other).parts
    assert [(one.name, one.before, one.after) for one in part.changes] == [("place", "place", "")]
    assert compare(before, other).form == ()
    letters = cases().definition
    gone = letters.model_copy(update={"letters": ()})
    assert [(one.kind, one.key, one.how) for one in compare(letters, gone).parts] == [
        ("letter", "report", "removed")
    ]
    assert not compare(slips.definition, slips.definition)
