"""What a person, a department and a customer hold, of what a reader may see."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from models.forms import LiveForm
from models.ledger.holdings import (
    PAGE,
    count_of_person,
    count_seen,
    of_department,
    of_person,
    of_reference,
    references,
)
from models.people import Action, FieldRule, Limit, User
from models.times import now, set_clock
from tests import factories
from tests.factories import field
from tests.ledger_forms import ledger_form
from tests.models.ledger.desk_work import day, slip, take, taken, thing

SHANGHAI = ZoneInfo("Asia/Shanghai")


def li() -> User:
    return factories.user("li", factories.editor().roles[0], department=factories.department("TE", "技术部"))


def test_somebody_holds_what_was_lent_and_asked_for_the_most_urgent_first(
    things: LiveForm, slips: LiveForm, admin: User
) -> None:
    with set_clock(now() - timedelta(days=9)):
        late = thing(things, name="Late")
        taken(slips, slip(slips, late, ends=day(2)), "ask", "lend")
    soon, asked, of_another = (thing(things, name=name) for name in ("Soon", "Asked", "Another's"))
    taken(slips, slip(slips, soon, ends=day(4)), "ask", "lend")
    taken(slips, slip(slips, asked, ends=day(9)), "ask")
    taken(slips, slip(slips, of_another, borrower=str(li().id)), "ask", "lend")
    taken(slips, slip(slips, late, borrower=str(li().id)), "ask", "lend")
    found = of_person(admin, things, admin.id, SHANGHAI)
    assert [row.item["title"] for row in found.rows] == ["Late", "Soon", "Asked"]
    assert [[one.kind for one in row.held] for row in found.rows] == [["lent"], ["lent"], ["reserved"]]
    assert found.rows[0].held[0].late
    assert not found.more
    assert count_of_person(things, admin.id) == 3


def test_more_than_a_page_shows_is_said(things: LiveForm, slips: LiveForm, admin: User) -> None:
    for number in range(3):
        taken(slips, slip(slips, thing(things, name=str(number))), "ask", "lend")
    found = of_person(admin, things, admin.id, SHANGHAI, most=2)
    assert (len(found.rows), found.more) == (2, True)


def test_only_items_that_the_reader_may_see_are_listed_and_counted(
    things: LiveForm, slips: LiveForm, admin: User
) -> None:
    taken(slips, slip(slips, thing(things)), "ask", "lend")
    stranger = factories.user("own", factories.role("own", form="thing", actions=[Action.SEE]))
    stranger.roles[0].grants[0].scope = "own"
    stranger.roles[0].save()
    assert of_person(stranger, things, admin.id, SHANGHAI).rows == ()
    assert (count_seen(stranger, things, admin.id), count_seen(admin, things, admin.id)) == (0, 1)


def test_whoever_may_not_ask_who_holds_what_sees_only_their_own(
    things: LiveForm, slips: LiveForm, admin: User
) -> None:
    masked = FieldRule(form="thing", fields=["holders"], limit=Limit.MASKED.value)
    role = factories.role("clerk", actions=[Action.SEE], field_rules=[masked])
    clerk = factories.user("clerk", role, department=factories.department())
    taken(slips, slip(slips, thing(things)), "ask", "lend")
    taken(slips, slip(slips, thing(things, name="Mine"), borrower=str(clerk.id)), "ask", "lend")
    assert of_person(clerk, things, admin.id, SHANGHAI).rows == ()
    assert [row.item["title"] for row in of_person(clerk, things, clerk.id, SHANGHAI).rows] == ["Mine"]


def test_a_department_holds_what_it_keeps_and_what_its_people_borrowed(
    things: LiveForm, slips: LiveForm, admin: User
) -> None:
    quality, tech = factories.department(), factories.department("TE", "技术部")
    item, elsewhere = thing(things), thing(things, name="Elsewhere")
    lent = slip(slips, elsewhere, 2, borrower=str(li().id), department=str(tech.id))
    taken(slips, lent, "ask", "lend")
    take(slips, slip(slips, elsewhere, 1, department=str(tech.id), begins=day(8), ends=day(9)), "ask")
    [row] = of_department(admin, things, tech.id, SHANGHAI).rows
    assert [(str(one.kind), int(one.quantity)) for one in row.held] == [("lent", 2)]
    found = of_department(admin, things, quality.id, SHANGHAI).rows
    assert {row.item["_id"]: [one.kind for one in row.held] for row in found} == {
        item["_id"]: ["kept"],
        elsewhere["_id"]: ["kept"],
    }


def test_what_a_department_keeps_is_read_page_by_page(things: LiveForm, admin: User) -> None:
    quality = factories.department()
    made = [thing(things, name=str(number))["_id"] for number in range(PAGE + 2)]
    first = of_department(admin, things, quality.id, SHANGHAI)
    after = first.rows[-1].item["_id"]
    rest = of_department(admin, things, quality.id, SHANGHAI, after=after)
    assert (first.more, first.after, rest.more, rest.after) == (True, str(after), False, "")
    assert [row.item["_id"] for row in (*first.rows, *rest.rows)] == sorted(made, reverse=True)


def test_what_is_here_of_a_customer_and_not_what_went_back(admin: User) -> None:
    clients = factories.form(field("name", required=True), key="client")
    things = ledger_form()
    buyer, other = (factories.record(clients, name=name) for name in ("Buyer", "Other"))
    here, gone, theirs = (
        thing(things, name=name, customer=str(customer["_id"]))
        for name, customer in (("Here", buyer), ("Gone", buyer), ("Theirs", other))
    )
    things.records().update_one({"_id": gone["_id"]}, {"$set": {"data.status": "returned"}})
    [by] = references(things, "client")
    rows = of_reference(admin, things, by, buyer["_id"], SHANGHAI).rows
    assert [row.item["_id"] for row in rows] == [here["_id"]]
    assert theirs
