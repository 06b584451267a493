"""Writes what customers have left with the demo company, and all that became of it, each act at its moment.

Acts are stored many at a time, as long as no two of them are about the same thing; together with a batch it
is noted how far it went, so that an interrupted load goes on there.
"""

import io
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import islice
from random import Random
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import files, forms, records, who, workflow
from models.changes import Change
from models.database import Document, db, in_transaction
from models.fields import type_of
from models.forms import LiveForm
from models.ledger import following
from models.ledger.book import Book
from models.ledger.movements import Details, Past
from models.ledger.moving import goal_of, moved
from models.people import Actor
from models.procedure import Transition
from models.times import set_clock
from models.validation import validate
from models.workflow import positions, signing
from seed import checking
from seed.company import arriving, belongings, damage, lending, stocktaking
from seed.company.belongings import Act, Booked, Counted, Made, Paper, Taken
from seed.company.incident import Raw
from seed.company.partners import To
from seed.company.pictures import Picture, drawn
from seed.writing import SOURCE, Writer

BATCH, AHEAD = 40, 100
LEDGER = "customer_property"
FORMS = (LEDGER, "borrow_slip", "external_document", "copy_recall", "property_incident", "stock_check")
_NOTE, _DONE = "property:", "property_done"


def story(
    rng: Random, now: datetime, procedure_from: datetime, customers: list[Raw], count: int
) -> list[Act]:
    """Return everything that happened to things of customers before a moment, in its order."""
    things = belongings.things(rng, now, customers, count)
    coming = things[-min(len(arriving.STAGES), len(things) // 4) :] if count >= len(arriving.STAGES) else []
    here = things[: len(things) - len(coming)]
    acts: list[Act] = []
    for one, stage in zip(coming, arriving.STAGES, strict=False):
        acts += arriving.arrival(rng, one, stage)
    for one in here:
        acts += arriving.arrival(rng, one)
        if one.kind in arriving.REGISTERED:
            acts += arriving.registration(rng, one, now)
        acts += arriving.checks(rng, one, now)
        acts += arriving.use(rng, one, now)
    acts += lending.slips(rng, now, procedure_from, here)
    acts += damage.reports(rng, now, here)
    for one in here:
        acts += arriving.farewell(rng, one, now)
    acts += stocktaking.checks(rng, now)
    return sorted((act for act in acts if act.at < now), key=lambda act: act.at)


@dataclass
class Teller:
    """Stores acts; knows the records that they were about, by the keys of the story."""

    writer: Writer
    ids: dict[To, ObjectId] = field(default_factory=dict)
    live: dict[str, LiveForm] = field(default_factory=lambda: {key: forms.current(key) for key in FORMS})

    def tell(self, acts: list[Act]) -> None:
        """Store the acts that were not stored before."""
        done = (db().demo.find_one({"_id": "company"}) or {}).get(_DONE, 0)
        for note in db().demo.find({"_id": {"$regex": f"^{_NOTE}"}}):
            form, key = note["_id"].removeprefix(_NOTE).split(":", 1)
            self.ids[To(form, key)] = note["record"]
        with who.batch():
            for batch in list(_batches(acts))[done:]:
                done += 1
                self._store(batch, done)
        db().demo.delete_many({"_id": {"$regex": f"^{_NOTE}"}})

    def _store(self, batch: list[Act], done: int) -> None:
        if isinstance(batch[0], Booked):
            self._book(batch[0], done)
            return
        if isinstance(batch[0], Counted):
            self._check(batch[0], done)
            return
        changes = [self._plan(act) for act in batch if isinstance(act, Made | Taken)]
        records.commit(changes, also=lambda session: self._note(batch, changes, done, session))
        for act in batch:
            if act.key.to == "property_incident":
                self._follow(act)

    def _note(self, batch: list[Act], changes: list[Change], done: int, session: ClientSession) -> None:
        known: dict[To, ObjectId] = {}
        for act, change in zip(batch, changes, strict=True):
            if isinstance(act, Made):
                known[act.key] = change.record["_id"]
            counted: Counter[str] = Counter()
            for made in change.facts.get("created", ()):
                known[To(made["form"], f"{act.key.key}.{counted[made['form']]}")] = made["record"]
                counted[made["form"]] += 1
        self.ids |= known
        notes = [{"_id": f"{_NOTE}{key.to}:{key.key}", "record": record} for key, record in known.items()]
        if notes:
            db().demo.insert_many(notes, session=session)
        _note_done(done, session)

    # -- one act ---------------------------------------------------------------------------------------------

    def _plan(self, act: Made | Taken) -> Change:
        actor, live = self.writer.actor(act.by), self.live[act.key.to]
        with set_clock(act.at):
            values = self._resolve(act.values, actor)
            change = (
                self._made(act, actor, live, values)
                if isinstance(act, Made)
                else self._taken(act, actor, live, values)
            )
        change.past = Past(act.at)
        return change

    def _made(self, act: Made, actor: Actor, live: LiveForm, values: Raw) -> Change:
        [change] = records.plan_creates(
            actor, live, [values], source=SOURCE, at=act.at, references=self.writer.references
        )
        flow = live.definition.workflow
        if flow and act.steps:
            change.record["state"] = flow.initial
            for step in act.steps:
                positions.enter(change, flow.by_transition[step])
        return change

    def _taken(self, act: Taken, actor: Actor, live: LiveForm, values: Raw) -> Change:
        before = self._stored(act.key)
        if "returns" in values:  # rows that were booked stay
            table = live.definition.by_key["returns"]
            booked: Any = type_of(table).to_json(table, before["data"].get("returns") or [])
            values["returns"] = [*booked, *values["returns"]]
        checked = validate(
            actor, live.definition, values, before=before["data"], record=before, opened=tuple(values),
            references=self.writer.references,
        )  # fmt: skip
        given = {**before, "data": checked.data}
        [step] = act.steps
        change = workflow.plan_move(actor, live, given, step, source=SOURCE, at=act.at)
        change.before = before
        flow = live.definition.workflow
        if flow:
            self._sign(change, flow.by_transition[step], act.by)
        return change

    def _sign(self, change: Change, step: Transition, by: str) -> None:
        if step.signature == "typed":
            person = self.writer.people[by]
            signing.attach(
                change, {"kind": "typed", "by": person.id, "by_name": str(person), "name": str(person)}
            )

    def _stored(self, key: To) -> Document:
        found = self.live[key.to].records().find_one({"_id": self.ids[key]})
        if found is None:
            raise LookupError(key)
        return found

    def _resolve(self, value: Any, actor: Actor) -> Any:  # noqa: ANN401  (raw values nest)
        if isinstance(value, Paper):
            content = io.BytesIO(value.text.encode())
            return str(files.store(content, value.name, actor.id, purpose="upload", max_bytes=10_000))
        if isinstance(value, Picture):
            return str(files.store(drawn(value), value.name, actor.id, purpose="upload", max_bytes=100_000))
        if isinstance(value, To) and value in self.ids:
            return str(self.ids[value])
        if isinstance(value, dict):
            return {key: self._resolve(inner, actor) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._resolve(inner, actor) for inner in value]
        return self.writer.resolve(value)

    # -- stock checks ----------------------------------------------------------------------------------------

    def _check(self, act: Counted, done: int) -> None:
        """Carry out a check; one that was interrupted stays as it is."""
        in_transaction(lambda session: _note_done(done, session))
        if planned := checking.plan(self.writer, act):
            checking.Checking(self.writer, act, planned["_id"]).carry_out()

    # -- movements by hand -----------------------------------------------------------------------------------

    def _book(self, act: Booked, done: int) -> None:
        live, item = self.live[act.key.to], self._stored(act.key)
        details = Details(form=live.key, record=item["_id"], note=act.note, source=SOURCE)
        goal, pieces = goal_of(act.kind, live.definition, item), Decimal(act.quantity)
        book = Book(live, self.writer.actor(act.by), act.at)
        book.know([item])
        book.plan(item["_id"], lambda stock: moved(stock, act.kind, pieces, goal, details))

        def write(session: ClientSession) -> None:
            book.write((), session)
            _note_done(done, session)

        in_transaction(write)
        self._follow(act)

    def _follow(self, act: Act) -> None:
        """Let the things of an act go on in their procedure at its moment, not when the demo is loaded."""
        with set_clock(act.at):
            for one in act.touches:
                following.follow(self.live[LEDGER], self.ids[one])


def _batches(acts: list[Act]) -> Iterator[list[Act]]:
    """Yield acts together as long as they are about different things; those about one thing in their order.

    An act may go before earlier ones about other things, but only a little.
    """
    waiting: deque[Act] = deque()
    source = iter(acts)
    while True:
        waiting.extend(islice(source, AHEAD - len(waiting)))
        if not waiting:
            return
        batch = _first(waiting)
        chosen = {id(one) for one in batch}
        waiting = deque(one for one in waiting if id(one) not in chosen)
        yield batch


def _first(waiting: Iterable[Act]) -> list[Act]:
    """Return acts that can be stored together, the first one among them.

    A movement by hand is stored alone, and a stock check after all that came before it.
    """
    batch: list[Act] = []
    taken: set[To] = set()
    for act in waiting:
        if batch and isinstance(act, Counted):
            break
        about = {act.key, *act.touches}
        if not about & taken and len(batch) < BATCH and not (batch and isinstance(act, Booked)):
            batch.append(act)
        taken |= about
        if isinstance(batch[0], Booked | Counted):
            break
    return batch


def _note_done(done: int, session: ClientSession) -> None:
    db().demo.update_one({"_id": "company"}, {"$set": {_DONE: done}}, session=session)
