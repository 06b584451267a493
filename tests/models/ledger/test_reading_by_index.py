"""Whatever screens ask of a ledger is found by an index, however many items and movements there are."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo.database import Database

from models import queries
from models.database import Document
from models.disclosure import Disclosure
from models.forms import LiveForm
from models.leaving import pieces
from models.ledger import calendar, holdings, movements, timeline
from models.ledger.calendar import Window
from models.ledger.slip_lines import lines_of
from models.people import User
from models.queries import ListQuery
from models.times import today
from tests import factories
from tests.factories import field
from tests.ledger_forms import ledger_form
from tests.models.ledger.desk_work import ids, slip, take, taken, thing
from tests.models.test_no_scans import watched

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_no_screen_of_the_ledger_looks_through_everything(
    db: Database[Document], things: LiveForm, slips: LiveForm, admin: User
) -> None:
    buyer = factories.record(factories.form(field("name", required=True), key="client"), name="Buyer")
    items = [thing(things, name=str(number), customer=str(buyer["_id"])) for number in range(12)]
    lent = taken(slips, slip(slips, items[0]), "ask", "lend")
    take(slips, slip(slips, items[1]), "ask")
    here = today(SHANGHAI)
    window = Window(here, here + timedelta(days=6), here, SHANGHAI)
    part, [customer] = slips.definition.slip, holdings.references(things, "client")
    assert part
    with watched(db) as scans:
        holdings.of_person(admin, things, admin.id, SHANGHAI)
        holdings.count_seen(admin, things, admin.id)
        holdings.count_of_person(things, admin.id)
        holdings.of_department(admin, things, factories.department().id, SHANGHAI, after=items[9]["_id"])
        holdings.of_reference(admin, things, customer, buyer["_id"], SHANGHAI, after=items[9]["_id"])
        holdings.count_of_reference(admin, things, customer, buyer["_id"])
        calendar.by_item(admin, things, window, ListQuery())
        calendar.by_item(admin, things, window, ListQuery(), scope="late")
        calendar.people(admin, things, window, ListQuery())
        calendar.by_person(admin, things, window, ListQuery(), [admin.id])
        timeline.page(Disclosure(admin, things), items[0])
        movements.undone([items[0]["_id"]])
        lines_of(admin, part, things, lent, SHANGHAI)
        list(pieces.held(admin, admin))
        list(pieces.asked(admin, admin))
        pieces.slips_held(slips, admin.id)
    assert scans == []


def test_what_is_lent_is_listed_in_the_ledgers_own_order_without_sorting_it(
    db: Database[Document], admin: User
) -> None:
    factories.form(field("name", required=True), key="client")
    things = ledger_form(sort={"field": "arrived_on", "descending": True})
    items = [thing(things, name=str(number)) for number in range(3)]
    copies = [{**items[0], "_id": ObjectId()} for _one in range(200)]
    things.records().insert_many(copies)
    things.records().update_many({"_id": {"$in": ids(*items)}}, {"$set": {"data.status": "lent"}})
    lent = ListQuery(
        where={"field": "status", "op": "in", "value": ["lent", "partly_lent"]}, sort="arrived_on"
    )
    with watched(db):
        assert len(queries.page(admin, things, lent).records) == len(items)
    asked: Document = {"command.find": "record_thing", "command.limit": lent.page_size + 1}
    [read, *_earlier] = db["system.profile"].find(asked).sort("ts", -1)
    assert read["docsExamined"] == len(items)
    assert not read.get("hasSortStage")
