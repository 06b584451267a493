"""Forms with approvals and the people who sign, for the tests."""

from typing import Any

from bson import ObjectId

from models import duties, outbox, records, workflow
from models.approvals import decisions, queries
from models.database import Document, db
from models.forms import LiveForm
from models.people import Actor, Department, User
from tests import factories
from tests.factories import field

REASON = "理由"


def step(key: str = "check", people: tuple[str, ...] = ("amy",), **properties: Any) -> dict[str, Any]:
    """Return an approval step of named people."""
    who = properties.pop("who", {"people": list(people)})
    return {"key": key, "label": {"zh": f"{key} 签", "en": key}, "who": who, **properties}


def form(*steps: dict[str, Any], key: str = "request", **approval: Any) -> LiveForm:
    """Publish a form whose records are approved: draft, then under approval, then agreed or refused."""
    outcome = {"approved": "agree", "rejected": "refuse", "withdrawn": "take_back", **approval}
    states = [
        {"key": "draft", "label": {"en": "Draft"}},
        {
            "key": "asked",
            "label": {"en": "Under approval"},
            "approval": {"steps": list(steps or (step(),)), **outcome},
        },
        {"key": "agreed", "label": {"en": "Agreed"}, "category": "done"},
        {"key": "refused", "label": {"en": "Refused"}, "category": "void"},
    ]
    transitions = [
        move("ask", "draft", "asked", by="person"),
        move("agree", "asked", "agreed", effects=[{"do": "set", "field": "agreed_at", "source": "@now"}]),
        move("refuse", "asked", "refused"),
        move("take_back", "asked", "draft"),
        move("stop", "asked", "draft", by="person"),
    ]
    return factories.form(
        field("name"),
        field("qty", "integer"),
        field("boss", "person"),
        field("agreed_at", "datetime"),
        key=key,
        numbering="R{seq}",
        workflow={"initial": "draft", "states": states, "transitions": transitions},
    )


def move(key: str, source: str, to: str, by: str = "approval", **properties: Any) -> dict[str, Any]:
    return {"key": key, "label": {"en": key}, "sources": [source], "to": to, "by": by, **properties}


def team() -> Department:
    """Return a department with a head, a deputy and a parent with a head of its own."""
    above = factories.department("TOP", "总部", "Head office")
    above.head = person("top", department=above).id
    above.save()
    found = factories.department("QA")
    found.parent = above
    found.head = person("head", department=found).id
    found.deputies = [person("deputy", department=found).id]
    return found.save()


def person(username: str, **fields: Any) -> User:
    """Return somebody who may see and edit everything."""
    signer = factories.role("signer", actions=factories.EDITOR_ACTIONS)
    fields.setdefault("department", factories.department())
    return factories.user(username, signer, **fields)


def leave(user: User) -> None:
    User.objects(id=user.id).update_one(set__active=False)
    user.active = False


def new(live: LiveForm, by: User | None = None, **raw: Any) -> Document:
    values = {"name": "弹簧", **raw}
    return records.create(Actor.of(by or person("asker")), live, values)


def ask(live: LiveForm, by: User | None = None, **raw: Any) -> ObjectId:
    """Make a record, ask for its approval, and return the approval's id."""
    starter = by or person("asker")
    record = new(live, starter, **raw)
    take(live, record, "ask", starter)
    found = queries.open_of_record(live.key, record["_id"])
    assert found
    return ObjectId(found["_id"])


def take(live: LiveForm, record: Document, transition: str, by: User) -> Document:
    return workflow.take(
        Actor.of(by), by, live, record["_id"], transition, {}, revision=stored(live, record)["revision"]
    )


def stored(live: LiveForm, record: Document | ObjectId) -> Document:
    wanted = record if isinstance(record, ObjectId) else record["_id"]
    found = live.records().find_one({"_id": wanted})
    assert found
    return found


def record_of(approval_id: ObjectId) -> Document:
    """Return the record of an approval as it is stored."""
    approval = queries.get(approval_id)
    found = db()[f"record_{approval['form']}"].find_one({"_id": approval["record"]})
    assert found
    return found


def say(approval_id: ObjectId, by: User, decision: str = "approve", **more: Any) -> Document:
    if decision != "approve":
        more.setdefault("reason", REASON)
    return decisions.decide(Actor.of(by), by, approval_id, decision, **more)  # type: ignore[arg-type]


def asked(approval_id: ObjectId) -> list[str]:
    """Return who is asked now, by user name, in the signers' order."""
    approval = queries.get(approval_id)
    if approval["status"] != "open":
        return []
    step = approval["steps"][approval["current"]]
    return [name(one["person"]) for one in step["signers"] if one["status"] == "asked"]


def name(user_id: ObjectId | None) -> str:
    found = User.objects(id=user_id).first()
    return str(found.username) if found else ""


def owing(approval_id: ObjectId) -> list[str]:
    """Return whose inbox holds the approval, by user name."""
    open_ones = duties.of_record("request", queries.get(approval_id)["record"])
    return [name(one) for duty in open_ones if duty["kind"] == "approval" for one in duty["people"]]


def told(user: User) -> list[str]:
    """Carry out what is due and return what a person was told, oldest first, in English."""
    outbox.carry_out_due()
    notices = db().notifications.find({"person": user.id}).sort("_id", 1)
    return [one["text"] if isinstance(one["text"], str) else one["text"]["en"] for one in notices]


def entries(approval_id: ObjectId) -> list[Document]:
    """Return the history of an approval's record, oldest first."""
    approval = queries.get(approval_id)
    found = db().history.find({"form": approval["form"], "record": approval["record"]})
    return list(found.sort("revision", 1))
