"""The life of an item: movements and history as one row, read page by page."""

from decimal import Decimal

import pytest

from models import records
from models.disclosure import Disclosure
from models.forms import LiveForm
from models.ledger import desk
from models.ledger.timeline import Event, Position, page
from models.people import Action, Actor, FieldRule, Limit, User
from tests import factories
from tests.models.ledger.desk_work import slip, taken, thing


def named(event: Event) -> str:
    return str(event.document["kind" if event.kind == "movement" else "action"])


def test_movements_and_entries_are_one_row_newest_first(
    things: LiveForm, slips: LiveForm, admin: User
) -> None:
    item = thing(things)
    taken(slips, slip(slips, item, 2), "ask", "lend")
    records.update(Actor.of(admin), things, item["_id"], {"name": "B"}, revision=1, partial=True)
    desk.move(Actor.of(admin), admin, things, item["_id"], "damage", quantity=Decimal(1))
    found = page(Disclosure(admin, things), item)
    assert [named(one) for one in found.events] == ["damage", "updated", "borrow", "arrival", "created"]
    assert found.older == ""
    damaged = found.events[0]
    assert damaged.source
    assert damaged.target
    assert (damaged.source.kind, damaged.target.kind) == ("kept", "damaged")


def test_a_long_life_is_read_in_pages_that_leave_nothing_out(things: LiveForm, admin: User) -> None:
    item = thing(things)
    for number in range(1, 8):
        records.update(
            Actor.of(admin), things, item["_id"], {"name": str(number)}, revision=number, partial=True
        )
        desk.move(
            Actor.of(admin), admin, things, item["_id"], "relocate", quantity=Decimal(5), place=str(number)
        )
    told, seen, start, pages = Disclosure(admin, things), [], Position(), 0
    while True:
        found = page(told, item, start, size=4)
        seen += [one.document["_id"] for one in found.events]
        pages += 1
        if not found.older:
            break
        start = Position.read(found.older)
    whole = page(told, item, size=100)
    assert seen == [one.document["_id"] for one in whole.events]
    assert (len(seen), pages) == (16, 4)


@pytest.mark.parametrize("odd", ["", "x", ".", "..", f"{'a' * 24}.-1", "1.99999999999", "é.٣", "$ne"])
def test_an_address_that_makes_no_sense_is_read_as_far_as_it_does(odd: str) -> None:
    assert Position.read(odd).revision is None


def test_movements_do_not_tell_who_where_the_role_hides_the_holders(
    things: LiveForm, slips: LiveForm
) -> None:
    item = thing(things)
    taken(slips, slip(slips, item), "ask", "lend")
    hidden = FieldRule(form="thing", fields=["holders", "kept_by"], limit=Limit.HIDDEN.value)
    clerk = factories.user("clerk", factories.role("clerk", actions=[Action.SEE], field_rules=[hidden]))
    moved = [one for one in page(Disclosure(clerk, things), item).events if one.kind == "movement"]
    assert [(one.source and one.source.department, one.target and one.target.person) for one in moved] == [
        (None, None),
        (None, None),
    ]
