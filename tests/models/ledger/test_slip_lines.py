"""What a slip's page shows of its lines, and which of its steps do what."""

from zoneinfo import ZoneInfo

from models.forms import LiveForm
from models.ledger.slip_lines import lines_of, rest
from models.ledger.steps import does, states_while
from models.people import User
from tests.models.ledger.desk_work import back, day, slip, take, taken, thing

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_lines_tell_what_is_still_out_and_who_waits(things: LiveForm, slips: LiveForm, admin: User) -> None:
    item, free = thing(things, quantity="3"), thing(things, name="Free")
    both = [{"item": str(one["_id"]), "quantity": "3"} for one in (item, free)]
    lent = taken(slips, slip(slips, item, items=both), "ask", "lend")
    take(slips, slip(slips, item, 1), "queue")
    partly = take(slips, lent, "take_back", returns=[back(item, 1), back(free, 3)])
    part = slips.definition.slip
    assert part
    one, two = lines_of(admin, part, things, partly, SHANGHAI)
    assert ([int(count) for count in (one.lent, one.returned, one.out)], one.step) == ([3, 1, 2], "partly")
    assert [(held.person, int(held.quantity)) for held in one.waiting] == [(admin.id, 1)]
    assert (int(two.out), two.step, two.waiting) == (0, "back", ())
    assert rest(part, partly) == [{"item": str(item["_id"]), "quantity": "2", "outcome": "return"}]


def test_a_line_in_line_knows_its_place(things: LiveForm, slips: LiveForm, admin: User) -> None:
    item = thing(things, quantity="1")
    taken(slips, slip(slips, item), "ask", "lend")
    first, second = (take(slips, slip(slips, item), "queue") for _number in range(2))
    part = slips.definition.slip
    assert part
    places = [lines_of(admin, part, things, one, SHANGHAI)[0].place_in_line for one in (first, second)]
    assert places == [1, 2]


def test_a_slip_without_returns_has_nothing_to_fill_in(things: LiveForm, slips: LiveForm) -> None:
    part = slips.definition.slip
    assert part
    asked = taken(slips, slip(slips, thing(things), begins=day(0), ends=day(1)), "ask")
    assert rest(part, asked) == []
    assert rest(part.model_copy(update={"returns": None}), asked) == []


def test_states_in_which_something_is_reserved_lent_or_in_line(slips: LiveForm) -> None:
    assert states_while(slips.definition, "reserve", "release", "lend") == ["asked"]
    assert states_while(slips.definition, "lend", "release") == ["lent"]
    assert states_while(slips.definition, "queue", "reserve", "release", "lend") == ["queued"]
    workflow = slips.definition.workflow
    assert workflow
    assert does(workflow.by_transition["take_back"], "take_back")
    assert not does(workflow.by_transition["ask"], "take_back", "lend")
