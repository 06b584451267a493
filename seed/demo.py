"""The demo company: people, customers, products and three years of complaints, told the same way every time.

Everything goes through `models.records` with its own moment in the past, so numbers, history and search are
what they would be had it happened. An interrupted load goes on where it stopped.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import forms, passwords, records
from models.database import Document, db
from models.departments import save as save_department
from models.errors import InUseError
from models.lookups import References
from models.messages import _
from models.people import Actor, Department, Role, User
from models.times import now, set_clock
from seed.company import partners, timeline, vocabulary
from seed.company.incident import Raw, Step
from seed.company.stories import Story, stories
from seed.packs import DEFAULT_PACK, install

SEED = 20_260_101
SHEETS = 1_500
BATCH = 100
SOURCE = "pack"
BEFORE_ALL = timedelta(days=timeline.YEARS * 365 + 30)
MASTER_DATA = ("supplier", "customer", "product")

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
    password: str | None = None,
) -> Loaded:
    """Load the demo company into a database that has no feedback sheets yet; a second time does nothing.

    Args:
        progress: called with (feedback sheets done, all of them).
        sheets: how many feedback sheets to tell.
        customers: how many customers there are.
        password: of every demo account; one is generated when it is None.

    Raises:
        InUseError: the database holds feedback sheets of someone else.
    """
    begun = db().demo.find_one({"_id": "company"})
    if begun and begun.get("finished_at"):
        return Loaded(_accounts(), _counts())
    install(DEFAULT_PACK, Actor.system())
    begun = begun or _begin(sheets, customers)
    password = password or passwords.generate()
    _people(password)
    writer = _Writer.ready()
    moment: datetime = begun["moment"]
    rng = Random(SEED)  # noqa: S311  (a story, not a secret)
    told = _master_data(rng, moment, begun["customers"], writer)
    events = timeline.events(rng, moment, begun["sheets"], begun["customers"])
    _tell(stories(rng, events, moment, told), begun["done"], writer, progress)
    db().demo.update_one({"_id": "company"}, {"$set": {"finished_at": now()}})
    return Loaded(_accounts(), _counts(), password)


def _begin(sheets: int, customers: int) -> Document:
    if db()[forms.collection_name("feedback_sheet")].find_one({}, {"_id": 1}):
        raise InUseError(_("There are feedback sheets already. The demo company wants an empty database."))
    begun = {"_id": "company", "moment": now(), "sheets": sheets, "customers": customers, "done": 0}
    db().demo.insert_one(begun)
    return begun


def _accounts() -> tuple[Account, ...]:
    return tuple(Account(one.username, one.name, one.department, one.roles) for one in vocabulary.people())


def _counts() -> dict[str, int]:
    kinds = (*MASTER_DATA, "feedback_sheet")
    counts = {kind: db()[forms.collection_name(kind)].estimated_document_count() for kind in kinds}
    return {"departments": Department.objects.count(), "people": len(_accounts()), **counts}


def _people(password: str) -> None:
    """Make the accounts that are missing and name the heads; one hash for all, because it costs time."""
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


def _master_data(rng: Random, moment: datetime, count: int, writer: "_Writer") -> list[Raw]:
    """Store suppliers, customers and products that are missing; return the customers."""
    today = moment.date()
    made = {
        "supplier": partners.suppliers(rng),
        "customer": partners.customers(rng, today, count),
        "product": partners.products(rng, today),
    }
    with set_clock(moment - BEFORE_ALL):
        for form, raws in made.items():
            writer.store_missing(form, raws)
    return made["customer"]


def _tell(told: list[Story], done: int, writer: "_Writer", progress: Progress | None) -> None:
    """Store the stories from position `done` on, in batches that count as a whole."""
    for position in range(done, len(told), BATCH):
        batch = told[position : position + BATCH]
        writer.store_sheets(position, batch)
        if progress:
            progress(position + len(batch), len(told))


@dataclass
class _Writer:
    """Knows every id by the key it is called in the stories, and writes as the person named there."""

    ids: dict[partners.To, ObjectId]
    actors: dict[str, Actor]
    references: References = field(default_factory=References)
    sheets: dict[int, ObjectId] = field(default_factory=dict)

    @classmethod
    def ready(cls) -> "_Writer":
        """Return a writer that knows the people and the departments."""
        names = [person.username for person in vocabulary.people()]
        users = list(User.objects(username__in=names))
        people = {partners.To("person", user.username): user.id for user in users}
        departments = {partners.To("department", one.code): one.id for one in Department.objects}
        return cls({**people, **departments}, {user.username: Actor.of(user) for user in users})

    def resolve(self, value: Any) -> Any:  # noqa: ANN401  (raw values nest)
        """Return raw values with ids in the place of names."""
        if isinstance(value, partners.To):
            return str(self.ids[value])
        if isinstance(value, dict):
            return {key: self.resolve(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.resolve(inner) for inner in value]
        return value

    def store_missing(self, form: str, raws: list[Raw]) -> None:
        """Store the records of a form whose code is not there yet, and remember them all."""
        live = forms.current(form)
        known = {one["data"]["code"]: one["_id"] for one in live.records().find({}, {"data.code": 1})}
        missing = [self.resolve(raw) for raw in raws if raw["code"] not in known]
        if missing:
            owner = self._owner(form)
            changes = records.plan_creates(
                owner, live, missing, source=SOURCE, at=now(), references=self.references
            )
            records.commit(changes)
            known |= {change.record["data"]["code"]: change.record["_id"] for change in changes}
        self.ids |= {partners.To(form, code): record_id for code, record_id in known.items()}

    def _owner(self, form: str) -> Actor:
        return self.actors[{"supplier": "jia.chunlan", "product": "xia.changqing"}.get(form, "yuan.zhiqiang")]

    def store_sheets(self, position: int, told: list[Story]) -> None:
        """Store a batch of sheets with every save that happened to them."""
        live = forms.current("feedback_sheet")
        created = [self._create(live, story) for story in told]
        records.commit(created, also=lambda session: _note_done(position + len(told), session))
        ids = [change.record["_id"] for change in created]
        self.sheets |= dict(enumerate(ids, start=position))
        for number in range(1, max(len(story.steps) for story in told)):
            steps = [
                (one, story.steps[number])
                for one, story in zip(ids, told, strict=True)
                if number < len(story.steps)
            ]
            changes = [self._update(live, record_id, number, step) for record_id, step in steps]
            records.commit([change for change in changes if change])

    def _create(self, live: forms.LiveForm, story: Story) -> records.Change:
        first = story.steps[0]
        values = self.resolve(first.values)
        if story.earlier in self.sheets:
            values["earlier_sheet"] = str(self.sheets[story.earlier])
        with set_clock(first.at):
            [change] = records.plan_creates(
                self.actors[first.by], live, [values], source=SOURCE, at=now(), references=self.references
            )
        return change

    def _update(
        self, live: forms.LiveForm, record_id: ObjectId, revision: int, step: Step
    ) -> records.Change | None:
        with set_clock(step.at):
            return records.plan_update(
                self.actors[step.by],
                live,
                record_id,
                self.resolve(step.values),
                revision=revision,
                source=SOURCE,
                references=self.references,
            )


def _note_done(done: int, session: ClientSession) -> None:
    db().demo.update_one({"_id": "company"}, {"$set": {"done": done}}, session=session)
