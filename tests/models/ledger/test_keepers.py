"""A slip says beside each item which department hands it over."""

from typing import Any

import pytest

from models import records
from models.database import Document
from models.forms import LiveForm
from models.people import Actor, User
from tests import factories
from tests.factories import field
from tests.models.ledger.desk_work import slip, take, thing

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def known(slips: LiveForm) -> LiveForm:
    """The slip with a column for the keeper."""
    document = slips.definition.dump()
    items = next(one for one in document["fields"] if one["key"] == "items")
    items["fields"].append(field("keeper", "department"))
    said = {**document["slip"], "keeper": "keeper"}
    return factories.republish(slips, fields=document["fields"], slip=said)


def keepers(record: Document) -> list[Any]:
    return [row.get("keeper") for row in record["data"]["items"]]


def test_asking_writes_who_hands_an_item_over(things: LiveForm, known: LiveForm) -> None:
    store = factories.department("STORE")
    item = take(things, thing(things, keeper=str(store.id)), "accept")
    written = slip(known, item)
    assert keepers(written) == [None]
    asked = take(known, written, "ask")
    assert keepers(asked) == [store.id]
    assert keepers(take(known, asked, "lend")) == [store.id]


def test_nobody_else_writes_it(things: LiveForm, known: LiveForm, admin: User) -> None:
    store, other = factories.department("STORE"), factories.department("OTHER")
    item = take(things, thing(things, keeper=str(store.id)), "accept")
    row = {"item": str(item["_id"]), "quantity": "1", "keeper": str(other.id)}
    written = slip(known, item, items=[row])
    assert keepers(written) == [None]
    asked = take(known, written, "ask")
    rows = [{**row, "_row": asked["data"]["items"][0]["_row"]}]
    changed = records.update(
        Actor.of(admin), known, asked["_id"], {"items": rows}, revision=asked["revision"]
    )
    assert keepers(changed) == [store.id]
