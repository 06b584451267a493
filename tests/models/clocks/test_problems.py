"""A form whose clocks could not work is not published, and says beside which property why."""

from typing import Any

import pytest

from models import forms
from models.errors import InvalidError
from tests import factories
from tests.models.clocks import casting

pytestmark = pytest.mark.usefixtures("db")

HOURLY: dict[str, Any] = {"kind": "recurring", "length": {}, "recurrence": {"times": ["10:00"]}}
OF_FORM: dict[str, Any] = {**HOURLY, "scope": "form", "start": {}, "stop": {}, "who": {"people": ["reader"]}}


@pytest.mark.parametrize(
    ("broken", "path"),
    [
        ({"length": {}}, "length.amount"),
        ({"length": {"amount": 0, "unit": "hours"}}, "length.amount"),
        ({"length": {"amount": "1.5", "unit": "months"}}, "length.amount"),
        ({"length": {"field": "name"}}, "length.field"),
        ({"length": {"field": "nowhere"}}, "length.field"),
        ({"kind": "recurring"}, "recurrence"),
        ({"recurrence": {"times": ["10:00"]}}, "recurrence"),
        ({**HOURLY, "recurrence": {"times": ["10:00"], "monthly": 1}}, "recurrence"),
        ({**HOURLY, "recurrence": {}}, "recurrence"),
        ({**HOURLY, "recurrence": {"every": {"unit": "hours"}}}, "recurrence.every.amount"),
        ({**HOURLY, "recurrence": {"yearly": "02-30"}}, "recurrence.yearly"),
        ({**HOURLY, "recurrence": {"weekly": ["mon"], "months": [1]}}, "recurrence.months"),
        ({"start": {}}, "start"),
        ({"start": {"states": ["nowhere"]}}, "start.states"),
        ({"start": {"transitions": ["nowhere"]}}, "start.transitions"),
        ({"stop": {"rule": {"field": "nowhere", "op": "empty"}}}, "stop.rule"),
        ({"stop": {"states": ["new"]}}, "stop"),
        ({"start": {"states": ["closed"]}, "stop": {}}, "stop"),
        ({"start_at": "name"}, "start_at"),
        ({"done_by": ["nowhere"]}, "done_by"),
        ({"calendar": "nowhere"}, "calendar"),
        ({"label": {}}, "label"),
        ({"who": {"fields": ["name"]}}, "who.fields"),
        ({"ladder": [{"key": "a", "side": "before"}]}, "ladder.a.offset.amount"),
        ({"ladder": [{"key": "a", "offset": {"amount": 1}}]}, "ladder.a.offset"),
        ({"ladder": [{"key": "a", "repeat": {"unit": "hours"}}]}, "ladder.a.repeat.amount"),
        ({"ladder": [{"key": "a"}, {"key": "a"}]}, "ladder.a.key"),
        ({"kind": "retention", "ladder": [{"key": "a"}]}, "ladder"),
        ({**OF_FORM, "who": {}}, "who"),
        ({**OF_FORM, "stop": {"states": ["closed"]}}, "start"),
        ({"scope": "form", "start": {}, "stop": {}, "who": {"people": ["reader"]}}, "kind"),
    ],
)
def test_a_clock_that_cannot_work_is_refused(broken: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidError) as caught:
        casting.form(casting.rule(**broken))
    assert f"clocks.reply.{path}" in caught.value.errors


@pytest.mark.parametrize(
    "sound",
    [
        {"length": {"amount": "0.5", "unit": "working_days"}},
        {"calendar": "default"},
        {"stop": {}},
        {**HOURLY, "done_by": ["note"]},
        OF_FORM,
        {"kind": "retention", "start": {"states": ["closed"]}, "stop": {},
         "length": {"amount": 5, "unit": "years"}},
    ],
)  # fmt: skip
def test_a_clock_that_can_work_is_published(sound: dict[str, Any]) -> None:
    assert casting.form(casting.rule(**sound)).version == 1


def test_two_clocks_with_one_key_are_refused() -> None:
    with pytest.raises(InvalidError) as caught:
        casting.form(casting.rule(), casting.rule())
    assert "clocks.reply.key" in caught.value.errors


def test_a_clock_may_be_started_by_an_effect_alone() -> None:
    start = {"do": "clock", "clock": "reply", "action": "start"}
    live = casting.form(casting.rule(start={}), workflow=casting.flow(on_create=[start]))
    assert forms.current(live.key).version == 1
    record = factories.record(live, name="A")
    assert casting.only(record).get("because")["action"]
