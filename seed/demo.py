"""The demo company: people, customers, products, three years of complaints and two of customers' property.

It is told the same way every time. Everything goes through `models.records` and the workflows with its own
moment in the past, so numbers, states, history, stocks and search are what they would be had it happened. An
interrupted load goes on where it stopped.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from models import calendars, forms, passwords
from models.database import Document, db
from models.departments import save as save_department
from models.errors import InUseError
from models.messages import _
from models.people import Actor, Department, Role, User
from models.times import now, set_clock
from seed import lending
from seed.company import costs, deliveries, partners, timeline, vocabulary
from seed.company.incident import Raw
from seed.company.stories import Story, stories
from seed.packs import DEFAULT_PACK, install
from seed.writing import Writer

SEED = 20_260_101
SHEETS = 1_500
BATCH = 100
CLAIMS = 20
THINGS = 240
PROCEDURE = timedelta(days=120)  # since when sheets go through their workflow; older ones are taken over
BEFORE_ALL = timedelta(days=timeline.YEARS * 365 + 30)
DISPATCHER, ACCOUNTANT = "luo.meiling", "qiu.suzhen"
ENTERED_AFTER = timedelta(days=12)  # a month of deliveries, with those that came late
MASTER_DATA = ("supplier", "customer", "product", "problem_type", "defect_mechanism")
TOLD = ("feedback_sheet", "corrective_action", "claim", "quality_cost", "delivery", *lending.FORMS)

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Account:
    """Someone who can sign in to the demo."""

    username: str
    name: str
    department: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Loaded:
    """What is there after a load. `password` is that of every account; None when it was loaded before."""

    accounts: tuple[Account, ...]
    counts: dict[str, int]
    password: str | None = None

    @property
    def was_there(self) -> bool:
        """Tell whether nothing had to be done."""
        return self.password is None


def load(
    progress: Progress | None = None,
    *,
    sheets: int = SHEETS,
    customers: int = partners.CUSTOMERS,
    things: int | None = None,
    password: str | None = None,
) -> Loaded:
    """Load the demo company into a database that has no feedback sheets yet; a second time does nothing.

    Args:
        progress: called with (feedback sheets done, all of them).
        sheets: how many feedback sheets to tell.
        customers: how many customers there are.
        things: how many things of theirs; by default in proportion to the sheets.
        password: of every demo account; one is generated when it is None.

    Raises:
        InUseError: the database holds feedback sheets of someone else.
    """
    begun = db().demo.find_one({"_id": "company"})
    if begun and begun.get("finished_at"):
        return Loaded(_accounts(), _counts())
    calendars.ensure_default()
    install(DEFAULT_PACK, Actor.system())
    begun = begun or _begin(sheets, customers, -(-THINGS * sheets // SHEETS) if things is None else things)
    password = password or passwords.generate()
    _people(password)
    writer = Writer.ready()
    moment: datetime = begun["moment"]
    rng = Random(SEED)  # noqa: S311  (a story, not a secret)
    told = _master_data(rng, moment, begun["customers"], writer)
    events = timeline.events(rng, moment, begun["sheets"], begun["customers"])
    _tell(stories(rng, events, moment, told), begun["done"], moment - PROCEDURE, writer, progress)
    after = Random(SEED + 1)  # noqa: S311  (a story, not a secret)
    writer.follow_actions(after, moment)
    writer.tell_claims(after, moment, -(-CLAIMS * begun["sheets"] // SHEETS), moment - PROCEDURE)
    of_property = Random(SEED + 2)  # noqa: S311  (a story, not a secret)
    acts = lending.story(of_property, moment, moment - PROCEDURE, told, begun["things"])
    lending.Teller(writer).tell(acts)
    _deliver(moment, told, begun["sheets"], writer)
    db().demo.update_one({"_id": "company"}, {"$set": {"finished_at": now()}})
    return Loaded(_accounts(), _counts(), password)


def _begin(sheets: int, customers: int, things: int) -> Document:
    if db()[forms.collection_name("feedback_sheet")].find_one({}, {"_id": 1}):
        raise InUseError(_("There are feedback sheets already. The demo company wants an empty database."))
    sizes = {"sheets": sheets, "customers": customers, "things": things}
    begun = {"_id": "company", "moment": now(), **sizes, "done": 0}
    db().demo.insert_one(begun)
    return begun


def _accounts() -> tuple[Account, ...]:
    return tuple(Account(one.username, one.name, one.department, one.roles) for one in vocabulary.people())


def _counts() -> dict[str, int]:
    kinds = (*MASTER_DATA, *TOLD)
    counts = {kind: db()[forms.collection_name(kind)].estimated_document_count() for kind in kinds}
    return {"departments": Department.objects.count(), "people": len(_accounts()), **counts}


def _people(password: str) -> None:
    """Make the accounts that are missing, name heads and deputies; one hash for all: it costs time."""
    hashed = passwords.hash_password(password)
    for person in vocabulary.people():
        user = User.objects(username=person.username).first() or User(
            username=person.username, created_at=now()
        )
        user.name = person.name
        user.email = f"{person.username}@example.com"
        user.department = Department.objects.get(code=person.department)
        user.roles = list(Role.objects(name__in=person.roles))
        user.password = hashed
        user.save()
        if person.head:
            department = Department.objects.get(code=person.head)
            department.head = user.id
            save_department(department)
        if person.deputy:
            department = Department.objects.get(code=person.deputy)
            department.deputies = [user.id]
            save_department(department)


def _master_data(rng: Random, moment: datetime, count: int, writer: Writer) -> list[Raw]:
    """Store suppliers, customers and products that are missing; return the customers."""
    today = moment.date()
    made = {
        "supplier": partners.suppliers(rng),
        "customer": partners.customers(rng, today, count),
        "product": partners.products(rng, today),
    }
    trees = vocabulary.trees()
    with set_clock(moment - BEFORE_ALL):
        for form, raws in made.items():
            writer.store_missing(form, raws)
        writer.store_tree("problem_type", partners.tree(trees["problem_types"], "problem_type"))
        writer.store_tree("defect_mechanism", partners.tree(trees["mechanisms"], "defect_mechanism"))
    return made["customer"]


def _deliver(moment: datetime, customers: list[Raw], sheets: int, writer: Writer) -> None:
    """Store what was delivered in three years, in proportion to the sheets, and what quality cost."""
    rng = Random(SEED + 3)  # noqa: S311  (a story, not a secret)
    months = deliveries.deliveries(rng, moment, customers, -(-deliveries.A_MONTH * sheets // SHEETS))
    for month in months:
        ended = datetime.fromisoformat(month[-1]["due_on"]).replace(tzinfo=UTC) + ENTERED_AFTER
        writer.store_entries("delivery", "delivery_note", month, DISPATCHER, min(ended, moment))
    writer.store_entries("quality_cost", "subject", costs.costs(rng, moment), ACCOUNTANT, moment)


def _tell(
    told: list[Story], done: int, procedure_from: datetime, writer: Writer, progress: Progress | None
) -> None:
    """Store the stories from position `done` on, in batches that count as a whole."""
    for position in range(done, len(told), BATCH):
        batch = told[position : position + BATCH]
        writer.store_sheets(position, batch, procedure_from)
        if progress:
            progress(position + len(batch), len(told))
