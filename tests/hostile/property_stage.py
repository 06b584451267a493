"""The ledger of the stage: lent, asked for, waited for, back, overdue, damaged, and counted just now."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bson import ObjectId

from models import forms, workflow
from models.database import Document
from models.forms import LiveForm
from models.ledger import desk, labels, movements
from models.ledger.stock_check.counting import Count, count
from models.people import Actor, User
from models.times import now, set_clock
from tests import everything, factories, stock_check_forms
from tests.factories import field
from tests.ledger_forms import ledger_form, slip_form
from tests.models.ledger.desk_work import back, day, slip, taken

OVERDUE_DAYS = 30


def build(admin: User, words: str, **other: str) -> dict[str, Any]:
    """Fill a ledger whose every word is `words`; return the parts of addresses about it.

    `other` says something else as the `name`, `place` or `customer` of the item, or the name of its `holder`.
    """
    holder = factories.user("holder", name=other["holder"]) if "holder" in other else admin
    things, slips, checks = _forms({"zh": words, "en": words}, other.get("customer", words))
    with set_clock(now() - timedelta(days=OVERDUE_DAYS)):
        item = _item(things, admin, words, other)
        overdue = taken(slips, _slip(slips, item, words, quantity="2"), "ask", "lend")
    closed = _closed(slips, item, words)
    asked = taken(slips, _slip(slips, item, words, begins=day(20), ends=day(25)), "ask")
    queued = taken(slips, _slip(slips, item, words, quantity="5"), "queue")
    draft = _slip(slips, item, words, quantity="5")
    actor = factories.actor(admin)
    desk.move(actor, admin, things, item["_id"], "damage", quantity=Decimal(1), note=words, condition=words)
    [moved] = [one for one in movements.of_item(things.key, item["_id"]) if one["kind"] == "damage"]
    checking = stock_check_forms.begun(checks, admin, name=words, place=item["data"]["place"])
    return {
        "form": things.key,
        "record_id": item["_id"],
        "movement_id": moved["_id"],
        "code": labels.codes(things.key, [item["_id"]])[item["_id"]],
        "lent": overdue["_id"],
        "closed": closed["_id"],
        "asked": asked["_id"],
        "queued": queued["_id"],
        "draft": draft["_id"],
        "customer": item["data"]["customer"],
        "person": holder.id,
        "department": admin.department.id,
        "check_id": checking["_id"],
        **_counted(admin, checking, words),
        "reviewed": _reviewed(checks, admin, words),
    }


def pages(held: dict[str, Any]) -> Iterator[str]:
    """Yield addresses of pages on which a question, or the kind of record, decides what is shown."""
    item, year = held["record_id"], now().year
    for form in ("thing", "slip", "stocktaking"):
        yield f"/records/{form}/"
        yield f"/records/{form}/new"
    for page in ("", "/edit", "/history", "/print", "/move/give_back"):
        yield f"/records/thing/{item}{page}"
    for step in ("take_back", "extend", "pass_on"):
        yield f"/records/slip/{held['lent']}/move/{step}"
    for slip_at in ("lent", "closed", "asked", "queued", "draft"):
        yield f"/records/slip/{held[slip_at]}"
    yield f"/records/slip/{held['draft']}/edit"
    yield f"/records/stocktaking/{held['check_id']}"
    yield f"/property/checks/{held['reviewed']}"
    for by in ("person", "customer", "department"):
        yield f"/property/holdings?{by}={held[by]}"
    for page in ("statement", "statement/print"):
        yield f"/property/thing/{page}?customer={held['customer']}&year={year}"
    yield f"/property/thing/labels?ids={item}"
    yield f"/property/thing/basket?item={item}"
    yield f"/property/thing/calendar?item={item}"


def _forms(text: dict[str, str], customer: str) -> tuple[LiveForm, LiveForm, LiveForm]:
    """Publish the ledger, its slip and its stock check; all that has a name is called the same."""
    client = factories.form(field("name"), key="client", label=text)
    factories.record(client, name=customer)
    things, slips = ledger_form(numbering="TH-{seq:4}"), slip_form(numbering="SL-{seq:4}")
    pictures = field("pictures", "image", max_files=5)
    slip_part = {**slips.definition.dump()["slip"], "photos": "photos"}
    return (
        _named(things, text, [pictures], list_columns=["name", "quantity", "holders", "status", "place"]),
        _named(slips, text, [{**pictures, "key": "photos"}], slip=slip_part),
        _named(stock_check_forms.check_form(), text, []),
    )


def _named(live: LiveForm, text: dict[str, str], more: list[Document], **changes: Any) -> LiveForm:
    """Publish the next version of a form, in which every label says the same."""
    stored = live.definition.dump()
    changed = {**stored, **changes, "fields": [*stored["fields"], *more]}
    return factories.republish(live, **_relabelled(changed, text))


def _relabelled(value: Any, text: dict[str, str]) -> Any:
    """Return a part of a definition with other labels; options have to differ, so they keep their keys."""
    if isinstance(value, list):
        return [_relabelled(inner, text) for inner in value]
    if not isinstance(value, dict):
        return value
    changed: dict[str, Any] = {
        key: text if key == "label" else _relabelled(inner, text) for key, inner in value.items()
    }
    for option in changed.get("options", ()):
        option["label"] = {language: f"{words} {option['key']}" for language, words in text.items()}
    return changed


def _item(things: LiveForm, admin: User, words: str, other: Mapping[str, str]) -> Document:
    [customer] = _of("client")
    return factories.record(
        things, admin, name=other.get("name", words), quantity="5", place=other.get("place", words),
        customer=str(customer["_id"]), keeper=str(admin.department.id), pictures=[_picture(admin, words)],
    )  # fmt: skip


def _of(key: str) -> list[Document]:
    return list(forms.current(key).records().find())


def _picture(admin: User, words: str) -> str:
    return str(factories.stored(everything.PNG, admin, f"{words}.png", purpose="upload"))


def _slip(slips: LiveForm, item: Document, words: str, quantity: str = "1", **raw: Any) -> Document:
    holder = User.objects(username="holder").first() or factories.administrator()
    return slip(slips, item, quantity, purpose=words, borrower=str(holder.id), **raw)


def _closed(slips: LiveForm, item: Document, words: str) -> Document:
    admin = factories.administrator()
    lent = taken(slips, _slip(slips, item, words), "ask", "lend")
    raw = {"returns": [back(item, condition=words, place=words)]}
    return workflow.take(
        Actor.of(admin), admin, slips, lent["_id"], "take_back", raw, revision=lent["revision"]
    )


def _counted(admin: User, check: Document, words: str) -> dict[str, ObjectId]:
    """Count a line with a picture; return both."""
    [line] = stock_check_forms.lines_of(check, kind="kept")
    photo = ObjectId(_picture(admin, words))
    said = Count(Decimal(9), words, (photo,))
    count(factories.actor(admin), admin, check["_id"], line["_id"], said)
    return {"line_id": line["_id"], "file_id": photo}


def _reviewed(checks: LiveForm, admin: User, words: str) -> ObjectId:
    """Return a check that is counted, and about which somebody decides."""
    check = stock_check_forms.begun(checks, admin, name=words)
    found: ObjectId = check["_id"]
    stock_check_forms.counted_all(checks, check, 9)
    stock_check_forms.step(checks, admin, check, "review")
    return found
