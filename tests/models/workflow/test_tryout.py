"""Trying a draft on a sample: it says what would happen, and nothing is stored."""

from datetime import UTC, datetime

import pytest
from pymongo.database import Database

from models import calendars, form_checks
from models.database import Document
from models.definition import Definition
from models.errors import InvalidError
from models.messages import translate
from models.workflow.tryout import Step, try_out
from tests import factories
from tests.factories import field
from tests.models.workflow.procedures import FINISH, START, flow, holder, step

Store = Database[Document]
pytestmark = pytest.mark.usefixtures("db")
NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)


def stored(db: Store) -> dict[str, int]:
    """Return how much each collection holds."""
    return {name: db[name].count_documents({}) for name in db.list_collection_names()}


def draft(**more: object) -> dict[str, object]:
    effects = [
        {"do": "set", "field": "qty", "value": 7},
        {"do": "create", "form": "action", "mapped": {"what": "name"}},
        {"do": "notify", "who": {"roles": ["quality"]}, "text": {"zh": "看 {name}", "en": "Look at {name}"}},
        {"do": "file", "department": "QA"},
    ]
    states = flow()["states"]
    states = [states[0], {**states[1], "who": {"roles": ["quality"]}}, states[2]]
    return {
        "key": "draft",
        "label": {"en": "Draft"},
        "fields": [field("name"), field("qty", "integer"), field("cause")],
        "workflow": flow(
            START | {"effects": effects, "required": ["cause"], "who": {"roles": ["quality"]}},
            step("skip", "new", "done", condition={"field": "qty", "op": "gt", "value": 99}),
            FINISH | {"by": "rule", "condition": {"field": "cause", "op": "eq", "value": "clear"}},
            states=states,
        ),
        "clocks": [
            {
                "key": "answer",
                "label": {"en": "Answer"},
                "start": {"states": ["work"]},
                "stop": {"states": ["done"]},
                "length": {"amount": "24", "unit": "hours"},
            }
        ],
        **more,
    }


def test_a_draft_says_which_records_would_take_a_step_with_it() -> None:
    factories.form(field("origin", "reference", form="draft"), key="action", workflow=flow(START, FINISH))
    linked = {"do": "linked", "form": "action", "transition": "start"}
    document = draft(workflow=flow(START | {"effects": [linked]}, FINISH))
    _begun, stop = try_out(factories.actor(), Definition.load(document), {"name": "a"}, [Step("start")])
    assert [translate(one, "en") for one in stop.happened] == [
        "What belongs to it of “action” takes the step “start”."
    ]


def test_a_draft_is_tried_without_storing_anything(db: Store) -> None:
    quality = holder("quality")
    factories.department()
    factories.form(field("what"), key="action", numbering="A-{seq:3}")
    calendars.ensure_default()  # as every installation does when it starts
    before = stored(db)
    definition = form_checks.load(draft())
    created, started = try_out(
        factories.actor(quality), definition, {"name": "a"}, [Step("start", {"cause": "worn"})], at=NOON
    )
    assert created.state
    assert [(one.transition.key, one.why_not is None) for one in created.offers] == [
        ("start", True),
        ("skip", False),
    ]
    assert created.offers[0].people
    assert created.offers[0].people.text("en") == "quality"
    assert started.state
    assert started.state.key == "work"
    said = " ".join(map(str, started.happened))
    for part in ("becomes 7", "“action” is created", "看 a", "filed with QA"):
        assert part in said
    assert [(one.rule.key, one.due_at) for one in started.clocks] == [
        ("answer", datetime(2026, 11, 21, 4, tzinfo=UTC))
    ]
    assert started.owed_by == ("quality_1",)
    assert stored(db) == before


def test_a_step_that_is_refused_says_why_and_is_the_last() -> None:
    factories.form(field("what"), key="action")
    definition = form_checks.load(draft())
    _created, missing = try_out(factories.actor(), definition, {"name": "a"}, [Step("start"), Step("finish")])
    assert missing.refused
    assert list(missing.errors) == ["cause"]
    assert missing.state
    assert missing.state.key == "new"
    [_created, waits] = try_out(factories.actor(), definition, {"name": "a"}, [Step("skip")])
    assert "qty" in str(waits.refused)
    [_created, unknown] = try_out(factories.actor(), definition, {"name": "a"}, [Step("nothing")])
    assert unknown.refused


def test_rules_are_followed_in_a_trial_too() -> None:
    factories.form(field("what"), key="action")
    definition = form_checks.load(draft())
    *_others, last = try_out(
        factories.actor(), definition, {"name": "a"}, [Step("start", {"cause": "clear"})]
    )
    assert last.state
    assert last.state.key == "done"
    assert any("by itself" in str(one) for one in last.happened)


def test_a_draft_with_problems_is_not_tried() -> None:
    with pytest.raises(InvalidError):
        try_out(factories.actor(), form_checks.load(draft(workflow=flow(START))), {})
