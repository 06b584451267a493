"""The workbooks about a ledger, read back cell by cell."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from models.database import Document, db
from models.disclosure import Disclosure
from models.errors import ForbiddenError, InvalidError
from models.field_limits import MASK
from models.forms import LiveForm
from models.ledger import desk
from models.ledger_reports import running
from models.ledger_reports.asked import read
from models.people import Action, FieldRule, Grant, Role, User
from models.times import set_clock
from tests import factories
from tests.models.ledger_reports.conftest import SITE, Company
from tests.models.ledger_reports.reading import ask, made, opened, table

MONDAY = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
LATE = MONDAY + timedelta(days=18)


def link(form: LiveForm, record: Document) -> str:
    return f'=HYPERLINK("{SITE}/records/{form.key}/{record["_id"]}","{record["_id"]}")'


@pytest.fixture
def borrower(company: Company) -> User:
    lab = factories.department("LAB", "实验室", "Laboratory", head=company.admin.id)
    return factories.user("lin", name="林工", department=lab)


@pytest.fixture
def scene(company: Company, borrower: User) -> dict[str, Document]:
    """A gauge of which two pieces are late and one came back damaged, and oil of which some is used up."""
    east = company.client("East")
    gauge = company.thing("Gauge", east, MONDAY, place="A-3")
    oil = company.thing("=Oil", company.client("West"), MONDAY, quantity="2.5", unit="kg")
    slip = company.lend(gauge, "3", borrower, at=MONDAY + timedelta(days=1))
    with set_clock(MONDAY + timedelta(days=2)):
        slip = company.take_back(slip, "1", "damage")
        desk.move(
            company.actor, company.admin, company.things, oil["_id"], "use_up",
            quantity=Decimal("0.5"), note="test run",
        )  # fmt: skip
    return {"gauge": gauge, "oil": oil, "slip": slip, "east": east}


def test_the_ledger_shows_every_item_and_where_every_piece_is(
    company: Company, scene: dict[str, Document]
) -> None:
    with set_clock(LATE):
        sheets = opened(company.things, company.admin, "ledger")
    assert list(sheets) == ["Test sheet", "Where every piece is"]
    gauge, oil = table(sheets["Test sheet"])
    assert gauge["Number"] == link(company.things, scene["gauge"])
    assert [gauge[key] for key in ("name", "quantity", "available", "lent", "Damaged", "Used up")] == [
        "Gauge", 5, 2, 2, 1, None,
    ]  # fmt: skip
    assert (gauge["holders"], gauge["due on"].isoformat(), gauge["status"]) == (
        "林工", "2026-03-10T00:00:00", "partly_lent",
    )  # fmt: skip
    assert (oil["name"], oil["available"], oil["Used up"]) == ("=Oil", 2, 0.5)
    places = table(sheets["Where every piece is"])
    assert [(one["Item name"], one["Where"], one["Quantity"], one["Place"]) for one in places] == [
        ("Gauge", "Kept", 2, "A-3"),
        ("Gauge", "Lent", 2, None),
        ("Gauge", "Damaged", 1, "A-3"),
        ("=Oil", "Kept", 2, None),
        ("=Oil", "Used up", 0.5, None),
    ]
    lent = places[1]
    assert lent["Holder"] == "林工"
    assert (lent["Slip"], lent["customer"]) == (link(company.slips, scene["slip"]), "East")
    assert (lent["Department"], lent["Due"], lent["Days late"]) == ("Laboratory", datetime(2026, 3, 10), 10)  # noqa: DTZ001


def test_the_words_of_a_report_are_those_of_its_reader(company: Company, scene: dict[str, Document]) -> None:
    assert opened(company.things, company.admin, "ledger", "zh")["测试单"][0][2] == "name 中"


def test_movements_of_a_period_are_told_oldest_first(company: Company, scene: dict[str, Document]) -> None:
    rows = table(opened(company.things, company.admin, "movements")["Movements"])
    assert [(one["Item name"], one["Movement"], one["Quantity"]) for one in rows] == [
        ("Gauge", "Arrival", 5),
        ("=Oil", "Arrival", 2.5),
        ("Gauge", "Borrowed", 3),
        ("Gauge", "Damaged", 1),
        ("=Oil", "Used up", 0.5),
    ]
    borrowed = rows[2]
    assert (borrowed["From: Where"], borrowed["From: Place"], borrowed["To: Holder"]) == (
        "Kept",
        "A-3",
        "林工",
    )
    assert rows[0]["From: Where"] == "Outside"
    assert (rows[4]["Note"], rows[4]["Source"], rows[4]["Unit"]) == ("test run", "Screen", "kg")
    assert borrowed["Time"] == datetime(2026, 3, 3, 12, 0)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"begins": "2026-03-03", "ends": "2026-03-03"}, ["Borrowed"]),
        ({"kind": "damage"}, ["Damaged"]),
        ({"person": "borrower"}, ["Borrowed", "Damaged"]),
        ({"department": "LAB"}, ["Borrowed", "Damaged"]),
        ({"customer": "east"}, ["Arrival", "Borrowed", "Damaged"]),
        ({"ends": "2026-03-01"}, []),
    ],
)
def test_movements_can_be_narrowed_down(
    company: Company, borrower: User, scene: dict[str, Document], asked: dict[str, str], found: list[str]
) -> None:
    ids = {"borrower": borrower.id, "LAB": borrower.department.id, "east": scene["east"]["_id"]}
    narrowed = {key: ids.get(value, value) for key, value in asked.items()}
    rows = table(opened(company.things, company.admin, "movements", **narrowed)["Movements"])
    assert [one["Movement"] for one in rows] == found


def test_the_overdue_list_says_who_has_what_how_late_and_who_leads_them(
    company: Company, scene: dict[str, Document]
) -> None:
    with set_clock(LATE):
        [row] = table(opened(company.things, company.admin, "overdue")["Overdue"])
    assert row == {
        "Borrower": "林工",
        "Department": "Laboratory",
        "Head": "管理员",
        "Days late": 10,
        "Number": link(company.things, scene["gauge"]),
        "Item name": "Gauge",
        "customer": "East",
        "Quantity": 2,
        "Unit": "piece",
        "Slip": link(company.slips, scene["slip"]),
        "Since": datetime(2026, 3, 3),  # noqa: DTZ001
        "Due": datetime(2026, 3, 10),  # noqa: DTZ001
    }


def test_on_its_last_day_nothing_is_overdue(company: Company, scene: dict[str, Document]) -> None:
    with set_clock(MONDAY + timedelta(days=8)):
        assert len(opened(company.things, company.admin, "overdue")["Overdue"]) == 1


def test_slips_come_with_their_lines_and_returns(company: Company, scene: dict[str, Document]) -> None:
    with set_clock(LATE):
        sheets = opened(company.things, company.admin, "slips", slips="slip")
    assert list(sheets) == ["Test sheet", "items", "returns"]
    [slip] = table(sheets["Test sheet"])
    assert (slip["Number"], slip["State"], slip["outstanding"]) == (
        link(company.slips, scene["slip"]),
        "lent",
        2,
    )
    [line] = table(sheets["items"])
    assert (line["Test sheet: Number"], line["item"]) == (link(company.things, scene["gauge"]), "Gauge")
    assert [line[key] for key in ("quantity", "lent", "returned", "Still out", "Days late")] == [
        3,
        3,
        1,
        2,
        10,
    ]
    [returned] = table(sheets["returns"])
    assert (returned["Number"], returned["outcome"], returned["condition"]) == (
        link(company.slips, scene["slip"]), "damage", "as it was",
    )  # fmt: skip


def test_slips_that_are_back_can_be_left_out(
    company: Company, borrower: User, scene: dict[str, Document]
) -> None:
    back = company.lend(company.thing("Drawing"), "1", borrower)
    company.take_back(back, "1")
    numbers = [
        row[0] for row in opened(company.things, company.admin, "slips", slips="slip")["Test sheet"][1:]
    ]
    assert len(numbers) == 2
    out = opened(company.things, company.admin, "slips", slips="slip", open_only=True)
    assert [row[0] for row in out["Test sheet"][1:]] == [link(company.slips, scene["slip"])]
    assert [row[0] for row in out["items"][1:]] == [link(company.slips, scene["slip"])]


# -- rights ----------------------------------------------------------------------------------------------


def clerk(**fields: object) -> User:
    """Somebody of the laboratory who sees and exports what their department has entered."""
    actions = [Action.SEE.value, Action.EXPORT.value]
    grants = [Grant(form="thing", actions=actions, scope="department")]
    role = Role(name="clerk", grants=grants, **fields).save()
    return factories.user("clerk", role, department=factories.department("LAB", "实验室", "Laboratory"))


def test_a_report_holds_only_what_its_reader_may_see(company: Company, scene: dict[str, Document]) -> None:
    reader = clerk()
    own = company.thing("Own")
    company.things.records().update_one({"_id": own["_id"]}, {"$set": {"department": reader.department.id}})
    sheets = opened(company.things, reader, "ledger")
    assert [row["name"] for row in table(sheets["Test sheet"])] == ["Own"]
    assert [row["Item name"] for row in table(sheets["Where every piece is"])] == ["Own"]
    moved = table(opened(company.things, reader, "movements")["Movements"])
    assert [(one["Item name"], one["Movement"]) for one in moved] == [("Own", "Arrival")]
    with set_clock(LATE):
        assert opened(company.things, reader, "overdue")["Overdue"][1:] == []


def test_masks_stay_on_and_what_is_closed_of_the_stock_is_not_told(
    company: Company, scene: dict[str, Document]
) -> None:
    rules = [
        FieldRule(form="thing", fields=["place"], limit="masked"),
        FieldRule(form="thing", fields=["holders"], limit="hidden"),
    ]
    reader = clerk(field_rules=rules)
    company.things.records().update_many({}, {"$set": {"department": reader.department.id}})
    gauge = table(opened(company.things, reader, "ledger")["Test sheet"])[0]
    assert (gauge["place"], "holders" in gauge) == (MASK, False)
    places = table(opened(company.things, reader, "ledger")["Where every piece is"])
    assert {one["Holder"] for one in places} == {one["Place"] for one in places} == {None}
    with pytest.raises(InvalidError) as refused:
        read({"report": "movements", "person": str(company.admin.id)}, Disclosure(reader, company.things))
    assert set(refused.value.errors) == {"person"}


def test_slips_that_the_reader_may_not_see_are_not_named(
    company: Company, scene: dict[str, Document]
) -> None:
    reader = clerk()
    company.things.records().update_many({}, {"$set": {"department": reader.department.id}})
    places = table(opened(company.things, reader, "ledger")["Where every piece is"])
    assert {one["Slip"] for one in places} == {None}


def test_whose_rights_changed_does_not_get_the_report_of_before(
    company: Company, scene: dict[str, Document]
) -> None:
    reader = clerk()
    job = ask(company.things, reader, "ledger")
    running.run(job)
    running.require_download(reader, made(job))
    role = reader.roles[0]
    role.field_rules = [FieldRule(form="thing", fields=["place"], limit="masked")]
    role.save()
    with pytest.raises(ForbiddenError):
        running.require_download(User.objects.get(id=reader.id), made(job))


# -- what is asked ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({"report": "x"}, {"report"}),
        ({}, {"report"}),
        ({"report": "movements", "begins": "2026-02-30"}, {"begins"}),
        ({"report": "movements", "begins": "2026-03-02", "ends": "2026-03-01"}, {"ends"}),
        ({"report": "movements", "kind": "theft"}, {"kind"}),
        ({"report": "movements", "person": "me", "customer": "{$ne: 1}"}, {"person", "customer"}),
        ({"report": "statements", "year": "1999"}, {"year"}),
    ],
)
def test_what_makes_no_sense_is_told_beside_its_field(
    company: Company, sent: dict[str, str], wrong: set[str]
) -> None:
    with pytest.raises(InvalidError) as refused:
        read(sent, Disclosure(company.admin, company.things), [2026])
    assert set(refused.value.errors) == wrong


def test_the_audit_log_tells_who_asked_for_which_report(company: Company, scene: dict[str, Document]) -> None:
    running.run(ask(company.things, company.admin, "movements"))
    [told] = list(db().audit.find({"event": "export.started"}))
    assert told["details"]["report"] == "movements"
