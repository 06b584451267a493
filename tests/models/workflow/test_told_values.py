"""What texts say to whom: a value that is closed to somebody is not told to them either."""

from typing import Any

import pytest
from pymongo.database import Database

from models import outbox, workflow
from models.access import Action
from models.channels import Channel
from models.database import Document
from models.field_limits import MASK
from models.messages import translate
from models.people import FieldRule, Grant, Limit, Role, User
from tests import factories
from tests.factories import field
from tests.models.clocks import casting
from tests.models.workflow import procedures
from tests.models.workflow.procedures import FINISH, START, flow, take

Store = Database[Document]
pytestmark = pytest.mark.usefixtures("db")
ALL = [Action.SEE, Action.TRANSITION]


def person(name: str, limit: Limit | None = None, forms: tuple[str, ...] = ("*",)) -> User:
    rules = [FieldRule(form="sheet", fields=["price"], limit=limit.value)] if limit else []
    grants = [Grant(form=form, actions=[one.value for one in ALL]) for form in forms]
    return factories.user(name, Role(name=f"role_{name}", grants=grants, field_rules=rules).save())


def told(db: Store) -> dict[str, str]:
    outbox.carry_out_due()
    names = {one["_id"]: one["username"] for one in db.users.find()}
    return {names[one["person"]]: one["text"]["en"] for one in db.notifications.find()}


def robot() -> None:
    Channel(key="robot", name="Group", kind="wecom", address="https://example.com/hook", active=True).save()


def notify(*people: User, text: str = "{name}: {price}") -> dict[str, Any]:
    names = [str(one.username) for one in people]
    effect = {"do": "notify", "who": {"people": names}, "text": {"en": text, "zh": text}}
    return flow(START | {"effects": [effect]}, FINISH)


def test_each_is_told_what_is_open_to_them_and_groups_what_is_open_to_all(db: Store) -> None:
    people = [person("chief"), person("clerk", Limit.MASKED), person("guest", Limit.HIDDEN)]
    outsider = factories.user("outsider")
    robot()
    live = procedures.form(
        notify(*people, outsider), field("name"), field("price", "integer"), field("cause")
    )
    take(live, factories.record(live, name="lamp", price=471), "start")
    closed = f"lamp: {MASK}"
    assert told(db) == {"chief": "lamp: 471", "clerk": closed, "guest": closed, "outsider": closed}
    [sent] = db.deliveries.find({"channel_kind": "wecom"})
    assert sent["notice"]["text"]["en"] == closed


def test_without_field_rules_one_text_is_for_all(db: Store) -> None:
    people = [person("chief"), person("clerk")]
    robot()
    live = procedures.form(notify(*people), field("name"), field("price", "integer"), field("cause"))
    take(live, factories.record(live, name="lamp", price=471), "start")
    [effect] = db.outbox.find({"kind": "tell"})
    assert effect["payload"]["instead"] == []
    assert set(told(db).values()) == {"lamp: 471"}
    [sent] = db.deliveries.find({"channel_kind": "wecom"})
    assert sent["notice"]["text"]["en"] == "lamp: 471"


def test_the_name_of_a_record_is_told_to_those_who_see_it(db: Store) -> None:
    target = factories.form(field("name"), key="customer")
    other = factories.record(target, name="Secret Ltd")
    people = [person("chief"), person("clerk", forms=("sheet",))]
    live = procedures.form(
        notify(*people, text="{name}: {customer}"),
        field("name"), field("customer", "reference", form="customer"), field("cause"),
    )  # fmt: skip
    take(live, factories.record(live, name="lamp", customer=str(other["_id"])), "start")
    assert told(db) == {"chief": "lamp: Secret Ltd", "clerk": f"lamp: {MASK}"}


def test_what_is_filed_says_only_what_is_closed_to_nobody(db: Store) -> None:
    person("clerk", Limit.HIDDEN)
    factories.department("FIN", "财务部", "Finance")
    effect = {"do": "file", "department": "FIN", "text": {"en": "{name}: {price}", "zh": ""}}
    live = procedures.form(
        flow(START | {"effects": [effect]}, FINISH), field("name"), field("price", "integer"), field("cause")
    )
    take(live, factories.record(live, name="lamp", price=471), "start")
    [filed] = db.filings.find()
    assert filed["text"]["en"] == f"lamp: {MASK}"


def test_a_reminder_tells_each_what_is_open_to_them(db: Store) -> None:
    people = [person("chief"), person("clerk", Limit.HIDDEN)]
    robot()
    text = {"zh": "{price}", "en": "{price}"}
    rung = {"key": "soon", "side": "before", "offset": {"amount": 1, "unit": "hours"}, "text": text}
    live = casting.form(
        casting.rule(who={"people": [str(one.username) for one in people]}, ladder=[rung]),
        fields=[field("name"), field("price", "integer")],
    )
    casting.create(live, price=471)
    casting.sweep(casting.at(hours=23))
    assert told(db) == {"chief": "471", "clerk": MASK}
    [sent] = db.deliveries.find({"channel_kind": "wecom"})
    assert sent["notice"]["text"]["en"] == MASK


def test_a_step_does_not_say_what_a_closed_field_has_to_be(db: Store) -> None:
    clerk, chief = person("clerk", Limit.MASKED), person("chief")
    condition = {"field": "price", "op": "gt", "value": 500}
    step = START | {"condition": condition, "who": {"people": ["clerk", "chief"]}}
    live = procedures.form(flow(step, FINISH), field("name"), field("price", "integer"), field("cause"))
    record = factories.record(live, name="lamp", price=471)
    why = {
        str(who.username): translate(found.why_not, "en")
        for who in (clerk, chief)
        for found in workflow.available(who, live, record)
        if found.why_not
    }
    assert why["clerk"] == "This step is not possible yet."
    assert "500" in why["chief"]
