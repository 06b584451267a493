"""What keeps a workflow from being published, what only needs a look, and what a new version may not do."""

from typing import Any

import pytest

from models import form_checks, forms, procedure_checks
from models.errors import InvalidError
from tests import factories
from tests.factories import field
from tests.models.workflow import procedures
from tests.models.workflow.procedures import FINISH, START, flow, state, step

ALWAYS: dict[str, Any] = {"all": []}


def problems(workflow: dict[str, Any], *fields: dict[str, Any], **more: Any) -> dict[str, str]:
    """Return by path what is wrong with a form that has a workflow."""
    chosen = list(fields) or [
        field("name"),
        field("qty", "integer"),
        field("total", "computed", formula="qty"),
    ]
    document = {"key": "sheet", "label": {"en": "Sheet"}, "fields": chosen, "workflow": workflow, **more}
    found = form_checks.problems(form_checks.load(document))
    return {problem.path: str(problem.message) for problem in found}


def starting(*effects: dict[str, Any]) -> dict[str, Any]:
    return flow(START | {"effects": list(effects)}, FINISH)


def test_a_sound_workflow_has_no_problems() -> None:
    assert problems(flow(START, FINISH)) == {}


@pytest.mark.parametrize(
    ("workflow", "path"),
    [
        (flow(START, FINISH, initial="gone"), "workflow.initial"),
        (flow(START, FINISH, START), "workflow.transitions.start.key"),
        (flow(START, FINISH, states=[*flow()["states"], state("done", "done")]), "workflow.states.done.key"),
        (flow(START, step("finish", "lost", "done")), "workflow.transitions.finish.sources"),
        (flow(START, step("finish", "work", "lost")), "workflow.transitions.finish.to"),
        (flow(START), "workflow.states.work"),
        (flow(START | {"fields": ["gone"]}, FINISH), "workflow.transitions.start.fields"),
        (flow(START | {"required": ["total"]}, FINISH), "workflow.transitions.start.required"),
        (flow(START | {"who": {"fields": ["name"]}}, FINISH), "workflow.transitions.start.who.fields"),
        (flow(START | {"who": {"heads_of": ["name"]}}, FINISH), "workflow.transitions.start.who.heads_of"),
        (flow(START | {"who": {"within": "QA"}}, FINISH), "workflow.transitions.start.who.within"),
        (
            flow(START | {"condition": {"field": "gone", "op": "empty"}}, FINISH),
            "workflow.transitions.start.condition",
        ),
        (
            flow(START | {"condition": {"field": "@state", "op": "eq", "value": "gone"}}, FINISH),
            "workflow.transitions.start.condition",
        ),
        (flow(START | {"by": "rule", "signature": "typed"}, FINISH), "workflow.transitions.start"),
        (
            flow(START, FINISH, states=[state("new", readonly_fields=["gone"]), *flow()["states"][1:]]),
            "workflow.states.new.readonly_fields",
        ),
        (
            flow(START, FINISH, states=[{**state("new"), "label": {}}, *flow()["states"][1:]]),
            "workflow.states.new.label",
        ),
    ],
)  # fmt: skip
def test_a_workflow_that_names_what_is_not_there_is_refused(workflow: dict[str, Any], path: str) -> None:
    assert path in problems(workflow)


@pytest.mark.parametrize(
    ("effect", "path"),
    [
        ({"do": "set", "field": "gone", "value": 1}, "field"),
        ({"do": "set", "field": "total", "value": 1}, "field"),
        ({"do": "set", "field": "qty", "value": "many"}, "value"),
        ({"do": "set", "field": "qty", "source": "@now"}, "source"),
        ({"do": "set", "field": "qty", "source": "@nothing"}, "source"),
        ({"do": "set", "field": "qty", "source": "name"}, "source"),
        ({"do": "notify", "who": {}, "text": {"en": "x"}}, "who"),
        ({"do": "notify", "who": {"roles": ["r"]}, "text": {"en": "{gone}"}}, "text"),
        ({"do": "route", "table": "gone"}, "table"),
        ({"do": "clock", "clock": "gone", "action": "start"}, "clock"),
        ({"do": "transition", "transition": "finish"}, ""),
        ({"do": "create", "form": "other", "mapped": {"a": "gone"}}, "mapped.a"),
        ({"do": "create", "form": "other", "back": "name"}, "back"),
        ({"do": "create", "form": "sheet", "values": {"gone": 1}}, "values.gone"),
        ({"do": "create", "form": "sheet", "values": {"qty": "many"}}, "values.qty"),
    ],
)
def test_an_effect_that_cannot_happen_is_refused(effect: dict[str, Any], path: str) -> None:
    assert f"workflow.transitions.start.effects.0.{path}".rstrip(".") in problems(starting(effect))


def test_an_approval_needs_steps_and_outcomes_of_its_state() -> None:
    approval = {
        "steps": [{"key": "one", "label": {"en": "One"}, "who": {}}],
        "approved": "finish",
        "rejected": "gone",
    }
    found = problems(
        flow(
            START,
            FINISH,
            states=[*flow()["states"][:1], state("work", approval=approval), state("done", "done")],
        )
    )
    assert {
        "workflow.states.work.approval.steps.one.who",
        "workflow.states.work.approval.approved",
        "workflow.states.work.approval.rejected",
    } <= found.keys()


def test_a_workflow_that_goes_round_by_itself_is_refused() -> None:
    rule = {"field": "qty", "op": "gt", "value": 1}
    there, back = step("there", "new", "work", by="rule"), step("back", "work", "new", by="rule")
    assert "workflow.transitions.there" in problems(flow(there, back, FINISH))
    assert "workflow.transitions.there" in problems(
        flow(there | {"condition": rule}, back | {"condition": rule}, FINISH)
    )
    ends = back | {"condition": {"not": rule}}
    assert problems(flow(there | {"condition": rule}, ends, FINISH)) == {}
    itself = step("again", "new", "new", by="rule", condition=rule)
    assert "workflow.transitions.again" in problems(flow(START, FINISH, itself))
    counts = itself | {"effects": [{"do": "set", "field": "qty", "value": 0}]}
    assert problems(flow(START, FINISH, counts)) == {}


@pytest.mark.usefixtures("db")
def test_what_only_needs_a_look_is_a_warning() -> None:
    factories.department("QA")
    effects = [
        {"do": "create", "form": "nowhere"},
        {"do": "file", "department": "XX"},
        {"do": "notify", "who": {"roles": ["nobody"]}, "text": {"en": "x"}},
    ]
    workflow = flow(
        START | {"effects": effects}, FINISH, step("late", "work", "done", by="clock"),
        states=[*flow()["states"], state("island", "done")],
        routing=[{"key": "by_size", "label": {}, "routes": [{"department": "QA"}, {"department": "QA"}]}],
    )  # fmt: skip
    live = procedures.form(workflow)
    found = {problem.path for problem in procedure_checks.warnings(live.definition)}
    start = "workflow.transitions.start.effects"
    assert found == {
        "workflow.states.new.who",
        "workflow.states.island",
        "workflow.transitions.late.by",
        "workflow.routing.by_size.routes.0",
        f"{start}.0.form",
        f"{start}.1.department",
        f"{start}.2.who.roles",
    }


@pytest.mark.usefixtures("db")
def test_a_state_in_which_records_rest_stays() -> None:
    live = procedures.form()
    factories.record(live, name="a")
    without = flow(step("finish", "work", "done"), states=flow()["states"][1:])
    with pytest.raises(InvalidError) as refused:
        factories.republish(live, workflow=without)
    [messages] = refused.value.errors.values()
    assert "workflow.states" in refused.value.errors
    assert "1" in str(messages[0])
    assert "new" in str(messages[0]).lower()
    forms.discard_draft("sheet", draft_revision=forms.get("sheet").draft_revision)
    unused = flow(step("close", "new", "done"), states=[flow()["states"][0], flow()["states"][2]])
    assert factories.republish(live, workflow=unused).version == 2


def test_what_the_database_cannot_hold_is_refused_in_a_workflow_too() -> None:
    for value in (2**70, {"$gt": 1}, "\ud800"):
        with pytest.raises(InvalidError):
            form_checks.load(
                {
                    "key": "sheet",
                    "label": {"en": "x"},
                    "fields": [field("qty", "integer")],
                    "workflow": starting({"do": "set", "field": "qty", "value": value}),
                }
            )
